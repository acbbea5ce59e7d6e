//! Lists and blocks that are replaced only while they are as somebody read them.

use headwater_engine::AccessChange;
use headwater_model::Error;
use headwater_model::acl::{Acl, CannedAcl, WantedAcl};
use headwater_model::bucket::PublicAccessBlock;
use headwater_model::op::Op;

use crate::support::{BUCKET, Bench, bucket};

fn list(acl: CannedAcl) -> WantedAcl {
    WantedAcl::Canned(acl)
}

#[tokio::test]
async fn what_an_api_client_changed_since_it_was_read_is_not_replaced() {
    let bench = Bench::new(CannedAcl::Private).await;
    let read = || bench.engine.bucket(BUCKET).unwrap();
    let replace = async |read: &headwater_model::bucket::Bucket, wanted: &AccessChange| {
        bench.engine.replace_access(&bench.root, read, wanted).await
    };
    let block = PublicAccessBlock { configured: true, ignore_public_acls: true, ..PublicAccessBlock::default() };
    let changes = [AccessChange::Acl(list(CannedAcl::PublicReadWrite)), AccessChange::Block(block)];
    let before = read();
    for by_client in [
        Op::PutBucketAcl(bucket(BUCKET), list(CannedAcl::PublicRead)),
        Op::PutPublicAccessBlock(
            bucket(BUCKET),
            PublicAccessBlock { configured: true, ..PublicAccessBlock::default() },
        ),
    ] {
        bench.ask(by_client).await.unwrap();
        for wanted in &changes {
            let refused = replace(&before, wanted).await;
            assert!(matches!(refused, Err(Error::PreconditionFailed { .. })), "{refused:?}");
        }
    }
    assert_eq!(read().acl, Acl::Canned(CannedAcl::PublicRead));
    for wanted in &changes {
        replace(&read(), wanted).await.unwrap();
    }
    assert_eq!((&read().acl, read().access.public_access), (&Acl::Canned(CannedAcl::PublicReadWrite), block));

    let refused = bench.engine.replace_access(&bench.anonymous, &read(), &changes[0]).await;
    assert!(matches!(refused, Err(Error::AccessDenied { .. })), "{refused:?}");
    let before = read();
    bench.ask(Op::DeleteBucket(bucket(BUCKET))).await.unwrap();
    let gone = replace(&before, &changes[0]).await;
    assert!(matches!(gone, Err(Error::PreconditionFailed { .. })), "{gone:?}");
}
