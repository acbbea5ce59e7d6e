//! The `headwater` binary: reads the command line and hands over.
//!
//! Errors are one line on standard error, with what to do about it, and a non-zero exit status: 1 for what failed, 2
//! for a command line that cannot be understood.

mod client;
mod config;
mod credentials;
mod demo;
mod doctor;
mod documentation;
#[cfg(test)]
mod golden;
mod logging;
mod master_key;
mod secret_file;
mod serve;
mod testkit_origin;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use client::ClientCommand;

/// What `headwater --help` shows: all of it within 24 lines of 80 columns, the everyday commands first.
const HELP: &str = "\
{about}

{usage-heading} {usage}

{subcommands}{after-help}";

/// A self-hosted object store that fetches what it does not have from elsewhere.
#[derive(Parser)]
#[command(name = "headwater", version, max_term_width = 100, help_template = HELP)]
#[command(after_help = "Try `headwater demo`; `headwater COMMAND --help` explains a command; --version.\n\
                        Exit status: 0 done, 1 failed, 2 command line not understood.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server: OSS and S3 on one port, admin on another
    Serve(Box<config::ServeArgs>),
    /// Show a miss and a hit, explained as they happen
    Demo(demo::DemoArgs),
    /// Show, add, edit, order, test the rules of a bucket
    #[command(subcommand)]
    Rule(client::RuleCommand),
    /// Make, show, empty, delete buckets
    #[command(subcommand)]
    Bucket(client::BucketCommand),
    /// List, get, put, remove objects; tombstones of deleted keys
    #[command(subcommand)]
    Object(Box<client::ObjectCommand>),
    /// Show step by step why a key does or does not come
    Explain(client::ExplainArgs),
    /// Show and change how a bucket migrates
    #[command(subcommand)]
    Settings(client::SettingsCommand),
    /// Show and change how origins are treated, show how they are
    #[command(subcommand)]
    Origin(client::OriginCommand),
    /// Show, make and change access keys beside the root key
    #[command(subcommand)]
    Key(client::KeyCommand),
    /// Say whether a server takes requests; exit status 1 if not
    Ready(client::ReadyArgs),
    /// Check, repair, rebuild the data of a stopped server
    Doctor(doctor::DoctorArgs),
    /// Serve origins that misbehave, to see what a server does
    TestkitOrigin(testkit_origin::TestkitOriginArgs),
    /// Print the completions of a shell
    Completions(documentation::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(documentation::ManArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(*args),
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Rule(command) => client::run(ClientCommand::Rule(command)),
        Command::Bucket(command) => client::run(ClientCommand::Bucket(command)),
        Command::Settings(command) => client::run(ClientCommand::Settings(command)),
        Command::Origin(command) => client::run(ClientCommand::Origin(command)),
        Command::Key(command) => client::run(ClientCommand::Key(command)),
        Command::Object(command) => client::run(ClientCommand::Object(*command)),
        Command::Explain(args) => client::run(ClientCommand::Explain(args)),
        Command::Ready(args) => client::run(ClientCommand::Ready(args)),
        Command::TestkitOrigin(args) => testkit_origin::run(&args),
        Command::Completions(args) => Ok(documentation::completions(&args, Cli::command())),
        Command::Man(args) => documentation::man(&args, Cli::command()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            logging::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
