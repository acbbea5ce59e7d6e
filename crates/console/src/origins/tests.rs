use headwater_model::origin::OriginId;
use headwater_model::rule::{RoutingRule, SECRET_MASK, Secret};
use headwater_model::settings::{
    OriginCredentials, OriginKind, OriginLimits, OriginSettings, TimeWindow, TimeoutSettings,
};
use headwater_model::website::Website;
use http::StatusCode;
use serde_json::{Value, json};

use super::fields;
use super::form::OriginForm;
use crate::browser::Browser;
use crate::world::{SCRIPT, typed_into};

const PLACE: &str = "/origins/https/www.example.com:443";

fn id() -> OriginId {
    OriginId::parse("https://www.example.com/").unwrap()
}

/// No field has its default.
fn all_set() -> OriginSettings {
    OriginSettings {
        kind: OriginKind::Oss,
        credentials: Some(OriginCredentials {
            access_key_id: "AKEY".into(),
            access_key_secret: Secret::new("very-secret"),
            session_token: Some(Secret::new("secret-token")),
            region: "eu".into(),
        }),
        bucket: Some("bkt".into()),
        ca_pem: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into()),
        accept_invalid_certificate: true,
        allow_downgrade: true,
        treat_403_as_404: true,
        user_agent: Some("agent/1".into()),
        limits: OriginLimits {
            max_concurrent: 7,
            requests_per_s: Some(8),
            bytes_per_s: Some(9),
            bytes_per_day: Some(10),
            bytes_per_month: Some(11),
            min_bytes_per_s: 12,
        },
        timeouts: TimeoutSettings { connect_ms: 13, tls_ms: 14, first_byte_ms: 15, idle_ms: 16 },
        job_windows: vec![
            TimeWindow { from_minute: 1320, to_minute: 360 },
            TimeWindow { from_minute: 0, to_minute: 1440 },
        ],
    }
}

async fn put(browser: &Browser, settings: OriginSettings) {
    browser.world.administration.engine().change_origin_settings(&id(), None, |_| Ok(settings)).await.unwrap();
}

/// With secrets masked.
fn stored(browser: &Browser) -> Option<OriginSettings> {
    let all = browser.world.administration.engine().origins();
    all.into_iter().find(|(known, _)| *known == id()).map(|(_, settings)| settings)
}

#[test]
fn every_setting_has_its_field_and_an_untouched_form_means_what_it_shows() {
    let settings = all_set();
    let form = OriginForm::of(&settings);
    assert!(
        form.shown()
            .all(|(field, value)| !value.is_empty() || field.name.contains("secret") || field.name.contains("token"))
    );
    assert_eq!(form.settings(), Ok(settings.clone()));
    let default = OriginSettings::default();
    assert_eq!(OriginForm::of(&default).settings(), Ok(default));
    let mut names = Vec::new();
    leaves("", &json!(settings), &mut names);
    names.sort_unstable();
    let mut known: Vec<String> = fields::all().map(|field| field.name.to_owned()).collect();
    known.sort_unstable();
    assert_eq!(known, names);
}

fn leaves(path: &str, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}{}{name}", if path.is_empty() { "" } else { "." }), value, names);
            }
        }
        _ => names.push(path.to_owned()),
    }
}

#[tokio::test]
async fn origins_of_rules_and_of_settings_are_listed_with_their_buckets() {
    let browser = Browser::new().await;
    assert!(browser.get("/origins").await.1.contains("No rule names an origin yet"));
    let mut rule = RoutingRule::mirror_all(1, "https://www.example.com/");
    rule.redirect.as_mut().unwrap().mirror.url_slave = Some("http://[2001:db8::1]:8080/".into());
    browser.world.put(Website { rules: vec![rule], ..Website::default() }).await;
    let other = OriginId::parse("http://other.example/").unwrap();
    let limits = OriginLimits { bytes_per_day: Some(2048), ..OriginLimits::default() };
    let settings = OriginSettings { limits, ..OriginSettings::default() };
    browser.world.administration.engine().change_origin_settings(&other, None, |_| Ok(settings)).await.unwrap();

    let (_, page) = browser.get("/origins").await;
    for words in [
        "href=\"/origins/https/www.example.com:443\"",
        "href=\"/origins/http/[2001:db8::1]:8080\"",
        "0 B of 2.00 KiB",
        "Its own",
        "Not asked yet",
        "<td>bkt</td>",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    for address in [PLACE, "/origins/http/[2001:db8::1]:8080", "/origins/http/%5B2001:db8::1%5D:8080"] {
        let (status, page) = browser.get(address).await;
        assert_eq!((status, page.contains("/buckets/bkt/back-to-origin")), (StatusCode::OK, true), "{address}: {page}");
    }
    let (_, found) = browser.get("/origins?search=other").await;
    assert!(found.contains("http://other.example:80") && !found.contains("www.example.com:443"), "{found}");
    let (_, none) = browser.get("/origins?search=%22%3E%3Cscript%3Ex").await;
    assert!(none.contains("No origin, and no bucket") && !none.contains("<script>x"), "{none}");
    for no_origin in ["/origins/ftp/a", "/origins/https", "/origins/https/a%00b", "/origins/https/a/b"] {
        assert_eq!(browser.get(no_origin).await.0, StatusCode::NOT_FOUND, "{no_origin}");
    }
}

#[tokio::test]
async fn an_origin_is_found_by_its_url() {
    let browser = Browser::new().await;
    let (status, target) = browser.get("/configure-origin?url=https%3A%2F%2FWWW.example.com%2Fdir%2F").await;
    assert_eq!((status, &*target), (StatusCode::SEE_OTHER, PLACE));
    let (status, page) = browser.get("/configure-origin?url=%22%3E%3Cscript%3Ex").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("id=\"url-fault\"") && !page.contains("<script>x"), "{page}");
}

