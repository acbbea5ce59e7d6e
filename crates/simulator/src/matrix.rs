//! The chaos matrix: one data file (`matrix.toml`) with every way of an origin to misbehave, and what is made of it.
//!
//! Tests run every case in every [`Mode`] on both dialects; the manual's table ([`crate::table`]) has the texts. A row
//! without cases names where it is tested.

use serde::Deserialize;

/// The data file.
const TEXT: &str = include_str!("../matrix.toml");

/// All rows, in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// As the file has them.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// One way to misbehave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `O01` to `O81`.
    pub id: String,
    /// Heading.
    pub section: String,
    /// What the origin does, or what happens here.
    pub origin: String,
    /// What Alibaba Cloud OSS documents.
    pub oss: String,
    /// What nginx does with `proxy_cache` and its defaults.
    pub nginx: String,
    /// What Headwater does.
    pub ours: String,
    /// Where it is tested, if not by cases.
    #[serde(default)]
    pub tested_in: Option<String>,
    /// Cases that a scripted origin plays.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// One scripted origin, and what is expected of a server in front of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name within its row, and of its scenario.
    pub name: String,
    /// Name of the scenario, if it is that of another case.
    #[serde(default)]
    pub scenario: Option<String>,
    /// Migration settings of the bucket, `FIELD=VALUE` each.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Settings of the origin, TOML under `origin.defaults`.
    #[serde(default)]
    pub origin_settings: String,
    /// Further elements of the rule's `Redirect`.
    #[serde(default)]
    pub rule: String,
    /// Key to ask for, if not a plain one.
    #[serde(default)]
    pub key: Option<String>,
    /// Target that the origin must see.
    #[serde(default)]
    pub target: Option<String>,
    /// Another object is fetched first, over the same connection.
    #[serde(default)]
    pub warm: bool,
    /// Fields of a whole answer, with their values.
    #[serde(default)]
    pub keeps: std::collections::BTreeMap<String, String>,
    /// Fields that no answer may have.
    #[serde(default)]
    pub drops: Vec<String>,
    /// Of a GET of the whole.
    pub get: Expectation,
    /// Of a GET of the last bytes; as `get` if it is left out.
    #[serde(default)]
    pub range: Option<Expectation>,
    /// Of a HEAD; as `get` if it is left out.
    #[serde(default)]
    pub head: Option<Expectation>,
    /// Of twenty GETs at one time; as `get` if it is left out.
    #[serde(default)]
    pub herd: Option<Expectation>,
}

/// How an object is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// GET.
    Get,
    /// GET of the last bytes.
    Range,
    /// HEAD.
    Head,
    /// Twenty GETs at one time.
    Herd,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Get, Self::Range, Self::Head, Self::Herd];

    /// As the data file names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Range => "range",
            Self::Head => "head",
            Self::Herd => "herd",
        }
    }
}

/// What a client and the origin see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What the client gets; one of these.
    pub class: OneOrMore<Class>,
    /// Reason codes; one of these. None where there is nothing to explain.
    #[serde(default)]
    pub reason: Option<OneOrMore<String>>,
    /// Fewest and most requests that the origin gets.
    pub requests: Count,
    /// A range may be answered by the whole, and a HEAD with any length or none.
    #[serde(default)]
    pub loose_length: bool,
}

/// What a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The object; a GET stores it.
    Ok,
    /// The object; nothing is stored.
    Pass,
    /// 404 `NoSuchKey`.
    NotFound,
    /// A failure that may pass: OSS 424 `MirrorFailed`, S3 503 `ServiceUnavailable`, both with `Retry-After`.
    Temp,
    /// A failure that stays: 424 `MirrorFailed`.
    Perm,
    /// One of our own limits: 503 with `Retry-After`.
    Busy,
    /// A right beginning of the object, and no clean end.
    Cut,
    /// The origin's own redirect.
    Redirect,
    /// 416 `InvalidRange`, where the object is empty and the dialect strict; the fetch goes on and stores it.
    NoSuchRange,
}

impl Class {
    /// Whether the object is here afterwards, if it was asked for by GET.
    pub fn stores(self) -> bool {
        matches!(self, Self::Ok | Self::NoSuchRange)
    }
}

/// A value or a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    /// Just this.
    One(T),
    /// Any of these.
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    /// All values.
    pub fn all(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }
}

/// A number, or the least and the most.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Count {
    /// Exactly.
    Exactly(usize),
    /// From, to.
    Between(usize, usize),
}

impl Count {
    /// The least and the most.
    pub fn bounds(self) -> (usize, usize) {
        match self {
            Self::Exactly(count) => (count, count),
            Self::Between(least, most) => (least, most),
        }
    }
}

impl Case {
    /// The scenario that its origin plays.
    pub fn scenario(&self) -> &str {
        self.scenario.as_deref().unwrap_or(&self.name)
    }

    /// What is expected in a mode.
    pub fn expectation(&self, mode: Mode) -> &Expectation {
        let own = match mode {
            Mode::Get => None,
            Mode::Range => self.range.as_ref(),
            Mode::Head => self.head.as_ref(),
            Mode::Herd => self.herd.as_ref(),
        };
        own.unwrap_or(&self.get)
    }
}

impl Matrix {
    /// Reads the data file.
    ///
    /// # Panics
    /// If it is malformed, which a test would have found.
    pub fn load() -> Self {
        toml::from_str(TEXT).unwrap_or_else(|error| panic!("matrix.toml: {error}"))
    }

    /// A row by its id, in any letter case.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id.eq_ignore_ascii_case(id))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Scenario;

    #[test]
    fn what_is_tested_elsewhere_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for row in Matrix::load().rows {
            let Some(file) = row.tested_in else { continue };
            let text = std::fs::read_to_string(root.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let test = format!("fn {}_", row.id.to_lowercase());
            assert!(text.contains(&test), "{file} has no test of {}", row.id);
        }
    }

    #[test]
    fn every_row_is_there_and_every_case_can_be_played() {
        let matrix = Matrix::load();
        let ids: Vec<&str> = matrix.rows.iter().map(|row| row.id.as_str()).collect();
        let wanted: Vec<String> = (1..=81).map(|number| format!("O{number:02}")).collect();
        assert_eq!(ids, wanted);
        for row in &matrix.rows {
            assert!(row.tested_in.is_some() || !row.cases.is_empty(), "{} is not tested", row.id);
            for case in &row.cases {
                assert!(Scenario::find(&row.id, case.scenario()).is_some(), "{}/{} has no scenario", row.id, case.name);
                for mode in Mode::ALL {
                    let expectation = case.expectation(mode);
                    let fails = |class: &Class| matches!(class, Class::Temp | Class::Perm | Class::Busy | Class::Cut);
                    let explained = expectation.reason.is_some() || !expectation.class.all().iter().any(fails);
                    assert!(explained, "{}/{} {}: a failure has a reason", row.id, case.name, mode.name());
                }
            }
        }
    }
}
