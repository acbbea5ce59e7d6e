//! Settings of the whole server: what it runs with, the public access block of all buckets, and who is logged on.
//!
//! Guarantees: what the command line and the configuration file set is shown and not changed; nothing secret is shown.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_model::bucket::{Dialect, PublicAccessBlock};
use headwater_model::encryption::ServerEncryption;
use headwater_model::limits;
use http::StatusCode;

use crate::faults::Faults;
use crate::page::{Outcome, page, size, text};
use crate::session::Sessions;
use crate::visitor::Visitor;

/// Who comes to the settings.
pub(crate) struct SettingsVisit<'v> {
    pub(crate) visitor: Visitor<'v>,
    pub(crate) sessions: &'v Sessions,
}

/// A setting or a limit, by its name.
type Told = (&'static str, String);

/// A browser that is logged on.
struct Browser {
    began: String,
    remote: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    facts: Vec<Told>,
    limits: Vec<Told>,
    /// In words, and whether all of it is blocked, and nothing.
    blocked: String,
    blocks_all: bool,
    blocks_nothing: bool,
    who: &'p str,
    browsers: Vec<Browser>,
    faults: Faults,
}

impl SettingsVisit<'_> {
    pub(crate) async fn show(&self) -> Outcome {
        self.page(Faults::default()).await
    }

    /// Turns the public access block of all buckets on or off.
    pub(crate) async fn change(&self, fields: &[(String, String)]) -> Outcome {
        let (block, said) = match text(fields, "block_public_access") {
            "on" => (PublicAccessBlock::ALL, "Public access is blocked on every bucket."),
            "off" => {
                (PublicAccessBlock::default(), "Public access is no longer blocked: lists and policies count again.")
            }
            _ => return self.page(Faults::one("block_public_access", "Say whether it is to be on or off.")).await,
        };
        let Self { visitor, .. } = self;
        match visitor.administration.change_public_access_block(visitor.requester.clone(), block).await {
            Ok(changed) if changed.differs => visitor.session.say(said.to_owned()),
            Ok(_) => visitor.session.say("That is how it was: nothing was changed.".to_owned()),
            Err(failure) => return self.page(Faults::refused(&failure, &[])).await,
        }
        Outcome::To("/settings".to_owned())
    }

    async fn page(&self, mut faults: Faults) -> Outcome {
        let Self { visitor, sessions, .. } = self;
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let block = visitor.read_block().await.unwrap_or_else(|reason| {
            faults.add(crate::faults::OF_FORM, reason);
            PublicAccessBlock::default()
        });
        let browser = |session: &std::sync::Arc<crate::session::Session>| Browser {
            began: iso_8601(session.began),
            remote: session.remote.to_string(),
            is_this: session.csrf == visitor.session.csrf,
        };
        let parts = blocked_parts(block);
        let shown = SettingsPage {
            csrf: visitor.csrf(),
            notice: visitor.session.said(),
            facts: self.facts(),
            limits: limits(),
            blocked: parts.join(", "),
            blocks_all: parts.len() == 4,
            blocks_nothing: parts.is_empty(),
            who: &visitor.session.who,
            browsers: sessions.of(&visitor.session.who).iter().map(browser).collect(),
            faults,
        };
        page(status, &shown)
    }

    fn facts(&self) -> Vec<Told> {
        let Self { visitor, .. } = self;
        let facts = visitor.facts;
        let list = |texts: &[String]| if texts.is_empty() { "None".to_owned() } else { texts.join(", ") };
        let yes = |on: bool| if on { "Yes" } else { "No" }.to_owned();
        let administration = visitor.administration;
        let log = administration.audit().path();
        let dialect = match facts.default_dialect {
            Dialect::Oss => "OSS",
            Dialect::S3 => "S3",
        };
        let encryption = match administration.engine().default_encryption() {
            ServerEncryption::Off => "As buckets and requests say",
            ServerEncryption::Managed => "Every object (AES256)",
        };
        vec![
            ("Version", facts.version.to_owned()),
            ("Data directory", log.parent().unwrap_or(log).display().to_string()),
            ("Data plane", format!("{} ({})", facts.data, if facts.tls { "HTTPS" } else { "plain HTTP" })),
            ("Admin plane and console", format!("{} (plain HTTP)", facts.admin)),
            ("Region", administration.engine().region().to_owned()),
            ("Signatures must name the region", yes(facts.strict_region)),
            ("Default dialect", dialect.to_owned()),
            ("Domains of buckets", list(&facts.base_domains)),
            ("Domains of websites", list(&facts.website_domains)),
            ("Trusted proxies", list(&facts.trusted_proxies)),
            ("PROXY protocol", yes(facts.proxy_protocol)),
            ("Access log", facts.access_log.clone()),
            ("Encryption at rest", encryption.to_owned()),
            ("Drain", format!("{} s", facts.drain_limit.as_secs())),
            ("Audit log", log.display().to_string()),
        ]
    }
}

impl Visitor<'_> {
    async fn read_block(&self) -> Result<PublicAccessBlock, String> {
        let block = self.administration.public_access_block(&self.session.who).await;
        block.map_err(|error| crate::visitor::reason(&error))
    }
}

/// What of the public's rights is blocked, in the words of S3.
fn blocked_parts(block: PublicAccessBlock) -> Vec<&'static str> {
    let parts = [
        (block.block_public_acls, "BlockPublicAcls"),
        (block.ignore_public_acls, "IgnorePublicAcls"),
        (block.block_public_policy, "BlockPublicPolicy"),
        (block.restrict_public_buckets, "RestrictPublicBuckets"),
    ];
    parts.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect()
}

fn limits() -> Vec<Told> {
    vec![
        ("Buckets", limits::MAX_BUCKETS.to_string()),
        ("Rules of a bucket", limits::MAX_RULES.to_string()),
        ("Accounts", limits::MAX_ACCOUNTS.to_string()),
        ("Access keys of an account", limits::MAX_KEYS_PER_ACCOUNT.to_string()),
        ("Origins with settings", limits::MAX_ORIGINS.to_string()),
        ("Object", size(limits::MAX_OBJECT_BYTES)),
        ("Single upload, and part of one", size(limits::MAX_PUT_BYTES)),
        ("Parts of an upload", limits::MAX_PART_NUMBER.to_string()),
        ("Key", format!("{} bytes, on the OSS face {}", limits::MAX_KEY_BYTES, limits::MAX_OSS_KEY_BYTES)),
    ]
}

#[cfg(test)]
mod tests;
