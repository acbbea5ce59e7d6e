//! The documented flow by commands alone, and what may be done with rules.

use headwater_testkit::origin::{Reply, ScriptedOrigin};

use super::{json, refused};
use crate::harness::{Answer, Client, ClientKey, Headwater, Setup, eventually, run};

const MASK: &str = "******";

fn shown(server: &Headwater, arguments: &[&str]) -> String {
    run(&mut server.client_command(arguments))
}

/// Number and prefix of each rule.
fn order(server: &Headwater) -> Vec<(String, String)> {
    let list = shown(server, &["rule", "list", "example"]);
    let rows = list.lines().skip(1).map(|line| line.split_whitespace());
    rows.map(|mut cells| (cells.next().unwrap_or_default().into(), cells.nth(1).unwrap_or_default().into())).collect()
}

fn orders(server: &Headwater, expected: &[&str]) {
    let expected = (1..).zip(expected).map(|(number, prefix): (u32, _)| (number.to_string(), (*prefix).to_owned()));
    assert_eq!(order(server), expected.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_flow_needs_no_document() {
    let origin = ScriptedOrigin::start().await;
    origin.on("/examplefolder/example.txt", Reply::ok("from the origin").header("content-type", "text/plain"));
    let server = Setup::new().start();
    assert!(shown(&server, &["bucket", "create", "example"]).contains("example is made"));
    let host = origin.address().to_string();
    let add = ["rule", "add", "example", "--protocol", "http", "--domain", &host, "--directory", "examplefolder"];
    let list = shown(&server, &[&add[..], &["--prefix", "examplefolder/"]].concat());
    assert!(list.contains(&format!("http://{host}/examplefolder/")), "{list}");
    let story = shown(&server, &["explain", "example/examplefolder/example.txt"]);
    assert!(story.contains(&origin.url("/examplefolder/example.txt")), "{story}");
    let got = shown(&server, &["object", "get", "example/examplefolder/example.txt", "-"]);
    assert_eq!(got, "from the origin");
    server.client().get("/example/examplefolder/example.txt").send().await.expect(200).expect_body(b"from the origin");
    assert_eq!(origin.count("/examplefolder/example.txt"), 1, "the second came from the bucket");
    eventually("the rule's counters tell of the stored object", || async {
        let counters = shown(&server, &["rule", "counters", "example"]);
        counters.lines().nth(1).and_then(|row| row.split_whitespace().nth(2)) == Some("1")
    })
    .await;
}

#[tokio::test]
async fn rules_are_added_edited_ordered_and_removed() {
    let server = Setup::new().start();
    shown(&server, &["bucket", "create", "example"]);
    let add = |prefix: &str, more: &[&str]| {
        let arguments = ["rule", "add", "example", "--domain", "o.example", "--prefix", prefix];
        shown(&server, &[&arguments[..], more].concat())
    };
    add("a/", &[]);
    add("c/", &["--check-md5", "--set-header", "x-token: t"]);
    add("b/", &["--at", "2"]);
    orders(&server, &["a/", "b/", "c/"]);
    shown(&server, &["rule", "move", "example", "3", "--up"]);
    orders(&server, &["a/", "c/", "b/"]);
    shown(&server, &["rule", "move", "example", "1", "--to", "3"]);
    orders(&server, &["c/", "b/", "a/"]);
    shown(&server, &["rule", "move", "example", "2", "--down"]);
    orders(&server, &["c/", "a/", "b/"]);

    let before = shown(&server, &["rule", "export", "example"]);
    let list = shown(&server, &["rule", "edit", "example", "1", "--directory", "deep", "--suffix", ".jpg"]);
    assert!(list.contains("https://o.example/deep/") && list.contains(".jpg"), "{list}");
    let after = shown(&server, &["rule", "export", "example"]);
    for kept in ["<MirrorCheckMd5>true</MirrorCheckMd5>", "<Key>x-token</Key><Value>t</Value>"] {
        assert!(before.contains(kept) && after.contains(kept), "{after}");
    }
    shown(&server, &["rule", "remove", "example", "2"]);
    orders(&server, &["c/", "b/"]);
    // What changes nothing is no version.
    shown(&server, &["rule", "move", "example", "1", "--up"]);
    shown(&server, &["rule", "edit", "example", "1", "--suffix", ".jpg"]);
    let history = shown(&server, &["rule", "history", "example"]);
    assert_eq!(history.lines().count(), 1 + 8, "{history}");
    assert!(history.contains(server.key().id), "{history}");

    for (arguments, code, words) in [
        (&["rule", "remove", "example", "3"][..], 1, "there are 1, 2"),
        (&["rule", "edit", "example", "1"], 1, "--help"),
        (&["rule", "edit", "example", "9", "--suffix", "x"], 1, "no rule 9"),
        (&["rule", "add", "example", "--domain", "p.example", "--prefix", "b/"], 1, "rule 2 has the prefix b/"),
        (&["rule", "add", "example", "--prefix", "d/"], 1, "--domain"),
        (&["rule", "add", "example", "--origin-url", "ftp://o/"], 1, "MirrorURL"),
        (&["rule", "add", "nothing", "--domain", "o.example"], 1, "no such bucket: nothing"),
        (&["rule", "move", "example", "1"], 2, "--to"),
        (&["rule", "move", "example", "1", "--up", "--down"], 2, "cannot be used"),
    ] {
        let (status, message) = refused(&server, arguments);
        assert_eq!(status, Some(code), "{message}");
        assert!(message.contains(words) && (code == 2 || message.lines().count() == 1), "{message}");
    }
    let output = server.client_command(&["rule", "add", "example", "--domain", "o.example", "--at", "1"]).output();
    let output = output.expect("the binary starts");
    let warning = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && warning.contains("warning: Rule 2 is never reached"), "{warning}");
    for _ in 0..3 {
        shown(&server, &["rule", "remove", "example", "1"]);
    }
    assert_eq!(shown(&server, &["rule", "list", "example"]), "no website document, so no rules\n");
}

#[tokio::test]
async fn clients_are_sent_elsewhere() {
    let server = Setup::new().start();
    shown(&server, &["bucket", "create", "example"]);
    let add = ["rule", "add", "example", "--redirect", "--domain", "new.example", "--prefix", "old/"];
    shown(&server, &[&add[..], &["--replace-prefix=moved/", "--redirect-code", "302"]].concat());
    let location = |answer: &Answer| answer.header("location").map(str::to_owned);
    let answer = server.client().get("/example/old/a").send().await.expect(302);
    assert_eq!(location(&answer).as_deref(), Some("https://new.example/moved/a"));
    shown(&server, &["rule", "edit", "example", "1", "--protocol", "http", "--fixed-path", "gone.html"]);
    let answer = server.client().get("/example/old/a").send().await.expect(302);
    assert_eq!(location(&answer).as_deref(), Some("http://new.example/gone.html"));
    let (status, message) = refused(&server, &["rule", "edit", "example", "1", "--check-md5"]);
    assert!(status == Some(1) && message.contains("--check-md5 is for rules that fetch"), "{message}");
}

#[tokio::test]
async fn documents_go_out_and_come_back_without_their_secrets() {
    let server = Setup::new().start();
    shown(&server, &["bucket", "create", "example"]);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = directory.path().join("rules.xml");
    let file = file.to_str().expect("a text path");
    let rule = |prefix: &str, secret: &str| {
        format!(
            "<RoutingRule><RuleNumber>{}</RuleNumber><Condition><KeyPrefixEquals>{prefix}</KeyPrefixEquals></Condition>\
             <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>http://{prefix}.example/</MirrorURL><MirrorAuth>\
             <AuthType>S3V4</AuthType><Region>r</Region><AccessKeyId>same</AccessKeyId><AccessKeySecret>{secret}\
             </AccessKeySecret></MirrorAuth></Redirect></RoutingRule>",
            prefix.len()
        )
    };
    let document =
        |rules: String| format!("<WebsiteConfiguration><RoutingRules>{rules}</RoutingRules></WebsiteConfiguration>");
    std::fs::write(file, document(rule("a", "first-secret") + &rule("bb", "second-secret"))).expect("writable");
    shown(&server, &["rule", "import", "example", file]);
    orders(&server, &["a", "bb"]);
    shown(&server, &["rule", "export", "example", file]);
    let exported = std::fs::read_to_string(file).expect("written");
    assert!(exported.contains(MASK) && !exported.contains("secret-"), "{exported}");
    // Both rules share an id; each keeps its own secret when they change places.
    shown(&server, &["rule", "move", "example", "2", "--up"]);
    shown(&server, &["rule", "import", "example", file]);
    orders(&server, &["a", "bb"]);
    std::fs::write(file, document(rule("ccc", "third-secret"))).expect("writable");
    shown(&server, &["rule", "import", "example", file, "--append"]);
    orders(&server, &["a", "bb", "ccc"]);
    // A new rule with a mask would have to guess.
    std::fs::write(file, document(rule("dddd", MASK))).expect("writable");
    let (status, message) = refused(&server, &["rule", "import", "example", file, "--append"]);
    assert!(status == Some(1) && message.contains("give it again") && message.contains("AccessKeySecret"), "{message}");

    let history = json(&server, &["rule", "history", "example"]);
    let version = history["revisions"][0]["rule_version"].to_string();
    let old = shown(&server, &["rule", "history", "example", "--show", &version]);
    std::fs::write(file, old).expect("writable");
    shown(&server, &["rule", "import", "example", file]);
    orders(&server, &["a", "bb"]);
    std::fs::write(file, "<WebsiteConfiguration/>").expect("writable");
    assert_eq!(refused(&server, &["rule", "import", "example", file]).0, Some(1));
    assert_eq!(refused(&server, &["rule", "history", "example", "--show", "999"]).0, Some(1));
}

/// An origin that gives its object to the key pair SAME alone, with a secret that no other origin knows.
async fn private_origin(body: &str, secret: &'static str) -> Headwater {
    let origin = Setup::new().start();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = home.path().join("secret");
    std::fs::write(&file, secret).expect("writable");
    let given = format!("secret=@{}", file.display());
    shown(&origin, &["key", "create", "display_name=reader", "access_key_id=SAME", &given]);
    let reader = Client::new(origin.address(), Some(ClientKey { id: "SAME", secret }));
    reader.put("/source", "").send().await.expect(200);
    reader.put("/source/k", body.to_owned()).send().await.expect(200);
    origin
}

/// The id is the same for both origins, so only the right secret reads either.
#[tokio::test(flavor = "multi_thread")]
async fn each_rule_keeps_its_own_secret_whatever_is_moved() {
    let (first, second) = (private_origin("1", "secret-of-one").await, private_origin("2", "secret-of-two").await);
    let server = Setup::new().start();
    shown(&server, &["bucket", "create", "example"]);
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = home.path().join("rules.xml");
    for (origin, prefix, secret) in [(&first, "1/", "secret-of-one"), (&second, "2/", "secret-of-two")] {
        let document = format!(
            "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition><KeyPrefixEquals>\
             {prefix}</KeyPrefixEquals></Condition><Redirect><RedirectType>Mirror</RedirectType><EnableReplacePrefix>true\
             </EnableReplacePrefix><MirrorURL>{}/source/</MirrorURL><MirrorAuth><AuthType>S3V4</AuthType><Region>cn-hangzhou\
             </Region><AccessKeyId>SAME</AccessKeyId><AccessKeySecret>{secret}</AccessKeySecret></MirrorAuth></Redirect>\
             </RoutingRule></RoutingRules></WebsiteConfiguration>",
            origin.endpoint()
        );
        std::fs::write(&file, document).expect("writable");
        shown(&server, &["rule", "import", "example", file.to_str().expect("a text path"), "--append"]);
    }
    let both_are_read = |step: &str| {
        for body in ["1", "2"] {
            let place = format!("example/{body}/k");
            assert_eq!(shown(&server, &["object", "get", &place, "-"]), body, "{step}");
            shown(&server, &["object", "rm", &place]);
        }
    };
    both_are_read("imported");
    for change in [
        &["rule", "move", "example", "1", "--down"][..],
        &["rule", "add", "example", "--at", "1", "--domain", "o.example", "--prefix", "new/"],
        &["rule", "edit", "example", "2", "--check-md5"],
        &["rule", "move", "example", "3", "--to", "1"],
        &["rule", "remove", "example", "2"],
    ] {
        shown(&server, change);
        both_are_read(&change.join(" "));
    }
}
