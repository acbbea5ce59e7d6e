//! Every limit that a client can reach, in one place, each with the reason for its value.

use std::time::Duration;

/// Longest object key in bytes (S3: "up to 1,024 bytes long"). OSS's own 1,023 is applied by its dialect.
pub const MAX_KEY_BYTES: usize = 1024;
/// Longest key on the OSS face (OSS: "1 to 1,023 bytes").
pub const MAX_OSS_KEY_BYTES: usize = 1023;
/// Largest XML body of a request, but for those below; the largest legitimate one (1,000 keys to delete) stays below it.
pub const MAX_XML_BYTES: usize = 1 << 20;
/// Largest list of parts to complete: 10,000 of them with quoted tags and SHA-256, on lines of their own, are 2.1 MiB.
pub const MAX_COMPLETION_BYTES: usize = 3 << 20;
/// Largest document of cross-origin rules (S3: 64 KB); they are kept in the bucket's row.
pub const MAX_CORS_BYTES: usize = 64 << 10;
/// Deepest nesting of an XML body; the deepest legitimate one is 8.
pub const MAX_XML_DEPTH: usize = 32;
/// Largest single upload (S3 and OSS: 5 GiB for PutObject and for a part).
pub const MAX_PUT_BYTES: u64 = 5 << 30;
/// Largest object (OSS: 48.8 TiB = 10,000 parts of 5 GiB).
pub const MAX_OBJECT_BYTES: u64 = 10_000 * MAX_PUT_BYTES;
/// Highest part number of a multipart upload (both vendors).
pub const MAX_PART_NUMBER: u16 = 10_000;
/// Smallest part except the last (OSS: 100 KiB; S3: 5 MiB). The OSS bound is enforced, the S3 one by its dialect.
pub const MIN_PART_BYTES_OSS: u64 = 100 << 10;
/// Smallest part except the last on the S3 face.
pub const MIN_PART_BYTES_S3: u64 = 5 << 20;
/// User metadata of an object, names and values together (OSS: 8 KiB; S3: 2 KiB for PUT).
pub const MAX_USER_META_BYTES: usize = 8 << 10;
/// Most tags of an object (both vendors).
pub const MAX_TAGS: usize = 10;
/// Most tags of a bucket on the OSS face; S3 allows [`MAX_BUCKET_TAGS_S3`].
pub const MAX_BUCKET_TAGS_OSS: usize = 20;
/// Most tags of a bucket on the S3 face.
pub const MAX_BUCKET_TAGS_S3: usize = 50;
/// Most cross-origin rules of a bucket on the S3 face.
pub const MAX_CORS_RULES: usize = 100;
/// Most cross-origin rules of a bucket on the OSS face.
pub const MAX_CORS_RULES_OSS: usize = 20;
/// Most lifecycle rules of a bucket (both vendors).
pub const MAX_LIFECYCLE_RULES: usize = 1000;
/// Most tags that one lifecycle rule asks for. The vendors tell no limit, and OSS takes more than the ten that an object can
/// have; each is held against every object that the rule could end.
pub const MAX_LIFECYCLE_TAGS: usize = 100;
/// Most `Not` of one lifecycle rule. OSS tells no limit; each is held against every object that the rule could end.
pub const MAX_LIFECYCLE_NOTS: usize = 10;
/// Largest document of lifecycle rules; it is kept in the bucket's row, which is in memory. A thousand rules of usual length
/// are half of it.
pub const MAX_LIFECYCLE_BYTES: usize = 512 << 10;
/// Largest document of hotlink protection (OSS: its lists have at most 20 KB) and of logging.
pub const MAX_SETTING_BYTES: usize = 64 << 10;
/// Most bytes of the patterns of one list of hotlink protection (OSS).
pub const MAX_REFERER_BYTES: usize = 20 << 10;
/// Most header fields, and most parameters, that a log has beside its own (OSS: 5 and 5).
pub const MAX_LOG_FIELDS: usize = 5;
/// Longest key of a tag in characters (both vendors).
pub const MAX_TAG_KEY_CHARS: usize = 128;
/// Longest value of a tag in characters (both vendors).
pub const MAX_TAG_VALUE_CHARS: usize = 256;
/// Longest stored representation header value: as long as the whole user metadata may be.
pub const MAX_CONTENT_HEADER_BYTES: usize = 8 << 10;
/// Most keys on a listing page (both vendors).
pub const MAX_LIST_KEYS: usize = 1000;
/// Most keys of one multi-object delete (both vendors).
pub const MAX_DELETE_KEYS: usize = 1000;
/// Most routing rules of a bucket (OSS).
pub const MAX_RULES: usize = 20;
/// Most routing rules of a bucket in S3's form (S3).
pub const MAX_SITE_RULES: usize = 50;
/// Most IncludeHeader conditions, and most Pass, Remove and Set entries each, of a rule (OSS).
pub const MAX_RULE_HEADERS: usize = 10;
/// Longest header name and value in a rule (OSS).
pub const MAX_RULE_HEADER_BYTES: usize = 1024;
/// Most alternates of a Mirror rule. OSS states none; each one is a request that a failing miss may wait for.
pub const MAX_ALTERNATES: usize = 20;
/// Most buckets of the server; the control snapshot is rebuilt as a whole, so it stays small.
pub const MAX_BUCKETS: usize = 1000;
/// Most accounts beside root; they are held in memory and shown as a whole.
pub const MAX_ACCOUNTS: usize = 1000;
/// Most access keys of an account: some for each of its programs, and a second one while they change.
pub const MAX_KEYS_PER_ACCOUNT: usize = 20;
/// Most bearer tokens of an access key: one for each of its programs, so that each can be revoked alone.
pub const MAX_TOKENS_PER_KEY: usize = 50;
/// Most tombstones that deletions of keys without an object may leave in a bucket: a row of some 100 bytes each, so a
/// gigabyte of index.
pub const MAX_GONE_PER_BUCKET: u64 = 10_000_000;
/// Most origins with settings of their own: like buckets, they are listed and applied as a whole.
pub const MAX_ORIGINS: usize = 1000;
/// Most origins whose use is kept: as many as are known at a time. All of them are written by one log entry, which stays
/// below 2 MiB.
pub const MAX_ORIGIN_USAGES: usize = 4096;
/// Most redirects followed for one origin request (OSS).
pub const MAX_REDIRECT_HOPS: u32 = 10;
/// Largest clock difference of a signed request (both vendors).
pub const MAX_CLOCK_SKEW: Duration = Duration::from_mins(15);
/// Longest life of a presigned V4 URL (both vendors).
pub const MAX_PRESIGN_SECONDS: u64 = 604_800;
/// What a reader of a running fill may lag behind the end until the whole is verified (architecture, Fill: "End is
/// explicit"); answers up to this size wait for verification before the status line.
pub const HOLD_BACK_BYTES: u64 = 64 << 10;
