//! Reading the elements of a website document.

use std::str::FromStr;

use headwater_model::bucket::Dialect;
use headwater_model::rule::{
    Alternate, Condition, IncludeHeader, KeyValue, LuaConfig, Mirror, MirrorAuth, MirrorHeaders, Redirect,
    RedirectType, RoutingRule, Secret,
};
use headwater_model::website::{ErrorDocument, IndexDocument, Website};
use headwater_model::{Error, Result};

use super::site;
use crate::xml::Element;
use crate::xml::read::decimal;

pub(super) fn website(root: Element<'_>, face: Dialect) -> Result<Website> {
    let root = root.as_container()?;
    let everything = root.container("RedirectAllRequestsTo")?.filter(|_| face == Dialect::S3);
    let mut rules = Vec::new();
    rules.extend(everything.map(site::read_all_requests).transpose()?);
    for entry in root.container("RoutingRules")?.iter().flat_map(|list| list.children("RoutingRule")) {
        let read = if face == Dialect::S3 && site::is_one(entry) { site::read(entry, &rules) } else { rule(entry) };
        rules.push(read?);
    }
    Ok(Website {
        index: root.container("IndexDocument")?.map(index).transpose()?,
        error: root.container("ErrorDocument")?.map(error_page).transpose()?,
        rules,
    })
}

fn index(element: Element<'_>) -> Result<IndexDocument> {
    Ok(IndexDocument {
        suffix: element.required_text("Suffix")?.into(),
        support_sub_dir: flag(element, "SupportSubDir")?,
        kind: number(element, "Type", "the type must be 0, 1 or 2")?,
    })
}

fn error_page(element: Element<'_>) -> Result<ErrorDocument> {
    Ok(ErrorDocument {
        key: element.required_text("Key")?.into(),
        http_status: number(element, "HttpStatus", "HttpStatus is Invalid")?,
    })
}

fn rule(element: Element<'_>) -> Result<RoutingRule> {
    const NUMBER: &str = "RuleNumber";
    let element = element.as_container()?;
    let number = number(element, NUMBER, "the number must be positive")?
        .ok_or_else(|| Error::invalid_argument(NUMBER, "", "the number is missing"))?;
    Ok(RoutingRule {
        number,
        condition: element.container("Condition")?.map(condition).transpose()?.unwrap_or_default(),
        redirect: element.container("Redirect")?.map(redirect).transpose()?,
        lua: element.container("LuaConfig")?.map(lua).transpose()?,
    })
}

fn lua(element: Element<'_>) -> Result<LuaConfig> {
    Ok(LuaConfig { script: text(element, "Script")? })
}

fn condition(element: Element<'_>) -> Result<Condition> {
    Ok(Condition {
        key_prefix: text(element, "KeyPrefixEquals")?,
        key_suffix: text(element, "KeySuffixEquals")?,
        error_code: number(element, "HttpErrorCodeReturnedEquals", "the status must be a number")?,
        include_headers: element.children("IncludeHeader").map(include_header).collect::<Result<_>>()?,
    })
}

fn include_header(element: Element<'_>) -> Result<IncludeHeader> {
    let element = element.as_container()?;
    Ok(IncludeHeader {
        key: element.required_text("Key")?.into(),
        equals: text(element, "Equals")?,
        starts_with: text(element, "StartsWith")?,
        ends_with: text(element, "EndsWith")?,
    })
}

fn redirect(element: Element<'_>) -> Result<Redirect> {
    const TYPE: &str = "RedirectType";
    let kind = match element.text(TYPE)? {
        None => RedirectType::default(),
        Some(word) => RedirectType::parse(word.trim()).ok_or_else(|| {
            Error::invalid_argument(TYPE, word, "the type must be Mirror, External, AliCDN or Internal")
        })?,
    };
    Ok(Redirect {
        kind,
        pass_query_string: flag(element, "PassQueryString")?,
        protocol: text(element, "Protocol")?,
        host_name: text(element, "HostName")?,
        http_redirect_code: number(element, "HttpRedirectCode", "the code must be a number")?,
        replace_key_with: text(element, "ReplaceKeyWith")?,
        replace_key_prefix_with: text(element, "ReplaceKeyPrefixWith")?,
        enable_replace_prefix: flag(element, "EnableReplacePrefix")?,
        mirror: mirror(element)?,
    })
}

