//! The same operations through S3's words on one bucket and through OSS's on another, of one server over real sockets:
//! every answer must say the same, and both buckets must look the same to both faces.
//!
//! Steps follow from a seed; each request is signed by one of its vendor's schemes. What differs because the vendors do
//! stands in [`ALIKE`], and nothing else may. `DIFFERENTIAL_STEPS=10000` makes more runs than everyday's.

mod client;
mod step;
mod view;
mod words;

use std::collections::BTreeMap;

use headwater_model::bucket::Dialect;
use headwater_testkit::SeededRandom;
use http::{Method, header};

use self::client::{Answer, Asked, Client};
use self::step::{At, Condition, KEYS, MAX_UPLOADS, Step};
use self::words::{Known, Upload};
use crate::support::{Running, start};

/// Steps of everyday, of all runs together: some seconds.
const STEPS: usize = 800;
/// Steps that begin with empty buckets: versions gather, and every look looks at them all.
const STEPS_OF_A_RUN: usize = 400;
/// Steps between two looks at everything.
const STEPS_BETWEEN_VIEWS: usize = 200;
/// Differences that are told together: those behind the first may follow from it.
const MAX_DIFFERENCES: usize = 10;

/// Answers that mean the same: S3's status and code, OSS's, and why they differ.
const ALIKE: [(u16, &str, u16, &str, &str); 1] =
    [(412, "PreconditionFailed", 304, "", "OSS answers 304 for a copy whose source is not modified")];

/// A bucket, and what its vendor's client remembers of it.
struct Side<'r> {
    client: Client<'r>,
    bucket: &'static str,
    uploads: Vec<Upload>,
}

impl<'r> Side<'r> {
    async fn new(running: &'r Running, dialect: Dialect, bucket: &'static str, seed: u64) -> Self {
        let mut client = Client::new(running, dialect, seed);
        let create = Asked { method: Method::PUT, ..Asked::default() };
        assert_eq!(client.send(bucket, &create).await.0.status, 200);
        Self { client, bucket, uploads: Vec::new() }
    }

    /// `None` if the step chose what is not there.
    async fn perform(&mut self, step: &Step) -> Option<Answer> {
        let known = self.known(step).await;
        let asked = words::request(step, self.bucket, &known)?;
        let (answer, body) = self.client.send(self.bucket, &asked).await;
        let succeeded = answer.status == 200 || answer.status == 204;
        match *step {
            Step::BeginUpload { key, .. } if succeeded => {
                let id = view::texts(&body, "UploadId").pop().expect("an upload has an id");
                self.uploads.push(Upload { key, id, parts: BTreeMap::new() });
            }
            Step::Part { upload, number, .. } | Step::CopyPart { upload, number, .. } if succeeded => {
                let header = answer.headers.get("etag").cloned();
                let tag = header.or_else(|| view::texts(&body, "ETag").pop()).expect("a part has a tag");
                let at = upload % self.uploads.len();
                self.uploads[at].parts.insert(number, tag.replace("&quot;", "\""));
            }
            Step::Complete { upload, .. } | Step::Abort { upload } if succeeded => {
                self.uploads.remove(upload % self.uploads.len());
            }
            _ => {}
        }
        Some(answer)
    }

    async fn known(&mut self, step: &Step) -> Known {
        let mut known = Known::default();
        match step {
            Step::Copy { source: key, at, condition, .. }
            | Step::Get { key, at, condition, .. }
            | Step::Delete { key, at, condition } => {
                known.versions.extend(self.version(key, *at).await);
                known.tag = self.tag(key, *condition, known.versions.first()).await;
            }
            Step::Put { key, condition, .. } => known.tag = self.tag(key, *condition, None).await,
            Step::Head { key, at } | Step::Tag { key, at, .. } | Step::Untag { key, at } => {
                known.versions.extend(self.version(key, *at).await);
            }
            Step::DeleteMany { keys, .. } => {
                for (key, at) in keys {
                    known.versions.push(self.version(key, *at).await.flatten());
                }
            }
            Step::Part { upload, .. }
            | Step::CopyPart { upload, .. }
            | Step::ListParts { upload }
            | Step::Complete { upload, .. }
            | Step::Abort { upload } => {
                let at = upload.checked_rem(self.uploads.len());
                known.upload = at.map(|at| self.uploads[at].clone());
            }
            _ => {}
        }
        if let (Step::Complete { condition, .. }, Some(Upload { key, .. })) = (step, &known.upload) {
            known.tag = self.tag(key, *condition, None).await;
        }
        known
    }

