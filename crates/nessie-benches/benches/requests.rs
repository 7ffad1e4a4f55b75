//! Requests per second over keep-alive connections, compared with an empty axum handler.
//!
//! `cargo bench -p nessie-benches --bench requests` measures; any other way of running it only runs
//! everything once.
//! Both servers and their clients share this process and the machine. Their rounds are short and
//! alternate, so that other load on the machine affects both. The table has medians, and a ratio is the
//! median of those of the rounds.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench fails by panicking, and prints what it found"
)]

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use axum::Router;
use axum::serve::ListenerExt;
use nessie_backend_core::{VolumeBackend, VolumeSpec};
use nessie_backend_mem::MemBackend;
use nessie_store::{
    Cluster, Config, Method, Request, RequestHandler, Response, Server, ServerOptions, Svm, serve,
};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Concurrent connections, each with one request at a time.
const CLIENTS: usize = 8;
const AUTHORIZATION: &str = "Authorization: Basic YWRtaW46c2VjcmV0";
const GIB: u64 = 1 << 30;

/// The amount of work in a round.
struct Effort {
    rounds: usize,
    /// Requests of each client in a round.
    requests: usize,
    few: usize,
    many: usize,
    listed: usize,
    listings: usize,
}

const MEASURE: Effort =
    Effort { rounds: 31, requests: 1000, few: 100, many: 100_000, listed: 10_000, listings: 1 };
const TRY: Effort = Effort { rounds: 1, requests: 5, few: 10, many: 100, listed: 50, listings: 1 };

fn main() {
    let is_bench = env::args().any(|argument| argument == "--bench");
    let is_quick = env::args().any(|argument| argument == "--quick");
    let effort = if is_bench && !is_quick { MEASURE } else { TRY };

    let empty = empty_handler();
    let fixed = start(Arc::new(Fixed));
    let few = Subject::with_volumes(effort.few);
    let many = Subject::with_volumes(effort.many);
    let listed = Subject::with_volumes(effort.listed);
    let fresh = Subject::with_volumes(0);

    let instance = format!("/api/storage/volumes/{}", few.some_uuid);
    let named = |count: usize| format!("/api/storage/volumes?name=v{}&fields=size", count / 2);
    let (named_few, named_many) = (named(effort.few), named(effort.many));
    let listing = "/api/storage/volumes?fields=*&max_records=1000000";

    let gets = |address: SocketAddr, target: &str| {
        let request = get(target);
        requests_per_second(address, effort.requests, |client, _| {
            client.ask(&request);
        })
    };
    let mut rounds = Rounds::default();
    for round in 0..effort.rounds {
        rounds.note("empty axum handler, 1 KB", gets(empty, "/"), "requests/s");
        rounds.note("this server, 1 KB", gets(fixed.address(), "/"), "requests/s");
        rounds.note("GET of one volume", gets(few.address(), &instance), "requests/s");
        rounds.note("GET by name, of few", gets(few.address(), &named_few), "requests/s");
        rounds.note("GET by name, of many", gets(many.address(), &named_many), "requests/s");
        rounds.note(
            "create, POST and GET of the job",
            creates(&fresh, &effort, round),
            "creates/s",
        );
        rounds.note("listing of fields=*", megabytes(&listed, listing, &effort), "MB/s");
    }
    rounds.note("GET of one volume, without HTTP", handles(&few, &instance), "requests/s");
    rounds.note("GET by name of few, without HTTP", handles(&few, &named_few), "requests/s");
    rounds.note("GET by name of many, without HTTP", handles(&many, &named_many), "requests/s");
    rounds.note("listing of fields=*, without HTTP", listing_alone(&listed, listing), "MB/s");
    rounds.show();
    println!();
    println!(
        "GET of one volume: {:.0} % of the empty handler's requests; by name of {}: {:.2} times the \
         time of {}",
        100.0 * rounds.ratio("GET of one volume", "empty axum handler, 1 KB"),
        effort.many,
        rounds.ratio("GET by name, of few", "GET by name, of many"),
        effort.few,
    );
}

/// A cluster of one SVM and its server.
struct Subject {
    cluster: Arc<Cluster>,
    server: Server,
    some_uuid: String,
}

impl Subject {
    fn with_volumes(count: usize) -> Self {
        let backend = MemBackend::new();
        let mut some_uuid = String::new();
        for number in 0..count {
            let mut spec = VolumeSpec::named(format!("v{number}"));
            spec.size_bytes = Some(GIB);
            some_uuid = backend.create_volume(spec).unwrap().uuid.to_string();
        }
        let mut config = Config::default();
        config.svms.push(Svm::new("svm1", Arc::new(backend)));
        let cluster = Arc::new(Cluster::new(config).unwrap());
        let server = start(cluster.clone());
        Self { cluster, server, some_uuid }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

fn start(handler: Arc<dyn RequestHandler>) -> Server {
    let mut options = ServerOptions::new("admin", "secret");
    options.tls = false;
    serve(handler, options).unwrap()
}

/// This server with a handler that only returns one kilobyte: the cost of the server alone.
struct Fixed;

impl RequestHandler for Fixed {
    fn handle(&self, _: &Request<'_>) -> Response {
        let body = vec![b'x'; 1024];
        Response::new(200, "text/plain", body)
    }

    fn may_take_long(&self, _: &Request<'_>) -> bool {
        false
    }
}

/// Axum with a handler that only returns one kilobyte.
fn empty_handler() -> SocketAddr {
    let (say, hear) = mpsc::channel();
    thread::spawn(move || {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            say.send(listener.local_addr().unwrap()).unwrap();
            let body = "x".repeat(1024);
            let router = Router::new().fallback(move || async { body });
            let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
            axum::serve(listener, router).await.unwrap();
        });
    });
    hear.recv().unwrap()
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n\r\n").into_bytes()
}

