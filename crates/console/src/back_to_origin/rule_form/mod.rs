//! The form of a rule: what is typed, in the vendor's fields (oss-mirroring 14.3 and 14.4), and the rule that it means.
//!
//! Guarantees: what the form cannot show is kept from the rule that is edited; a fieldset that nobody touched is not
//! written, so that "OK" on an unchanged form stores the very rule that was read, whoever made it. A rule is only made of
//! a form without faults, and every fault names the field that it belongs to.
//!
//! How: each fieldset is a struct with `of` (rule to fields), `check` and `write` (fields to rule); this module puts them
//! together. Text is kept as typed, because a form with a fault is shown again with all that was typed in it.

mod destination;
mod header_rules;
mod origin_url;
mod prerequisite;
mod reading;
mod unshown;

#[cfg(test)]
mod tests;

pub(crate) use destination::{Destination, Target};
pub(crate) use header_rules::HeaderRules;
pub(crate) use origin_url::OriginUrl;
pub(crate) use prerequisite::Prerequisite;
pub(crate) use unshown::unshown_elements;

use headwater_model::rule::{Condition, Mirror, Redirect, RedirectType, RoutingRule, validate};
use headwater_model::website::Website;
use headwater_model::{Error, Result};

use crate::faults::{Faults, OF_FORM};

/// `Mode` of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Fetch from an origin and store.
    #[default]
    Mirroring,
    /// Answer 3xx.
    Redirection,
}

/// The panel's fields, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleForm {
    pub(crate) mode: Mode,
    pub(crate) prerequisite: Prerequisite,
    /// "Replace or Delete File Prefix", of both modes.
    pub(crate) replaces: bool,
    /// "OSS Private Bucket" of "Type of Source".
    pub(crate) private_bucket: bool,
    /// The role of a private source.
    pub(crate) role: String,
    /// "Origin URL" of Mirroring.
    pub(crate) origin: OriginUrl,
    /// "Origin URL" of Redirection.
    pub(crate) destination: Destination,
    /// "Keep Forward Slash in Origin URL".
    pub(crate) keeps_slashes: bool,
    /// "Perform MD5 verification".
    pub(crate) checks_md5: bool,
    /// "Transfer queryString", of both modes.
    pub(crate) passes_query: bool,
    /// "Follow Origin to Redirect Request".
    pub(crate) follows_redirects: bool,
    /// "Set Transmission Rule of HTTP Header".
    pub(crate) headers: HeaderRules,
}

impl Default for RuleForm {
    /// What "Create Rule" opens with.
    fn default() -> Self {
        Self {
            mode: Mode::Mirroring,
            prerequisite: Prerequisite { error_code: "404".to_owned(), ..Prerequisite::default() },
            replaces: false,
            private_bucket: false,
            role: String::new(),
            origin: OriginUrl::default(),
            destination: Destination::default(),
            keeps_slashes: false,
            checks_md5: false,
            passes_query: false,
            follows_redirects: true,
            headers: HeaderRules::default(),
        }
    }
}

impl RuleForm {
    /// The fields that show a rule; `None` for rules that have no form: Internal, those of S3, and Lua scripts.
    pub(crate) fn of(rule: &RoutingRule) -> Option<Self> {
        let redirect = rule.redirect.as_ref()?;
        let mode = match redirect.kind {
            RedirectType::Mirror => Mode::Mirroring,
            RedirectType::External | RedirectType::AliCdn => Mode::Redirection,
            RedirectType::Internal | RedirectType::Site | RedirectType::AllRequests => return None,
        };
        let mut form = Self { mode, prerequisite: Prerequisite::of(&rule.condition), ..Self::default() };
        form.passes_query = redirect.passes_query();
        if mode == Mode::Redirection {
            (form.replaces, form.destination) = Destination::of(redirect);
            return Some(form);
        }
        let mirror = &redirect.mirror;
        (form.replaces, form.origin) = OriginUrl::of(rule);
        form.private_bucket = mirror.using_role == Some(true);
        mirror.role.as_deref().unwrap_or_default().clone_into(&mut form.role);
        form.keeps_slashes = mirror.passes_original_slashes();
        form.checks_md5 = mirror.checks_md5();
        form.follows_redirects = mirror.follows_redirects();
        form.headers = HeaderRules::of(mirror.headers.as_ref());
        Some(form)
    }

    /// The rule that the form means; of `stored`, the rule that is edited, whatever the form does not show or nobody
    /// touched is kept.
    ///
    /// # Errors
    /// Every fault of the form.
    pub(crate) fn rule(&self, number: u32, stored: Option<&RoutingRule>) -> Result<RoutingRule, Faults> {
        // A rule whose mode changes has shown nothing of the new mode: all of it is written.
        let shown = stored.and_then(Self::of).filter(|shown| shown.mode == self.mode);
        let mut rule = stored.cloned().unwrap_or_else(|| RoutingRule {
            number,
            condition: Condition::default(),
            redirect: None,
            lua: None,
        });
        rule.number = number;
        let mut redirect = rule.redirect.take().unwrap_or_default();
        if shown.is_none() {
            clear_what_forms_show(&mut redirect);
        }
        let mut faults = Faults::default();
        self.prerequisite.write(self.mode, shown.as_ref().map(|shown| &shown.prerequisite), &mut rule, &mut faults);
        match self.mode {
            Mode::Mirroring => self.write_mirroring(shown.as_ref(), &mut redirect, &mut faults),
            Mode::Redirection => self.write_redirection(shown.as_ref(), &mut redirect, &mut faults),
        }
        rule.redirect = Some(redirect);
        if faults.is_empty()
            && let Err(error) = accepted(&rule)
        {
            let (field, message) = told(&error);
            faults.add(field, message);
        }
        if faults.is_empty() { Ok(rule) } else { Err(faults) }
    }

