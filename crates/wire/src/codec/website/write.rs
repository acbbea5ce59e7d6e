//! Writing the elements of a website document.

use headwater_model::bucket::Dialect;
use headwater_model::rule::{
    Alternate, Condition, IncludeHeader, KeyValue, Mirror, MirrorAuth, MirrorHeaders, Redirect, RoutingRule,
    SECRET_MASK,
};
use headwater_model::website::Website;

use super::site;
use crate::xml::XmlWriter;

pub(super) const ROOT: &str = "WebsiteConfiguration";

/// How secrets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    /// As the mask: whoever may read a document need not know them.
    Masked,
    /// As they are: for whoever puts the document.
    Plain,
}

/// Writes what the root element holds, and closes it.
pub(super) fn website(xml: &mut XmlWriter, website: &Website, face: Dialect, secrets: Secrets) {
    let is_sites = |rule: &RoutingRule| face == Dialect::S3 && rule.is_of_site();
    if let Some(index) = &website.index {
        xml.open("IndexDocument");
        xml.element("Suffix", &index.suffix);
        xml.optional("SupportSubDir", index.support_sub_dir);
        xml.optional("Type", index.kind);
        xml.close();
    }
    if let Some(error) = &website.error {
        xml.open("ErrorDocument");
        xml.element("Key", &error.key);
        xml.optional("HttpStatus", error.http_status);
        xml.close();
    }
    if let Some(everything) = site::all_requests(website).filter(|_| face == Dialect::S3) {
        site::write_all_requests(xml, everything);
    } else if !website.rules.is_empty() {
        xml.open("RoutingRules");
        for entry in &website.rules {
            if is_sites(entry) { site::write(xml, entry) } else { rule(xml, entry, secrets) }
        }
        xml.close();
    }
    xml.close();
}

fn rule(xml: &mut XmlWriter, rule: &RoutingRule, secrets: Secrets) {
    xml.open("RoutingRule");
    xml.element("RuleNumber", rule.number);
    condition(xml, &rule.condition);
    if let Some(settings) = &rule.redirect {
        redirect(xml, settings, secrets);
    }
    if let Some(lua) = &rule.lua {
        xml.open("LuaConfig");
        xml.optional("Script", lua.script.as_ref());
        xml.close();
    }
    xml.close();
}

fn condition(xml: &mut XmlWriter, condition: &Condition) {
    xml.open("Condition");
    xml.optional("KeyPrefixEquals", condition.key_prefix.as_ref());
    xml.optional("KeySuffixEquals", condition.key_suffix.as_ref());
    xml.optional("HttpErrorCodeReturnedEquals", condition.error_code);
    for IncludeHeader { key, equals, starts_with, ends_with } in &condition.include_headers {
        xml.open("IncludeHeader");
        xml.element("Key", key);
        xml.optional("Equals", equals.as_ref());
        xml.optional("StartsWith", starts_with.as_ref());
        xml.optional("EndsWith", ends_with.as_ref());
        xml.close();
    }
    xml.close();
}

fn redirect(xml: &mut XmlWriter, redirect: &Redirect, secrets: Secrets) {
    xml.open("Redirect");
    xml.element("RedirectType", redirect.kind.as_str());
    xml.optional("PassQueryString", redirect.pass_query_string);
    xml.optional("Protocol", redirect.protocol.as_ref());
    xml.optional("HostName", redirect.host_name.as_ref());
    xml.optional("HttpRedirectCode", redirect.http_redirect_code);
    xml.optional("ReplaceKeyWith", redirect.replace_key_with.as_ref());
    xml.optional("ReplaceKeyPrefixWith", redirect.replace_key_prefix_with.as_ref());
    xml.optional("EnableReplacePrefix", redirect.enable_replace_prefix);
    core_mirror(xml, &redirect.mirror);
    extended_mirror(xml, &redirect.mirror, secrets);
    xml.close();
}

/// The elements of oss-mirroring 2.5.
fn core_mirror(xml: &mut XmlWriter, mirror: &Mirror) {
    xml.optional("MirrorURL", mirror.url.as_ref());
    xml.optional("MirrorPassQueryString", mirror.pass_query_string);
    xml.optional("MirrorFollowRedirect", mirror.follow_redirect);
    xml.optional("MirrorCheckMd5", mirror.check_md5);
    if let Some(MirrorHeaders { pass_all, pass, remove, set }) = &mirror.headers {
        xml.open("MirrorHeaders");
        xml.optional("PassAll", *pass_all);
        for name in pass {
            xml.element("Pass", name);
        }
        for name in remove {
            xml.element("Remove", name);
        }
        for field in set {
            key_value(xml, "Set", field);
        }
        xml.close();
    }
}

