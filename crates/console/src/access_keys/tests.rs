use std::time::Duration;

use headwater_engine::{KeyChange, NewToken, ShownKey};
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_TOKENS_PER_KEY;
use headwater_model::rule::SECRET_MASK;
use http::{Method, StatusCode, header};

use super::EXAMPLE_POLICY;
use crate::browser::{Browser, encoded};
use crate::world::{SCRIPT, typed_into};

const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;

fn keys(browser: &Browser) -> Vec<ShownKey> {
    browser.world.administration.engine().access_keys()
}

fn secret_of(browser: &Browser, id: &str) -> Option<String> {
    let found = browser.world.administration.engine().accounts().find(id, None, Timestamp(0)).unwrap();
    found.map(|credential| credential.secret.to_string())
}

async fn make(browser: &Browser, typed: &[(&str, &str)]) -> (StatusCode, String) {
    let (_, page) = browser.get("/create-access-key").await;
    browser.submit(&page, "/create-access-key", typed).await
}

#[tokio::test]
async fn a_key_is_made_and_its_secret_is_shown_once_and_nowhere_else() {
    let browser = Browser::new().await;
    let (status, page) = make(&browser, &[("display_name", "Alice A."), ("email", "Alice@Example.com")]).await;
    assert_eq!(status, StatusCode::CREATED);
    let made = keys(&browser).remove(0);
    let secret = secret_of(&browser, &made.key.id).unwrap();
    assert!(page.contains(&secret) && page.contains(&*made.key.id), "{page}");
    assert_eq!((&*made.owner.display_name, made.email.as_deref()), ("Alice A.", Some("alice@example.com")));

    let (_, list) = browser.get("/access-keys").await;
    for words in
        ["Alice A.", "alice@example.com", "Enabled", "None: as its account", "aria-current=\"page\">Access Keys"]
    {
        assert!(list.contains(words), "{words} in {list}");
    }
    let (_, one) = browser.get(&format!("/access-keys/{}", made.key.id)).await;
    let audited = browser.audited().await;
    assert!(audited.contains(r#""action":"create_access_key""#) && audited.contains(r#""who":"root""#), "{audited}");
    for text in [list, one, audited] {
        assert!(!text.contains(&secret) && !text.contains(SECRET_MASK), "{text}");
    }
}

#[tokio::test]
async fn what_is_given_for_a_new_key_holds() {
    let browser = Browser::new().await;
    let given = [("access_key_id", "AKEY"), ("secret", "of-my-own"), ("canonical_id", "alice"), ("policy", POLICY)];
    assert_eq!(make(&browser, &given).await.0, StatusCode::CREATED);
    assert_eq!(secret_of(&browser, "AKEY").as_deref(), Some("of-my-own"));
    assert_eq!(make(&browser, &[("access_key_id", "BKEY"), ("account", "alice")]).await.0, StatusCode::CREATED);
    let made = keys(&browser);
    assert!(made.iter().all(|shown| &*shown.owner.id == "alice") && made.len() == 2, "{made:?}");
    assert_eq!(made[0].key.policy.as_ref().unwrap().text(), POLICY);
    let (_, found) = browser.get("/access-keys?search=bkey").await;
    assert!(found.contains("/access-keys/BKEY") && !found.contains("/access-keys/AKEY"), "{found}");
    let (_, none) = browser.get("/access-keys?search=%3Cscript%3Enobody").await;
    assert!(none.contains("No access key contains") && !none.contains("<script>"), "{none}");
}

#[tokio::test]
async fn what_is_refused_is_at_its_field_with_what_was_typed_and_without_the_secret() {
    let browser = Browser::new().await;
    for (field, typed, told) in [
        ("email", "nobody", "E-mail address: an e-mail address has an @."),
        ("canonical_id", "a/b", "Canonical ID: it has 1 to 64 characters"),
        ("account", "nobody", "Join account: there is no such account."),
        ("access_key_id", "root", "Access key ID: there is an access key of that id."),
        ("access_key_id", "a", "Access key ID: it has 3 to 128 characters"),
        ("secret", "short", "Secret: a secret is 8 to 128 visible ASCII characters."),
        ("policy", "{", ""),
        ("policy", SCRIPT, ""),
    ] {
        let typed_too = [(field, typed), ("display_name", SCRIPT)];
        let typed_too = if field == "account" { &typed_too[..1] } else { &typed_too[..] };
        let (status, page) = make(&browser, typed_too).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(page.contains(&format!("id=\"{field}-fault\"")) && page.contains(told), "{field}: {page}");
        assert!(page.contains("aria-invalid=\"true\"") && page.contains("role=\"alert\""), "{page}");
        assert!(!page.contains("<script>x"), "{page}");
        let again = typed_into(&page, &[]);
        let shown = again.iter().find(|(name, _)| name == field).unwrap();
        assert_eq!(shown.1, if field == "secret" { "" } else { typed }, "{field}");
    }
    assert_eq!(keys(&browser), [], "nothing was made");
    assert_eq!(browser.audited().await, "", "and nothing written down");
}

#[tokio::test]
async fn a_key_is_disabled_and_enabled_and_its_policy_saved_and_removed() {
    let browser = Browser::new().await;
    make(&browser, &[("access_key_id", "AKEY")]).await;
    let open = async || browser.get("/access-keys/AKEY").await.1;
    let done = (StatusCode::SEE_OTHER, "/access-keys/AKEY".to_owned());

    assert_eq!(browser.submit(&open().await, "value=\"disable\"", &[("do", "disable")]).await, done);
    let page = open().await;
    assert!(page.contains("It is disabled:") && page.contains("<dd>Disabled</dd>"), "{page}");
    assert_eq!(secret_of(&browser, "AKEY"), None);
    assert_eq!(browser.submit(&page, "value=\"enable\"", &[("do", "enable")]).await, done);
    assert!(secret_of(&browser, "AKEY").is_some());

    let (status, page) = browser.submit(&open().await, "value=\"policy\"", &[("do", "policy"), ("policy", " ")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Remove Policy is what lets the key do everything"), "{page}");
    let no_policy = format!("{SCRIPT}</textarea><script>x</script>");
    let (status, page) = browser.submit(&page, "value=\"policy\"", &[("do", "policy"), ("policy", &no_policy)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("id=\"policy-fault\"") && !page.contains("<script>x"), "{page}");
    assert_eq!(keys(&browser)[0].key.policy, None);

    assert_eq!(browser.submit(&page, "value=\"policy\"", &[("do", "policy"), ("policy", POLICY)]).await, done);
    let audited = browser.audited().await;
    let page = open().await;
    assert_eq!(browser.submit(&page, "value=\"policy\"", &[("do", "policy")]).await, done, "as it stands");
    assert!(open().await.contains("nothing was changed"));
    assert_eq!(browser.audited().await, audited, "a change without effect is none");
    let (status, question) = browser.get("/access-keys/AKEY/remove-policy").await;
    assert!(status == StatusCode::OK && question.contains("&#34;Allow&#34;"), "{question}");
    assert!(keys(&browser)[0].key.policy.is_some(), "a question changes nothing");
    assert_eq!(browser.submit(&question, "/remove-policy", &[]).await, done);
    assert_eq!(browser.get("/access-keys/AKEY/remove-policy").await, done, "there is nothing to remove");
    assert_eq!(keys(&browser)[0].key.policy, None);
    let audited = browser.audited().await;
    assert!(audited.contains(r#""action":"change_access_key""#) && audited.contains("access key AKEY"), "{audited}");
}

#[tokio::test]
async fn a_concurrent_change_of_a_policy_is_told_and_nothing_typed_is_lost() {
    let browser = Browser::new().await;
    make(&browser, &[("access_key_id", "AKEY")]).await;
    let (_, page) = browser.get("/access-keys/AKEY").await;
    let of_another = POLICY.replace("Allow", "Deny");
    let policy = Some(Some(of_another.clone().into()));
    let change = KeyChange { policy, ..KeyChange::default() };
    browser.world.administration.engine().change_access_key("AKEY", change).await.unwrap();
    let sent = [("do", "policy"), ("policy", POLICY)];
    let (status, refused) = browser.submit(&page, "value=\"policy\"", &sent).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused.contains("changed by somebody else") && refused.contains("&#34;Allow&#34;"), "{refused}");
    let (_, question) = browser.get("/access-keys/AKEY/remove-policy").await;
    let policy = Some(Some(POLICY.into()));
    let change = KeyChange { policy, ..KeyChange::default() };
    browser.world.administration.engine().change_access_key("AKEY", change).await.unwrap();
    let (status, refused) = browser.submit(&question, "/remove-policy", &[]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused.contains("changed by somebody else") && refused.contains("&#34;Allow&#34;"), "{refused}");
    assert_eq!(keys(&browser)[0].key.policy.as_ref().unwrap().text(), POLICY);
    let policy = Some(Some(of_another.clone().into()));
    let change = KeyChange { policy, ..KeyChange::default() };
    browser.world.administration.engine().change_access_key("AKEY", change).await.unwrap();
    let (_, page) = browser.submit(&page, "value=\"policy\"", &[("do", "policy"), ("policy", POLICY)]).await;
    assert_eq!(browser.submit(&page, "value=\"policy\"", &[("do", "policy")]).await.0, StatusCode::SEE_OTHER);
    assert_eq!(keys(&browser)[0].key.policy.as_ref().unwrap().text(), POLICY);
    // Under the engine's lock too: between the page's look and the change another may come.
    let change = KeyChange { policy: Some(None), expected: Some(None), ..KeyChange::default() };
    let late = browser.world.administration.engine().change_access_key("AKEY", change).await;
    assert!(matches!(late, Err(headwater_model::Error::PreconditionFailed { .. })), "{late:?}");
}

#[tokio::test]
async fn a_key_goes_only_by_its_id() {
    let browser = Browser::new().await;
    make(&browser, &[("access_key_id", "AKEY"), ("display_name", SCRIPT)]).await;
    let (_, page) = browser.get("/access-keys/AKEY/delete").await;
    assert!(page.contains("the last key of the account"), "{page}");
    let (status, page) = browser.submit(&page, "/delete", &[("confirmation", SCRIPT)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("type AKEY") && !page.contains("<script>x"), "{page}");
    assert_eq!(keys(&browser).len(), 1);
    let gone = browser.submit(&page, "/delete", &[("confirmation", "AKEY")]).await;
    assert_eq!(gone, (StatusCode::SEE_OTHER, "/access-keys".to_owned()));
    assert_eq!(keys(&browser), []);
    assert!(browser.get("/access-keys").await.1.contains("Access key AKEY was deleted."));
    assert_eq!(browser.get("/access-keys/AKEY").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_that_are_markup_stay_text_and_have_their_page() {
    let browser = Browser::new().await;
    let id = "a\"'><script>x";
    let policy = POLICY.replace("\"Version\"", "\"Id\":\"</textarea><script>x</script>\",\"Version\"");
    let typed =
        [("access_key_id", id), ("display_name", SCRIPT), ("email", "\"'><script>x@a.example"), ("policy", &policy)];
    let (status, page) = make(&browser, &typed).await;
    assert_eq!(status, StatusCode::CREATED, "{page}");
    let (_, list) = browser.get("/access-keys").await;
    let (_, address) = list.split_once("<a href=\"/access-keys/a").unwrap();
    let address = format!("/access-keys/a{}", address.split_once('"').unwrap().0);
    let (status, one) = browser.get(&address).await;
    assert_eq!((status, one.contains("&#60;script&#62;x")), (StatusCode::OK, true), "{one}");
    let (_, delete) = browser.get(&format!("{address}/delete")).await;
    for page in [&page, &list, &one, &delete] {
        assert!(!page.contains("<script>x"), "{page}");
    }
    assert_eq!(browser.submit(&delete, "/delete", &[("confirmation", id)]).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_root_key_is_shown_and_not_changed() {
    let browser = Browser::new().await;
    let (_, list) = browser.get("/access-keys").await;
    assert!(list.contains("<a href=\"/access-keys/root\">root</a>"), "{list}");
    let (status, page) = browser.get("/access-keys/root").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("HEADWATER_ACCESS_KEY_ID") && !page.contains("name=\"do\""), "{page}");
    let (_, page) = browser.get("/create-access-key").await;
    let page = page.replace("action=\"/create-access-key\"", "action=\"/access-keys/root\"");
    assert_eq!(browser.submit(&page, "/access-keys/root", &[("do", "disable")]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_are_shown_and_revoked_after_a_question() {
    let browser = Browser::new().await;
    make(&browser, &[("access_key_id", "AKEY")]).await;
    let engine = browser.world.administration.engine();
    for (key, home) in [("AKEY", "/access-keys/AKEY"), ("root", "/access-keys/root")] {
        let (_, none) = browser.get(home).await;
        assert!(none.contains("The key has no token.") && none.contains("<button>Create Token</button>"), "{none}");
        let new = NewToken { access_key_id: key.into(), life: None, note: Some(SCRIPT.into()) };
        let (made, token) = engine.create_access_token(&new).await.unwrap();
        let id = made.after.unwrap().id;
        let (_, page) = browser.get(home).await;
        assert!(page.contains(&*id) && page.contains("Never") && !page.contains("<script>x"), "{page}");
        assert!(!page.contains(token.reveal()), "{page}");
        let address = format!("{home}/tokens/{id}/revoke");
        let (status, question) = browser.get(&address).await;
        assert_eq!((status, question.contains(&format!("Revoke token {id}?"))), (StatusCode::OK, true), "{question}");
        assert!(!question.contains("<script>x"), "{question}");
        assert_eq!(engine.access_tokens(Some(key)).len(), 1, "a question changes nothing");
        let revoked = browser.submit(&question, "/revoke", &[]).await;
        assert_eq!(revoked, (StatusCode::SEE_OTHER, home.to_owned()));
        assert_eq!(engine.access_tokens(Some(key)).len(), 0);
        assert!(browser.get(home).await.1.contains(&format!("Token {id} was revoked.")));
        assert_eq!(browser.get(&address).await.0, StatusCode::NOT_FOUND);
        let audited = browser.audited().await;
        assert!(audited.contains(r#""action":"revoke_access_token""#) && audited.contains(&*id), "{audited}");
    }
    let new = NewToken { access_key_id: "root".into(), ..NewToken::default() };
    let id = engine.create_access_token(&new).await.unwrap().0.after.unwrap().id;
    let of_another = browser.get(&format!("/access-keys/AKEY/tokens/{id}/revoke")).await;
    assert_eq!(of_another.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_is_issued_and_shown_once_and_nowhere_else() {
    let browser = Browser::new().await;
    make(&browser, &[("access_key_id", "AKEY")]).await;
    let engine = browser.world.administration.engine();
    for (key, home) in [("AKEY", "/access-keys/AKEY"), ("root", "/access-keys/root")] {
        let place = format!("{home}/tokens/create");
        let (status, form) = browser.get(&place).await;
        assert_eq!((status, form.contains("the root key alone")), (StatusCode::OK, key != "root"), "{form}");
        let typed = [("note", SCRIPT), ("expires", " 12h ")];
        let (status, page) = browser.submit(&form, "/tokens/create", &typed).await;
        assert_eq!(status, StatusCode::CREATED, "{page}");
        assert!(page.contains("the only time that it is shown") && !page.contains("<script>x"), "{page}");
        let (_, token) = page.split_once("<code>hwt1.").unwrap();
        let token = format!("hwt1.{}", token.split_once('<').unwrap().0);
        let issued = engine.access_tokens(Some(key)).remove(0);
        let bearer = engine.accounts().bearer(&token, issued.created).unwrap();
        assert_eq!((&*bearer.access_key_id, &bearer.token_id), (key, &issued.id));
        assert_eq!(issued.expires, Some(issued.created.plus(Duration::from_hours(12))));
        assert_eq!(issued.note.as_deref(), Some(SCRIPT));

        let audited = browser.audited().await;
        let line = audited.lines().find(|line| line.contains(&*issued.id)).unwrap();
        assert!(line.contains(r#""action":"create_access_token""#) && line.contains(r#""who":"root""#), "{line}");
        assert!(line.contains(&format!(r#""target":"access key {key}""#)), "{line}");
        let mut later = vec![audited];
        for path in [home, &place, "/access-keys", "/audit-log", &format!("{home}/tokens/{}/revoke", issued.id)] {
            later.push(browser.get(path).await.1);
        }
        let secret = token.rsplit('.').next().unwrap();
        assert!(later.iter().all(|text| !text.contains(secret)), "{later:?}");
        assert_eq!(engine.access_tokens(Some(key)).len(), 1, "a form that is only looked at issues none");
    }
    let (_, form) = browser.get("/access-keys/AKEY/tokens/create").await;
    let sent = encoded(&typed_into(&form, &[]));
    let answer = browser.ask(Method::POST, "/access-keys/AKEY/tokens/create", &sent).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let without = engine.access_tokens(Some("AKEY")).into_iter().find(|token| token.note.is_none()).unwrap();
    assert_eq!(without.expires, None, "nothing typed means until it is revoked");
}

#[tokio::test]
async fn a_token_that_cannot_be_is_refused_at_its_field() {
    let browser = Browser::new().await;
    make(&browser, &[("access_key_id", "AKEY")]).await;
    let audited = browser.audited().await;
    let engine = browser.world.administration.engine();
    let place = "/access-keys/AKEY/tokens/create";
    let (_, form) = browser.get(place).await;
    for (field, typed, told) in [
        ("expires", "30", "is no duration; write a number and a unit"),
        ("expires", SCRIPT, "is no duration"),
        ("expires", "59s", "Expires after: a token lives 60 to 315360000 seconds, or until it is revoked."),
        ("expires", "3651d", "Expires after: a token lives"),
        ("note", &"n".repeat(129), "Note: a note has 1 to 128 characters, none of them a control character."),
        ("note", &SCRIPT.repeat(9), "Note: a note has"),
    ] {
        let sent = [(field, typed), (if field == "note" { "expires" } else { "note" }, "1d")];
        let (status, page) = browser.submit(&form, place, &sent).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={typed}");
        assert!(page.contains(&format!("id=\"{field}-fault\"")) && page.contains(told), "{field}={typed}: {page}");
        assert!(page.contains("aria-invalid=\"true\"") && !page.contains("<script>x"), "{page}");
        let again = typed_into(&page, &[]);
        for (name, value) in sent {
            assert!(again.contains(&(name.to_owned(), value.to_owned())), "{name} in {again:?}");
        }
    }
    let change = KeyChange { enabled: Some(false), ..KeyChange::default() };
    engine.change_access_key("AKEY", change).await.unwrap();
    let (status, page) = browser.submit(&form, place, &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("The access key is no longer enabled."), "{page}");
    assert_eq!((engine.access_tokens(None).len(), browser.audited().await), (0, audited));

    let full = NewToken { access_key_id: "root".into(), ..NewToken::default() };
    for _ in 0..MAX_TOKENS_PER_KEY {
        engine.create_access_token(&full).await.unwrap();
    }
    let (_, form) = browser.get("/access-keys/root/tokens/create").await;
    let (status, page) = browser.submit(&form, "/tokens/create", &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Access key: an access key has at most 50 tokens; revoke one"), "{page}");
    assert_eq!(browser.get("/access-keys/nobody/tokens/create").await.0, StatusCode::NOT_FOUND);
}

#[test]
fn the_example_is_a_policy() {
    headwater_model::policy::Policy::parse(EXAMPLE_POLICY, headwater_model::policy::Attached::Key).unwrap();
}