fn mirror(element: Element<'_>) -> Result<Mirror> {
    Ok(Mirror {
        url: text(element, "MirrorURL")?,
        pass_query_string: flag(element, "MirrorPassQueryString")?,
        follow_redirect: flag(element, "MirrorFollowRedirect")?,
        check_md5: flag(element, "MirrorCheckMd5")?,
        headers: element.container("MirrorHeaders")?.map(mirror_headers).transpose()?,
        url_slave: text(element, "MirrorURLSlave")?,
        url_probe: text(element, "MirrorURLProbe")?,
        switch_all_errors: flag(element, "MirrorSwitchAllErrors")?,
        multi_alternates: list(element, "MirrorMultiAlternates", "MirrorMultiAlternate", alternate)?,
        pass_original_slashes: flag(element, "MirrorPassOriginalSlashes")?,
        sni: flag(element, "MirrorSNI")?,
        save_oss_meta: flag(element, "MirrorSaveOssMeta")?,
        proxy_pass: flag(element, "MirrorProxyPass")?,
        allow_head_object: flag(element, "MirrorAllowHeadObject")?,
        user_last_modified: flag(element, "MirrorUserLastModified")?,
        transparent_response_codes: text(element, "TransparentMirrorResponseCodes")?,
        auth: element.container("MirrorAuth")?.map(auth).transpose()?,
        async_status: number(element, "MirrorAsyncStatus", "the status must be a number")?,
        taggings: list(element, "MirrorTaggings", "Taggings", key_value)?,
        return_headers: list(element, "MirrorReturnHeaders", "ReturnHeader", key_value)?,
        using_role: flag(element, "MirrorUsingRole")?,
        role: text(element, "MirrorRole")?,
        allow_get_image_info: flag(element, "MirrorAllowGetImageInfo")?,
        allow_video_snapshot: flag(element, "MirrorAllowVideoSnapshot")?,
        is_express_tunnel: flag(element, "MirrorIsExpressTunnel")?,
        dst_region: text(element, "MirrorDstRegion")?,
        dst_vpc_id: text(element, "MirrorDstVpcId")?,
        dst_slave_vpc_id: text(element, "MirrorDstSlaveVpcId")?,
        tunnel_id: text(element, "MirrorTunnelId")?,
    })
}

fn mirror_headers(element: Element<'_>) -> Result<MirrorHeaders> {
    let names = |list| element.children(list).map(|name| name.value().map(Into::into)).collect::<Result<_>>();
    Ok(MirrorHeaders {
        pass_all: flag(element, "PassAll")?,
        pass: names("Pass")?,
        remove: names("Remove")?,
        set: element.children("Set").map(key_value).collect::<Result<_>>()?,
    })
}

fn auth(element: Element<'_>) -> Result<MirrorAuth> {
    Ok(MirrorAuth {
        auth_type: text(element, "AuthType")?,
        region: text(element, "Region")?,
        access_key_id: text(element, "AccessKeyId")?,
        access_key_secret: element.text("AccessKeySecret")?.map(Secret::new),
    })
}

fn alternate(element: Element<'_>) -> Result<Alternate> {
    const NUMBER: &str = "MirrorMultiAlternateNumber";
    let element = element.as_container()?;
    Ok(Alternate {
        number: number(element, NUMBER, "the number must be from 1 to 10000")?
            .ok_or_else(|| Error::invalid_argument(NUMBER, "", "the number is missing"))?,
        url: text(element, "MirrorMultiAlternateURL")?.unwrap_or_default(),
        vpc_id: text(element, "MirrorMultiAlternateVpcId")?,
        dst_region: text(element, "MirrorMultiAlternateDstRegion")?,
    })
}

fn key_value(element: Element<'_>) -> Result<KeyValue> {
    let element = element.as_container()?;
    Ok(KeyValue { key: element.required_text("Key")?.into(), value: text(element, "Value")?.unwrap_or_default() })
}

/// The entries of an optional list; a list that is there but empty stays one.
fn list<T>(parent: Element<'_>, name: &str, entry: &str, read: fn(Element<'_>) -> Result<T>) -> Result<Option<Vec<T>>> {
    let container = parent.container(name)?;
    container.map(|container| container.children(entry).map(read).collect()).transpose()
}

/// Texts are kept with their white space: a key may begin or end with it.
pub(super) fn text(parent: Element<'_>, name: &str) -> Result<Option<Box<str>>> {
    Ok(parent.text(name)?.map(Into::into))
}

fn flag(parent: Element<'_>, name: &str) -> Result<Option<bool>> {
    let Some(text) = parent.text(name)? else { return Ok(None) };
    match text.trim() {
        word if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
        word if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
        _ => Err(Error::invalid_argument(name, text, "the value must be true or false")),
    }
}

fn number<T: FromStr>(parent: Element<'_>, name: &str, requirement: &str) -> Result<Option<T>> {
    let Some(text) = parent.text(name)? else { return Ok(None) };
    decimal(text).map(Some).ok_or_else(|| Error::invalid_argument(name, text, requirement))
}
