//! The cross-origin rules of a bucket as a document.

use headwater_model::body::Body;
use headwater_model::cors::{CorsConfiguration, CorsRule};
use headwater_model::limits::{MAX_CORS_BYTES, MAX_CORS_RULES, MAX_CORS_RULES_OSS};
use headwater_model::op::Op;
use headwater_model::{Error, Result};
use http::{HeaderName, Response};

use super::{Answer, Request};
use crate::response::open_root;
use crate::xml::{Element, read};

/// The methods that a rule may allow.
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];
/// Longest name of a rule (S3).
const MAX_ID_CHARS: usize = 255;

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = read::parse_within(body, MAX_CORS_BYTES)?;
    let root = document.root("CORSConfiguration")?.as_container()?;
    let rules = root.children("CORSRule").map(|rule| read_rule(rule, request)).collect::<Result<Vec<_>>>()?;
    let most = if request.is_oss() { MAX_CORS_RULES_OSS } else { MAX_CORS_RULES };
    if rules.is_empty() || rules.len() > most {
        return Err(read::malformed(format!("{} rules instead of 1 to {most}", rules.len())));
    }
    let response_vary = request.is_oss() && root.boolean("ResponseVary")?.unwrap_or(false);
    Ok(Op::PutBucketCors(request.bucket(), Box::new(CorsConfiguration { rules, response_vary })))
}

fn read_rule(rule: Element<'_>, request: &Request<'_>) -> Result<CorsRule> {
    let rule = rule.as_container()?;
    let texts = |name: &'static str| -> Result<Vec<Box<str>>> {
        rule.children(name).map(|element| Ok(element.value()?.trim().into())).collect()
    };
    let origins = texts("AllowedOrigin")?;
    let methods = texts("AllowedMethod")?;
    let headers: Vec<Box<str>> = texts("AllowedHeader")?.iter().map(|name| name.to_ascii_lowercase().into()).collect();
    let exposed = texts("ExposeHeader")?;
    if origins.is_empty() || methods.is_empty() {
        return Err(read::malformed("a rule allows no origin or no method"));
    }
    if let Some(method) = methods.iter().find(|method| !METHODS.contains(&&***method)) {
        return Err(invalid(format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}")));
    }
    for (name, patterns) in [("AllowedOrigin", &origins), ("AllowedHeader", &headers)] {
        if let Some(pattern) = patterns.iter().find(|pattern| pattern.matches('*').count() > 1) {
            return Err(invalid(format!("{name} \"{pattern}\" can not have more than one wildcard.")));
        }
    }
    let is_name = |name: &str| !name.contains('*') && HeaderName::try_from(name).is_ok();
    if let Some(name) = exposed.iter().find(|name| !is_name(name)) {
        return Err(invalid(format!(
            "ExposeHeader \"{name}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
        )));
    }
    let id = rule.text("ID")?.filter(|_| !request.is_oss());
    if id.is_some_and(|id| id.chars().count() > MAX_ID_CHARS) {
        return Err(invalid(format!("The ID of a rule has more than {MAX_ID_CHARS} characters.")));
    }
    Ok(CorsRule {
        id: id.map(Into::into),
        origins,
        methods,
        headers,
        exposed,
        max_age_seconds: max_age(rule, request)?,
    })
}

/// What is no such number OSS names, and S3 takes for a fault of the document.
fn max_age(rule: Element<'_>, request: &Request<'_>) -> Result<Option<u32>> {
    let name = "MaxAgeSeconds";
    match rule.text(name)? {
        Some(text) if request.is_oss() && read::decimal::<u32>(text).is_none() => {
            let message = format!("{name} must be a number of seconds.");
            Err(Error::invalid_argument(name, text.trim(), message))
        }
        _ => rule.number(name),
    }
}

fn invalid(message: String) -> Error {
    Error::InvalidRequest { message: message.into() }
}

pub(super) fn encode(answer: &Answer<'_>, cors: &CorsConfiguration) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "CORSConfiguration");
    for rule in &cors.rules {
        xml.open("CORSRule");
        xml.optional("ID", rule.id.as_deref().filter(|_| !answer.is_oss()));
        let lists = [
            ("AllowedOrigin", &rule.origins),
            ("AllowedMethod", &rule.methods),
            ("AllowedHeader", &rule.headers),
            ("ExposeHeader", &rule.exposed),
        ];
        for (name, texts) in lists {
            for text in texts {
                xml.element(name, text);
            }
        }
        xml.optional("MaxAgeSeconds", rule.max_age_seconds);
        xml.close();
    }
    if answer.is_oss() {
        xml.element("ResponseVary", cors.response_vary);
    }
    xml.close();
    answer.xml(xml)
}
