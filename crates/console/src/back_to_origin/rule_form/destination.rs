//! "Origin URL" of Redirection: where the client is sent (oss-mirroring 14.4).

use headwater_model::rule::{Redirect, RedirectType, RoutingRule};

use super::{accepted, told};
use crate::faults::Faults;

/// What stands for the key in the template of a new key.
const KEY: &str = "${key}";

/// How the new key is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Target {
    /// "Add Prefix or Suffix".
    #[default]
    Add,
    /// "Redirect to Fixed URL".
    Fixed,
    /// "Replace File Name Prefix".
    Replace,
}

/// The fields of the fieldset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The mode of the URL.
    pub(crate) target: Target,
    /// Column 1; empty means that of the request.
    pub(crate) scheme: String,
    /// Column 2; empty means that of the request.
    pub(crate) host: String,
    /// Column 3: a prefix, the path, or what replaces the prefix.
    pub(crate) path: String,
    /// Column 4 of "Add Prefix or Suffix".
    pub(crate) suffix: String,
    /// "Redirection Code".
    pub(crate) code: String,
    /// "Source from Alibaba Cloud CDN".
    pub(crate) cdn: bool,
}

impl Default for Destination {
    fn default() -> Self {
        let empty = String::new;
        Self {
            target: Target::Add,
            scheme: "https".to_owned(),
            host: empty(),
            path: empty(),
            suffix: empty(),
            code: "301".to_owned(),
            cdn: false,
        }
    }
}

impl Destination {
    /// Whether the prefix is replaced or deleted, and the fields.
    pub(super) fn of(redirect: &Redirect) -> (bool, Self) {
        let text = |field: &Option<Box<str>>| field.as_deref().unwrap_or_default().to_owned();
        let replaces = redirect.enable_replace_prefix == Some(true);
        let template = text(&redirect.replace_key_with);
        let replacement = text(&redirect.replace_key_prefix_with);
        let (target, path, suffix) = if !template.is_empty() {
            match template.split_once(KEY) {
                Some((before, after)) => (Target::Add, before.to_owned(), after.to_owned()),
                None => (Target::Fixed, template, String::new()),
            }
        } else if replaces || !replacement.is_empty() {
            (Target::Replace, replacement, String::new())
        } else {
            (Target::Add, String::new(), String::new())
        };
        let fields = Self {
            target,
            scheme: text(&redirect.protocol),
            host: text(&redirect.host_name),
            path,
            suffix,
            code: redirect.http_redirect_code.unwrap_or(301).to_string(),
            cdn: redirect.kind == RedirectType::AliCdn,
        };
        (replaces, fields)
    }

    /// Whether the client is sent to the same URL.
    pub(super) fn goes_as(&self, other: &Self) -> bool {
        let of = |fields: &Self| {
            let Self { target, scheme, host, path, suffix, code: _, cdn: _ } = fields.clone();
            (target, scheme, host, path, suffix)
        };
        of(self) == of(other)
    }

    pub(super) fn write(&self, replaces: bool, redirect: &mut Redirect, faults: &mut Faults) {
        let (path, suffix, host) = (self.path.trim(), self.suffix.trim(), self.host.trim());
        // Ticked, "Replace File Name Prefix" is the only mode there is.
        let target = if replaces { Target::Replace } else { self.target };
        self.check(target, replaces, faults);
        let some = |text: &str| (!text.is_empty()).then(|| text.into());
        redirect.protocol = some(&self.scheme);
        redirect.host_name = some(host);
        redirect.replace_key_with = match target {
            Target::Add if path.is_empty() && suffix.is_empty() => None,
            Target::Add => Some(format!("{path}{KEY}{suffix}").into()),
            Target::Fixed => some(path),
            Target::Replace => None,
        };
        redirect.replace_key_prefix_with = if target == Target::Replace { some(path) } else { None };
        redirect.enable_replace_prefix = replaces.then_some(true);
    }

    fn check(&self, target: Target, replaces: bool, faults: &mut Faults) {
        let (path, host) = (self.path.trim(), self.host.trim());
        if !matches!(&*self.scheme, "" | "http" | "https") {
            faults.add("to_scheme", "the first column of Origin URL must be http, https, or that of the request");
        }
        if host.is_empty() {
            if target == Target::Add && path.is_empty() && self.suffix.trim().is_empty() {
                faults.add(
                    "to_host",
                    "Origin URL needs a host: without one, and with nothing added, the client would \
                     be sent to where it came from",
                );
            }
        } else if let Some(message) = host_fault(host) {
            faults.add("to_host", message);
        }
        match target {
            Target::Add if path.contains('*') => faults.add("to_path", "the prefix must not contain *"),
            Target::Add if !path.is_empty() && !path.ends_with('/') => {
                faults.add("to_path", format!("the prefix is a directory and ends with /: {path}/"));
            }
            Target::Fixed if path.is_empty() => {
                faults.add("to_path", "Redirect to Fixed URL needs a path, as in abc/myphoto.jpg");
            }
            Target::Fixed if path.contains(KEY) => {
                faults
                    .add("to_path", "a fixed path has no ${key}: choose Add Prefix or Suffix to keep the file's name");
            }
            Target::Replace if path.is_empty() && !replaces => {
                faults.add(
                    "to_path",
                    "Replace File Name Prefix needs a replacement: to delete the prefix, tick Replace \
                     or Delete File Prefix",
                );
            }
            _ => {}
        }
    }

    pub(super) fn write_code(&self, redirect: &mut Redirect, faults: &mut Faults) {
        redirect.http_redirect_code = self.code.trim().parse().ok();
        let known = redirect.http_redirect_code.is_some_and(|code| matches!(code, 301 | 302 | 303 | 307 | 308));
        if !known {
            faults.add("redirect_code", "Redirection Code must be 301, 302, 303, 307 or 308");
        }
    }
}

/// Why a host cannot be redirected to; `None` if it can.
fn host_fault(host: &str) -> Option<String> {
    if host.contains("://") || host.contains(['/', '?', '#', '\\']) {
        return Some("the host stands alone here: scheme and path have columns of their own".to_owned());
    }
    let redirect = Redirect { host_name: Some(host.into()), ..Redirect::default() };
    let rule = RoutingRule { redirect: Some(redirect), ..RoutingRule::mirror_all(1, "https://origin.invalid/") };
    accepted(&rule).err().map(|error| told(&error).1)
}
