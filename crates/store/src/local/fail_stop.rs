//! What a disk error means: a full disk is refused and survived, a failed write or sync ends the process.
//!
//! After a failed `fsync` the kernel may have marked the pages clean or dropped them; a second `fsync` then succeeds
//! without having written anything. So nothing is retried and nothing acknowledged afterwards: the process ends, and the
//! next start finds out what the disk holds.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustix::io::Errno;

/// Ends the process when the disk can no longer be trusted.
#[derive(Clone)]
pub struct FailStop(Arc<Hook>);

/// Called with the step that failed and its error.
type Hook = dyn Fn(&'static str, &io::Error) + Send + Sync;

impl FailStop {
    /// Aborts the process: no destructor runs, no buffer is flushed, nobody is answered.
    pub fn abort() -> Self {
        Self(Arc::new(|_, _| std::process::abort()))
    }

    /// Calls `hook` with the step that failed and its error. If it returns, the store takes no more writes. For tests.
    pub fn new(hook: impl Fn(&'static str, &io::Error) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(super) fn call(&self, step: &'static str, error: &io::Error) {
        tracing::error!(step, %error, "storage failed: stopping, because what the disk holds is unknown");
        (self.0)(step, error);
    }
}

impl fmt::Debug for FailStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailStop")
    }
}

/// No space, or no quota: nothing was written, and later there may be space.
pub(super) fn is_full(error: &io::Error) -> bool {
    [Errno::NOSPC, Errno::DQUOT].into_iter().any(|full| error.raw_os_error() == Some(full.raw_os_error()))
}

/// No file descriptors: nothing was opened, and later there may be some.
pub(super) fn is_out_of_descriptors(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].into_iter().any(|none| error.raw_os_error() == Some(none.raw_os_error()))
}
