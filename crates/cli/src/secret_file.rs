//! Files that hold a secret: made once, whole, and for the owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Makes a file that is not there; its directory must be locked. It is durable when this returns, and a crash leaves
/// either nothing or the whole: a torn file would keep the server from starting for no reason.
///
/// # Errors
/// The file is there already, or cannot be written.
pub(crate) fn write(path: &Path, content: &str) -> io::Result<()> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    let unfinished = path.with_file_name(format!("{name}.new"));
    // What a crash left, whoever may read it.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    File::open(path.parent().ok_or(ErrorKind::InvalidInput)?)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_made_once_and_for_the_owner_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.key");
        std::fs::write(directory.path().join("a.key.new"), "what a crash left, longer than the secret")
            .expect("a file");
        write(&path, "secret").expect("made");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "secret");
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 1);
        assert_eq!(write(&path, "other").expect_err("there").kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "secret");
    }
}
