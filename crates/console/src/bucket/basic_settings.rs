//! What a bucket is set to, each with the way to its page.

use askama::Template;
use http::StatusCode;

use super::{BucketVisit, Frame, Tab};
use crate::page::{Outcome, page};

/// One setting.
pub(crate) struct Setting {
    /// As people read it.
    pub(crate) title: &'static str,
    /// What follows the bucket's name in its address.
    pub(crate) path: &'static str,
    /// What holds now.
    pub(crate) now: String,
}

#[derive(Template)]
#[template(path = "bucket/basic_settings.html")]
struct BasicSettingsPage<'p> {
    frame: Frame<'p>,
    settings: Vec<Setting>,
}

impl BucketVisit<'_> {
    pub(crate) fn basic_settings(&self) -> Outcome {
        let settings = vec![
            // First what buckets are made for here.
            self.back_to_origin_setting(),
            self.static_pages_setting(),
            self.access_control_setting(),
            self.cors_setting(),
            self.lifecycle_setting(),
        ];
        page(StatusCode::OK, &BasicSettingsPage { frame: self.frame(Tab::BasicSettings), settings })
    }

    fn back_to_origin_setting(&self) -> Setting {
        let now = match self.bucket.website.as_ref().map_or(0, |website| website.rules.len()) {
            0 => "No rules: a missing file is answered with 404.".to_owned(),
            1 => "1 rule says where missing files come from.".to_owned(),
            rules => format!("{rules} rules say where missing files come from."),
        };
        Setting { title: "Back-to-Origin", path: "back-to-origin", now }
    }
}
