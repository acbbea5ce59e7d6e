//! The form of S3.

use headwater_model::Error;
use headwater_model::bucket::Dialect;
use headwater_model::rule::RedirectType;
use headwater_model::website::Website;

use crate::codec::website;
use crate::vocab::Vocab;

const INDEX: &str = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>";

fn read(content: &str) -> Result<Website, Error> {
    website::decode(format!("<WebsiteConfiguration>{content}</WebsiteConfiguration>").as_bytes(), Dialect::S3)
}

fn written(website: &Website, dialect: Dialect) -> String {
    website::encode_get(Vocab::of(dialect), website).finish()
}

fn rules(rules: &str) -> String {
    format!("{INDEX}<RoutingRules>{rules}</RoutingRules>")
}

fn rule(condition: &str, redirect: &str) -> String {
    format!("<RoutingRule>{condition}<Redirect>{redirect}</Redirect></RoutingRule>")
}

#[test]
fn s3s_documents_come_back_as_they_were_put() {
    let prefix = "<Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition>";
    let code = "<Condition><KeyPrefixEquals>i/</KeyPrefixEquals>\
                <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>";
    let two = rule(prefix, "<ReplaceKeyPrefixWith></ReplaceKeyPrefixWith>")
        + &rule(
            code,
            "<Protocol>https</Protocol><HostName>h.example</HostName><ReplaceKeyWith>k</ReplaceKeyWith>\
                       <HttpRedirectCode>302</HttpRedirectCode>",
        );
    let error = format!("{INDEX}<ErrorDocument><Key>e.html</Key></ErrorDocument>");
    for content in [
        INDEX,
        &error,
        &rules(&two),
        &rules(&rule("", "<HostName>h</HostName>")),
        "<RedirectAllRequestsTo><HostName>h.example</HostName></RedirectAllRequestsTo>",
        "<RedirectAllRequestsTo><HostName>h.example</HostName><Protocol>https</Protocol></RedirectAllRequestsTo>",
    ] {
        let website = read(content).unwrap();
        let echo = written(&website, Dialect::S3);
        let root = "<WebsiteConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
        assert!(echo.ends_with(&format!("{root}{content}</WebsiteConfiguration>")), "{echo}");
        let full = website::encode(&website).finish();
        assert_eq!(website::decode(full.as_bytes(), Dialect::S3).unwrap(), website, "nothing is lost: {full}");
    }
}

#[test]
fn rules_of_both_forms_stand_in_one_document() {
    let mirror = "<RoutingRule><RuleNumber>7</RuleNumber><Redirect><RedirectType>Mirror</RedirectType>\
                  <MirrorURL>http://o.example/</MirrorURL></Redirect></RoutingRule>";
    let both = rule("", "<HostName>a</HostName>") + mirror + &rule("", "<HostName>b</HostName>");
    let website = read(&rules(&both)).unwrap();
    let found: Vec<_> = website.rules.iter().map(|rule| (rule.number, rule.kind().unwrap())).collect();
    assert_eq!(found, [(1, RedirectType::Site), (7, RedirectType::Mirror), (8, RedirectType::Site)]);
    let echo = written(&website, Dialect::S3);
    assert_eq!(website::decode(echo.as_bytes(), Dialect::S3).unwrap(), website);
    // The OSS face has numbers only, and can read what it wrote.
    let oss = written(&website, Dialect::Oss);
    assert_eq!(oss.matches("<RuleNumber>").count(), 3, "{oss}");
    assert_eq!(website::decode(oss.as_bytes(), Dialect::Oss).unwrap().rules.len(), 3);
}

#[test]
fn the_oss_face_takes_its_own_form_only() {
    let body = format!("<WebsiteConfiguration>{}</WebsiteConfiguration>", rules(&rule("", "<HostName>h</HostName>")));
    let refused = website::decode(body.as_bytes(), Dialect::Oss);
    assert!(matches!(refused, Err(Error::InvalidArgument { name, .. }) if &*name == "RuleNumber"));
    let everything = "<WebsiteConfiguration><RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>\
                      </WebsiteConfiguration>";
    assert!(matches!(website::decode(everything.as_bytes(), Dialect::Oss), Err(Error::MalformedXml { .. })));
}

#[test]
fn what_s3_refuses_is_refused_in_its_words() {
    let everything = "<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>";
    let many = rule("", "<HostName>h</HostName>").repeat(51);
    let code =
        |code| format!("<Condition><HttpErrorCodeReturnedEquals>{code}</HttpErrorCodeReturnedEquals></Condition>");
    for (content, message) in [
        (rules(&rule("", "<Protocol>http2</Protocol>")), "Invalid protocol, protocol can be http or https."),
        (everything.replace("</HostName>", "</HostName><Protocol>ftp</Protocol>"), "Invalid protocol"),
        (rules(&rule("", "<HttpRedirectCode>300</HttpRedirectCode>")), "code (300) is not valid. Valid codes are 3XX"),
        (rules(&rule("", "<HttpRedirectCode>x</HttpRedirectCode>")), "code (x) is not valid."),
        (rules(&rule(&code("200"), "<HostName>h</HostName>")), "HTTP error code (200) is not valid."),
        (rules(&rule("<Condition/>", "<HostName>h</HostName>")), "Condition cannot be empty."),
        (
            rules(&rule("", "<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>")),
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        ),
        (format!("{INDEX}{everything}"), "RedirectAllRequestsTo cannot be provided in conjunction"),
        (rules(&many), "51 routing rules provided"),
    ] {
        match read(&content) {
            Err(Error::InvalidRequest { message: told }) => assert!(told.contains(message), "{told}"),
            other => panic!("{content}: {other:?}"),
        }
    }
    let without_index = rules(&rule("", "<HostName>h</HostName>")).replace(INDEX, "");
    assert!(matches!(read(&without_index), Err(Error::InvalidArgument { name, .. }) if &*name == "IndexDocument"));
    for content in [rules("<RoutingRule/>"), rules(&rule("", "")), "<RedirectAllRequestsTo/>".into()] {
        assert!(matches!(read(&content), Err(Error::MalformedXml { .. })), "{content}");
    }
}
