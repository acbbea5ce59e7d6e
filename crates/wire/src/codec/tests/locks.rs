//! Object lock: configuration, retention, legal hold, headers.

use headwater_model::Error;
use headwater_model::error::VersionError;
use headwater_model::op::LegalHold;
use headwater_model::version::{
    DefaultRetention, Governance, ObjectLock, ObjectLockConfiguration, Retention, RetentionMode, RetentionPeriod,
};

use super::*;

const UNTIL: &str = "2023-12-16T16:20:57.042Z";

/// The line and the names of the document of a bucket's configuration.
const CONFIGURATIONS: [(&str, &str, &str, &str); 2] = [
    (OSS, "/bkt?objectWorm", "ObjectWormConfiguration", "ObjectWormEnabled"),
    (S3, "/bkt?object-lock", "ObjectLockConfiguration", "ObjectLockEnabled"),
];

#[test]
fn a_bucket_locks_its_objects() {
    for (host, path, root, switch) in CONFIGURATIONS {
        let put = |rule: &str| {
            let body = format!("<{root}><{switch}>Enabled</{switch}>{rule}</{root}>");
            match read(host, &format!("PUT {path}"), &[], &body) {
                Ok(Op::PutObjectLockConfiguration(_, configuration)) => Ok(configuration.default_retention),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error),
            }
        };
        let rule = |inner: &str| format!("<Rule><DefaultRetention>{inner}</DefaultRetention></Rule>");
        assert_eq!(put("").unwrap(), None);
        for (text, mode, period) in [
            ("<Mode>GOVERNANCE</Mode><Days>1</Days>", RetentionMode::Governance, RetentionPeriod::Days(1)),
            ("<Mode>COMPLIANCE</Mode><Years>100</Years>", RetentionMode::Compliance, RetentionPeriod::Years(100)),
        ] {
            let expected = DefaultRetention { mode, period };
            assert_eq!(put(&rule(text)).unwrap(), Some(expected));
            let reply = Reply::LockConfiguration(ObjectLockConfiguration { default_retention: Some(expected) });
            let shown = xml(host, &format!("GET {path}"), reply);
            assert!(shown.contains(&format!("<{switch}>Enabled</{switch}>{}</{root}>", rule(text))), "{shown}");
        }
        for wrong in [
            "<Mode>governance</Mode><Years>1</Years>",
            "<Mode>abc</Mode><Years>1</Years>",
            "<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>",
            "<Mode>GOVERNANCE</Mode>",
            "<Mode>GOVERNANCE</Mode><Days>x</Days>",
            "<Days>1</Days>",
        ] {
            assert!(matches!(put(&rule(wrong)), Err(Error::MalformedXml { .. })), "{wrong}");
        }
        assert!(matches!(put("<Rule/>"), Err(Error::MalformedXml { .. })));
        for wrong in ["<Days>0</Days>", "<Years>-1</Years>", "<Days>36501</Days>", "<Years>101</Years>"] {
            let refused = put(&rule(&format!("<Mode>GOVERNANCE</Mode>{wrong}")));
            let expected = matches!(refused, Err(Error::Version(VersionError::InvalidRetentionPeriod { .. })));
            assert!(expected, "{wrong}: {refused:?}");
        }
        let disabled = format!("<{root}><{switch}>Disabled</{switch}></{root}>");
        let refused = read(host, &format!("PUT {path}"), &[], &disabled);
        assert!(matches!(refused, Err(Error::MalformedXml { .. })));
    }
}

