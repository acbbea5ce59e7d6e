//! Rows about our side while it fetches (O75 to O81), on both dialects. The origin is well; the test does the rest.

use std::path::Path;

use bytes::Bytes;
use futures_util::future::join_all;
use headwater_model::bucket::Dialect;
use headwater_simulator::{Gate, Reply, Resource, ScriptedOrigin, pattern};
use http::Method;

use super::cell::face_name;
use super::row::wait_for_fills;
use crate::harness::{Answer, Call, Client, Headwater, Opened, Setup, eventually, find};

const LENGTH: usize = 2 << 20;
const HELD_AT: usize = 1 << 20;
/// Readers of the whole, and bytes that a reader of a range asks for.
const HERD: usize = 20;
const TAIL: usize = 1000;
const FACES: [Dialect; 2] = [Dialect::Oss, Dialect::S3];

/// A server with the bucket `local`, and its origin.
struct Scene {
    server: Headwater,
    origin: ScriptedOrigin,
}

impl Scene {
    async fn new() -> Self {
        Self::on(Setup::new()).await
    }

    async fn on(setup: Setup) -> Self {
        let origin = ScriptedOrigin::start().await;
        let scene = Self { server: setup.start(), origin };
        scene.make_bucket().await;
        scene.put_rule().await;
        scene
    }

    async fn make_bucket(&self) {
        self.server.client().put("/local/", "").header("x-oss-acl", "public-read").send().await.expect(200);
    }

    async fn put_rule(&self) {
        let rule = format!(
            "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>\
             <Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
             <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>{}</MirrorURL>\
             <MirrorAllowHeadObject>true</MirrorAllowHeadObject></Redirect>\
             </RoutingRule></RoutingRules></WebsiteConfiguration>",
            self.origin.url("/")
        );
        let client = self.server.client();
        client.put("/local/?website", rule).header("content-type", "application/xml").send().await.expect(200);
    }

    /// The origin holds its first answer for a key in the middle of the body; later answers are another version.
    fn hold(&self, key: &str) -> Gate {
        let gate = Gate::closed();
        let held = Reply::pattern(1, LENGTH as u64).hold_body_at(HELD_AT as u64, &gate);
        self.origin.on_each(&format!("/{key}"), vec![held, Reply::pattern(2, LENGTH as u64)]);
        gate
    }

    /// A client that waits in the middle of the body.
    async fn reader(&self, face: Dialect, key: &str) -> Opened {
        let client = self.server.client();
        let mut reader = signed(face, client.get(&path(key))).open().await;
        assert_eq!(reader.status, 200);
        reader.read_at_least(HELD_AT / 2).await;
        reader
    }

    /// Clients in every mode that wait for the rest of the body, behind one who began it.
    async fn audience(&self, face: Dialect, key: &str) -> Audience {
        let client = self.server.client();
        let mut wholes = vec![self.reader(face, key).await];
        wholes.extend(join_all((1..HERD).map(|_| self.reader(face, key))).await);
        let last = signed(face, client.get(&path(key))).header("range", &format!("bytes=-{TAIL}"));
        let tail = last.open().await;
        assert_eq!(tail.status, 206);
        let head = signed(face, client.head(&path(key))).send().await.expect(200);
        assert_eq!(head.header("content-length"), Some(LENGTH.to_string().as_str()));
        Audience { wholes, tail }
    }

    async fn get(&self, face: Dialect, key: &str) -> Answer {
        signed(face, self.server.client().get(&path(key))).send().await
    }

    async fn is_stored(&self, key: &str) -> bool {
        self.server.client().head(&format!("{}?objectMeta", path(key))).send().await.status == 200
    }
}

/// Clients of one fetch.
struct Audience {
    wholes: Vec<Opened>,
    tail: Opened,
}

impl Audience {
    /// All of them get what the fetch brought.
    async fn finish(self) {
        for answer in join_all(self.wholes.into_iter().map(Opened::finish)).await {
            answer.expect_body(&version(1));
        }
        self.tail.finish().await.expect_body(&version(1)[LENGTH - TAIL..]);
    }
}

fn path(key: &str) -> String {
    format!("/local/{key}")
}

