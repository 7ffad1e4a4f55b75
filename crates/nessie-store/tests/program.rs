//! The program `nessie-store`, as a process.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nessie_backend_core::{VolumeBackend, VolumeSpec};
use nessie_backend_mem::MemBackend;

/// A running server.
struct Program {
    child: Child,
    /// The line that it printed when it listened.
    ready: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nessie-store"));
    command.args(arguments).env_remove("NESSIE_ONTAP_PASSWORD");
    command
}

fn output(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

impl Program {
    fn serve(arguments: &[&str]) -> Self {
        let mut command =
            command(&[&["serve", "--port", "0", "--password", "secret"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        Self { child, ready }
    }

    /// The word of the ready line with this key.
    fn word(&self, key: &str) -> &str {
        let words = self.ready.split_whitespace();
        words.filter_map(|word| word.split_once('=')).find(|(name, _)| *name == key).unwrap().1
    }

    /// Sends a request over HTTP, and returns the reply.
    fn get(&self, target: &str) -> String {
        let authority = self.word("url").strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        // admin:secret
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
             Authorization: Basic YWRtaW46c2VjcmV0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_seed_file_of_the_readme_is_served_and_dumped_at_the_end() {
    let (_, example) = include_str!("../README.md").split_once("```json\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (seed, dump) = (folder.path().join("seed.json"), folder.path().join("dump.jsonl"));
    fs::write(&seed, example.split_once("```").unwrap().0).unwrap();
    let arguments = ["--http", "--seed", "7", "--load", text(&seed), "--dump", text(&dump)];
    let server = Program::serve(&arguments);
    let reply = server.get("/api/storage/volumes?fields=size");
    assert!(reply.contains(r#""name":"db""#) && reply.contains(r#""size":53687091200"#), "{reply}");
    assert_eq!(server.stop(), Some(0));

    let dumped = MemBackend::load(BufReader::new(fs::File::open(&dump).unwrap())).unwrap();
    let volume = dumped.find_volume("db").unwrap().unwrap();
    // The seed decides the identifiers, as those of a backend with this seed.
    let expected = MemBackend::builder().seed(7).build().unwrap();
    assert_eq!(expected.create_volume(VolumeSpec::named("db")).unwrap().uuid, volume.uuid);

    let again = Program::serve(&["--http", "--load", text(&dump)]);
    assert!(again.get("/api/storage/volumes").contains(&volume.uuid.to_string()));
}

#[test]
fn clients_in_any_language_control_it() {
    let server = Program::serve(&["--http", "--seed", "1"]);
    assert!(server.get("/simulator/clock").contains("\"standing\""));
    let without = Program::serve(&["--http", "--no-simulator"]);
    assert!(without.get("/simulator/clock").starts_with("HTTP/1.1 404"));
}

#[test]
fn nodes_and_aggregates_are_those_of_the_options() {
    let mut arguments = vec!["--http"];
    for name in ["n1", "n2"] {
        arguments.extend(["--node", name]);
    }
    for aggregate in ["fast:500GiB", "slow:2 TB", "large"] {
        arguments.extend(["--aggregate", aggregate]);
    }
    let server = Program::serve(&arguments);
    let reply = server.get(
        "/api/storage/aggregates?fields=name,node.name,space.block_storage.size&order_by=name",
    );
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let found: Vec<_> = body["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let size = record["space"]["block_storage"]["size"].as_u64().unwrap();
            (text(&record["name"]), text(&record["node"]["name"]), size)
        })
        .collect();
    let expected = [("fast", "n1", 500 << 30), ("large", "n1", 1 << 50), ("slow", "n2", 2 << 40)];
    assert_eq!(found, expected.map(|(name, node, size)| (name.to_owned(), node.to_owned(), size)));
}

#[test]
fn health_reports_whether_the_server_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, certificate) = (folder.path().join("ready.json"), folder.path().join("ca.pem"));
    let arguments = ["--ready-file", text(&ready), "--ca-file", text(&certificate)];
    let server = Program::serve(&arguments);
    assert_eq!(server.word("ca_file"), text(&certificate));
    let health = output(&["health", "--ready-file", text(&ready)]);
    assert!(health.status.success(), "{health:?}");

    let stale = fs::read_to_string(&ready).unwrap();
    server.stop();
    assert!(!ready.exists() && !certificate.exists());
    assert!(!output(&["health", "--ready-file", text(&ready)]).status.success());
    fs::write(&ready, stale).unwrap();
    assert!(!output(&["health", "--ready-file", text(&ready)]).status.success());
}

#[test]
fn health_reaches_a_server_on_all_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, certificate) = (folder.path().join("ready.json"), folder.path().join("ca.pem"));
    let files = ["--ready-file", text(&ready), "--ca-file", text(&certificate)];
    let server = Program::serve(&[&["--host", "0.0.0.0"], &files[..]].concat());
    let health = output(&["health", "--ready-file", text(&ready)]);
    assert!(health.status.success(), "{health:?}");
    server.stop();
}

#[test]
fn a_shell_gets_a_script_that_completes_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = output(&["completions", shell]);
        assert!(script.status.success(), "{shell}: {script:?}");
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(script.contains("recovery-queue-hours"), "{shell}: {script}");
    }
    assert_eq!(output(&["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn a_wrong_option_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("notes.txt");
    fs::write(&other, "notes").unwrap();
    let list = folder.path().join("list.json");
    fs::write(&list, r#"[[{"name": "x"}]]"#).unwrap();
    for (arguments, named) in [
        (vec!["serve", "--host", "0.0.0.0"], "--password: it is required"),
        (vec!["serve", "--load", text(&other)], "neither a dump nor a seed file"),
        (vec!["serve", "--load", text(&list)], "which is an object with the key \"volumes\""),
        (vec!["serve", "--load", "missing.json"], "--load: missing.json"),
        (vec!["serve", "--svm", "a", "--svm", "b", "--dump", "x"], "write SVM=PATH"),
        (vec!["serve", "--svm", "a", "--svm", "a"], "--svm"),
        (
            vec!["serve", "--seed", "1", "--jobs", "seconds:1"],
            "--jobs: seconds:N needs a running clock",
        ),
        (vec!["serve", "--port", "0", "--ready-file", text(&other)], "--ready-file: "),
        (vec!["serve", "--prot", "1"], "--port"),
        (vec!["serve", "--node", ""], "--node: a name is empty\nnessie-store serve --help shows"),
        (vec!["serve", "--node", "a", "--node", "a"], "--node: the name \"a\" is used twice"),
        (vec!["serve", "--aggregate", "a", "--aggregate", "a:1GB"], "the name \"a\" is used twice"),
        (vec!["serve", "--aggregate", ""], "--aggregate: expected NAME or NAME:SIZE"),
        (vec!["serve", "--aggregate", ":1GB"], "not \":1GB\""),
        (vec!["serve", "--aggregate", "a:"], "not \"a:\""),
        (
            vec!["serve", "--aggregate", "a:0"],
            "a size such as 500TiB or 50GB, from 1 to 2^64-1 bytes",
        ),
        (vec!["serve", "--aggregate", "a:1G"], "not \"a:1G\""),
        (vec!["serve", "--aggregate", "a:16384PiB"], "not \"a:16384PiB\""),
    ] {
        let refused = output(&arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains(named), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read_to_string(&other).unwrap(), "notes");
}