#[tokio::test]
async fn settings_are_saved_and_secrets_never_come_back() {
    let browser = Browser::new().await;
    let (_, page) = browser.get(PLACE).await;
    assert!(page.contains("It has none of its own"), "{page}");
    let typed = [
        ("kind", "s3"),
        ("credentials.access_key_id", "AKEY"),
        ("credentials.access_key_secret", "very-secret"),
        ("credentials.region", "eu"),
        ("limits.bytes_per_day", "1,000"),
        ("job_windows", "22:00-06:00\r\n00:00 - 24:00"),
        ("treat_403_as_404", "on"),
    ];
    let done = (StatusCode::SEE_OTHER, PLACE.to_owned());
    assert_eq!(browser.submit(&page, "name=\"print\"", &typed).await, done);
    let saved = stored(&browser).unwrap();
    assert_eq!((saved.kind, saved.limits.bytes_per_day, saved.treat_403_as_404), (OriginKind::S3, Some(1000), true));
    assert_eq!(saved.job_windows, all_set().job_windows);

    let (_, page) = browser.get(PLACE).await;
    assert!(page.contains("The settings were saved") && page.contains(SECRET_MASK), "{page}");
    let audited = browser.audited().await;
    assert!(audited.contains(r#""action":"put_origin_settings""#), "{audited}");
    assert!(audited.contains(r#""target":"origin https://www.example.com:443""#), "{audited}");
    for text in [&page, &browser.get("/origins").await.1, &audited] {
        assert!(!text.contains("very-secret"), "{text}");
    }
    // What is left as it stands keeps the secret, and is no change.
    assert_eq!(browser.submit(&page, "name=\"print\"", &[]).await, done);
    assert!(browser.get(PLACE).await.1.contains("nothing was changed"));
    assert_eq!(browser.audited().await, audited);
    assert_eq!(browser.submit(&page, "name=\"print\"", &[("limits.max_concurrent", "9")]).await, done);
    // The mask kept the secret: it is still there to be kept.
    let (_, page) = browser.get(PLACE).await;
    let (status, page) = browser.submit(&page, "name=\"print\"", &[("credentials.access_key_id", "BKEY")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("id=\"credentials.access_key_secret-fault\""), "{page}");
    assert_eq!(&*stored(&browser).unwrap().credentials.unwrap().access_key_id, "AKEY");
}

#[tokio::test]
async fn what_is_refused_is_at_its_field_and_changes_nothing() {
    let browser = Browser::new().await;
    put(&browser, all_set()).await;
    let before = stored(&browser);
    for (field, typed, told) in [
        ("kind", "ftp", "choose HTTP, S3 or OSS"),
        ("kind", "http", "Kind: kind http signs nothing"),
        ("credentials.access_key_id", "a/b", "Access key ID: must be visible ASCII without /."),
        ("credentials.access_key_id", "", "Type the access key ID"),
        ("credentials.access_key_secret", "", "Type the secret"),
        ("credentials.region", "", "Type the region"),
        ("ca_pem", SCRIPT, "Certificate authorities: must be PEM certificates, at most 256 KiB."),
        ("user_agent", "\u{e9}\u{7f}", "User-Agent: must be 1 to 256 bytes"),
        ("limits.max_concurrent", "0", "Requests at one time: from 1 to 2048."),
        ("limits.max_concurrent", "", "is not a whole number"),
        ("limits.requests_per_s", "5000000000", "is more than 4294967295"),
        ("limits.bytes_per_day", SCRIPT, "is not a whole number"),
        ("limits.bytes_per_month", "0", "Budget of a month: at least 1."),
        ("timeouts.connect_ms", "-1", "is not a whole number"),
        ("timeouts.idle_ms", "300001", "Silence: from 1 to 300000."),
        ("job_windows", "24:00-01:00", "is no time of day"),
        ("job_windows", SCRIPT, "is no time of day"),
        ("job_windows", &"00:00-01:00\n".repeat(17), "Times of day for jobs: at most 16 windows."),
    ] {
        let (_, page) = browser.get(PLACE).await;
        let mut sent = vec![(field, typed), ("bucket", SCRIPT)];
        for secret in ["credentials.access_key_secret", "credentials.session_token"] {
            sent.extend((field != secret).then_some((secret, "another-very-secret")));
        }
        let (status, page) = browser.submit(&page, "name=\"print\"", &sent).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={typed}");
        let at_field = page.contains(&format!("id=\"{field}-fault\"")) && page.contains("aria-invalid=\"true\"");
        assert!(at_field && page.contains(told), "{field}={typed}: {page}");
        assert!(!page.contains("<script>x") && !page.contains("very-secret"), "{page}");
        let again = typed_into(&page, &[]);
        let kept = |name: &str| again.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(kept("bucket"), Some(SCRIPT));
        if field != "kind" {
            assert_eq!(kept(field).map(str::trim), Some(typed.trim()), "{field}");
        }
        assert_eq!(stored(&browser), before);
    }
    assert_eq!(browser.audited().await, "");
}

#[tokio::test]
async fn a_concurrent_change_is_told_and_nothing_typed_is_lost() {
    let browser = Browser::new().await;
    put(&browser, all_set()).await;
    let (_, page) = browser.get(PLACE).await;
    put(&browser, OriginSettings { user_agent: Some("of-another".into()), ..all_set() }).await;
    let typed = [("user_agent", "mine"), ("credentials.session_token", "new-token")];
    let (status, page) = browser.submit(&page, "name=\"print\"", &typed).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        page.contains("changed by somebody else")
            && page.contains("What you typed is kept")
            && page.contains("value=\"mine\""),
        "{page}"
    );
    assert!(!page.contains("new-token"), "{page}");
    assert_eq!(stored(&browser).unwrap().user_agent.as_deref(), Some("of-another"));
    assert_eq!(browser.submit(&page, "name=\"print\"", &[]).await.0, StatusCode::SEE_OTHER);
    assert_eq!(stored(&browser).unwrap().user_agent.as_deref(), Some("mine"));
}

#[tokio::test]
async fn another_secret_under_the_same_id_is_a_concurrent_change() {
    let browser = Browser::new().await;
    put(&browser, all_set()).await;
    let (_, page) = browser.get(PLACE).await;
    let shown = stored(&browser);
    let mut of_another = all_set();
    of_another.credentials.as_mut().unwrap().access_key_secret = Secret::new("of-another-0123");
    put(&browser, of_another).await;
    assert_eq!(stored(&browser), shown, "what is stored, masked, is what the page showed");
    let (status, again) = browser.submit(&page, "name=\"print\"", &[("user_agent", "mine")]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(again.contains("changed by somebody else") && !again.contains("of-another-0123"), "{again}");
    assert_eq!(browser.submit(&again, "name=\"print\"", &[]).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn settings_that_were_changed_since_the_question_are_not_taken_away() {
    let browser = Browser::new().await;
    put(&browser, all_set()).await;
    let (_, question) = browser.get(&format!("{PLACE}/delete")).await;
    let mut of_another = all_set();
    of_another.credentials.as_mut().unwrap().access_key_secret = Secret::new("of-another-0123");
    put(&browser, of_another).await;
    let (status, page) = browser.submit(&question, "/delete", &[]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("changed by somebody else since this page was opened, so nothing was saved."), "{page}");
    assert!(!page.contains("What you typed") && !page.contains("of-another-0123"), "{page}");
    assert!(stored(&browser).is_some());
    assert_eq!(browser.audited().await, "");
    // The page shows the settings of now, so its form may save them, and the question may be asked anew.
    assert_eq!(browser.submit(&page, "name=\"print\"", &[("user_agent", "mine")]).await.0, StatusCode::SEE_OTHER);
    let (_, question) = browser.get(&format!("{PLACE}/delete")).await;
    assert_eq!(browser.submit(&question, "/delete", &[]).await.0, StatusCode::SEE_OTHER);
    assert_eq!(stored(&browser), None);
}

#[tokio::test]
async fn settings_are_taken_away_when_that_was_confirmed() {
    let browser = Browser::new().await;
    let place = format!("{PLACE}/delete");
    assert_eq!(browser.get(&place).await, (StatusCode::SEE_OTHER, PLACE.to_owned()), "there is nothing to take");
    put(&browser, all_set()).await;
    let (status, page) = browser.get(&place).await;
    assert_eq!((status, stored(&browser).is_some()), (StatusCode::OK, true), "asking changes nothing");
    assert_eq!(browser.submit(&page, "/delete", &[]).await, (StatusCode::SEE_OTHER, PLACE.to_owned()));
    assert_eq!(stored(&browser), None);
    assert!(browser.get(PLACE).await.1.contains("were taken away"));
    let audited = browser.audited().await;
    assert!(audited.contains(r#""action":"delete_origin_settings""#) && !audited.contains("very-secret"), "{audited}");
}
