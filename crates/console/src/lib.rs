//! The web console: what operators do daily, by browser.
