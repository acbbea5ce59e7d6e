//! Accounts and their access keys.

use headwater_index::rows::{AccountRow, RowValue};
use headwater_model::account::Account;
use headwater_model::limits::MAX_ACCOUNTS;
use headwater_model::{Error, Result};

use super::core::Core;

/// Rows read at a time.
const CHUNK_ROWS: usize = 64;

impl Core {
    /// All accounts, by canonical id.
    pub(super) fn accounts(&self) -> Result<Vec<Account>> {
        let rows = self.view.rows(AccountRow::range(), CHUNK_ROWS);
        rows.map(|row| {
            let (key, value) = row?;
            Ok(AccountRow::decode(&key, &value)?.account)
        })
        .collect()
    }

    /// Makes or replaces an account with its keys.
    pub(super) async fn put_account(&self, account: Account) -> Result<()> {
        // The policies are most of a large row.
        let bytes = account.keys.iter().filter_map(|key| key.policy.as_ref()).map(|policy| policy.text().len()).sum();
        self.commit(bytes, move |judgement| {
            let key = AccountRow::key(&account.owner.id);
            let former = judgement.get(&key)?;
            if former.is_none() && judgement.rows(AccountRow::range())?.len() >= MAX_ACCOUNTS {
                let message = format!("there are at most {MAX_ACCOUNTS} accounts; delete one that is not needed");
                return Err(Error::invalid_argument("account", &account.owner.id, message));
            }
            let row = AccountRow { sequence: judgement.sequence(), account };
            judgement.put(key, row.encode(), former);
            Ok(())
        })
        .await
    }

    /// Deletes an account with its keys.
    pub(super) async fn delete_account(&self, id: &str) -> Result<bool> {
        self.commit(0, |judgement| {
            let key = AccountRow::key(id);
            let Some(former) = judgement.get(&key)? else { return Ok(false) };
            judgement.delete(key, former);
            Ok(true)
        })
        .await
    }
}
