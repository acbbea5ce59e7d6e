//! `docs/cli.md`: every command with its arguments, as `--help` has them.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};

use crate::{Cli, golden};

const INTRODUCTION: &str = "\
# Command line

Made from the program's own definition; `headwater COMMAND --help` shows the same. A test keeps it true.

Exit status: **0** done, **1** failed (one line on standard error says why and what to do), **2** the command line cannot
be understood. Answers go to standard output, words about them to standard error. `NO_COLOR` is respected. Every flag of
`headwater serve` is also a variable and a key of the configuration file ([operations.md](operations.md#configuration)).
";

fn reference(root: &Command) -> String {
    let mut text = INTRODUCTION.to_owned();
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        describe(&mut text, command, "headwater");
    }
    text
}

fn describe(text: &mut String, command: &Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name());
    let level = "#".repeat(name.split(' ').count());
    let _ = write!(text, "\n{level} `{name}`\n\n");
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        let _ = writeln!(text, "{}.", about.to_string().trim_end_matches('.'));
    }
    let arguments: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    let arguments: Vec<&Arg> = arguments.into_iter().filter(|arg| arg.get_id() != "help").collect();
    if !arguments.is_empty() {
        text.push_str("\n| argument | variable | meaning |\n|---|---|---|\n");
    }
    for argument in arguments {
        let variable = argument.get_env().map(|name| format!("`{}`", name.display())).unwrap_or_default();
        let _ = writeln!(text, "| `{}` | {variable} | {} |", spelling(argument), meaning(argument));
    }
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        describe(text, command, &name);
    }
}

/// As it is written on a command line: `--data DIR`, `BUCKET`.
fn spelling(argument: &Arg) -> String {
    let value = if argument.get_action().takes_values() {
        let names: Vec<&str> =
            argument.get_value_names().into_iter().flatten().map(clap::builder::Str::as_str).collect();
        names.join(" ")
    } else {
        String::new()
    };
    let may_stand_alone = argument.get_num_args().is_some_and(|count| count.min_values() == 0);
    let spelling = match argument.get_long() {
        Some(long) if value.is_empty() => format!("--{long}"),
        Some(long) if may_stand_alone && argument.is_require_equals_set() => format!("--{long}[={value}]"),
        Some(long) if may_stand_alone => format!("--{long} [{value}]"),
        Some(long) => format!("--{long} {value}"),
        None => value,
    };
    spelling.replace('|', "\\|")
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let choices: Vec<String> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if argument.get_action().takes_values() && !choices.is_empty() && !argument.is_hide_possible_values_set() {
        let _ = write!(text, " ({})", choices.join(", "));
    }
    if let [default] = argument.get_default_values() {
        let _ = write!(text, " [default: {}]", default.display());
    }
    text.replace('\n', " ").replace('|', "\\|")
}

fn root() -> Command {
    let mut root = Cli::command().term_width(80);
    root.build();
    root
}

#[test]
fn the_reference_is_what_the_program_understands() {
    golden::compare(Path::new("../../docs/cli.md"), &reference(&root()));
}

#[test]
fn the_help_of_everyday_commands_reads_well() {
    for words in ["", "bucket", "rule", "rule add", "rule move", "object", "object get", "object put"] {
        let mut command = root();
        for word in words.split_whitespace() {
            command = command.find_subcommand(word).expect("a command").clone();
        }
        // What the variables of this very run hold is no part of it.
        let help = command.mut_args(|argument| argument.hide_env_values(true)).render_help().to_string();
        let name = if words.is_empty() { "headwater".to_owned() } else { words.replace(' ', "-") };
        golden::text(&format!("help-{name}"), &help);
    }
}

#[test]
fn the_help_fits_a_screen_and_begins_with_the_everyday_commands() {
    let help = root().render_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().collect();
    assert!(lines.len() <= 24 && lines.iter().all(|line| line.chars().count() <= 80), "{help}");
    let first: Vec<&str> = lines.iter().filter(|line| line.starts_with("  ")).take(3).map(|line| &line[2..]).collect();
    let first: Vec<&str> = first.into_iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(first, ["serve", "demo", "rule"], "{help}");
    let every = root().get_subcommands().count();
    assert_eq!(lines.iter().filter(|line| line.starts_with("  ")).count(), every, "a command on a line: {help}");
    assert!(help.contains("Exit status: 0 done, 1 failed, 2 "), "{help}");
}

#[test]
fn definitions_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_shell_and_every_command_is_served() {
    for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "headwater", &mut script);
        let script = String::from_utf8(script).expect("scripts are text");
        assert!(script.contains("tombstones") && script.contains("admin-url"), "{shell}");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let arguments = super::ManArgs { dir: Some(dir.path().join("man1")) };
    super::man(&arguments, Cli::command()).expect("written");
    for page in ["headwater.1", "headwater-serve.1", "headwater-rule-list.1"] {
        let text = std::fs::read_to_string(dir.path().join("man1").join(page)).expect(page);
        assert!(text.contains(".TH "), "{page}");
    }
}
