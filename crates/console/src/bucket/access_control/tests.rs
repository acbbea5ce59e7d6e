//! The page over an engine: what it says, and what is stored.

use headwater_model::acl::{Acl, CannedAcl, Group, Permission, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::bucket::{ObjectOwnership, PublicAccessBlock};
use headwater_model::op::Op;
use http::StatusCode;

use crate::page::Outcome;
use crate::world::{SCRIPT, World, form_of, name, shown, to};

const LIST: &str = "access-control-list";

async fn send(world: &World, path: &str, typed: &[(&str, &str)]) -> Outcome {
    let (_, page) = world.get(LIST).await;
    world.post(path, &form_of(&page, path, typed)).await
}

async fn put(world: &World, acl: CannedAcl) {
    world.perform(Op::PutBucketAcl(name(), WantedAcl::Canned(acl))).await;
}

#[tokio::test]
async fn a_list_is_chosen_with_its_warnings_and_audited() {
    let world = World::new().await;
    let (status, page) = world.get(LIST).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("value=\"private\" id=\"acl-private\"") && page.contains("without a key"), "{page}");
    assert_eq!(send(&world, LIST, &[("acl", "public-read-write")]).await, to(LIST));
    assert_eq!(world.said().as_deref(), Some("The list is public-read-write."));
    assert_eq!(world.bucket().acl, Acl::Canned(CannedAcl::PublicReadWrite));
    let lines = world.audited().await;
    let expected = "\"action\":\"put_bucket_acl\"";
    assert!(lines.last().unwrap().contains(expected), "{lines:?}");
    assert!(lines.last().unwrap().contains("\"before\":\"private\""), "{lines:?}");

    assert_eq!(send(&world, LIST, &[]).await, to(LIST));
    assert_eq!(world.said().as_deref(), Some("Nothing was changed."));
    assert_eq!(world.audited().await.len(), lines.len());
    let (_, settings) = world.get("basic-settings").await;
    assert!(settings.contains("public-read-write."), "{settings}");
}

#[tokio::test]
async fn grants_are_told_and_replaced_only_when_another_list_is_chosen() {
    let world = World::new().await;
    let grants = vec![
        WantedGrant { grantee: WantedGrantee::Group(Group::AllUsers), permission: Permission::Read },
        WantedGrant { grantee: WantedGrantee::Id("owner".into()), permission: Permission::WriteAcp },
    ];
    world.perform(Op::PutBucketAcl(name(), WantedAcl::Grants { owner: None, grants })).await;
    let before = world.bucket().acl.clone();
    let (_, page) = world.get(LIST).await;
    for words in [
        "Everybody, without a key",
        "root&#60;script&#62;x&#60;/script&#62; (owner)",
        "WRITE_ACP",
        "2 grants, as they are",
        "replaces all grants",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(send(&world, LIST, &[]).await, to(LIST));
    assert_eq!(world.bucket().acl, before);
    assert_eq!(send(&world, LIST, &[("acl", "private")]).await, to(LIST));
    assert_eq!(world.bucket().acl, Acl::default());
    let lines = world.audited().await;
    assert!(lines.last().unwrap().contains("grants: READ to Everybody, without a key; WRITE_ACP to root"), "{lines:?}");

    put(&world, CannedAcl::AuthenticatedRead).await;
    let (_, page) = world.get(LIST).await;
    assert!(page.contains("authenticated-read, as it is"), "{page}");
}

#[tokio::test]
async fn what_is_blocked_is_saved_and_keeps_lists_private() {
    let world = World::new().await;
    let typed = [("block_public_acls", "on"), ("restrict_public_buckets", "on")];
    assert_eq!(send(&world, "public-access", &typed).await, to(LIST));
    let block = PublicAccessBlock {
        configured: true,
        block_public_acls: true,
        restrict_public_buckets: true,
        ..PublicAccessBlock::default()
    };
    assert_eq!(world.bucket().access.public_access, block);
    let lines = world.audited().await.len();
    assert_eq!(send(&world, "public-access", &[]).await, to(LIST));
    assert_eq!(world.audited().await.len(), lines, "what is the same is not made");

    let (status, page) = shown(send(&world, LIST, &[("acl", "public-read")]).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("id=\"acl-fault\">Public access is blocked"), "{page}");
    assert!(page.contains("aria-describedby=\"acl-public-read-hint\" checked"), "what was chosen stays: {page}");
    assert_eq!(world.bucket().acl, Acl::default());

    let none = [("block_public_acls", "-"), ("restrict_public_buckets", "-")];
    assert_eq!(send(&world, "public-access", &none).await, to(LIST));
    put(&world, CannedAcl::PublicRead).await;
    world.perform(Op::PutAccountPublicAccessBlock(PublicAccessBlock::ALL)).await;
    let (_, page) = world.get(LIST).await;
    assert!(page.contains("On all buckets of this server, and so here: Block public access lists"), "{page}");
    assert!(page.contains("public access lists are ignored"), "{page}");
}

#[tokio::test]
async fn what_changed_meanwhile_is_not_replaced() {
    let world = World::new().await;
    let (_, page) = world.get(LIST).await;
    put(&world, CannedAcl::PublicRead).await;
    world.perform(Op::PutPublicAccessBlock(name(), PublicAccessBlock::ALL)).await;
    let sent = form_of(&page, LIST, &[("acl", "public-read-write")]);
    let (status, now) = shown(world.post(LIST, &sent).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(now.contains("changed by somebody else"), "{now}");
    assert!(now.contains("aria-describedby=\"acl-public-read-write-hint\" checked"), "{now}");
    let sent = form_of(&page, "public-access", &[("ignore_public_acls", "on")]);
    let (status, now) = shown(world.post("public-access", &sent).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(!now.contains("aria-describedby=\"block_public_acls-hint\" checked"), "what was ticked stays: {now}");
    assert_eq!(world.bucket().acl, Acl::Canned(CannedAcl::PublicRead));
    assert_eq!(world.bucket().access.public_access, PublicAccessBlock::ALL);
    // The second OK is made knowing.
    let sent = form_of(&now, "public-access", &[]);
    assert_eq!(world.post("public-access", &sent).await, to(LIST));
    assert!(!world.bucket().access.public_access.block_public_acls);
}

#[tokio::test]
async fn disabled_lists_have_no_form_and_strange_values_are_refused() {
    let world = World::new().await;
    let (status, page) = shown(send(&world, LIST, &[("acl", SCRIPT)]).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Choose private, public-read") && !page.contains("<script>x"), "{page}");
    world.perform(Op::PutOwnershipControls(name(), ObjectOwnership::BucketOwnerEnforced)).await;
    let (_, page) = world.get(LIST).await;
    assert!(page.contains("Lists are disabled") && !page.contains("name=\"acl\""), "{page}");
}
