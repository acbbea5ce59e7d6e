//! One client with keys of its own.

use headwater_testkit::SeededRandom;

use super::ledger::{Ledger, State};
use super::value::Value;
use super::{MIRRORED, WORKERS, WRITTEN};
use crate::harness::{Answer, Call, Client};

const KEYS_PER_WORKER: usize = 8;
/// Bodies around the sizes where the store changes its ways: empty, in the log, in a file, in several writes.
const SMALL: [usize; 5] = [0, 1, 100, 4096, 30_000];
const LARGE: [usize; 4] = [70_000, 300_000, 1_000_000, 3_000_000];
/// The least that OSS takes for a part that is not the last.
const PART: usize = 100 << 10;

/// A worker, which outlives the server.
pub(super) struct Worker {
    number: u64,
    random: SeededRandom,
    next_id: u64,
    pub(super) ledger: Ledger,
    /// What it did to objects that the origin has too; nothing then means that the origin's is served.
    pub(super) overrides: Ledger,
}

/// The server is gone.
struct Gone;

/// What a worker does next.
#[derive(Clone, Copy)]
enum Action {
    PutSmall,
    PutLarge,
    Multipart,
    Delete,
    Copy,
    Read,
    Miss,
    Override,
    List,
}

/// Each action as often as its share in a hundred.
const SHARES: [(Action, usize); 9] = [
    (Action::PutSmall, 22),
    (Action::PutLarge, 10),
    (Action::Multipart, 10),
    (Action::Delete, 12),
    (Action::Copy, 8),
    (Action::Read, 7),
    (Action::Miss, 20),
    (Action::Override, 7),
    (Action::List, 4),
];

impl Worker {
    pub(super) fn new(number: u64, random: SeededRandom) -> Self {
        Self { number, random, next_id: number << 32, ledger: Ledger::default(), overrides: Ledger::default() }
    }

    /// How many changes were acknowledged to it.
    pub(super) fn acknowledged(&self) -> u64 {
        self.ledger.acknowledged() + self.overrides.acknowledged()
    }

    /// Works until the server is gone.
    pub(super) async fn work(mut self, client: Client, misses: Vec<(String, Value)>) -> Self {
        while self.act(&client, &misses).await.is_ok() {}
        self
    }

    async fn act(&mut self, client: &Client, misses: &[(String, Value)]) -> Result<(), Gone> {
        let key = self.key();
        match self.action() {
            Action::PutSmall => self.put(client, &key, &SMALL).await,
            Action::PutLarge => self.put(client, &key, &LARGE).await,
            Action::Multipart => self.multipart(client, &key).await,
            Action::Delete => {
                let call = client.delete(&path(&key));
                self.change(&key, None, self.dialect(call), 204).await
            }
            Action::Copy => self.copy(client, &key).await,
            Action::Read => self.read(client, &key).await,
            Action::Miss => {
                let (key, value) = &misses[self.random.below(misses.len())];
                let answer = answered(client.get(&format!("/{MIRRORED}/{key}"))).await?.expect(200);
                let right = answer.body == value.bytes() || Value::of(&answer.body).is_some();
                assert!(right, "{key} holds {}", Value::describe(&answer.body));
                Ok(())
            }
            Action::Override => self.replace_or_delete(client, misses).await,
            Action::List => {
                answered(self.dialect(client.get(&format!("/{WRITTEN}/?max-keys=5")))).await.map(|answer| {
                    answer.expect(200);
                })
            }
        }
    }

    fn action(&mut self) -> Action {
        let mut left = self.random.below(SHARES.iter().map(|(_, share)| share).sum());
        for (action, share) in SHARES {
            if left < share {
                return action;
            }
            left -= share;
        }
        unreachable!("the shares cover every number below their sum")
    }

    fn key(&mut self) -> String {
        format!("w{}/k{}", self.number, self.random.below(KEYS_PER_WORKER))
    }

    fn value(&mut self, length: usize) -> Value {
        self.next_id += 1;
        Value { id: self.next_id, length }
    }

