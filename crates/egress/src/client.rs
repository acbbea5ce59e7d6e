//! The client: one request with its redirects, over pooled connections.

use std::path::PathBuf;
use std::sync::Arc;

use headwater_model::BoxFuture;
use headwater_model::clock::Clock;
use headwater_model::limits::MAX_REDIRECT_HOPS;
use headwater_model::origin::{Origin, OriginError, OriginRequest, OriginResponse, OriginSigning, OriginTimeouts};
use headwater_model::settings::OriginSettings;
use http::Response;
use hyper::body::Incoming;
use ipnet::IpNet;
use tokio::time::timeout;

use crate::body::{Lease, ResponseBody};
use crate::connect::Connector;
use crate::counters::Counters;
use crate::error_document;
use crate::framing;
use crate::guard::Guard;
use crate::h1::SendFailure;
use crate::listeners::OwnListeners;
use crate::loop_marker::LoopMarker;
use crate::origins::{Ask, Exchange, Origins};
use crate::outgoing::Outgoing;
use crate::pool::{Connection, Line, Pool, PoolLimits};
use crate::redirect::{self, Downgrade};
use crate::resolve::Resolve;
use crate::signing::Signer;
use crate::target::Target;
use crate::tls::{Trust, TrustError};

/// Everything the client needs to know.
pub struct OriginClientConfig {
    /// Networks that origins may live in besides the public one (see [`Guard::new`]).
    pub allow_networks: Vec<IpNet>,
    /// Addresses of our own listeners; the list may be filled after the client was made.
    pub own_listeners: OwnListeners,
    /// PEM files with certificate authorities to trust besides the system's.
    pub ca_files: Vec<PathBuf>,
    /// Id of this instance, for the loop marker.
    pub instance: Box<str>,
    /// Connection limits.
    pub pool: PoolLimits,
    /// Name resolution.
    pub resolver: Arc<dyn Resolve>,
    /// What is known about each origin.
    pub origins: Arc<Origins>,
    /// Time, for the age of idle connections.
    pub clock: Arc<dyn Clock>,
}

/// HTTP(S) origins: HTTP/1.1, and HTTP/2 where TLS negotiates it.
pub struct OriginClient {
    connector: Connector,
    trust: Trust,
    signer: Signer,
    pool: Arc<Pool>,
    counters: Arc<Counters>,
    origins: Arc<Origins>,
    loop_marker: LoopMarker,
}

/// A response head that passed, with its body.
struct Answer {
    head: http::response::Parts,
    framing: headwater_model::origin::Framing,
    body: ResponseBody,
    /// What the settings of the origin that answered say.
    downgrade: Downgrade,
}

impl OriginClient {
    /// Makes a client; reads the CA files. Needs no runtime yet.
    pub fn new(config: OriginClientConfig) -> Result<Self, TrustError> {
        let pool = Pool::new(config.pool, Arc::clone(&config.clock));
        let counters = Arc::new(Counters::default());
        let connector = Connector {
            guard: Guard::new(config.allow_networks, config.own_listeners),
            resolver: config.resolver,
            clock: config.clock,
            pool: Arc::clone(&pool),
            counters: Arc::clone(&counters),
        };
        let trust = Trust::new(&config.ca_files)?;
        let loop_marker = LoopMarker::new(&config.instance);
        Ok(Self { connector, trust, signer: Signer::default(), pool, counters, origins: config.origins, loop_marker })
    }

    /// What the client did so far.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// The mark to put on origin requests and to look for on incoming ones.
    pub fn loop_marker(&self) -> &LoopMarker {
        &self.loop_marker
    }

    async fn fetch_following(&self, request: OriginRequest) -> Result<OriginResponse, OriginError> {
        let mut target = Target::parse(&request.url)?;
        let mut headers = request.headers;
        let mut ask = Ask::new(request.cause);
        let mut signing = request.signing;
        let mut hops = 0;
        loop {
            let outgoing =
                Outgoing { target: &target, method: request.method, headers: &headers, timeouts: &request.timeouts };
            let answer = self.ask(ask, outgoing, signing.as_deref()).await?;
            if !request.follow_redirects || !redirect::is_redirect(answer.head.status) {
                return Ok(OriginResponse {
                    status: answer.head.status.as_u16(),
                    headers: answer.head.headers,
                    final_url: target.url,
                    framing: answer.framing,
                    trailers: answer.body.trailers(),
                    body: Box::pin(answer.body),
                });
            }
            let next = redirect::next_target(&target, &answer.head.headers, answer.downgrade)?;
            hops += 1;
            if hops > MAX_REDIRECT_HOPS {
                return Err(OriginError::TooManyRedirects);
            }
            if next.endpoint != target.endpoint {
                redirect::strip_confidential(&mut headers, &request.confidential);
                // For good: whoever led us away does not choose what we sign when it leads back.
                signing = None;
            }
            Counters::add(&self.counters.redirects, 1);
            target = next;
            ask = ask.hop();
            // Dropping the answer gives its permit back, and drains its body as far as it has arrived, so that the next
            // hop may reuse the connection.
        }
    }

