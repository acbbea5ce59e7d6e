//! Whole documents: export, import, and the history.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use headwater_model::rule::RoutingRule;
use headwater_wire::read_website;
use serde_json::Value;

use super::saving::path;
use super::told;
use crate::client::{Connection, output};

/// Largest document that is read: the server takes no larger one.
const MAX_DOCUMENT_BYTES: u64 = 1 << 20;

/// What becomes of the rules that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Present {
    /// They go.
    Replaced,
    /// They stay, and the new ones come behind them.
    Kept,
}

/// The rules of a document.
pub(super) fn rules(file: &Path) -> anyhow::Result<Vec<RoutingRule>> {
    let shown = file.display();
    let mut document = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(MAX_DOCUMENT_BYTES + 1).read_to_string(&mut document)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_DOCUMENT_BYTES + 1).read_to_string(&mut document))
    };
    read.with_context(|| format!("cannot read {shown}"))?;
    ensure!(document.len() as u64 <= MAX_DOCUMENT_BYTES, "{shown} is longer than a website document can be (1 MiB)");
    let website = read_website(document.trim().as_bytes()).map_err(told);
    let mut rules = website.with_context(|| format!("{shown} is no website document"))?.rules;
    ensure!(!rules.is_empty(), "{shown} has no rules; to take rules away use headwater rule remove");
    rules.sort_by_key(|rule| rule.number);
    Ok(rules)
}

/// The document, secrets masked: to standard output, or into a file.
pub(super) async fn export(connection: &Connection, bucket: &str, file: Option<&Path>) -> anyhow::Result<()> {
    let answer = connection.get(&path(bucket)).await?;
    let document = answer["website"].as_str().context("the bucket has no website document, so no rules")?;
    match file {
        None => output::print(&format!("{document}\n")),
        Some(file) => {
            let shown = file.display();
            std::fs::write(file, format!("{document}\n"))
                .with_context(|| format!("cannot write {shown}; give a place you may write to"))?;
        }
    }
    Ok(())
}

/// The last versions, oldest first.
pub(super) fn history(answer: &Value) -> String {
    let mut rows = vec![["version", "time", "who", "rules"].map(str::to_owned).to_vec()];
    for revision in answer["revisions"].as_array().into_iter().flatten() {
        let rules = match revision["website"].as_str().map(|document| read_website(document.as_bytes())) {
            None => "taken away".to_owned(),
            Some(Ok(website)) => website.rules.len().to_string(),
            Some(Err(_)) => "cannot be read by this program".to_owned(),
        };
        let [version, time, who] = ["rule_version", "time", "who"].map(|field| output::plain(&revision[field]));
        rows.push(vec![version, time, who, rules]);
    }
    if rows.len() == 1 { "the rules were never changed\n".to_owned() } else { output::table(&rows) }
}

/// The document of one version.
///
/// # Errors
/// It is not among those that are kept, or took the document away.
pub(super) fn revision(answer: &Value, version: u64) -> anyhow::Result<&str> {
    let mut revisions = answer["revisions"].as_array().into_iter().flatten();
    let found = revisions.find(|revision| revision["rule_version"] == version);
    let found = found.with_context(|| {
        format!("version {version} is not among the last that are kept; see headwater rule history without --show")
    })?;
    found["website"].as_str().with_context(|| format!("version {version} took the document away"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_are_listed_and_found() {
        let document = "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Redirect>\
            <RedirectType>Mirror</RedirectType><MirrorURL>http://a/</MirrorURL></Redirect></RoutingRule></RoutingRules>\
            </WebsiteConfiguration>";
        let answer = json!({"revisions": [
            {"rule_version": 2, "time": "2026-11-28T08:00:00.000Z", "who": "ROOT", "website": document},
            {"rule_version": 3, "time": "2026-11-28T09:00:00.000Z", "who": "", "website": null},
        ]});
        crate::golden::text("rule-history", &history(&answer));
        assert_eq!(revision(&answer, 2).unwrap(), document);
        assert!(revision(&answer, 3).is_err() && revision(&answer, 4).is_err());
        assert_eq!(history(&json!({"revisions": []})), "the rules were never changed\n");
    }

    #[test]
    fn documents_without_rules_are_not_imported() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("rules.xml");
        for (document, words) in [
            (
                "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>",
                "no rules",
            ),
            ("text", "no website document"),
        ] {
            std::fs::write(&file, document).unwrap();
            let error = format!("{:#}", rules(&file).unwrap_err());
            assert!(error.contains(words), "{error}");
        }
        assert!(rules(&directory.path().join("none")).is_err());
    }
}
