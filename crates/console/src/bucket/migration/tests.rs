//! The page over an engine: what it says, and what is stored.

use headwater_model::settings::{
    AnswerGuard, DigestMismatch, GoneMode, HeadMode, KeepMode, ListMode, MigrationSettings, Refresh,
};
use http::{HeaderMap, StatusCode};

use crate::page::Outcome;
use crate::world::{SCRIPT, World, form_of, name, shown, to};

/// Every setting another than its default.
fn all_else() -> MigrationSettings {
    MigrationSettings {
        deletes: GoneMode::Keep,
        list: ListMode::Local,
        head: HeadMode::Mirror,
        refresh: Refresh::Never,
        write_through: false,
        on_digest_mismatch: DigestMismatch::Abort,
        keep: KeepMode::All,
        keep_tags: true,
        negative_ttl_ms: 7,
        store_unproven_length: true,
        store_with_cookie: true,
        obey_no_store: true,
        refuse_empty: true,
        drop_oversized_meta: true,
        max_object_bytes: 8,
        leftover_limit_bytes: Some(9),
        guard: AnswerGuard {
            content_types: vec!["image/".into(), "video/".into()],
            min_bytes: 10,
            required_header: Some("etag".into()),
        },
    }
}

async fn put(world: &World, settings: MigrationSettings) {
    world.administration.engine().change_migration_settings(&name(), |_| Ok(settings)).await.unwrap();
}

async fn send(world: &World, typed: &[(&str, &str)]) -> Outcome {
    let (_, page) = world.get("migration").await;
    world.post("migration", &form_of(&page, "migration", typed)).await
}

#[tokio::test]
async fn every_setting_is_shown_and_saved() {
    let world = World::new().await;
    let (status, page) = world.get("migration").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("href=\"/buckets/bkt/migration\" aria-current=\"page\""), "{page}");
    assert!(page.contains("Not offered yet") && page.contains("53687091200000 bytes"), "{page}");
    let typed = [
        ("deletes", "keep"),
        ("head", "mirror"),
        ("on_digest_mismatch", "abort"),
        ("keep", "all"),
        ("keep_tags", "on"),
        ("negative_ttl_ms", "7"),
        ("store_unproven_length", "on"),
        ("store_with_cookie", "on"),
        ("obey_no_store", "on"),
        ("refuse_empty", "on"),
        ("drop_oversized_meta", "on"),
        ("max_object_bytes", "8"),
        ("leftover_limit_bytes", "9"),
        ("content_types", "image/\r\n video/ \r\n\r\n"),
        ("min_bytes", "10"),
        ("required_header", "etag"),
    ];
    assert_eq!(send(&world, &typed).await, to("migration"));
    assert_eq!(world.bucket().migration, all_else());
    let lines = world.audited().await;
    assert!(lines.last().unwrap().contains("\"action\":\"put_migration_settings\""), "{lines:?}");

    // As it is shown, nothing changes; then every setting goes back.
    let version = world.bucket().rule_version;
    assert_eq!(send(&world, &[]).await, to("migration"));
    assert_eq!(world.said().as_deref(), Some("Nothing was changed."));
    assert_eq!((world.bucket().rule_version, world.audited().await.len()), (version, lines.len()));
    let typed = [
        ("deletes", "refetch"),
        ("head", "rule"),
        ("on_digest_mismatch", "deliver_unstored"),
        ("keep", "seven_headers"),
        ("keep_tags", "-"),
        ("negative_ttl_ms", "5000"),
        ("store_unproven_length", "-"),
        ("store_with_cookie", "-"),
        ("obey_no_store", "-"),
        ("refuse_empty", "-"),
        ("drop_oversized_meta", "-"),
        ("max_object_bytes", "53687091200000"),
        ("leftover_limit_bytes", ""),
        ("content_types", ""),
        ("min_bytes", "0"),
        ("required_header", ""),
    ];
    assert_eq!(send(&world, &typed).await, to("migration"));
    assert_eq!(world.bucket().migration, MigrationSettings::default());
}

