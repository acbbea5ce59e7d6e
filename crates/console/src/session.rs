//! Who is logged on: in memory, so that a restart logs everybody off.
//!
//! Guarantees: a session is found by 256 random bits of which only the hash is kept; it ends after twelve hours, or when
//! anybody logs its key off, or when its key has begun too many others since.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_model::clock::{Clock, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

/// Most sessions of a key: every browser of a team, and then the oldest ends.
const MAX_OF_A_KEY: usize = 64;
/// How long a session lasts.
const LIFE: Duration = Duration::from_hours(12);

/// One browser that is logged on.
pub(crate) struct Session {
    /// The access key id.
    pub(crate) who: String,
    /// What its forms carry.
    pub(crate) csrf: String,
    /// When it began, by the time of day.
    pub(crate) began: Timestamp,
    /// Address that it began from.
    pub(crate) remote: IpAddr,
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
    /// Wakes whoever follows a session when any was ended.
    ended: Notify,
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, live: Mutex::default(), ended: Notify::new() }
    }

    /// Begins one; its token is the cookie's.
    pub(crate) fn begin(&self, who: &str, remote: IpAddr) -> String {
        let (token, now) = (self.random(), self.clock.elapsed());
        let session = Session {
            who: who.to_owned(),
            csrf: self.random(),
            began: self.clock.now(),
            remote,
            ends: now + LIFE,
            said: Mutex::default(),
        };
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, session| now < session.ends);
        let own = live.iter().filter(|(_, session)| session.who == who);
        let oldest = own.clone().min_by_key(|(_, session)| session.ends).map(|(hash, _)| *hash);
        if let Some(oldest) = oldest.filter(|_| own.count() >= MAX_OF_A_KEY) {
            live.remove(&oldest);
            self.ended.notify_waiters();
        }
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

    /// Waits until somebody has ended it. That its time is over is not told here: [`Sessions::lasts`] says so.
    pub(crate) async fn ended(&self, session: &Arc<Session>) {
        loop {
            // Begun before the look, so that no end comes between the two.
            let next = self.ended.notified();
            if !self.lasts(session) {
                return;
            }
            next.await;
        }
    }

    /// Those of a key, in the order in which they began.
    pub(crate) fn of(&self, who: &str) -> Vec<Arc<Session>> {
        let now = self.clock.elapsed();
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own: Vec<_> =
            live.values().filter(|session| session.who == who && now < session.ends).cloned().collect();
        own.sort_by_key(|session| session.ends);
        own
    }

    /// Ends all sessions of a key.
    pub(crate) fn end_all(&self, who: &str) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, session| session.who != who);
        self.ended.notify_waiters();
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use headwater_testkit::ManualClock;

    use super::*;

    #[test]
    fn of_too_many_sessions_of_a_key_the_oldest_ends() {
        let clock = ManualClock::new(Timestamp(0), 1);
        let sessions = Sessions::new(Arc::new(clock.clone()));
        let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let of_another = sessions.begin("another", home);
        let begin = || {
            clock.advance(Duration::from_secs(1));
            sessions.begin("root", home)
        };
        let tokens: Vec<_> = (0..=MAX_OF_A_KEY).map(|_| begin()).collect();
        assert!(sessions.find(&tokens[0]).is_none(), "the oldest");
        assert!(tokens[1..].iter().all(|token| sessions.find(token).is_some()));
        assert!(sessions.find(&of_another).is_some(), "those of another key stay");
        assert_eq!(sessions.of("root").len(), MAX_OF_A_KEY);
    }

    #[test]
    fn whoever_waits_for_the_end_of_a_session_learns_of_its_own_alone() {
        let clock = ManualClock::new(Timestamp(0), 1);
        let sessions = Sessions::new(Arc::new(clock.clone()));
        let begin = |who| {
            clock.advance(Duration::from_secs(1));
            sessions.find(&sessions.begin(who, IpAddr::V4(Ipv4Addr::LOCALHOST))).unwrap()
        };
        let (first, second) = (begin("root"), begin("root"));
        let (mut first, mut second) = (pin!(sessions.ended(&first)), pin!(sessions.ended(&second)));
        sessions.end_all("another");
        assert_eq!(((&mut first).now_or_never(), (&mut second).now_or_never()), (None, None));
        let _later: Vec<_> = (1..MAX_OF_A_KEY).map(|_| begin("root")).collect();
        assert_eq!(((&mut first).now_or_never(), (&mut second).now_or_never()), (Some(()), None), "the oldest");
        sessions.end_all("root");
        assert_eq!(second.now_or_never(), Some(()));
    }
}
