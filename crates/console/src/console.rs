//! The door: sessions, tokens and origins of requests, and which page they are for.

use std::sync::Arc;

use askama::Template;
use bytes::Bytes;
use headwater_admin::{Administration, Requester};
use headwater_model::clock::Clock;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, request};
use subtle::ConstantTimeEq as _;

use crate::assets;
use crate::bucket::BucketVisit;
use crate::log_on::{LogOnPage, may_enter, next};
use crate::page::{Outcome, page, text};
use crate::session::{Session, Sessions};
use crate::visitor::Visitor;

const COOKIE: &str = "headwater_session";
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
type Fields = Vec<(String, String)>;

/// The console over an administration.
pub struct Console {
    administration: Administration,
    clock: Arc<dyn Clock>,
    sessions: Sessions,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'p> {
    csrf: &'p str,
    heading: &'p str,
    message: &'p str,
}

impl Console {
    /// Nobody is logged on yet.
    pub fn new(administration: Administration, clock: Arc<dyn Clock>) -> Self {
        Self { administration, sessions: Sessions::new(clock.clone()), clock }
    }

    /// Answers a request whose body is complete. `requester` is nobody yet.
    pub async fn answer(&self, request: Request<Bytes>, requester: Requester) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let mut response = match assets::answer(parts.uri.path()) {
            Some(asset) => asset,
            None => self.page(&parts, &body, requester).await,
        };
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // With `no-referrer` browsers send the origin of every form as `null`.
            (header::REFERRER_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    async fn page(&self, parts: &request::Parts, body: &[u8], requester: Requester) -> Response<Bytes> {
        let (path, posted) = (parts.uri.path(), parts.method == Method::POST);
        if !posted && !matches!(parts.method, Method::GET | Method::HEAD) {
            return refused(
                StatusCode::METHOD_NOT_ALLOWED,
                "",
                "Pages are read and forms are sent: only GET and POST.",
            );
        }
        let session = cookie(&parts.headers).and_then(|token| self.sessions.find(token));
        let csrf = session.as_ref().map_or("", |session| &session.csrf);
        if posted && !is_of_this_origin(&parts.headers) {
            return refused(
                StatusCode::FORBIDDEN,
                csrf,
                "The form was sent by a page of another site. Nothing was changed.",
            );
        }
        let sent = if posted { body } else { parts.uri.query().unwrap_or_default().as_bytes() };
        let fields: Fields = form_urlencoded::parse(sent).into_owned().collect();
        if path == "/log-on" {
            return self.log_on(posted, &fields);
        }
        let Some(session) = &session else {
            let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let asked = if posted { "/buckets" } else { asked };
            let query: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
            return to(&format!("/log-on?next={query}"));
        };
        let is_own: bool = text(&fields, "csrf").as_bytes().ct_eq(csrf.as_bytes()).into();
        if posted && !is_own {
            let message =
                "The form is not of this session: go back, reload the page and send it again. Nothing was changed.";
            return refused(StatusCode::FORBIDDEN, csrf, message);
        }
        if posted && path == "/log-out" {
            self.sessions.end_all(&session.who);
            return with_cookie(to("/log-on"), &format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
        }
        let requester = Requester { who: session.who.clone(), ..requester };
        match self.find(posted, path, &fields, session, requester).await {
            Some(outcome) => respond(outcome),
            None => refused(StatusCode::NOT_FOUND, csrf, "There is no such page, or its bucket is gone."),
        }
    }

    async fn find(
        &self,
        posted: bool,
        path: &str,
        fields: &Fields,
        session: &Session,
        requester: Requester,
    ) -> Option<Outcome> {
        let administration = &self.administration;
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        let visitor = Visitor { administration, requester, session };
        if let ["buckets", name, rest @ ..] = &parts[..] {
            let bucket = administration.engine().bucket(name)?;
            return BucketVisit { visitor, bucket }.answer(posted, rest, fields).await;
        }
        Some(match (posted, &parts[..]) {
            (false, [""]) => Outcome::To("/buckets".to_owned()),
            (false, ["buckets"]) => visitor.list(text(fields, "search")),
            (false, ["create-bucket"]) => visitor.creating("", None),
            (true, ["create-bucket"]) => visitor.create(fields).await,
            _ => return None,
        })
    }

    fn log_on(&self, posted: bool, fields: &Fields) -> Response<Bytes> {
        let (id, next) = (text(fields, "access_key_id").trim(), next(text(fields, "next")));
        if !posted {
            return respond(page(StatusCode::OK, &LogOnPage { next, id: "", fault: None }));
        }
        if !may_enter(self.administration.engine(), id, text(fields, "secret"), self.clock.now()) {
            let fault = Some("The access key ID and the secret are not a pair that may enter here.");
            return respond(page(StatusCode::FORBIDDEN, &LogOnPage { next, id, fault }));
        }
        let token = self.sessions.begin(id);
        with_cookie(to(next), &format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"))
    }
}

/// A browser says where a form comes from; what says nothing is no browser, and has the token to show.
fn is_of_this_origin(headers: &HeaderMap) -> bool {
    let value = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = value(header::HOST).unwrap_or_default();
    let site =
        value(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = value(header::ORIGIN).is_none_or(|origin| {
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    });
    site && origin
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let mut pairs =
        headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn respond(outcome: Outcome) -> Response<Bytes> {
    let (status, content_type, text) = match outcome {
        Outcome::Page(status, text) => (status, "text/html; charset=utf-8", text),
        Outcome::File(text) => (StatusCode::OK, "application/xml; charset=utf-8", text),
        Outcome::To(path) => return to(&path),
    };
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if content_type.starts_with("application") {
        let value = HeaderValue::from_static("attachment; filename=\"rules.xml\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn refused(status: StatusCode, csrf: &str, message: &str) -> Response<Bytes> {
    let heading = if status == StatusCode::NOT_FOUND { "Not found" } else { "Not done" };
    respond(page(status, &RefusedPage { csrf, heading, message }))
}

fn to(path: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/buckets"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn with_cookie(mut response: Response<Bytes>, cookie: &str) -> Response<Bytes> {
    let value = HeaderValue::from_str(cookie).expect("hex digits and attributes");
    response.headers_mut().insert(header::SET_COOKIE, value);
    response
}
