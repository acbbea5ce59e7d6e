//! What handlers take from a request, with refusals in the shape of the API.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use headwater_admin::Requester;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::error::Failure;

/// The variable segments of the path, decoded.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        let Path(value) =
            path.map_err(|error| Failure::new(StatusCode::BAD_REQUEST, "invalid_path", error.body_text()))?;
        Ok(Self(value))
    }
}

/// The query; unknown parameters are the type's to refuse.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(value) =
            query.map_err(|error| Failure::new(StatusCode::BAD_REQUEST, "invalid_query", error.body_text()))?;
        Ok(Self(value))
    }
}

/// The verified body.
pub(super) struct Document(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| Failure::new(StatusCode::BAD_REQUEST, "invalid_body", error.body_text()))?;
        Ok(Self(bytes))
    }
}

/// Who asks.
pub(super) struct By(pub(super) Requester);

impl<S: Send + Sync> FromRequestParts<S> for By {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let requester = parts.extensions.get::<Requester>().cloned();
        requester.map(Self).ok_or_else(|| Failure::unauthenticated("the request was not admitted"))
    }
}

/// The header fields.
pub(super) struct Headers(pub(super) HeaderMap);

impl<S: Send + Sync> FromRequestParts<S> for Headers {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(parts.headers.clone()))
    }
}
