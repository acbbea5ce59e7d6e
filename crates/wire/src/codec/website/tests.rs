use headwater_model::Error;
use headwater_model::bucket::Dialect;
use headwater_model::rule::{RedirectType, SECRET_MASK, Secret};

use super::*;

mod property;
mod samples;
mod sites;

fn text(website: &Website) -> String {
    encode(website).finish()
}

/// What the OSS face reads.
fn decode(body: &[u8]) -> Result<Website> {
    super::decode(body, Dialect::Oss)
}

/// A document of one rule whose redirect holds `redirect`.
fn with_redirect(redirect: &str) -> String {
    format!(
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition/>\
         <Redirect>{redirect}</Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>"
    )
}

/// A document of one Mirror rule with further elements.
fn with_mirror(elements: &str) -> String {
    with_redirect(&format!("<RedirectType>Mirror</RedirectType><MirrorURL>http://h/</MirrorURL>{elements}"))
}

#[track_caller]
fn assert_malformed(body: &str) {
    let result = decode(body.as_bytes());
    assert!(matches!(result, Err(Error::MalformedXml { .. })), "{body}: {result:?}");
}

#[track_caller]
fn assert_invalid(body: &str, element: &str, expected: &str) {
    match decode(body.as_bytes()) {
        Err(Error::InvalidArgument { name, value, .. }) => {
            assert_eq!((&*name, &*value), (element, expected), "{body}");
        }
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_wrong_shape_is_malformed_xml() {
    for body in [
        "",
        "<WebsiteConfiguration>",
        "<Website/>",
        "<WebsiteConfiguration/>",
        "<WebsiteConfiguration><RoutingRules/></WebsiteConfiguration>",
        "<WebsiteConfiguration>text</WebsiteConfiguration>",
        "<WebsiteConfiguration><IndexDocument/></WebsiteConfiguration>",
        "<WebsiteConfiguration><IndexDocument>index.html</IndexDocument></WebsiteConfiguration>",
        "<WebsiteConfiguration><ErrorDocument><HttpStatus>404</HttpStatus></ErrorDocument></WebsiteConfiguration>",
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber></RoutingRule></RoutingRules>\
         </WebsiteConfiguration>",
        &with_mirror("<MirrorHeaders>PassAll</MirrorHeaders>"),
        &with_mirror("<MirrorHeaders><Set>a: b</Set></MirrorHeaders>"),
        &with_mirror("<MirrorRole><Name/></MirrorRole>"),
    ] {
        assert_malformed(body);
    }
}

#[test]
fn a_text_that_an_element_cannot_have_is_an_invalid_argument() {
    for (redirect, element, value) in [
        ("<RedirectType>mirror</RedirectType>", "RedirectType", "mirror"),
        ("<PassQueryString>yes</PassQueryString>", "PassQueryString", "yes"),
        ("<HttpRedirectCode>many</HttpRedirectCode>", "HttpRedirectCode", "many"),
        ("<HttpRedirectCode>70000</HttpRedirectCode>", "HttpRedirectCode", "70000"),
        ("<RedirectType>Mirror</RedirectType>", "MirrorURL", ""),
        ("<RedirectType>Mirror</RedirectType><MirrorURL>http://h</MirrorURL>", "MirrorURL", "http://h"),
        ("<RedirectType>Mirror</RedirectType><MirrorURL>ftp://h/</MirrorURL>", "MirrorURL", "ftp://h/"),
    ] {
        assert_invalid(&with_redirect(redirect), element, value);
    }
    let alternate = "<MirrorMultiAlternates><MirrorMultiAlternate><MirrorMultiAlternateURL>http://h/\
                     </MirrorMultiAlternateURL></MirrorMultiAlternate></MirrorMultiAlternates>";
    assert_invalid(&with_mirror(alternate), "MirrorMultiAlternateNumber", "");
    for (number, value) in
        [("", ""), ("<RuleNumber>0</RuleNumber>", "0"), ("<RuleNumber>-1</RuleNumber>", "-1"), ("<RuleNumber/>", "")]
    {
        let body = with_mirror("").replace("<RuleNumber>1</RuleNumber>", number);
        assert_invalid(&body, "RuleNumber", value);
    }
    let code = with_mirror("").replace(
        "<Condition/>",
        "<Condition><HttpErrorCodeReturnedEquals>403</HttpErrorCodeReturnedEquals></Condition>",
    );
    assert_invalid(&code, "HttpErrorCodeReturnedEquals", "403");
}

#[test]
fn pages_are_read_and_echoed() {
    let pages = |index: &str, error: &str| {
        format!(
            "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix>{index}</IndexDocument>\
             <ErrorDocument><Key>e.html</Key>{error}</ErrorDocument></WebsiteConfiguration>"
        )
    };
    for (index, error) in [
        ("", ""),
        ("<SupportSubDir>true</SupportSubDir><Type>2</Type>", "<HttpStatus>200</HttpStatus>"),
        ("<SupportSubDir>false</SupportSubDir>", "<HttpStatus>404</HttpStatus>"),
    ] {
        let body = pages(index, error);
        let website = decode(body.as_bytes()).unwrap();
        assert!(text(&website).ends_with(&body), "{}", text(&website));
    }
    assert_invalid(&pages("<Type>x</Type>", ""), "Type", "x");
    assert_invalid(&pages("<Type>3</Type>", ""), "Type", "3");
    for status in ["abc", "403", ""] {
        let body = pages("", &format!("<HttpStatus>{status}</HttpStatus>"));
        assert_invalid(&body, "HttpStatus", status);
        assert!(decode(body.as_bytes()).unwrap_err().to_string().contains("HttpStatus is Invalid"));
    }
}

#[test]
fn row_21_both_query_flags_come_back_equal() {
    for (sent, effective) in [
        ("", false),
        ("<PassQueryString>true</PassQueryString>", true),
        ("<MirrorPassQueryString>True</MirrorPassQueryString>", true),
        ("<PassQueryString>true</PassQueryString><MirrorPassQueryString>FALSE</MirrorPassQueryString>", false),
    ] {
        let echo = text(&decode(with_mirror(sent).as_bytes()).unwrap());
        for element in ["PassQueryString", "MirrorPassQueryString"] {
            assert!(echo.contains(&format!("<{element}>{effective}</{element}>")), "{sent}: {echo}");
        }
    }
}

#[test]
fn row_26_rules_are_kept_in_the_order_of_their_numbers() {
    let rule = |number: u32| {
        format!(
            "<RoutingRule><Redirect><HostName>h</HostName></Redirect><RuleNumber>{number}</RuleNumber></RoutingRule>"
        )
    };
    let body = format!(
        "<WebsiteConfiguration><RoutingRules>{}{}{}</RoutingRules></WebsiteConfiguration>",
        rule(20),
        rule(1),
        rule(3)
    );
    let website = decode(body.as_bytes()).unwrap();
    assert_eq!(website.rules.iter().map(|rule| rule.number).collect::<Vec<_>>(), [1, 3, 20]);
}

#[test]
fn row_29_twenty_rules_and_not_one_more() {
    let body = |count: u32| {
        let rules = (1..=count).map(|number| {
            let number = format!("<RuleNumber>{number}</RuleNumber>");
            format!("<RoutingRule>{number}<Redirect><HostName>h</HostName></Redirect></RoutingRule>")
        });
        let rules: String = rules.collect();
        format!("<WebsiteConfiguration><RoutingRules>{rules}</RoutingRules></WebsiteConfiguration>")
    };
    assert!(decode(body(20).as_bytes()).is_ok());
    assert_invalid(&body(21), "RuleNumber", "21");
}

#[test]
fn row_33_a_rule_without_type_is_external() {
    let website = decode(with_redirect("<HostName>h</HostName>").as_bytes()).unwrap();
    assert_eq!(website.rules[0].kind(), Some(RedirectType::External));
    let echo = text(&website);
    assert!(
        echo.contains("<Redirect><RedirectType>External</RedirectType><HostName>h</HostName></Redirect>"),
        "{echo}"
    );
}

#[test]
fn a_mirror_rule_comes_back_with_the_vendors_defaults() {
    let echo = text(&decode(with_mirror("").as_bytes()).unwrap());
    let expected = with_redirect(
        "<RedirectType>Mirror</RedirectType><PassQueryString>false</PassQueryString><MirrorURL>http://h/</MirrorURL>\
         <MirrorPassQueryString>false</MirrorPassQueryString><MirrorFollowRedirect>true</MirrorFollowRedirect>\
         <MirrorCheckMd5>false</MirrorCheckMd5><MirrorHeaders><PassAll>false</PassAll></MirrorHeaders>\
         <MirrorPassOriginalSlashes>false</MirrorPassOriginalSlashes>\
         <MirrorAllowHeadObject>false</MirrorAllowHeadObject><MirrorUserLastModified>false</MirrorUserLastModified>\
         <MirrorUsingRole>false</MirrorUsingRole><MirrorIsExpressTunnel>false</MirrorIsExpressTunnel>",
    );
    let expected = expected.replace("<Condition/>", "<Condition></Condition>");
    assert_eq!(echo, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{expected}"));
}

#[test]
fn fields_of_another_type_are_kept() {
    let redirect = "<RedirectType>Mirror</RedirectType><Protocol>http</Protocol><HostName>www.test.com</HostName>\
                    <HttpRedirectCode>301</HttpRedirectCode><ReplaceKeyPrefixWith>def/</ReplaceKeyPrefixWith>\
                    <MirrorURL>http://h/</MirrorURL>";
    let echo = text(&decode(with_redirect(redirect).as_bytes()).unwrap());
    for kept in ["<HostName>www.test.com</HostName>", "<HttpRedirectCode>301</HttpRedirectCode>", ">def/<", ">http<"] {
        assert!(echo.contains(kept), "{kept}: {echo}");
    }
    let redirect = "<RedirectType>External</RedirectType><MirrorURL>anything</MirrorURL>";
    assert!(text(&decode(with_redirect(redirect).as_bytes()).unwrap()).contains("<MirrorURL>anything</MirrorURL>"));
}

#[test]
fn unknown_elements_namespaces_and_order_do_not_matter() {
    let plain = decode(with_mirror("").as_bytes()).unwrap();
    let other = "<?xml version=\"1.0\"?>\n<WebsiteConfiguration xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">\n\
        <!-- ours --><Novelty><Deep/></Novelty>\n<RoutingRules>\n<RoutingRule>\n<Redirect>\n\
        <MirrorURL>http://h/</MirrorURL><Novelty>1</Novelty>\n<RedirectType>Mirror</RedirectType>\n</Redirect>\n\
        <RuleNumber> 1 </RuleNumber>\n</RoutingRule>\n</RoutingRules>\n</WebsiteConfiguration>\n";
    assert_eq!(decode(other.as_bytes()).unwrap(), plain);
}

#[test]
fn white_space_belongs_to_keys() {
    let body =
        with_mirror("").replace("<Condition/>", "<Condition><KeyPrefixEquals> a\tb&#xD;</KeyPrefixEquals></Condition>");
    let website = decode(body.as_bytes()).unwrap();
    assert_eq!(website.rules[0].condition.key_prefix.as_deref(), Some(" a\tb\r"));
    assert_eq!(decode(text(&website).as_bytes()).unwrap(), website);
}

#[test]
fn secrets_are_masked_and_masks_mean_the_stored_secret() {
    let auth = |secret: &str| {
        format!(
            "<MirrorAuth><AuthType>S3V4</AuthType><Region>r</Region><AccessKeyId>id</AccessKeyId>\
             <AccessKeySecret>{secret}</AccessKeySecret></MirrorAuth>"
        )
    };
    let stored = decode(with_mirror(&auth("hunter2")).as_bytes()).unwrap();
    let echo = text(&stored);
    assert!(echo.contains(&auth(SECRET_MASK)) && !echo.contains("hunter2"), "{echo}");
    let mut again = decode(echo.as_bytes()).unwrap();
    assert!(
        again.rules[0].mirror().unwrap().auth.as_ref().unwrap().access_key_secret.as_ref().is_some_and(Secret::is_mask)
    );
    again.adopt_masked_secrets(Some(&stored)).unwrap();
    assert_eq!(again, stored);
    assert_eq!(decode(encode_plain(&stored).finish().as_bytes()).unwrap(), stored, "whoever puts it gives the secret");
}

#[test]
fn bombs_are_refused() {
    let deep = format!("<WebsiteConfiguration>{}", "<RoutingRules>".repeat(50_000));
    let entity = "<!DOCTYPE w [<!ENTITY a \"aaaa\">]><WebsiteConfiguration>&a;</WebsiteConfiguration>";
    let attributes: Vec<_> = (0..10_000).map(|number| format!("a{number}=''")).collect();
    let attributes = format!("<WebsiteConfiguration {}/>", attributes.join(" "));
    for body in [deep, entity.to_owned(), attributes, "<a>".repeat(1_000_000)] {
        assert_malformed(&body);
    }
}
