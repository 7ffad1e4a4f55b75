//! The command line. Its comments are the help texts.
#![allow(
    clippy::doc_link_with_quotes,
    clippy::doc_markdown,
    reason = "a terminal shows the texts as they are"
)]

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use nessie_store::JobCompletion;

/// An in-memory ONTAP: volumes, snapshots and FlexClones.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, infer_long_args = false)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<ServeOptions>),
    Health(HealthOptions),
    Completions(CompletionOptions),
}

/// Serve an ONTAP REST endpoint from memory until SIGINT, SIGTERM or SIGHUP.
///
/// When it listens, it prints one line:
///
///   ready url=URL username=NAME password=PASSWORD ca_file=PATH
///
/// Clients verify the server against ca_file, which exists while the server runs.
/// GET / and GET /healthz need no login.
///
/// A seed file is a JSON object such as
///
///   {"volumes": [{"name": "db", "size": "50GiB", "snapshots": ["nightly"],
///     "clones": [{"name": "db_pr1", "snapshot": "nightly"}]}]}
///
/// A volume may also have svm, junction_path, export_policy and state. A dump is
/// what --dump writes. SIMULATOR.md of the crate nessie-store describes /simulator.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags of a command")]
pub(crate) struct ServeOptions {
    /// Name or address to listen at; one that other machines can reach requires a password
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Port to listen at; 0 for a free port
    #[arg(long, value_name = "N", default_value_t = 8443)]
    pub(crate) port: u16,

    /// An SVM; may be repeated [default: svm1]
    #[arg(long, value_name = "NAME")]
    pub(crate) svm: Vec<String>,

    /// A node; may be repeated [default: node1]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Vec<String>,

    /// An aggregate, on the nodes in turn; may be repeated. SIZE, as 500TiB, counts only if an SVM's
    /// volumes have no capacity of their own [default: aggr1:1PiB]
    #[arg(long, value_name = "NAME[:SIZE]")]
    pub(crate) aggregate: Vec<String>,

    /// File with the initial volumes: a seed file, or a dump, with SVM=FILE if there are several SVMs; may
    /// be repeated
    #[arg(long, visible_alias = "volumes", value_name = "FILE")]
    pub(crate) load: Vec<String>,

    /// Write the volumes to FILE at the end, as a dump; SVM=FILE with several SVMs
    #[arg(long, value_name = "FILE")]
    pub(crate) dump: Vec<String>,

    /// Name of the user
    #[arg(long, value_name = "NAME", default_value = "admin")]
    pub(crate) username: String,

    /// Password of the user [default: random]
    #[arg(long, env = "NESSIE_ONTAP_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,

    /// Serve HTTP instead of HTTPS
    #[arg(long, conflicts_with_all = ["ca_file", "cert", "key"])]
    pub(crate) http: bool,

    /// Write the certificate that clients verify the server against to PATH [default: a temporary file]
    #[arg(long, value_name = "PATH", conflicts_with = "cert")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Certificate of the server, in PEM [default: a new one]
    #[arg(long, value_name = "PATH", requires = "key")]
    pub(crate) cert: Option<PathBuf>,

    /// Private key of --cert, in PEM, not encrypted
    #[arg(long, value_name = "PATH", requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// Write the login to PATH when the server listens, as a JSON object
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,

    /// When a job ends: immediate; polls:N, when a client has read it N times; seconds:N, after N seconds
    #[arg(long, value_name = "WHEN", default_value = "immediate", value_parser = job_completion)]
    pub(crate) jobs: JobCompletion,

    /// The same identifiers on every run, and a stopped clock
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Let each request first run the rules of snapshot policies that became due; needs a running clock
    #[arg(long, conflicts_with = "seed")]
    pub(crate) run_policies: bool,

    /// Give each SVM a root volume, mounted at /; those that clients create have one anyway
    #[arg(long)]
    pub(crate) root_volumes: bool,

    /// Keep a volume that a client deletes in the recovery queue for N hours [default: delete it at once]
    #[arg(long, value_name = "N")]
    pub(crate) recovery_queue_hours: Option<u64>,

    /// Serve /simulator, with which clients control the server [default: if --host is a loopback address]
    #[arg(long, overrides_with = "no_simulator")]
    pub(crate) simulator: bool,

    /// Do not serve /simulator
    #[arg(long, overrides_with = "simulator")]
    pub(crate) no_simulator: bool,

    /// Keep the last N events of each SVM from the start, for GET /simulator/events [default: the last
    /// 10000 from the first such request]
    #[arg(long, value_name = "N")]
    pub(crate) events: Option<NonZeroUsize>,

    /// Print each request on standard error: time, method, target, status, bytes and duration
    #[arg(long, value_name = "FORM", num_args = 0..=1, default_missing_value = "text")]
    pub(crate) log: Option<LogForm>,
}

/// Ask a running server whether it answers: status 0 if it does, 1 if not.
#[derive(Args, Debug)]
pub(crate) struct HealthOptions {
    /// The file that `serve --ready-file` wrote
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: PathBuf,
}

/// Print a script with which a shell completes commands and options.
///
/// For Bash: source <(nessie-store completions bash)
#[derive(Args, Debug)]
pub(crate) struct CompletionOptions {
    /// The shell that is to run the script
    pub(crate) shell: Shell,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogForm {
    Text,
    Json,
}

fn job_completion(text: &str) -> Result<JobCompletion, String> {
    let read = || match text.split_once(':') {
        None if text == "immediate" => Some(JobCompletion::Immediate),
        Some(("polls", number)) => number.parse().ok().map(JobCompletion::Polls),
        Some(("seconds", number)) => {
            let duration = Duration::try_from_secs_f64(number.parse().ok()?).ok()?;
            Some(JobCompletion::After(duration))
        }
        _ => None,
    };
    read().ok_or_else(|| "expected \"immediate\", \"polls:N\" or \"seconds:N\"".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_options_are_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn jobs_complete_as_the_option_says() {
        assert_eq!(job_completion("immediate"), Ok(JobCompletion::Immediate));
        assert_eq!(job_completion("polls:3"), Ok(JobCompletion::Polls(3)));
        let seconds = JobCompletion::After(Duration::from_millis(1_500));
        assert_eq!(job_completion("seconds:1.5"), Ok(seconds));
        for wrong in ["", "polls", "polls:-1", "seconds:-1", "seconds:nan", "seconds:inf", "later"]
        {
            assert!(job_completion(wrong).is_err(), "{wrong}");
        }
    }
}