    /// Every second worker speaks S3.
    fn dialect<'a>(&self, call: Call<'a>) -> Call<'a> {
        if self.number.is_multiple_of(2) { call } else { call.s3() }
    }

    async fn put(&mut self, client: &Client, key: &str, lengths: &[usize]) -> Result<(), Gone> {
        let length = self.random.pick(lengths);
        let value = self.value(length);
        let call = client.put(&path(key), value.bytes());
        self.change(key, Some(value), self.dialect(call), 200).await
    }

    async fn copy(&mut self, client: &Client, key: &str) -> Result<(), Gone> {
        let source = self.key();
        let Some(value) = self.ledger.current(&source) else { return Ok(()) };
        let call = client.put(&path(key), "").header("x-oss-copy-source", &path(&source));
        self.change(key, Some(value), call, 200).await
    }

    /// Writes or deletes one of its share of the objects that others fetch meanwhile.
    async fn replace_or_delete(&mut self, client: &Client, misses: &[(String, Value)]) -> Result<(), Gone> {
        let owned: Vec<&String> =
            misses.iter().enumerate().filter(|(at, _)| self.owns(*at)).map(|(_, (key, _))| key).collect();
        let key = self.random.pick(&owned);
        let target = format!("/{MIRRORED}/{key}");
        let (state, call, status) = if self.random.below(2) == 0 {
            (None, client.delete(&target), 204)
        } else {
            let length = self.random.pick(&[100, 30_000, 300_000]);
            let value = self.value(length);
            (Some(value), client.put(&target, value.bytes()), 200)
        };
        self.overrides.attempt(key, state);
        answered(call).await?.expect(status);
        self.overrides.acknowledge(key);
        Ok(())
    }

    /// Whether the object in this place of a round's misses is its own to change.
    pub(super) fn owns(&self, place: usize) -> bool {
        place as u64 % WORKERS == self.number
    }

    /// Three parts, sent out of order; now and then the upload is aborted instead of completed.
    async fn multipart(&mut self, client: &Client, key: &str) -> Result<(), Gone> {
        let length = 2 * PART + 1 + self.random.below(PART);
        let value = self.value(length);
        let bytes = value.bytes();
        let begun = answered(client.post(&format!("{}?uploads", path(key)), "")).await?.expect(200);
        let upload = begun.element("UploadId").expect("an upload has an id");
        let mut tags = [""; 3].map(ToOwned::to_owned);
        for number in [2, 0, 1] {
            let part = bytes.slice(number * PART..((number + 1) * PART).min(length));
            let target = format!("{}?partNumber={}&uploadId={upload}", path(key), number + 1);
            let stored = answered(client.put(&target, part)).await?.expect(200);
            tags[number].push_str(stored.header("etag").expect("a part has a tag"));
        }
        let target = format!("{}?uploadId={upload}", path(key));
        if self.random.below(4) == 0 {
            return answered(client.delete(&target)).await.map(|answer| {
                answer.expect(204);
            });
        }
        let parts = tags
            .iter()
            .enumerate()
            .map(|(number, tag)| format!("<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", number + 1));
        let document = format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", parts.collect::<String>());
        self.change(key, Some(value), client.post(&target, document), 200).await
    }

    async fn read(&mut self, client: &Client, key: &str) -> Result<(), Gone> {
        let answer = answered(self.dialect(client.get(&path(key)))).await?;
        match self.ledger.current(key) {
            Some(value) => answer.expect(200).expect_body(&value.bytes()),
            None => answer.expect_error(404, "NoSuchKey"),
        };
        Ok(())
    }

    /// Makes a change and keeps the ledger.
    async fn change(&mut self, key: &str, state: State, call: Call<'_>, status: u16) -> Result<(), Gone> {
        self.ledger.attempt(key, state);
        answered(call).await?.expect(status);
        self.ledger.acknowledge(key);
        Ok(())
    }
}

/// The path of a key of [`WRITTEN`].
pub(super) fn path(key: &str) -> String {
    format!("/{WRITTEN}/{key}")
}

/// A whole answer, or none because the server is gone.
async fn answered(call: Call<'_>) -> Result<Answer, Gone> {
    match call.try_send().await {
        Ok(answer) if answer.complete => Ok(answer),
        Ok(_) | Err(_) => Err(Gone),
    }
}
