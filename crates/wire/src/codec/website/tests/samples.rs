//! The vendor's complete example: three rules, of every offered type (scenario S9).

use headwater_model::op::MissContext;
use headwater_model::rule::matching::{Method, Question, first_match};
use headwater_model::rule::{RedirectType, forwarding, rewriting};
use headwater_model::{ObjectKey, website::Website};
use http::{HeaderMap, HeaderValue};

use super::{decode, text};

const THREE_RULES: &str = "<WebsiteConfiguration>\
    <IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
    <ErrorDocument><Key>error.html</Key><HttpStatus>404</HttpStatus></ErrorDocument>\
    <RoutingRules>\
    <RoutingRule><RuleNumber>1</RuleNumber>\
    <Condition><KeyPrefixEquals>abc/</KeyPrefixEquals>\
    <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
    <Redirect><RedirectType>Mirror</RedirectType><PassQueryString>true</PassQueryString>\
    <MirrorURL>http://www.test.com/</MirrorURL><MirrorPassQueryString>true</MirrorPassQueryString>\
    <MirrorFollowRedirect>true</MirrorFollowRedirect><MirrorCheckMd5>false</MirrorCheckMd5>\
    <MirrorHeaders><PassAll>true</PassAll><Pass>myheader-key1</Pass><Pass>myheader-key2</Pass>\
    <Remove>myheader-key3</Remove><Remove>myheader-key4</Remove>\
    <Set><Key>myheader-key5</Key><Value>myheader-value5</Value></Set></MirrorHeaders>\
    <MirrorPassOriginalSlashes>false</MirrorPassOriginalSlashes><MirrorAllowHeadObject>false</MirrorAllowHeadObject>\
    <MirrorUserLastModified>false</MirrorUserLastModified><MirrorUsingRole>false</MirrorUsingRole>\
    <MirrorIsExpressTunnel>false</MirrorIsExpressTunnel></Redirect></RoutingRule>\
    <RoutingRule><RuleNumber>2</RuleNumber>\
    <Condition><KeyPrefixEquals>abc/</KeyPrefixEquals>\
    <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>\
    <IncludeHeader><Key>host</Key><Equals>test.oss-cn-beijing-internal.aliyuncs.com</Equals></IncludeHeader>\
    </Condition>\
    <Redirect><RedirectType>AliCDN</RedirectType><PassQueryString>false</PassQueryString><Protocol>http</Protocol>\
    <HostName>www.test.com</HostName><HttpRedirectCode>301</HttpRedirectCode>\
    <ReplaceKeyWith>prefix/${key}.suffix</ReplaceKeyWith></Redirect></RoutingRule>\
    <RoutingRule><RuleNumber>3</RuleNumber>\
    <Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
    <Redirect><RedirectType>External</RedirectType><PassQueryString>false</PassQueryString><Protocol>http</Protocol>\
    <HostName>www.test.com</HostName><HttpRedirectCode>302</HttpRedirectCode>\
    <ReplaceKeyWith>prefix/${key}</ReplaceKeyWith><EnableReplacePrefix>false</EnableReplacePrefix></Redirect>\
    </RoutingRule></RoutingRules></WebsiteConfiguration>";

fn three_rules() -> Website {
    decode(THREE_RULES.as_bytes()).unwrap()
}

#[test]
fn scenario_9_is_echoed_exactly() {
    let body = text(&three_rules());
    assert_eq!(body.lines().nth(1), Some(THREE_RULES));
}

#[test]
fn scenario_9_the_first_rule_answers_its_prefix_and_the_last_one_the_rest() {
    let website = three_rules();
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("test.oss-cn-beijing-internal.aliyuncs.com"));
    let found = |key| {
        let question = Question { method: Method::Get, key, error_status: 404, headers: &headers };
        first_match(&website.rules, &question).unwrap()
    };
    let miss = MissContext::default();

    let rule = found("abc/x");
    assert_eq!((rule.number, rule.kind()), (1, Some(RedirectType::Mirror)));
    let key = ObjectKey::parse("abc/x").unwrap();
    assert_eq!(rewriting::origin_url(rule, &key, &miss).as_deref(), Ok("http://www.test.com/abc/x"));
    let mut client = headers.clone();
    client.insert("x-other", HeaderValue::from_static("1"));
    client.insert("myheader-key3", HeaderValue::from_static("3"));
    let sent = forwarding::origin_headers(rule, &client).headers;
    assert!(sent.contains_key("x-other") && !sent.contains_key("myheader-key3") && !sent.contains_key("host"));
    assert_eq!(sent["myheader-key5"], "myheader-value5");

    let rule = found("zzz");
    assert_eq!((rule.number, rule.redirect_code()), (3, 302));
    let key = ObjectKey::parse("zzz").unwrap();
    assert_eq!(rewriting::location(rule, key.as_str(), &miss), "http://www.test.com/prefix/zzz");
}
