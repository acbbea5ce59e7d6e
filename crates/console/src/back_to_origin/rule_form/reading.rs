//! Reading the fields that a browser sends.

use super::{Destination, HeaderRules, Mode, OriginUrl, Prerequisite, RuleForm, Target};

impl RuleForm {
    /// The fields of a form that was sent. A tick is there or not, and text beside a tick counts as ticked: nothing that
    /// was typed is dropped in silence. Other fields that are missing are empty, and names that are not of the form mean
    /// something to others.
    pub(crate) fn read(fields: &[(String, String)]) -> Self {
        let find = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
        // Browsers end lines of text areas as MIME does.
        let text = |name: &str| find(name).map(|value| value.replace("\r\n", "\n")).unwrap_or_default();
        let ticked = |name: &str| find(name).is_some();
        let mode = if text("mode") == "redirection" { Mode::Redirection } else { Mode::Mirroring };
        let (prefix, suffix, replacement) = (text("prefix"), text("suffix"), text("replacement"));
        Self {
            mode,
            prerequisite: Prerequisite {
                error_code: text("error_code"),
                by_prefix: ticked("by_prefix") || !prefix.is_empty(),
                prefix,
                by_suffix: ticked("by_suffix") || !suffix.is_empty(),
                suffix,
            },
            replaces: ticked("replaces") || (mode == Mode::Mirroring && !replacement.is_empty()),
            private_bucket: text("source") == "oss",
            role: text("role"),
            origin: OriginUrl { scheme: text("scheme"), host: text("host"), directory: text("directory"), replacement },
            destination: Destination {
                target: match &*text("target") {
                    "fixed" => Target::Fixed,
                    "replace" => Target::Replace,
                    _ => Target::Add,
                },
                scheme: text("to_scheme"),
                host: text("to_host"),
                path: text("to_path"),
                suffix: text("to_suffix"),
                code: text("redirect_code"),
                cdn: ticked("cdn"),
            },
            keeps_slashes: ticked("keeps_slashes"),
            checks_md5: ticked("checks_md5"),
            passes_query: ticked("passes_query"),
            follows_redirects: ticked("follows_redirects"),
            headers: HeaderRules {
                on: ticked("headers"),
                all: text("transmit") == "all",
                pass: text("pass"),
                remove: text("remove"),
                set: text("set"),
            },
        }
    }
}
