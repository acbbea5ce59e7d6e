//! `headwater bucket`: buckets as wholes.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail, ensure};
use clap::{Subcommand, ValueEnum};
use http::Method;
use serde_json::{Value, json};

use super::connection::{Refused, encoded};
use super::data::emptying::{Emptied, empty};
use super::data::{DataArgs, DataPlane};
use super::{Connection, ServerArgs, output};
use crate::logging;

/// What to do with buckets
#[derive(Subcommand, Debug)]
pub(crate) enum BucketCommand {
    /// Show all buckets
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make a private bucket
    Create {
        /// 3 to 63 lowercase letters, digits, hyphens and dots
        bucket: String,
        /// Whose words answers use where a request shows neither vendor's
        #[arg(long, default_value = "oss")]
        dialect: Dialect,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show a bucket, and count what it holds
    Stat {
        /// The bucket
        bucket: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Delete all objects with their versions, and open uploads; tombstones stay
    Empty {
        /// The bucket
        bucket: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Delete an empty bucket with its settings and rules
    Delete {
        /// The bucket
        bucket: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// A vendor's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// Alibaba Cloud OSS
    Oss,
    /// AWS S3
    S3,
}

const BUCKETS: &str = "/api/v1/buckets";

fn path(bucket: &str) -> String {
    format!("{BUCKETS}/{}", encoded(bucket))
}

impl BucketCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { server } => {
                let answer = Connection::new(&server)?.get(BUCKETS).await?;
                if server.json { output::json(&answer) } else { output::print(&table(&answer)) }
            }
            Self::Create { bucket, dialect, server } => {
                let dialect = match dialect {
                    Dialect::Oss => "oss",
                    Dialect::S3 => "s3",
                };
                let new = json!({"name": bucket, "dialect": dialect});
                let answer = Connection::new(&server)?.send(Method::POST, BUCKETS, Some(&new)).await?;
                say(&server, &answer, &format!("bucket {bucket} is made"));
            }
            Self::Stat { bucket, server } => {
                let connection = Connection::new(&server)?;
                let mut row = connection.get(&path(&bucket)).await?;
                let count = connection.get(&format!("{}/stat", path(&bucket))).await?;
                if let (Value::Object(row), Value::Object(count)) = (&mut row, count) {
                    row.extend(count);
                }
                if server.json { output::json(&row) } else { output::print(&output::fields(&row)) }
            }
            Self::Empty { bucket, yes, data, server } => {
                let connection = Connection::new(&server)?;
                let count = connection.get(&format!("{}/stat", path(&bucket))).await?;
                if !yes {
                    confirm(&bucket, &count)?;
                }
                let (plane, mut gone) = (DataPlane::find(&connection, &data).await?, Emptied::default());
                let emptied = empty(&plane, &bucket, &mut gone).await;
                let Emptied { versions, uploads } = gone;
                let answer = json!({"deleted": versions, "aborted_uploads": uploads});
                if gone == Emptied::default() {
                    emptied?;
                } else {
                    // One line of the audit log, also for what went before something failed.
                    let path = format!("{}/emptied", path(&bucket));
                    let noted = connection.send(Method::POST, &path, Some(&answer)).await;
                    emptied.and(noted.context("objects were deleted, and the audit log does not say so"))?;
                }
                let deleted = counted(versions, "object", "objects");
                let aborted = counted(uploads, "upload", "uploads");
                say(&server, &answer, &format!("bucket {bucket} is empty: {deleted} deleted, {aborted} aborted"));
            }
            Self::Delete { bucket, server } => {
                let answer = Connection::new(&server)?.send(Method::DELETE, &path(&bucket), None).await;
                let answer = answer.map_err(|error| not_empty(error, &bucket))?;
                say(&server, &answer, &format!("bucket {bucket} is deleted"));
            }
        }
        Ok(())
    }
}

fn say(server: &ServerArgs, answer: &Value, words: &str) {
    if server.json { output::json(answer) } else { output::print(&format!("{}\n", output::printable(words))) }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn table(answer: &Value) -> String {
    let mut rows = vec![["name", "created", "dialect", "acl", "rules"].map(str::to_owned).to_vec()];
    for row in answer["buckets"].as_array().into_iter().flatten() {
        let cells = [&row["name"], &row["created"], &row["dialect"], &row["acl"], &row["rules"]];
        rows.push(cells.map(output::plain).to_vec());
    }
    if rows.len() == 1 { "there is no bucket\n".to_owned() } else { output::table(&rows) }
}

/// Asks a person at a terminal to type the bucket's name.
fn confirm(bucket: &str, count: &Value) -> anyhow::Result<()> {
    let number = |field: &str| count[field].as_u64().unwrap_or(0);
    let objects = counted(number("objects"), "object", "objects");
    ensure!(
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        "bucket {bucket} holds {objects}; to delete them give --yes"
    );
    logging::say(&format!("This deletes {objects}, {} bytes, for ever.", number("size_bytes")));
    logging::say(&format!("Type the bucket's name, {bucket}, to go on:"));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).context("cannot read what is typed")?;
    if typed.trim() != bucket {
        bail!("that is not the bucket's name: nothing was deleted");
    }
    Ok(())
}

fn not_empty(error: anyhow::Error, bucket: &str) -> anyhow::Error {
    let is_full = error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == "bucket_not_empty");
    if is_full {
        return anyhow::anyhow!("bucket {bucket} is not empty; headwater bucket empty {bucket} deletes what it holds");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_a_table() {
        let answer = json!({"buckets": [
            {"name": "pics", "created": "2026-11-28T08:00:00.000Z", "dialect": "oss", "acl": "private", "rules": 2},
        ]});
        crate::golden::text("bucket-list", &table(&answer));
        assert_eq!(table(&json!({"buckets": []})), "there is no bucket\n");
        assert_eq!((&*counted(1, "object", "objects"), &*counted(2, "object", "objects")), ("1 object", "2 objects"));
    }

    #[test]
    fn nothing_is_deleted_without_a_yes() {
        let error = confirm("pics", &json!({"objects": 3, "size_bytes": 9})).unwrap_err().to_string();
        assert_eq!(error, "bucket pics holds 3 objects; to delete them give --yes");
    }
}
