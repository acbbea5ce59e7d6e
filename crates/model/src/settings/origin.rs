//! The settings of an origin.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::origin::OriginTimeouts;
use crate::rule::Secret;

/// Longest time limit: longer ones would hold clients for minutes.
const MAX_TIMEOUT_MS: u64 = 300_000;
/// Most requests at one time that can be asked for: every one costs a socket.
const MAX_PERMITS: u32 = 2048;
/// Longest `ca_pem`: a bundle of a hundred certificates.
const MAX_CA_BYTES: usize = 256 << 10;
/// Most entries of [`OriginSettings::job_windows`].
const MAX_WINDOWS: usize = 16;

/// How an origin (scheme, host and port) is treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OriginSettings {
    /// What it speaks.
    pub kind: OriginKind,
    /// With what its requests are signed, if its kind signs. A rule's own `MirrorAuth` comes first.
    pub credentials: Option<OriginCredentials>,
    /// OSS only: the bucket of the signature, where neither the path nor an OSS host name shows it.
    pub bucket: Option<Box<str>>,
    /// Certificate authorities to trust for this origin besides the others, as PEM.
    pub ca_pem: Option<Box<str>>,
    /// Accept any certificate. For origins in networks that are trusted for other reasons.
    pub accept_invalid_certificate: bool,
    /// Follow redirects from `https` to `http`.
    pub allow_downgrade: bool,
    /// Take 403 for "no such object", as S3 answers where the credentials may not list.
    pub treat_403_as_404: bool,
    /// `User-Agent` of requests; none is the one of OSS mirroring.
    pub user_agent: Option<Box<str>>,
    /// Caps.
    pub limits: OriginLimits,
    /// Time limits.
    pub timeouts: TimeoutSettings,
    /// Times of day in which jobs may read from it; none allows all. Requests of clients are served at any time.
    pub job_windows: Vec<TimeWindow>,
}

impl Default for OriginSettings {
    fn default() -> Self {
        Self {
            kind: OriginKind::Http,
            credentials: None,
            bucket: None,
            ca_pem: None,
            accept_invalid_certificate: false,
            allow_downgrade: false,
            treat_403_as_404: false,
            user_agent: None,
            limits: OriginLimits::default(),
            timeouts: TimeoutSettings::default(),
            job_windows: Vec::new(),
        }
    }
}

/// What an origin speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// Plain HTTP.
    #[default]
    Http,
    /// S3, signed with AWS Signature Version 4.
    S3,
    /// OSS, signed with its version 4.
    Oss,
}

/// With what requests are signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginCredentials {
    /// Access key id.
    pub access_key_id: Box<str>,
    /// Its secret.
    pub access_key_secret: Secret,
    /// Token of temporary credentials.
    #[serde(default)]
    pub session_token: Option<Secret>,
    /// Region of the signature.
    pub region: Box<str>,
}

/// Caps of the requests to an origin. What is over them is refused with 503, within 50 ms where no permit is in sight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OriginLimits {
    /// Most requests at one time, bodies included.
    pub max_concurrent: u32,
    /// Most requests per second; none sets no limit.
    pub requests_per_s: Option<u32>,
    /// Most body bytes per second; none sets no limit.
    pub bytes_per_s: Option<u64>,
    /// Most body bytes per day (UTC); none sets no limit.
    pub bytes_per_day: Option<u64>,
    /// Most body bytes per calendar month (UTC); none sets no limit.
    pub bytes_per_month: Option<u64>,
    /// Slowest body that is waited for, in bytes per second over 30 s.
    pub min_bytes_per_s: u64,
}

impl Default for OriginLimits {
    fn default() -> Self {
        Self {
            max_concurrent: 512,
            requests_per_s: None,
            bytes_per_s: None,
            bytes_per_day: None,
            bytes_per_month: None,
            min_bytes_per_s: 1 << 10,
        }
    }
}

/// Time limits in milliseconds (decisions, row 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutSettings {
    /// To establish a connection, name resolution included.
    pub connect_ms: u64,
    /// For the TLS handshake.
    pub tls_ms: u64,
    /// From the request being sent to the whole response head.
    pub first_byte_ms: u64,
    /// Longest silence within the body.
    pub idle_ms: u64,
}

impl Default for TimeoutSettings {
    fn default() -> Self {
        Self { connect_ms: 3_000, tls_ms: 5_000, first_byte_ms: 10_000, idle_ms: 15_000 }
    }
}

impl From<&TimeoutSettings> for OriginTimeouts {
    fn from(settings: &TimeoutSettings) -> Self {
        Self {
            connect: Duration::from_millis(settings.connect_ms),
            tls: Duration::from_millis(settings.tls_ms),
            first_byte: Duration::from_millis(settings.first_byte_ms),
            idle: Duration::from_millis(settings.idle_ms),
        }
    }
}

/// A time of day (UTC) in minutes since midnight; a window whose end is not after its start goes over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    /// First minute, 0 to 1,439.
    pub from_minute: u16,
    /// Minute after the last, 0 to 1,440.
    pub to_minute: u16,
}

