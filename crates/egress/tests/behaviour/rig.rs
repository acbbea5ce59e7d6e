//! A client with everything around it under the test's control.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use headwater_egress::{
    OriginClient, OriginClientConfig, OriginStatus, Origins, OwnListeners, PoolLimits, Resolve, ResolveError,
    TrustError,
};
use headwater_model::Error;
use headwater_model::clock::Timestamp;
use headwater_model::origin::{
    Origin, OriginError, OriginId, OriginMethod, OriginRequest, OriginResponse, OriginTimeouts, RequestCause,
};
use headwater_model::settings::{OriginLimits, OriginSettings};
use headwater_testkit::ManualClock;
use headwater_testkit::origin::{FakeNames, NameFault};
use http::HeaderMap;

/// Long enough for any machine, for limits that must not be what ends a test.
pub(crate) const AMPLE: Duration = Duration::from_mins(1);
/// Short, for limits whose cause is held by the test and cannot go away by itself.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

pub(crate) struct Rig {
    pub(crate) client: OriginClient,
    pub(crate) names: FakeNames,
    pub(crate) clock: ManualClock,
    pub(crate) own_listeners: OwnListeners,
    pub(crate) origins: Arc<Origins>,
}

/// How a rig differs from the default.
#[derive(Default)]
pub(crate) struct Options {
    /// Default: all of 127.0.0.0/8.
    pub(crate) allow: Option<Vec<&'static str>>,
    pub(crate) ca_files: Vec<PathBuf>,
    pub(crate) pool: PoolLimits,
    /// Default: the rig's names.
    pub(crate) resolver: Option<Arc<dyn Resolve>>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::try_with(options).unwrap()
    }

    pub(crate) fn try_with(options: Options) -> Result<Self, TrustError> {
        let (names, own_listeners) = (FakeNames::new(), OwnListeners::new());
        let clock = ManualClock::new(Timestamp::from_seconds(1_700_000_000), 1);
        let origins = Origins::new(Arc::new(clock.clone()));
        let table = names.clone();
        let fake = move |host: &str| -> Result<Vec<IpAddr>, ResolveError> {
            table.look_up(host).map_err(|fault| match fault {
                NameFault::NotFound => ResolveError::NotFound,
                NameFault::ServerFailure => ResolveError::Failed("servfail".into()),
            })
        };
        let client = OriginClient::new(OriginClientConfig {
            allow_networks: options
                .allow
                .unwrap_or_else(|| vec!["127.0.0.0/8"])
                .into_iter()
                .map(|network| network.parse().unwrap())
                .collect(),
            own_listeners: own_listeners.clone(),
            ca_files: options.ca_files,
            instance: "test".into(),
            pool: options.pool,
            resolver: options.resolver.unwrap_or_else(|| Arc::new(fake)),
            origins: Arc::clone(&origins),
            clock: Arc::new(clock.clone()),
        })?;
        Ok(Self { client, names, clock, own_listeners, origins })
    }

    pub(crate) async fn get(&self, url: &str) -> Result<OriginResponse, OriginError> {
        self.client.fetch(request(url)).await
    }

    /// Lets the time pass after which even a breaker that earlier cases opened lets a request through.
    pub(crate) fn forget_failures(&self) {
        self.clock.advance(Duration::from_secs(1));
    }

    /// Gives the origin of a URL these limits.
    pub(crate) fn limit(&self, url: &str, limits: OriginLimits) {
        let settings = OriginSettings { limits, ..OriginSettings::default() };
        self.origins.set(&OriginId::parse(url).unwrap(), Some(settings));
    }

    pub(crate) fn status(&self, url: &str) -> OriginStatus {
        self.origins.status(&OriginId::parse(url).unwrap())
    }

    /// Fetches and reads to the end.
    pub(crate) async fn read(&self, url: &str) -> Result<Vec<u8>, OriginError> {
        read(self.get(url).await?).await
    }
}

/// A GET without redirects and with ample time.
pub(crate) fn request(url: &str) -> OriginRequest {
    OriginRequest {
        url: url.into(),
        method: OriginMethod::Get,
        headers: HeaderMap::new(),
        confidential: Vec::new(),
        signing: None,
        cause: RequestCause::Miss,
        follow_redirects: false,
        timeouts: OriginTimeouts { connect: AMPLE, tls: AMPLE, first_byte: AMPLE, idle: AMPLE },
    }
}

pub(crate) fn following(url: &str) -> OriginRequest {
    OriginRequest { follow_redirects: true, ..request(url) }
}

pub(crate) async fn read(response: OriginResponse) -> Result<Vec<u8>, OriginError> {
    let (bytes, end) = read_until_end(response).await;
    end.map(|()| bytes)
}

/// The bytes that came before the end, and how it ended.
pub(crate) async fn read_until_end(mut response: OriginResponse) -> (Vec<u8>, Result<(), OriginError>) {
    let mut bytes = Vec::new();
    while let Some(item) = response.body.next().await {
        match item {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(error) => {
                assert!(response.body.next().await.is_none(), "an error is the last item");
                return (bytes, Err(origin_error(error)));
            }
        }
    }
    (bytes, Ok(()))
}

fn origin_error(error: Error) -> OriginError {
    let Error::Internal { source, .. } = error else { panic!("not an internal error: {error}") };
    *source.downcast::<OriginError>().expect("an origin error inside")
}

/// The error of something that must fail.
pub(crate) fn failure<T>(result: Result<T, OriginError>) -> OriginError {
    result.err().expect("must fail")
}
