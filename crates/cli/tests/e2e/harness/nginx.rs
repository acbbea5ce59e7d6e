//! nginx as an ordinary origin, and as a proxy that speaks for its clients.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;

use tempfile::TempDir;

use super::{eventually, program};

/// nginx on a free loopback port. It ends with its value.
pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
    _home: TempDir,
}

impl Nginx {
    /// Serves a directory.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub(crate) async fn serving(directory: &Path) -> Self {
        Self::start(|address| configuration(address, directory)).await
    }

    /// Passes connections on to `server`, each with a header of the PROXY protocol.
    ///
    /// # Panics
    /// If it or its module for streams is not installed, or it does not start.
    pub(crate) async fn proxying(server: SocketAddr) -> Self {
        let module = Path::new("/usr/lib/nginx/modules/ngx_stream_module.so");
        assert!(module.exists(), "{} is missing: install libnginx-mod-stream", module.display());
        let module = module.display();
        Self::start(|address| {
            let upstream = format!("listen {address}; proxy_pass {server}; proxy_protocol on;");
            format!(
                "load_module {module};
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 64; }}
stream {{ server {{ {upstream} }} }}
"
            )
        })
        .await
    }

    /// Starts it and waits until it accepts.
    async fn start(configuration: impl FnOnce(SocketAddr) -> String) -> Self {
        let program = program::find("nginx", "nginx-light");
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for nginx");
        let address = free_address();
        std::fs::write(home.path().join("nginx.conf"), configuration(address)).expect("a writable directory");
        let child = program::command(program)
            .args(["-c", "nginx.conf", "-e", "stderr", "-p"])
            .arg(home.path())
            .spawn()
            .expect("nginx can be started");
        let mut nginx = Self { child, address, _home: home };
        eventually("nginx accepts connections", || {
            let ended = nginx.child.try_wait().expect("the child is ours");
            assert!(ended.is_none(), "nginx ended: {ended:?}");
            std::future::ready(TcpStream::connect(address).is_ok())
        })
        .await;
        nginx
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the directory.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Stops it; afterwards its port refuses connections.
    pub(crate) fn stop(mut self) {
        self.end();
        assert!(TcpStream::connect(self.address).is_err(), "the port of the stopped nginx still accepts");
    }

    fn end(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // It may have ended by itself, which `wait` tells.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.end();
    }
}

/// nginx takes no port 0; between this and its start the port is free for others, which start-up then reports.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound listener has an address")
}

fn configuration(address: SocketAddr, directory: &Path) -> String {
    // As root the workers would become somebody who may not read the tree.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let directory = directory.display();
    format!(
        "{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    types {{ text/html html htm; text/plain txt; text/css css; text/javascript js; image/svg+xml svg; }}
    default_type application/octet-stream;
    charset off;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 100000;
    server {{
        listen {address};
        root \"{directory}\";
        # The bucket asks for objects; a page made from a directory is none.
        autoindex off;
        index no-such-index-file;
    }}
}}
"
    )
}
