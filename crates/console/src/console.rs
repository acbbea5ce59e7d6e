//! The door: sessions, tokens and origins of requests, and which page they are for.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use bytes::Bytes;
use headwater_admin::{Administration, Pulse, Requester, ServerFacts};
use headwater_model::body::{Body, ByteStream};
use headwater_model::clock::Clock;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request};
use subtle::ConstantTimeEq as _;

use crate::access_keys::KeyVisit;
use crate::assets;
use crate::bucket::BucketVisit;
use crate::faults::Faults;
use crate::files;
use crate::log_on::{LogOnPage, may_administer, may_enter, next};
use crate::origins::OriginVisit;
use crate::overview::{self, View};
use crate::page::{Outcome, escaped, page, text};
use crate::session::{Session, Sessions};
use crate::settings::SettingsVisit;
use crate::throttle::{Attempt, Throttle};
use crate::visitor::Visitor;

const COOKIE: &str = "headwater_session";
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
     frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Longest form: an imported document of rules is the longest.
const MAX_FORM_BYTES: usize = 1 << 20;
/// Longest form of who has no session yet.
const MAX_LOG_ON_BYTES: usize = 16 << 10;
pub(crate) const OF_ANOTHER_SESSION: &str =
    "The form is not of this session: go back, reload the page and send it again. Nothing was changed.";
type Fields = Vec<(String, String)>;

/// The console over an administration.
pub struct Console {
    administration: Administration,
    facts: Arc<ServerFacts>,
    pulse: Arc<Pulse>,
    clock: Arc<dyn Clock>,
    sessions: Arc<Sessions>,
    throttle: Throttle,
}

/// What the head of a request allows.
pub enum Admission {
    /// Nothing more: this is the answer, and no body is to be read.
    Answered(Response<Body>),
    /// Reading its form, of at most so many bytes; then [`Console::answer`].
    Form(Admitted, usize),
    /// Reading its file as it comes; then [`Console::upload`].
    Upload(Admitted),
}

/// A request that may come in, by its session or to log on.
pub struct Admitted {
    session: Option<Arc<Session>>,
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
    pub fn new(
        administration: Administration,
        (facts, pulse): (Arc<ServerFacts>, Arc<Pulse>),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (sessions, throttle) = (Arc::new(Sessions::new(clock.clone())), Throttle::new(clock.clone()));
        Self { administration, facts, pulse, clock, sessions, throttle }
    }

    /// Judges the head of a request, before any of its body is read.
    pub fn admit(&self, parts: &request::Parts) -> Admission {
        match self.judge(parts) {
            Admission::Answered(response) => Admission::Answered(secured(response)),
            admission => admission,
        }
    }

    fn judge(&self, parts: &request::Parts) -> Admission {
        let (path, posted) = (parts.uri.path(), parts.method == Method::POST);
        if let Some(asset) = assets::answer(path) {
            return Admission::Answered(asset);
        }
        if !posted && !matches!(parts.method, Method::GET | Method::HEAD) {
            let message = "Pages are read and forms are sent: only GET and POST.";
            return Admission::Answered(refused(StatusCode::METHOD_NOT_ALLOWED, "", message));
        }
        let session = cookie(&parts.headers).and_then(|token| self.session(token));
        if posted && !is_of_this_origin(&parts.headers) {
            let csrf = session.as_ref().map_or("", |session| &session.csrf);
            let message = "The form was sent by a page of another site. Nothing was changed.";
            return Admission::Answered(refused(StatusCode::FORBIDDEN, csrf, message));
        }
        if path == "/log-on" {
            return Admission::Form(Admitted { session: None }, MAX_LOG_ON_BYTES);
        }
        let Some(session) = session else {
            let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let (unsent, asked) = if posted { ("unsent=1&", came_from(&parts.headers)) } else { ("", asked) };
            return Admission::Answered(to(&format!("/log-on?{unsent}next={}", escaped(asked))));
        };
        let admitted = Admitted { session: Some(session) };
        if posted && files::is_upload(path) {
            Admission::Upload(admitted)
        } else {
            Admission::Form(admitted, MAX_FORM_BYTES)
        }
    }

