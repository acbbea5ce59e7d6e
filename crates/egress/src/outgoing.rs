//! A request as one connection is to send it.

use bytes::Bytes;
use headwater_model::origin::{OriginError, OriginMethod, OriginTimeouts};
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use http_body_util::Empty;

use crate::target::Target;

/// One request to one place: the first of an [`headwater_model::origin::OriginRequest`], or a hop of its redirects.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'r> {
    pub(crate) target: &'r Target,
    pub(crate) method: OriginMethod,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) timeouts: &'r OriginTimeouts,
}

impl Outgoing<'_> {
    pub(crate) fn h1(self) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = wire_method(self.method);
        *request.uri_mut() = self.target.path.clone();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().entry(HOST).or_insert_with(|| self.target.authority.clone());
        request
    }

    /// HTTP/2 has `:scheme` and `:authority` in the place of `Host` (RFC 9113 section 8.3.1).
    pub(crate) fn h2(self) -> Result<Request<Empty<Bytes>>, OriginError> {
        let mut headers = self.headers.clone();
        let authority: HeaderValue = headers.remove(HOST).unwrap_or_else(|| self.target.authority.clone());
        let path = self.target.path.path_and_query().map_or("/", |path| path.as_str());
        let uri = Uri::builder()
            .scheme(if self.target.endpoint.secure { "https" } else { "http" })
            .authority(authority.as_bytes())
            .path_and_query(path)
            .build()
            .map_err(|error| OriginError::BadUrl(error.to_string().into()))?;
        let mut request = Request::new(Empty::new());
        *request.method_mut() = wire_method(self.method);
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

pub(crate) fn wire_method(method: OriginMethod) -> Method {
    match method {
        OriginMethod::Get => Method::GET,
        OriginMethod::Head => Method::HEAD,
    }
}
