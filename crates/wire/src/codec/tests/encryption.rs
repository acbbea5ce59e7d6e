//! Encryption by the server.

use headwater_model::Error;
use headwater_model::encryption::{BucketEncryption, Encryption, KeyHolder, WriteEncryption};
use headwater_model::object::Composition;

use super::*;

/// A key, its base64 and the base64 of its MD5, as Ceph's tests have them.
const KEY: &str = "pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=";
const KEY_MD5: &str = "DWygnHRtgiJ77HCm+1rvHw==";

const ALGORITHM_NAME: &str = "x-amz-server-side-encryption-customer-algorithm";
const KEY_NAME: &str = "x-amz-server-side-encryption-customer-key";
const MD5_NAME: &str = "x-amz-server-side-encryption-customer-key-md5";
const CUSTOMER: [(&str, &str); 3] = [(ALGORITHM_NAME, "AES256"), (KEY_NAME, KEY), (MD5_NAME, KEY_MD5)];

fn own(host: &str) -> &'static str {
    if host == OSS { "x-oss-server-side-encryption" } else { "x-amz-server-side-encryption" }
}

fn copy_source(host: &str) -> &'static str {
    if host == OSS { "x-oss-copy-source" } else { "x-amz-copy-source" }
}

/// What the writer of an object asks for, by each of the requests that make one.
fn asked(host: &str, headers: &[(&str, &str)]) -> Result<Vec<WriteEncryption>> {
    let with = |more: &[(&'static str, &'static str)]| [headers, &[("content-length", "0")][..], more].concat();
    let mut requests = vec![
        ("PUT /bkt/k", with(&[])),
        ("POST /bkt/k?uploads", with(&[])),
        ("PUT /bkt/k", with(&[(copy_source(host), "/bkt/other")])),
    ];
    if host == OSS {
        requests.push(("POST /bkt/k?append&position=0", with(&[])));
    }
    let read = |(line, headers): (&str, Vec<(&str, &str)>)| {
        Ok(match read(host, line, &headers, "")? {
            Op::PutObject(put) => put.encryption,
            Op::CreateMultipartUpload(create) => create.encryption,
            Op::CopyObject(copy) => copy.encryption,
            Op::AppendObject(append) => append.encryption,
            other => panic!("{other:?}"),
        })
    };
    requests.into_iter().map(read).collect()
}

