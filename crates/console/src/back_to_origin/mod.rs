//! Back-to-Origin: the rules of a bucket, by browser.

mod changes;
mod preview;
mod rule_form;
mod warnings;
