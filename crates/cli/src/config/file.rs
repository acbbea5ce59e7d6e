//! The configuration file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use headwater_model::settings::OriginSettings;
use ipnet::IpNet;
use serde::Deserialize;
use toml::{Table, Value};

use super::args::{DialectName, EncryptionName};
use crate::logging::LogFormat;

/// The file's content; every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) admin_listen: Option<SocketAddr>,
    pub(crate) domain: Vec<String>,
    pub(crate) website_domain: Vec<String>,
    pub(crate) region: Option<String>,
    pub(crate) default_dialect: Option<DialectName>,
    pub(crate) workers: Option<u16>,
    pub(crate) lifecycle_day: Option<u32>,
    pub(crate) encryption: Option<EncryptionName>,
    pub(crate) trusted_proxy: Vec<IpNet>,
    pub(crate) proxy_protocol: Option<bool>,
    pub(crate) drain: Option<String>,
    pub(crate) access_log: Option<String>,
    pub(crate) log: Option<String>,
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) tls: Tls,
    pub(crate) auth: Auth,
    pub(crate) origin: Origin,
    /// Bucket name to origin URL.
    pub(crate) mirror: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tls {
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Auth {
    pub(crate) strict_region: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Origin {
    pub(crate) allow_networks: Vec<IpNet>,
    pub(crate) ca: Vec<PathBuf>,
    /// Of every origin that has no settings of its own.
    pub(crate) defaults: OriginSettings,
}

/// Every key of the file; those of `mirror` are bucket names and free. A test holds this list to [`File`].
const KEYS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "data",
            "listen",
            "admin_listen",
            "domain",
            "website_domain",
            "region",
            "default_dialect",
            "workers",
            "lifecycle_day",
            "encryption",
            "trusted_proxy",
            "proxy_protocol",
            "drain",
            "access_log",
            "log",
            "log_format",
            "tls",
            "auth",
            "origin",
            "mirror",
        ],
    ),
    ("tls", &["cert", "key"]),
    ("auth", &["strict_region"]),
    ("origin", &["allow_networks", "ca", "defaults"]),
    (
        "origin.defaults",
        &[
            "kind",
            "credentials",
            "bucket",
            "ca_pem",
            "accept_invalid_certificate",
            "allow_downgrade",
            "treat_403_as_404",
            "user_agent",
            "limits",
            "timeouts",
            "job_windows",
        ],
    ),
    (
        "origin.defaults.limits",
        &["max_concurrent", "requests_per_s", "bytes_per_s", "bytes_per_day", "bytes_per_month", "min_bytes_per_s"],
    ),
    ("origin.defaults.timeouts", &["connect_ms", "tls_ms", "first_byte_ms", "idle_ms"]),
];

impl File {
    /// Reads and checks a file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the configuration {shown}"))?;
        Self::parse(&text).with_context(|| format!("the configuration {shown} is wrong"))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let table: Table = text.parse().map_err(|error| one_line(&error))?;
        for (section, known) in KEYS {
            let keys = section_of(&table, section);
            for key in keys.into_iter().flat_map(Table::keys) {
                if !known.contains(&key.as_str()) {
                    return Err(unknown(section, key, known));
                }
            }
        }
        Value::Table(table).try_into().map_err(|error| one_line(&error))
    }
}

/// The table at a dotted path, if it is there.
fn section_of<'a>(file: &'a Table, path: &str) -> Option<&'a Table> {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    names.try_fold(file, |table, name| table.get(name)?.as_table())
}

/// The library's error without its picture of the file, which spans lines.
fn one_line(error: &toml::de::Error) -> anyhow::Error {
    anyhow!("{}", error.message().replace('\n', " "))
}

