//! The accounts and their access keys: in memory for every request, changed one at a time.
//!
//! Guarantees: a change is durable before it holds, and holds for every request that begins after it is acknowledged;
//! secrets reach the store only sealed; an access key id, a canonical id, a display name and an e-mail address mean one
//! account only, root's among them.
//!
//! Deliberately not here: what a key may do ([`headwater_model::access::decide`]) and whether a signature holds.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use headwater_model::access::{Identity, Principal};
use headwater_model::account::{AccessKey, Account};
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_KEYS_PER_ACCOUNT;
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};
use headwater_store::Store;
use tokio::sync::{Mutex, MutexGuard};

use crate::seal::Seal;
use crate::sessions::{PREFIX, Session};
use crate::tokens::Tokens;

/// The key pair that owns the server.
#[derive(Clone)]
pub struct RootKey {
    /// Access key id.
    pub id: Arc<str>,
    /// Secret; never printed.
    pub secret: Arc<str>,
    /// Its account, which owns every bucket without another owner.
    pub owner: Owner,
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An access key that may sign.
#[derive(Clone)]
pub struct Credential {
    /// Who the holder is.
    pub principal: Principal,
    /// What the holder signs with.
    pub secret: Arc<str>,
}

#[derive(Clone, Default)]
struct Snapshot {
    accounts: BTreeMap<Arc<str>, Arc<Account>>,
    /// Keys that are enabled, by id.
    keys: HashMap<Arc<str>, Credential>,
}

impl Snapshot {
    fn show(&mut self, account: Account) {
        self.hide(&account.owner.id);
        for key in account.keys.iter().filter(|key| key.enabled) {
            let identity = Identity {
                access_key_id: key.id.clone(),
                owner: account.owner.clone(),
                root: false,
                policy: key.policy.clone(),
                session: None,
            };
            let credential =
                Credential { principal: Principal::Key(Arc::new(identity)), secret: key.secret.reveal().into() };
            self.keys.insert(key.id.clone(), credential);
        }
        self.accounts.insert(account.owner.id.clone(), Arc::new(account));
    }

    fn hide(&mut self, id: &str) {
        for key in self.accounts.remove(id).iter().flat_map(|account| &account.keys) {
            self.keys.remove(&key.id);
        }
    }
}

/// All accounts, root's among them.
pub struct Accounts {
    root: RootKey,
    root_credential: Credential,
    snapshot: ArcSwap<Snapshot>,
    /// Bearer tokens of the admin API; changed under the same lock as the keys that they carry the rights of.
    pub(crate) tokens: Tokens,
    /// Held over a change of any account, from reading it to showing the new one.
    change: Mutex<()>,
    seal: Arc<Seal>,
}

impl Accounts {
    /// Opens all secrets.
    pub(crate) async fn load(store: &dyn Store, seal: Arc<Seal>, root: RootKey) -> Result<Self> {
        let mut snapshot = Snapshot::default();
        for stored in store.accounts().await? {
            snapshot.show(seal.open_account(&stored)?);
        }
        let identity = Identity {
            access_key_id: root.id.clone(),
            owner: root.owner.clone(),
            root: true,
            policy: None,
            session: None,
        };
        let root_credential = Credential { principal: Principal::Key(Arc::new(identity)), secret: root.secret.clone() };
        let (snapshot, tokens) = (ArcSwap::from_pointee(snapshot), Tokens::load(store).await?);
        Ok(Self { root, root_credential, snapshot, tokens, change: Mutex::new(()), seal })
    }

    /// The key of this id, with the session token that the request has. `None`: unknown or not enabled; the caller must
    /// then spend the same work on a dummy secret.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] and [`Error::ExpiredToken`].
    pub fn find(&self, access_key_id: &str, token: Option<&str>, now: Timestamp) -> Result<Option<Credential>> {
        let Some(token) = token else { return Ok(self.permanent(access_key_id)) };
        let session = token.strip_prefix(PREFIX).and_then(|sealed| self.seal.open_token(sealed));
        let session: Option<Session> = session.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        let session = session.filter(|session| *session.access_key_id == *access_key_id).ok_or(Error::InvalidToken)?;
        if now >= session.expires {
            return Err(Error::ExpiredToken);
        }
        // Whoever lent the rights may have lost them since.
        let parent = self.permanent(&session.parent).ok_or(Error::InvalidToken)?;
        let Principal::Key(parent) = parent.principal else { return Err(Error::InvalidToken) };
        let identity =
            Identity { access_key_id: access_key_id.into(), session: session.policy, ..Identity::clone(&parent) };
        Ok(Some(Credential { principal: Principal::Key(Arc::new(identity)), secret: session.secret.reveal().into() }))
    }

    /// The key of this id, if it is no temporary one.
    pub(crate) fn permanent(&self, access_key_id: &str) -> Option<Credential> {
        if access_key_id == &*self.root.id {
            return Some(self.root_credential.clone());
        }
        self.snapshot.load().keys.get(access_key_id).cloned()
    }

