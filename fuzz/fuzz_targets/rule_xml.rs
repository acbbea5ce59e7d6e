//! A website document from anybody: reading never panics, and what was accepted is written so that reading it again
//! gives the same rules (secrets masked) and writing it again the same text.

#![no_main]

use headwater_model::rule::{SECRET_MASK, Secret};
use headwater_model::website::Website;
use headwater_wire::{read_website, write_website};
use libfuzzer_sys::fuzz_target;

/// The document as it is echoed: without its secrets.
fn masked(mut website: Website) -> Website {
    for redirect in website.rules.iter_mut().filter_map(|rule| rule.redirect.as_mut()) {
        if let Some(auth) = redirect.mirror.auth.as_mut().filter(|auth| auth.access_key_secret.is_some()) {
            auth.access_key_secret = Some(Secret::new(SECRET_MASK));
        }
    }
    website
}

fuzz_target!(|body: &[u8]| {
    let Ok(website) = read_website(body) else { return };
    let text = write_website(&website);
    let again =
        read_website(text.as_bytes()).unwrap_or_else(|error| panic!("its own echo is refused: {error}\n{text}"));
    assert_eq!(again, masked(website), "{text}");
    assert_eq!(write_website(&again), text);
});
