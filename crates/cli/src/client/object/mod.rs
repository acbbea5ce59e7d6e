//! `headwater object`: what a bucket holds, its bytes, and its tombstones.

mod listing;
mod tombstone;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use http::Method;
use serde_json::json;

use self::listing::Listing;
use super::connection::encoded;
use super::data::download::{self, Destination};
use super::data::upload::{self, Stored};
use super::data::{DataArgs, DataPlane, Place};
use super::{Connection, ServerArgs, output, split_place};

/// What to do with objects
#[derive(Subcommand, Debug)]
pub(crate) enum ObjectCommand {
    /// Show what a bucket holds, a directory at a time; no origin is asked
    Ls {
        /// BUCKET, or BUCKET/PREFIX
        place: String,
        /// Show all keys below, not only those of the directory
        #[arg(long, short)]
        recursive: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show an object without its bytes; no origin is asked
    Stat {
        /// BUCKET/KEY
        place: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Write an object into a file; one that is missing comes from the bucket's origin
    Get {
        /// BUCKET/KEY
        place: String,
        /// The file or directory to write, - for standard output [default: the last name of the key]
        file: Option<PathBuf>,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Store a file as an object
    Put {
        /// The file to store, - for standard input
        file: PathBuf,
        /// BUCKET/KEY
        place: String,
        /// Its media type [default: application/octet-stream]
        #[arg(long, value_name = "TYPE")]
        content_type: Option<String>,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Delete an object; the next miss asks the origin again, unless the bucket has deletes=keep
    Rm {
        /// BUCKET/KEY
        place: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show the keys that stay deleted (deletes=keep), all or those below a prefix
    Tombstones {
        /// BUCKET, or BUCKET/PREFIX
        place: String,
        /// Show at most so many, all by default
        #[arg(long)]
        limit: Option<usize>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Lift the tombstone of a key: the next miss asks the origin again
    Lift {
        /// BUCKET/KEY
        place: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl ObjectCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Ls { place, recursive, server } => {
                let (bucket, prefix) = split_place(&place);
                let delimiter = if recursive { "" } else { "/" };
                let listing = Listing { bucket, prefix: prefix.unwrap_or_default(), delimiter };
                listing.show(&Connection::new(&server)?, server.json).await
            }
            Self::Stat { place, server } => {
                let answer = Connection::new(&server)?.get(&path(&object(&place)?)).await?;
                if server.json {
                    output::json(&answer);
                } else {
                    output::print(&output::fields(&answer));
                }
                Ok(())
            }
            Self::Get { place, file, data, server } => get(&place, file.as_deref(), &data, &server).await,
            Self::Put { file, place, content_type, data, server } => {
                let plane = DataPlane::find(&Connection::new(&server)?, &data).await?;
                let object = object(&place)?;
                let Stored { etag, size_bytes } = upload::put(&plane, object, &file, content_type.as_deref()).await?;
                if server.json {
                    output::json(&json!({"size_bytes": size_bytes, "etag": etag}));
                } else {
                    output::print(&format!("stored: {}, {size_bytes} bytes\n", output::printable(&place)));
                }
                Ok(())
            }
            Self::Rm { place, server } => {
                let answer = Connection::new(&server)?.send(Method::DELETE, &path(&object(&place)?), None).await?;
                if server.json {
                    output::json(&answer);
                } else {
                    output::print(&format!("deleted: {}\n", output::printable(&place)));
                }
                Ok(())
            }
            Self::Tombstones { place, limit, server } => tombstone::list(&place, limit, &server).await,
            Self::Lift { place, server } => tombstone::lift(object(&place)?, &server).await,
        }
    }
}

async fn get(place: &str, file: Option<&std::path::Path>, data: &DataArgs, server: &ServerArgs) -> anyhow::Result<()> {
    let object = object(place)?;
    let destination = Destination::of(file, object.key.unwrap_or_default())?;
    ensure!(
        !(server.json && destination == Destination::StandardOutput),
        "standard output cannot have both the object and --json; give a file"
    );
    let plane = DataPlane::find(&Connection::new(server)?, data).await?;
    let size_bytes = download::get(&plane, object, &destination).await?;
    let Destination::File(file) = destination else { return Ok(()) };
    if server.json {
        output::json(&json!({"file": file, "size_bytes": size_bytes}));
    } else {
        output::print(&format!("written: {}, {size_bytes} bytes\n", output::printable(&file.to_string_lossy())));
    }
    Ok(())
}

/// `BUCKET/KEY`.
fn object(place: &str) -> anyhow::Result<Place<'_>> {
    let (bucket, key) = split_place(place);
    Ok(Place { bucket, key: Some(key.with_context(|| format!("{place} names no key; give BUCKET/KEY"))?) })
}

fn path(place: &Place<'_>) -> String {
    format!("/api/v1/buckets/{}/objects/{}", encoded(place.bucket), encoded(place.key.unwrap_or_default()))
}
