//! Runs a test in network and mount namespaces of its own.
//!
//! Guarantees: the body runs in a process that has loopback alone, with every unicast address local, and whose system
//! resolver asks 127.0.0.1 only; missing privilege or a missing program is a failure that says what to do; nothing of
//! it outlives the process.
//!
//! How: namespaces belong to threads, and a test's process has several by the time the body runs. So the test's program
//! is run again under `unshare`, for this one test; an environment variable tells the second run that it is there.
//! Interface and files are prepared by `ip` and `mount`, which are in every Debian, before the body starts. Without
//! root, a user namespace gives the privilege where the kernel allows one.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

/// Tells the second run that the namespaces are there.
const INSIDE: &str = "TESTKIT_ISOLATED_NETWORK";

/// A resolver that fails within what an origin's connect limit leaves.
const RESOLV_CONF: &str = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
/// Other sources of names may talk to daemons through sockets of the file system, which no network namespace stops.
const NSSWITCH_CONF: &str = "hosts: files dns\n";

/// What has to be there before the body runs. `tmpfs` on `/mnt` holds the files for as long as the namespace lives.
/// The routes of type local make every unicast address one of loopback's.
const PREPARE: &str = r#"
replace() {
    [ -e "$1" ] || return 0
    printf '%s' "$2" > "/mnt/${1##*/}"
    mount --bind "/mnt/${1##*/}" "$1"
}
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo
mount -t tmpfs tmpfs /mnt
[ -e /etc/resolv.conf ] || { echo '/etc/resolv.conf must exist, even if empty' >&2; exit 1; }
replace /etc/resolv.conf "$resolv_conf"
replace /etc/hosts "$hosts"
replace /etc/nsswitch.conf "$nsswitch_conf"
exec "$@"
"#;

/// Runs `body` in a network of its own. Call it as the whole of a test function, on the thread that the test harness
/// named after the test.
///
/// # Panics
/// If the body panics, or if the namespaces cannot be had; the message says what is missing.
pub fn isolated(body: impl Future<Output = ()>) {
    if std::env::var_os(INSIDE).is_some() {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.enable_all().build().expect("threads and sockets are to be had").block_on(body);
        return;
    }
    let thread = std::thread::current();
    let test = thread.name().expect("the harness names a test's thread after the test");
    let program = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--mount", "--", "sh", "-ec", PREPARE, "sh"]).arg(program);
    command.args(["--exact", test, "--nocapture", "--include-ignored"]);
    command.env("resolv_conf", RESOLV_CONF).env("hosts", HOSTS).env("nsswitch_conf", NSSWITCH_CONF).env(INSIDE, "1");
    // `ip` lies in /usr/sbin, which is not on every user's path.
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("PATH", [path.as_os_str(), "/usr/sbin:/sbin".as_ref()].join(":".as_ref()));
    judge(&command.output().unwrap_or_else(|error| {
        panic!("unshare cannot be run ({error}); it is in the Debian package util-linux (apt-get install util-linux)")
    }));
}

/// Holds the second run to having run this one test with success, and passes on what it printed.
#[allow(clippy::print_stdout)] // a test's own output
fn judge(output: &Output) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let ran = stdout.contains("test result: ok. 1 passed");
    if output.status.success() && ran {
        println!("{stdout}");
        return;
    }
    let advice = if stdout.contains("running 1 test") {
        "the test failed in its own network"
    } else if stderr.contains("ip: not found") {
        "ip is not installed; it is in the Debian package iproute2 (apt-get install iproute2)"
    } else if stderr.contains("unshare failed") || stderr.contains("Operation not permitted") {
        "this test needs a network namespace of its own: run it as root, or allow unprivileged user namespaces \
         (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0)"
    } else {
        "the test could not be started in its own network"
    };
    let end = output.status.code().map_or_else(|| format!("{:?}", output.status.signal()), |code| code.to_string());
    panic!("{advice} (ended with {end})\n--- output\n{stdout}\n--- errors\n{stderr}");
}

/// Gives loopback an address of its own, beside the routes that make every address local: for code that asks the kernel
/// which addresses this machine has.
///
/// # Panics
/// If it cannot, which outside of [`isolated`] it must not.
pub fn own_address(address: std::net::IpAddr) {
    assert!(std::env::var_os(INSIDE).is_some(), "only a network of the test's own is changed");
    let status = Command::new("ip").args(["addr", "add", &address.to_string(), "dev", "lo"]).status();
    assert!(status.expect("ip was there before").success(), "{address} cannot be added to lo");
}
