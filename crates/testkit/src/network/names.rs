//! A name server that says what the test says, and something else each time if it says so.
//!
//! Guarantees: questions of the system's resolver are answered over UDP as a recursive server answers them (a chain of
//! aliases comes whole); each name has a list of [`Answer`]s, one after the other, the last one staying, with the
//! questions for IPv4 and IPv6 addresses counted apart, as resolvers ask both; every record has a TTL of 0 unless the
//! answer says otherwise. Names without answers do not exist; the case of letters in a name says nothing.
//!
//! How: hickory-proto reads and writes the messages; no answer is longer than a datagram of 512 bytes allows, which the
//! server asserts.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::AbortHandle;

/// Longest chain of aliases that is followed, to end circles.
const MAX_ALIASES: usize = 16;
/// Longest answer without EDNS (RFC 1035 section 4.2.1).
const MAX_MESSAGE_BYTES: usize = 512;

/// What a question for a name gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These addresses, in this order, those of the family that was asked for; none of it is an empty answer.
    Addresses(Vec<IpAddr>),
    /// The same, to be kept for so many seconds.
    Lasting(Vec<IpAddr>, u32),
    /// CNAME, with whatever the other name has.
    Alias(String),
    /// NXDOMAIN.
    NoSuchName,
    /// SERVFAIL.
    Failure,
    /// Nothing at all.
    Silence,
}

impl Answer {
    /// Addresses from their texts.
    ///
    /// # Panics
    /// If one of them is no address.
    pub fn addresses(texts: &[&str]) -> Self {
        Self::Addresses(texts.iter().map(|text| text.parse().expect("an ip address")).collect())
    }
}

/// A DNS server on 127.0.0.1:53, within [`super::isolated`] only. It ends with its value.
pub struct NameServer {
    table: Arc<Mutex<Table>>,
    answering: AbortHandle,
}

#[derive(Default)]
struct Table {
    answers: HashMap<String, Vec<Answer>>,
    asked: Vec<(String, RecordType)>,
}

impl NameServer {
    /// Starts it; no name exists yet.
    ///
    /// # Panics
    /// If the port cannot be had.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).await.expect("port 53 of a network of the test's own");
        let table = Arc::new(Mutex::new(Table::default()));
        let answering = tokio::spawn(serve(socket, Arc::clone(&table))).abort_handle();
        Self { table, answering }
    }

    /// Lets a name have one answer for ever.
    pub fn set(&self, name: &str, answer: Answer) {
        self.set_each(name, vec![answer]);
    }

    /// Lets a name have one answer after the other; the last one stays.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn set_each(&self, name: &str, answers: Vec<Answer>) {
        assert!(!answers.is_empty(), "a name needs an answer");
        let (mut table, name) = (lock(&self.table), name.to_ascii_lowercase());
        table.asked.retain(|(asked, _)| *asked != name);
        table.answers.insert(name, answers);
    }

    /// How many questions for IPv4 addresses of a name came since its answers were set.
    pub fn questions(&self, name: &str) -> usize {
        lock(&self.table).count(&name.to_ascii_lowercase(), RecordType::A)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

impl Table {
    fn count(&self, name: &str, kind: RecordType) -> usize {
        self.asked.iter().filter(|(asked, of)| asked == name && *of == kind).count()
    }

    /// The answer whose turn it is.
    fn next(&mut self, name: &str, kind: RecordType) -> Answer {
        let turn = self.count(name, kind);
        self.asked.push((name.to_owned(), kind));
        let Some(answers) = self.answers.get(name) else { return Answer::NoSuchName };
        answers[turn.min(answers.len() - 1)].clone()
    }

    /// The reply to a message; `None` for silence.
    fn reply(&mut self, question: &Message) -> Option<Message> {
        let query = question.queries.first()?;
        let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
        reply.metadata.recursion_desired = question.metadata.recursion_desired;
        reply.metadata.recursion_available = true;
        reply.add_query(query.clone());
        let mut name = query.name.clone();
        for _ in 0..MAX_ALIASES {
            let text = name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
            match self.next(&text, query.query_type) {
                Answer::Addresses(addresses) => return Some(with_addresses(reply, &name, &addresses, 0)),
                Answer::Lasting(addresses, ttl_s) => return Some(with_addresses(reply, &name, &addresses, ttl_s)),
                Answer::Alias(other) => {
                    let other = Name::from_ascii(format!("{other}.")).expect("a test's names are names");
                    reply.add_answer(Record::from_rdata(name, 0, RData::CNAME(CNAME(other.clone()))));
                    name = other;
                }
                Answer::NoSuchName => {
                    reply.metadata.response_code = ResponseCode::NXDomain;
                    return Some(reply);
                }
                Answer::Failure => break,
                Answer::Silence => return None,
            }
        }
        reply.answers.clear();
        reply.metadata.response_code = ResponseCode::ServFail;
        Some(reply)
    }
}

fn with_addresses(mut reply: Message, name: &Name, addresses: &[IpAddr], ttl_s: u32) -> Message {
    let wanted = reply.queries[0].query_type;
    for address in addresses {
        let data = match (address, wanted) {
            (IpAddr::V4(v4), RecordType::A) => RData::A((*v4).into()),
            (IpAddr::V6(v6), RecordType::AAAA) => RData::AAAA((*v6).into()),
            _ => continue,
        };
        reply.add_answer(Record::from_rdata(name.clone(), ttl_s, data));
    }
    reply
}

/// Answers until aborted.
async fn serve(socket: UdpSocket, table: Arc<Mutex<Table>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
        let reply = lock(&table).reply(&question);
        let Some(reply) = reply else { continue };
        let bytes = reply.to_vec().expect("what was made of valid parts can be written");
        assert!(bytes.len() <= MAX_MESSAGE_BYTES, "an answer of {} bytes does not fit a datagram", bytes.len());
        // A resolver that is gone needs no answer.
        let _ = socket.send_to(&bytes, from).await;
    }
}

fn lock(table: &Mutex<Table>) -> std::sync::MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_case_of_letters_says_nothing() {
        let names = NameServer { table: Arc::default(), answering: tokio::spawn(async {}).abort_handle() };
        names.set("A.test", Answer::Failure);
        assert_eq!(lock(&names.table).next("a.test", RecordType::A), Answer::Failure);
        assert_eq!(names.questions("a.TEST"), 1);
        names.set("a.Test", Answer::NoSuchName);
        assert_eq!(names.questions("a.test"), 0, "counted since its answers were set");
    }
}