    /// The id of one of a key's versions: `None` if the current object is meant, a null id if there is no version.
    async fn version(&mut self, key: &str, at: At) -> Option<Option<String>> {
        let at = at?;
        let listed = view::versions(&mut self.client, self.bucket, key, &mut Vec::new()).await;
        let of_key: Vec<_> = listed.into_iter().filter(|listed| listed.key == key).collect();
        let id = at.checked_rem(of_key.len()).map_or("null", |at| &of_key[at].id);
        Some(Some(id.to_owned()))
    }

    /// The tag that a condition needs.
    async fn tag(
        &mut self,
        key: &'static str,
        condition: Condition,
        version: Option<&Option<String>>,
    ) -> Option<String> {
        if !matches!(condition, Condition::Match { right: true } | Condition::NoneMatch { right: true }) {
            return None;
        }
        let query = version.cloned().flatten().map(|id| ("versionId", id)).into_iter().collect();
        let asked = Asked { method: Method::HEAD, key: Some(key), query, ..Asked::default() };
        self.client.send(self.bucket, &asked).await.0.headers.remove(header::ETAG.as_str())
    }
}

fn code(answer: &Answer) -> &str {
    answer.facts.iter().find_map(|fact| fact.strip_prefix("Code=")).unwrap_or_default()
}

/// Whether the answers of both vendors say the same.
fn alike(s3: &Answer, oss: &Answer) -> bool {
    if s3.status < 400 && oss.status < 400 {
        return s3 == oss;
    }
    let (s3_says, oss_says) = ((s3.status, code(s3)), (oss.status, code(oss)));
    s3_says == oss_says
        || ALIKE.iter().any(|&(status, name, oss_status, oss_name, _)| {
            s3_says == (status, name) && oss_says == (oss_status, oss_name)
        })
}

/// Performs the steps; how the answers differ, and what is seen then.
async fn differences(running: &Running, steps: &[Step], seed: u64) -> Vec<String> {
    let names = |face: &str| &*Box::leak(format!("{face}-{seed}").into_boxed_str());
    let mut s3 = Side::new(running, Dialect::S3, names("s3"), seed).await;
    let mut oss = Side::new(running, Dialect::Oss, names("oss"), seed).await;
    let (mut refused, mut found) = (0, Vec::new());
    for (number, step) in steps.iter().enumerate() {
        if matches!(step, Step::BeginUpload { .. }) && s3.uploads.len() == MAX_UPLOADS {
            continue;
        }
        let (first, second) = (s3.perform(step).await, oss.perform(step).await);
        let same = match (&first, &second) {
            (Some(first), Some(second)) => alike(first, second),
            (first, second) => first.is_none() && second.is_none(),
        };
        if !same {
            found.push(format!("step {number}, {step:?}:\ns3:  {first:?}\noss: {second:?}"));
        }
        refused += usize::from(first.is_some_and(|answer| answer.status >= 400));
        if (number + 1) % STEPS_BETWEEN_VIEWS == 0 || number + 1 == steps.len() {
            let seen = look(&mut s3, &mut oss).await;
            found.extend(seen.err().map(|difference| format!("after step {number}: {difference}")));
        }
        if found.len() >= MAX_DIFFERENCES {
            break;
        }
    }
    assert!(refused < steps.len() / 2, "most steps are to succeed, but {refused} of {} do not", steps.len());
    found
}

/// Whether both buckets look the same to both faces.
async fn look(s3: &mut Side<'_>, oss: &mut Side<'_>) -> Result<(), String> {
    let expected = view::view(&mut s3.client, s3.bucket, &KEYS).await;
    for (what, view) in [
        ("S3's bucket by OSS", view::view(&mut oss.client, s3.bucket, &KEYS).await),
        ("OSS's bucket by OSS", view::view(&mut oss.client, oss.bucket, &KEYS).await),
        ("OSS's bucket by S3", view::view(&mut s3.client, oss.bucket, &KEYS).await),
    ] {
        let differs = expected.iter().zip(&view).find(|(expected, seen)| expected != seen);
        if let Some((expected, seen)) = differs {
            return Err(format!("{what}\nsees:    {seen}\nbut S3's bucket by S3: {expected}"));
        }
        if expected.len() != view.len() {
            return Err(format!("{what} is told {} things instead of {}", view.len(), expected.len()));
        }
    }
    Ok(())
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // how long a run is, is its caller's to say
async fn both_vendors_words_make_the_same_objects() {
    let wished = std::env::var("DIFFERENTIAL_STEPS").ok().map(|text| text.parse().expect("a number of steps"));
    let running = start(None).await;
    for seed in 0..wished.unwrap_or(STEPS).div_ceil(STEPS_OF_A_RUN) as u64 {
        let mut random = SeededRandom::new(seed);
        let steps: Vec<Step> = (0..STEPS_OF_A_RUN).map(|_| Step::random(&mut random)).collect();
        let found = differences(&running, &steps, seed).await;
        assert!(found.is_empty(), "seed {seed}:\n{}", found.join("\n"));
    }
}
