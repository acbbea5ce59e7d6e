//! From a client's body to a finished write, with every announced digest checked.

use std::future::poll_fn;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::body::Body;
use headwater_model::digest::{ChecksumAlgorithm, Digests};
use headwater_model::op::AnnouncedDigests;
use headwater_model::{Error, Result};
use headwater_store::{ObjectWriter, RunningMd5};

/// Writes all of `body`, ends the write and compares what came with what was announced.
///
/// # Errors
/// Those of the body and the writer; [`Error::BadDigest`]; [`Error::InvalidRequest`] for a trailer that was announced
/// and did not come, or came unannounced. The writer is then to be dropped.
pub(crate) async fn pour(writer: &mut dyn ObjectWriter, body: Body, announced: &AnnouncedDigests) -> Result<Digests> {
    pour_part(writer, body, announced, None).await
}

/// As [`pour`], and appends the bytes to the digest of the whole, if the parts come in order. That happens in place: a
/// chunk takes less than a millisecond, and such uploads send one part at a time.
pub(crate) async fn pour_part(
    writer: &mut dyn ObjectWriter,
    body: Body,
    announced: &AnnouncedDigests,
    mut whole: Option<&mut RunningMd5>,
) -> Result<Digests> {
    let mut append = |chunk: &[u8]| {
        if let Some(whole) = &mut whole {
            whole.update(chunk);
        }
    };
    match body {
        Body::Empty => {}
        Body::Full(bytes) => {
            append(&bytes);
            writer.write(bytes).await?;
        }
        Body::Stream(mut stream) => {
            while let Some(chunk) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                let chunk = chunk?;
                append(&chunk);
                writer.write(chunk).await?;
            }
        }
    }
    let digests = writer.finish().await?;
    check_trailer(announced)?;
    compare(announced, &digests)?;
    Ok(digests)
}

/// Which additional checksum the store must compute for these announcements.
pub(crate) fn wanted_checksum(announced: &AnnouncedDigests) -> Option<ChecksumAlgorithm> {
    announced.checksum.as_ref().map(|checksum| checksum.algorithm).or(announced.algorithm)
}

/// The trailer that came is the one that was announced: what was announced and lost proves nothing about the body, and
/// for what comes as a surprise nothing was computed that it could be compared with.
fn check_trailer(announced: &AnnouncedDigests) -> Result<()> {
    let came = announced.trailing.value().map(|checksum| checksum.algorithm);
    let message = match (announced.trailer, came) {
        (Some(expected), None) => format!("The trailer {} was announced and did not come.", header_name(expected)),
        (expected, Some(came)) if expected != Some(came) => {
            format!("The trailer {} is not the one that x-amz-trailer announces.", header_name(came))
        }
        _ => return Ok(()),
    };
    Err(Error::InvalidRequest { message: message.into() })
}

/// Compares what came with what was announced.
///
/// # Errors
/// [`Error::BadDigest`].
pub(crate) fn compare(announced: &AnnouncedDigests, computed: &Digests) -> Result<()> {
    if let Some(md5) = announced.md5
        && md5 != computed.md5
    {
        return Err(mismatch("Content-MD5".into(), BASE64.encode(md5), BASE64.encode(computed.md5)));
    }
    if let Some(crc64) = announced.crc64
        && crc64 != computed.crc64
    {
        return Err(mismatch("x-oss-hash-crc64ecma".into(), crc64.to_string(), computed.crc64.to_string()));
    }
    let announced = announced.checksum.as_ref().or_else(|| announced.trailing.value());
    match (announced, &computed.checksum) {
        (Some(announced), Some(computed)) if announced != computed => {
            let header = header_name(announced.algorithm).into();
            Err(mismatch(header, BASE64.encode(&announced.value), BASE64.encode(&computed.value)))
        }
        (Some(announced), None) => Err(Error::internal(
            "compare checksums",
            format!("the store did not compute {}", announced.algorithm.name()),
        )),
        _ => Ok(()),
    }
}

fn header_name(algorithm: ChecksumAlgorithm) -> String {
    format!("x-amz-checksum-{}", algorithm.name().to_ascii_lowercase())
}

fn mismatch(header: Box<str>, announced: String, computed: String) -> Error {
    Error::BadDigest { header, announced: announced.into(), computed: computed.into() }
}
