//! Style sheets and scripts, in the binary; their addresses change with their contents, so that browsers keep them.

use std::sync::LazyLock;

use bytes::Bytes;
use headwater_model::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of `assets/`.
macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset { name: $name, content_type: $content_type, bytes: include_bytes!(concat!("../assets/", $name)) }
    };
}

const ASSETS: &[Asset] = &[
    asset!("icon.svg", "image/svg+xml"),
    asset!("console.css", STYLE),
    asset!("back-to-origin.css", STYLE),
    asset!("overview.css", STYLE),
    asset!("overview.js", SCRIPT),
    asset!("rule-counts.js", SCRIPT),
    asset!("files.css", STYLE),
    asset!("files.js", SCRIPT),
    asset!("back-to-origin.js", SCRIPT),
];

/// In the order of [`ASSETS`].
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let path = |asset: &Asset| format!("/assets/{}/{}", hex::encode(&Sha256::digest(asset.bytes)[..8]), asset.name);
    ASSETS.iter().map(path).collect()
});

/// The address of an asset.
pub(crate) fn path(name: &str) -> &'static str {
    let at = ASSETS.iter().position(|asset| asset.name == name).expect("templates name assets that there are");
    &PATHS[at]
}

/// The asset at this address.
pub(crate) fn answer(path: &str) -> Option<Response<Body>> {
    let asset = &ASSETS[PATHS.iter().position(|known| known == path)?];
    let mut response = Response::new(Body::Full(Bytes::from_static(asset.bytes)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Some(response)
}
