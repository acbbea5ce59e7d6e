//! "Test": what a request for the sample would meet, with the origin asked and nothing stored.

use crate::visitor::reason;
use headwater_engine::Engine;
use headwater_engine::{ExplainMethod, ExplainQuery, Explanation, Verdict};
use headwater_model::BucketName;
use headwater_model::website::Website;

/// The result, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trial {
    pub(crate) sample: String,
    /// What happens, step by step.
    pub(crate) remarks: Vec<String>,
    /// What the origins answered.
    pub(crate) tried: Vec<Answer>,
    /// Header fields of the origin request.
    pub(crate) headers: Vec<(String, String)>,
}

/// An origin's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) url: String,
    /// Where it came from, if not from there.
    pub(crate) final_url: Option<String>,
    /// Status and length.
    pub(crate) status: String,
    /// What a miss makes of it.
    pub(crate) outcome: String,
}

/// Tries the sample, which may end with `?` and a query, under `website`, in which the rule at issue is `number`.
pub(crate) async fn run(engine: &Engine, bucket: &BucketName, website: Website, number: u32, sample: &str) -> Trial {
    let (key, query) = match sample.split_once('?') {
        Some((key, query)) => (key, Some(query)),
        None => (sample, None),
    };
    let query = ExplainQuery {
        key: key.into(),
        method: ExplainMethod::Get,
        headers: Vec::new(),
        query: query.map(Into::into),
        anonymous: false,
        try_it: true,
        website: Some(website),
    };
    let mut trial = Trial { sample: sample.to_owned(), ..Trial::default() };
    match engine.explain(bucket, query).await {
        Ok(explanation) => trial.tell(explanation, number),
        Err(error) => trial.remarks.push(format!("The test could not be made: {}.", reason(&error))),
    }
    trial
}

impl Trial {
    fn tell(&mut self, explanation: Explanation, number: u32) {
        if let Some(stored) = &explanation.stored {
            self.remarks.push(format!(
                "The file is here already ({} bytes), so a request gets it and no rule is asked. If it were missing:",
                stored.size_bytes
            ));
        } else if explanation.tombstone_since_ms.is_some() || explanation.delete_marker.is_some() {
            self.remarks
                .push("The file was deleted here on purpose, so no rule is asked. If it were missing:".to_owned());
        }
        for rule in explanation.rules.iter().filter(|rule| rule.number == number) {
            if let (Verdict::Fails, Some(failed)) = (rule.verdict, &rule.failed) {
                self.remarks.push(format!("This rule does not apply: {failed}."));
            }
        }
        let Some(matched) = explanation.matched else {
            self.remarks.push("No rule applies: the answer is a 404.".to_owned());
            return;
        };
        self.remarks.push(if matched.number == number {
            "This rule applies.".to_owned()
        } else {
            format!("Rule {} applies, not this one.", matched.number)
        });
        if let Some(location) = matched.location {
            self.remarks.push(format!("The client is sent to {location}."));
        }
        if let Some(unmappable) = matched.unmappable {
            self.remarks.push(format!("No origin is asked and the answer is a 404: {unmappable}."));
        }
        self.headers = matched.headers;
        self.tried = matched
            .tried
            .into_iter()
            .flatten()
            .map(|tried| Answer {
                final_url: tried.final_url.filter(|url| *url != tried.url).map(Into::into),
                url: tried.url.into(),
                status: match (tried.status, tried.length_bytes) {
                    (Some(status), Some(length)) => format!("{status}, {length} bytes"),
                    (Some(status), None) => status.to_string(),
                    (None, _) => "none".to_owned(),
                },
                outcome: outcome(tried.outcome, tried.reason),
            })
            .collect();
    }
}

fn outcome(outcome: &str, reason: Option<&str>) -> String {
    let words = match outcome {
        "object" if reason.is_some() => "the file, handed on and not stored",
        "object" => "the file, stored and handed on",
        "not_found" => "404",
        "relayed" => "the origin's answer, handed on and not stored",
        "failed" => "a failure of the origin",
        other => other,
    };
    reason.map_or_else(|| words.to_owned(), |reason| format!("{words} ({reason})"))
}
