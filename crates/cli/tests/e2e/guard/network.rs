//! The network that the other tests of this folder believe in.

use std::net::ToSocketAddrs as _;

use headwater_testkit::network::{Answer, EveryAddress, NameServer, isolated};
use tokio::net::TcpStream;

/// What the system's resolver says: addresses in its order, or its error.
async fn resolve(name: &str) -> Result<Vec<String>, String> {
    let name = name.to_owned();
    let asking = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(found.map(|address| address.ip().to_string()).collect())
    });
    asking.await.expect("resolving does not panic")
}

#[test]
fn every_address_is_local_and_seen() {
    isolated(async {
        let everywhere = EveryAddress::listen(80, |_, _, _| String::new()).await;
        let addresses =
            ["127.0.0.1", "10.0.0.1", "169.254.169.254", "93.184.216.34", "::1", "fd00:ec2::254", "2a00::1"];
        for address in addresses {
            let address: std::net::IpAddr = address.parse().expect("an address");
            TcpStream::connect((address, 80)).await.unwrap_or_else(|error| panic!("{address}: {error}"));
        }
        // The last connection may not have been accepted yet.
        let seen = || async { everywhere.addresses().len() == addresses.len() };
        crate::harness::eventually("all connections are seen", seen).await;
        let seen: Vec<_> = everywhere.addresses().iter().map(ToString::to_string).collect();
        assert_eq!(seen, addresses);
    });
}

#[test]
fn names_are_what_the_test_says() {
    isolated(async {
        let names = NameServer::start().await;
        names.set("one.example", Answer::addresses(&["192.0.2.1", "2001:db8::1"]));
        names.set("alias.example", Answer::Alias("next.example".to_owned()));
        names.set("next.example", Answer::Alias("one.example".to_owned()));
        names.set("circle.example", Answer::Alias("circle.example".to_owned()));
        names.set("broken.example", Answer::Failure);
        names.set("silent.example", Answer::Silence);
        let changes = vec![Answer::addresses(&["192.0.2.1"]), Answer::addresses(&["192.0.2.2"]), Answer::NoSuchName];
        names.set_each("changing.example", changes);

        let mut one = resolve("one.example").await.expect("two addresses");
        one.sort();
        assert_eq!(one, ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(resolve("alias.example").await.expect("two addresses").len(), 2);
        assert_eq!(resolve("changing.example").await.as_deref(), Ok(&["192.0.2.1".to_owned()][..]));
        assert_eq!(resolve("changing.example").await.as_deref(), Ok(&["192.0.2.2".to_owned()][..]));
        for absent in ["changing.example", "absent.example"] {
            assert!(resolve(absent).await.is_err_and(|error| error.contains("Name or service not known")), "{absent}");
        }
        for failing in ["circle.example", "broken.example", "silent.example"] {
            assert!(resolve(failing).await.is_err_and(|error| error.contains("Temporary failure")), "{failing}");
        }
        assert_eq!(names.questions("changing.example"), 3);
        assert_eq!(resolve("localhost").await.map(|found| found.is_empty()), Ok(false));
    });
}
