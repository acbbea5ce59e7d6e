//! What a bucket is.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_model::bucket::Dialect;
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use http::StatusCode;

use super::{BucketVisit, Frame, Tab};
use crate::buckets::acl_name;
use crate::page::{Outcome, page, size};

#[derive(Template)]
#[template(path = "bucket/overview.html")]
struct OverviewPage<'p> {
    frame: Frame<'p>,
    acl: &'static str,
    owner: String,
    location: String,
    dialect: &'static str,
    created: String,
    rules: usize,
    /// What was counted, if that was asked for.
    count: Option<Result<Count, String>>,
}

/// What a bucket holds.
struct Count {
    objects: u64,
    size: String,
    uploads: u64,
}

impl BucketVisit<'_> {
    /// Counting walks the whole bucket, so it is done only on demand.
    pub(crate) async fn overview(&self, counts: bool) -> Outcome {
        let bucket = &*self.bucket;
        let owner =
            bucket.access.owner.as_ref().map_or_else(|| "root".to_owned(), |owner| owner.display_name.to_string());
        let dialect = match bucket.dialect {
            Dialect::Oss => "OSS",
            Dialect::S3 => "S3",
        };
        let shown = OverviewPage {
            frame: self.frame(Tab::Overview),
            acl: acl_name(bucket),
            owner,
            location: bucket.location.to_string(),
            dialect,
            created: iso_8601(bucket.created),
            count: if counts { Some(self.count().await) } else { None },
            rules: bucket.website.as_ref().map_or(0, |website| website.rules.len()),
        };
        page(StatusCode::OK, &shown)
    }

    async fn count(&self) -> Result<Count, String> {
        match self.visitor.read(Op::GetBucketStat(self.bucket.name.clone())).await? {
            Reply::BucketStat(stat) => {
                Ok(Count { objects: stat.objects, size: size(stat.size_bytes), uploads: stat.uploads })
            }
            _ => Err("The bucket was not counted.".to_owned()),
        }
    }
}