impl OriginSettings {
    /// Checks every value. Whether `ca_pem` holds certificates is found out by whoever reads them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field, its value and what would be right.
    pub fn validate(&self) -> Result<()> {
        let TimeoutSettings { connect_ms, tls_ms, first_byte_ms, idle_ms } = self.timeouts;
        for (name, value) in [
            ("timeouts.connect_ms", connect_ms),
            ("timeouts.tls_ms", tls_ms),
            ("timeouts.first_byte_ms", first_byte_ms),
            ("timeouts.idle_ms", idle_ms),
        ] {
            within(name, value, 1, MAX_TIMEOUT_MS)?;
        }
        let limits = &self.limits;
        within("limits.max_concurrent", limits.max_concurrent.into(), 1, MAX_PERMITS.into())?;
        for (name, value) in [
            ("limits.requests_per_s", limits.requests_per_s.map(u64::from)),
            ("limits.bytes_per_s", limits.bytes_per_s),
            ("limits.bytes_per_day", limits.bytes_per_day),
            ("limits.bytes_per_month", limits.bytes_per_month),
        ] {
            value.map_or(Ok(()), |value| within(name, value, 1, u64::MAX))?;
        }
        if self.kind == OriginKind::Http && self.credentials.is_some() {
            return Err(invalid("credentials", &"(given)", "kind http signs nothing; set kind to s3 or oss"));
        }
        if let Some(credentials) = &self.credentials {
            for (name, value) in
                [("credentials.access_key_id", &credentials.access_key_id), ("credentials.region", &credentials.region)]
            {
                if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') {
                    return Err(invalid(name, value, "must be visible ASCII without /"));
                }
            }
        }
        if let Some(agent) = self.user_agent.as_deref()
            && (agent.is_empty() || agent.len() > 256 || http::HeaderValue::try_from(agent).is_err())
        {
            return Err(invalid("user_agent", &agent, "must be 1 to 256 bytes that a header field can carry"));
        }
        if let Some(pem) = self.ca_pem.as_deref()
            && (pem.len() > MAX_CA_BYTES || !pem.contains("-----BEGIN CERTIFICATE-----"))
        {
            return Err(invalid("ca_pem", &"(text)", "must be PEM certificates, at most 256 KiB"));
        }
        if self.job_windows.len() > MAX_WINDOWS {
            return Err(invalid("job_windows", &self.job_windows.len(), "at most 16 windows"));
        }
        for window in &self.job_windows {
            within("job_windows.from_minute", window.from_minute.into(), 0, 1_439)?;
            within("job_windows.to_minute", window.to_minute.into(), 0, 1_440)?;
        }
        Ok(())
    }
}

fn within(name: &str, value: u64, least: u64, most: u64) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let bound = if most == u64::MAX { format!("at least {least}") } else { format!("from {least} to {most}") };
    Err(invalid(name, &value, bound))
}

fn invalid(name: &str, value: &dyn Display, message: impl Into<Box<str>>) -> Error {
    Error::invalid_argument(name, &value.to_string(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_decisions() {
        let settings = OriginSettings::default();
        settings.validate().unwrap();
        assert_eq!(OriginTimeouts::from(&settings.timeouts), OriginTimeouts::default());
        let bytes = postcard::to_stdvec(&settings).unwrap();
        assert_eq!(postcard::from_bytes::<OriginSettings>(&bytes).unwrap(), settings);
    }

    #[test]
    fn wrong_values_are_named() {
        let named = |change: fn(&mut OriginSettings)| {
            let mut settings = OriginSettings::default();
            change(&mut settings);
            match settings.validate() {
                Err(Error::InvalidArgument { name, .. }) => name.to_string(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(named(|s| s.timeouts.idle_ms = 0), "timeouts.idle_ms");
        assert_eq!(named(|s| s.timeouts.connect_ms = 300_001), "timeouts.connect_ms");
        assert_eq!(named(|s| s.limits.max_concurrent = 0), "limits.max_concurrent");
        assert_eq!(named(|s| s.limits.requests_per_s = Some(0)), "limits.requests_per_s");
        assert_eq!(named(|s| s.user_agent = Some("a\nb".into())), "user_agent");
        assert_eq!(named(|s| s.ca_pem = Some("x".into())), "ca_pem");
        assert_eq!(
            named(|s| s.job_windows = vec![TimeWindow { from_minute: 1440, to_minute: 0 }]),
            "job_windows.from_minute"
        );
        let credentials = OriginCredentials {
            access_key_id: "id".into(),
            access_key_secret: Secret::new("s"),
            session_token: None,
            region: "r".into(),
        };
        let mut settings = OriginSettings { credentials: Some(credentials), ..OriginSettings::default() };
        assert!(settings.validate().is_err(), "plain http signs nothing");
        settings.kind = OriginKind::S3;
        settings.validate().unwrap();
    }
}
