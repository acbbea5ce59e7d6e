//! Forbidden URLs: every kind of forbidden address in every spelling that some parser or resolver takes for it.
//!
//! Sources: the address list of the threat model (IANA special-purpose registries and the vendors' metadata services),
//! OWASP's SSRF sheet, and the spellings of published bypasses.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What is to become of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The spelling is no URL of an origin: the rule is refused.
    Illegal,
    /// The URL is well-formed and leads to a forbidden address: the rule is saved, the fetch refused as forbidden.
    Forbidden,
}

/// One URL. It ends with `/`, as `MirrorURL` must.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) url: String,
    pub(super) fate: Fate,
}

/// At least one of each block; the first and the last of some.
const V4: [[u8; 4]; 32] = [
    [0, 0, 0, 0],
    [0, 1, 2, 3],
    [10, 0, 0, 1],
    [10, 255, 255, 254],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [100, 127, 255, 254],
    [127, 0, 0, 1],
    [127, 8, 8, 8],
    [127, 255, 255, 254],
    [168, 63, 129, 16],
    [169, 254, 0, 1],
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [169, 254, 170, 23],
    [172, 16, 0, 1],
    [172, 31, 255, 254],
    [192, 0, 0, 1],
    [192, 0, 0, 192],
    [192, 0, 2, 1],
    [192, 88, 99, 1],
    [192, 168, 0, 1],
    [192, 168, 255, 254],
    [198, 18, 0, 1],
    [198, 19, 255, 254],
    [198, 51, 100, 1],
    [203, 0, 113, 1],
    [224, 0, 0, 1],
    [239, 255, 255, 250],
    [240, 0, 0, 1],
    [254, 255, 255, 255],
    [255, 255, 255, 255],
];

const V6: [&str; 28] = [
    "::",
    "::1",
    "::7f00:1",
    "::ffff:0:0",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1:a00:0:100::",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::23",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fdff:ffff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
];

/// Name under which [`names`] has an address.
fn name_of(address: &impl ToString) -> String {
    format!("at-{}.forbidden.example", address.to_string().replace(['.', ':'], "-").replace("--", "-x-"))
}

/// Names, each with its forbidden address.
pub(super) fn names() -> Vec<(String, String)> {
    let v4 = V4.map(Ipv4Addr::from).map(|address| (name_of(&address), address.to_string()));
    let v6 = V6.map(|text| (name_of(&text), text.to_owned()));
    v4.into_iter().chain(v6).collect()
}

/// The whole corpus, without duplicates, always in the same order.
pub(super) fn urls() -> Vec<Entry> {
    let mut entries = Vec::new();
    for octets in V4 {
        v4_spellings(octets, &mut entries);
    }
    for text in V6 {
        v6_spellings(text, &mut entries);
    }
    for scheme in SCHEMES {
        entries.push(Entry { url: format!("{scheme}127.0.0.1/"), fate: Fate::Illegal });
    }
    let mut seen = BTreeSet::new();
    entries.retain(|entry| seen.insert(entry.url.clone()));
    entries
}

const SCHEMES: [&str; 20] = [
    "file://",
    "file:///",
    "gopher://",
    "dict://",
    "ftp://",
    "sftp://",
    "tftp://",
    "ldap://",
    "jar:http://",
    "unix://",
    "unix:/",
    "data://",
    "data:text/plain,",
    "javascript://",
    "ws://",
    "http:",
    "http:/",
    "http:///",
    "http:\\\\",
    "//",
];

fn v4_spellings(octets: [u8; 4], entries: &mut Vec<Entry>) {
    let [a, b, c, d] = octets;
    let address = Ipv4Addr::from(octets);
    let number = u32::from(address);
    let mut push = |fate, host: String| entries.push(Entry { url: format!("http://{host}/"), fate });
    let groups = format!("{:x}:{:x}", number >> 16, number & 0xffff);
    let name = name_of(&address);

    for host in [
        address.to_string(),
        format!("{address}:8080"),
        name.clone(),
        name.to_uppercase(),
        format!("{name}."),
        format!("[::ffff:{address}]"),
        format!("[::ffff:{groups}]"),
        format!("[0:0:0:0:0:ffff:{groups}]:8080"),
        format!("[64:ff9b::{address}]"),
        format!("[2002:{groups}::]"),
    ] {
        push(Fate::Forbidden, host);
    }
    // Of the compatible form, `::` and `::1` are addresses of their own; all are forbidden.
    push(Fate::Forbidden, format!("[::{address}]"));

    for host in [
        // Compatibility digits and full stops, which IDNA maps to ASCII: an address in disguise.
        full_width(&address.to_string()),
        address.to_string().replace('.', "\u{3002}"),
        address.to_string().replace('.', "\u{ff0e}"),
        address.to_string().replace('1', "\u{2460}").replace('2', "\u{2461}").replace('4', "\u{2463}"),
        format!("{a}.{}", number & 0x00ff_ffff),
        format!("{a}.{b}.{}", number & 0xffff),
        number.to_string(),
        format!("{number:#x}"),
        format!("{number:#X}"),
        format!("0{number:o}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a:#x}.{b}.0{c:o}.{d}"),
        format!("00{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d:#x}"),
        format!("{address}."),
        format!("{address}.."),
        format!("{a}.{b}.{c}.{d}.0"),
        percent_encoded(&address.to_string()),
        format!("{a}%2e{b}%2e{c}%2e{d}"),
        format!("[{address}]"),
        format!("[::ffff:{address}%25lo]"),
        format!("user@{address}"),
        format!("user:word@{address}"),
        format!("public.example@{address}"),
        format!("public.example:80@{address}"),
        format!("public.example\\@{address}"),
        format!("public.example#@{address}"),
        format!("public.example?@{address}"),
        format!("{address}\\public.example"),
        format!("{address}\r\nHost: public.example"),
        format!("{address}\t"),
        format!(" {address}"),
        format!("{address}:80:8080"),
        format!("{address}:99999"),
    ] {
        push(Fate::Illegal, host);
    }
}

fn v6_spellings(text: &str, entries: &mut Vec<Entry>) {
    let address: Ipv6Addr = text.parse().expect("an IPv6 address");
    let groups = address.segments().map(|group| format!("{group:04X}")).join(":");
    let mut push = |fate, url: String| entries.push(Entry { url, fate });
    for url in [
        format!("http://[{text}]/"),
        format!("http://[{text}]:8080/"),
        format!("https://[{text}]/"),
        format!("http://[{groups}]/"),
        format!("http://{}/", name_of(&text)),
    ] {
        push(Fate::Forbidden, url);
    }
    for url in [
        format!("http://{text}/"),
        format!("http://[{text}%lo]/"),
        format!("http://[{text}%25lo]/"),
        format!("http://[{text}%251]/"),
        format!("http://[{text}/"),
        format!("http://[{text}]x/"),
        format!("http://user@[{text}]/"),
    ] {
        push(Fate::Illegal, url);
    }
}

fn full_width(text: &str) -> String {
    let wide = |char: char| char.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)).unwrap_or(char);
    text.chars().map(wide).collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"))
}