#[test]
fn every_writer_can_ask_for_it() {
    for host in BOTH {
        let all = asked(host, &[(own(host), "AES256")]).unwrap();
        assert!(all.iter().all(|encryption| *encryption == WriteEncryption::Managed), "{all:?}");
        let none = asked(host, &[]).unwrap();
        assert!(none.iter().all(|encryption| *encryption == WriteEncryption::BucketDefault));
        for (algorithm, is_known) in
            [("aws:kms", true), ("aws:kms:dsse", true), ("KMS", true), ("SM4", true), ("AES192", false)]
        {
            match asked(host, &[(own(host), algorithm)]) {
                Err(Error::NotImplemented { what }) => assert!(is_known && what.ends_with(algorithm), "{what}"),
                Err(Error::InvalidEncryptionAlgorithm { algorithm: told }) => {
                    assert!(host == OSS && *told == *algorithm, "{told}");
                }
                Err(Error::InvalidArgument { value, .. }) => {
                    assert!(host == S3 && *value == *algorithm, "{value}");
                }
                other => panic!("{algorithm}: {other:?}"),
            }
        }
    }
    for (host, algorithm) in [(S3, "aws:kms"), (S3, "aws:kms:dsse"), (OSS, "KMS"), (OSS, "SM4")] {
        assert!(matches!(asked(host, &[(own(host), algorithm)]), Err(Error::NotImplemented { .. })), "{algorithm}");
    }
    let key_id = "x-amz-server-side-encryption-aws-kms-key-id";
    for headers in [vec![(key_id, "k")], vec![(key_id, "k"), (own(S3), "AES256")]] {
        assert!(matches!(asked(S3, &headers), Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn what_makes_no_object_cannot_be_asked_for_it() {
    for host in BOTH {
        for line in ["GET /bkt/k", "HEAD /bkt/k", "PUT /bkt/k?partNumber=1&uploadId=u", "PUT /bkt", "DELETE /bkt/k"] {
            let refused = read(host, line, &[(own(host), "AES256"), ("content-length", "0")], "");
            assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{line}: {refused:?}");
        }
    }
}

#[test]
fn a_copy_onto_itself_may_change_its_encryption() {
    let copy = |headers: &[(&str, &str)]| {
        let headers = [headers, &[("x-amz-copy-source", "/bkt/k")][..]].concat();
        read(S3, "PUT /bkt/k", &headers, "")
    };
    assert!(matches!(copy(&[]), Err(Error::InvalidRequest { .. })));
    assert!(copy(&[(own(S3), "AES256")]).is_ok() && copy(&CUSTOMER).is_ok());
}

#[test]
fn a_customers_key_comes_whole_or_is_refused() {
    let with = |name: &str, value: Option<&'static str>| -> Vec<(&str, &str)> {
        CUSTOMER
            .into_iter()
            .filter_map(|(known, own)| if known == name { Some((known, value?)) } else { Some((known, own)) })
            .collect()
    };
    let all = asked(S3, &CUSTOMER).unwrap();
    assert!(
        all.iter().all(|encryption| encryption.customer_key().is_some_and(|key| key.reveal()[..2] == [0xa4, 0xed]))
    );
    for (name, value) in [
        (ALGORITHM_NAME, None),
        (KEY_NAME, None),
        (MD5_NAME, None),
        (KEY_NAME, Some("AAAA")),
        (KEY_NAME, Some("no base64")),
        (MD5_NAME, Some("AAAAAAAAAAAAAAAAAAAAAA==")),
    ] {
        match asked(S3, &with(name, value)) {
            Err(error @ Error::InvalidArgument { .. }) => assert!(!format!("{error:?}").contains(KEY)),
            other => panic!("{name} {value:?}: {other:?}"),
        }
        let read = read(S3, "GET /bkt/k", &with(name, value), "");
        assert!(matches!(read, Err(Error::InvalidArgument { .. })), "{name}: {read:?}");
    }
    let refused = asked(S3, &with(ALGORITHM_NAME, Some("AES192")));
    assert!(matches!(refused, Err(Error::InvalidEncryptionAlgorithm { .. })), "{refused:?}");
    for managed in ["AES256", "aws:kms", "aes:kms"] {
        let both = [&CUSTOMER[..], &[(own(S3), managed)]].concat();
        let refused = asked(S3, &both);
        let told = |message: &str| message.contains("incompatible with the encryption method");
        assert!(matches!(&refused, Err(Error::InvalidArgument { message, .. }) if told(message)), "{refused:?}");
    }
    let Ok(Op::GetObject(get)) = read(S3, "GET /bkt/k", &CUSTOMER, "") else { panic!("no read") };
    assert!(get.customer_key.is_some());
    let Ok(Op::UploadPart(part)) =
        read(S3, "PUT /bkt/k?partNumber=1&uploadId=u", &[&CUSTOMER[..], &[("content-length", "0")]].concat(), "")
    else {
        panic!("no part")
    };
    assert!(part.customer_key.is_some());
}

#[test]
fn the_source_of_a_copy_has_a_key_of_its_own() {
    let names = CUSTOMER.map(|(name, value)| (name.replace("x-amz-", "x-amz-copy-source-"), value));
    let mut headers: Vec<(&str, &str)> = names.iter().map(|(name, value)| (&**name, *value)).collect();
    headers.push(("x-amz-copy-source", "/bkt/other"));
    let Ok(Op::CopyObject(copy)) = read(S3, "PUT /bkt/k", &headers, "") else { panic!("no copy") };
    assert!(copy.source_customer_key.is_some() && copy.encryption == WriteEncryption::BucketDefault);
    let part = read(S3, "PUT /bkt/k?partNumber=1&uploadId=u", &headers, "");
    let Ok(Op::UploadPartCopy(part)) = part else { panic!("no part: {part:?}") };
    assert!(part.source_customer_key.is_some() && part.customer_key.is_none());
    let lonely = read(S3, "PUT /bkt/k", &headers[1..], "");
    assert!(matches!(lonely, Err(Error::InvalidArgument { .. })));
}

fn encrypted(holder: KeyHolder) -> Arc<ObjectMeta> {
    let encryption = Some(Box::new(Encryption { holder, wrapped_key: [0; 60].into() }));
    Arc::new(ObjectMeta { composition: Composition { encryption, ..Composition::default() }, ..meta() })
}

#[test]
fn every_answer_tells_how_its_object_is_encrypted() {
    let replies = |holder| {
        let (meta, body) = (encrypted(holder), Body::Empty);
        vec![
            ("GET /bkt/k", Reply::Object(Box::new(headwater_model::reply::ObjectReply::hit(Arc::clone(&meta), body)))),
            ("PUT /bkt/k", Reply::Stored(Arc::clone(&meta))),
            ("PUT /bkt/k", Reply::Copied(Arc::clone(&meta))),
            ("POST /bkt/k?uploadId=u", Reply::Completed(meta)),
            (
                "POST /bkt/k?uploads",
                Reply::Encrypted(Box::new(Reply::UploadCreated(headwater_model::multipart::UploadId([0; 16]))), holder),
            ),
        ]
    };
    for host in BOTH {
        for (line, reply) in replies(KeyHolder::Server) {
            let response = answer(host, line, reply);
            assert_eq!(response.headers()[own(host)], "AES256", "{line}");
            assert!(!response.headers().contains_key(MD5_NAME));
        }
        for (line, reply) in replies(KeyHolder::Customer { key_md5: [7; 16] }) {
            let response = answer(host, line, reply);
            let told = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let expected = (host == S3).then(|| "BwcHBwcHBwcHBwcHBwcHBw==".to_owned());
            assert_eq!((told(own(host)), told(MD5_NAME), told(KEY_NAME)), (None, expected, None), "{line}");
        }
    }
    assert!(!answer(S3, "PUT /bkt/k", Reply::Stored(Arc::new(meta()))).headers().contains_key(own(S3)));
}

#[test]
fn a_bucket_has_one_rule() {
    let rule = |algorithm: &str, more: &str| {
        let default = format!(
            "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
        );
        [
            (OSS, format!("<ServerSideEncryptionRule>{default}</ServerSideEncryptionRule>")),
            (
                S3,
                format!(
                    "<ServerSideEncryptionConfiguration><Rule>{default}{more}</Rule></ServerSideEncryptionConfiguration>"
                ),
            ),
        ]
    };
    let put = |host: &str, body: &str| read(host, "PUT /bkt?encryption", &[], body);
    for (host, body) in rule("AES256", "") {
        assert!(
            matches!(put(host, &body), Ok(Op::PutBucketEncryption(_, BucketEncryption { bucket_key: None }))),
            "{body}"
        );
        assert_eq!(
            xml(host, "GET /bkt?encryption", Reply::BucketEncryption(BucketEncryption::default()))
                .replace(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", ""),
            body
        );
    }
    let (_, body) = &rule("AES256", "<BucketKeyEnabled>true</BucketKeyEnabled>")[1];
    let wanted = BucketEncryption { bucket_key: Some(true) };
    assert!(matches!(put(S3, body), Ok(Op::PutBucketEncryption(_, encryption)) if encryption == wanted));
    assert!(
        xml(S3, "GET /bkt?encryption", Reply::BucketEncryption(wanted))
            .contains("<BucketKeyEnabled>true</BucketKeyEnabled>")
    );
    for (host, algorithm) in [(OSS, "KMS"), (OSS, "SM4"), (S3, "aws:kms"), (S3, "aws:kms:dsse")] {
        for (_, body) in rule(algorithm, "").iter().filter(|(of, _)| *of == host) {
            assert!(matches!(put(host, body), Err(Error::NotImplemented { .. })), "{body}");
        }
    }
    for (host, body) in rule("AES192", "") {
        assert!(matches!(put(host, &body), Err(Error::MalformedXml { .. })));
        assert!(matches!(put(host, "<X/>"), Err(Error::MalformedXml { .. })));
    }
    let blocking = |kind: &str| {
        format!("<BlockedEncryptionTypes><EncryptionType>{kind}</EncryptionType></BlockedEncryptionTypes>")
    };
    assert!(put(S3, &rule("AES256", &blocking("NONE"))[1].1).is_ok());
    assert!(matches!(put(S3, &rule("AES256", &blocking("SSE-C"))[1].1), Err(Error::NotImplemented { .. })));
    let mut bucket = Bucket::clone(&bucket());
    for (encryption, told) in [(None, "None"), (Some(BucketEncryption::default()), "AES256")] {
        bucket.configuration.encryption = encryption;
        let shown = xml(OSS, "GET /bkt?bucketInfo", Reply::Bucket { owner: owner(), bucket: Arc::new(bucket.clone()) });
        assert!(shown.contains(&format!("<ServerSideEncryptionRule><SSEAlgorithm>{told}</SSEAlgorithm>")), "{shown}");
    }
}
