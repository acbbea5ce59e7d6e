//! Flags, variables, file and defaults become one configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use headwater_admin::parse_duration;
use headwater_model::BucketName;
use headwater_model::bucket::Dialect;
use headwater_model::encryption::ServerEncryption;
use headwater_model::lifecycle::DayLength;
use headwater_model::settings::OriginSettings;
use headwater_server::{AccessLogTarget, ServerConfig, TlsFiles};
use headwater_wire::Addressing;
use ipnet::IpNet;

use super::args::{DialectName, EncryptionName, ServeArgs};
use super::file::File;
use crate::logging::LogFormat;

/// Everything `headwater serve` needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) server: ServerConfig,
    pub(crate) mirrors: Vec<Mirror>,
    pub(crate) allow_origin_networks: Vec<IpNet>,
    pub(crate) origin_ca: Vec<PathBuf>,
    pub(crate) origin_defaults: OriginSettings,
    pub(crate) workers: Option<usize>,
    /// How long a day of lifecycle rules lasts.
    pub(crate) lifecycle_day: DayLength,
    /// Of objects whose writers and buckets say nothing.
    pub(crate) encryption: ServerEncryption,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
}

/// One `--mirror`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mirror {
    pub(crate) bucket: BucketName,
    /// As given; the rule's own checks follow when it is made.
    pub(crate) origin_url: String,
}

impl Config {
    /// Reads the file that the arguments name, if any, and merges.
    pub(crate) fn load(args: ServeArgs) -> anyhow::Result<Self> {
        let file = args.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        Self::merge(args, file)
    }

