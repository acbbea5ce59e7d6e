//! Which signature a request carries: parsing only, nothing is judged.
//!
//! The `Authorization` header and the query are two places; a request may use one. Of the query, only a parameter that
//! claims an identity counts (`X-Amz-Credential`, not `X-Amz-Date` alone), so a public object stays readable at a URL
//! whose parameters merely look alike.

use headwater_model::bucket::Dialect;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::error::SignError;
use super::header;
use super::query;
use super::scheme::{Claim, Credentials, PresignedTimes, Scheme, Scope, V1Claim, V2Claim, V4Claim};
use super::v4::{AWS, OSS, Style};

/// Reads what a request claims. `None`: it carries no credentials at all (anonymous).
pub fn detect(parts: &Parts) -> Result<Option<Credentials>, SignError> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let authorization = values.next();
    if values.next().is_some() {
        return Err(SignError::DuplicateAuth);
    }
    let parameters = AuthParameters::collect(parts);
    match (authorization, parameters.scheme()?) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(SignError::DuplicateAuth),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| SignError::malformed("Authorization", "not ASCII text"))?;
            from_header(parts, text.trim()).map(Some)
        }
        (None, Some(QueryScheme::V4(style))) => from_v4_query(parts, &parameters, style).map(Some),
        (None, Some(QueryScheme::OssV1)) => from_v1_query(parts, &parameters).map(Some),
        (None, Some(QueryScheme::OssV2)) => from_v2_query(parts, &parameters).map(Some),
        (None, Some(QueryScheme::SigV2)) => from_sigv2_query(parts, &parameters).map(Some),
    }
}

fn from_header(parts: &Parts, text: &str) -> Result<Credentials, SignError> {
    let (scheme, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match scheme {
        "OSS" => from_v1_header(parts, rest),
        "OSS2" => from_v2_header(parts, rest),
        "AWS" => from_sigv2_header(parts, rest),
        _ if scheme == AWS.algorithm => from_v4_header(parts, rest, &AWS),
        _ if scheme == OSS.algorithm => from_v4_header(parts, rest, &OSS),
        _ => Err(SignError::UnsupportedScheme { scheme: scheme.into() }),
    }
}

fn from_v1_header(parts: &Parts, rest: &str) -> Result<Credentials, SignError> {
    let malformed = || SignError::malformed("Authorization", "expected OSS <access key id>:<signature>");
    let (id, signature) = rest.rsplit_once(':').ok_or_else(malformed)?;
    if id.is_empty() || signature.is_empty() {
        return Err(malformed());
    }
    Ok(Credentials {
        scheme: Scheme::OssV1Header,
        access_key_id: id.into(),
        session_token: v1_header_token(parts)?,
        claim: Claim::V1(V1Claim { signature: signature.into(), expires: None }),
    })
}

fn from_sigv2_header(parts: &Parts, rest: &str) -> Result<Credentials, SignError> {
    let malformed = || SignError::malformed("Authorization", "expected AWS <access key id>:<signature>");
    let (id, signature) = rest.rsplit_once(':').ok_or_else(malformed)?;
    if id.is_empty() || signature.is_empty() {
        return Err(malformed());
    }
    Ok(Credentials {
        scheme: Scheme::SigV2Header,
        access_key_id: id.into(),
        session_token: header::single(&parts.headers, AWS.token_header)?.map(Into::into),
        claim: Claim::SigV2(V1Claim { signature: signature.into(), expires: None }),
    })
}

fn from_sigv2_query(parts: &Parts, parameters: &AuthParameters<'_>) -> Result<Credentials, SignError> {
    let access_key_id = parameters.required("AWSAccessKeyId")?;
    let expires = parameters.required("Expires")?;
    let signature = parameters.required("Signature")?.replace(' ', "+");
    let session_token = match parameters.optional("x-amz-security-token")? {
        Some(token) => Some(token),
        None => header::single(&parts.headers, AWS.token_header)?.map(Into::into),
    };
    let claim = Claim::SigV2(V1Claim { signature, expires: Some(expires) });
    Ok(Credentials { scheme: Scheme::SigV2Query, access_key_id, session_token, claim })
}

/// Reads `AccessKeyId:…,AdditionalHeaders:…,Signature:…`, the middle one optional.
fn from_v2_header(parts: &Parts, rest: &str) -> Result<Credentials, SignError> {
    const FIELD: &str = "Authorization";
    let (mut id, mut additional, mut signature) = (None, None, None);
    for item in rest.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let (name, value) =
            item.split_once(':').ok_or_else(|| SignError::malformed(FIELD, format!("{item:?} has no value")))?;
        let slot = match name {
            "AccessKeyId" => &mut id,
            "AdditionalHeaders" => &mut additional,
            "Signature" => &mut signature,
            _ => return Err(SignError::malformed(FIELD, format!("unknown component {name:?}"))),
        };
        if slot.replace(value.trim()).is_some() {
            return Err(SignError::malformed(FIELD, format!("{name:?} is given twice")));
        }
    }
    let given = |value: Option<&str>, name| {
        let value = value.filter(|value| !value.is_empty()).map(str::to_owned);
        value.ok_or_else(|| SignError::malformed(FIELD, format!("missing {name:?}")))
    };
    Ok(Credentials {
        scheme: Scheme::OssV2Header,
        access_key_id: given(id, "AccessKeyId")?,
        session_token: v1_header_token(parts)?,
        claim: Claim::V2(V2Claim {
            signature: given(signature, "Signature")?,
            additional_headers: additional.unwrap_or_default().to_ascii_lowercase(),
            expires: None,
        }),
    })
}