    /// One request that its origin's record admits, which hears of the answer.
    async fn ask(
        &self,
        ask: Ask,
        outgoing: Outgoing<'_>,
        signing: Option<&OriginSigning>,
    ) -> Result<Answer, OriginError> {
        let mut exchange = self.origins.known(&outgoing.target.endpoint)?.admit(ask).await?;
        let result = match signing {
            None => self.exchange(outgoing, exchange.settings()).await,
            Some(signing) => self.exchange_signed(outgoing, signing, &mut exchange).await,
        };
        let mut answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                exchange.failed(&error);
                return Err(error);
            }
        };
        let throttled = error_document::is_throttling(answer.head.status, &answer.head.headers, &mut answer.body).await;
        exchange.answered(answer.head.status, &answer.head.headers, throttled);
        if exchange.settings().allow_downgrade {
            answer.downgrade = Downgrade::Allowed;
        }
        answer.body.hold(exchange);
        Ok(answer)
    }

    /// One signed request; another one if the origin's clock turns out to be far from ours, signed by its time.
    async fn exchange_signed(
        &self,
        outgoing: Outgoing<'_>,
        signing: &OriginSigning,
        exchange: &mut Exchange,
    ) -> Result<Answer, OriginError> {
        let now = exchange.origin_time();
        let headers = self.signer.sign(outgoing, signing, now)?;
        let mut answer = self.exchange(Outgoing { headers: &headers, ..outgoing }, exchange.settings()).await?;
        let skewed = error_document::skewed_clock(outgoing.method, &answer.head, &mut answer.body, now).await;
        let Some(time) = skewed.filter(|_| exchange.try_again()) else {
            return Ok(answer);
        };
        exchange.set_origin_time(time);
        drop(answer);
        let headers = self.signer.sign(outgoing, signing, time)?;
        self.exchange(Outgoing { headers: &headers, ..outgoing }, exchange.settings()).await
    }

    /// One request and its response head. A pooled connection that turns out dead costs one more try.
    async fn exchange(&self, outgoing: Outgoing<'_>, settings: &OriginSettings) -> Result<Answer, OriginError> {
        let (trust, tls) = self.trust.connector(&outgoing.target.endpoint, settings)?;
        let line = Line { endpoint: Arc::clone(&outgoing.target.endpoint), trust };
        if let Some(connection) = self.pool.take(&line) {
            Counters::add(&self.counters.connections_reused, 1);
            match self.send(connection, &line, outgoing).await {
                Err(failure) if failure.unanswered => Counters::add(&self.counters.stale_retries, 1),
                other => return other.map_err(|failure| failure.error),
            }
        }
        let connection = self.connector.open(&line, &tls, outgoing.timeouts).await?;
        self.send(connection, &line, outgoing).await.map_err(|failure| failure.error)
    }

    async fn send(&self, connection: Connection, line: &Line, outgoing: Outgoing<'_>) -> Result<Answer, SendFailure> {
        Counters::add(&self.counters.requests, 1);
        let (response, connection) = match connection {
            Connection::H1(mut h1) => (in_time(outgoing.timeouts, h1.send(outgoing.h1())).await?, Some(h1)),
            Connection::H2(mut h2) => {
                let request = outgoing.h2().map_err(answered)?;
                (in_time(outgoing.timeouts, h2.send(request)).await?, None)
            }
        };
        let (head, incoming) = response.into_parts();
        let plan = framing::judge(outgoing.method, head.version, head.status, &head.headers).map_err(answered)?;
        let lease = connection.map(|connection| Lease { connection, pool: Arc::clone(&self.pool), line: line.clone() });
        let body = ResponseBody::new(incoming, lease, plan, outgoing.timeouts.idle, Arc::clone(&self.counters));
        Ok(Answer { head, framing: plan.framing, body, downgrade: Downgrade::Refused })
    }
}

impl Origin for OriginClient {
    fn fetch(&self, request: OriginRequest) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        Box::pin(async move {
            let result = self.fetch_following(request).await;
            if let Err(error) = &result {
                self.counters.count_error(error);
            }
            result
        })
    }
}

async fn in_time(
    timeouts: &OriginTimeouts,
    sending: impl Future<Output = Result<Response<Incoming>, SendFailure>>,
) -> Result<Response<Incoming>, SendFailure> {
    match timeout(timeouts.first_byte, sending).await {
        Ok(result) => result,
        Err(_elapsed) => Err(answered(OriginError::FirstByteTimeout)),
    }
}

/// A failure that another connection would not mend.
fn answered(error: OriginError) -> SendFailure {
    SendFailure { error, unanswered: false }
}