#[tokio::test]
async fn one_change_leaves_all_other_settings() {
    let world = World::new().await;
    let mut settings = all_else();
    // What the API took as it is: the form shows it on two lines, and does not make two of it.
    settings.guard.content_types = vec!["odd\n line".into()];
    put(&world, settings.clone()).await;
    assert_eq!(send(&world, &[("negative_ttl_ms", "0")]).await, to("migration"));
    settings.negative_ttl_ms = 0;
    assert_eq!(world.bucket().migration, settings);
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_and_names_the_field() {
    let world = World::new().await;
    let many = "a/\n".repeat(33);
    for (field, value, words) in [
        ("negative_ttl_ms", "300001", "at most 300000"),
        ("negative_ttl_ms", "5 s", "5 s is no time in milliseconds"),
        ("max_object_bytes", "0", "from 1 to"),
        ("leftover_limit_bytes", "-1", "or nothing for no limit"),
        ("min_bytes", "", "size in bytes is missing"),
        ("content_types", &many, "at most 32 entries"),
        ("required_header", "a b", "name of a header field"),
        ("keep", "some", "one of the two"),
    ] {
        let typed = [(field, value), ("refuse_empty", "on"), ("head", "mirror")];
        let (status, page) = shown(send(&world, &typed).await);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        let fault = page.split(&format!("id=\"{field}-fault\">")).nth(1);
        assert!(fault.is_some_and(|rest| rest.split("</p>").next().unwrap().contains(words)), "{words}: {page}");
        assert!(page.contains("role=\"alert\"") && page.contains(&format!("href=\"#{field}\"")), "{page}");
        assert!(page.contains("aria-describedby=\"refuse_empty-hint\" checked"), "{page}");
        assert!(page.contains("aria-describedby=\"head-mirror-hint\" checked"), "{page}");
    }
    assert_eq!(world.bucket().migration, MigrationSettings::default());
}

#[tokio::test]
async fn a_concurrent_change_is_told_and_nothing_is_lost() {
    let world = World::new().await;
    let (_, page) = world.get("migration").await;
    put(&world, MigrationSettings { refuse_empty: true, ..MigrationSettings::default() }).await;
    let sent = form_of(&page, "migration", &[("min_bytes", "77")]);
    let (status, page) = shown(world.post("migration", &sent).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("changed by somebody else") && page.contains("value=\"77\""), "{page}");
    assert_eq!(world.bucket().migration.guard.min_bytes, 0);
    let sent = form_of(&page, "migration", &[("refuse_empty", "on")]);
    assert_eq!(world.post("migration", &sent).await, to("migration"));
    let migration = world.bucket().migration.clone();
    assert_eq!((migration.guard.min_bytes, migration.refuse_empty), (77, true));
}

#[tokio::test]
async fn a_change_between_reading_and_saving_is_not_overwritten() {
    let world = World::new().await;
    let (_, page) = world.get("migration").await;
    let sent = form_of(&page, "migration", &[("min_bytes", "77")]);
    let visit = world.visit();
    put(&world, all_else()).await;
    let (status, page) = shown(visit.answer(true, &["migration"], &sent, &HeaderMap::new()).await.unwrap());
    assert!(status == StatusCode::CONFLICT && page.contains("value=\"77\""), "{page}");
    assert_eq!(world.bucket().migration, all_else());
}

#[tokio::test]
async fn text_stays_text() {
    let world = World::new().await;
    let mut settings = all_else();
    settings.guard.content_types = vec![SCRIPT.into()];
    put(&world, settings).await;
    let (_, page) = world.get("migration").await;
    assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
    let fields = ["negative_ttl_ms", "max_object_bytes", "leftover_limit_bytes", "content_types", "min_bytes"];
    let more = ["required_header", "deletes", "head", "on_digest_mismatch", "keep", "print"];
    let typed: Vec<_> = fields.iter().chain(&more).map(|field| (*field, SCRIPT)).collect();
    let (status, page) = shown(send(&world, &typed).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.contains("<script>x"), "{page}");
    assert!(page.matches("&#60;script&#62;x").count() >= 7, "six fields of text and the print: {page}");
}
