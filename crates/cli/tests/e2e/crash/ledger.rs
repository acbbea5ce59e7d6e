//! What one worker attempted and what was acknowledged, per key.
//!
//! A key has one worker, which does one thing at a time; so an acknowledged change is the key's state, and only changes
//! attempted after it, whose answers never came, may have replaced it.

use std::collections::BTreeMap;

use super::value::Value;

/// What is under a key; `None` is nothing.
pub(super) type State = Option<Value>;

/// The ledger of a worker.
#[derive(Default)]
pub(super) struct Ledger {
    keys: BTreeMap<String, Entry>,
    acknowledged: u64,
}

#[derive(Debug, Default)]
struct Entry {
    acknowledged: State,
    /// Later changes without an answer, oldest first.
    attempted: Vec<State>,
}

impl Ledger {
    /// Before a change is sent.
    pub(super) fn attempt(&mut self, key: &str, state: State) {
        self.keys.entry(key.to_owned()).or_default().attempted.push(state);
    }

    /// The last attempted change of the key was acknowledged.
    pub(super) fn acknowledge(&mut self, key: &str) {
        let entry = self.keys.get_mut(key).expect("a change is attempted before it is acknowledged");
        entry.acknowledged = entry.attempted.pop().expect("a change is attempted before it is acknowledged");
        entry.attempted.clear();
        self.acknowledged += 1;
    }

    /// What a running server must have under the key: no change is under way.
    pub(super) fn current(&self, key: &str) -> State {
        self.keys.get(key).and_then(|entry| entry.acknowledged)
    }

    /// Takes over what a restarted server has under the key.
    ///
    /// # Panics
    /// If it may not be.
    pub(super) fn settle(&mut self, key: &str, body: Option<&[u8]>) {
        let entry = self.keys.entry(key.to_owned()).or_default();
        let admitted = entry.attempted.iter().rev().chain([&entry.acknowledged]);
        let found = admitted.copied().find(|state| match (state, body) {
            (None, None) => true,
            (Some(value), Some(body)) => value.length == body.len() && value.bytes() == body,
            _ => false,
        });
        let Some(found) = found else {
            let shown = body.map_or_else(|| "nothing".to_owned(), Value::describe);
            panic!("{key} holds {shown}, but acknowledged and then attempted was {entry:?}");
        };
        *entry = Entry { acknowledged: found, attempted: Vec::new() };
    }

    /// Keys that ever were written or deleted.
    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// How many changes were acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}
