//! A browser at the console's door, for tests: root is logged on, pages are followed, their forms sent.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_admin::{Counting, Pulse, Requester, ServerFacts, Totals};
use headwater_model::body::{Body, ByteStream};
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_testkit::ManualClock;
use http::{Method, Request, Response, StatusCode, header};

use crate::console::{Admission, Console};
use crate::world::{SCRIPT, World, fields, typed_into};

/// Where the browser is.
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server, its console, and who is logged on.
pub(crate) struct Browser {
    pub(crate) world: World,
    pub(crate) console: Console,
    pub(crate) clock: ManualClock,
    cookie: String,
}

impl Browser {
    /// Root's, logged on.
    pub(crate) async fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_seconds(1_700_000_000), 9);
        let world = World::new().await;
        let pulse = Arc::new(Pulse::new(Arc::new(Idle)));
        let facts = (Arc::new(facts()), pulse);
        let console = Console::new(world.administration.clone(), facts, Arc::new(clock.clone()));
        let mut browser = Self { world, console, clock, cookie: String::new() };
        let entered = browser.log_on(HOME, "root", "secret").await;
        browser.cookie = cookie(&entered).expect("root may enter");
        browser
    }

    /// What comes of a log-on from an address.
    pub(crate) async fn log_on(&self, from: IpAddr, id: &str, secret: &str) -> Response<Bytes> {
        let form = encoded(&fields(&[("access_key_id", id), ("secret", secret)]));
        let request = Request::post("/log-on").body(Bytes::from(form)).unwrap();
        self.answer(request, from).await
    }

    /// The answer to any request; that of a form which is too large is 413.
    pub(crate) async fn answer(&self, request: Request<Bytes>, from: IpAddr) -> Response<Bytes> {
        let requester = Requester { request_id: "request".to_owned(), who: String::new(), token: None, remote: from };
        let (parts, form) = request.into_parts();
        let response = match self.console.admit(&parts) {
            Admission::Answered(response) => response,
            Admission::Form(_, most_bytes) if form.len() > most_bytes => {
                Response::builder().status(StatusCode::PAYLOAD_TOO_LARGE).body(Body::Empty).unwrap()
            }
            Admission::Form(admitted, _) => self.console.answer(admitted, &parts, &form, requester).await,
            Admission::Upload(_) => panic!("no form of these tests is a file"),
        };
        response.map(|body| match body {
            Body::Empty => Bytes::new(),
            Body::Full(bytes) => bytes,
            Body::Stream(_) => panic!("pages are complete"),
        })
    }

    /// The answer to a request of this session.
    pub(crate) async fn ask(&self, method: Method, path: &str, form: &str) -> Response<Bytes> {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
        self.answer(request.body(Bytes::copy_from_slice(form.as_bytes())).unwrap(), HOME).await
    }

    /// What a path tells as it happens.
    pub(crate) async fn follow(&self, path: &str) -> ByteStream {
        let request = Request::get(path).header(header::COOKIE, &self.cookie).body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let Admission::Form(admitted, _) = self.console.admit(&parts) else {
            panic!("{path} is not for who is logged on")
        };
        let requester = Requester { request_id: "request".to_owned(), who: String::new(), token: None, remote: HOME };
        match self.console.answer(admitted, &parts, &[], requester).await.into_body() {
            Body::Stream(stream) => stream,
            _ => panic!("{path} is complete"),
        }
    }

    /// A page.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        shown(&self.ask(Method::GET, path, "").await)
    }

    /// Sends the form of a page that has this in it, with what is typed over its fields: a page, or where it leads.
    pub(crate) async fn submit(&self, page: &str, having: &str, typed: &[(&str, &str)]) -> (StatusCode, String) {
        let mut forms = page.split("<form ").skip(1).map(|rest| rest.split_once("</form>").unwrap().0);
        let form =
            forms.find(|form| form.contains(having)).unwrap_or_else(|| panic!("no form with {having} in {page}"));
        let (_, action) = form.split_once("action=\"").unwrap();
        let sent = encoded(&typed_into(form, typed));
        shown(&self.ask(Method::POST, action.split_once('"').unwrap().0, &sent).await)
    }

    /// The audit log, a change a line.
    pub(crate) async fn audited(&self) -> String {
        let lines = self.world.administration.audit().last(1000).await.unwrap();
        lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

/// A server that nobody uses.
struct Idle;

impl Counting for Idle {
    fn totals(&self) -> Totals {
        Totals::default()
    }
}

/// What a server runs with, some of it by somebody who means ill.
pub(crate) fn facts() -> ServerFacts {
    ServerFacts {
        version: "9.9.9",
        data: (HOME, 9000).into(),
        tls: true,
        base_domains: vec!["s3.example".to_owned(), SCRIPT.to_owned()],
        admin: (HOME, 9001).into(),
        website_domains: Vec::new(),
        default_dialect: Dialect::Oss,
        strict_region: false,
        trusted_proxies: vec!["10.0.0.0/8".to_owned()],
        proxy_protocol: false,
        access_log: "Standard output".to_owned(),
        drain_limit: Duration::from_secs(30),
        started: Timestamp::from_seconds(1_700_000_000),
    }
}

/// Name and value of the cookie that an answer sets.
pub(crate) fn cookie(response: &Response<Bytes>) -> Option<String> {
    let cookie = response.headers().get(header::SET_COOKIE)?.to_str().unwrap();
    Some(cookie.split(';').next().unwrap().to_owned())
}

/// Status and text of a page; of a redirect its target.
pub(crate) fn shown(response: &Response<Bytes>) -> (StatusCode, String) {
    let text = match response.headers().get(header::LOCATION) {
        Some(target) => target.to_str().unwrap().to_owned(),
        None => String::from_utf8(response.body().to_vec()).unwrap(),
    };
    (response.status(), text)
}

pub(crate) fn encoded(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
