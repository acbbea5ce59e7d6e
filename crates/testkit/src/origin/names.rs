//! A name service in memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Names and what asking for them gives. Clones share the table.
#[derive(Clone, Debug, Default)]
pub struct FakeNames {
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    answers: HashMap<String, Vec<Result<Vec<IpAddr>, NameFault>>>,
    asked: Vec<String>,
}

/// How a look-up fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// NXDOMAIN, or no address.
    NotFound,
    /// SERVFAIL, REFUSED, no server.
    ServerFailure,
}

impl FakeNames {
    /// An empty table: no name exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `name` have `addresses`.
    ///
    /// # Panics
    /// If one of them is no address.
    pub fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| text.parse().expect("an ip address")).collect();
        self.set_sequence(name, vec![Ok(addresses)]);
    }

    /// Lets asking for `name` fail.
    pub fn set_fault(&self, name: &str, fault: NameFault) {
        self.set_sequence(name, vec![Err(fault)]);
    }

    /// Lets `name` answer differently each time, as a rebinding attack does; the last answer stays.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn set_sequence(&self, name: &str, answers: Vec<Result<Vec<IpAddr>, NameFault>>) {
        assert!(!answers.is_empty(), "a name needs an answer");
        self.lock().answers.insert(name.to_owned(), answers);
    }

    /// Asks.
    pub fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, NameFault> {
        let mut table = self.lock();
        table.asked.push(name.to_owned());
        let answers = table.answers.get_mut(name).ok_or(NameFault::NotFound)?;
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }

    /// The names asked for so far, in order.
    pub fn asked(&self) -> Vec<String> {
        self.lock().asked.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
