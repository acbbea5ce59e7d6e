//! How a response's body ends, judged on its parsed head (RFC 9112 section 6.3, stricter where origins lie).
//!
//! Guarantees: a head whose framing two readers could read differently never passes: both `Content-Length` and
//! `Transfer-Encoding`, any transfer coding but a single `chunked`, lengths that differ or are not plain digits, too
//! many fields, too large a head.

use headwater_model::origin::{Framing, OriginError, OriginMethod};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};

/// Most header fields of a response (decisions, row 23).
pub(crate) const MAX_FIELDS: usize = 128;
/// Largest response head in bytes (decisions, row 23).
pub(crate) const MAX_HEAD_BYTES: usize = 64 << 10;

/// What the head says about the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyPlan {
    /// As told to the caller.
    pub(crate) framing: Framing,
    /// Bytes that will come, where known; 0 for answers that never have a body, whatever their length says.
    pub(crate) expected_bytes: Option<u64>,
}

/// Judges a head.
pub(crate) fn judge(
    method: OriginMethod,
    version: Version,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<BodyPlan, OriginError> {
    if status.is_informational() {
        return Err(bad("switched protocols unasked"));
    }
    if headers.len() > MAX_FIELDS {
        return Err(bad("too many header fields"));
    }
    if head_bytes(headers) > MAX_HEAD_BYTES {
        return Err(bad("header too large"));
    }
    let framing = framing(version, headers)?;
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    Ok(match (method, framing) {
        _ if bodiless => BodyPlan { framing: Framing::Length(0), expected_bytes: Some(0) },
        // A HEAD answer without a length says nothing about it; that no body follows is certain.
        (OriginMethod::Head, Framing::Close) => BodyPlan { framing: Framing::Delimited, expected_bytes: Some(0) },
        (OriginMethod::Head, framing) => BodyPlan { framing, expected_bytes: Some(0) },
        (OriginMethod::Get, Framing::Length(length)) => BodyPlan { framing, expected_bytes: Some(length) },
        (OriginMethod::Get, framing) => BodyPlan { framing, expected_bytes: None },
    })
}

fn framing(version: Version, headers: &HeaderMap) -> Result<Framing, OriginError> {
    let length = content_length(headers)?;
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else {
        return Ok(match length {
            Some(length) => Framing::Length(length),
            None if version == Version::HTTP_2 => Framing::Delimited,
            None => Framing::Close,
        });
    };
    if length.is_some() {
        return Err(bad("both content-length and transfer-encoding"));
    }
    if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(bad("transfer-encoding other than chunked"));
    }
    if version != Version::HTTP_11 {
        return Err(bad("transfer-encoding outside http/1.1"));
    }
    Ok(Framing::Delimited)
}

/// The one length that all fields and list members agree on (RFC 9110 section 8.6 lets equal ones pass).
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, OriginError> {
    let mut agreed = None;
    for member in headers.get_all(CONTENT_LENGTH).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    {
        let digits = member.trim_ascii();
        let length = std::str::from_utf8(digits)
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u64>().ok())
            .ok_or_else(|| bad("invalid content-length"))?;
        if agreed.is_some_and(|other| other != length) {
            return Err(bad("content-lengths differ"));
        }
        agreed = Some(length);
    }
    Ok(agreed)
}

/// Bytes of all field lines as HTTP/1.1 would write them.
fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

fn bad(reason: &str) -> OriginError {
    OriginError::BadResponse(reason.into())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn plan(method: OriginMethod, version: Version, status: u16, fields: &[(&str, &str)]) -> Option<BodyPlan> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        judge(method, version, StatusCode::from_u16(status).unwrap(), &headers).ok()
    }

    fn get(fields: &[(&str, &str)]) -> Option<Framing> {
        plan(OriginMethod::Get, Version::HTTP_11, 200, fields).map(|plan| plan.framing)
    }

    #[test]
    fn framing_of_http_1() {
        assert_eq!(get(&[("content-length", "7")]), Some(Framing::Length(7)));
        assert_eq!(get(&[("content-length", "007")]), Some(Framing::Length(7)));
        assert_eq!(get(&[("content-length", "7, 7")]), Some(Framing::Length(7)));
        assert_eq!(get(&[("transfer-encoding", "Chunked")]), Some(Framing::Delimited));
        assert_eq!(get(&[]), Some(Framing::Close));
    }

    #[test]
    fn o36_differing_or_odd_lengths_are_refused() {
        assert_eq!(get(&[("content-length", "7"), ("content-length", "8")]), None);
        assert_eq!(get(&[("content-length", "7, 8")]), None);
        for odd in ["", "+7", "-1", "7.0", "0x7", "7 7", "seven", "7,", "18446744073709551616"] {
            assert_eq!(get(&[("content-length", odd)]), None, "{odd:?}");
        }
    }

    #[test]
    fn o37_length_and_coding_together_are_refused() {
        assert_eq!(get(&[("content-length", "7"), ("transfer-encoding", "chunked")]), None);
    }

    #[test]
    fn o38_other_codings_are_refused() {
        for coding in
            ["gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "", "\"chunked\"", "xchunked"]
        {
            assert_eq!(get(&[("transfer-encoding", coding)]), None, "{coding:?}");
        }
        assert_eq!(get(&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]), None);
        assert_eq!(plan(OriginMethod::Get, Version::HTTP_10, 200, &[("transfer-encoding", "chunked")]), None);
    }

    #[test]
    fn o39_heads_have_limits() {
        let name = |number: usize| HeaderName::try_from(format!("x-{number}")).unwrap();
        let mut headers: HeaderMap = (0..128).map(|number| (name(number), HeaderValue::from_static("v"))).collect();
        let judged = |headers: &HeaderMap| judge(OriginMethod::Get, Version::HTTP_11, StatusCode::OK, headers).is_ok();
        assert!(judged(&headers));
        headers.append("x-one-more", HeaderValue::from_static("v"));
        assert!(!judged(&headers));
        let huge = HeaderValue::try_from("v".repeat(MAX_HEAD_BYTES - 5)).unwrap();
        assert!(judged(&HeaderMap::from_iter([(name(0).clone(), "v".parse().unwrap())])));
        assert!(!judged(&HeaderMap::from_iter([(name(0), huge)])));
    }

    #[test]
    fn answers_without_a_body() {
        let head = plan(OriginMethod::Head, Version::HTTP_11, 200, &[("content-length", "7")]).unwrap();
        assert_eq!(head, BodyPlan { framing: Framing::Length(7), expected_bytes: Some(0) });
        let head = plan(OriginMethod::Head, Version::HTTP_11, 200, &[]).unwrap();
        assert_eq!(head, BodyPlan { framing: Framing::Delimited, expected_bytes: Some(0) });
        for status in [204, 304] {
            let plan = plan(OriginMethod::Get, Version::HTTP_11, status, &[("content-length", "7")]).unwrap();
            assert_eq!(plan.expected_bytes, Some(0));
        }
        assert_eq!(plan(OriginMethod::Get, Version::HTTP_11, 101, &[]), None);
        let h2 = plan(OriginMethod::Get, Version::HTTP_2, 200, &[]).unwrap();
        assert_eq!(h2.framing, Framing::Delimited);
    }
}
