//! What the form does not show of a rule, by its name in the document.

use headwater_model::rule::{Condition, Mirror, RoutingRule};

/// The elements that "OK" keeps as they are stored.
pub(crate) fn unshown_elements(rule: &RoutingRule) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut note = |present: bool, name| {
        if present {
            names.push(name);
        }
    };
    let Condition { include_headers, .. } = &rule.condition;
    note(!include_headers.is_empty(), "IncludeHeader");
    note(rule.lua.is_some(), "LuaConfig");
    if let Some(mirror) = rule.redirect.as_ref().map(|redirect| &redirect.mirror) {
        let Mirror { url_slave, url_probe, multi_alternates, auth, taggings, return_headers, .. } = mirror;
        let on = |flag: Option<bool>| flag == Some(true);
        note(url_slave.is_some(), "MirrorURLSlave");
        note(url_probe.is_some(), "MirrorURLProbe");
        note(on(mirror.switch_all_errors), "MirrorSwitchAllErrors");
        note(multi_alternates.is_some(), "MirrorMultiAlternates");
        note(on(mirror.sni), "MirrorSNI");
        note(on(mirror.save_oss_meta), "MirrorSaveOssMeta");
        note(on(mirror.proxy_pass), "MirrorProxyPass");
        note(on(mirror.allow_head_object), "MirrorAllowHeadObject");
        note(on(mirror.user_last_modified), "MirrorUserLastModified");
        note(mirror.transparent_response_codes.is_some(), "TransparentMirrorResponseCodes");
        note(auth.is_some(), "MirrorAuth");
        note(mirror.async_status.is_some(), "MirrorAsyncStatus");
        note(taggings.is_some(), "MirrorTaggings");
        note(return_headers.is_some(), "MirrorReturnHeaders");
        note(on(mirror.allow_get_image_info), "MirrorAllowGetImageInfo");
        note(on(mirror.allow_video_snapshot), "MirrorAllowVideoSnapshot");
        note(on(mirror.is_express_tunnel), "MirrorIsExpressTunnel");
        note(mirror.dst_region.is_some(), "MirrorDstRegion");
        note(mirror.dst_vpc_id.is_some(), "MirrorDstVpcId");
        note(mirror.dst_slave_vpc_id.is_some(), "MirrorDstSlaveVpcId");
        note(mirror.tunnel_id.is_some(), "MirrorTunnelId");
    }
    names
}
