//! `headwater serve`.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use headwater_admin::{Administration, Audit, History};
use headwater_egress::{
    LoopMarker, OriginClient, OriginClientConfig, Origins, OwnListeners, PoolLimits, SystemResolver,
};
use headwater_engine::{
    Engine, EngineConfig, FillLimits, Fills, FillsConfig, LifecycleConfig, LocalNames, MirrorBucket,
};
use headwater_model::bucket::Generation;
use headwater_model::clock::Clock;
use headwater_model::rule::RoutingRule;
use headwater_server::{Addresses, Metrics, Server, SystemClock};
use headwater_store::{LocalConfig, LocalStore, Store};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Mirror, ServeArgs};
use crate::{credentials, logging, master_key};

/// Name of the audit log in the data directory.
pub(crate) const AUDIT_LOG: &str = "audit.log";
/// Name of the directory of former rules in the data directory.
const RULE_HISTORY: &str = "rule-history";
/// Name of the file in the data directory in which the place of a lifecycle walk is remembered.
const LIFECYCLE_PLACE: &str = "lifecycle.place";

/// Runs the server until SIGTERM or SIGINT.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args)?;
    logging::start(&config.log, config.log_format)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_name("headwater");
    if let Some(workers) = config.workers {
        runtime.worker_threads(workers);
    }
    let runtime = runtime.build().context("cannot start threads")?;
    runtime.block_on(serve(config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    // Before anything else, so that a signal during the start is not lost.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let running = Running::start(config).await?;
    announce(&running);
    running.until(stop).await
}

/// A server with everything beneath it, not yet answering.
pub(crate) struct Running {
    server: Server,
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    audit: Audit,
    history: History,
    addresses: Addresses,
    secure: bool,
    root: credentials::Root,
    master_key_made: bool,
    lifecycle: LifecycleConfig,
    drain_limit: std::time::Duration,
}

impl Running {
    /// Takes ports and data directory, loads everything, makes the mirrors.
    pub(crate) async fn start(config: Config) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let secure = config.server.tls.is_some();
        let addressing = config.server.addressing.clone();
        let region = addressing.region.clone();
        let drain_limit = config.server.drain_limit;
        let server = Server::bind(config.server)?;
        let addresses = server.addresses();
        let store: Arc<dyn Store> = LocalStore::open(LocalConfig::new(&config.data, clock.clone()))?;
        let root = credentials::load(&config.data, &*clock)?;
        let master_key = master_key::load(&config.data, &*store, &clock, config.encryption).await?;
        let audit = config.data.join(AUDIT_LOG);
        let audit = Audit::open(&audit, clock.clone()).with_context(|| format!("cannot read {}", audit.display()))?;
        let metrics = Arc::new(Metrics::new());
        let instance = instance_id(&*clock);
        let origins = Origins::with_default(clock.clone(), config.origin_defaults);
        let own_listeners = OwnListeners::new();
        own_listeners.set([addresses.data, addresses.admin]);
        let origin = OriginClient::new(OriginClientConfig {
            allow_networks: config.allow_origin_networks,
            own_listeners,
            ca_files: config.origin_ca,
            instance: instance.as_str().into(),
            pool: PoolLimits::default(),
            resolver: Arc::new(SystemResolver),
            origins: Arc::clone(&origins),
            clock: clock.clone(),
        })
        .context("cannot trust the certificates for origins")?;
        let serving_objects = OwnListeners::new();
        serving_objects.set([addresses.data]);
        let fills = Fills::new(FillsConfig {
            store: store.clone(),
            origin: Arc::new(origin),
            origins: Arc::clone(&origins),
            clock: clock.clone(),
            observer: metrics.fill_observer(),
            seal: master_key.seal.clone(),
            marker: LoopMarker::new(&instance),
            local: LocalNames::new(addressing, serving_objects),
            limits: FillLimits::default(),
        });
        let engine = Engine::open(EngineConfig {
            store: store.clone(),
            fills,
            root: root.key.clone(),
            clock: clock.clone(),
            region,
            seal: master_key.seal,
            origins,
        })
        .await
        .map_err(|error| master_key::explain(error, &config.data))?;
        for mirror in &config.mirrors {
            make_mirror(&engine, mirror).await?;
        }
        let engine = Arc::new(engine);
        let history = config.data.join(RULE_HISTORY);
        let living: Vec<Generation> = engine.buckets().iter().map(|bucket| bucket.generation).collect();
        let history = History::open(&history, &living).with_context(|| format!("cannot read {}", history.display()))?;
        let place = config.data.join(LIFECYCLE_PLACE);
        let lifecycle = LifecycleConfig { day: config.lifecycle_day, progress: Some(place) };
        Ok(Self {
            server,
            engine,
            store,
            clock,
            metrics,
            audit,
            history,
            addresses,
            secure,
            root,
            master_key_made: master_key.made,
            lifecycle,
            drain_limit,
        })
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses
    }

    pub(crate) fn root_key(&self) -> &headwater_engine::RootKey {
        &self.root.key
    }

    /// Answers until `stop` resolves, then drains and closes the store.
    pub(crate) async fn until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let lifecycles = tokio::spawn({
            let (engine, config) = (self.engine.clone(), self.lifecycle);
            async move { engine.keep_lifecycles(&config).await }
        });
        let administration = Administration::new(self.engine, self.audit, self.history);
        self.server.run(administration, self.clock, self.metrics, stop).await;
        lifecycles.abort();
        self.store
            .close(self.drain_limit)
            .await
            .context("cannot close the store cleanly; nothing acknowledged is lost")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Marks this process in the loop marker of origin requests. A new one each time does: a loop is closed within seconds.
fn instance_id(clock: &dyn Clock) -> String {
    clock.id().iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn make_mirror(engine: &Engine, mirror: &Mirror) -> anyhow::Result<()> {
    let Mirror { bucket, origin_url } = mirror;
    let slash = if origin_url.ends_with('/') { "" } else { "/" };
    let mut rule = RoutingRule::mirror_all(1, &format!("{origin_url}{slash}"));
    if let Some(redirect) = &mut rule.redirect {
        // Clients that look before they copy (rclone, `aws s3 sync`) work at once.
        redirect.mirror.allow_head_object = Some(true);
    }
    let mirror = MirrorBucket { bucket: bucket.clone(), rule };
    let made =
        engine.ensure_mirror(mirror).await.with_context(|| format!("--mirror {bucket}={origin_url} cannot be used"))?;
    tracing::info!(%bucket, origin = %origin_url, made, "mirror");
    Ok(())
}

fn announce(running: &Running) {
    let scheme = if running.secure { "https" } else { "http" };
    let Addresses { data, admin } = running.addresses;
    tracing::info!(url = %format_args!("{scheme}://{data}"), "serving OSS and S3");
    tracing::info!(url = %format_args!("http://{admin}/-/healthz"), "serving health and metrics");
    tracing::info!(url = %format_args!("http://{admin}/"), "serving the console");
    if running.master_key_made {
        logging::say(
            "A master key was made (master.key in the data directory); keep a copy of it apart from the data.",
        );
    }
    if running.root.made {
        let key = &running.root.key;
        logging::say("A root key was made. It is kept in the data directory and shown only now:");
        logging::say(&format!("  access key id      {}", key.id));
        logging::say(&format!("  access key secret  {}", key.secret));
    }
}