/// The elements of oss-mirroring 2.6.
fn extended_mirror(xml: &mut XmlWriter, mirror: &Mirror, secrets: Secrets) {
    xml.optional("MirrorURLSlave", mirror.url_slave.as_ref());
    xml.optional("MirrorURLProbe", mirror.url_probe.as_ref());
    xml.optional("MirrorSwitchAllErrors", mirror.switch_all_errors);
    if let Some(alternates) = &mirror.multi_alternates {
        xml.open("MirrorMultiAlternates");
        for entry in alternates {
            alternate(xml, entry);
        }
        xml.close();
    }
    xml.optional("MirrorPassOriginalSlashes", mirror.pass_original_slashes);
    xml.optional("MirrorSNI", mirror.sni);
    xml.optional("MirrorSaveOssMeta", mirror.save_oss_meta);
    xml.optional("MirrorProxyPass", mirror.proxy_pass);
    xml.optional("MirrorAllowHeadObject", mirror.allow_head_object);
    xml.optional("MirrorUserLastModified", mirror.user_last_modified);
    xml.optional("TransparentMirrorResponseCodes", mirror.transparent_response_codes.as_ref());
    if let Some(settings) = &mirror.auth {
        auth(xml, settings, secrets);
    }
    xml.optional("MirrorAsyncStatus", mirror.async_status);
    key_values(xml, "MirrorTaggings", "Taggings", mirror.taggings.as_deref());
    key_values(xml, "MirrorReturnHeaders", "ReturnHeader", mirror.return_headers.as_deref());
    xml.optional("MirrorUsingRole", mirror.using_role);
    xml.optional("MirrorRole", mirror.role.as_ref());
    xml.optional("MirrorAllowGetImageInfo", mirror.allow_get_image_info);
    xml.optional("MirrorAllowVideoSnapshot", mirror.allow_video_snapshot);
    xml.optional("MirrorIsExpressTunnel", mirror.is_express_tunnel);
    xml.optional("MirrorDstRegion", mirror.dst_region.as_ref());
    xml.optional("MirrorDstVpcId", mirror.dst_vpc_id.as_ref());
    xml.optional("MirrorDstSlaveVpcId", mirror.dst_slave_vpc_id.as_ref());
    xml.optional("MirrorTunnelId", mirror.tunnel_id.as_ref());
}

fn alternate(xml: &mut XmlWriter, alternate: &Alternate) {
    xml.open("MirrorMultiAlternate");
    xml.element("MirrorMultiAlternateNumber", alternate.number);
    xml.element("MirrorMultiAlternateURL", &alternate.url);
    xml.optional("MirrorMultiAlternateVpcId", alternate.vpc_id.as_ref());
    xml.optional("MirrorMultiAlternateDstRegion", alternate.dst_region.as_ref());
    xml.close();
}

fn auth(xml: &mut XmlWriter, auth: &MirrorAuth, secrets: Secrets) {
    let secret = auth.access_key_secret.as_ref().map(|secret| match secrets {
        Secrets::Masked => SECRET_MASK,
        Secrets::Plain => secret.reveal(),
    });
    xml.open("MirrorAuth");
    xml.optional("AuthType", auth.auth_type.as_ref());
    xml.optional("Region", auth.region.as_ref());
    xml.optional("AccessKeyId", auth.access_key_id.as_ref());
    xml.optional("AccessKeySecret", secret);
    xml.close();
}

fn key_values(xml: &mut XmlWriter, list: &'static str, entry: &'static str, pairs: Option<&[KeyValue]>) {
    if let Some(pairs) = pairs {
        xml.open(list);
        for pair in pairs {
            key_value(xml, entry, pair);
        }
        xml.close();
    }
}

fn key_value(xml: &mut XmlWriter, name: &'static str, pair: &KeyValue) {
    xml.open(name);
    xml.element("Key", &pair.key);
    xml.element("Value", &pair.value);
    xml.close();
}
