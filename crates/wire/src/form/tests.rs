//! Forms as browsers send them, policies as servers sign them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, ObjectMeta, Provenance};
use headwater_model::op::Op;
use headwater_model::reply::VersionNote;
use headwater_model::{BucketName, Error, Result};
use proptest::prelude::*;

use super::*;
use crate::sign::SignError;
use crate::{Addressing, RequestFacts, ResponseContext, decode, route};

mod policy;

const BOUNDARY: &str = "--WebKit7x";
/// 2023-12-16T16:20:57Z.
const NOW: Timestamp = Timestamp(1_702_743_657_000);

fn body(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a b.txt\"\r\nContent-Type: text/x\r\n\r\n";
    body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}").as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// The form, its file's bytes and whether it ended, read in pieces of this length.
fn read(body: &[u8], piece: usize) -> Result<Option<(Form, Vec<u8>, bool)>> {
    let mut reader = Some(FormReader::new(BOUNDARY));
    let mut found: Option<(Form, FileReader)> = None;
    let mut file = Vec::new();
    for chunk in body.chunks(piece) {
        match (&mut reader, &mut found) {
            (_, Some((_, file))) => file.push(Bytes::copy_from_slice(chunk))?,
            (Some(head), None) => {
                if let Some(form) = head.push(chunk)? {
                    found = reader.take().map(|head| (form, head.into_file()));
                }
            }
            (None, None) => unreachable!("the reader goes when the form comes"),
        }
        while let Some(bytes) = found.as_mut().and_then(|(_, file)| file.pop()) {
            file.extend_from_slice(&bytes);
        }
    }
    if let Some(mut head) = reader
        && let Some(form) = head.end()?
    {
        let mut rest = head.into_file();
        while let Some(bytes) = rest.pop() {
            file.extend_from_slice(&bytes);
        }
        found = Some((form, rest));
    }
    Ok(found.map(|(form, reader)| (form, file, reader.has_ended())))
}

fn form(fields: &[(&str, &str)]) -> Form {
    read(&body(fields, b"x"), 7).unwrap().unwrap().0
}

#[test]
fn fields_come_before_the_file_whatever_the_pieces() {
    let file = b"\r\n--almost\r\n--WebKit\r\r\n\0\xff bytes \r";
    let body = body(&[("Key", "a/${filename}"), ("x-amz-meta-a", "1\r\n2"), ("empty", "")], file);
    for piece in 1..body.len() {
        let (form, bytes, ended) = read(&body, piece).unwrap().unwrap();
        assert_eq!((bytes.as_slice(), ended), (&file[..], true), "pieces of {piece}");
        assert_eq!(form.key().as_deref(), Some("a/a b.txt"), "the path is the visitor's affair");
        assert_eq!((form.get("x-amz-meta-a"), form.get("empty"), form.get("file")), (Some("1\r\n2"), Some(""), None));
    }
    let (_, bytes, ended) = read(&body[..body.len() - 10], 5).unwrap().unwrap();
    assert!(!ended && bytes.len() < file.len() + 10, "a cut body does not end");
}

#[test]
fn what_is_no_form_is_refused() {
    let no_file =
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--{BOUNDARY}--\r\n");
    let no_name = format!("--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nk\r\n");
    let attachment = format!("--{BOUNDARY}\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nk\r\n");
    let long = body(&[("key", &"k".repeat(MAX_HEAD_BYTES))], b"x");
    let many: Vec<(String, String)> = (0..200).map(|number| (format!("f{number}"), String::new())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, &**value)).collect();
    for bad in [no_file.into_bytes(), no_name.into_bytes(), attachment.into_bytes(), long, body(&many, b"x")] {
        assert!(matches!(read(&bad, 1000), Err(Error::MalformedForm { .. })));
    }
    let of = |kind: &str| {
        let request = http::Request::builder().header("content-type", kind);
        boundary(&request.body(()).unwrap().into_parts().0, Dialect::Oss)
    };
    assert_eq!(of("multipart/form-data; charset=\"x;y\"; boundary=abc").unwrap(), "abc");
    assert_eq!(of("Multipart/Form-Data;boundary=\"a b\"").unwrap(), "a b");
    for bad in ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary="] {
        assert!(matches!(of(bad), Err(Error::MalformedForm { .. })), "{bad}");
    }
    let (_, plain) = own_request();
    assert!(matches!(boundary(&plain, Dialect::S3), Err(Error::PreconditionFailed { .. })), "S3's own answer");
}

