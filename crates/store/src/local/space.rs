//! Room on the file system: when to refuse new bodies, and a reserve for the moment when there is none left.
//!
//! New bodies are refused while less than a reserve is free, so that deletes, checkpoints and compaction keep working.
//! Somebody else may fill the disk all the same; for that case a small file stands by in the log's directory that is
//! given back when an append finds no room, and is made anew when there is room again.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_model::{Error, Result};
use rustix::fs::FallocateFlags;

use super::segment::FILE_MODE;

/// Free space below which new bodies are refused: some checkpoints, a log segment, and time for somebody to notice.
const RESERVE_BYTES: u64 = 256 << 20;
/// The reserve's share of a file system too small for that.
const RESERVE_SHARE: u64 = 20;
/// Size of the file that stands by: thousands of deletes.
const STANDBY_BYTES: u64 = 8 << 20;
/// The standby file is no larger than this share of the reserve, so that a tiny file system is not eaten by it.
const STANDBY_SHARE: u64 = 4;
/// How long an answer of the file system is believed. A body is refused or accepted at most this late.
const BELIEVED_FOR: Duration = Duration::from_millis(200);

/// Watches the file system of one data directory.
#[derive(Debug)]
pub(super) struct Space {
    log: PathBuf,
    clock: Arc<dyn Clock>,
    reserve_bytes: u64,
    /// Free bytes when last asked.
    available_bytes: AtomicU64,
    /// When that was, in milliseconds of the clock's monotonic time.
    asked_at_ms: AtomicU64,
    standby: AtomicBool,
}

impl Space {
    /// Watches the file system of `log`; the standby file is made if there is room.
    pub(super) fn open(log: PathBuf, clock: Arc<dyn Clock>, reserve_bytes: Option<u64>) -> io::Result<Self> {
        let (available, total) = ask(&log)?;
        let space = Self {
            reserve_bytes: reserve_bytes.unwrap_or(RESERVE_BYTES.min(total / RESERVE_SHARE)),
            standby: AtomicBool::new(log.join("reserve").exists()),
            asked_at_ms: AtomicU64::new(millis(&*clock)),
            available_bytes: AtomicU64::new(available),
            log,
            clock,
        };
        space.restore_standby();
        Ok(space)
    }

    /// Whether a body of `body_bytes` may be taken.
    ///
    /// # Errors
    /// `StorageFull`.
    pub(super) fn admit(&self, body_bytes: u64) -> Result<()> {
        if self.available_bytes().saturating_sub(body_bytes) < self.reserve_bytes {
            return Err(Error::StorageFull);
        }
        Ok(())
    }

    /// Whether background work may write `bytes`, half of the reserve included.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        self.available_bytes().saturating_sub(bytes) >= self.reserve_bytes / 2
    }

    /// Removes the standby file; `false` if it is gone already.
    pub(super) fn give_reserve_back(&self) -> bool {
        let given = self.standby.swap(false, Ordering::AcqRel) && std::fs::remove_file(self.path()).is_ok();
        if given {
            tracing::warn!("disk is full: the log's reserve was given back");
        }
        given
    }

    /// An append found no room: the next admission asks the file system again.
    pub(super) fn found_full(&self) {
        self.available_bytes.store(0, Ordering::Release);
        self.asked_at_ms.store(millis(&*self.clock), Ordering::Release);
    }

    /// Makes the standby file anew if there is room beyond the reserve. Called from time to time.
    pub(super) fn restore_standby(&self) {
        let size = STANDBY_BYTES.min(self.reserve_bytes / STANDBY_SHARE);
        if size == 0 || self.standby.load(Ordering::Acquire) || self.admit(size).is_err() {
            return;
        }
        let made = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(self.path())
            .and_then(|file| Ok(rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, size)?));
        match made {
            Ok(()) => self.standby.store(true, Ordering::Release),
            Err(error) => {
                // A file system without preallocation: full is full there.
                tracing::debug!(%error, "no reserve for a full disk");
                let _ = std::fs::remove_file(self.path());
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.log.join("reserve")
    }

    fn available_bytes(&self) -> u64 {
        let now = millis(&*self.clock);
        let asked = self.asked_at_ms.load(Ordering::Acquire);
        if now.saturating_sub(asked) >= BELIEVED_FOR.as_millis() as u64
            && self.asked_at_ms.compare_exchange(asked, now, Ordering::AcqRel, Ordering::Acquire).is_ok()
            && let Ok((available, _)) = ask(&self.log)
        {
            self.available_bytes.store(available, Ordering::Release);
        }
        self.available_bytes.load(Ordering::Acquire)
    }
}

fn millis(clock: &dyn Clock) -> u64 {
    clock.elapsed().as_millis() as u64
}

/// Bytes available to us, and bytes in all.
fn ask(path: &std::path::Path) -> io::Result<(u64, u64)> {
    let answer = rustix::fs::statvfs(path)?;
    Ok((answer.f_bavail.saturating_mul(answer.f_frsize), answer.f_blocks.saturating_mul(answer.f_frsize)))
}
