//! `headwater demo`: the documented example, for real and in front of the user.
//!
//! A small origin and a server are started on free loopback ports; nothing is pretended, and nothing is left behind.

mod client;
mod origin;

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use headwater_model::bucket::Dialect;
use headwater_model::rule::rewriting::{Columns, three_columns};
use headwater_model::website::Website;
use headwater_server::{AccessLogTarget, ServerConfig};
use headwater_wire::{Addressing, write_website};
use http::{Method, StatusCode};
use tokio::sync::oneshot;

use self::client::Client;
use self::origin::Origin;
use crate::config::Config;
use crate::logging::{self, LogFormat};
use crate::serve::Running;

const BUCKET: &str = "example";
const KEY: &str = "examplefolder/example.txt";
const REGION: &str = "cn-hangzhou";

/// `headwater demo` takes no options.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {}

/// Runs the demonstration; fails if any step does not do what it says.
pub(crate) fn run(_args: &DemoArgs) -> anyhow::Result<ExitCode> {
    // The failed fetch of step 7 is meant; only what is not shall be seen.
    logging::start("error", LogFormat::Text)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    runtime.block_on(demonstrate(&directory.path().join("data")))?;
    Ok(ExitCode::SUCCESS)
}

async fn demonstrate(data: &Path) -> anyhow::Result<()> {
    let origin = Origin::start().await?;
    let running = Running::start(configuration(data)).await?;
    let address = running.addresses().data;
    let client = Client::new(address, running.root_key().clone(), REGION);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(running.until(async {
        // Either way the demonstration is over.
        let _ = stopped.await;
    }));
    explain(1, &format!("Your site, the origin, runs at http://{}/ and has {KEY}.", origin.address()));
    explain(2, &format!("Headwater runs at http://{address}/ and holds nothing yet."));
    let shown = steps(&client, origin).await;
    // Whether it is heard or the server is gone already, the next line waits for its end.
    let _ = stop.send(());
    server.await.context("the server failed")??;
    shown?;
    explain(
        8,
        "Done. The server has stopped and its data is removed. To keep one: headwater serve --mirror BUCKET=URL",
    );
    Ok(())
}

async fn steps(client: &Client, origin: Origin) -> anyhow::Result<()> {
    let bucket = format!("/{BUCKET}/");
    client.signed(Method::PUT, &bucket, &[("x-oss-acl", "public-read")], "").await?.expect(StatusCode::OK)?;
    let website = rule(&origin.address().to_string());
    client.signed(Method::PUT, &format!("{bucket}?website"), &[], &website).await?.expect(StatusCode::OK)?;
    explain(
        3,
        &format!(
            "Bucket {BUCKET} is made, with one rule: what is missing under examplefolder/ comes from \
             http | {} | examplefolder.",
            origin.address()
        ),
    );

    let path = format!("/{BUCKET}/{KEY}");
    let miss = client.anonymous(&path).await?.expect(StatusCode::OK)?;
    ensure!(miss.body == origin::BODY.as_bytes(), "the miss brought other bytes than the origin has");
    ensure!(origin.requests() == 1, "the origin was asked {} times, not once", origin.requests());
    explain(
        4,
        &format!(
            "MISS  GET {path}: the bucket does not have it, so it was fetched from the origin (request number 1 \
             there), sent to you as it came, {} bytes, and stored.",
            miss.body.len()
        ),
    );

    origin.stop().await;
    explain(5, "The origin is switched off.");

    let hit = client.anonymous(&path).await?.expect(StatusCode::OK)?;
    ensure!(hit.body == miss.body, "the hit brought other bytes than the miss");
    let tag = hit.header("x-oss-tag").unwrap_or("none");
    let etag = hit.header("etag").unwrap_or("none");
    explain(
        6,
        &format!(
            "HIT   GET {path}: the same {} bytes, now from the bucket (x-oss-tag: {tag}, ETag: {etag}).",
            hit.body.len()
        ),
    );

    let other = client.anonymous(&format!("/{BUCKET}/examplefolder/other.txt")).await?;
    other.expect(StatusCode::FAILED_DEPENDENCY)?;
    explain(
        7,
        "GET of a file that was never fetched: 424 MirrorFailed, because the origin cannot be asked. It is not 404: \
         nobody may conclude that the file does not exist.",
    );
    Ok(())
}

/// The rule of the documented example, from the three columns of the documented form.
fn rule(host: &str) -> String {
    let columns = Columns { scheme: "http", host, path: "examplefolder", prefix: "examplefolder/", replace: None };
    write_website(&Website { rules: vec![three_columns(1, &columns)], ..Website::default() })
}

fn configuration(data: &Path) -> Config {
    let any_port = (Ipv4Addr::LOCALHOST, 0).into();
    Config {
        lifecycle_day: headwater_model::lifecycle::DayLength::REAL,
        data: data.to_owned(),
        server: ServerConfig {
            listen: any_port,
            admin_listen: any_port,
            tls: None,
            addressing: Addressing {
                domains: Vec::new(),
                website_domains: Vec::new(),
                default_dialect: Dialect::Oss,
                region: REGION.into(),
            },
            strict_region: false,
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            access_log: AccessLogTarget::Off,
            drain_limit: Duration::from_secs(5),
        },
        mirrors: Vec::new(),
        allow_origin_networks: vec![ipnet::IpNet::from(ipnet::Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8))],
        origin_ca: Vec::new(),
        origin_defaults: headwater_model::settings::OriginSettings::default(),
        workers: None,
        encryption: headwater_model::encryption::ServerEncryption::Off,
        log: "warn".to_owned(),
        log_format: LogFormat::Text,
    }
}

/// One step in plain words. A reader that went away is no reason to fail.
fn explain(step: u32, text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{step}. {text}");
}
