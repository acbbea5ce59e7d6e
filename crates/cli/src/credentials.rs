//! The root key pair: from the environment, else from the data directory, else made and shown once. And the bearer token
//! that a client may send in its place.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use headwater_engine::RootKey;
use headwater_model::clock::Clock;
use headwater_model::reply::Owner;
use serde::{Deserialize, Serialize};

use crate::secret_file;

const FILE: &str = "credentials.toml";
const ID_VARIABLE: &str = "HEADWATER_ACCESS_KEY_ID";
const SECRET_VARIABLE: &str = "HEADWATER_ACCESS_KEY_SECRET";
const TOKEN_VARIABLE: &str = "HEADWATER_TOKEN";

/// Length of generated ids and secrets in characters: those of AWS, which every client's form accepts.
const ID_CHARS: usize = 20;
const SECRET_CHARS: usize = 40;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    access_key_id: String,
    access_key_secret: String,
}

/// A root key, and whether it was made just now.
pub(crate) struct Root {
    pub(crate) key: RootKey,
    pub(crate) made: bool,
}

/// Finds or makes the key pair; `directory` must exist.
pub(crate) fn load(directory: &Path, clock: &dyn Clock) -> anyhow::Result<Root> {
    if let Some((id, secret)) = from_environment()? {
        return Ok(Root { key: root_key(&id, &secret), made: false });
    }
    let path = directory.join(FILE);
    if let Some(key) = from_file(&path)? {
        return Ok(Root { key, made: false });
    }
    let stored = Stored {
        access_key_id: random_text(clock, ID_CHARS, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        access_key_secret: random_text(
            clock,
            SECRET_CHARS,
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        ),
    };
    // Durable before it is shown: a key that somebody noted must not be gone after a power cut.
    secret_file::write(&path, &toml::to_string(&stored)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Root { key: root_key(&stored.access_key_id, &stored.access_key_secret), made: true })
}

/// The key pair for a client of a running server; none is made.
///
/// # Errors
/// One line that says where the key was looked for.
pub(crate) fn find(directory: &Path) -> anyhow::Result<RootKey> {
    if let Some((id, secret)) = from_environment()? {
        return Ok(root_key(&id, &secret));
    }
    let path = directory.join(FILE);
    from_file(&path)?.with_context(|| {
        let shown = path.display();
        format!("no key to sign with: set {ID_VARIABLE} and {SECRET_VARIABLE}, or --data to a directory with {shown}")
    })
}

/// The bearer token for a client of a running server: from the file, else from the environment. `None`: the client signs.
///
/// # Errors
/// The file cannot be read, or has no token.
#[allow(clippy::disallowed_methods)] // the environment is configuration, read here once
pub(crate) fn token(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let Some(file) = file else {
        let set = std::env::var(TOKEN_VARIABLE).ok();
        return Ok(set.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()));
    };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(!text.trim().is_empty(), "{} is empty; write the token into it", file.display());
    Ok(Some(text.trim().to_owned()))
}

/// The key pair that was kept; `None` if there is no file.
fn from_file(path: &Path) -> anyhow::Result<Option<RootKey>> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
    };
    let stored: Stored = toml::from_str(&text)
        .with_context(|| format!("{shown} is damaged; correct it, or remove it and let the server make a new key"))?;
    Ok(Some(root_key(&stored.access_key_id, &stored.access_key_secret)))
}

#[allow(clippy::disallowed_methods)] // the environment is configuration, read here once
fn from_environment() -> anyhow::Result<Option<(String, String)>> {
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (read(ID_VARIABLE), read(SECRET_VARIABLE)) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => {
            let id_is_plain = id.bytes().all(|byte| byte.is_ascii_graphic() && !b"/:,=".contains(&byte));
            ensure!(id_is_plain, "{ID_VARIABLE} may hold visible ASCII without / : , = only");
            ensure!(secret.len() >= 8, "{SECRET_VARIABLE} is shorter than 8 characters; choose a longer secret");
            Ok(Some((id, secret)))
        }
        (Some(_), None) => bail!("{ID_VARIABLE} is set without {SECRET_VARIABLE}; set both or none"),
        (None, Some(_)) => bail!("{SECRET_VARIABLE} is set without {ID_VARIABLE}; set both or none"),
    }
}

fn root_key(id: &str, secret: &str) -> RootKey {
    let owner = Owner { id: id.into(), display_name: "root".into() };
    RootKey { id: Arc::from(id), secret: Arc::from(secret), owner }
}

/// `alphabet` has 32 or 64 letters, so that every byte of randomness maps evenly.
fn random_text(clock: &dyn Clock, chars: usize, alphabet: &[u8]) -> String {
    let mut bytes = vec![0; chars];
    clock.random(&mut bytes);
    bytes.into_iter().map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()])).collect()
}
