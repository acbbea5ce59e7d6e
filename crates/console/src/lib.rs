//! The web console: what operators do daily, by browser.

#[cfg_attr(not(test), expect(dead_code, reason = "its pages stand on the console's sessions, which come next"))]
mod back_to_origin;
