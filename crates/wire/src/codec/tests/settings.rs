//! Settings that nobody made, who pays, and how much a bucket holds.

use headwater_model::Error;
use headwater_model::reply::BucketStat;

use super::*;

#[test]
fn what_nobody_set_is_told_as_not_set() {
    for (host, query, expected) in
        [(S3, "notification", "NotificationConfiguration"), (S3, "accelerate", "AccelerateConfiguration")]
    {
        let line = format!("GET /bkt?{query}");
        assert!(matches!(read(host, &line, &[], ""), Ok(Op::GetUnset(..))), "{line}");
        let namespace = if host == S3 { " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"" } else { "" };
        assert_eq!(xml(host, &line, Reply::Unset), format!("<{expected}{namespace}></{expected}>"));
        let made = read(host, &format!("PUT /bkt?{query}"), &[], "<X/>");
        assert!(matches!(made, Err(Error::NotImplemented { what }) if &*what == query));
    }
    let live = xml(OSS, "GET /bkt?live&prefix=a", Reply::Unset);
    assert!(live.starts_with("<ListLiveChannelResult><Prefix>a</Prefix>") && live.contains("<IsTruncated>false<"));
}

#[test]
fn who_pays_is_one_of_two() {
    for host in BOTH {
        let put = |payer: &str| {
            let body = format!("<RequestPaymentConfiguration><Payer>{payer}</Payer></RequestPaymentConfiguration>");
            read(host, "PUT /bkt?requestPayment", &[], &body)
        };
        assert!(matches!(put("Requester"), Ok(Op::PutBucketRequestPayment(_, true))));
        assert!(matches!(put("BucketOwner"), Ok(Op::PutBucketRequestPayment(_, false))));
        assert!(matches!(put("Nobody"), Err(Error::MalformedXml { .. })));
    }
    let shown = xml(OSS, "GET /bkt?requestPayment", Reply::RequestPayment(true));
    assert_eq!(shown, "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>");
}

#[test]
fn a_count_tells_every_class() {
    let stat = BucketStat {
        objects: 6,
        size_bytes: 60,
        markers: 4,
        uploads: 2,
        at: AT,
        classes: vec![(None, 1, 10), (Some("STANDARD_IA".into()), 2, 20), (Some("IA".into()), 3, 30)],
    };
    let shown = xml(OSS, "GET /bkt?stat", Reply::BucketStat(stat));
    let begin = "<BucketStat><Storage>60</Storage><ObjectCount>6</ObjectCount><MultipartUploadCount>2</MultipartUploadCount>\
                 <LiveChannelCount>0</LiveChannelCount><LastModifiedTime>1702743657</LastModifiedTime>\
                 <StandardStorage>10</StandardStorage><StandardObjectCount>1</StandardObjectCount>\
                 <InfrequentAccessStorage>50</InfrequentAccessStorage>\
                 <InfrequentAccessRealStorage>50</InfrequentAccessRealStorage>\
                 <InfrequentAccessObjectCount>5</InfrequentAccessObjectCount><ArchiveStorage>0</ArchiveStorage>";
    assert!(shown.starts_with(begin) && shown.contains("<DeleteMarkerCount>4</DeleteMarkerCount>"), "{shown}");
}
