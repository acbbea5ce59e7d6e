//! What a browser on another site's page is told: the answer to its preflight, and the headers of every other answer.
//!
//! Guarantees: headers only tell a browser what a page may see. They never say more than a rule of the bucket allows, and
//! they change neither what a request does nor who may send it.

use headwater_model::body::Body;
use headwater_model::cors::{CorsConfiguration, CorsQuestion, CorsRule};
use headwater_model::{Error, Result};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::response::{self, ResponseContext};
use crate::route::Routed;

/// Most headers that a preflight may ask for: browsers ask for those that a page sets, which are some ten.
const MAX_REQUEST_HEADERS: usize = 100;

const VARIES: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Headers, Access-Control-Request-Method");

/// Answers a preflight.
///
/// # Errors
/// [`Error::InvalidRequest`] for a request that is no preflight; [`Error::CorsForbidden`] if no rule allows what it asks.
pub fn preflight(
    routed: &Routed,
    parts: &Parts,
    cors: Option<&CorsConfiguration>,
    context: &ResponseContext<'_>,
) -> Result<Response<Body>> {
    let lacks =
        |what: &str| Error::InvalidRequest { message: format!("Insufficient information. {what} needed.").into() };
    let origin = text(&parts.headers, &ORIGIN).ok_or_else(|| lacks("Origin request header"))?;
    let method = text(&parts.headers, &ACCESS_CONTROL_REQUEST_METHOD);
    let method = method.ok_or_else(|| lacks("Access-Control-Request-Method request header"))?;
    let asked = text(&parts.headers, &ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
    let headers: Vec<String> =
        asked.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect();
    let cors = cors.ok_or(Error::CorsForbidden { enabled: false })?;
    let question = CorsQuestion { origin, method, headers: &headers };
    let rule = cors.decide(&question).filter(|_| headers.len() <= MAX_REQUEST_HEADERS);
    let rule = rule.ok_or(Error::CorsForbidden { enabled: true })?;
    let mut response = response::empty(routed.vocab(), context, StatusCode::OK);
    put_rule(response.headers_mut(), rule, origin);
    put(response.headers_mut(), ACCESS_CONTROL_ALLOW_HEADERS, &headers.join(", "));
    Ok(response)
}

/// Adds to an answer what its page may see of it.
pub fn allow(headers: &mut HeaderMap, parts: &Parts, cors: &CorsConfiguration) {
    let Some(origin) = text(&parts.headers, &ORIGIN) else {
        if cors.response_vary {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        return;
    };
    let method = text(&parts.headers, &ACCESS_CONTROL_REQUEST_METHOD).unwrap_or(parts.method.as_str());
    match cors.decide(&CorsQuestion { origin, method, headers: &[] }) {
        Some(rule) => put_rule(headers, rule, origin),
        None if cors.response_vary => drop(headers.append(VARY, HeaderValue::from_static("Origin"))),
        None => {}
    }
}

fn put_rule(headers: &mut HeaderMap, rule: &CorsRule, origin: &str) {
    if rule.allows_every_origin() {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        put(headers, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    put(headers, ACCESS_CONTROL_ALLOW_METHODS, &rule.methods.join(", "));
    put(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &rule.exposed.join(", "));
    if let Some(seconds) = rule.max_age_seconds {
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
    }
    headers.append(VARY, VARIES);
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty())
}
