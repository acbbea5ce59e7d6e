//! Whatever document is valid, writing and reading it gives the same document.

use headwater_model::rule::{
    Alternate, Condition, IncludeHeader, KeyValue, LuaConfig, Mirror, MirrorAuth, MirrorHeaders, Redirect,
    RedirectType, RoutingRule, Secret,
};
use headwater_model::website::{ErrorDocument, IndexDocument, Website};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::{decode, text};

/// Any text that XML can carry, markup and white space included.
fn any_text() -> impl Strategy<Value = Box<str>> {
    "[\t\n\r -~éß中文😀\u{fffd}]{0,12}".prop_map(Into::into)
}

fn header_name() -> impl Strategy<Value = Box<str>> {
    "[A-Za-z0-9-]{1,12}".prop_map(Into::into)
}

fn header_value() -> impl Strategy<Value = Box<str>> {
    "[ -~é]{0,12}".prop_map(Into::into)
}

fn url() -> impl Strategy<Value = Box<str>> {
    "https?://[a-z]{1,8}(:[1-9][0-9]{0,3})?/([a-z &<>%é]{1,5}/){0,2}".prop_map(Into::into)
}

fn condition() -> impl Strategy<Value = Condition> {
    let header = (header_name(), of(header_value()), of(header_value()), of(header_value()))
        .prop_map(|(key, equals, starts_with, ends_with)| IncludeHeader { key, equals, starts_with, ends_with });
    (of(any_text()), of(any_text()), of(Just(404)), vec(header, 0..3)).prop_map(
        |(key_prefix, key_suffix, error_code, include_headers)| Condition {
            key_prefix,
            key_suffix,
            error_code,
            include_headers,
        },
    )
}

fn pair() -> impl Strategy<Value = KeyValue> {
    (header_name(), header_value()).prop_map(|(key, value)| KeyValue { key, value })
}

fn mirror_headers() -> impl Strategy<Value = MirrorHeaders> {
    (of(any::<bool>()), vec(header_name(), 0..3), vec(header_name(), 0..3), vec(pair(), 0..3))
        .prop_map(|(pass_all, pass, remove, set)| MirrorHeaders { pass_all, pass, remove, set })
}

fn auth() -> impl Strategy<Value = MirrorAuth> {
    let secret = of("[a-z]{1,8}".prop_map(Secret::new));
    (of(any_text()), of(any_text()), of(any_text()), secret).prop_map(
        |(auth_type, region, access_key_id, access_key_secret)| MirrorAuth {
            auth_type,
            region,
            access_key_id,
            access_key_secret,
        },
    )
}

fn alternates() -> impl Strategy<Value = Vec<Alternate>> {
    let entry = (url(), of(any_text()), of(any_text()));
    vec(entry, 0..3).prop_map(|entries| {
        let numbered = (1..).zip(entries);
        let alternate = |(number, (url, vpc_id, dst_region))| Alternate { number, url, vpc_id, dst_region };
        numbered.map(alternate).collect()
    })
}

fn mirror() -> impl Strategy<Value = Mirror> {
    let flags = proptest::array::uniform14(of(any::<bool>()));
    let texts = proptest::array::uniform6(of(any_text()));
    let lists = (of(alternates()), of(vec(pair(), 0..3)), of(vec(pair(), 0..3)));
    let urls = (url(), of(url()), of(url()));
    (urls, flags, texts, lists, of(mirror_headers()), of(auth()), of(any::<u16>())).prop_map(
        |((url, url_slave, url_probe), flags, texts, lists, headers, auth, async_status)| {
            let [transparent_response_codes, role, dst_region, dst_vpc_id, dst_slave_vpc_id, tunnel_id] = texts;
            let (multi_alternates, taggings, return_headers) = lists;
            Mirror {
                url: Some(url),
                url_slave,
                url_probe,
                headers,
                multi_alternates,
                transparent_response_codes,
                auth,
                async_status,
                taggings,
                return_headers,
                role,
                dst_region,
                dst_vpc_id,
                dst_slave_vpc_id,
                tunnel_id,
                pass_query_string: flags[0],
                follow_redirect: flags[1],
                check_md5: flags[2],
                switch_all_errors: flags[3],
                pass_original_slashes: flags[4],
                sni: flags[5],
                save_oss_meta: flags[6],
                proxy_pass: flags[7],
                allow_head_object: flags[8],
                user_last_modified: flags[9],
                using_role: flags[10],
                allow_get_image_info: flags[11],
                allow_video_snapshot: flags[12],
                is_express_tunnel: flags[13],
            }
        },
    )
}

fn redirect() -> impl Strategy<Value = Redirect> {
    let kind = prop_oneof![
        Just(RedirectType::Mirror),
        Just(RedirectType::External),
        Just(RedirectType::AliCdn),
        Just(RedirectType::Internal),
    ];
    let code = of(prop_oneof![Just(301), Just(302), Just(308)]);
    let target = (of(Just("https".into())), of("[a-z]{1,9}(:80)?".prop_map(Into::into)), code);
    (kind, any::<[Option<bool>; 2]>(), target, of(any_text()), mirror()).prop_map(
        |(kind, [pass_query_string, enable_replace_prefix], target, replace_key_prefix_with, mirror)| {
            let (protocol, host_name, http_redirect_code) = target;
            Redirect {
                kind,
                pass_query_string,
                protocol,
                host_name,
                http_redirect_code,
                replace_key_with: None,
                replace_key_prefix_with,
                enable_replace_prefix,
                mirror,
            }
        },
    )
}

fn rule() -> impl Strategy<Value = RoutingRule> {
    let lua = of(of(any_text()).prop_map(|script| LuaConfig { script }));
    (any::<u32>(), condition(), redirect(), lua).prop_map(|(number, condition, redirect, lua)| RoutingRule {
        number,
        condition,
        redirect: Some(redirect),
        lua,
    })
}

/// Documents as they are stored: numbers in order, defaults filled in.
fn website() -> impl Strategy<Value = Website> {
    let index = ("[^/\u{0}-\u{1f}\u{7f}-\u{9f}\u{e000}-\u{10ffff}]{1,9}", of(any::<bool>()), of(0..=2_u8))
        .prop_map(|(suffix, support_sub_dir, kind)| IndexDocument { suffix: suffix.into(), support_sub_dir, kind });
    let error = (any_text(), of(prop_oneof![Just(200), Just(404)]))
        .prop_map(|(key, http_status)| ErrorDocument { key: format!("e{key}").into(), http_status });
    (of(index), of(error), vec(rule(), 1..4)).prop_map(|(index, error, mut rules)| {
        (1..).zip(&mut rules).for_each(|(number, rule)| rule.number = number);
        let mut website = Website { index, error, rules };
        website.normalise();
        website
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(website in website()) {
        let mut again = decode(text(&website).as_bytes()).unwrap();
        again.adopt_masked_secrets(Some(&website)).unwrap();
        prop_assert_eq!(again, website);
    }
}