fn signed(face: Dialect, call: Call<'_>) -> Call<'_> {
    if face == Dialect::S3 { call.s3() } else { call }
}

fn version(seed: u64) -> Vec<u8> {
    pattern(seed, 0, LENGTH)
}

#[tokio::test(flavor = "multi_thread")]
async fn o75_who_leaves_does_not_disturb_who_stays() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let gate = scene.hold(key);
        let (leaves, stays) = (scene.reader(face, key).await, scene.audience(face, key).await);
        drop(leaves);
        gate.open();
        stays.finish().await;
        eventually("it is stored", || scene.is_stored(key)).await;
        assert_eq!(scene.origin.count(&format!("/{key}")), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o75_what_all_left_is_fetched_to_its_end() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let gate = scene.hold(key);
        drop(scene.audience(face, key).await);
        gate.open();
        eventually("it is stored", || scene.is_stored(key)).await;
        scene.get(face, key).await.expect(200).expect_body(&version(1));
        assert_eq!(scene.origin.count(&format!("/{key}")), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o76_a_local_put_wins() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let gate = scene.hold(key);
        let audience = scene.audience(face, key).await;
        signed(face, scene.server.client().put(&path(key), "ours")).send().await.expect(200);
        gate.open();
        audience.finish().await;
        wait_for_fills(&scene.server).await;
        scene.get(face, key).await.expect(200).expect_body(b"ours");
        assert_eq!(scene.origin.count(&format!("/{key}")), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o76_a_local_delete_wins() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let gate = scene.hold(key);
        let audience = scene.audience(face, key).await;
        signed(face, scene.server.client().delete(&path(key))).send().await.expect(204);
        gate.open();
        audience.finish().await;
        wait_for_fills(&scene.server).await;
        assert!(!scene.is_stored(key).await, "what was deleted came back");
        scene.get(face, key).await.expect(200).expect_body(&version(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o77_a_rule_that_goes_takes_its_fetches_with_it() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let gate = scene.hold(key);
        let audience = scene.audience(face, key).await;
        scene.server.client().delete("/local/?website").send().await.expect(204);
        gate.open();
        audience.finish().await;
        wait_for_fills(&scene.server).await;
        assert!(!scene.is_stored(key).await, "stored under a rule that is gone");
        scene.get(face, key).await.expect_error(404, "NoSuchKey");
        scene.put_rule().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o77_a_bucket_of_the_same_name_is_another_bucket() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let gate = scene.hold(key);
        let audience = scene.audience(face, key).await;
        scene.server.client().delete("/local/").send().await.expect(204);
        scene.make_bucket().await;
        gate.open();
        audience.finish().await;
        wait_for_fills(&scene.server).await;
        assert!(!scene.is_stored(key).await, "stored in another bucket than it was fetched for");
        scene.put_rule().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o78_a_full_disk_does_not_keep_objects_from_clients() {
    let mount = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let scene = Scene::on(on_small_disk(mount.path())).await;
    let relative = mount.path().strip_prefix("/").expect("an absolute path");
    let seen = Path::new(&format!("/proc/{}/root", scene.server.pid())).join(relative);
    fill(&seen.join("filler"));
    let refused = async |number: usize| {
        scene.server.client().put(&format!("/local/taken{number}"), vec![0; 64 << 10]).send().await.status == 507
    };
    let number = std::cell::Cell::new(0);
    eventually("the server knows that its disk is full", || {
        number.set(number.get() + 1);
        refused(number.get())
    })
    .await;
    for face in FACES {
        for length in [100, LENGTH] {
            let key = format!("{}-{length}", face_name(face));
            scene.origin.on(&format!("/{key}"), Reply::pattern(7, length as u64));
            scene.get(face, &key).await.expect(200).expect_body(&pattern(7, 0, length));
            wait_for_fills(&scene.server).await;
            assert!(!scene.is_stored(&key).await || length == 100, "{key} is stored on a full disk");
        }
    }
    std::fs::remove_file(seen.join("filler")).expect("the disk can be reached through procfs");
    scene.origin.on("/again", Reply::pattern(8, LENGTH as u64));
    eventually("objects are stored again", || async {
        scene.get(Dialect::Oss, "again").await.expect(200).expect_body(&pattern(8, 0, LENGTH));
        wait_for_fills(&scene.server).await;
        scene.is_stored("again").await
    })
    .await;
}

/// A server whose directory is on a memory disk of its own, in a mount namespace that ends with it.
fn on_small_disk(mount: &Path) -> Setup {
    let unshare = find("unshare", "util-linux");
    let unshare = unshare.to_str().expect("a text path");
    // Others than root may mount in a user namespace of their own.
    let namespace = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let script = format!("mount -t tmpfs -o size=48M none '{}' && exec \"$0\" \"$@\"", mount.display());
    Setup::new().directory(mount.join("data")).wrapper(&[unshare, namespace, "sh", "-c", &script])
}

/// Writes a file until the disk has not a byte left.
fn fill(file: &Path) {
    use std::io::Write as _;
    let mut filler = std::fs::File::create(file).expect("the disk can be reached through procfs");
    for piece in [1 << 20, 1 << 12, 1] {
        while filler.write_all(&vec![0; piece]).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o79_a_kill_leaves_nothing() {
    let mut scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let _gate = scene.hold(key);
        let reader = scene.reader(face, key).await;
        scene.server.kill();
        assert!(!reader.finish().await.complete, "a killed server cannot end a body");
        scene.server.restart();
        assert!(!scene.is_stored(key).await, "a part is visible");
        scene.get(face, key).await.expect(200).expect_body(&version(2));
        eventually("it is stored", || scene.is_stored(key)).await;
        assert_eq!(scene.origin.count(&format!("/{key}")), 2);
    }
}

/// A server whose origins have these settings.
async fn limited(settings: &str) -> (Scene, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("headwater.toml");
    std::fs::write(&config, format!("[origin.defaults]\n{settings}\n")).expect("a writable directory");
    let scene = Scene::on(Setup::new().flag("--config", config.to_str().expect("a text path"))).await;
    (scene, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn o80_what_is_over_the_permits_is_refused_and_hits_are_served() {
    let (scene, _directory) = limited("limits.max_concurrent = 1").await;
    scene.origin.on("/hit", Reply::pattern(3, 1000));
    scene.get(Dialect::Oss, "hit").await.expect(200);
    eventually("it is stored", || scene.is_stored("hit")).await;
    let gate = scene.hold("first");
    let first = scene.reader(Dialect::Oss, "first").await;
    for face in FACES {
        let refused = scene.get(face, "other").await.expect_error(503, "SlowDown");
        assert!(refused.header("retry-after").is_some());
        scene.get(face, "hit").await.expect(200).expect_body(&pattern(3, 0, 1000));
    }
    gate.open();
    first.finish().await.expect_body(&version(1));
    wait_for_fills(&scene.server).await;
    assert_eq!(scene.origin.count("/other"), 0, "the origin saw a request without a permit");
}

#[tokio::test(flavor = "multi_thread")]
async fn o80_an_origin_that_fails_is_left_alone() {
    let scene = Scene::new().await;
    scene.origin.otherwise(|_| Reply::status(500));
    let mut open = false;
    // Each miss is two failures at most; eight in a row open the breaker.
    for number in 0..8 {
        open = scene.get(Dialect::Oss, &format!("k{number}")).await.status == 503;
        if open {
            break;
        }
    }
    assert!(open, "the breaker does not open");
    let before = scene.origin.requests().len();
    let all = join_all((0..50).map(|number| {
        let face = FACES[number % 2];
        let scene = &scene;
        async move { scene.get(face, &format!("more{number}")).await.status.as_u16() }
    }));
    let statuses = all.await;
    assert!(statuses.iter().filter(|status| **status == 503).count() >= 40, "{statuses:?}");
    assert!(scene.origin.requests().len() - before <= 10, "an open breaker lets a probe pass, not a crowd");
}

#[tokio::test(flavor = "multi_thread")]
async fn o81_a_thousand_clients_are_one_fetch() {
    let scene = Scene::new().await;
    for face in FACES {
        let key = face_name(face);
        let body = Bytes::from(version(1));
        let object = Resource::new(body.clone()).etag("\"one\"");
        scene.origin.on_fn(&format!("/{key}"), move |request| object.answer(request));
        let client: Client = scene.server.client();
        let all = join_all((0..1000).map(|_| {
            let (client, path, body) = (client.clone(), path(key), body.clone());
            async move { signed(face, client.call(Method::GET, &path)).send().await.expect(200).expect_body(&body) }
        }));
        assert_eq!(all.await.len(), 1000);
        assert_eq!(scene.origin.count(&format!("/{key}")), 1, "one fetch for all");
        eventually("it is stored", || scene.is_stored(key)).await;
    }
}
