//! Hotlink protection and logging as documents.

use headwater_model::Error;
use headwater_model::logging::LogKeyFormat;

use super::*;

#[test]
fn hotlink_protection_comes_back_as_it_was_put() {
    const FULL: &str = "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer>\
        <AllowTruncateQueryString>true</AllowTruncateQueryString><TruncatePath>true</TruncatePath>\
        <RefererList><Referer>http://www.*.com</Referer><Referer>中文+referer</Referer></RefererList>\
        <RefererBlacklist><Referer>https://www.?.deny.com</Referer></RefererBlacklist></RefererConfiguration>";
    let put = |body: &str| match read(OSS, "PUT /bkt?referer", &[], body)? {
        Op::PutBucketReferer(_, Some(referer)) => Ok(*referer),
        other => panic!("{other:?}"),
    };
    let referer = put(FULL).unwrap();
    assert_eq!(xml(OSS, "GET /bkt?referer", Reply::Referer(referer.into())), FULL);
    let plain =
        put("<RefererConfiguration><AllowEmptyReferer>true</AllowEmptyReferer><RefererList/></RefererConfiguration>");
    assert!(plain.unwrap().truncate_query, "unless it is said otherwise");
    assert!(put("<RefererConfiguration><RefererList/></RefererConfiguration>").is_err());
    let long = FULL.replace("http://www.*.com", &"a".repeat(21 << 10));
    assert!(matches!(put(&long), Err(Error::InvalidRequest { .. })));
    assert!(matches!(read(OSS, "DELETE /bkt?referer", &[], ""), Ok(Op::PutBucketReferer(_, None))));
    assert_eq!(answer(OSS, "DELETE /bkt?referer", Reply::Done).status(), 204);
}

fn logging(host: &str, inner: &str) -> Result<Option<Box<headwater_model::logging::BucketLogging>>> {
    let body = format!("<BucketLoggingStatus>{inner}</BucketLoggingStatus>");
    match read(host, "PUT /bkt?logging", &[], &body)? {
        Op::PutBucketLogging(_, logging) => Ok(logging),
        other => panic!("{other:?}"),
    }
}

#[test]
fn logging_comes_back_as_it_was_put() {
    let enabled =
        "<LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>日志+/</TargetPrefix></LoggingEnabled>";
    for (host, namespace) in [(OSS, ""), (S3, " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"")] {
        let put = logging(host, enabled).unwrap().unwrap();
        let shown = xml(host, "GET /bkt?logging", Reply::Logging(Some((*put).into())));
        assert_eq!(shown, format!("<BucketLoggingStatus{namespace}>{enabled}</BucketLoggingStatus>"));
        assert!(logging(host, "").unwrap().is_none());
        let none = xml(host, "GET /bkt?logging", Reply::Logging(None));
        assert_eq!(none, format!("<BucketLoggingStatus{namespace}></BucketLoggingStatus>"));
    }
    for (format, expected) in [
        ("<SimplePrefix></SimplePrefix>", LogKeyFormat::Simple),
        (
            "<PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix>",
            LogKeyFormat::ByEventTime,
        ),
    ] {
        let format = format!("<TargetObjectKeyFormat>{format}</TargetObjectKeyFormat></LoggingEnabled>");
        let with_format = enabled.replace("</LoggingEnabled>", &format);
        let put = logging(S3, &with_format).unwrap().unwrap();
        assert_eq!(put.key_format, Some(expected));
        assert!(xml(S3, "GET /bkt?logging", Reply::Logging(Some((*put).into()))).contains(&format));
    }
    assert_eq!(answer(OSS, "DELETE /bkt?logging", Reply::Done).status(), 204);
}

#[test]
fn wrong_logging_is_refused() {
    let of = |inner: &str| format!("<LoggingEnabled><TargetBucket>logs</TargetBucket>{inner}</LoggingEnabled>");
    let target = logging(S3, "<LoggingEnabled><TargetBucket>No_Name</TargetBucket></LoggingEnabled>");
    assert!(matches!(target, Err(Error::InvalidLogTarget { .. })));
    assert!(logging(S3, "<LoggingEnabled></LoggingEnabled>").is_err());
    assert!(logging(S3, &of("<TargetObjectKeyFormat></TargetObjectKeyFormat>")).is_err());
    let grants = logging(S3, &of("<TargetGrants><Grant/></TargetGrants>"));
    assert!(matches!(grants, Err(Error::NotImplemented { .. })));
    let long = logging(OSS, &of(&format!("<TargetPrefix>{}</TargetPrefix>", "p".repeat(513))));
    assert!(matches!(long, Err(Error::InvalidArgument { .. })));
}

#[test]
fn fields_of_the_log_come_back_as_they_were_put() {
    const LINE: &str = "PUT /bkt?userDefinedLogFieldsConfig";
    const FIELDS: &str = "<UserDefinedLogFieldsConfiguration><HeaderSet><header>h1</header><header>h2</header></HeaderSet>\
        <ParamSet><parameter>p1</parameter></ParamSet></UserDefinedLogFieldsConfiguration>";
    let Op::PutLogFields(_, fields) = read(OSS, LINE, &[], FIELDS).unwrap() else { panic!() };
    let shown = xml(OSS, "GET /bkt?userDefinedLogFieldsConfig", Reply::LogFields((*fields).into()));
    assert_eq!(shown, FIELDS);
    let many = FIELDS.replace("<header>h1</header>", &"<header>h</header>".repeat(5));
    assert!(matches!(read(OSS, LINE, &[], &many), Err(Error::InvalidArgument { .. })));
}