    fn merge(args: ServeArgs, file: File) -> anyhow::Result<Self> {
        let mirrors = if args.mirror.is_empty() {
            file.mirror.iter().map(|(bucket, url)| mirror(bucket, url)).collect::<anyhow::Result<_>>()?
        } else {
            args.mirror.iter().map(|pair| mirror_pair(pair)).collect::<anyhow::Result<_>>()?
        };
        let drain = match (args.drain, file.drain) {
            (Some(drain), _) => drain,
            (None, Some(text)) => parse_duration(&text).map_err(anyhow::Error::msg).context("drain")?,
            (None, None) => Duration::from_secs(30),
        };
        let default_dialect = match args.default_dialect.or(file.default_dialect) {
            Some(DialectName::S3) => Dialect::S3,
            Some(DialectName::Oss) | None => Dialect::Oss,
        };
        let region = args.region.or(file.region).unwrap_or_else(|| "cn-hangzhou".to_owned());
        ensure!(
            !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "region {region:?} is no region name; use letters, digits and -"
        );
        let trusted_proxies = prefer(args.trusted_proxy, file.trusted_proxy);
        let proxy_protocol = args.proxy_protocol.or(file.proxy_protocol).unwrap_or(false);
        ensure!(
            !proxy_protocol || !trusted_proxies.is_empty(),
            "proxy_protocol needs to know whom to believe; name the proxies' networks with --trusted-proxy"
        );
        let server = ServerConfig {
            listen: args.listen.or(file.listen).unwrap_or_else(|| local(9000)),
            admin_listen: args.admin_listen.or(file.admin_listen).unwrap_or_else(|| local(9001)),
            tls: tls(args.tls_cert.or(file.tls.cert), args.tls_key.or(file.tls.key))?,
            addressing: Addressing {
                domains: domains(prefer(args.domain, file.domain), "--domain")?,
                website_domains: domains(prefer(args.website_domain, file.website_domain), "--website-domain")?,
                default_dialect,
                region: region.into(),
            },
            strict_region: args.strict_region.or(file.auth.strict_region).unwrap_or(false),
            trusted_proxies,
            proxy_protocol,
            access_log: access_log(args.access_log.or(file.access_log).as_deref()),
            drain_limit: drain,
        };
        file.origin.defaults.validate().context("origin.defaults")?;
        // Whoever may write a rule names the origin: credentials for all of them would be lent to any.
        ensure!(
            file.origin.defaults.credentials.is_none() && file.origin.defaults.bucket.is_none(),
            "origin.defaults cannot have credentials or bucket; give them to one origin: headwater origin set"
        );
        let lifecycle_day = args.lifecycle_day.or(file.lifecycle_day).map_or(DayLength::REAL, DayLength::of_seconds);
        let encryption = match args.encryption.or(file.encryption) {
            Some(EncryptionName::Aes256) => ServerEncryption::Managed,
            Some(EncryptionName::Off) | None => ServerEncryption::Off,
        };
        Ok(Self {
            data: args.data.or(file.data).unwrap_or_else(|| PathBuf::from("headwater-data")),
            server,
            mirrors,
            allow_origin_networks: prefer(args.allow_origin_net, file.origin.allow_networks),
            origin_ca: prefer(args.origin_ca, file.origin.ca),
            origin_defaults: file.origin.defaults,
            workers: args.workers.or(file.workers).map(usize::from),
            lifecycle_day,
            encryption,
            log: args.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_format: args.log_format.or(file.log_format).unwrap_or_default(),
        })
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A list on the command line replaces the file's.
fn prefer<T>(args: Vec<T>, file: Vec<T>) -> Vec<T> {
    if args.is_empty() { file } else { args }
}

fn mirror_pair(pair: &str) -> anyhow::Result<Mirror> {
    let (bucket, url) =
        pair.split_once('=').with_context(|| format!("--mirror {pair:?} is not of the form BUCKET=ORIGIN_URL"))?;
    mirror(bucket, url)
}

fn mirror(bucket: &str, url: &str) -> anyhow::Result<Mirror> {
    let name = BucketName::parse(bucket).map_err(|_| {
        anyhow::anyhow!("mirror {bucket}={url}: {bucket:?} is no bucket name; use 3 to 63 of a-z, 0-9 and -")
    })?;
    Ok(Mirror { bucket: name, origin_url: url.to_owned() })
}

fn tls(cert: Option<PathBuf>, key: Option<PathBuf>) -> anyhow::Result<Option<TlsFiles>> {
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => bail!("--tls-cert is given without --tls-key; give both or none"),
        (None, Some(_)) => bail!("--tls-key is given without --tls-cert; give both or none"),
    }
}

fn domains(given: Vec<String>, flag: &str) -> anyhow::Result<Vec<Box<str>>> {
    let one = |text: String| {
        let domain = text.trim_start_matches('.').to_ascii_lowercase();
        let label =
            |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure!(domain.split('.').all(label), "{flag} {text:?} is no domain name; give it without scheme, port and *");
        Ok(domain.into())
    };
    given.into_iter().map(one).collect()
}

fn access_log(text: Option<&str>) -> AccessLogTarget {
    match text {
        None | Some("-") => AccessLogTarget::Stdout,
        Some("off") => AccessLogTarget::Off,
        Some(path) => AccessLogTarget::File(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let args = ServeArgs { region: Some("flag-1".into()), ..ServeArgs::default() };
        let file = File { region: Some("file-1".into()), workers: Some(3), ..File::default() };
        let config = Config::merge(args, file).expect("valid");
        assert_eq!(&*config.server.addressing.region, "flag-1");
        assert_eq!(config.workers, Some(3));
        assert_eq!(config.server.listen, local(9000));
        assert_eq!(config.encryption, ServerEncryption::Off);
        let file = File { encryption: Some(EncryptionName::Aes256), ..File::default() };
        let config = Config::merge(ServeArgs::default(), file).expect("valid");
        assert_eq!(config.encryption, ServerEncryption::Managed);
    }

    #[test]
    fn wrong_input_is_named() {
        let message = |args: ServeArgs| Config::merge(args, File::default()).expect_err("refused").to_string();
        assert!(
            message(ServeArgs { mirror: vec!["nourl".into()], ..ServeArgs::default() }).contains("BUCKET=ORIGIN_URL")
        );
        assert!(message(ServeArgs { mirror: vec!["A=http://x/".into()], ..ServeArgs::default() }).contains("\"A\""));
        assert!(message(ServeArgs { tls_cert: Some("c".into()), ..ServeArgs::default() }).contains("--tls-key"));
        assert!(message(ServeArgs { domain: vec!["http://x".into()], ..ServeArgs::default() }).contains("--domain"));
    }
}
