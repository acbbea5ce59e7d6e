//! Replies and errors as text, alike for two engines that did the same.

use std::fmt::Write as _;
use std::future::poll_fn;

use headwater_model::Result;
use headwater_model::body::Body;
use headwater_model::reply::Reply;
use headwater_model::worm::WormId;

/// What an engine has called things so far, in the order in which it told: each has its own ids, and the n-th of one
/// stands for the n-th of the other.
#[derive(Default)]
pub(super) struct Names {
    /// Ids of versions, as they are shown.
    pub(super) versions: Vec<String>,
    /// Ids of uploads, as they are shown.
    pub(super) uploads: Vec<String>,
    /// Ids of retention policies.
    pub(super) worms: Vec<WormId>,
}

impl Names {
    /// The text with names for ids of retention policies.
    pub(super) fn without_worms(&self, text: String) -> String {
        self.worms.iter().enumerate().fold(text, |text, (number, id)| {
            let name = format!("policy {number}");
            text.replace(&format!("{id:?}"), &name).replace(&id.to_string(), &name)
        })
    }
}

/// Everything a reply tells, its body included, in names that both engines share.
pub(super) async fn told(reply: &mut Result<Reply>, names: &mut Names) -> String {
    let body = match reply {
        Ok(reply) => bytes(take_body(reply)).await,
        Err(_) => None,
    };
    if let Ok(Reply::UploadCreated(id)) = reply {
        names.uploads.push(id.to_string());
    }
    if let Ok(Reply::Encrypted(reply, _)) = reply
        && let Reply::UploadCreated(id) = &**reply
    {
        names.uploads.push(id.to_string());
    }
    if let Ok(Reply::WormInitiated(id)) = reply {
        names.worms.push(*id);
    }
    let mut text = match &*reply {
        Ok(reply) => without_keys(&format!("{reply:?}")),
        Err(error) => format!("{error:?}"),
    };
    let marked = text.split("marker: \"").skip(1).filter_map(|rest| rest.split('"').next());
    let made = text.split("Made(").skip(1).filter_map(|rest| rest.split(')').next());
    for id in made.chain(marked).filter(|id| id.len() == 32) {
        if !names.versions.iter().any(|known| known == id) {
            names.versions.push(id.to_owned());
        }
    }
    for (what, ids) in [("version", &names.versions), ("upload", &names.uploads)] {
        for (number, id) in ids.iter().enumerate() {
            if text.contains(id.as_str()) {
                text = text.replace(id.as_str(), &format!("{what} {number}"));
            }
        }
    }
    if let Some(body) = body {
        write!(text, "\nbody: {body}").unwrap();
    }
    without_generations(&names.without_worms(text))
}

fn take_body(reply: &mut Reply) -> Body {
    match reply {
        Reply::Object(object) => std::mem::replace(&mut object.body, Body::Empty),
        Reply::Relayed(relayed) => std::mem::replace(&mut relayed.body, Body::Empty),
        Reply::Versioned(reply, _) => take_body(reply),
        _ => Body::Empty,
    }
}

/// How many bytes, and which.
async fn bytes(body: Body) -> Option<String> {
    let mut bytes = Vec::new();
    match body {
        Body::Empty => return None,
        Body::Full(body) => bytes.extend_from_slice(&body),
        Body::Stream(mut stream) => {
            while let Some(chunk) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
                bytes.extend_from_slice(&chunk.expect("the store can be read"));
            }
        }
    }
    Some(format!("{} bytes, MD5 {}", bytes.len(), hex::encode(fast_md5::digest(&bytes))))
}

/// Which life of its name a bucket has is numbered by the store, and told to nobody.
fn without_generations(text: &str) -> String {
    let mut pieces = text.split("Generation(");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once(')').map_or("", |(_, rest)| rest))
}

/// The keys of encrypted objects are random.
fn without_keys(text: &str) -> String {
    let mut parts = text.split("wrapped_key: [");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + "wrapped_key" + part.split_once(']').map_or("", |(_, rest)| rest))
}
