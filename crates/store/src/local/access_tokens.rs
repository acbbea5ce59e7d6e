//! Bearer tokens of the admin API.

use headwater_index::rows::{AccessTokenRow, RowValue};
use headwater_model::Result;
use headwater_model::token::AccessToken;

use super::core::Core;

/// Rows read at a time.
const CHUNK_ROWS: usize = 64;

impl Core {
    /// All tokens, by id.
    pub(super) fn access_tokens(&self) -> Result<Vec<AccessToken>> {
        let rows = self.view.rows(AccessTokenRow::range(), CHUNK_ROWS);
        rows.map(|row| {
            let (key, value) = row?;
            Ok(AccessTokenRow::decode(&key, &value)?.token)
        })
        .collect()
    }

    /// Makes or replaces a token.
    pub(super) async fn put_access_token(&self, token: AccessToken) -> Result<()> {
        self.commit(0, move |judgement| {
            let key = AccessTokenRow::key(&token.id);
            let former = judgement.get(&key)?;
            let row = AccessTokenRow { sequence: judgement.sequence(), token };
            judgement.put(key, row.encode(), former);
            Ok(())
        })
        .await
    }

    /// Deletes a token.
    pub(super) async fn delete_access_token(&self, id: &str) -> Result<bool> {
        self.commit(0, |judgement| {
            let key = AccessTokenRow::key(id);
            let Some(former) = judgement.get(&key)? else { return Ok(false) };
            judgement.delete(key, former);
            Ok(true)
        })
        .await
    }
}
