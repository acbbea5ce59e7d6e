//! Lines about requests, in each vendor's format.
//!
//! S3: the fields of its server access log. OSS: the fields of its own, `-` where nothing is known or where what they tell does
//! not exist here, and one field more for buckets that name fields of their own: these in Base64, as OSS has them.

use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_wire::{escape_key, http_date};

use super::noted::Noted;

/// A time of the calendar, in UTC.
pub(super) struct Moment {
    /// `06 Nov 1994 08:49:37`, of a date of HTTP.
    text: String,
}

/// As dates of HTTP name them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Moment {
    pub(super) fn of(at: Timestamp) -> Self {
        let date = http_date(at);
        let text = date.to_str().unwrap_or_default();
        Self { text: text.get(5..25).unwrap_or("01 Jan 1970 00:00:00").to_owned() }
    }

    /// Day, month, year and time.
    fn parts(&self) -> (&str, &str, &str, &str) {
        (&self.text[..2], &self.text[3..6], &self.text[7..11], &self.text[12..])
    }

    /// `1994-11-06-08-49-37`.
    pub(super) fn dashed(&self) -> String {
        let (day, month, year, time) = self.parts();
        let month = MONTHS.iter().position(|name| *name == month).map_or(1, |at| at + 1);
        format!("{year}-{month:02}-{day}-{}", time.replace(':', "-"))
    }

    /// `[06/Nov/1994:08:49:37 +0000]`.
    fn bracketed(&self) -> String {
        let (day, month, year, time) = self.parts();
        format!("[{day}/{month}/{year}:{time} +0000]")
    }
}

/// What is known of a request when its answer has ended.
pub(super) struct Told<'a> {
    pub(super) at: Timestamp,
    pub(super) remote: std::net::IpAddr,
    pub(super) request_id: &'a str,
    /// Canonical id of who asked.
    pub(super) requester: Option<&'a str>,
    pub(super) operation: &'a str,
    pub(super) method: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) status: u16,
    pub(super) error: Option<&'a str>,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    pub(super) object_bytes: Option<u64>,
    pub(super) duration_ms: u128,
}

/// The line, with its end.
pub(super) fn line(noted: &Noted, told: &Told<'_>) -> String {
    match noted.logging.dialect {
        Dialect::Oss => oss(noted, told),
        Dialect::S3 => s3(noted, told),
    }
}

fn or_dash(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("-")
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn key(told: &Told<'_>) -> String {
    told.key.map_or_else(|| "-".to_owned(), |key| escape_key(key).into_owned())
}

fn s3(noted: &Noted, told: &Told<'_>) -> String {
    let fields = [
        noted.owner.to_string(),
        noted.source.to_string(),
        Moment::of(told.at).bracketed(),
        told.remote.to_string(),
        or_dash(told.requester).to_owned(),
        told.request_id.to_owned(),
        format!("REST.{}.{}", told.method, resource(told)),
        key(told),
        format!("\"{}\"", noted.request_line),
        told.status.to_string(),
        or_dash(told.error).to_owned(),
        number(Some(told.bytes_sent).filter(|sent| *sent > 0)),
        number(told.object_bytes),
        told.duration_ms.to_string(),
        // The turn-around time is not measured apart.
        "-".to_owned(),
        format!("\"{}\"", or_dash(noted.referer.as_deref())),
        format!("\"{}\"", or_dash(noted.user_agent.as_deref())),
        "-".to_owned(),
        told.request_id.to_owned(),
        or_dash(noted.signature).to_owned(),
        "-".to_owned(),
        or_dash(noted.signed_in).to_owned(),
        or_dash(noted.host.as_deref()).to_owned(),
        if noted.secure { "TLS" } else { "-" }.to_owned(),
        "-".to_owned(),
        "-".to_owned(),
    ];
    fields.join(" ") + "\n"
}

fn oss(noted: &Noted, told: &Told<'_>) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    let mut fields = vec![
        told.remote.to_string(),
        "-".to_owned(),
        "-".to_owned(),
        Moment::of(told.at).bracketed(),
        quoted(&noted.request_line),
        told.status.to_string(),
        told.bytes_sent.to_string(),
        told.duration_ms.to_string(),
        quoted(or_dash(noted.referer.as_deref())),
        quoted(or_dash(noted.user_agent.as_deref())),
        quoted(or_dash(noted.host.as_deref())),
        quoted(told.request_id),
        quoted("true"),
        quoted(or_dash(told.requester)),
        quoted(told.operation),
        quoted(noted.source.as_str()),
        quoted(&key(told)),
        number(told.object_bytes),
        told.duration_ms.to_string(),
        quoted(or_dash(told.error)),
        told.bytes_received.to_string(),
        quoted(&noted.owner),
        // By how much the bucket grew, whether an origin asked, storage classes: not told.
        "-".to_owned(),
        quoted("-"),
        quoted("-"),
        quoted("-"),
    ];
    fields.extend(noted.fields.as_deref().map(quoted));
    fields.join(" ") + "\n"
}

