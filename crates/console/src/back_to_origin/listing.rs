//! The list of rules as a page.

use askama::Template;
use headwater_engine::RuleCounts;
use headwater_model::limits::MAX_RULES;
use headwater_model::op::MissContext;
use headwater_model::rule::rewriting::location;
use headwater_model::rule::{RedirectType, RoutingRule, warning};
use headwater_model::website::Website;

use super::rule_form::{RuleForm, unshown_elements};

/// The page.
#[derive(Template)]
#[template(path = "back_to_origin/list.html")]
pub(crate) struct ListPage<'p> {
    bucket: &'p str,
    csrf: &'p str,
    version: u64,
    limit: usize,
    notices: Vec<String>,
    alert: Option<String>,
    rows: Vec<Row>,
    has_document: bool,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    number: u32,
    mode: &'static str,
    conditions: Vec<(&'static str, String)>,
    origin: String,
    rewriting: Option<String>,
    options: Vec<String>,
    warnings: Vec<String>,
    /// What came of it since the server began.
    counts: String,
    has_form: bool,
}

/// What a page says above its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) notice: Option<String>,
    pub(crate) alert: Option<String>,
}

impl<'p> ListPage<'p> {
    /// `counts` are those of the rules by their numbers.
    pub(crate) fn new(
        (bucket, csrf): (&'p str, &'p str),
        website: Option<&Website>,
        version: u64,
        counts: &[(u32, RuleCounts)],
        said: Said,
    ) -> Self {
        let rules = website.map_or(&[][..], |website| &website.rules);
        let of_order = warning::of_order(rules);
        let rows = rules.iter().map(|rule| {
            let mut row = Row::of(rule);
            let told = of_order.iter().filter(|(number, _)| *number == rule.number).map(|(_, warning)| warning.clone());
            let counted = counts.iter().find(|(number, _)| *number == rule.number);
            row.counts = counted.map_or_else(String::new, |(_, counts)| in_words(*counts));
            row.warnings = told.chain(warning::of_rule(rule)).collect();
            row
        });
        Self {
            bucket,
            csrf,
            version,
            limit: MAX_RULES,
            notices: said.notice.into_iter().collect(),
            alert: said.alert,
            rows: rows.collect(),
            has_document: website.is_some(),
        }
    }
}

impl Row {
    fn of(rule: &RoutingRule) -> Self {
        let mode = match rule.kind() {
            Some(RedirectType::Mirror) => "Mirroring",
            Some(RedirectType::External | RedirectType::AliCdn) => "Redirection",
            Some(RedirectType::Internal) => "Internal",
            Some(RedirectType::Site | RedirectType::AllRequests) => "Redirection of the website (S3)",
            None => "Lua",
        };
        Self {
            number: rule.number,
            mode,
            conditions: conditions(rule),
            origin: origin(rule),
            rewriting: rewriting(rule),
            options: options(rule),
            warnings: Vec::new(),
            counts: String::new(),
            has_form: RuleForm::of(rule).is_some(),
        }
    }
}

fn in_words(counts: RuleCounts) -> String {
    let RuleCounts { applied, stored, absent, failed } = counts;
    format!("{applied} misses · {stored} stored · {absent} not found (404) · {failed} failed")
}

fn conditions(rule: &RoutingRule) -> Vec<(&'static str, String)> {
    let condition = &rule.condition;
    let mut words = vec![("HTTP Status Code", condition.error_code.unwrap_or(404).to_string())];
    for (name, text) in [("File Name Prefix", &condition.key_prefix), ("File Name Suffix", &condition.key_suffix)] {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            words.push((name, text.to_owned()));
        }
    }
    words.extend(condition.include_headers.iter().map(|header| ("Header", header.key.to_string())));
    words
}

/// Where the rule leads, as its fields say it.
pub(crate) fn origin(rule: &RoutingRule) -> String {
    if let Some(url) = rule.mirror_url() {
        return url.to_owned();
    }
    let Some(redirect) = &rule.redirect else { return String::new() };
    if redirect.kind == RedirectType::Internal {
        return "another file of this bucket".to_owned();
    }
    let host = MissContext { host: "(the host of the request)".into(), ..MissContext::default() };
    let whole = location(rule, "", &host);
    let base = whole.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?.0)));
    base.map(|(scheme, host)| format!("{scheme}://{host}/")).unwrap_or(whole)
}

fn rewriting(rule: &RoutingRule) -> Option<String> {
    let redirect = rule.redirect.as_ref()?;
    let form = RuleForm::of(rule)?;
    let template = redirect.replace_key_with.as_deref().filter(|text| !text.is_empty());
    if let Some(template) = template.filter(|_| redirect.kind != RedirectType::Mirror) {
        return Some(format!("file name becomes {template}"));
    }
    let replacement = redirect.replace_key_prefix_with.as_deref().unwrap_or_default();
    match (form.replaces || redirect.kind != RedirectType::Mirror, replacement) {
        (true, "") if form.replaces => Some("prefix is deleted".to_owned()),
        (true, text) if !text.is_empty() => Some(format!("prefix becomes {text}")),
        _ => None,
    }
}

fn options(rule: &RoutingRule) -> Vec<String> {
    let Some(form) = RuleForm::of(rule) else { return Vec::new() };
    let mut words = Vec::new();
    let mut note = |on: bool, text: &str| {
        if on {
            words.push(text.to_owned());
        }
    };
    note(form.passes_query, "Transfer queryString");
    if rule.mirror().is_some() {
        note(form.private_bucket, "OSS Private Bucket");
        note(form.keeps_slashes, "Keep Forward Slash in Origin URL");
        note(form.checks_md5, "Perform MD5 verification");
        note(!form.follows_redirects, "3xx goes to the client");
        note(form.headers.on, "Transmission Rule of HTTP Header");
    } else {
        note(true, &format!("Redirection Code {}", rule.redirect_code()));
        note(form.destination.cdn, "Source from Alibaba Cloud CDN");
    }
    words.extend(unshown_elements(rule).into_iter().map(str::to_owned));
    words
}
