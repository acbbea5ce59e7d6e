//! Keys: tags, their building and their reading.
//!
//! A text that other fields follow is escaped, so that its end is unambiguous and byte order stays the order of the
//! texts: `0x00` becomes `0x00 0xFF`, and the end is `0x00 0x01`. The end thus sorts below every continuation of the
//! text, and the escaped form of a prefix (without the end) begins the escaped form of every text with that prefix.

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::multipart::UploadId;
use headwater_model::origin::OriginId;

use super::codec::RowError;
use super::{
    AccessTokenRow, AccountRow, CounterRow, GoneCountRow, GoneRow, ObjectRow, OrderRow, OriginRow, OriginUsageRow,
    PartRow, PublicAccessRow, SegmentRow, UploadKeyRow, UploadRow, VersionRow,
};

/// What follows a `0x00` that belongs to the text.
const ESCAPED_NUL: u8 = 0xFF;
/// What follows the `0x00` that ends the text.
const TEXT_END: u8 = 0x01;

/// The kinds of rows. The discriminant is the first byte of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// [`super::AccountRow`].
    Account = b'a',
    /// [`super::BucketRow`].
    Bucket = b'b',
    /// [`super::CounterRow`].
    Counter = b'c',
    /// [`super::GoneRow`].
    Gone = b'g',
    /// [`super::AccessTokenRow`].
    AccessToken = b'h',
    /// [`super::UploadKeyRow`].
    UploadKey = b'i',
    /// [`super::PublicAccessRow`].
    PublicAccess = b'k',
    /// [`super::GoneCountRow`].
    GoneCount = b'n',
    /// [`super::ObjectRow`].
    Object = b'o',
    /// [`super::PartRow`].
    Part = b'p',
    /// [`super::OrderRow`].
    Order = b'q',
    /// [`super::OriginRow`].
    Origin = b'r',
    /// [`super::SegmentRow`].
    Segment = b's',
    /// [`super::OriginUsageRow`].
    OriginUsage = b't',
    /// [`super::UploadRow`].
    Upload = b'u',
    /// [`super::VersionRow`].
    Version = b'v',
}

impl RowKind {
    /// Every kind, in the order of their tags.
    pub const ALL: [Self; 16] = [
        Self::Account,
        Self::Bucket,
        Self::Counter,
        Self::Gone,
        Self::AccessToken,
        Self::UploadKey,
        Self::PublicAccess,
        Self::GoneCount,
        Self::Object,
        Self::Part,
        Self::Order,
        Self::Origin,
        Self::Segment,
        Self::OriginUsage,
        Self::Upload,
        Self::Version,
    ];

    /// First byte of the keys of this kind.
    pub fn tag(self) -> u8 {
        self as u8
    }

    /// The kind whose keys begin with `tag`.
    pub fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }
}

/// Kind and identity of a row for messages: `object row "a/b" of generation 3`. Keys that cannot be read are shown in
/// escaped bytes.
pub fn describe(key: &[u8]) -> String {
    describe_known(key).unwrap_or_else(|| format!("row with key {}", key.escape_ascii()))
}

fn describe_known(key: &[u8]) -> Option<String> {
    let text = match RowKind::of_tag(*key.first()?)? {
        RowKind::Account => format!("account row {:?}", AccountRow::parse_key(key).ok()?),
        RowKind::Bucket => format!("bucket row {:?}", super::BucketRow::parse_key(key).ok()?),
        RowKind::Counter => format!("counter row {:?}", CounterRow::parse_key(key).ok()?),
        RowKind::Gone => {
            let (generation, name) = GoneRow::parse_key(key).ok()?;
            format!("gone row {name:?} of generation {}", generation.0)
        }
        RowKind::AccessToken => format!("access token row {:?}", AccessTokenRow::parse_key(key).ok()?),
        RowKind::UploadKey => {
            let (generation, id) = UploadKeyRow::parse_key(key).ok()?;
            format!("upload key row {id} of generation {}", generation.0)
        }
        RowKind::PublicAccess => PublicAccessRow::parse_key(key).map(|()| "public access block row".to_owned()).ok()?,
        RowKind::GoneCount => format!("gone count row of generation {}", GoneCountRow::parse_key(key).ok()?.0),
        RowKind::Object => {
            let (generation, name) = ObjectRow::parse_key(key).ok()?;
            format!("object row {name:?} of generation {}", generation.0)
        }
        RowKind::Part => {
            let (generation, id, number) = PartRow::parse_key(key).ok()?;
            format!("part row {number} of upload {id} of generation {}", generation.0)
        }
        RowKind::Order => {
            let (generation, id) = OrderRow::parse_key(key).ok()?;
            format!("part order row of upload {id} of generation {}", generation.0)
        }
        RowKind::Origin => format!("origin row {}", OriginRow::parse_key(key).ok()?),
        RowKind::Segment => format!("segment row {}", SegmentRow::parse_key(key).ok()?),
        RowKind::OriginUsage => format!("usage row {}", OriginUsageRow::parse_key(key).ok()?),
        RowKind::Upload => {
            let (generation, name, id) = UploadRow::parse_key(key).ok()?;
            format!("upload row {id} for {name:?} of generation {}", generation.0)
        }
        RowKind::Version => {
            let (generation, name, version) = VersionRow::parse_key(key).ok()?;
            format!("version row {version} of {name:?} of generation {}", generation.0)
        }
    };
    Some(text)
}

