//! `nessie-store serve`.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use nessie_backend_core::Timestamp;
use nessie_backend_faults::Faulty;
use nessie_backend_mem::{MemBackend, Profile};
use nessie_store::simulator::new_backend;
use nessie_store::{
    AccessLog, AccessLogEntry, Aggregate, Cluster, Config, Identity, JobCompletion, Server,
    ServerOptions, SimulatedBackend, Svm, serve,
};
use serde_json::json;

use crate::options::{LogForm, ServeOptions};
use crate::published::{Published, Readers};
use crate::saved::Dumps;
use crate::size::parse_size;
use crate::{Failure, initial, usage};

/// A text in each certificate that a server creates for its clients.
const AUTHORITY: &str = "BEGIN CERTIFICATE";

pub(crate) fn run(options: &ServeOptions) -> Result<(), Failure> {
    let (stop, stopped) = mpsc::channel();
    // Before the server starts: a signal ends it in any case.
    let send = move || {
        // An error means that the program ends already.
        let _ = stop.send(());
    };
    ctrlc::set_handler(send)
        .map_err(|error| Failure::Run(format!("cannot handle signals: {error}")))?;
    let mut svms = backends(options)?;
    let dumps = Dumps::read(&svms, &options.dump)?;
    initial::load(&mut svms, &options.load)?;
    check_clock(options, &svms)?;
    let server_options = server_options(options)?;
    let password = server_options.password.clone();
    let cluster = cluster(options, &svms)?;
    let server = serve(Arc::new(cluster), server_options)
        .map_err(|error| usage("--host, --port, --cert, --key", error))?;
    let certificate = publish_certificate(options, &server)?;
    let login = Login {
        url: url(options, &server),
        username: &options.username,
        password: &password,
        ca_file: certificate.as_ref().map(|file| file.path().display().to_string()),
    };
    let _ready = options.ready_file.as_deref().map(|path| login.publish(path)).transpose()?;
    login.print().map_err(|error| Failure::Run(format!("cannot write: {error}")))?;
    // An error means that no signal can arrive any more.
    let _ = stopped.recv();
    server.stop();
    dumps.write(&svms)
}

/// A backend for each SVM.
fn backends(options: &ServeOptions) -> Result<Vec<(String, MemBackend)>, Failure> {
    let names = match options.svm.as_slice() {
        [] => vec!["svm1".to_owned()],
        given => given.to_vec(),
    };
    let mut svms = Vec::new();
    for (index, name) in (0_u64..).zip(names) {
        let mut builder = MemBackend::builder().limits(Profile::Ontap.limits());
        if let Some(seed) = options.seed {
            // With equal seeds, all backends would generate the same identifiers.
            builder = builder.seed(seed.wrapping_add(index));
        }
        let backend = builder.build().map_err(|error| usage("--seed", error))?;
        svms.push((name, backend));
    }
    Ok(svms)
}

/// Refuses options that need a running clock, if it is stopped.
fn check_clock(options: &ServeOptions, svms: &[(String, MemBackend)]) -> Result<(), Failure> {
    let is_standing = |(_, backend): &(String, MemBackend)| backend.standing_clock().is_some();
    if matches!(options.jobs, JobCompletion::After(_)) && svms.first().is_some_and(is_standing) {
        let reason =
            "seconds:N needs a running clock; --seed and dumps of a seeded backend stop it";
        return Err(usage("--jobs", reason));
    }
    if options.run_policies && svms.iter().all(is_standing) {
        return Err(usage(
            "--run-policies",
            "it needs a running clock; those of the dumps are stopped",
        ));
    }
    Ok(())
}

fn cluster(options: &ServeOptions, svms: &[(String, MemBackend)]) -> Result<Cluster, Failure> {
    let mut config = Config::default();
    config.jobs = options.jobs;
    config.seed = options.seed;
    config.run_policies = options.run_policies;
    config.root_volumes = options.root_volumes;
    config.recovery_queue_hours = options.recovery_queue_hours;
    let seed = options.seed;
    config.svms = svms.iter().map(|(name, backend)| svm_of(name, backend, seed)).collect();
    let first = svms.first().map(|(_, backend)| backend.clone());
    if let Some(clock) = first.clone() {
        config.clock = Some(Arc::new(move || clock.now()));
    }
    config.new_backend = Some(Arc::new(move |name, number| {
        Ok(svm_of(name, &new_backend(number, seed, first.as_ref())?, seed))
    }));
    if !options.node.is_empty() {
        config.nodes.clone_from(&options.node);
    }
    if !options.aggregate.is_empty() {
        let given = options.aggregate.iter();
        config.aggregates = given.map(|text| aggregate(text)).collect::<Result<_, _>>()?;
    }
    let cluster = Cluster::new(config).map_err(|error| {
        let text = error.to_string();
        // The text begins with the part of the configuration.
        match text.split_once(": ") {
            Some(("nodes", reason)) => usage("--node", reason),
            Some(("aggregates", reason)) => usage("--aggregate", reason),
            _ => usage("--svm", text),
        }
    })?;
    if let Some(keep) = options.events {
        cluster.keep_events(keep);
    }
    Ok(cluster)
}

/// The capacity of an aggregate that is given without one.
const AGGREGATE_BYTES: u64 = 1 << 50;

