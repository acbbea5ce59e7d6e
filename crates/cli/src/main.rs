//! The `headwater` binary: reads the command line and hands over.
//!
//! Errors are one line on standard error, with what to do about it, and a non-zero exit status: 1 for what failed, 2
//! for a command line that cannot be understood.

mod client;
mod config;
mod credentials;
mod demo;
mod doctor;
mod logging;
mod master_key;
mod secret_file;
mod serve;
mod testkit_origin;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use client::ClientCommand;

/// A self-hosted object store that fetches what it does not have from where you come from.
#[derive(Parser)]
#[command(name = "headwater", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server: OSS and S3 on one port, health and metrics on another
    Serve(Box<config::ServeArgs>),
    /// Show a miss and a hit on a small origin made for the purpose, explained as they happen
    Demo(demo::DemoArgs),
    /// Check a data directory, repair what can be repaired, rebuild its index (the server must be stopped)
    Doctor(doctor::DoctorArgs),
    /// Show rules, test rules that are not saved
    #[command(subcommand)]
    Rule(client::RuleCommand),
    /// Show and change how a bucket migrates
    #[command(subcommand)]
    Settings(client::SettingsCommand),
    /// Show and change how origins are treated, show how they are
    #[command(subcommand)]
    Origin(client::OriginCommand),
    /// Access keys beside the root key: whose they are, what they may do
    #[command(subcommand)]
    Key(client::KeyCommand),
    /// Show and lift tombstones of deleted keys
    #[command(subcommand)]
    Object(client::ObjectCommand),
    /// Show step by step why a key does or does not come
    Explain(client::ExplainArgs),
    /// Serve origins that misbehave, to see what a server makes of them
    TestkitOrigin(testkit_origin::TestkitOriginArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(*args),
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Rule(command) => client::run(ClientCommand::Rule(command)),
        Command::Settings(command) => client::run(ClientCommand::Settings(command)),
        Command::Origin(command) => client::run(ClientCommand::Origin(command)),
        Command::Key(command) => client::run(ClientCommand::Key(command)),
        Command::Object(command) => client::run(ClientCommand::Object(command)),
        Command::Explain(args) => client::run(ClientCommand::Explain(args)),
        Command::TestkitOrigin(args) => testkit_origin::run(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            logging::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
