//! `headwater doctor`: checks a data directory, and makes its index anew.
//!
//! Standard output tells what was found, as text or JSON; the exit status is 0 if nothing is wrong, 1 otherwise.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use headwater_admin::{AuditReport, verify_audit};
use headwater_model::clock::Clock;
use headwater_server::SystemClock;
use headwater_store::{DoctorReport, Treatment, examine};
use serde_json::json;

use crate::logging::{self, LogFormat};
use crate::serve::AUDIT_LOG;

/// What to examine, and how.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Data directory; no server may be using it
    #[arg(long, value_name = "DIR", env = "HEADWATER_DATA")]
    data: PathBuf,
    /// Make the index anew from the log; brings nothing back that was deleted
    #[arg(long)]
    rebuild: bool,
    /// Do not read the bodies of large objects, only whether their files are there
    #[arg(long, conflicts_with = "rebuild")]
    quick: bool,
    /// Tell it as JSON
    #[arg(long)]
    json: bool,
}

/// Examines the directory and tells what was found.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    logging::start("warn", LogFormat::Text)?;
    let shown = args.data.display();
    ensure!(args.data.is_dir(), "{shown} is no directory; give the data directory of a server with --data");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let treatment = match (args.rebuild, args.quick) {
        (true, _) => Treatment::Rebuild,
        (false, true) => Treatment::Check,
        (false, false) => Treatment::CheckBodies,
    };
    let report = examine(&args.data, &clock, treatment)?;
    let audit = verify_audit(&args.data.join(AUDIT_LOG)).context("cannot read the audit log")?.unwrap_or_default();
    let text = if args.json { as_json(&report, &audit) } else { as_text(&report, &audit) };
    // A reader that went away is no reason to fail; the exit status tells the rest.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    let sound = (report.is_sound() || report.rebuilt) && audit.broken.is_empty();
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_text(report: &DoctorReport, audit: &AuditReport) -> String {
    let mut lines = vec![
        format!("objects        {} ({} bytes)", report.objects, report.object_bytes),
        format!("other versions {}", report.versions),
        format!("open parts     {}", report.parts),
        format!("log            {} entries in {} segments", report.entries, report.segments),
        format!("blob files     {}", report.blobs),
        format!("audit log      {} lines", audit.lines),
    ];
    if report.torn_bytes > 0 {
        lines.push(format!("torn tail      {} bytes; harmless, the next start cuts them off", report.torn_bytes));
    }
    if report.orphan_blobs > 0 {
        lines.push(format!(
            "orphans        {} blob files ({} bytes) that no object names; the next start removes recent ones",
            report.orphan_blobs, report.orphan_bytes
        ));
    }
    lines.extend(report.findings.iter().map(|finding| format!("WRONG  {finding}")));
    if report.more_findings > 0 {
        lines.push(format!("WRONG  and {} more", report.more_findings));
    }
    lines.extend(
        audit
            .broken
            .iter()
            .map(|line| format!("WRONG  audit log: something before line {line} was changed or taken out")),
    );
    let only_audit = report.is_sound() && !report.rebuilt && !audit.broken.is_empty();
    lines.push(
        if only_audit { "No data is wrong; the audit log is not as it was written." } else { verdict(report) }
            .to_owned(),
    );
    lines.join("\n") + "\n"
}

fn verdict(report: &DoctorReport) -> &'static str {
    if report.rebuilt && report.is_sound() {
        "The index was made anew."
    } else if report.rebuilt {
        "The index was made anew; what is listed as wrong was so before or concerns bodies, which no rebuild brings back."
    } else if report.is_sound() {
        "Nothing is wrong."
    } else if report.is_cured_by_rebuild() {
        "Only the index is wrong: run again with --rebuild, nothing is lost."
    } else {
        "Data is damaged. Copy the directory before anything else; restore the objects named above from their source."
    }
}

fn as_json(report: &DoctorReport, audit: &AuditReport) -> String {
    let value = json!({
        "sound": report.is_sound(),
        "cured_by_rebuild": report.is_cured_by_rebuild(),
        "rebuilt": report.rebuilt,
        "objects": report.objects,
        "object_bytes": report.object_bytes,
        "versions": report.versions,
        "parts": report.parts,
        "segments": report.segments,
        "entries": report.entries,
        "torn_bytes": report.torn_bytes,
        "blobs": report.blobs,
        "orphan_blobs": report.orphan_blobs,
        "orphan_bytes": report.orphan_bytes,
        "findings": report.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "more_findings": report.more_findings,
        "audit_lines": audit.lines,
        "audit_broken_before_lines": audit.broken,
    });
    format!("{value}\n")
}