/// Reads `NAME` or `NAME:SIZE`.
fn aggregate(text: &str) -> Result<Aggregate, Failure> {
    let read = || match text.split_once(':') {
        None => Some((text, AGGREGATE_BYTES)),
        Some((name, size)) => Some((name, parse_size(size).filter(|size| *size > 0)?)),
    };
    let found = read().filter(|(name, _)| !name.is_empty());
    found.map(|(name, size)| Aggregate::new(name, size)).ok_or_else(|| {
        let reason = format!(
            "expected NAME or NAME:SIZE with a size such as 500TiB or 50GB, from 1 to 2^64-1 bytes, \
             not {text:?}"
        );
        usage("--aggregate", reason)
    })
}

fn svm_of(name: &str, backend: &MemBackend, seed: Option<u64>) -> Svm {
    let faulty = Faulty::with_clock(backend.clone(), backend.clone());
    let faulty = Arc::new(faulty.seed(seed.unwrap_or_default()));
    let simulated = SimulatedBackend::new(backend.clone(), Arc::clone(faulty.hooks()));
    Svm::new(name, faulty).simulated(simulated)
}

fn server_options(options: &ServeOptions) -> Result<ServerOptions, Failure> {
    let given = options.password.clone().filter(|password| !password.is_empty());
    let password = match given {
        Some(password) => password,
        None if is_loopback(&options.host) => random_password()?,
        None => {
            let host = &options.host;
            let reason = format!("it is required if others can reach the host {host:?}");
            return Err(usage("--password", reason));
        }
    };
    let mut server = ServerOptions::new(&options.username, password);
    server.host.clone_from(&options.host);
    server.port = options.port;
    server.tls = !options.http;
    server.simulator = match (options.simulator, options.no_simulator) {
        (false, false) => None,
        (wanted, _) => Some(wanted),
    };
    server.log = options.log.map(|form| -> AccessLog {
        match form {
            LogForm::Text => Arc::new(log_text),
            LogForm::Json => Arc::new(log_json),
        }
    });
    if let (Some(cert), Some(key)) = (&options.cert, &options.key) {
        server.identity = Some(Identity::new(read("--cert", cert)?, read("--key", key)?));
    }
    Ok(server)
}

fn read(option: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| usage(option, format!("{}: {error}", path.display())))
}

/// Whether only this machine can reach a server at the host.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn random_password() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::Run(format!("cannot make a random password: {error}")))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// Publishes the certificate that clients verify the server with, if the server has made one.
fn publish_certificate(
    options: &ServeOptions,
    server: &Server,
) -> Result<Option<Published>, Failure> {
    let Some(pem) = server.ca_pem().map(str::to_owned) else { return Ok(None) };
    let published = match &options.ca_file {
        None => Published::temporary(pem),
        Some(path) => {
            Published::at(path, pem, Readers::Everyone, |found| found.contains(AUTHORITY))
        }
    };
    let shown = options.ca_file.as_deref().unwrap_or_else(|| Path::new("a temporary file"));
    published.map(Some).map_err(|error| usage("--ca-file", format!("{}: {error}", shown.display())))
}

fn url(options: &ServeOptions, server: &Server) -> String {
    let scheme = if options.http { "http" } else { "https" };
    let port = server.address().port();
    match options.host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("{scheme}://[{address}]:{port}"),
        _ => format!("{scheme}://{}:{port}", options.host),
    }
}

/// The address of the server and the data for a login.
struct Login<'a> {
    url: String,
    username: &'a str,
    password: &'a str,
    ca_file: Option<String>,
}

impl Login<'_> {
    fn publish(&self, path: &Path) -> Result<Published, Failure> {
        let document = json!({
            "url": self.url,
            "username": self.username,
            "password": self.password,
            "ca_file": self.ca_file,
            "pid": std::process::id(),
        });
        let is_one = |found: &str| {
            serde_json::from_str::<serde_json::Value>(found)
                .is_ok_and(|found| found.get("url").is_some() && found.get("pid").is_some())
        };
        Published::at(path, format!("{document}\n"), Readers::Owner, is_one)
            .map_err(|error| usage("--ready-file", format!("{}: {error}", path.display())))
    }

    fn print(&self) -> io::Result<()> {
        let mut words = vec![("url", self.url.as_str())];
        words.extend([("username", self.username), ("password", self.password)]);
        words.extend(self.ca_file.as_deref().map(|path| ("ca_file", path)));
        let words = words.iter().map(|(key, value)| format!(" {key}={}", quoted(value)));
        let mut out = io::stdout().lock();
        writeln!(out, "ready{}", words.collect::<String>())?;
        out.flush()
    }
}

/// A word as a shell reads it.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn now() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
    Timestamp::try_from(seconds).map(|time| time.to_string()).unwrap_or_default()
}

fn log_text(entry: &AccessLogEntry<'_>) {
    let AccessLogEntry { method, target, status, bytes, time, .. } = entry;
    let milliseconds = time.as_secs_f64() * 1_000.0;
    eprintln!("{} {method} {target} {status} {bytes} bytes {milliseconds:.1} ms", now());
}

fn log_json(entry: &AccessLogEntry<'_>) {
    let AccessLogEntry { method, target, status, bytes, time, .. } = entry;
    let line = json!({
        "time": now(),
        "method": method,
        "target": target,
        "status": status,
        "bytes": bytes,
        "seconds": time.as_secs_f64(),
    });
    eprintln!("{line}");
}
