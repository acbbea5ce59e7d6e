//! `headwater testkit-origin`: the origins of the chaos matrix, for those who want to see what a server makes of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use headwater_simulator::matrix::{Case, Matrix, Row};
use headwater_simulator::{Authorities, Connections, Pace, RecordedRequest, Reply, Scenario, ScriptedOrigin};

/// Serves the rows of the chaos matrix (docs/chaos.md), each case under a path of its own: /O28/unpinned/any/key. A row's
/// path alone, /O28/any/key, is its first case. Faults of connections and of TLS have ports of their own. Prints what it
/// serves where, and serves until it is interrupted.
#[derive(Args)]
pub(crate) struct TestkitOriginArgs {
    /// Address of the origin; faults of connections listen on free ports of the same address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Serve this row only, such as O28
    #[arg(long, value_name = "ID|all", default_value = "all")]
    scenario: String,
    /// Write the authority that signed the certificates into this file (PEM), for `headwater serve --origin-ca`
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
}

type Player = Box<dyn Fn(&RecordedRequest) -> Reply + Send + Sync>;

/// Runs until SIGINT.
pub(crate) fn run(args: &TestkitOriginArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    runtime.block_on(serve(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: &TestkitOriginArgs) -> anyhow::Result<()> {
    let matrix = Matrix::load();
    let rows: Vec<&Row> = match args.scenario.as_str() {
        "all" => matrix.rows.iter().collect(),
        id => vec![matrix.row(id).with_context(|| format!("there is no row {id}; rows are O01 to O81"))?],
    };
    let authorities = Authorities::new();
    if let Some(path) = &args.ca_out {
        let written = std::fs::write(path, authorities.trusted().pem());
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    let cannot_listen = || format!("cannot listen on {}", args.listen);
    let main = ScriptedOrigin::listen(args.listen, &Connections::Plain).await.with_context(cannot_listen)?;
    let peer_address = SocketAddr::new(args.listen.ip(), 0);
    let peer = ScriptedOrigin::listen(peer_address, &Connections::Plain).await.with_context(cannot_listen)?;
    let good = Scenario::find("O13", "good").ok_or_else(|| anyhow!("the matrix has no good origin"))?;
    good.install(&peer, "", "", Pace::FULL);

    let mut players: HashMap<String, Player> = HashMap::new();
    let mut others = Vec::new();
    for row in rows {
        say(&format!("{} {}", row.id, row.origin))?;
        for (at, case) in row.cases.iter().enumerate() {
            let scenario = Scenario::find(&row.id, case.scenario())
                .ok_or_else(|| anyhow!("{}/{} has no scenario", row.id, case.name))?;
            let prefix = format!("/{}/{}", row.id, case.name);
            let connections = scenario.connections(&authorities);
            let url = if matches!(connections, Connections::Plain) {
                if at == 0 {
                    let short = format!("/{}", row.id);
                    let player = scenario.player(&short, &peer.url(""), Pace::FULL);
                    players.insert(short, Box::new(player));
                }
                players.insert(prefix.clone(), Box::new(scenario.player(&prefix, &peer.url(""), Pace::FULL)));
                main.url(&prefix)
            } else {
                let origin = ScriptedOrigin::listen(peer_address, &connections).await.with_context(cannot_listen)?;
                scenario.install(&origin, "", &peer.url(""), Pace::FULL);
                let url = origin.url("");
                others.push(origin);
                url
            };
            say(&format!("    {url}/{}", hint(case)))?;
        }
        if row.cases.is_empty() {
            say("    (nothing that an origin's socket does)")?;
        }
    }
    ensure!(!players.is_empty() || !others.is_empty(), "an origin cannot play this row");
    main.otherwise(move |request| play(&players, request));
    say(&format!("serving on {}; interrupt to end", main.address()))?;
    tokio::signal::ctrl_c().await.context("cannot wait for signals")
}

/// What of a case's set-up is not the origin's doing.
fn hint(case: &Case) -> String {
    let mut text = String::new();
    for (name, value) in [("origin setting", &case.origin_settings), ("element of the rule", &case.rule)] {
        if !value.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "  ({name}: {value})");
        }
    }
    text
}

/// The answer of the case whose path the target begins with, the longest first.
fn play(players: &HashMap<String, Player>, request: &RecordedRequest) -> Reply {
    let mut segments = request.target.split(['/', '?']).skip(1);
    let (row, case) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let player = players.get(&format!("/{row}/{case}")).or_else(|| players.get(&format!("/{row}")));
    player.map_or_else(|| Reply::status(404), |player| player(request))
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("cannot write to standard output")
}