    /// The session of this token, if its key may still administer; all sessions of one that may not end.
    fn session(&self, token: &str) -> Option<Arc<Session>> {
        let session = self.sessions.find(token)?;
        if !may_administer(self.administration.engine(), &session.who, self.clock.now()) {
            self.sessions.end_all(&session.who);
            return None;
        }
        Some(session)
    }

    /// Answers a request whose form, if it has one, is complete. `requester` is nobody yet.
    pub async fn answer(
        &self,
        admitted: Admitted,
        parts: &request::Parts,
        form: &[u8],
        requester: Requester,
    ) -> Response<Body> {
        let posted = parts.method == Method::POST;
        let sent = if posted { form } else { parts.uri.query().unwrap_or_default().as_bytes() };
        let fields: Fields = form_urlencoded::parse(sent).into_owned().collect();
        secured(match &admitted.session {
            None => self.log_on(posted, &fields, requester.remote),
            Some(session) => self.page(session, parts, &fields, requester).await,
        })
    }

    /// Answers a request whose form could not be read, for this reason.
    pub fn unread(&self, admitted: &Admitted, status: StatusCode, reason: &str) -> Response<Body> {
        let csrf = admitted.session.as_ref().map_or("", |session| &session.csrf);
        let message = format!("The form could not be read: {reason}. Nothing was changed.");
        secured(refused(status, csrf, &message))
    }

    /// Stores the file of a form that is a stream.
    pub async fn upload(
        &self,
        admitted: Admitted,
        parts: &request::Parts,
        body: ByteStream,
        requester: Requester,
    ) -> Response<Body> {
        let Some(session) = &admitted.session else { return secured(to("/log-on")) };
        let requester = Requester { who: session.who.clone(), ..requester };
        let visitor = Visitor { administration: &self.administration, facts: &self.facts, requester, session };
        let outcome = files::upload(visitor, parts, body).await;
        secured(outcome.map_or_else(|| not_found(&session.csrf), respond))
    }

