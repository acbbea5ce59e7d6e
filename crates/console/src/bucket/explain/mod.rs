//! Explain: what a request for a file would meet, step by step, in the words of `headwater explain`.
//!
//! Guarantees: nothing is changed or stored. Reading the page asks no origin: that takes a form that was sent, because it
//! reaches out of the machine.

mod form;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_admin::Step;
use http::StatusCode;

use super::{BucketVisit, Frame, Tab};
use crate::faults::Faults;
use crate::page::{Outcome, page};
use form::{ExplainForm, told};

#[derive(Template)]
#[template(path = "bucket/explain.html")]
struct ExplainPage<'p> {
    frame: Frame<'p>,
    faults: Faults,
    form: ExplainForm,
    /// Empty before anything was asked.
    steps: Vec<Step>,
}

/// Whether the origin is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Unasked,
    Asked,
}

impl BucketVisit<'_> {
    /// The form, and the steps of the request in the query, if there is one.
    pub(crate) async fn explain(&self, fields: &[(String, String)]) -> Outcome {
        let form = ExplainForm::read(fields);
        if fields.is_empty() {
            let frame = self.frame(Tab::Explain);
            return page(StatusCode::OK, &ExplainPage { frame, faults: Faults::default(), form, steps: Vec::new() });
        }
        self.explained(form, Origin::Unasked).await
    }

    /// The steps, with what the origin says.
    pub(crate) async fn try_origin(&self, fields: &[(String, String)]) -> Outcome {
        self.explained(ExplainForm::read(fields), Origin::Asked).await
    }

    async fn explained(&self, form: ExplainForm, origin: Origin) -> Outcome {
        let steps = match form.asked() {
            Err(faults) => Err(faults),
            Ok(mut query) => {
                query.try_it = origin == Origin::Asked;
                let explanation = self.visitor.administration.engine().explain(&self.bucket.name, query).await;
                explanation.map(|explanation| Step::all_of(&explanation)).map_err(|error| told(&error))
            }
        };
        let frame = self.frame(Tab::Explain);
        match steps {
            Ok(steps) => page(StatusCode::OK, &ExplainPage { frame, faults: Faults::default(), form, steps }),
            Err(faults) => {
                page(StatusCode::UNPROCESSABLE_ENTITY, &ExplainPage { frame, faults, form, steps: Vec::new() })
            }
        }
    }
}