fn from_v2_query(parts: &Parts, parameters: &AuthParameters<'_>) -> Result<Credentials, SignError> {
    let version = parameters.required("x-oss-signature-version")?;
    if version != "OSS2" {
        return Err(SignError::UnsupportedScheme { scheme: version });
    }
    let session_token = match parameters.optional("security-token")? {
        Some(token) => Some(token),
        None => v1_header_token(parts)?,
    };
    Ok(Credentials {
        scheme: Scheme::OssV2Query,
        access_key_id: parameters.required("x-oss-access-key-id")?,
        session_token,
        claim: Claim::V2(V2Claim {
            signature: parameters.required("x-oss-signature")?.replace(' ', "+"),
            additional_headers: parameters
                .optional("x-oss-additional-headers")?
                .unwrap_or_default()
                .to_ascii_lowercase(),
            expires: Some(parameters.required("x-oss-expires")?),
        }),
    })
}

/// Most SDKs send `x-oss-security-token`; one sends `security-token`.
fn v1_header_token(parts: &Parts) -> Result<Option<String>, SignError> {
    let token = match header::single(&parts.headers, "x-oss-security-token")? {
        Some(token) => Some(token),
        None => header::single(&parts.headers, "security-token")?,
    };
    Ok(token.map(Into::into))
}

fn from_v1_query(parts: &Parts, parameters: &AuthParameters<'_>) -> Result<Credentials, SignError> {
    let access_key_id = parameters.required("OSSAccessKeyId")?;
    let expires = parameters.required("Expires")?;
    // Base64 has no space: it can only be a `+` that the client forgot to escape.
    let signature = parameters.required("Signature")?.replace(' ', "+");
    let session_token = match parameters.optional("security-token")? {
        Some(token) => Some(token),
        None => v1_header_token(parts)?,
    };
    let claim = Claim::V1(V1Claim { signature, expires: Some(expires) });
    Ok(Credentials { scheme: Scheme::OssV1Query, access_key_id, session_token, claim })
}

/// Reads `Credential=…, SignedHeaders=…, Signature=…` in any order, with or without blanks after the commas: old
/// clients differ in both.
fn from_v4_header(parts: &Parts, rest: &str, style: &'static Style) -> Result<Credentials, SignError> {
    const FIELD: &str = "Authorization";
    let (mut credential, mut header_names, mut signature) = (None, None, None);
    for item in rest.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let (name, value) =
            item.split_once('=').ok_or_else(|| SignError::malformed(FIELD, format!("{item:?} has no value")))?;
        let slot = match name.trim() {
            "Credential" => &mut credential,
            "Signature" => &mut signature,
            name if name == style.header_names_field => &mut header_names,
            _ => return Err(SignError::malformed(FIELD, format!("unknown component {name:?}"))),
        };
        if slot.replace(value.trim()).is_some() {
            return Err(SignError::malformed(FIELD, format!("{name:?} is given twice")));
        }
    }
    let missing = |name: &str| SignError::malformed(FIELD, format!("missing {name:?}"));
    let (access_key_id, scope) = parse_credential(credential.ok_or_else(|| missing("Credential"))?, style)?;
    let signature = signature.ok_or_else(|| missing("Signature"))?.into();
    let header_names = match header_names {
        Some(names) => names.into(),
        None if style.header_names_required => return Err(missing(style.header_names_field)),
        None => String::new(),
    };
    Ok(Credentials {
        scheme: style.header_scheme,
        access_key_id,
        session_token: header::single(&parts.headers, style.token_header)?.map(Into::into),
        claim: Claim::V4(V4Claim { style, scope, header_names, signature, presigned: None }),
    })
}

