//! Rules as a table.

use headwater_model::rule::{RedirectType, RoutingRule};
use serde_json::Value;

use crate::client::output;

/// One rule on a line, in the order in which they are tried.
pub(super) fn table(rules: &[RoutingRule]) -> String {
    if rules.is_empty() {
        return "no rules\n".to_owned();
    }
    let mut rows = vec![["number", "type", "prefix", "suffix", "headers", "to"].map(str::to_owned).to_vec()];
    rows.extend(rules.iter().map(row));
    output::table(&rows)
}

/// How often each rule was applied, and what came of it.
pub(super) fn counters(answer: &Value) -> String {
    let names = ["number", "applied", "stored", "absent", "failed"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    for rule in answer["rules"].as_array().into_iter().flatten() {
        rows.push(names.map(|name| output::plain(&rule[name])).to_vec());
    }
    if rows.len() == 1 { "no rules\n".to_owned() } else { output::table(&rows) }
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
        rule.kind().map_or("-", RedirectType::as_str).to_owned(),
        text(&condition.key_prefix),
        text(&condition.key_suffix),
        condition.include_headers.len().to_string(),
        to.unwrap_or_else(|| "-".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use headwater_model::rule::{IncludeHeader, Redirect};

    use super::*;
    use crate::golden;

    #[test]
    fn rules_are_a_table() {
        let mut images = RoutingRule::mirror_all(1, "https://www.example.com/images/");
        images.condition.key_prefix = Some("images/".into());
        images.condition.key_suffix = Some(".jpg".into());
        images.condition.include_headers.push(IncludeHeader { key: "host".into(), ..IncludeHeader::default() });
        let mut moved = RoutingRule::mirror_all(20, "http://unused.example/");
        moved.redirect = Some(Redirect { host_name: Some("new.example".into()), ..Redirect::default() });
        let lua = RoutingRule { redirect: None, number: 21, ..moved.clone() };
        golden::text("rule-list", &table(&[images, moved, lua]));
        assert_eq!(table(&[]), "no rules\n");
        let answer =
            serde_json::json!({"rules": [{"number": 1, "applied": 12, "stored": 9, "absent": 2, "failed": 1}]});
        golden::text("rule-counters", &counters(&answer));
    }
}
