//! The URL of an origin request, for any rule that is accepted, any key and any query: plain ASCII, at the rule's own
//! authority, the key's bytes exactly, no dot segment that the rule's author did not write.

#![no_main]

use arbitrary::Arbitrary;
use headwater_egress::fuzzing::target;
use headwater_model::ObjectKey;
use headwater_model::op::MissContext;
use headwater_model::origin::OriginId;
use headwater_model::rule::rewriting::{origin_url, origin_urls, rewritten_key};
use headwater_model::rule::{Alternate, RoutingRule, validate};
use headwater_model::website::Website;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    /// Which of some ordinary URLs is the rule's; beyond them, the arbitrary one.
    known: u8,
    url: String,
    slave: Option<String>,
    alternate: Option<String>,
    key_prefix: Option<String>,
    replace_prefix_with: Option<String>,
    replace_key_with: Option<String>,
    switches: u8,
    key: String,
    query: Option<String>,
    extra_slashes: u8,
}

const KNOWN: [&str; 5] = [
    "http://origin.example/",
    "https://origin.example:8443/base//dir/",
    "http://192.0.2.1/a%2Fb/",
    "http://[2001:db8::1]:81/x/",
    "http://b\u{fc}cher.example/\u{fc}/",
];

impl Input {
    fn rule(&self) -> RoutingRule {
        let url = KNOWN.get(usize::from(self.known)).copied().unwrap_or(&self.url);
        let mut rule = RoutingRule::mirror_all(1, url);
        rule.condition.key_prefix = self.key_prefix.as_deref().map(Into::into);
        let on = |bit: u8| self.switches & (1 << bit) != 0;
        let redirect = rule.redirect.as_mut().expect("mirror_all makes one");
        redirect.enable_replace_prefix = on(0).then_some(on(1));
        redirect.pass_query_string = on(2).then_some(on(3));
        redirect.replace_key_prefix_with = self.replace_prefix_with.as_deref().map(Into::into);
        redirect.replace_key_with = self.replace_key_with.as_deref().map(Into::into);
        redirect.mirror.pass_original_slashes = on(4).then_some(on(5));
        redirect.mirror.url_slave = self.slave.as_deref().map(Into::into);
        redirect.mirror.multi_alternates =
            self.alternate.as_deref().map(|url| vec![Alternate { number: 1, url: url.into(), ..Alternate::default() }]);
        rule
    }
}

/// What a percent-encoded path means.
fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).expect("hexadecimal") as u8;
                bytes.push(digit(high) << 4 | digit(low));
                tail
            }
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    bytes
}

/// Holds a URL to what every origin URL is.
fn check(url: &str, base: &str, tail: &str) {
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    assert!(!url.contains('#') && !url.contains('\\'), "{url:?}");
    assert_eq!(OriginId::parse(url).as_ref(), Ok(&OriginId::parse(base).expect("an accepted base")), "{url:?}");
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let base_path =
        base.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..])).expect("a base ends with /");
    let path_at = path.find("://").map(|at| at + 3).and_then(|at| Some(at + path[at..].find('/')?)).expect("a path");
    let path = &path[path_at..];
    // The base's own escapes stay, so both sides are compared as what they mean.
    let mut meant = decoded(base_path);
    meant.extend_from_slice(tail.as_bytes());
    assert_eq!(decoded(path), meant, "{url:?}");
    if !base_path.split('/').any(|segment| segment == "." || segment == "..") {
        assert!(!path.split('/').any(|segment| segment == "." || segment == ".."), "{url:?}");
    }
    // Whatever the client accepts it sends as it stands, to that host.
    if let Ok(requested) = target(url) {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        assert_eq!(requested.path, format!("{path}{query}"));
        let id = OriginId::parse(url).expect("compared above");
        let scheme = if requested.secure { "https" } else { "http" };
        assert!(
            id.as_str().starts_with(&format!("{scheme}://")) && id.as_str().ends_with(&format!(":{}", requested.port))
        );
    }
}

fuzz_target!(|input: Input| {
    let rule = input.rule();
    let website = Website { rules: vec![rule.clone()], ..Website::default() };
    let (Ok(()), Ok(key)) = (validate(&website), ObjectKey::parse(&input.key)) else { return };
    let miss = MissContext {
        query: input.query.as_deref().map(Into::into),
        extra_slashes: input.extra_slashes.into(),
        ..MissContext::default()
    };
    let slashes = usize::from(input.extra_slashes) * usize::from(input.switches & 0b11_0000 == 0b11_0000);
    let tail = format!("{}{}", "/".repeat(slashes), rewritten_key(&rule, key.as_str()));
    let Ok(url) = origin_url(&rule, &key, &miss) else { return };
    check(&url, rule.mirror_url().expect("a mirror rule"), &tail);
    let mirror = rule.mirror().expect("a mirror rule");
    let bases = mirror.url_slave.iter().chain(mirror.multi_alternates.iter().flatten().map(|alternate| &alternate.url));
    for (url, base) in origin_urls(&rule, &key, &miss).expect("the same key")[1..].iter().zip(bases) {
        check(url, base, &tail);
    }
});
