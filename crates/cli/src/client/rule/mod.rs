//! `headwater rule`: the rules of a bucket, and tests of rules that are not saved.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use headwater_model::rule::RoutingRule;
use headwater_wire::read_website;
use http::Method;
use serde_json::json;

use super::connection::encoded;
use super::explain::{RequestArgs, story};
use super::{Connection, ServerArgs, output};

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
                let path = format!("/api/v1/buckets/{}/rules", encoded(&bucket));
                let answer = Connection::new(&server)?.get(&path).await?;
                let document = answer["website"].as_str().unwrap_or_default();
                match (server.json, xml) {
                    (true, _) => output::json(&answer),
                    (false, true) => output::print(&format!("{document}\n")),
                    (false, false) => output::print(&list(document)?),
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
        }
        Ok(())
    }
}

fn list(document: &str) -> anyhow::Result<String> {
    if document.is_empty() {
        return Ok("no website document, so no rules\n".to_owned());
    }
    let website = read_website(document.as_bytes()).context("the server's document cannot be read")?;
    let mut rows = vec![["number", "type", "prefix", "suffix", "headers", "to"].map(str::to_owned).to_vec()];
    rows.extend(website.rules.iter().map(row));
    Ok(output::table(&rows))
}

fn row(rule: &RoutingRule) -> Vec<String> {
    let condition = &rule.condition;
    let text = |text: &Option<Box<str>>| text.as_deref().map_or_else(|| "-".to_owned(), output::printable);
    let to = rule.mirror_url().map(output::printable).or_else(|| {
        let redirect = rule.redirect.as_ref()?;
        redirect.host_name.as_deref().or(redirect.replace_key_with.as_deref()).map(output::printable)
    });
    vec![
        rule.number.to_string(),
        rule.kind().map_or("-", headwater_model::rule::RedirectType::as_str).to_owned(),
        text(&condition.key_prefix),
        text(&condition.key_suffix),
        condition.include_headers.len().to_string(),
        to.unwrap_or_else(|| "-".to_owned()),
    ]
}
