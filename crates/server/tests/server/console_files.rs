//! Files by the console: stored, shown, changed and deleted as a browser does it.

use http::{Method, header, response};

use crate::admin_client::ask;
use crate::console::{location, log_on, send};
use crate::support::{Running, start};

/// A browser that is logged on, and a bucket.
struct Visit {
    running: Running,
    cookie: String,
    token: String,
}

impl Visit {
    async fn new() -> Self {
        let running = start(None).await;
        assert_eq!(ask(&running, Method::POST, "/api/v1/buckets", r#"{"name":"pics"}"#).await.0, 201);
        let (cookie, token) = log_on(&running).await;
        Self { running, cookie, token }
    }

    async fn get(&self, path: &str) -> (response::Parts, String) {
        send(&self.running, Method::GET, path, "", &[("cookie", &self.cookie)]).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (response::Parts, String) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &self.token).extend_pairs(fields);
        send(&self.running, Method::POST, path, &form.finish(), &[("cookie", &self.cookie)]).await
    }

    /// Sends a file as the page's form does.
    async fn upload(
        &self,
        token: &str,
        folder: &str,
        (name, kind, text): (&str, &str, &str),
    ) -> (response::Parts, String) {
        let field = |name: &str, value: &str| {
            format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{text}\r\n--limit--\r\n"
        );
        let form = [field("csrf", token), field("folder", folder), file].concat();
        let more = [("cookie", &*self.cookie), ("content-type", "multipart/form-data; boundary=limit")];
        send(&self.running, Method::POST, "/buckets/pics/files/upload", &form, &more).await
    }

    async fn keys(&self) -> Vec<String> {
        let (_, page) = ask(&self.running, Method::GET, "/api/v1/buckets/pics/objects", "").await;
        page["objects"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_file_is_uploaded_shown_downloaded_and_deleted() {
    let visit = Visit::new().await;
    let (parts, _) = visit.upload(&visit.token, "a b/", ("x y.txt", "text/plain", "<b>text</b>")).await;
    assert_eq!((parts.status.as_u16(), location(&parts)), (303, "/buckets/pics/files?prefix=a+b%2F"));
    let (_, page) = visit.get("/buckets/pics/files?prefix=a+b%2F").await;
    assert!(page.contains("x y.txt") && page.contains("11 B") && page.contains("a b/x y.txt was stored."), "{page}");
    let (_, page) = visit.get("/buckets/pics/files").await;
    assert!(page.contains("a b/") && !page.contains("x y.txt"), "folders first: {page}");
    let (_, page) = visit.get("/buckets/pics/files/object?key=a+b%2Fx+y.txt").await;
    assert!(page.contains("text/plain") && page.contains("<iframe class=\"preview\" sandbox "), "{page}");

    let (parts, text) = visit.get("/buckets/pics/files/content?key=a+b%2Fx+y.txt").await;
    assert_eq!(text, "<b>text</b>");
    assert_eq!(parts.headers[header::CONTENT_DISPOSITION], "attachment; filename*=UTF-8''x%20y.txt");
    assert_eq!(parts.headers[header::CONTENT_LENGTH], "11");
    let (parts, text) = visit.get("/buckets/pics/files/preview?key=a+b%2Fx+y.txt").await;
    assert_eq!(text, "<b>text</b>");
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(parts.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let policy = parts.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");

    let file = [("prefix", "a b/"), ("key", "a b/x y.txt")];
    let (parts, page) = visit.post("/buckets/pics/files/delete", &file).await;
    assert!(parts.status == 200 && page.contains("Delete this file?"), "{page}");
    assert_eq!(visit.keys().await, ["a b/x y.txt"], "it was only asked");
    let confirmed = [&file[..], &[("confirmed", "yes")]].concat();
    let (parts, _) = visit.post("/buckets/pics/files/delete", &confirmed).await;
    assert_eq!((parts.status.as_u16(), location(&parts)), (303, "/buckets/pics/files?prefix=a+b%2F"));
    assert_eq!(visit.keys().await, [""; 0]);
    let (parts, page) = visit.get("/buckets/pics/files/object?key=a+b%2Fx+y.txt").await;
    assert!(parts.status == 404 && page.contains("ask no origin"), "{page}");
}

#[tokio::test]
async fn a_file_is_stored_for_its_session_and_as_a_whole_only() {
    let visit = Visit::new().await;
    let (parts, page) = visit.upload("another", "", ("a", "text/plain", "x")).await;
    assert!(parts.status == 403 && page.contains("not of this session"), "{page}");
    let foreign = [("cookie", &*visit.cookie), ("origin", "https://evil.example")];
    let (parts, _) = send(&visit.running, Method::POST, "/buckets/pics/files/upload", "", &foreign).await;
    assert_eq!(parts.status, 403);
    let (parts, _) = send(&visit.running, Method::POST, "/buckets/pics/files/upload", "", &[]).await;
    assert_eq!(parts.status, 303, "nobody is logged on");
    let cut = format!(
        "--limit\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf",
        visit.token
    );
    let more = [
        ("cookie", &*visit.cookie),
        ("content-type", "multipart/form-data; boundary=limit"),
        ("accept", "application/json"),
    ];
    let (parts, reason) = send(&visit.running, Method::POST, "/buckets/pics/files/upload", &cut, &more).await;
    assert!(parts.status == 422 && !reason.is_empty(), "{reason}");
    let (parts, page) = visit.upload(&visit.token, "a \"b/", ("", "text/plain", "")).await;
    assert!(parts.status == 422 && page.contains("id=\"file-fault\">Choose a file."), "{page}");
    assert!(page.contains("name=\"folder\" value=\"a &#34;b/\"") && page.contains("class=\"upload\" open"), "{page}");
    let (parts, page) = visit.upload(&visit.token, &"x".repeat(1024), ("a", "text/plain", "x")).await;
    assert!(parts.status == 422 && page.contains("id=\"folder-fault\"") && page.contains(&"x".repeat(1024)), "{page}");
    let (parts, page) = visit.post("/buckets/pics/files/delete", &[("prefix", "")]).await;
    assert!(parts.status == 422 && page.contains("Select what is to be deleted."), "{page}");
    assert_eq!(visit.keys().await, [""; 0]);
}

#[tokio::test]
async fn metadata_and_tags_are_changed_by_who_saw_the_file() {
    let visit = Visit::new().await;
    visit.upload(&visit.token, "", ("a.txt", "text/plain", "text")).await;
    let (_, page) = visit.get("/buckets/pics/files/object/edit?key=a.txt").await;
    let etag = page.split("name=\"etag\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let typed = [
        ("key", "a.txt"),
        ("etag", etag),
        ("content_type", "text/css"),
        ("cache_control", "max-age=60"),
        ("metadata", "Colour: red\n"),
        ("tags", "team=a&b"),
    ];
    for (name, value, fault) in [
        ("metadata", "no colon", "no colon has no :"),
        ("tags", "a=1\na=2", "role=\"alert\""),
        ("content_type", "\u{e4}", "printable ASCII"),
    ] {
        let wrong: Vec<_> = typed.iter().map(|field| if field.0 == name { (name, value) } else { *field }).collect();
        let (parts, page) = visit.post("/buckets/pics/files/object/edit", &wrong).await;
        assert!(parts.status == 422 && page.contains(fault) && page.contains("max-age=60"), "{name}: {page}");
    }
    let (parts, page) = visit.post("/buckets/pics/files/object/edit", &typed).await;
    assert_eq!(parts.status, 303, "{page}");
    let (_, shown) = ask(&visit.running, Method::GET, "/api/v1/buckets/pics/objects/a.txt", "").await;
    assert_eq!(shown["headers"]["content-type"], "text/css");
    assert_eq!(shown["headers"]["cache-control"], "max-age=60");
    assert_eq!((&shown["user_metadata"]["colour"], &shown["tags"]["team"]), (&"red".into(), &"a&b".into()));

    visit.upload(&visit.token, "", ("a.txt", "text/plain", "another text")).await;
    let (parts, page) = visit.post("/buckets/pics/files/object/edit", &typed).await;
    assert!(parts.status == 422 && page.contains("written meanwhile"), "{page}");
}

#[tokio::test]
async fn a_link_is_signed_for_the_endpoint_that_clients_reach() {
    let visit = Visit::new().await;
    visit.upload(&visit.token, "", ("a.txt", "text/plain", "text")).await;
    let (_, page) = visit.get("/buckets/pics/files/object/link?key=a.txt").await;
    let endpoint = format!("http://console.example:{}", visit.running.addresses.data.port());
    assert!(page.contains(&endpoint), "{page}");
    let fields = [("key", "a.txt"), ("minutes", "15"), ("endpoint", &*endpoint)];
    let (_, page) = visit.post("/buckets/pics/files/object/link", &fields).await;
    let url = page.split("readonly>").nth(1).unwrap().split('<').next().unwrap().replace("&#38;", "&");
    let mut get = crate::support::request(Method::GET, url.strip_prefix(&endpoint).unwrap(), "");
    let host = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
    get.headers_mut().insert(header::HOST, host);
    let (parts, body) = visit.running.send(get).await;
    assert_eq!((parts.status.as_u16(), &*body), (200, &b"text"[..]));
    let (parts, page) =
        visit.post("/buckets/pics/files/object/link", &[("key", "a.txt"), ("endpoint", "nowhere")]).await;
    assert!(parts.status == 422 && page.contains("nowhere") && page.contains("aria-invalid"), "{page}");
}

#[tokio::test]
async fn names_are_only_ever_text() {
    let visit = Visit::new().await;
    let name = "<img src=x onerror=alert(1)>'.txt";
    visit.upload(&visit.token, "<script>/", (name, "text/html", "<script>alert(1)</script>")).await;
    let encoded: String = form_urlencoded::byte_serialize(format!("<script>/{name}").as_bytes()).collect();
    for path in [
        "/buckets/pics/files".to_owned(),
        "/buckets/pics/files?prefix=%3Cscript%3E%2F".to_owned(),
        "/buckets/pics/files?prefix=%3Cscript%3Ex".to_owned(),
        format!("/buckets/pics/files/object?key={encoded}"),
        format!("/buckets/pics/files/object/edit?key={encoded}"),
        format!("/buckets/pics/files/object/link?key={encoded}"),
        "/buckets/pics/files/object?key=%3Cscript%3E".to_owned(),
    ] {
        let (_, page) = visit.get(&path).await;
        assert!(!page.contains("<script>") && !page.contains("<img"), "{path}: {page}");
    }
    let (parts, _) = visit.get(&format!("/buckets/pics/files/preview?key={encoded}")).await;
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8", "no page, whatever it says it is");
}
