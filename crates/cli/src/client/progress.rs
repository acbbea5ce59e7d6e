//! How far a transfer is, on standard error: shown on a terminal alone, and without colours.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a bar moves while nothing comes: often enough to see that the program lives.
const TICK: Duration = Duration::from_millis(200);

/// A bar for so many bytes, or a count of them if nobody knows how many there will be.
pub(super) fn of_bytes(what: &str, size_bytes: Option<u64>) -> ProgressBar {
    let template = match size_bytes {
        Some(_) => "{msg} [{bar:30}] {bytes}/{total_bytes} {percent}% {bytes_per_sec} {eta}",
        None => "{spinner} {msg} {bytes} {bytes_per_sec}",
    };
    bar(what, size_bytes, template)
}

/// A count of objects.
pub(super) fn of_objects(what: &str) -> ProgressBar {
    bar(what, None, "{spinner} {msg} {human_pos} objects")
}

fn bar(what: &str, length: Option<u64>, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("templates are written with care");
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    bar.set_style(style.progress_chars("=> ").tick_chars("|/-\\ "));
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_can_be_drawn() {
        for bar in [of_bytes("get", Some(10)), of_bytes("put", None), of_objects("delete")] {
            bar.inc(5);
            assert_eq!(bar.position(), 5);
            bar.finish_and_clear();
        }
    }
}