fn from_v4_query(
    parts: &Parts,
    parameters: &AuthParameters<'_>,
    style: &'static Style,
) -> Result<Credentials, SignError> {
    let names = &style.query;
    let algorithm = parameters.required(names.algorithm)?;
    if algorithm != style.algorithm {
        return Err(SignError::UnsupportedScheme { scheme: algorithm });
    }
    let (access_key_id, scope) = parse_credential(&parameters.required(names.credential)?, style)?;
    let presigned =
        PresignedTimes { date: parameters.required(names.date)?, expires: parameters.required(names.expires)? };
    let header_names = if style.header_names_required {
        parameters.required(names.header_names)?
    } else {
        parameters.optional(names.header_names)?.unwrap_or_default()
    };
    let signature = parameters.required(names.signature)?;
    let session_token = match parameters.optional(names.token)? {
        Some(token) => Some(token),
        None => header::single(&parts.headers, style.token_header)?.map(Into::into),
    };
    let claim = Claim::V4(V4Claim { style, scope, header_names, signature, presigned: Some(presigned) });
    Ok(Credentials { scheme: style.query_scheme, access_key_id, session_token, claim })
}

/// Splits `<access key id>/<yyyymmdd>/<region>/<service>/<terminator>`; the id may contain slashes.
pub(super) fn parse_credential(text: &str, style: &'static Style) -> Result<(String, Scope), SignError> {
    let malformed = |message: String| SignError::malformed("Credential", message);
    if style.dialect == Dialect::Oss && text.rsplit('/').nth(2) == Some("") {
        return Err(SignError::WrongRegion { signed: String::new(), expected: "a region".into() });
    }
    let mut fields = text.rsplitn(5, '/');
    let mut next = || fields.next().filter(|field| !field.is_empty());
    let (Some(terminator), Some(service), Some(region), Some(date), Some(id)) =
        (next(), next(), next(), next(), next())
    else {
        return Err(malformed(format!("expected <id>/<yyyymmdd>/<region>/{}/{}", style.services[0], style.terminator)));
    };
    if terminator != style.terminator {
        return Err(malformed(format!("incorrect terminal {terminator:?}, expected {:?}", style.terminator)));
    }
    if !style.services.contains(&service) {
        return Err(malformed(format!("incorrect service {service:?}, expected {:?}", style.services[0])));
    }
    if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(format!("incorrect date {date:?}, expected yyyymmdd")));
    }
    let scope =
        Scope { date: date.into(), region: region.into(), service: service.into(), terminator: style.terminator };
    Ok((id.into(), scope))
}

enum QueryScheme {
    V4(&'static Style),
    OssV1,
    OssV2,
    SigV2,
}

/// Every query parameter that some scheme interprets. Names are case-sensitive, as with both vendors.
const AUTH_PARAMETERS: [&str; 21] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-additional-headers",
    "x-oss-signature",
    "x-oss-security-token",
    "x-oss-access-key-id",
    "OSSAccessKeyId",
    "Expires",
    "Signature",
    "security-token",
    "AWSAccessKeyId",
    "x-amz-security-token",
];

/// The authentication parameters of a request, still encoded, in order.
struct AuthParameters<'a>(Vec<(&'static str, &'a str)>);

impl<'a> AuthParameters<'a> {
    fn collect(parts: &'a Parts) -> Self {
        let mut found = Vec::new();
        for (raw, value) in query::pairs(&parts.uri) {
            // An escape that cannot be decoded names no parameter of ours; routing refuses it where it matters.
            let Ok(name) = query::decoded(raw) else { continue };
            if let Some(known) = AUTH_PARAMETERS.iter().find(|known| known.as_bytes() == &*name) {
                found.push((*known, value));
            }
        }
        Self(found)
    }

    /// Which scheme the parameters claim; refused if several.
    fn scheme(&self) -> Result<Option<QueryScheme>, SignError> {
        let any = |names: &[&str]| self.0.iter().any(|(name, _)| names.contains(name));
        let claims = |style: &Style| any(&[style.query.algorithm, style.query.credential, style.query.signature]);
        let sigv2 = any(&["AWSAccessKeyId"]);
        let v1 = any(&["OSSAccessKeyId"]) || (!sigv2 && any(&["Signature"]));
        match (claims(&AWS), claims(&OSS), v1, sigv2) {
            (false, false, false, false) => Ok(None),
            (true, false, false, false) => Ok(Some(QueryScheme::V4(&AWS))),
            (false, true, false, false) if any(&["x-oss-access-key-id"]) => Ok(Some(QueryScheme::OssV2)),
            (false, true, false, false) => Ok(Some(QueryScheme::V4(&OSS))),
            (false, false, true, false) => Ok(Some(QueryScheme::OssV1)),
            (false, false, false, true) => Ok(Some(QueryScheme::SigV2)),
            _ => Err(SignError::DuplicateAuth),
        }
    }

    fn optional(&self, name: &'static str) -> Result<Option<String>, SignError> {
        let mut values = self.0.iter().filter(|(found, _)| *found == name);
        let Some((_, value)) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(SignError::malformed(name, "given more than once"));
        }
        query::decoded_text(value, name).map(Some)
    }

    /// An empty value counts as missing: no parameter of any scheme may be empty.
    fn required(&self, name: &'static str) -> Result<String, SignError> {
        self.optional(name)?.filter(|value| !value.is_empty()).ok_or(SignError::IncompleteQueryAuth { missing: name })
    }
}
