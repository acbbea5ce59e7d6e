//! Two who change the same rules: neither loses anything unseen.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Headwater, Setup, run};

/// Stands before the admin API; before it lets the first change through, it makes another, of its own.
async fn meddler(server: &Headwater, meddle: Vec<String>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (admin, url, done) = (server.admin_address(), server.admin_url(), Arc::new(AtomicBool::new(false)));
    let key = server.key();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = vec![0; 64 << 10];
            let mut read = 0;
            while !head[..read].windows(4).any(|end| end == b"\r\n\r\n") {
                read += client.read(&mut head[read..]).await.expect("a request");
            }
            if head.starts_with(b"PUT ") && !done.swap(true, Ordering::Relaxed) {
                let mut other = Headwater::command(&meddle.iter().map(String::as_str).collect::<Vec<_>>());
                other.args(["--admin-url", &url]);
                other.env("HEADWATER_ACCESS_KEY_ID", key.id).env("HEADWATER_ACCESS_KEY_SECRET", key.secret);
                tokio::task::spawn_blocking(move || run(&mut other)).await.expect("the other succeeds");
            }
            let mut upstream = TcpStream::connect(admin).await.expect("the admin API");
            upstream.write_all(&head[..read]).await.expect("sent");
            // Either side may close; what it said is what counts.
            let _ = copy_bidirectional(&mut client, &mut upstream).await;
        }
    });
    address
}

fn server() -> Headwater {
    let server = Setup::new().start();
    run(&mut server.client_command(&["bucket", "create", "example"]));
    for prefix in ["a/", "b/"] {
        let add = ["rule", "add", "example", "--domain", "o.example", "--prefix", prefix];
        run(&mut server.client_command(&add));
    }
    server
}

/// A command that goes through the meddler.
fn through(server: &Headwater, address: SocketAddr, arguments: &[&str]) -> std::process::Output {
    let mut command = Headwater::command(arguments);
    command.args(["--admin-url", &format!("http://{address}")]);
    command.env("HEADWATER_ACCESS_KEY_ID", server.key().id).env("HEADWATER_ACCESS_KEY_SECRET", server.key().secret);
    command.output().expect("the binary starts")
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_another_rule_is_no_hindrance() {
    let server = server();
    let other = words(&["rule", "edit", "example", "2", "--suffix", ".other"]);
    let address = meddler(&server, other).await;
    let output = through(&server, address, &["rule", "edit", "example", "1", "--suffix", ".mine"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = run(&mut server.client_command(&["rule", "list", "example"]));
    assert!(list.contains(".mine") && list.contains(".other"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_another_changed_is_left_to_the_person() {
    for other in [&["rule", "edit", "example", "1", "--suffix", ".other"][..], &["rule", "remove", "example", "1"]] {
        let server = server();
        let address = meddler(&server, words(other)).await;
        let output = through(&server, address, &["rule", "edit", "example", "1", "--suffix", ".mine"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*output.stdout), (Some(1), &[][..]), "{message}");
        assert_eq!(
            message,
            "error: somebody else changed the rules meanwhile: nothing was changed; run the command again\n"
        );
        let list = run(&mut server.client_command(&["rule", "list", "example"]));
        assert!(!list.contains(".mine"), "{list}");
    }
}
