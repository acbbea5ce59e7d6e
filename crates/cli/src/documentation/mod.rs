//! What the command line says about itself: completions of shells, manual pages, and `docs/cli.md`.
//!
//! All three are made from the definition that reads the command line, so none can be out of date. `docs/cli.md` is
//! kept in the repository; a test compares it and can write it anew.

#[cfg(test)]
mod reference;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

/// For which shell.
#[derive(Args, Debug)]
#[command(after_help = "\
bash: headwater completions bash > ~/.local/share/bash-completion/completions/headwater
fish: headwater completions fish > ~/.config/fish/completions/headwater.fish
zsh:  headwater completions zsh > DIR/_headwater, where DIR is in $fpath")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Where manual pages go.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Write the pages of all commands into this directory; it is made if it does not exist
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// `headwater completions`.
pub(crate) fn completions(arguments: &CompletionsArgs, mut root: Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut root, "headwater", &mut script);
    print(&script);
    ExitCode::SUCCESS
}

/// `headwater man`.
pub(crate) fn man(arguments: &ManArgs, root: Command) -> anyhow::Result<ExitCode> {
    // A page on `help` would say nothing.
    let root = root.disable_help_subcommand(true);
    if let Some(dir) = &arguments.dir {
        let shown = dir.display();
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {shown}; give a place you may write to"))?;
        clap_mangen::generate_to(root, dir)
            .with_context(|| format!("cannot write into {shown}; give a place you may write to"))?;
    } else {
        let mut page = Vec::new();
        Man::new(root).render(&mut page).context("cannot make the page")?;
        print(&page);
    }
    Ok(ExitCode::SUCCESS)
}

/// A reader that went away (`headwater man | head`) is no reason to fail.
fn print(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}
