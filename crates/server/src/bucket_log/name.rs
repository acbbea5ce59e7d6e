//! Keys of log objects, as the vendors make them.
//!
//! ```text
//! OSS  PREFIX BUCKET YYYY-MM-DD-HH-00-00-UNIQUE            the hour of the requests
//! S3   PREFIX YYYY-MM-DD-HH-MM-SS-UNIQUE                   the time of the delivery
//!      PREFIX OWNER/REGION/BUCKET/YYYY/MM/DD/YYYY-MM-DD-HH-MM-SS-UNIQUE
//! ```

use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::logging::{BucketLogging, LogKeyFormat};
use headwater_model::{ObjectKey, Result};

use super::line::Moment;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// One delivery.
pub(super) struct Delivery<'a> {
    /// Canonical id of the owner of the bucket.
    pub(super) owner: &'a str,
    pub(super) region: &'a str,
    /// The bucket whose requests are told.
    pub(super) source: &'a str,
    /// Begin of the hour of the requests.
    pub(super) hour: Timestamp,
    pub(super) now: Timestamp,
    pub(super) unique: [u8; 16],
}

impl Delivery<'_> {
    /// The key of its object.
    ///
    /// # Errors
    /// [`headwater_model::Error::KeyTooLong`], only with a very long prefix.
    pub(super) fn key(&self, logging: &BucketLogging) -> Result<ObjectKey> {
        let hex = hex::encode_upper(&self.unique[8..]);
        let prefix = &logging.prefix;
        if logging.dialect == Dialect::Oss {
            return ObjectKey::parse(&format!("{prefix}{}{}-{hex}", self.source, Moment::of(self.hour).dashed()));
        }
        let of_day = |at: Timestamp| {
            let moment = Moment::of(at);
            let day = moment.dashed()[..10].replace('-', "/");
            format!("{prefix}{}/{}/{}/{day}/{}-{hex}", self.owner, self.region, self.source, moment.dashed())
        };
        ObjectKey::parse(&match logging.key_format {
            None | Some(LogKeyFormat::Simple) => format!("{prefix}{}-{hex}", Moment::of(self.now).dashed()),
            Some(LogKeyFormat::ByDeliveryTime) => of_day(self.now),
            // S3 names the day of the requests, and no time of it.
            Some(LogKeyFormat::ByEventTime) => of_day(Timestamp(self.hour.0 - self.hour.0.rem_euclid(DAY_MS))),
        })
    }
}

#[cfg(test)]
mod tests {
    use headwater_model::BucketName;

    use super::*;

    const UNIQUE: &str = "ABABABABABABABAB";

    #[test]
    fn keys_are_those_of_the_vendors() {
        let delivery = Delivery {
            owner: "0a",
            region: "r-1",
            source: "bkt",
            hour: Timestamp::from_seconds(1_699_999_200),
            now: Timestamp::from_seconds(1_700_000_000),
            unique: [0xAB; 16],
        };
        let key = |dialect, key_format| {
            let target = BucketName::parse("logs").expect("a name");
            let logging = BucketLogging { dialect, target, prefix: "p/".into(), key_format };
            delivery.key(&logging).expect("a key").as_str().to_owned()
        };
        assert_eq!(key(Dialect::Oss, None), format!("p/bkt2023-11-14-22-00-00-{UNIQUE}"));
        assert_eq!(key(Dialect::S3, None), format!("p/2023-11-14-22-13-20-{UNIQUE}"));
        assert_eq!(
            key(Dialect::S3, Some(LogKeyFormat::ByDeliveryTime)),
            format!("p/0a/r-1/bkt/2023/11/14/2023-11-14-22-13-20-{UNIQUE}")
        );
        assert_eq!(
            key(Dialect::S3, Some(LogKeyFormat::ByEventTime)),
            format!("p/0a/r-1/bkt/2023/11/14/2023-11-14-00-00-00-{UNIQUE}")
        );
    }
}
