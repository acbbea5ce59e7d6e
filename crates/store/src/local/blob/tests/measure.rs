use super::*;
use std::time::Instant;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore]
async fn measure() {
    let total: usize = std::env::var("MB").ok().and_then(|s| s.parse().ok()).unwrap_or(1024) << 20;
    let known = std::env::var("KNOWN").is_ok();
    let fixture = {
        let temp = tempfile::tempdir_in("/work/target-blob").unwrap();
        let clock = ManualClock::default();
        let dir = BlobDir::open(temp.path().join("blobs"), Arc::new(clock.clone())).unwrap();
        Fixture { temp, clock, dir }
    };
    let piece = Bytes::from(body(64 << 10));
    let t = Instant::now();
    let mut writer = fixture.begin(WriteOptions { content_length: known.then_some(total as u64), ..UNBOUNDED }).await;
    let mut worst = std::time::Duration::ZERO;
    for _ in 0..total / piece.len() {
        let w = Instant::now();
        writer.write(piece.clone()).await.unwrap();
        worst = worst.max(w.elapsed());
    }
    let pushed = t.elapsed();
    writer.finish().await.unwrap();
    let finished = t.elapsed();
    let blob = writer.persist(note()).await.unwrap();
    let persisted = t.elapsed();
    println!(
        "pushed {pushed:?} worst write {worst:?} finished +{:?} persisted +{:?}",
        finished - pushed,
        persisted - finished
    );
    let content = content(&fixture.dir, &blob);
    for _ in 0..3 {
        let t = Instant::now();
        let Body::Stream(mut s) = content.read(0..total as u64) else { panic!() };
        let mut n = 0;
        while let Some(c) = s.try_next().await.unwrap() {
            n += c.len();
        }
        let e = t.elapsed();
        println!("read {:.2} GB/s", n as f64 / e.as_secs_f64() / 1e9);
    }
    let t = Instant::now();
    for _ in 0..200 {
        let mut w = fixture.begin(WriteOptions { content_length: Some(100_000), ..UNBOUNDED }).await;
        w.write(piece.clone()).await.unwrap();
        w.write(piece.slice(0..100_000 - 65536)).await.unwrap();
        w.finish().await.unwrap();
        drop(w);
    }
    println!("short body without persist {:?}", t.elapsed() / 200);
    let t = Instant::now();
    for _ in 0..50 {
        fixture.store(&piece).await;
    }
    println!("short body persisted {:?}", t.elapsed() / 50);
}
