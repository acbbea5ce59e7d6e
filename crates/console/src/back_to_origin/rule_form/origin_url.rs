//! "Origin URL" of Mirroring: three columns and what becomes of the prefix (oss-mirroring 4.3).

use headwater_model::rule::rewriting::{Columns, three_columns};
use headwater_model::rule::{Redirect, RedirectType, RoutingRule};

use super::url_fault;
use crate::faults::Faults;

/// The three columns, and the text of "Replace or Delete File Prefix".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginUrl {
    /// Column 1.
    pub(crate) scheme: String,
    /// Column 2.
    pub(crate) host: String,
    /// Column 3.
    pub(crate) directory: String,
    /// What stands for the prefix; empty deletes it.
    pub(crate) replacement: String,
}

impl Default for OriginUrl {
    fn default() -> Self {
        let empty = String::new;
        Self { scheme: "https".to_owned(), host: empty(), directory: empty(), replacement: empty() }
    }
}

impl OriginUrl {
    /// Whether the prefix is replaced or deleted, and the columns.
    pub(super) fn of(rule: &RoutingRule) -> (bool, Self) {
        let Columns { scheme, host, path, prefix: _, replace } = Columns::of(rule);
        let columns = Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            directory: path.to_owned(),
            replacement: replace.unwrap_or_default().to_owned(),
        };
        (replace.is_some(), columns)
    }

    pub(super) fn write(&self, replaces: bool, prefix: &str, redirect: &mut Redirect, faults: &mut Faults) {
        if replaces && prefix.is_empty() {
            faults.add(
                "replacement",
                "Replace or Delete File Prefix needs a File Name Prefix: set one under Prerequisite, or clear the tick",
            );
        }
        let host = self.host.trim();
        let directory = self.directory.trim();
        if !matches!(&*self.scheme, "http" | "https") {
            faults.add("scheme", "the first column of Origin URL must be http or https");
        } else if host.is_empty() {
            faults.add("host", "Origin URL needs a host: a domain name or IP address, perhaps with a port");
        } else if host.contains("://") {
            faults.add("host", "the host stands without scheme here: choose http or https in the first column");
        } else if host.contains(['/', '?', '#', '\\']) {
            faults
                .add("host", "the host stands without path here: what follows the first / goes into the third column");
        } else if let Some(message) = url_fault(&format!("{}://{host}/", self.scheme)) {
            faults.add("host", message);
        } else if directory.contains(['?', '#']) || directory.contains(char::is_control) {
            faults.add("directory", "the directory must have no ?, # or control characters, as in abc/123");
        } else if directory.split('/').any(|level| matches!(level, "." | "..")) {
            faults.add("directory", "the directory must have no . or .. level: origins resolve them to another place");
        } else if let Some(message) = url_fault(&format!("{}://{host}/{}/", self.scheme, directory.trim_matches('/'))) {
            faults.add("directory", message);
        }
        let replacement = replaces.then_some(&*self.replacement);
        let columns = Columns { scheme: &self.scheme, host, path: directory, prefix, replace: replacement };
        let meant = three_columns(1, &columns).redirect.unwrap_or_default();
        debug_assert_eq!(meant.kind, RedirectType::Mirror, "columns make mirror rules");
        redirect.enable_replace_prefix = meant.enable_replace_prefix;
        redirect.replace_key_prefix_with = meant.replace_key_prefix_with;
        redirect.mirror.url = meant.mirror.url;
    }
}