fn post(target: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("Host: x\r\n{AUTHORIZATION}\r\nContent-Length: {length}");
    format!("POST {target} HTTP/1.1\r\n{head}\r\n\r\n{body}").into_bytes()
}

/// One keep-alive connection.
struct Client {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = BufReader::with_capacity(64 << 10, stream);
        Self { stream, line: String::new(), body: Vec::new() }
    }

    /// The body of the reply. The request must succeed.
    fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.get_mut().write_all(request).unwrap();
        let mut length = 0;
        let mut status = None;
        loop {
            self.line.clear();
            self.stream.read_line(&mut self.line).unwrap();
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if status.is_none() {
                status = Some(line.get(9..12).unwrap().to_owned());
            } else if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse().unwrap();
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        let status = status.unwrap();
        let body = String::from_utf8_lossy(&self.body[..length.min(400)]);
        assert!(status.starts_with('2'), "{status}: {body}");
        &self.body
    }
}

/// Runs `work` in each client, `times` times, and returns the total runs per second.
fn requests_per_second(
    address: SocketAddr,
    times: usize,
    work: impl Fn(&mut Client, usize) + Sync,
) -> f64 {
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::connect(address)).collect();
    let begin = Instant::now();
    thread::scope(|scope| {
        for (number, client) in clients.iter_mut().enumerate() {
            let work = &work;
            scope.spawn(move || (0..times).for_each(|time| work(client, number * times + time)));
        }
    });
    (CLIENTS * times) as f64 / begin.elapsed().as_secs_f64()
}

/// Creates volumes and reads the job of each, which must have succeeded.
fn creates(subject: &Subject, effort: &Effort, round: usize) -> f64 {
    let times = effort.requests / 4 + 1;
    requests_per_second(subject.address(), times, |client, number| {
        let body = format!(
            "{{\"name\":\"v{round}_{number}\",\"size\":{GIB},\"svm\":{{\"name\":\"svm1\"}},\
             \"aggregates\":[{{\"name\":\"aggr1\"}}]}}"
        );
        let reply = client.ask(&post("/api/storage/volumes", &body));
        let reply = str::from_utf8(reply).unwrap();
        let link = reply.find("/api/cluster/jobs/").unwrap();
        let link = &reply[link..link + reply[link..].find('"').unwrap()];
        let request = get(&format!("{link}?fields=state,message"));
        let job = client.ask(&request);
        assert!(str::from_utf8(job).unwrap().contains("\"success\""));
    })
}

/// Lists all volumes over one connection. Returns MB of JSON per second.
fn megabytes(subject: &Subject, target: &str, effort: &Effort) -> f64 {
    let mut client = Client::connect(subject.address());
    let request = get(target);
    let begin = Instant::now();
    let bytes: usize = (0..effort.listings).map(|_| client.ask(&request).len()).sum();
    bytes as f64 / 1e6 / begin.elapsed().as_secs_f64()
}

fn handle(subject: &Subject, target: &str) -> usize {
    let request = Request::new(Method::Get, target);
    let response = subject.cluster.handle(&request);
    assert_eq!(response.status, 200);
    response.body.len()
}

/// The cluster alone, without a server, on one thread.
fn handles(subject: &Subject, target: &str) -> f64 {
    let times = 2000;
    let begin = Instant::now();
    for _ in 0..times {
        handle(subject, target);
    }
    f64::from(times) / begin.elapsed().as_secs_f64()
}

fn listing_alone(subject: &Subject, target: &str) -> f64 {
    let begin = Instant::now();
    let bytes = handle(subject, target);
    bytes as f64 / 1e6 / begin.elapsed().as_secs_f64()
}

/// The results of all rounds.
#[derive(Default)]
struct Rounds {
    rows: Vec<(&'static str, &'static str, Vec<f64>)>,
}

impl Rounds {
    fn note(&mut self, what: &'static str, value: f64, unit: &'static str) {
        match self.rows.iter_mut().find(|row| row.0 == what) {
            Some(row) => row.2.push(value),
            None => self.rows.push((what, unit, vec![value])),
        }
    }

    fn of(&self, what: &str) -> &[f64] {
        &self.rows.iter().find(|row| row.0 == what).unwrap().2
    }

    /// The median of the quotients of the rounds.
    fn ratio(&self, what: &str, of: &str) -> f64 {
        median(self.of(what).iter().zip(self.of(of)).map(|(what, of)| what / of).collect())
    }

    fn show(&self) {
        println!("| what | median | unit |\n|---|---:|---|");
        for (what, unit, values) in &self.rows {
            println!("| {what} | {:.0} | {unit} |", median(values.clone()));
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
