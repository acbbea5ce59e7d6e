//! Texts that are kept and compared, so that whoever changes what people see sees it too.
//!
//! With `HEADWATER_WRITE_REFERENCE` set, a comparison writes the text anew instead; the difference is then Git's to show.

use std::path::Path;

/// Compares a text with `tests/golden/NAME.txt`.
pub(crate) fn text(name: &str, made: &str) {
    compare(&Path::new("tests/golden").join(name).with_extension("txt"), made);
}

/// Compares a text with a file; its path is from this crate's directory.
///
/// # Panics
/// If it is another text.
pub(crate) fn compare(file: &Path, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let shown = path.display();
    if std::env::var_os("HEADWATER_WRITE_REFERENCE").is_some() {
        let directory = path.parent().expect("a file lies in a directory");
        std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, made)).expect("it can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(kept, made, "run this test with HEADWATER_WRITE_REFERENCE=1 to write {shown} anew");
}