    fn write_mirroring(&self, shown: Option<&Self>, redirect: &mut Redirect, faults: &mut Faults) {
        redirect.kind = RedirectType::Mirror;
        let prefix = self.prerequisite.effective_prefix();
        let is_shown = |shown: &Self| {
            shown.origin == self.origin
                && shown.replaces == self.replaces
                && shown.prerequisite.effective_prefix() == prefix
        };
        if !shown.is_some_and(is_shown) {
            self.origin.write(self.replaces, prefix, redirect, faults);
        }
        let mirror = &mut redirect.mirror;
        if shown.is_none_or(|shown| (shown.private_bucket, &shown.role) != (self.private_bucket, &self.role)) {
            mirror.using_role = Some(self.private_bucket);
            let role = self.role.trim();
            mirror.role = (self.private_bucket && !role.is_empty()).then(|| role.into());
        }
        if shown.is_none_or(|shown| shown.headers != self.headers) {
            mirror.headers = Some(self.headers.checked(faults));
        }
        let changed = |field: fn(&Self) -> bool| shown.is_none_or(|shown| field(shown) != field(self));
        for (differs, value, element) in [
            (changed(|form| form.keeps_slashes), self.keeps_slashes, &mut mirror.pass_original_slashes),
            (changed(|form| form.checks_md5), self.checks_md5, &mut mirror.check_md5),
            (changed(|form| form.follows_redirects), self.follows_redirects, &mut mirror.follow_redirect),
            (changed(|form| form.passes_query), self.passes_query, &mut mirror.pass_query_string),
        ] {
            if differs {
                *element = Some(value);
            }
        }
        if shown.is_none() {
            redirect.materialise_defaults();
        } else if changed(|form| form.passes_query) {
            redirect.pass_query_string = Some(self.passes_query);
        }
    }

    fn write_redirection(&self, shown: Option<&Self>, redirect: &mut Redirect, faults: &mut Faults) {
        if shown.is_none_or(|shown| shown.destination.cdn != self.destination.cdn) {
            redirect.kind = if self.destination.cdn { RedirectType::AliCdn } else { RedirectType::External };
        }
        if !shown.is_some_and(|shown| shown.destination.goes_as(&self.destination) && shown.replaces == self.replaces) {
            self.destination.write(self.replaces, redirect, faults);
        }
        if shown.is_none_or(|shown| shown.destination.code != self.destination.code) {
            self.destination.write_code(redirect, faults);
        }
        if shown.is_none_or(|shown| shown.passes_query != self.passes_query) {
            redirect.pass_query_string = Some(self.passes_query);
        }
    }
}

/// What a form of either mode shows makes place for what it says now; the rest stays.
fn clear_what_forms_show(redirect: &mut Redirect) {
    let Redirect { protocol, host_name, http_redirect_code, replace_key_with, replace_key_prefix_with, .. } = redirect;
    (*protocol, *host_name, *http_redirect_code) = (None, None, None);
    (*replace_key_with, *replace_key_prefix_with) = (None, None);
    redirect.enable_replace_prefix = None;
    let Mirror { url, follow_redirect, check_md5, headers, pass_original_slashes, using_role, role, .. } =
        &mut redirect.mirror;
    (*url, *headers, *role) = (None, None, None);
    (*follow_redirect, *check_md5, *pass_original_slashes, *using_role) = (None, None, None, None);
}

/// As a document would be judged that holds this rule alone.
fn accepted(rule: &RoutingRule) -> Result<()> {
    validate(&Website { rules: vec![rule.clone()], ..Website::default() })
}

/// The field that an element belongs to, and what is wrong with it.
fn told(error: &Error) -> (&'static str, String) {
    let Error::InvalidArgument { name, message, .. } = error else { return (OF_FORM, error.to_string()) };
    let field = match &**name {
        "MirrorURL" => "host",
        "HostName" => "to_host",
        "HttpErrorCodeReturnedEquals" => "error_code",
        "HttpRedirectCode" => "redirect_code",
        "ReplaceKeyWith" => "to_path",
        // A part of the rule that the form does not show.
        _ => return (OF_FORM, format!("{name}: {message}")),
    };
    (field, message.to_string())
}

/// Why a URL cannot be an origin; `None` if it can.
fn url_fault(url: &str) -> Option<String> {
    accepted(&RoutingRule::mirror_all(1, url)).err().map(|error| told(&error).1)
}