/// Builds a key field by field.
pub(super) struct KeyWriter(Vec<u8>);

impl KeyWriter {
    pub(super) fn new(kind: RowKind) -> Self {
        Self(vec![kind.tag()])
    }

    pub(super) fn generation(mut self, generation: Generation) -> Self {
        self.0.extend_from_slice(&generation.0.to_be_bytes());
        self
    }

    pub(super) fn upload(mut self, id: UploadId) -> Self {
        self.0.extend_from_slice(&id.0);
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A text that the key ends with, or a prefix of it.
    pub(super) fn last_text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// A prefix of a text that other fields follow.
    pub(super) fn escaped_prefix(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(ESCAPED_NUL);
            }
        }
        self
    }

    /// A text that other fields follow.
    pub(super) fn escaped_text(self, text: &str) -> Self {
        self.escaped_prefix(text).bytes(&[0, TEXT_END])
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a key field by field; whatever does not fit gives the same error, which shows the key.
pub(super) struct KeyReader<'a> {
    key: &'a [u8],
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    pub(super) fn new(kind: RowKind, key: &'a [u8]) -> Result<Self, RowError> {
        match key.split_first() {
            Some((tag, rest)) if *tag == kind.tag() => Ok(Self { key, rest }),
            _ => Err(Self { key, rest: key }.error()),
        }
    }

    /// The error for this key.
    pub(super) fn error(&self) -> RowError {
        // Not `describe`: that reads keys itself.
        RowError::Key { row: format!("row with key {}", self.key.escape_ascii()) }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RowError> {
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.error())?;
        self.rest = rest;
        Ok(*field)
    }

    pub(super) fn generation(&mut self) -> Result<Generation, RowError> {
        self.array().map(|bytes| Generation(u64::from_be_bytes(bytes)))
    }

    pub(super) fn upload(&mut self) -> Result<UploadId, RowError> {
        self.array().map(UploadId)
    }

    /// Everything that is left, as text.
    pub(super) fn last_text(mut self) -> Result<&'a str, RowError> {
        let text = std::str::from_utf8(self.rest).map_err(|_| self.error())?;
        self.rest = &[];
        Ok(text)
    }

    /// Everything that is left, as an object's key.
    pub(super) fn last_object_key(self) -> Result<ObjectKey, RowError> {
        let key = self.key;
        ObjectKey::parse(self.last_text()?).map_err(|_| Self { key, rest: key }.error())
    }

    /// Everything that is left, as an origin's name in the one form that it has.
    pub(super) fn last_origin(self) -> Result<OriginId, RowError> {
        let key = self.key;
        let text = self.last_text()?;
        let origin = OriginId::parse(text).ok().filter(|origin| origin.as_str() == text);
        origin.ok_or_else(|| Self { key, rest: key }.error())
    }

    /// A text that other fields follow, as an object's key.
    pub(super) fn escaped_object_key(&mut self) -> Result<ObjectKey, RowError> {
        let mut text = Vec::new();
        loop {
            match *self.rest {
                [0, TEXT_END, ref rest @ ..] => {
                    self.rest = rest;
                    break;
                }
                [0, ESCAPED_NUL, ref rest @ ..] => {
                    text.push(0);
                    self.rest = rest;
                }
                [byte, ref rest @ ..] if byte != 0 => {
                    text.push(byte);
                    self.rest = rest;
                }
                _ => return Err(self.error()),
            }
        }
        let text = String::from_utf8(text).map_err(|_| self.error())?;
        ObjectKey::parse(&text).map_err(|_| self.error())
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), RowError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error()) }
    }
}