    async fn page(
        &self,
        session: &Arc<Session>,
        parts: &request::Parts,
        fields: &Fields,
        requester: Requester,
    ) -> Response<Body> {
        let (path, posted, csrf) = (parts.uri.path(), parts.method == Method::POST, &*session.csrf);
        if posted && !is_own(session, text(fields, "csrf")) {
            return refused(StatusCode::FORBIDDEN, csrf, OF_ANOTHER_SESSION);
        }
        if posted && path == "/log-out" {
            self.sessions.end_all(&session.who);
            return with_cookie(to("/log-on"), &format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
        }
        let window = overview::window(text(fields, "window"));
        match path {
            "/overview" if !posted => return respond(self.view().page(session, window)),
            "/overview/events" if !posted => {
                return respond(self.view().events(self.sessions.clone(), session.clone(), window));
            }
            _ => {}
        }
        let requester = Requester { who: session.who.clone(), ..requester };
        let visitor = Visitor { administration: &self.administration, facts: &self.facts, requester, session };
        let found = self.find(visitor, posted, parts, fields).await;
        found.map_or_else(|| not_found(csrf), respond)
    }

    fn view(&self) -> View {
        View {
            administration: self.administration.clone(),
            facts: self.facts.clone(),
            pulse: self.pulse.clone(),
            clock: self.clock.clone(),
        }
    }

    async fn find(
        &self,
        visitor: Visitor<'_>,
        posted: bool,
        head: &request::Parts,
        fields: &Fields,
    ) -> Option<Outcome> {
        let parts: Vec<_> = head.uri.path().trim_matches('/').split('/').collect();
        match &parts[..] {
            ["buckets", name, rest @ ..] => {
                let bucket = visitor.administration.engine().bucket(name)?;
                return BucketVisit { visitor, bucket }.answer(posted, rest, fields, &head.headers).await;
            }
            ["access-keys", rest @ ..] => return KeyVisit { visitor }.answer(posted, rest, fields).await,
            ["origins", rest @ ..] => return OriginVisit { visitor }.answer(posted, rest, fields).await,
            ["settings"] => {
                let visit = SettingsVisit { visitor, sessions: &self.sessions };
                return Some(if posted { visit.change(fields).await } else { visit.show().await });
            }
            _ => {}
        }
        Some(match (posted, &parts[..]) {
            (false, [""]) => Outcome::To("/overview".to_owned()),
            (false, ["buckets"]) => visitor.list(text(fields, "search")),
            (false, ["create-bucket"]) => visitor.creating("", None),
            (true, ["create-bucket"]) => visitor.create(fields).await,
            (false, ["create-access-key"]) => KeyVisit { visitor }.creating(&[], Faults::default()),
            (true, ["create-access-key"]) => KeyVisit { visitor }.create(fields).await,
            (false, ["configure-origin"]) => OriginVisit { visitor }.find(fields),
            (false, ["audit-log"]) => visitor.audit_log(fields).await,
            _ => return None,
        })
    }

    fn log_on(&self, posted: bool, fields: &Fields, remote: IpAddr) -> Response<Body> {
        let (id, next) = (text(fields, "access_key_id").trim(), next(text(fields, "next")));
        if !posted {
            let unsent = !text(fields, "unsent").is_empty();
            return respond(page(StatusCode::OK, &LogOnPage { next, id: "", fault: None, unsent }));
        }
        let refused = |status, fault| respond(page(status, &LogOnPage { next, id, fault: Some(fault), unsent: false }));
        let (engine, secret, now) = (self.administration.engine(), text(fields, "secret"), self.clock.now());
        match self.throttle.attempt(remote, id, || may_enter(engine, id, secret, now)) {
            Attempt::Right => {}
            Attempt::Wrong => {
                let fault = "The access key ID and the secret are not a pair that may enter here.";
                return refused(StatusCode::FORBIDDEN, fault.to_owned());
            }
            Attempt::TooSoon(left) => {
                let seconds = u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
                let unit = if seconds == 1 { "second" } else { "seconds" };
                let fault =
                    format!("Too many log-ons failed, so this one was not looked at. Try again in {seconds} {unit}.");
                let mut response = refused(StatusCode::TOO_MANY_REQUESTS, fault);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                return response;
            }
        }
        let token = self.sessions.begin(id, remote);
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

/// The page of this console that a form was sent from; without one the first page.
fn came_from(headers: &HeaderMap) -> &str {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (_, place) = text(header::REFERER).split_once("://").unwrap_or_default();
    let (authority, _) = place.split_once('/').unwrap_or_default();
    let path = &place[authority.len()..];
    let is_own = !authority.is_empty() && authority.eq_ignore_ascii_case(text(header::HOST));
    next(if is_own && !path.starts_with("/log-on") { path } else { "" })
}

/// Whether a form is one of this session.
pub(crate) fn is_own(session: &Session, token: &str) -> bool {
    token.as_bytes().ct_eq(session.csrf.as_bytes()).into()
}

/// What every answer has, and no page can forget. A page may allow less, never more.
fn secured(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // With `no-referrer` browsers send the origin of every form as `null`.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn respond(outcome: Outcome) -> Response<Body> {
    let (status, content_type, text) = match outcome {
        Outcome::Page(status, text) => (status, "text/html; charset=utf-8", text),
        Outcome::File(text) => (StatusCode::OK, "application/xml; charset=utf-8", text),
        Outcome::To(path) => return to(&path),
        Outcome::Answer(response) => return *response,
    };
    let mut response = Response::new(Body::Full(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if content_type.starts_with("application") {
        let value = HeaderValue::from_static("attachment; filename=\"rules.xml\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn not_found(csrf: &str) -> Response<Body> {
    refused(StatusCode::NOT_FOUND, csrf, "There is no such page, or what it is about is gone.")
}

fn refused(status: StatusCode, csrf: &str, message: &str) -> Response<Body> {
    let heading = if status == StatusCode::NOT_FOUND { "Not found" } else { "Not done" };
    respond(page(status, &RefusedPage { csrf, heading, message }))
}

fn to(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/buckets"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn with_cookie(mut response: Response<Body>, cookie: &str) -> Response<Body> {
    let value = HeaderValue::from_str(cookie).expect("hex digits and attributes");
    response.headers_mut().insert(header::SET_COOKIE, value);
    response
}

#[cfg(test)]
mod tests;
