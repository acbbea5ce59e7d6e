//! Who is logged on: in memory, so that a restart logs everybody off.
//!
//! Guarantees: a session is found by 256 random bits of which only the hash is kept; it ends after twelve hours, or when
//! anybody logs its key off.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_model::clock::Clock;
use sha2::{Digest as _, Sha256};

/// How long a session lasts.
const LIFE: Duration = Duration::from_hours(12);

/// One browser that is logged on.
pub(crate) struct Session {
    /// The access key id.
    pub(crate) who: String,
    /// What its forms carry.
    pub(crate) csrf: String,
    ends: Duration,
    said: Mutex<Option<String>>,
}

impl Session {
    /// Leaves a message for the next page.
    pub(crate) fn say(&self, message: String) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
    }

    /// The message that was left, once.
    pub(crate) fn said(&self) -> Option<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// All of them.
pub(crate) struct Sessions {
    clock: Arc<dyn Clock>,
    live: Mutex<HashMap<[u8; 32], Arc<Session>>>,
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, live: Mutex::default() }
    }

    /// Begins one; its token is the cookie's.
    pub(crate) fn begin(&self, who: &str) -> String {
        let (token, now) = (self.random(), self.clock.elapsed());
        let session = Session { who: who.to_owned(), csrf: self.random(), ends: now + LIFE, said: Mutex::default() };
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, session| now < session.ends);
        live.insert(hash(&token), Arc::new(session));
        token
    }

    pub(crate) fn find(&self, token: &str) -> Option<Arc<Session>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.get(&hash(token)).filter(|session| self.clock.elapsed() < session.ends).cloned()
    }

    /// Whether it has not ended.
    pub(crate) fn lasts(&self, session: &Arc<Session>) -> bool {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.elapsed() < session.ends && live.values().any(|known| Arc::ptr_eq(known, session))
    }

    /// Ends all sessions of a key.
    pub(crate) fn end_all(&self, who: &str) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, session| session.who != who);
    }

    fn random(&self) -> String {
        let mut bytes = [0; 32];
        self.clock.random(&mut bytes);
        hex::encode(bytes)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
