//! Appendable objects and symlinks, which OSS alone has.

use headwater_model::Error;
use headwater_model::object::Composition;
use headwater_model::op::{AppendObject, PutSymlink};
use headwater_model::reply::ObjectReply;

use super::*;

fn append(line: &str, headers: &[(&str, &str)]) -> Result<AppendObject> {
    let mut all = vec![("content-length", "3")];
    all.extend(headers);
    match read(OSS, line, &all, "")? {
        Op::AppendObject(append) => Ok(*append),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_append_names_its_position() {
    let first = append("POST /bkt/k?append&position=0", &[("x-oss-tagging", "a=1"), ("x-oss-meta-b", "2")]).unwrap();
    assert_eq!((first.position, first.content_length, first.tags.len()), (0, Some(3), 1));
    assert_eq!(first.headers.user, [("b".into(), "2".into())]);
    let many: Vec<String> = (0..20).map(|number| format!("k{number}=v")).collect();
    let later = append("POST /bkt/k?append&position=77", &[("x-oss-tagging", &many.join("&"))]).unwrap();
    assert_eq!((later.position, later.tags.len()), (77, 0), "not even looked at");
    for line in ["POST /bkt/k?append", "POST /bkt/k?append&position=-1", "POST /bkt/k?append&position=x"] {
        assert!(matches!(append(line, &[]), Err(Error::InvalidArgument { .. })), "{line}");
    }
    let response = answer(OSS, "POST /bkt/k?append&position=0", Reply::Appended(Arc::new(meta())));
    assert_eq!(response.headers()["x-oss-next-append-position"], "11");
    assert_eq!(response.headers()["x-oss-hash-crc64ecma"], "5981764153023615706");
}

#[test]
fn a_symlink_names_its_target_encoded() {
    let put = |target: &str| match read(OSS, "PUT /bkt/link?symlink", &[("x-oss-symlink-target", target)], "") {
        Ok(Op::PutSymlink(put)) => Ok::<PutSymlink, Error>(*put),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(put("dir/a%20%E9%94%AE+").unwrap().target.as_str(), "dir/a 键+");
    for bad in ["", "%ff", "%", &"k".repeat(1024)] {
        assert!(matches!(put(bad), Err(Error::InvalidArgument { .. })), "{bad:.20}");
    }
    let composition = Composition { link: Some("dir/a 键".into()), ..Composition::default() };
    let link = ObjectMeta { kind: ObjectKind::Symlink, composition, ..meta() };
    let response = answer(OSS, "GET /bkt/link?symlink", Reply::ObjectMeta(Arc::new(link)));
    assert_eq!(response.headers()["x-oss-symlink-target"], "dir/a%20%E9%94%AE");
    assert_eq!(response.headers()["content-length"], "0");
}

#[test]
fn readers_of_an_appendable_object_learn_where_it_ends() {
    for (kind, position) in [(ObjectKind::Appendable, Some("11")), (ObjectKind::Normal, None)] {
        let meta = Arc::new(ObjectMeta { kind, ..meta() });
        let reply = Reply::Object(Box::new(ObjectReply::hit(meta, Body::Empty)));
        let response = answer(OSS, "HEAD /bkt/k", reply);
        let told = response.headers().get("x-oss-next-append-position").map(|value| value.to_str().unwrap());
        assert_eq!(told, position);
    }
}

#[test]
fn a_traffic_limit_is_told_in_bits_and_meant_in_bytes() {
    let limit = |host: &str, line: &str, header: Option<&str>| {
        let headers: Vec<_> = header.map(|value| ("x-oss-traffic-limit", value)).into_iter().collect();
        let parts = parts(host, line, &headers);
        crate::traffic_limit(&routed(&parts), &parts)
    };
    let url = "GET /bkt/k?x-oss-traffic-limit=819200";
    assert_eq!(limit(OSS, url, None).unwrap(), Some(102_400));
    for line in ["PUT /bkt/k", "POST /bkt/k?append&position=0", "PUT /bkt/k?partNumber=1&uploadId=u", "GET /bkt/k"] {
        assert_eq!(limit(OSS, line, Some("838860800")).unwrap(), Some(104_857_600), "{line}");
        assert_eq!(limit(OSS, line, None).unwrap(), None, "{line}");
    }
    assert_eq!(limit(OSS, "DELETE /bkt/k", Some("x")).unwrap(), None);
    for bad in ["819199", "838860801", "-1", "1e6", ""] {
        assert!(matches!(limit(OSS, "GET /bkt/k", Some(bad)), Err(Error::InvalidArgument { .. })), "{bad}");
    }
}
