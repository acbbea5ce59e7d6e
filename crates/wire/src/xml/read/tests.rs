use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// The message of the refusal.
fn refusal(body: impl AsRef<[u8]>) -> String {
    match parse(body.as_ref()) {
        Err(Error::MalformedXml { message }) => message.into(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn reads_names_without_their_namespace() {
    for body in [
        "<R><A>1</A></R>",
        "<R xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\"><A>1</A></R>",
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<n:R xmlns:n='urn:x'>\n <n:A>1</n:A>\n</n:R>\n",
    ] {
        let document = parse(body.as_bytes()).unwrap();
        let root = document.root("R").unwrap();
        assert_eq!(root.required_text("A").unwrap(), "1", "{body}");
    }
    assert!(parse(b"<Other/>").unwrap().root("R").is_err());
}

#[test]
fn tells_absent_from_empty_and_keeps_white_space() {
    let document = parse(b"<R><Empty/><Blank> </Blank><Data><![CDATA[<&>]]>&amp;&#65;</Data></R>").unwrap();
    let root = document.root("R").unwrap();
    assert_eq!(root.text("Absent").unwrap(), None);
    assert_eq!(root.text("Empty").unwrap(), Some(""));
    assert_eq!(root.text("Blank").unwrap(), Some(" "));
    assert_eq!(root.text("Data").unwrap(), Some("<&>&A"));
    let message = root.required_text("Absent").unwrap_err().to_string();
    assert!(message.contains("R lacks Absent"), "{message}");
}

#[test]
fn typed_values_name_the_element_that_is_wrong() {
    let document = parse(b"<R><T>TRUE</T><F> false </F><X>yes</X><N> 07 </N><S>+1</S><Big>256</Big><E/></R>").unwrap();
    let root = document.root("R").unwrap();
    assert_eq!(root.boolean("T").unwrap(), Some(true));
    assert_eq!(root.boolean("F").unwrap(), Some(false));
    assert_eq!(root.boolean("Absent").unwrap(), None);
    assert_eq!(root.number::<u8>("N").unwrap(), Some(7));
    assert_eq!(root.required_number::<u16>("Big").unwrap(), 256);
    assert!(root.boolean("X").unwrap_err().to_string().contains("X is neither"));
    for (name, error) in [
        ("S", root.number::<u32>("S").unwrap_err()),
        ("Big", root.number::<u8>("Big").unwrap_err()),
        ("E", root.number::<u8>("E").unwrap_err()),
        ("Absent", root.required_number::<u8>("Absent").unwrap_err()),
    ] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn containers_hold_elements_and_values_hold_text() {
    let document = parse(b"<R><C> <A/> </C><T>text</T></R>").unwrap();
    let root = document.root("R").unwrap();
    assert!(root.container("C").unwrap().is_some());
    assert!(root.container("Absent").unwrap().is_none());
    assert!(root.container("T").is_err());
    assert!(root.text("C").is_err());
    assert_eq!(root.elements().map(Element::name).collect::<Vec<_>>(), ["C", "T"]);
}

#[test]
fn a_comment_never_cuts_a_value() {
    let document = parse(b"<R><!-- c --><K>secret<!-- -->.txt</K><L><!-- c -->whole</L></R>").unwrap();
    let root = document.root("R").unwrap();
    assert!(root.text("K").is_err());
    assert_eq!(root.text("L").unwrap(), Some("whole"));
}

#[test]
fn ten_thousand_parts_and_a_thousand_deletes_pass() {
    let mut parts = String::from("<CompleteMultipartUpload>");
    for number in 1..=10_000 {
        let etag = "0123456789abcdef0123456789abcdef";
        write!(parts, "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>").unwrap();
    }
    parts.push_str("</CompleteMultipartUpload>");
    let document = parse(parts.as_bytes()).unwrap();
    assert_eq!(document.root("CompleteMultipartUpload").unwrap().children("Part").count(), 10_000);

    let mut deletes = String::from("<Delete>\n");
    for _ in 0..1000 {
        write!(deletes, "  <Object>\n    <Key>{}</Key>\n  </Object>\n", "k".repeat(960)).unwrap();
    }
    deletes.push_str("</Delete>");
    let document = parse(deletes.as_bytes()).unwrap();
    assert_eq!(document.root("Delete").unwrap().children("Object").count(), 1000);
}

#[test]
fn depth_is_bounded_without_recursion() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(parse(nested(MAX_XML_DEPTH).as_bytes()).is_ok());
    assert!(refusal(nested(MAX_XML_DEPTH + 1)).contains("nested deeper"));
    // A million levels are larger than any body may be; the same without end tags as deep as fits.
    assert!(refusal(nested(1_000_000)).contains("more than"));
    assert!(refusal("<a>".repeat(MAX_XML_BYTES / 3)).contains("nested deeper"));
    // Depth hidden behind quoted or commented end tags is still depth.
    assert!(
        refusal("<a x='</a>' y=\"/>\"><!-- </a> --><![CDATA[</a>]]><?p </a>?>".repeat(40)).contains("nested deeper")
    );
}

#[test]
fn entities_and_document_types_are_refused() {
    let laughs = "<!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;\">]><l>&b;</l>";
    let external = "<!DOCTYPE l SYSTEM \"file:///etc/passwd\"><l/>";
    for body in [laughs, external, "<!DOCTYPE l []><l/>", "<!doctype l><l/>"] {
        assert!(refusal(body).contains("document type"), "{body}");
    }
    assert!(refusal("<l>&undeclared;</l>").contains("not well-formed"));
}

#[test]
fn attributes_namespaces_and_elements_are_bounded() {
    let attributes = |count: usize| {
        let mut body = String::from("<a");
        for nth in 0..count {
            write!(body, " b{nth} = '>'").unwrap();
        }
        body + "/>"
    };
    assert!(parse(attributes(MAX_ATTRIBUTES).as_bytes()).is_ok());
    assert!(refusal(attributes(MAX_ATTRIBUTES + 1)).contains("attributes"));
    assert!(refusal(attributes(80_000)).contains("attributes"));
    assert!(refusal(format!("<a b='{}'/>", "x".repeat(MAX_XML_BYTES))).contains("more than"));

    let namespaces = format!("<r>{}</r>", "<a xmlns:b='urn:b'/>".repeat(MAX_NAMESPACE_DECLARATIONS));
    assert!(parse(namespaces.as_bytes()).is_ok());
    let namespaces = format!("<r>{}</r>", "<a x='y'xmlns:b ='urn:b'/>".repeat(MAX_NAMESPACE_DECLARATIONS + 1));
    assert!(refusal(namespaces).contains("namespace declarations"));

    assert!(refusal(format!("<r>{}</r>", "<a/>".repeat(MAX_ELEMENTS))).contains("elements"));
    assert!(refusal(format!("<r>{}</r>", "<!---->x".repeat(130_000))).contains("nodes"));
}

#[test]
fn ill_formed_bodies_are_refused() {
    for body in [
        "",
        " ",
        "text",
        "<a>",
        "</a>",
        "<a></b>",
        "<a",
        "<a b='",
        "<a b=c/>",
        "<!--",
        "<![CDATA[",
        "<?xml",
        "<a/><b/>",
        "<a>\u{1}</a>",
        "<a>&#1;</a>",
    ] {
        refusal(body);
    }
    assert!(refusal(b"<a>\xff</a>").contains("utf-8"));
}

proptest! {
    /// Whatever desynchronises the scan from the parser must not let depth through.
    #[test]
    fn what_is_accepted_keeps_the_depth(pieces in proptest::collection::vec(
        prop_oneof![
            6 => Just("<a>"), 4 => Just("</a>"), 1 => Just("<a/>"), 1 => Just("<a b='>'>"), 1 => Just("<a b=\"'\">"),
            1 => Just("<!--"), 1 => Just("-->"), 1 => Just("<![CDATA["), 1 => Just("]]>"), 1 => Just("<?p"),
            1 => Just("?>"), 1 => Just("'"), 1 => Just("\""), 1 => Just(">"), 1 => Just("text"),
        ],
        0..200,
    )) {
        let body = format!("<r>{}", pieces.concat());
        let starts = pieces.iter().filter(|piece| piece.starts_with("<a") && !piece.ends_with("/>")).count();
        let ends = pieces.iter().filter(|piece| **piece == "</a>").count();
        let closed = format!("{body}{}</r>", "</a>".repeat(starts.saturating_sub(ends)));
        for body in [body, closed] {
            if let Ok(document) = parse(body.as_bytes()) {
                let deepest = document.tree.descendants().filter(roxmltree::Node::is_element);
                // `ancestors` counts the node itself and the document node.
                prop_assert!(deepest.map(|node| node.ancestors().count() - 1).max() <= Some(MAX_XML_DEPTH));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..256)) {
        drop(parse(&body));
    }
}