    /// What the key of this id signs with, whether or not it is enabled.
    pub(crate) fn secret_of(&self, access_key_id: &str) -> Option<Arc<str>> {
        if let Some(credential) = self.permanent(access_key_id) {
            return Some(credential.secret);
        }
        let snapshot = self.snapshot.load();
        let mut keys = snapshot.accounts.values().flat_map(|account| &account.keys);
        keys.find(|key| &*key.id == access_key_id).map(|key| key.secret.reveal().into())
    }

    /// Root's account.
    pub fn root(&self) -> &Owner {
        &self.root.owner
    }

    /// The id of the root key.
    pub fn root_key_id(&self) -> &str {
        &self.root.id
    }

    /// The account of this canonical id, root's among them.
    pub(crate) fn owner(&self, id: &str) -> Option<Owner> {
        if id == &*self.root.owner.id {
            return Some(self.root.owner.clone());
        }
        self.snapshot.load().accounts.get(id).map(|account| account.owner.clone())
    }

    /// The account of this e-mail address, in any letter case.
    pub(crate) fn owner_with_email(&self, email: &str) -> Option<Owner> {
        let snapshot = self.snapshot.load();
        let has = |account: &&Arc<Account>| account.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email));
        snapshot.accounts.values().find(has).map(|account| account.owner.clone())
    }

    /// All accounts but root's, by canonical id.
    pub(crate) fn all(&self) -> Vec<Arc<Account>> {
        self.snapshot.load().accounts.values().cloned().collect()
    }

    /// Begins a change; no other can begin until it is dropped.
    pub(crate) async fn change(&self) -> AccountChange<'_> {
        AccountChange { accounts: self, _guard: self.change.lock().await }
    }
}

/// The right to change accounts.
pub(crate) struct AccountChange<'a> {
    accounts: &'a Accounts,
    _guard: MutexGuard<'a, ()>,
}

impl AccountChange<'_> {
    /// The account that has this key, and the key's place in it.
    pub(crate) fn holder(&self, access_key_id: &str) -> Option<(Account, usize)> {
        let snapshot = self.accounts.snapshot.load();
        let mut accounts = snapshot.accounts.values();
        accounts.find_map(|account| {
            let at = account.keys.iter().position(|key| &*key.id == access_key_id)?;
            Some((Account::clone(account), at))
        })
    }

    pub(crate) fn find(&self, id: &str) -> Option<Account> {
        self.accounts.snapshot.load().accounts.get(id).map(|account| Account::clone(account))
    }

    /// Adds a key to an account, and the account if it is new.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that is taken, and beyond the limits; those of the store.
    pub(crate) async fn add(&self, store: &dyn Store, mut account: Account, key: AccessKey) -> Result<()> {
        if self.holder(&key.id).is_some() || key.id == self.accounts.root.id {
            return Err(Error::invalid_argument("access_key_id", &key.id, "there is an access key of that id"));
        }
        self.check_unique(&account)?;
        if account.keys.len() >= MAX_KEYS_PER_ACCOUNT {
            let message = format!("an account has at most {MAX_KEYS_PER_ACCOUNT} access keys");
            return Err(Error::invalid_argument("account", &account.owner.id, message));
        }
        account.keys.push(key);
        self.put(store, account).await
    }

    /// Replaces an account by one of the same canonical id.
    pub(crate) async fn put(&self, store: &dyn Store, account: Account) -> Result<()> {
        store.put_account(self.accounts.seal.seal_account(&account)).await?;
        self.update(|snapshot| snapshot.show(account));
        Ok(())
    }

    pub(crate) async fn delete(&self, store: &dyn Store, id: &str) -> Result<()> {
        store.delete_account(id).await?;
        self.update(|snapshot| snapshot.hide(id));
        Ok(())
    }

    fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut next = Snapshot::clone(&self.accounts.snapshot.load());
        change(&mut next);
        self.accounts.snapshot.store(Arc::new(next));
    }

    /// A name that means two accounts would give one the rights of the other.
    fn check_unique(&self, new: &Account) -> Result<()> {
        let taken = |field: &str, value: &str| Err(Error::invalid_argument(field, value, "another account has it"));
        let root = self.accounts.root();
        if root.id == new.owner.id {
            return taken("canonical_id", &new.owner.id);
        }
        if root.display_name == new.owner.display_name {
            return taken("display_name", &new.owner.display_name);
        }
        for other in self.accounts.all().iter().filter(|other| other.owner.id != new.owner.id) {
            if other.owner.display_name == new.owner.display_name {
                return taken("display_name", &new.owner.display_name);
            }
            if let Some(email) = new.email.as_deref().filter(|email| other.email.as_deref() == Some(email)) {
                return taken("email", email);
            }
        }
        Ok(())
    }
}
