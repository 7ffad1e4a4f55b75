//! `nessie-store serve`: an ONTAP REST endpoint from memory, for machines without Python.
//!
//! | Module | Contents |
//! |---|---|
//! | [`options`] | the command line |
//! | [`server`] | `serve`: makes the cluster and serves it until a signal arrives |
//! | [`initial`] | `--load`: dumps and seed files |
//! | [`seed_file`] | the format of seed files |
//! | [`size`] | sizes of options and of seed files |
//! | [`saved`] | `--dump`: the dumps at the end |
//! | [`published`] | files that clients read while the server runs |
//! | [`health`] | `health`: asks a running server whether it answers |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

mod health;
mod initial;
mod options;
mod published;
mod saved;
mod seed_file;
mod server;
mod size;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use self::options::{Command, CommandLine};

/// The status of a usage error, as `clap` has it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Serve(options) => server::run(&options),
        Command::Health(options) => health::run(&options),
        Command::Completions(options) => completions(options.shell),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("nessie-store: error: {failure}");
            match failure {
                Failure::Usage(_) => {
                    eprintln!("nessie-store serve --help shows the usage");
                    ExitCode::from(USAGE)
                }
                Failure::Run(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// Prints the completion script of a shell.
fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "nessie-store", &mut script);
    io::stdout().write_all(&script).map_err(|error| Failure::Run(error.to_string()))
}

/// Why a command ended.
#[derive(Debug)]
enum Failure {
    /// An option is invalid. The text names it.
    Usage(String),
    /// The command could not do its work.
    Run(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(text) | Self::Run(text) => f.write_str(text),
        }
    }
}

/// An error about an option.
fn usage(option: &str, reason: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("{option}: {reason}"))
}
