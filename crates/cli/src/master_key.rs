//! The master key, with which secrets are sealed: from the environment, else from the data directory, else made there.
//!
//! Guarantees: a key is durable before anything is sealed with it; while the store holds sealed secrets none is made,
//! because a new key could not open them.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_engine::{MASTER_KEY_BYTES, Seal, SealError, under_master_key};
use headwater_model::Error;
use headwater_model::clock::Clock;
use headwater_model::encryption::ServerEncryption;
use headwater_store::Store;

use crate::secret_file;

const FILE: &str = "master.key";
const VARIABLE: &str = "HEADWATER_MASTER_KEY";

/// What seals with the key, and whether the key was made just now.
pub(crate) struct MasterKey {
    pub(crate) seal: Arc<Seal>,
    pub(crate) made: bool,
}

/// Finds or makes the key, which encrypts objects of all buckets if `encryption` says so; `directory` must exist and be
/// locked.
///
/// # Errors
/// One line that names the variable and the file.
pub(crate) async fn load(
    directory: &Path,
    store: &dyn Store,
    clock: &Arc<dyn Clock>,
    encryption: ServerEncryption,
) -> anyhow::Result<MasterKey> {
    let path = directory.join(FILE);
    let mut made = false;
    let key = match from_environment()? {
        Some(key) => key,
        None => match std::fs::read_to_string(&path) {
            Ok(text) => parse(text.trim()).with_context(|| {
                format!("{} holds no master key: 64 hex digits or base64 of 32 bytes", path.display())
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let sealed =
                    under_master_key(store, encryption).await.context("cannot look for what the master key opens")?;
                if !sealed.is_empty() {
                    bail!(
                        "the master key is missing, and {} cannot be read without it: set {VARIABLE} or restore {} to what it was, nothing is lost then; a new key would open none of it",
                        listed(&sealed),
                        path.display()
                    );
                }
                made = true;
                make(&path, &**clock).with_context(|| format!("cannot write {}", path.display()))?
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        },
    };
    let seal = Seal::new(&key, clock.clone()).with_default(encryption);
    Ok(MasterKey { seal: Arc::new(seal), made })
}

/// The first few of many.
fn listed(places: &[String]) -> String {
    const NAMED: usize = 3;
    let named = places[..places.len().min(NAMED)].join(", ");
    match places.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Says what to do about secrets that do not open; other errors pass as they are.
pub(crate) fn explain(error: Error, directory: &Path) -> anyhow::Error {
    let place = match &error {
        Error::Internal { source, .. } => source.downcast_ref::<SealError>().map(|error| error.place.clone()),
        _ => None,
    };
    match place {
        None => anyhow!(error).context("cannot load the buckets"),
        Some(place) => anyhow!(
            "the master key is not the one that the secrets of {place} were sealed with: set {VARIABLE} or restore {} to what it was, nothing is lost",
            directory.join(FILE).display()
        ),
    }
}

#[allow(clippy::disallowed_methods)] // the environment is configuration, read here once
fn from_environment() -> anyhow::Result<Option<[u8; MASTER_KEY_BYTES]>> {
    match std::env::var(VARIABLE).ok().filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(text) => parse(text.trim())
            .map(Some)
            .with_context(|| format!("{VARIABLE} is no master key; give 64 hex digits or base64 of 32 bytes")),
    }
}

fn parse(text: &str) -> Option<[u8; MASTER_KEY_BYTES]> {
    let mut key = [0; MASTER_KEY_BYTES];
    if hex::decode_to_slice(text, &mut key).is_ok() {
        return Some(key);
    }
    BASE64.decode(text).ok()?.try_into().ok()
}

/// Durable before it is used: a secret sealed with a key that a power cut took is lost.
fn make(path: &Path, clock: &dyn Clock) -> anyhow::Result<[u8; MASTER_KEY_BYTES]> {
    let mut key = [0; MASTER_KEY_BYTES];
    clock.random(&mut key);
    secret_file::write(path, &format!("{}\n", hex::encode(key)))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hex_or_base64_of_32_bytes() {
        let hex = "00".repeat(31) + "ff";
        assert_eq!(parse(&hex).unwrap()[31], 255);
        assert_eq!(parse(&BASE64.encode([7; 32])), Some([7; 32]));
        for wrong in ["", "00", "zz", &"0".repeat(63), &BASE64.encode([7; 31]), &BASE64.encode([7; 33])] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
