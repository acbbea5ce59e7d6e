//! The store on this machine's disk.

#[allow(dead_code, unused_imports, reason = "the parts are ahead of the store that calls them")]
mod blob;
#[allow(dead_code, reason = "the parts are ahead of the store that calls them")]
mod digest;
