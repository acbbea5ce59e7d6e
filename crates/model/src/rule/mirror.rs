//! How a Mirror rule fetches, and what it keeps.

use serde::{Deserialize, Serialize};

use crate::rule::Secret;

/// The mirror elements of `Redirect`. Flags are as sent; the methods tell what they mean when absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirror {
    /// `MirrorURL`: what the rewritten key is appended to. Begins with `http://` or `https://`, ends with `/`.
    pub url: Option<Box<str>>,
    /// `MirrorPassQueryString`: takes precedence over `PassQueryString`.
    pub pass_query_string: Option<bool>,
    /// `MirrorFollowRedirect`.
    pub follow_redirect: Option<bool>,
    /// `MirrorCheckMd5`: compare the body with the origin's Content-MD5.
    pub check_md5: Option<bool>,
    /// `MirrorHeaders`: which header fields reach the origin.
    pub headers: Option<MirrorHeaders>,
    /// `MirrorURLSlave`: a second origin, of the same form as `url`.
    pub url_slave: Option<Box<str>>,
    /// `MirrorURLProbe`: answers 200 while the first origin is to be used.
    pub url_probe: Option<Box<str>>,
    /// `MirrorSwitchAllErrors`: nearly every failure, not only 5xx and timeouts, leads to the next origin.
    pub switch_all_errors: Option<bool>,
    /// `MirrorMultiAlternates`: further origins.
    pub multi_alternates: Option<Vec<Alternate>>,
    /// `MirrorPassOriginalSlashes`: leading slashes of the requested path go into the origin URL.
    pub pass_original_slashes: Option<bool>,
    /// `MirrorSNI`.
    pub sni: Option<bool>,
    /// `MirrorSaveOssMeta`: keep the origin's `x-oss-meta-*`.
    pub save_oss_meta: Option<bool>,
    /// `MirrorProxyPass`: relay, never store.
    pub proxy_pass: Option<bool>,
    /// `MirrorAllowHeadObject`: a HEAD of a missing key asks the origin too.
    pub allow_head_object: Option<bool>,
    /// `MirrorUserLastModified`: keep the origin's Last-Modified.
    pub user_last_modified: Option<bool>,
    /// `TransparentMirrorResponseCodes`: origin statuses that reach the client with their body, as `400,404`.
    pub transparent_response_codes: Option<Box<str>>,
    /// `MirrorAuth`: how to sign the origin request.
    pub auth: Option<MirrorAuth>,
    /// `MirrorAsyncStatus`: status for which the object is pulled behind the answer.
    pub async_status: Option<u16>,
    /// `MirrorTaggings`: tags for the stored object.
    pub taggings: Option<Vec<KeyValue>>,
    /// `MirrorReturnHeaders`: header fields to add to the answer.
    pub return_headers: Option<Vec<KeyValue>>,
    /// `MirrorUsingRole`: the origin is a private bucket that a role may read.
    pub using_role: Option<bool>,
    /// `MirrorRole`: name of that role.
    pub role: Option<Box<str>>,
    /// `MirrorAllowGetImageInfo`.
    pub allow_get_image_info: Option<bool>,
    /// `MirrorAllowVideoSnapshot`.
    pub allow_video_snapshot: Option<bool>,
    /// `MirrorIsExpressTunnel`.
    pub is_express_tunnel: Option<bool>,
    /// `MirrorDstRegion`.
    pub dst_region: Option<Box<str>>,
    /// `MirrorDstVpcId`.
    pub dst_vpc_id: Option<Box<str>>,
    /// `MirrorDstSlaveVpcId`.
    pub dst_slave_vpc_id: Option<Box<str>>,
    /// `MirrorTunnelId`.
    pub tunnel_id: Option<Box<str>>,
}

impl Mirror {
    /// Whether redirects of the origin are followed (by default) or handed to the client.
    pub fn follows_redirects(&self) -> bool {
        self.follow_redirect.unwrap_or(true)
    }

    /// Whether the origin's Content-MD5 decides about storing; not by default.
    pub fn checks_md5(&self) -> bool {
        self.check_md5.unwrap_or(false)
    }

    /// Whether a HEAD of a missing key asks the origin; not by default.
    pub fn allows_head(&self) -> bool {
        self.allow_head_object.unwrap_or(false)
    }

    /// Whether leading slashes of the request go into the origin URL; not by default.
    pub fn passes_original_slashes(&self) -> bool {
        self.pass_original_slashes.unwrap_or(false)
    }

    /// Whether the stored object has the origin's Last-Modified; not by default.
    pub fn keeps_last_modified(&self) -> bool {
        self.user_last_modified.unwrap_or(false)
    }
}

/// `MirrorHeaders`: at most [`crate::limits::MAX_RULE_HEADERS`] entries in each list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorHeaders {
    /// `PassAll`: forward the client's fields, those of `remove` and a fixed list excepted.
    pub pass_all: Option<bool>,
    /// `Pass`: names of fields to forward.
    pub pass: Vec<Box<str>>,
    /// `Remove`: names of fields not to forward.
    pub remove: Vec<Box<str>>,
    /// `Set`: fields to send whatever the client sent.
    pub set: Vec<KeyValue>,
}

/// A pair of `Key` and `Value`: an entry of `Set`, `Taggings` or `ReturnHeader`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// `Key`.
    pub key: Box<str>,
    /// `Value`.
    pub value: Box<str>,
}

/// `MirrorMultiAlternate`: a further origin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternate {
    /// `MirrorMultiAlternateNumber`: 1 to 10,000, unique in its rule; tried in ascending order.
    pub number: u32,
    /// `MirrorMultiAlternateURL`, of the same form as `MirrorURL`.
    pub url: Box<str>,
    /// `MirrorMultiAlternateVpcId`.
    pub vpc_id: Option<Box<str>>,
    /// `MirrorMultiAlternateDstRegion`.
    pub dst_region: Option<Box<str>>,
}

/// `MirrorAuth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorAuth {
    /// `AuthType`: `S3V4`, in any letter case, is AWS Signature Version 4.
    pub auth_type: Option<Box<str>>,
    /// `Region`.
    pub region: Option<Box<str>>,
    /// `AccessKeyId`.
    pub access_key_id: Option<Box<str>>,
    /// `AccessKeySecret`.
    pub access_key_secret: Option<Secret>,
}