fn unknown(section: &str, key: &str, known: &[&str]) -> anyhow::Error {
    let full = |key: &str| if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    let nearest = nearest.map(|nearest| format!("; did you mean {}?", full(nearest))).unwrap_or_default();
    anyhow!("unknown key {}{nearest}", full(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let file = File::parse(
            "listen = '127.0.0.1:80'\ndrain = '5s'\n[tls]\ncert = 'c'\n[origin]\nallow_networks = ['10.0.0.0/8']\n\
             [mirror]\nmy-bucket = 'http://example.com/'\n",
        )
        .expect("a valid file");
        assert_eq!(file.listen, "127.0.0.1:80".parse().ok());
        assert_eq!(file.origin.allow_networks.len(), 1);
        assert_eq!(file.mirror["my-bucket"], "http://example.com/");
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest() {
        let message = |text: &str| File::parse(text).expect_err("refused").to_string();
        assert_eq!(message("lisen = '127.0.0.1:80'"), "unknown key lisen; did you mean listen?");
        assert_eq!(
            message("[origin]\nallow_network = []"),
            "unknown key origin.allow_network; did you mean origin.allow_networks?"
        );
        assert_eq!(
            message("[origin.defaults.timeouts]\nfirst_byte = 1"),
            "unknown key origin.defaults.timeouts.first_byte; did you mean origin.defaults.timeouts.first_byte_ms?"
        );
    }

    #[test]
    fn every_key_of_the_origin_defaults_is_known() {
        let made = serde_json::to_value(OriginSettings::default()).expect("settings can be written");
        for (path, inner) in
            [("origin.defaults", ""), ("origin.defaults.limits", "limits"), ("origin.defaults.timeouts", "timeouts")]
        {
            let object = if inner.is_empty() { &made } else { &made[inner] };
            let known = KEYS.iter().find(|(section, _)| *section == path).expect("the section is listed").1;
            let mut named: Vec<&str> = object.as_object().expect("a table").keys().map(String::as_str).collect();
            let mut known = known.to_vec();
            named.sort_unstable();
            known.sort_unstable();
            assert_eq!(named, known, "{path}");
        }
    }

    #[test]
    fn origin_defaults_are_read() {
        let file = File::parse("[origin.defaults]\ntreat_403_as_404 = true\n[origin.defaults.timeouts]\nidle_ms = 7\n")
            .expect("valid");
        assert!(file.origin.defaults.treat_403_as_404);
        assert_eq!((file.origin.defaults.timeouts.idle_ms, file.origin.defaults.timeouts.tls_ms), (7, 5_000));
    }

    /// The example with every key set: `#key` and `#[section]` are lines of TOML, `# Words` are words.
    fn example() -> String {
        let text = include_str!("../../../../packaging/headwater.toml");
        let line = |line: &'static str| match line.strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
            _ => line,
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_names_every_key_and_sets_none() {
        let untouched: Table = include_str!("../../../../packaging/headwater.toml").parse().expect("valid TOML");
        assert!(untouched.is_empty(), "{untouched}");
        File::parse(&example()).expect("every line can be set");
        let table: Table = example().parse().expect("valid TOML");
        for (section, known) in KEYS {
            for key in *known {
                // They belong to one origin, and are refused as defaults.
                if *section == "origin.defaults" && ["credentials", "bucket"].contains(key) {
                    continue;
                }
                let named = section_of(&table, section).is_some_and(|table| table.contains_key(*key));
                assert!(named, "packaging/headwater.toml does not name {section}.{key}");
            }
        }
    }

    #[test]
    fn the_defaults_of_the_example_are_the_defaults() {
        let example = File::parse(&example()).expect("valid").origin.defaults;
        let own = OriginSettings::default();
        assert_eq!((example.kind, &example.timeouts), (own.kind, &own.timeouts));
        let limits = [example.limits.max_concurrent.into(), example.limits.min_bytes_per_s];
        assert_eq!(limits, [own.limits.max_concurrent.into(), own.limits.min_bytes_per_s]);
    }

    #[test]
    fn a_wrong_value_is_one_line() {
        for text in ["listen = 'x'", "workers = -1", "x = ", "[tls]\ncert = 1"] {
            let message = File::parse(text).expect_err("refused").to_string();
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
