//! The mark that ends a circle of mirrors.
//!
//! Guarantees: a request that already passed through this instance, or through more than [`MAX_CHAIN_HOPS`] hops, is
//! recognised as looping; every origin request carries the whole chain so far.
//!
//! How: the `CDN-Loop` field of RFC 8586, one member per hop, ours being `headwater-INSTANCE`. Chosen over `Via`
//! because it was made for this: intermediaries must neither remove nor rewrite it, and, unlike `Via`, no server
//! changes its answer because of it (nginx stops compressing for requests with `Via`). The judgement is about misses
//! only; whoever answers from its own store cannot be part of a circle.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Most hops that a request may have behind it. Legitimate chains are a CDN or two and a mirror of a mirror.
pub const MAX_CHAIN_HOPS: usize = 5;
/// Longest chain that is read; a longer one has more hops than any legitimate one.
const MAX_CHAIN_BYTES: usize = 2 << 10;

/// The mark of one instance.
#[derive(Clone, Debug)]
pub struct LoopMarker {
    own: Box<str>,
}

/// What the chain of an incoming request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopVerdict {
    /// Go on.
    Clear,
    /// It passed through here before.
    OwnInstance,
    /// It passed through more than [`MAX_CHAIN_HOPS`] hops.
    TooManyHops,
}

impl LoopMarker {
    /// Header field that carries the chain.
    pub const FIELD: HeaderName = HeaderName::from_static("cdn-loop");

    /// The mark of the instance with this id. Characters that an RFC 9110 token cannot hold become `-`.
    pub fn new(instance: &str) -> Self {
        let token = |char: char| if char.is_ascii_alphanumeric() || "-._~".contains(char) { char } else { '-' };
        Self { own: format!("headwater-{}", instance.chars().take(128).map(token).collect::<String>()).into() }
    }

    /// Judges the headers of an incoming request.
    pub fn judge(&self, incoming: &HeaderMap) -> LoopVerdict {
        let mut hops = 0;
        let mut size_bytes = 0;
        for value in incoming.get_all(Self::FIELD) {
            size_bytes += value.len();
            for member in value.as_bytes().split(|byte| *byte == b',') {
                let id = member.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                if id.eq_ignore_ascii_case(self.own.as_bytes()) {
                    return LoopVerdict::OwnInstance;
                }
                hops += usize::from(!id.is_empty());
            }
        }
        if hops > MAX_CHAIN_HOPS || size_bytes > MAX_CHAIN_BYTES {
            LoopVerdict::TooManyHops
        } else {
            LoopVerdict::Clear
        }
    }

    /// The value to send to an origin: the chain of the request that caused it, and us. A chain that
    /// [`Self::judge`] would not clear is not carried on.
    pub fn outgoing(&self, incoming: Option<&HeaderMap>) -> HeaderValue {
        let mut chain = Vec::new();
        if let Some(incoming) = incoming.filter(|headers| self.judge(headers) == LoopVerdict::Clear) {
            for value in incoming.get_all(Self::FIELD).iter().filter(|value| !value.is_empty()) {
                chain.extend_from_slice(value.as_bytes());
                chain.extend_from_slice(b", ");
            }
        }
        chain.extend_from_slice(self.own.as_bytes());
        HeaderValue::from_bytes(&chain).expect("field values and a token make a field value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LoopMarker::FIELD, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn o57_our_own_mark_is_a_loop() {
        let marker = LoopMarker::new("a1");
        let sent = HeaderMap::from_iter([(LoopMarker::FIELD, marker.outgoing(None))]);
        assert_eq!(marker.judge(&sent), LoopVerdict::OwnInstance);
        assert_eq!(LoopMarker::new("a2").judge(&sent), LoopVerdict::Clear);
        assert_eq!(marker.judge(&headers(&["x", "cdn; a=1 , Headwater-A1;v=2"])), LoopVerdict::OwnInstance);
        assert_eq!(marker.judge(&headers(&["headwater-a11, a1"])), LoopVerdict::Clear);
        assert_eq!(marker.judge(&HeaderMap::new()), LoopVerdict::Clear);
    }

    #[test]
    fn o57_a_long_chain_is_a_loop() {
        let marker = LoopMarker::new("a1");
        assert_eq!(marker.judge(&headers(&["a, b", "c, d, e"])), LoopVerdict::Clear);
        assert_eq!(marker.judge(&headers(&["a, b", "c, d, e, f"])), LoopVerdict::TooManyHops);
        assert_eq!(marker.judge(&headers(&[&"x".repeat(3000)])), LoopVerdict::TooManyHops);
    }

    #[test]
    fn o57_a_circle_of_instances_ends_at_the_second_pass() {
        let markers = ["a", "b", "c"].map(LoopMarker::new);
        let mut request = HeaderMap::new();
        for marker in &markers {
            assert_eq!(marker.judge(&request), LoopVerdict::Clear);
            let value = marker.outgoing(Some(&request));
            request = HeaderMap::from_iter([(LoopMarker::FIELD, value)]);
        }
        assert_eq!(request[LoopMarker::FIELD], "headwater-a, headwater-b, headwater-c");
        assert_eq!(markers[0].judge(&request), LoopVerdict::OwnInstance);
    }

    #[test]
    fn odd_instance_ids_make_a_token() {
        assert_eq!(LoopMarker::new("a b,c;d\n").outgoing(None), "headwater-a-b-c-d-");
    }
}
