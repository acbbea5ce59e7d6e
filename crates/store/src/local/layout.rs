//! The data directory: its parts, its format, its lock. The picture is in `docs/storage.md`.
//!
//! Guarantees: one process at a time has a directory open (an advisory lock that the kernel releases with the process);
//! nobody but the server's account can read it; a directory of another format is refused, never touched.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::open_error::OpenError;
use super::probe::{Point, Probe};
use super::segment::{self, FILE_MODE};

/// What `FORMAT` says. A change of the number is a change that an older release must not open.
const FORMAT: &str = "headwater data format 1\n";
/// Mode of directories.
const DIR_MODE: u32 = 0o700;

/// Paths of a data directory that this process has locked.
#[derive(Debug)]
pub(super) struct Layout {
    /// Log segments and the reserve.
    pub(super) log: PathBuf,
    /// Blob files.
    pub(super) blobs: PathBuf,
    /// The index.
    pub(super) index: PathBuf,
    /// The data directory.
    pub(super) root: PathBuf,
    /// Released by the kernel when it is closed.
    _lock: File,
}

impl Layout {
    /// Locks `root`, making what is missing.
    pub(super) fn open(root: &Path, probe: &Probe) -> Result<Self, OpenError> {
        make_dir(root).map_err(|error| OpenError::io("make the data directory", root, error))?;
        let layout = Self::lock(root)?;
        layout.check_format()?;
        for path in [&layout.log, &layout.blobs] {
            make_dir(path).map_err(|error| OpenError::io("make a directory", path, error))?;
        }
        let at = |point| probe.at(point).map_err(|error| OpenError::io("prepare the data directory", root, error));
        at(Point::LayoutDirectories)?;
        layout.write_format().map_err(|error| OpenError::io("write FORMAT", root, error))?;
        at(Point::LayoutFormat)?;
        Ok(layout)
    }

    /// Locks an existing directory without making or changing anything else.
    pub(super) fn open_existing(root: &Path) -> Result<Self, OpenError> {
        if !root.join("FORMAT").is_file() {
            return Err(OpenError::NoStore { dir: root.to_owned() });
        }
        let layout = Self::lock(root)?;
        layout.check_format()?;
        Ok(layout)
    }

    fn lock(root: &Path) -> Result<Self, OpenError> {
        let metadata = fs::metadata(root).map_err(|error| OpenError::io("look at the data directory", root, error))?;
        let mode = metadata.permissions().mode();
        if mode & 0o002 != 0 && !root.join("FORMAT").exists() {
            // A shared directory such as /tmp: making it private would lock its other users out.
            return Err(OpenError::Shared { dir: root.to_owned(), mode: mode & 0o7777 });
        }
        if mode & 0o077 != 0 {
            let private = fs::Permissions::from_mode(DIR_MODE);
            fs::set_permissions(root, private)
                .map_err(|error| OpenError::io("make the data directory private (mode 0700)", root, error))?;
        }
        let path = root.join("LOCK");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(|error| OpenError::io("open the lock", &path, error))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(OpenError::Locked { dir: root.to_owned() }),
            Err(error) => return Err(OpenError::io("lock the data directory", &path, error.into())),
        }
        Ok(Self {
            log: root.join("log"),
            blobs: root.join("blobs"),
            index: root.join("index.redb"),
            root: root.to_owned(),
            _lock: lock,
        })
    }

    /// A directory without `FORMAT` is new, unless it holds a log.
    fn check_format(&self) -> Result<(), OpenError> {
        let path = self.root.join("FORMAT");
        let mut found = String::new();
        match File::open(&path).and_then(|file| file.take(256).read_to_string(&mut found)) {
            Ok(_) if found == FORMAT => Ok(()),
            Ok(_) => Err(OpenError::Format { dir: self.root.clone(), found: found.trim_end().into() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if segment::discover(&self.log).is_ok_and(|segments| !segments.is_empty()) {
                    return Err(OpenError::Format { dir: self.root.clone(), found: "no FORMAT file".into() });
                }
                Ok(())
            }
            Err(error) => Err(OpenError::io("read FORMAT", &path, error)),
        }
    }

    /// Records the format, atomically: the file appears whole or not at all.
    fn write_format(&self) -> io::Result<()> {
        let path = self.root.join("FORMAT");
        if path.exists() {
            return Ok(());
        }
        let new = self.root.join("FORMAT.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&new)?;
        file.write_all(FORMAT.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sync_dir(&self.root)
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes a directory that only the server's account can enter, and makes its name durable; an existing one stays.
fn make_dir(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(DIR_MODE).create(path) {
        Ok(()) => match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => sync_dir(parent),
            None => sync_dir(Path::new(".")),
        },
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}
