//! Where else a rule fetches, and with which key it signs.
//!
//! A secret comes from a file or from the environment, never from the command line, which others on the machine can read.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use headwater_model::rule::{Alternate, Mirror, MirrorAuth, Secret};

use super::{FLAG, filled};

/// The secret of `--auth-key-id`, if no file is named.
const SECRET_VARIABLE: &str = "HEADWATER_ORIGIN_SECRET";

/// What rules have beside their first origin.
#[derive(Args, Debug, Default)]
pub(super) struct OriginOptions {
    /// A further origin, tried when those before it fail (repeatable; replaces the list, and empty empties it)
    #[arg(long, value_name = "URL")]
    alternate_url: Vec<String>,
    /// MirrorURLSlave: the origin that takes over while the probe of the first fails; empty for none
    #[arg(long, value_name = "URL")]
    slave_url: Option<String>,
    /// MirrorURLProbe: answers 200 as long as the first origin is to be used; empty for none
    #[arg(long, value_name = "URL")]
    probe_url: Option<String>,
    /// Nearly every failure leads to the next origin, not only 5xx and time-outs
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    switch_all_errors: Option<bool>,
    /// Sign origin requests with this access key; its secret is in --auth-secret-file or HEADWATER_ORIGIN_SECRET
    #[arg(long, value_name = "ID")]
    auth_key_id: Option<String>,
    /// The file with the secret of the access key that signs
    #[arg(long, value_name = "FILE")]
    auth_secret_file: Option<PathBuf>,
    /// The region that signatures name
    #[arg(long, value_name = "NAME")]
    auth_region: Option<String>,
    /// How requests are signed: S3V4, or OSSV4 for OSS [default: S3V4]
    #[arg(long, value_name = "TYPE")]
    auth_type: Option<String>,
    /// Sign origin requests no more
    #[arg(long, conflicts_with_all = ["auth_key_id", "auth_secret_file", "auth_region", "auth_type"])]
    no_auth: bool,
}

impl OriginOptions {
    /// An option that is named.
    pub(super) fn named(&self) -> Option<&'static str> {
        let options = [
            ("alternate-url", !self.alternate_url.is_empty()),
            ("slave-url", self.slave_url.is_some()),
            ("probe-url", self.probe_url.is_some()),
            ("switch-all-errors", self.switch_all_errors.is_some()),
            ("auth-key-id", self.auth_key_id.is_some()),
            ("auth-secret-file", self.auth_secret_file.is_some()),
            ("auth-region", self.auth_region.is_some()),
            ("auth-type", self.auth_type.is_some()),
            ("no-auth", self.no_auth),
        ];
        options.into_iter().find_map(|(name, is_named)| is_named.then_some(name))
    }

    /// Writes what is named; all else stays.
    ///
    /// # Errors
    /// A secret that is missing or cannot be read.
    pub(super) fn write(&self, mirror: &mut Mirror) -> anyhow::Result<()> {
        if !self.alternate_url.is_empty() {
            mirror.multi_alternates = self.alternates(mirror.multi_alternates.as_deref().unwrap_or_default());
        }
        if let Some(url) = &self.slave_url {
            mirror.url_slave = filled(&with_slash(url));
        }
        if let Some(url) = &self.probe_url {
            mirror.url_probe = filled(url);
        }
        if self.switch_all_errors.is_some() {
            mirror.switch_all_errors = self.switch_all_errors;
        }
        mirror.auth = if self.no_auth { None } else { self.auth(mirror.auth.take())? };
        Ok(())
    }

    /// The further origins in the order in which they are named. One that is there already keeps what has no option.
    fn alternates(&self, stored: &[Alternate]) -> Option<Vec<Alternate>> {
        let urls = self.alternate_url.iter().filter(|url| !url.is_empty()).map(|url| with_slash(url));
        let alternate = |(number, url): (u32, String)| {
            let known = stored.iter().find(|known| *known.url == *url).cloned().unwrap_or_default();
            Alternate { number, url: url.into(), ..known }
        };
        let alternates: Vec<_> = (1..).zip(urls).map(alternate).collect();
        (!alternates.is_empty()).then_some(alternates)
    }

    fn auth(&self, stored: Option<MirrorAuth>) -> anyhow::Result<Option<MirrorAuth>> {
        let Self { auth_key_id, auth_secret_file, auth_region, auth_type, .. } = self;
        if auth_key_id.is_none() && auth_secret_file.is_none() && auth_region.is_none() && auth_type.is_none() {
            return Ok(stored);
        }
        let mut auth = match (stored, auth_key_id) {
            (Some(stored), _) => stored,
            (None, Some(_)) => MirrorAuth { auth_type: Some("S3V4".into()), ..MirrorAuth::default() },
            (None, None) => bail!("the rule does not sign its requests; give --auth-key-id ID too"),
        };
        if let Some(id) = auth_key_id {
            ensure!(!id.is_empty(), "--auth-key-id is empty; to sign no more give --no-auth");
            let same = auth.access_key_id.as_deref() == Some(id);
            auth.access_key_id = filled(id);
            match (auth_secret_file, from_environment()) {
                (Some(_), _) => {}
                (None, Some(secret)) => auth.access_key_secret = Some(Secret::new(secret)),
                (None, None) if same && auth.access_key_secret.is_some() => {}
                (None, None) => {
                    bail!("--auth-key-id {id} has no secret; give --auth-secret-file FILE, or set {SECRET_VARIABLE}")
                }
            }
        }
        if let Some(file) = auth_secret_file {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            ensure!(!text.trim().is_empty(), "{} is empty; write the secret into it", file.display());
            auth.access_key_secret = Some(Secret::new(text.trim()));
        }
        for (given, element) in [(auth_region, &mut auth.region), (auth_type, &mut auth.auth_type)] {
            if let Some(text) = given {
                *element = filled(text);
            }
        }
        Ok(Some(auth))
    }
}

#[allow(clippy::disallowed_methods)] // the environment is where secrets may come from
fn from_environment() -> Option<String> {
    std::env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty())
}

/// URLs of origins end with a slash; an empty one is none.
fn with_slash(url: &str) -> String {
    if url.is_empty() || url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}
