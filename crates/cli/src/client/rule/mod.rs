//! `headwater rule`: the rules of a bucket, and tests of rules that are not saved.
//!
//! Guarantees: a command changes one thing of the rules that it read, or nothing ([`saving`]). After each change the rules
//! are numbered from 1, in the order in which they are tried ([`changing`]).

mod changing;
mod list;
mod options;
mod saving;
mod transfer;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use headwater_model::Error;
use headwater_model::rule::change::Change;
use headwater_wire::read_website;
use http::Method;
use serde_json::json;

use self::options::RuleOptions;
use self::transfer::Present;
use super::connection::encoded;
use super::explain::{RequestArgs, story};
use super::{Connection, ServerArgs, output};

const ADD_EXAMPLE: &str = "\
Keys below docs/ come from https://www.example.com/docs/:
  headwater rule add BUCKET --domain www.example.com --directory docs --prefix docs/";

/// What to do with rules
#[derive(Subcommand, Debug)]
pub(crate) enum RuleCommand {
    /// Show the rules of a bucket in the order in which they are tried
    List {
        /// The bucket
        bucket: String,
        /// Show the whole website document as XML
        #[arg(long, conflicts_with = "json")]
        xml: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Add a rule that fetches what is missing from an origin, or with --redirect sends clients there
    #[command(after_help = ADD_EXAMPLE)]
    Add {
        /// The bucket
        bucket: String,
        #[command(flatten)]
        options: Box<RuleOptions>,
        /// In front of the rule with this number, instead of behind all others
        #[arg(long, value_name = "NUMBER")]
        at: Option<u32>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change what is named of a rule, and nothing else
    Edit {
        /// The bucket
        bucket: String,
        /// The rule's number
        number: u32,
        #[command(flatten)]
        options: Box<RuleOptions>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Move a rule to another place: the first whose conditions hold decides
    #[command(group(clap::ArgGroup::new("where").required(true)))]
    Move {
        /// The bucket
        bucket: String,
        /// The rule's number
        number: u32,
        /// To the place of the rule with this number
        #[arg(long, value_name = "NUMBER", group = "where")]
        to: Option<u32>,
        /// One place up
        #[arg(long, group = "where")]
        up: bool,
        /// One place down
        #[arg(long, group = "where")]
        down: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Remove a rule
    Remove {
        /// The bucket
        bucket: String,
        /// The rule's number
        number: u32,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take the rules of a website document in place of those that are there
    Import {
        /// The bucket
        bucket: String,
        /// The document, as PutBucketWebsite takes it and export writes it; - for standard input
        file: PathBuf,
        /// Keep the rules that are there, and put the new ones behind them
        #[arg(long)]
        append: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Write the website document, secrets masked; import knows the masks again
    Export {
        /// The bucket
        bucket: String,
        /// The file to write [default: standard output]
        file: Option<PathBuf>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show the last versions of the rules, oldest first, with who made them
    History {
        /// The bucket
        bucket: String,
        /// Show the document of this version, for import
        #[arg(long, value_name = "VERSION", conflicts_with = "json")]
        show: Option<u64>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show how often each rule was applied since the server's start, and what came of it
    Counters {
        /// The bucket
        bucket: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show what a request would meet under rules that are not saved
    Test {
        /// The bucket
        bucket: String,
        /// The key to ask for
        key: String,
        /// The website document, as PutBucketWebsite takes it
        #[arg(long, value_name = "FILE")]
        website: PathBuf,
        #[command(flatten)]
        request: RequestArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl RuleCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { bucket, xml, server } => {
                let answer = Connection::new(&server)?.get(&saving::path(&bucket)).await?;
                let document = answer["website"].as_str();
                match (server.json, xml) {
                    (true, _) => output::json(&answer),
                    (false, true) => output::print(&format!("{}\n", document.unwrap_or_default())),
                    (false, false) => output::print(&shown(document)?),
                }
            }
            Self::Test { bucket, key, website, request, server } => {
                let shown = website.display();
                let website = std::fs::read_to_string(&website).with_context(|| format!("cannot read {shown}"))?;
                let path = format!("/api/v1/buckets/{}/rules/test", encoded(&bucket));
                let body = json!({"website": website, "request": request.body(&key)?});
                let answer = Connection::new(&server)?.send(Method::POST, &path, Some(&body)).await?;
                if server.json { output::json(&answer) } else { output::print(&story(&answer)) }
            }
            Self::Export { bucket, file, server } => {
                transfer::export(&Connection::new(&server)?, &bucket, file.as_deref()).await?;
            }
            Self::History { bucket, show, server } => {
                let path = format!("{}/history", saving::path(&bucket));
                let answer = Connection::new(&server)?.get(&path).await?;
                match show {
                    Some(version) => output::print(&format!("{}\n", transfer::revision(&answer, version)?)),
                    None if server.json => output::json(&answer),
                    None => output::print(&transfer::history(&answer)),
                }
            }
            Self::Counters { bucket, server } => {
                let answer = Connection::new(&server)?.get(&format!("{}/counters", saving::path(&bucket))).await?;
                if server.json { output::json(&answer) } else { output::print(&list::counters(&answer)) }
            }
            Self::Add { bucket, options, at, server } => changing::add(&bucket, &options, at, &server).await?,
            Self::Edit { bucket, number, options, server } => {
                changing::edit(&bucket, number, &options, &server).await?;
            }
            Self::Move { bucket, number, to, up, down: _, server } => {
                let change = match to {
                    Some(to) => Change::Move { number, to },
                    None if up => Change::MoveUp(number),
                    None => Change::MoveDown(number),
                };
                changing::order(&bucket, number, change, &server).await?;
            }
            Self::Remove { bucket, number, server } => {
                changing::order(&bucket, number, Change::Delete(number), &server).await?;
            }
            Self::Import { bucket, file, append, server } => {
                let present = if append { Present::Kept } else { Present::Replaced };
                changing::import(&bucket, &file, present, &server).await?;
            }
        }
        Ok(())
    }
}

fn shown(document: Option<&str>) -> anyhow::Result<String> {
    let Some(document) = document else { return Ok("no website document, so no rules\n".to_owned()) };
    let website = read_website(document.as_bytes()).context("the server's document cannot be read")?;
    Ok(list::table(&website.rules))
}

/// An error of the model in words: the element, its value, and what would be right.
fn told(error: Error) -> anyhow::Error {
    match error {
        Error::InvalidArgument { name, value, message } if value.is_empty() => anyhow::anyhow!("{name}: {message}"),
        Error::InvalidArgument { name, value, message } => anyhow::anyhow!("{message} ({name}={value})"),
        other => other.into(),
    }
}
