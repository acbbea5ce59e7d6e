//! The flags and variables of `headwater serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use headwater_admin::parse_duration;
use ipnet::IpNet;
use serde::Deserialize;

use crate::logging::LogFormat;

/// Everything that can be said on the command line or in the environment; what is not said stays open for the file.
#[derive(Args, Debug, Default)]
pub(crate) struct ServeArgs {
    /// Configuration file (TOML); flags and variables win over it
    #[arg(long, value_name = "FILE", env = "HEADWATER_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory; made if it does not exist [default: ./headwater-data]
    #[arg(long, value_name = "DIR", env = "HEADWATER_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Address of the data plane, OSS and S3 [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS", env = "HEADWATER_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of the console, the admin API, health and metrics [default: 127.0.0.1:9001]
    #[arg(long, value_name = "ADDRESS", env = "HEADWATER_ADMIN_LISTEN")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Make BUCKET, readable by everybody, and fetch what it does not have from ORIGIN_URL (repeatable)
    #[arg(long, value_name = "BUCKET=ORIGIN_URL", env = "HEADWATER_MIRROR", value_delimiter = ',')]
    pub(crate) mirror: Vec<String>,
    /// Let origins live in this network, which is refused otherwise: 127.0.0.0/8, 10.0.0.0/8, … (repeatable)
    #[arg(long, value_name = "CIDR", env = "HEADWATER_ALLOW_ORIGIN_NET", value_delimiter = ',')]
    pub(crate) allow_origin_net: Vec<IpNet>,
    /// Trust these certificates (PEM) of origins besides the system's (repeatable)
    #[arg(long, value_name = "FILE", env = "HEADWATER_ORIGIN_CA", value_delimiter = ',')]
    pub(crate) origin_ca: Vec<PathBuf>,
    /// Virtual-hosted names: BUCKET.SUFFIX; path style always works (repeatable)
    #[arg(long, value_name = "SUFFIX", env = "HEADWATER_DOMAIN", value_delimiter = ',')]
    pub(crate) domain: Vec<String>,
    /// Names of bucket websites: BUCKET.SUFFIX (repeatable)
    #[arg(long, value_name = "SUFFIX", env = "HEADWATER_WEBSITE_DOMAIN", value_delimiter = ',')]
    pub(crate) website_domain: Vec<String>,
    /// Region announced to clients [default: cn-hangzhou]
    #[arg(long, value_name = "NAME", env = "HEADWATER_REGION")]
    pub(crate) region: Option<String>,
    /// Refuse V4 signatures for another region than the one announced
    #[arg(long, value_name = "true|false", env = "HEADWATER_STRICT_REGION", num_args = 0..=1,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) strict_region: Option<bool>,
    /// Dialect of requests and buckets that show none [default: oss]
    #[arg(long, value_name = "DIALECT", env = "HEADWATER_DEFAULT_DIALECT")]
    pub(crate) default_dialect: Option<DialectName>,
    /// Threads that serve requests [default: one per core]
    #[arg(long, value_name = "N", env = "HEADWATER_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// Seconds that count as a day for lifecycle rules, so that tests need not wait [default: 86400]
    #[arg(long, value_name = "SECONDS", env = "HEADWATER_LIFECYCLE_DAY", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) lifecycle_day: Option<u32>,
    /// Whether objects are encrypted whose writers and buckets say nothing [default: off]
    #[arg(long, value_name = "off|AES256", env = "HEADWATER_ENCRYPTION", hide_possible_values = true)]
    pub(crate) encryption: Option<EncryptionName>,
    /// Certificate chain (PEM); with --tls-key the data plane speaks HTTPS
    #[arg(long, value_name = "FILE", env = "HEADWATER_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM)
    #[arg(long, value_name = "FILE", env = "HEADWATER_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Believe X-Forwarded-For and X-Forwarded-Proto from proxies in this network (repeatable)
    #[arg(long, value_name = "CIDR", env = "HEADWATER_TRUSTED_PROXY", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// Every connection begins with a PROXY protocol header (v1 or v2) from a --trusted-proxy; others are closed
    #[arg(long, value_name = "true|false", env = "HEADWATER_PROXY_PROTOCOL", num_args = 0..=1,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) proxy_protocol: Option<bool>,
    /// How long running requests may take after SIGTERM [default: 30s]
    #[arg(long, value_name = "DURATION", env = "HEADWATER_DRAIN", value_parser = parse_duration)]
    pub(crate) drain: Option<Duration>,
    /// Where access lines go: a file, - for standard output, or off [default: -]
    #[arg(long, value_name = "FILE|-|off", env = "HEADWATER_ACCESS_LOG")]
    pub(crate) access_log: Option<String>,
    /// What to log: error, warn, info, debug, trace, or MODULE=LEVEL pairs [default: info]
    #[arg(long, value_name = "FILTER", env = "HEADWATER_LOG")]
    pub(crate) log: Option<String>,
    /// Form of the log [default: text]
    #[arg(long, value_name = "FORMAT", env = "HEADWATER_LOG_FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// A dialect by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DialectName {
    /// Alibaba Cloud OSS
    Oss,
    /// AWS S3
    S3,
}

/// Encryption at rest by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
pub(crate) enum EncryptionName {
    /// Objects are stored as they come
    #[value(name = "off")]
    #[serde(rename = "off")]
    Off,
    /// With keys of the server
    #[value(name = "AES256")]
    #[serde(rename = "AES256")]
    Aes256,
}
