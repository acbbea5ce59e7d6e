//! One change, and the rules as they are then; what in them is probably not meant is told on standard error.

use std::path::Path;

use anyhow::ensure;
use headwater_model::rule::change::Change;
use headwater_model::rule::{RoutingRule, warning};

use super::list;
use super::options::RuleOptions;
use super::saving::{About, Rules, Saved, Saving};
use super::transfer::{self, Present};
use crate::client::{Connection, ServerArgs, output};
use crate::logging;

/// Adds a rule: behind all others, or in front of the one with the number `at`.
pub(super) async fn add(
    bucket: &str,
    options: &RuleOptions,
    at: Option<u32>,
    server: &ServerArgs,
) -> anyhow::Result<()> {
    let rule = options.rule(1, None)?;
    let connection = Connection::new(server)?;
    let saving = Saving { connection: &connection, bucket, about: at.map_or(About::Nothing, About::Rule) };
    let change = match at {
        Some(at) => Change::Insert(at, Box::new(rule)),
        None => Change::Add(Box::new(rule)),
    };
    show(&saving.change(|_| Ok(change.clone())).await?, server);
    Ok(())
}

/// Changes what is named of a rule.
pub(super) async fn edit(bucket: &str, number: u32, options: &RuleOptions, server: &ServerArgs) -> anyhow::Result<()> {
    ensure!(!options.is_empty(), "nothing to change is named; see headwater rule edit --help");
    let connection = Connection::new(server)?;
    let saving = Saving { connection: &connection, bucket, about: About::Rule(number) };
    let edited = |rules: &Rules| {
        let rule = options.rule(number, Some(rules.known(number)?))?;
        Ok(Change::Replace(number, Box::new(rule)))
    };
    show(&saving.change(edited).await?, server);
    Ok(())
}

/// Moves a rule, or removes it.
pub(super) async fn order(bucket: &str, number: u32, change: Change, server: &ServerArgs) -> anyhow::Result<()> {
    let connection = Connection::new(server)?;
    let saving = Saving { connection: &connection, bucket, about: About::Rule(number) };
    show(&saving.change(|_| Ok(change.clone())).await?, server);
    Ok(())
}

/// Takes the rules of a document; its other parts are not looked at.
pub(super) async fn import(bucket: &str, file: &Path, present: Present, server: &ServerArgs) -> anyhow::Result<()> {
    let rules = transfer::rules(file)?;
    let connection = Connection::new(server)?;
    let (replace, about) = match present {
        Present::Replaced => (true, About::Everything),
        Present::Kept => (false, About::Nothing),
    };
    let saving = Saving { connection: &connection, bucket, about };
    show(&saving.change(|_| Ok(Change::Import { rules: rules.clone(), replace })).await?, server);
    Ok(())
}

fn show(saved: &Saved, server: &ServerArgs) {
    warn(&saved.rules);
    if server.json {
        output::json(&saved.answer);
    } else {
        output::print(&list::table(&saved.rules));
    }
}

/// What works and is probably not meant.
fn warn(rules: &[RoutingRule]) {
    let of_rule = rules.iter().flat_map(|rule| {
        let number = rule.number;
        warning::of_rule(rule).into_iter().map(move |words| format!("rule {number}: {words}"))
    });
    let of_order = warning::of_order(rules).into_iter().map(|(_, words)| words);
    for words in of_order.chain(of_rule) {
        logging::say(&format!("warning: {}", output::printable(&words)));
    }
}
