//! Clients that ask HEAD first, of buckets whose setting `head` is `store`.

use headwater_testkit::origin::{Reply, ScriptedOrigin, pattern};

use crate::harness::{Python, Setup, run};

const FILES: [(&str, usize); 5] =
    [("small-1", 1234), ("big-1", 3 << 20), ("small-2", 0), ("big-2", (3 << 20) + 5), ("small-3", 99)];

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_look_first_read_what_only_the_origin_has() {
    let origin = ScriptedOrigin::start().await;
    let bytes = |index: usize| pattern(index as u64, 0, FILES[index].1);
    for (index, (name, _)) in FILES.iter().enumerate() {
        origin.on(&format!("/{name}"), Reply::ok(bytes(index)));
    }
    let server = Setup::new().mirror("mirrored", &origin.url("/")).start();
    println!("{}", run(&mut server.client_command(&["settings", "set", "mirrored", "head=store"])));
    let out = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let script = Python::script("looks_first_round", &server);
    println!("{}", script.with("BUCKET", "mirrored").with("OUT", out.path()).run());
    for (index, (name, _)) in FILES.iter().enumerate() {
        let read = std::fs::read(out.path().join(name)).expect("it was read");
        assert!(read == bytes(index), "{name} differs");
        let asked: Vec<_> = origin.requests().into_iter().filter(|asked| asked.target == format!("/{name}")).collect();
        assert_eq!(asked.len(), 1, "{name}: {asked:?}");
        assert_eq!(asked[0].method, "GET", "{name}");
    }
}