#[test]
fn a_version_is_retained() {
    for (host, bypass) in [(OSS, "x-oss-bypass-governance-retention"), (S3, "x-amz-bypass-governance-retention")] {
        let put = |inner: &str| {
            let body = format!("<Retention>{inner}</Retention>");
            match read(host, "PUT /bkt/k?retention&versionId=null", &[(bypass, "true")], &body) {
                Ok(Op::PutObjectRetention(put)) => Ok(*put),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error),
            }
        };
        let read = put(&format!("<Mode>GOVERNANCE</Mode><RetainUntilDate>{UNTIL}</RetainUntilDate>")).unwrap();
        assert_eq!(read.retention, Some(Retention { mode: RetentionMode::Governance, until: AT }));
        assert_eq!((read.governance, read.target.version), (Governance::Bypassed, Some(VersionId::Null)));
        assert_eq!(put("").unwrap().retention, None);
        for wrong in [
            "<Mode>GOVERNANCE</Mode>",
            "<Mode>GOVERNANCE</Mode><RetainUntilDate>soon</RetainUntilDate>",
            "<Mode>governance</Mode><RetainUntilDate>2023-12-16T16:20:57Z</RetainUntilDate>",
        ] {
            assert!(matches!(put(wrong), Err(Error::MalformedXml { .. })), "{wrong}");
        }
        let retention = Retention { mode: RetentionMode::Compliance, until: AT };
        let shown = xml(host, "GET /bkt/k?retention", Reply::Retention(retention));
        let expected = format!("<Mode>COMPLIANCE</Mode><RetainUntilDate>{UNTIL}</RetainUntilDate></Retention>");
        assert!(shown.ends_with(&expected), "{shown}");
    }
}

#[test]
fn a_version_is_held() {
    for (host, path) in [(OSS, "/bkt/k?legalHold"), (S3, "/bkt/k?legal-hold")] {
        let put = |status: &str| {
            let body = format!("<LegalHold><Status>{status}</Status></LegalHold>");
            match read(host, &format!("PUT {path}"), &[], &body) {
                Ok(Op::PutObjectLegalHold(_, hold)) => Ok(hold),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error),
            }
        };
        assert_eq!((put("ON").unwrap(), put("OFF").unwrap()), (LegalHold::On, LegalHold::Off));
        assert!(matches!(put("abc"), Err(Error::MalformedXml { .. })));
        let shown = xml(host, &format!("GET {path}"), Reply::LegalHold(LegalHold::Off));
        assert!(shown.contains("<Status>OFF</Status>"));
    }
}

#[test]
fn headers_lock_what_is_written() {
    for (host, prefix) in [(OSS, "x-oss-object-worm"), (S3, "x-amz-object-lock")] {
        let [mode, until, hold] = ["mode", "retain-until-date", "legal-hold"].map(|name| format!("{prefix}-{name}"));
        let lock = |fields: &[(&str, &str)]| {
            let headers = [fields, &[("content-length", "0")]].concat();
            match read(host, "PUT /bkt/k", &headers, "") {
                Ok(Op::PutObject(put)) => Ok(put.headers.lock),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error),
            }
        };
        assert_eq!(lock(&[]).unwrap(), None);
        assert_eq!(lock(&[(&hold, "OFF")]).unwrap(), None);
        let all = [(&*mode, "COMPLIANCE"), (&*until, UNTIL), (&*hold, "ON")];
        let retention = Some(Retention { mode: RetentionMode::Compliance, until: AT });
        let expected = ObjectLock { retention, legal_hold: true };
        assert_eq!(lock(&all).unwrap().as_deref(), Some(&expected));
        for (wrong, argument) in [
            (&all[..1], &mode),
            (&all[1..], &until),
            (&[(&*mode, "x"), (&*until, UNTIL)][..], &mode),
            (&[(&*mode, "GOVERNANCE"), (&*until, "x")][..], &until),
            (&[(&*hold, "on")][..], &hold),
        ] {
            let refused = lock(wrong);
            assert!(matches!(&refused, Err(Error::InvalidArgument { name, .. }) if **name == **argument), "{wrong:?}");
        }
        let source = if host == OSS { "x-oss-copy-source" } else { "x-amz-copy-source" };
        let Ok(Op::CopyObject(copy)) = read(host, "PUT /bkt/k", &[&all[..], &[(source, "src/b")]].concat(), "") else {
            panic!("a copy")
        };
        assert_eq!((copy.lock.as_deref(), copy.headers.is_some()), (Some(&expected), false));
        let mut locked = meta();
        locked.headers.lock = expected.boxed();
        let object = headwater_model::reply::ObjectReply::hit(Arc::new(locked), Body::Empty);
        let shown = answer(host, "HEAD /bkt/k", Reply::Object(Box::new(object)));
        for (name, value) in [(&mode, "COMPLIANCE"), (&until, UNTIL), (&hold, "ON")] {
            assert_eq!(shown.headers()[name], value);
        }
    }
}