/// S3's word for what an operation is about.
fn resource(told: &Told<'_>) -> &'static str {
    const WORDS: [(&str, &str); 19] = [
        ("PolicyStatus", "POLICY_STATUS"),
        ("BucketPolicy", "BUCKETPOLICY"),
        ("PublicAccessBlock", "PUBLIC_ACCESS_BLOCK"),
        ("OwnershipControls", "OWNERSHIP_CONTROLS"),
        ("ObjectTagging", "OBJECT_TAGGING"),
        ("BucketTagging", "TAGGING"),
        ("Acl", "ACL"),
        ("Website", "WEBSITE"),
        ("Location", "LOCATION"),
        ("Versions", "BUCKETVERSIONS"),
        ("DeleteObjects", "MULTI_OBJECT_DELETE"),
        ("Uploads", "UPLOADS"),
        ("CreateMultipartUpload", "UPLOADS"),
        ("UploadPart", "PART"),
        ("MultipartUpload", "UPLOAD"),
        ("ListParts", "UPLOAD"),
        ("Cors", "CORS"),
        ("Lifecycle", "LIFECYCLE"),
        ("Logging", "LOGGING_STATUS"),
    ];
    const MORE: [(&str, &str); 6] = [
        ("Encryption", "ENCRYPTION"),
        ("Versioning", "VERSIONING"),
        ("Notification", "NOTIFICATION"),
        ("Accelerate", "ACCELERATE"),
        ("RequestPayment", "REQUEST_PAYMENT"),
        ("OptionObject", "PREFLIGHT"),
    ];
    let word = WORDS.iter().chain(&MORE).find(|(part, _)| told.operation.contains(part));
    let plain = if told.key.is_some() || told.operation == "PostObject" { "OBJECT" } else { "BUCKET" };
    word.map_or(plain, |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use headwater_model::BucketName;
    use headwater_model::logging::BucketLogging;

    use super::*;

    fn noted(dialect: Dialect) -> Noted {
        let target = BucketName::parse("logs").expect("a name");
        Noted {
            logging: Arc::new(BucketLogging { dialect, target, prefix: "".into(), key_format: None }),
            source: BucketName::parse("bkt").expect("a name"),
            owner: "0a".into(),
            request_line: "GET /bkt/a%20b?x=1 HTTP/1.1".into(),
            user_agent: Some("agent/1".into()),
            host: Some("h.test".into()),
            signature: Some("SigV4"),
            signed_in: Some("AuthHeader"),
            ..Noted::default()
        }
    }

    const TOLD: Told<'_> = Told {
        at: Timestamp(1_700_000_000_123),
        remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
        request_id: "ID",
        requester: Some("0b"),
        operation: "GetObject",
        method: "GET",
        key: Some("a b"),
        status: 200,
        error: None,
        bytes_sent: 5,
        bytes_received: 0,
        object_bytes: Some(50),
        duration_ms: 7,
    };

    #[test]
    fn lines_are_those_of_the_vendors() {
        assert_eq!(
            line(&noted(Dialect::S3), &TOLD),
            "0a bkt [14/Nov/2023:22:13:20 +0000] 127.0.0.1 0b ID REST.GET.OBJECT a%20b \
             \"GET /bkt/a%20b?x=1 HTTP/1.1\" 200 - 5 50 7 - \"-\" \"agent/1\" - ID SigV4 - AuthHeader h.test - - -\n"
        );
        let told = Told { error: Some("NoSuchKey"), status: 404, ..TOLD };
        let fields = Noted { fields: Some("e30=".into()), ..noted(Dialect::Oss) };
        assert_eq!(
            line(&fields, &told),
            "127.0.0.1 - - [14/Nov/2023:22:13:20 +0000] \"GET /bkt/a%20b?x=1 HTTP/1.1\" 404 5 7 \"-\" \"agent/1\" \
             \"h.test\" \"ID\" \"true\" \"0b\" \"GetObject\" \"bkt\" \"a%20b\" 50 7 \"NoSuchKey\" 0 \"0a\" - \"-\" \"-\" \
             \"-\" \"e30=\"\n"
        );
    }

    #[test]
    fn operations_have_the_words_of_s3() {
        for (operation, key, word) in [
            ("GetObject", Some("k"), "OBJECT"),
            ("ListObjectsV2", None, "BUCKET"),
            ("GetBucketPolicyStatus", None, "POLICY_STATUS"),
            ("PutObjectTagging", Some("k"), "OBJECT_TAGGING"),
            ("CompleteMultipartUpload", Some("k"), "UPLOAD"),
            ("CreateMultipartUpload", Some("k"), "UPLOADS"),
            ("UploadPartCopy", Some("k"), "PART"),
            ("GetBucketVersioning", None, "VERSIONING"),
            ("ListObjectVersions", None, "BUCKETVERSIONS"),
        ] {
            assert_eq!(resource(&Told { operation, key, ..TOLD }), word, "{operation}");
        }
    }
}
