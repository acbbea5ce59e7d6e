//! Logging on with an access key.

use askama::Template;
use headwater_engine::{Credential, Engine};
use headwater_model::access::Context;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::op::{Action, Caller};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The page.
#[derive(Template)]
#[template(path = "log_on.html")]
pub(crate) struct LogOnPage<'p> {
    pub(crate) next: &'p str,
    pub(crate) id: &'p str,
    pub(crate) fault: Option<String>,
    /// Whether a form was not taken because its session had ended.
    pub(crate) unsent: bool,
}

/// Whether this pair is that of a key that may administer. An unknown key costs the same work as a wrong secret.
pub(crate) fn may_enter(engine: &Engine, id: &str, secret: &str, now: Timestamp) -> bool {
    let credential = engine.accounts().find(id, None, now).ok().flatten();
    let expected = credential.as_ref().map_or("", |credential| &credential.secret);
    let right: bool = Sha256::digest(expected).ct_eq(&Sha256::digest(secret)).into();
    credential.is_some_and(|credential| right && administers(engine, credential, now))
}

/// Whether there is such a key, enabled, and may administer.
pub(crate) fn may_administer(engine: &Engine, id: &str, now: Timestamp) -> bool {
    let credential = engine.accounts().find(id, None, now).ok().flatten();
    credential.is_some_and(|credential| administers(engine, credential, now))
}

fn administers(engine: &Engine, credential: Credential, now: Timestamp) -> bool {
    let caller = Caller { principal: credential.principal, dialect: Dialect::Oss, context: Context::internal(now) };
    engine.authorise(&caller, Action::Administer, None, None).is_ok()
}

/// Where to go after logging on: a path of this console, never another site.
pub(crate) fn next(asked: &str) -> &str {
    let local = asked.starts_with('/') && !asked.starts_with("//");
    let plain = asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local && plain { asked } else { "/buckets" }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn nobody_is_led_to_another_site() {
        assert_eq!(next("/buckets/photos?after=a"), "/buckets/photos?after=a");
        for foreign in
            ["//evil.example", "/\\evil.example", "https://evil.example/", "", "/a\r\nb", "javascript:alert(1)"]
        {
            assert_eq!(next(foreign), "/buckets", "{foreign}");
        }
    }
}