#[test]
fn not_everything_may_follow_the_file() {
    let mut body = body(&[("key", "k")], b"x");
    body.resize(body.len() + (60 << 10), b'-');
    assert!(read(&body, 1000).unwrap().is_some_and(|(_, file, ended)| ended && file == b"x"));
    body.resize(body.len() + (10 << 10), b'-');
    assert!(matches!(read(&body, 1000), Err(Error::MalformedForm { .. })));
}

#[test]
fn a_name_may_have_quotes() {
    for (sent, expected) in
        [(r#"a\"b.txt"#, "a\"b.txt"), (r#"C:\d\\"a.txt"#, "\"a.txt"), ("a%22b", "a%22b"), (r"C:\a", "a")]
    {
        let text = String::from_utf8(body(&[("key", "${filename}")], b"x")).unwrap();
        let text = text.replace(r"C:\dir\a b.txt", sent);
        let (form, ..) = read(text.as_bytes(), 1000).unwrap().unwrap();
        assert_eq!((form.key().as_deref(), form.file_type.as_deref()), (Some(expected), Some("text/x")), "{sent}");
    }
}

#[test]
fn what_would_not_be_done_is_refused() {
    for name in ["callback", "callback-var"] {
        for (dialect, refused) in [(Dialect::Oss, true), (Dialect::S3, false)] {
            let form = form(&[("key", "k"), (name, "e30=")]);
            let made = posted(&form, dialect);
            assert_eq!(matches!(made, Err(Error::NotImplemented { what }) if &*what == name), refused, "{name}");
        }
    }
}

#[test]
fn the_policy_is_what_is_signed() {
    // HMAC-SHA1 and the V4 chain over the text "cG9saWN5", computed with Python's hmac.
    let signed = |fields: &[(&str, &str)]| {
        let mut all = vec![("policy", "cG9saWN5")];
        all.extend(fields);
        form(&all).credentials().unwrap().unwrap()
    };
    let v1 = "xjcOd3+I0tu58AF8jUmwdfvwgBU=";
    for id in ["AWSAccessKeyId", "OSSAccessKeyId"] {
        let credentials = signed(&[(id, "AK"), ("Signature", v1)]);
        assert_eq!(credentials.access_key_id, "AK");
        assert!(credentials.verify("secret", None).is_ok());
        assert!(matches!(credentials.verify("other", None), Err(SignError::Mismatch(_))));
    }
    for (prefix, service, terminator, signature) in [
        ("x-amz-", "s3", "aws4_request", "b2a52492ea5f053eccf45819c78ae117b6d408ce93ce17c9a4308736412e0994"),
        ("x-oss-", "oss", "aliyun_v4_request", "348475ee579ec77ffe23b8f8127ba46fa8dd5c37504cd77afcf75285c04183c7"),
    ] {
        let field = |name: &str| format!("{prefix}{name}");
        let credential = format!("AK/20231216/cn-hangzhou/{service}/{terminator}");
        let names = [field("credential"), field("date"), field("signature")];
        let fields = [(&*names[0], &*credential), (&*names[1], "20231216T162057Z"), (&*names[2], signature)];
        let credentials = signed(&fields);
        assert!(credentials.verify("secret", Some("cn-hangzhou")).is_ok());
        assert!(matches!(credentials.verify("secret", Some("elsewhere")), Err(SignError::WrongRegion { .. })));
        assert!(matches!(credentials.verify("other", None), Err(SignError::Mismatch(_))));
        let other_day = [fields[0], (fields[1].0, "20231217T162057Z"), fields[2]];
        let mut all = vec![("policy", "cG9saWN5")];
        all.extend(other_day);
        assert!(matches!(form(&all).credentials(), Err(Error::InvalidArgument { .. })));
    }
    assert!(form(&[("key", "k")]).credentials().unwrap().is_none());
    for half in [
        &[("policy", "cA==")][..],
        &[("AWSAccessKeyId", "AK"), ("policy", "cA==")],
        &[("signature", "s"), ("policy", "cA==")],
        &[("AWSAccessKeyId", "AK"), ("signature", "s")],
    ] {
        assert!(matches!(form(half).credentials(), Err(Error::InvalidArgument { .. })), "{half:?}");
    }
}

#[test]
fn the_sender_does_not_choose_how_much_is_asked() {
    let (oss, s3) = (Dialect::Oss, Dialect::S3);
    let (v1_oss, v1_s3) = (("OSSAccessKeyId", "AK"), ("AWSAccessKeyId", "AK"));
    let (policy, signature) = (("policy", "cA=="), ("signature", "s"));
    let (v4_oss, v4_s3) = (("x-oss-signature", "s"), ("x-amz-signature", "s"));
    for (fields, of_bucket, expected) in [
        (&[policy, signature, v1_oss][..], Some(oss), Some(oss)),
        (&[policy, signature, v1_oss, ("x-oss-meta-a", "1")], Some(oss), Some(oss)),
        (&[policy, signature, v1_oss], Some(s3), Some(s3)),
        (&[policy, signature, v1_oss], None, Some(s3)),
        (&[policy, signature, v1_s3], Some(oss), Some(s3)),
        (&[policy, v4_oss], Some(s3), Some(oss)),
        (&[policy, v4_s3], Some(oss), Some(s3)),
        (&[("x-oss-meta-a", "1")], Some(s3), Some(oss)),
        (&[("x-amz-meta-a", "1")], Some(oss), Some(s3)),
        (&[], Some(s3), Some(oss)),
        (&[policy, signature, v1_oss, ("x-oss-meta-a", "1")], Some(s3), None),
        (&[policy, signature, v1_oss, v1_s3], Some(oss), None),
        (&[policy, v4_s3, ("x-oss-a", "1")], Some(oss), None),
        (&[policy, v4_oss, ("x-amz-a", "1")], Some(oss), None),
        (&[policy, v4_s3, v1_oss, signature], Some(oss), None),
        (&[("x-oss-meta-a", "1"), ("x-amz-meta-a", "1")], Some(oss), None),
    ] {
        match (form(fields).dialect(of_bucket, oss), expected) {
            (Ok(found), Some(expected)) => assert_eq!(found, expected, "{fields:?}"),
            (Err(Error::InvalidArgument { .. }), None) => {}
            (found, _) => panic!("{fields:?} of {of_bucket:?}: {found:?}"),
        }
    }
}

/// The form's own request.
fn own_request() -> (crate::Routed, http::request::Parts) {
    let builder = http::Request::builder().method("POST").uri("/bkt").header("host", "store.test");
    let parts = builder.body(()).unwrap().into_parts().0;
    let addressing = Addressing {
        domains: Vec::new(),
        website_domains: Vec::new(),
        default_dialect: Dialect::Oss,
        region: "cn-hangzhou".into(),
    };
    (route(&parts, &addressing, &|_| None).unwrap(), parts)
}

fn posted(form: &Form, dialect: Dialect) -> Result<(crate::Routed, http::request::Parts)> {
    let (routed, parts) = own_request();
    form.request(&parts, &routed, dialect)
}

fn request(fields: &[(&str, &str)]) -> (Form, crate::Routed, http::request::Parts) {
    let form = form(fields);
    let dialect = form.dialect(None, Dialect::Oss).unwrap();
    let (put, head) = posted(&form, dialect).unwrap();
    (form, put, head)
}

#[test]
fn fields_are_the_headers_of_a_put() {
    let tags = "<Tagging><TagSet><Tag><Key>a b</Key><Value>1/2</Value></Tag></TagSet></Tagging>";
    let facts = RequestFacts { signed: true, secure: false, has_website: false };
    let fields = [
        ("key", "k"),
        ("x-amz-meta-a", "1"),
        ("Content-Type", "text/y"),
        ("tagging", tags),
        ("x-amz-storage-class", "GLACIER"),
    ];
    let (_, put, head) = request(&fields);
    let Op::PutObject(op) = decode(&put, &head, None, &facts).unwrap() else { panic!("no put") };
    assert_eq!((op.key.as_str(), op.content_length), ("k", None));
    assert_eq!(op.headers.content.content_type.as_deref(), Some("text/y"));
    assert_eq!(op.headers.user, [("a".into(), "1".into())]);
    assert_eq!((op.tags, op.headers.storage_class.as_deref()), (vec![("a b".into(), "1/2".into())], Some("GLACIER")));
    let (_, put, head) = request(&[("key", "k"), ("OSSAccessKeyId", "AK"), ("x-oss-forbid-overwrite", "true")]);
    assert_eq!(put.dialect, Dialect::Oss);
    let Op::PutObject(op) = decode(&put, &head, None, &facts).unwrap() else { panic!("no put") };
    assert_eq!(op.headers.content.content_type.as_deref(), Some("text/x"), "of the file's part");
    let kind = |fields: &[(&str, &str)]| {
        let mut all = vec![("key", "k"), ("x-oss-meta-a", "1"), ("Content-Type", "text/y")];
        all.extend(fields);
        let (_, put, head) = request(&all);
        let Op::PutObject(op) = decode(&put, &head, None, &facts).unwrap() else { panic!("no put") };
        op.headers.content.content_type
    };
    assert_eq!(kind(&[]).as_deref(), Some("text/x"), "the file's part comes before the field");
    assert_eq!(kind(&[("x-oss-content-type", "text/z")]).as_deref(), Some("text/z"));
    assert_eq!(op.condition, headwater_model::op::WriteCondition::ForbidOverwrite);
}

#[test]
fn the_form_says_how_it_is_answered() {
    let meta = ObjectMeta {
        size_bytes: 1,
        etag: ETag::of_md5([0xAB; 16]),
        last_modified: NOW,
        crc64: 7,
        md5: None,
        checksum: None,
        kind: ObjectKind::Normal,
        provenance: Provenance::Written,
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        composition: Composition::default(),
        version: headwater_model::version::VersionId::Null,
    };
    let answer = |fields: &[(&str, &str)]| {
        let (form, put, head) = request(fields);
        let context = ResponseContext { request_id: "R", elapsed: std::time::Duration::ZERO, secure: true };
        encode_form(&form, (&put, &head), (&meta, VersionNote::default()), &context)
    };
    let s3 = ("x-amz-meta-a", "1");
    for (status, expected) in [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("x", 204)] {
        assert_eq!(answer(&[("key", "k"), s3, ("success_action_status", status)]).status(), expected);
    }
    let created = answer(&[("key", "a b"), s3, ("success_action_status", "201")]);
    let headwater_model::body::Body::Full(bytes) = created.into_body() else { panic!("no document") };
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(
        text.contains(
            "<PostResponse><Location>https://store.test/bkt/a%20b</Location><Bucket>bkt</Bucket><Key>a b</Key>"
        ),
        "{text}"
    );
    let redirected = answer(&[("key", "k"), s3, ("success_action_redirect", "http://a.test/done?x=1")]);
    let tag = "%22abababababababababababababababab%22";
    assert_eq!(redirected.status(), 303);
    assert_eq!(redirected.headers()["location"], format!("http://a.test/done?x=1&bucket=bkt&key=k&etag={tag}"));
    assert_eq!(answer(&[("key", "k"), s3, ("redirect", "/nowhere")]).status(), 204);
}

proptest! {
    #[test]
    fn any_file_comes_back(file in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), any::<u8>()], 0..200), piece in 1usize..60) {
        let delimiter = format!("\r\n--{BOUNDARY}");
        prop_assume!(!file.windows(delimiter.len()).any(|window| window == delimiter.as_bytes()));
        let (_, bytes, ended) = read(&body(&[("key", "k")], &file), piece).unwrap().unwrap();
        prop_assert_eq!((bytes, ended), (file, true));
    }

    #[test]
    fn no_body_is_too_strange(body in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..60) {
        let _ = read(&body, piece);
        let framed = [format!("--{BOUNDARY}\r\n").as_bytes(), &body].concat();
        let _ = read(&framed, piece);
    }
}
