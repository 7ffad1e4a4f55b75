//! The HTTP server: which requests it refuses, its limits for clients, and how it stops.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests too")]

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nessie_store::{
    Cluster, Config, Identity, Limits, Method, Request, RequestHandler, Response, Server,
    ServerOptions, serve,
};
use socket2::{Domain, Socket, Type};

/// `admin:secret`.
const AUTHORIZATION: &str = "Authorization: Basic YWRtaW46c2VjcmV0\r\n";
/// The longest time that a test waits for one event.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Replies with a description of the request. Some targets do something else.
#[derive(Default)]
struct Echo {
    calls: AtomicUsize,
    /// Whether slow requests may end.
    open: Mutex<bool>,
    opened: Condvar,
}

impl Echo {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn wait(&self) {
        let open = self.open.lock().unwrap();
        let waited = self.opened.wait_timeout_while(open, TIMEOUT, |open| !*open).unwrap().1;
        assert!(!waited.timed_out(), "the slow request was not released");
    }
}

impl RequestHandler for Echo {
    fn handle(&self, request: &Request<'_>) -> Response {
        self.calls.fetch_add(1, Ordering::SeqCst);
        assert!(!request.target.starts_with("/panic"), "a fault of the handler, wanted here");
        if request.target.starts_with("/slow") || request.target.starts_with("/stuck") {
            self.wait();
        }
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            _ => "another",
        };
        let (name, uuid) = (request.svm_name.unwrap_or("-"), request.svm_uuid.unwrap_or("-"));
        let body = if request.target.starts_with("/large") {
            vec![b'x'; 64 << 20]
        } else {
            let body = request.body.len();
            format!("{method} {} {name} {uuid} {body}", request.target).into_bytes()
        };
        let mut response = Response::new(200, "application/hal+json", body);
        response.headers.push(("location", "/api/x".to_owned()));
        response
    }

    fn may_take_long(&self, request: &Request<'_>) -> bool {
        request.target.starts_with("/slow") || request.target.starts_with("/panic/long")
    }
}

fn plain(change: impl FnOnce(&mut ServerOptions)) -> Server {
    with_echo(change).0
}

fn with_echo(change: impl FnOnce(&mut ServerOptions)) -> (Server, Arc<Echo>) {
    let mut options = ServerOptions::new("admin", "secret");
    options.tls = false;
    change(&mut options);
    let echo = Arc::<Echo>::default();
    (serve(echo.clone(), options).unwrap(), echo)
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    stream
}

/// A reply: its status, head and body.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

/// Reads one reply; nothing if the connection was closed instead.
fn receive(stream: &mut impl Read) -> Option<Reply> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            Ok(_) => {
                assert!(head.is_empty(), "cut off within a head: {}", head.escape_ascii());
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("no reply: {error}"),
        }
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    Some(Reply { status, head, body: String::from_utf8(body).unwrap() })
}

fn exchange(stream: &mut TcpStream, request: &str) -> Option<Reply> {
    stream.write_all(request.as_bytes()).unwrap();
    receive(stream)
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n")
}

fn is_serving(server: &Server) -> bool {
    exchange(&mut connect(server), &get("/again")).is_some_and(|reply| reply.status == 200)
}

#[test]
fn a_reply_has_the_headers_of_an_array() {
    let server = plain(|_| {});
    let reply = exchange(&mut connect(&server), &get("/api/cluster")).unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, "GET /api/cluster - - 0"));
    for header in [
        "server: libzapid-httpd",
        "content-type: application/hal+json",
        "cache-control: no-cache,no-store,must-revalidate",
        "x-content-type-options: nosniff",
        "vary: accept",
        "location: /api/x",
    ] {
        assert!(reply.head.contains(&format!("\r\n{header}\r\n")), "{header}: {}", reply.head);
    }
}

#[test]
fn no_path_is_served_without_the_password() {
    let server = plain(|_| {});
    for target in ["/", "/api/cluster", "/nothing", "/panic", "*"] {
        for header in
            ["", "Authorization: Basic YWRtaW46c2VjcmV1\r\n", "Authorization: nonsense\r\n"]
        {
            let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{header}\r\n");
            let reply = exchange(&mut connect(&server), &request).unwrap();
            assert_eq!(reply.status, 401, "{target} {header}");
            assert!(reply.head.contains("\r\nwww-authenticate: basic"), "{}", reply.head);
            assert!(reply.body.contains("\"code\":\"6691623\""), "{}", reply.body);
        }
    }
}

#[test]
fn targets_reach_the_handler_as_they_were_sent() {
    let server = plain(|_| {});
    for target in [
        "/api//storage/volumes",
        "/api/storage/volumes/?fields=",
        "/api/storage/volumes?return_records=false?max_records=10000",
        "/api/storage/volumes?name=vol*",
        "/api/storage/volumes?name=a|b",
        "/api/storage/volumes?nas.path=/m1/*&name=svm1:cv2",
        "/api/storage/volumes?fields=space.{size,used},!state",
        "/api/storage/volumes?name=a^b`c\\d[e]",
        "/api/storage/volumes?size=>1GB&space.used=<1GB",
        "/api/storage/volumes?name=\"x\"",
        "/api/storage/volumes?name=%zz",
        "/api/storage/volumes/%2A/snapshots",
        "/api/storage/volumes?name=\u{e4}",
        "//api",
    ] {
        let mut stream = connect(&server);
        let reply = exchange(&mut stream, &get(target)).unwrap();
        assert_eq!((reply.status, reply.body), (200, format!("GET {target} - - 0")));
    }
    for (target, path) in [
        ("http://other:1/api/cluster?fields=version", "/api/cluster?fields=version"),
        ("HTTPS://other", "/"),
        ("http://other?a=b", "/?a=b"),
    ] {
        let reply = exchange(&mut connect(&server), &get(target)).unwrap();
        assert_eq!(reply.body, format!("GET {path} - - 0"));
    }
}

#[test]
fn headers_and_bodies_reach_the_handler() {
    let server = plain(|_| {});
    let mut stream = connect(&server);
    let head = format!("Host: x\r\n{AUTHORIZATION}X-Dot-SVM-Name: svm1\r\nX-Dot-SVM-UUID: u\r\n");
    let request = format!("POST /a HTTP/1.1\r\n{head}Content-Length: 5\r\n\r\nabcde");
    assert_eq!(exchange(&mut stream, &request).unwrap().body, "POST /a svm1 u 5");
    let request = format!(
        "POST /a HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    );
    assert_eq!(exchange(&mut stream, &request).unwrap().body, "POST /a svm1 u 7");
    let request =
        format!("GET /a HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}X-Dot-SVM-Name: \u{e4}\r\n\r\n");
    assert_eq!(exchange(&mut stream, &request).unwrap().body, "GET /a \u{e4} - 0");
    stream.write_all(b"GET /a HTTP/1.1\r\nHost: x\r\n").unwrap();
    stream.write_all(AUTHORIZATION.as_bytes()).unwrap();
    stream.write_all(b"X-Dot-SVM-Name: \xff\r\n\r\n").unwrap();
    assert_eq!(receive(&mut stream).unwrap().status, 400);
}

#[test]
fn unsupported_methods_are_refused() {
    let server = plain(|_| {});
    let longest = "X".repeat(32);
    for (method, status) in
        [("PUT", 405), ("TRACE", 405), ("get", 501), ("NONSENSE", 501), (&longest, 501)]
    {
        let request = format!("{method} / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n");
        let reply = exchange(&mut connect(&server), &request).unwrap();
        assert_eq!(reply.status, status, "{method}");
        assert!(reply.head.contains("\r\nallow: get, head, post"), "{}", reply.head);
        assert!(reply.body.contains("\"code\":\"3\""), "{}", reply.body);
        assert!(reply.body.contains(method), "{}", reply.body);
    }
    let request = format!("{} / HTTP/1.1\r\nHost: x\r\n\r\n", "X".repeat(5000));
    let reply = exchange(&mut connect(&server), &request).unwrap();
    assert_eq!(reply.status, 501);
    assert!(reply.body.len() < 200, "{}", reply.body);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = plain(|_| {});
    let mut stream = connect(&server);
    let targets: Vec<String> = (0..100).map(|n| format!("/{n}")).collect();
    let requests: String = targets.iter().map(|target| get(target)).collect();
    stream.write_all(requests.as_bytes()).unwrap();
    for target in targets {
        assert_eq!(receive(&mut stream).unwrap().body, format!("GET {target} - - 0"));
    }
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let server = plain(|_| {});
    let mut stream = connect(&server);
    stream.set_nodelay(true).unwrap();
    for byte in get("/drip").bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(receive(&mut stream).unwrap().body, "GET /drip - - 0");
}

#[test]
fn a_fault_of_the_handler_is_a_reply() {
    let server = plain(|_| {});
    let mut stream = connect(&server);
    for target in ["/panic", "/panic/long"] {
        let reply = exchange(&mut stream, &get(target)).unwrap();
        assert_eq!(reply.status, 500);
        assert!(reply.body.contains("\"code\":\"65541\""), "{}", reply.body);
    }
    assert_eq!(exchange(&mut stream, &get("/after")).unwrap().status, 200);
}

#[test]
fn a_long_request_delays_no_other() {
    let (server, echo) = with_echo(|_| {});
    let mut waiting: Vec<TcpStream> = (0..8).map(|_| connect(&server)).collect();
    for stream in &mut waiting {
        stream.write_all(get("/slow").as_bytes()).unwrap();
    }
    assert!(is_serving(&server));
    echo.open();
    for stream in &mut waiting {
        assert_eq!(receive(stream).unwrap().status, 200);
    }
}

#[test]
fn a_body_of_any_size_is_answered() {
    let server = plain(|_| {});
    let head = format!("POST /a HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}");
    for (size, status) in [(1 << 20, 200), ((1 << 20) + 1, 413), (100 << 20, 413)] {
        let mut stream = connect(&server);
        write!(stream, "{head}Content-Length: {size}\r\n\r\n").unwrap();
        let piece = vec![b' '; 1 << 16];
        let mut rest = size;
        while rest > 0 {
            let sent = rest.min(piece.len());
            stream.write_all(&piece[..sent]).unwrap();
            rest -= sent;
        }
        let reply = receive(&mut stream).unwrap();
        assert_eq!(reply.status, status, "{size}");
        if status == 413 {
            assert!(reply.body.contains("1048576 bytes"), "{}", reply.body);
            assert!(reply.head.contains("\r\nconnection: close"), "{}", reply.head);
            assert!(receive(&mut stream).is_none());
        }
    }
    // A client that expects `100 Continue` need not send the body, whose length may exceed 2^64.
    for length in ["104857600", "99999999999999999999"] {
        let request = format!("{head}Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!(exchange(&mut connect(&server), &request).unwrap().status, 413, "{length}");
    }
    // A body in chunks has no size in the head.
    let mut stream = connect(&server);
    write!(stream, "{head}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..40 {
        stream.write_all(b"10000\r\n").unwrap();
        stream.write_all(&vec![b' '; 1 << 16]).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(receive(&mut stream).unwrap().status, 413);
}

/// Requests that break a rule of HTTP, and the status of the reply.
fn malformed() -> Vec<(Vec<u8>, u16)> {
    let head = format!("HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}");
    let request = |text: &str| text.replace("HEAD", &head).into_bytes();
    let many = |count: usize| "X: y\r\n".repeat(count);
    vec![
        (b"\r\n\r\n\0\0\0".to_vec(), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), 400),
        (b"nonsense\r\n\r\n".to_vec(), 400),
        (b"GET /\r\n\r\n".to_vec(), 400),
        (b"GET  HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"G\xc3\xa4T / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"GET /\x07 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (request("GET /a b HEAD\r\n"), 400),
        (request("GET a HEAD\r\n"), 400),
        (request("GET ftp://x/a HEAD\r\n"), 400),
        (request("GET http:///a HEAD\r\n"), 400),
        (request("GET / HTTP/0.9\r\n\r\n"), 505),
        (request("GET / HTTP/9.9\r\n\r\n"), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 505),
        (request("GET / HEADNo colon\r\n\r\n"), 400),
        (request("GET / HEADA : b\r\n\r\n"), 400),
        (request("GET / HEADA: b\r\n c\r\n\r\n"), 400),
        (request("GET / HEADA: \0\r\n\r\n"), 400),
        // The host.
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 400),
        (request("GET / HEADHost: x\r\n\r\n"), 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n".to_vec(), 400),
        // The length of the body.
        (request("POST / HEADContent-Length: -1\r\n\r\n"), 400),
        (request("POST / HEADContent-Length: 1, 1\r\n\r\nx"), 400),
        (request("POST / HEADContent-Length:\r\n\r\n"), 400),
        (request("POST / HEADContent-Length: 99999999999999999999 1\r\n\r\n"), 400),
        (request("POST / HEADContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"), 400),
        (
            request("POST / HEADContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400,
        ),
        (request("POST / HEADTransfer-Encoding: chunked, gzip\r\n\r\n"), 400),
        (request("POST / HEADTransfer-Encoding: ,\r\n\r\n"), 400),
        (request("POST / HEADTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 400),
        (request("POST / HEADTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(), 400),
        (request("POST / HEADTransfer-Encoding: chunked\r\n\r\nx\r\n"), 400),
        (request("POST / HEADTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"), 400),
        (request("POST / HEADContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n"), 413),
        // The size of the head.
        (request(&format!("GET /{} HEAD\r\n", "x".repeat(200_000))), 414),
        (request(&format!("GET / HEADX: {}\r\n\r\n", "x".repeat(100_000))), 431),
        (request(&format!("GET / HEADX: {}\r\n\r\n", "x".repeat(64 << 10))), 431),
        (request(&format!("GET / HEAD{}\r\n", many(99))), 431),
        (request(&format!("GET / HEAD{}\r\n", many(20_000))), 431),
        (vec![b'x'; 200_000], 400),
    ]
}

#[test]
fn every_malformed_request_gets_a_reply() {
    let (server, echo) = with_echo(|_| {});
    for (request, status) in malformed() {
        let mut stream = connect(&server);
        stream.set_nodelay(true).unwrap();
        // The valid request before it is still answered.
        stream.write_all(get("/good").as_bytes()).unwrap();
        stream.write_all(&request).unwrap();
        assert_eq!(receive(&mut stream).unwrap().body, "GET /good - - 0");
        let reply = receive(&mut stream).unwrap();
        let shown = request[..request.len().min(90)].escape_ascii();
        assert_eq!(reply.status, status, "{shown}: {}", reply.body);
        assert!(reply.head.contains("\r\nconnection: close\r\n"), "{shown}: {}", reply.head);
        assert!(reply.head.contains("\r\ncontent-type: application/hal+json\r\n"), "{shown}");
        assert!(reply.body.starts_with("{\"error\":{\"code\":\""), "{shown}: {}", reply.body);
        assert!(reply.body.len() < 300, "{shown}: {}", reply.body);
        assert!(receive(&mut stream).is_none(), "{shown}");
    }
    assert_eq!(echo.calls.load(Ordering::SeqCst), malformed().len());
}

#[test]
fn a_request_at_the_limits_of_the_rules_is_answered() {
    let server = plain(|_| {});
    let fields = |text: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}{text}\r\n");
    for request in [
        format!("\r\n\n\r\n{}", get("/")),
        get("/").replace("\r\n", "\n"),
        get("/").replace("HTTP/1.1", "HTTP/1.2"),
        get("/").replace("Host: x", "hOST:"),
        get("/").replace("Host: x", "Host: [fe80::1%25eth0]:8443"),
        get("/").replace("HTTP/1.1\r\nHost: x", "HTTP/1.0"),
        fields("Content-Length: 0\r\nContent-Length: 0\r\n"),
        fields(&"X: y\r\n".repeat(98)),
        fields(&format!("X: {}\r\n", "x".repeat(65_000))),
        get(&format!("/{}", "x".repeat(65_000))),
        fields("Connection: a, CLOSE ,b\r\n"),
    ] {
        let mut stream = connect(&server);
        let reply = exchange(&mut stream, &request).unwrap();
        let shown = &request[..request.len().min(90)];
        assert_eq!(reply.status, 200, "{shown:?}: {}", reply.body);
        let is_last = request.contains("HTTP/1.0") || request.contains("CLOSE");
        assert_eq!(reply.head.contains("\r\nconnection: close\r\n"), is_last, "{shown:?}");
        let next = exchange(&mut stream, &get("/next"));
        assert_eq!(next.is_none(), is_last, "{shown:?}");
    }
    let request = get("/").replace("1.1\r\nHost: x", "1.0\r\nConnection: Keep-Alive");
    let mut stream = connect(&server);
    for _ in 0..2 {
        let reply = exchange(&mut stream, &request).unwrap();
        assert!(reply.head.contains("\r\nconnection: keep-alive\r\n"), "{}", reply.head);
    }
}

#[test]
fn a_client_that_closes_its_half_gets_its_replies() {
    let server = plain(|_| {});
    let post =
        format!("POST /post HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 2\r\n\r\n");
    for (sent, statuses) in [
        (get("/"), &[200][..]),
        (format!("{post}ab{}", get("/")), &[200, 200]),
        (format!("{}GET / HT", get("/")), &[200, 400]),
        (format!("{}{post}a", get("/large")), &[200, 400]),
        (String::new(), &[]),
    ] {
        let mut stream = connect(&server);
        stream.write_all(sent.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        for status in statuses {
            assert_eq!(receive(&mut stream).unwrap().status, *status, "{sent}");
        }
        assert!(receive(&mut stream).is_none(), "{sent}");
    }
}

#[test]
fn a_client_that_expects_100_continue_gets_it() {
    let server = plain(|_| {});
    let head =
        format!("Host: x\r\n{AUTHORIZATION}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let mut stream = connect(&server);
    let interim = exchange(&mut stream, &format!("POST /a HTTP/1.1\r\n{head}")).unwrap();
    assert_eq!((interim.status, interim.head.lines().count()), (100, 2));
    assert_eq!(exchange(&mut stream, "ab").unwrap().body, "POST /a - - 2");
    // A client that does not wait gets no `100 Continue`.
    let sent = format!("POST /a HTTP/1.1\r\n{head}ab");
    assert_eq!(exchange(&mut stream, &sent).unwrap().body, "POST /a - - 2");
}

#[test]
fn a_reply_to_head_has_no_body() {
    let server = plain(|_| {});
    let mut stream = connect(&server);
    let request = get("/a").replace("GET", "HEAD");
    stream.write_all(format!("{request}{}", get("/b")).as_bytes()).unwrap();
    let mut received = Vec::new();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_to_end(&mut received).unwrap();
    let received = String::from_utf8(received).unwrap();
    assert!(received.contains("\r\ncontent-length: 16\r\n"), "{received}");
    assert!(received.contains("\r\n\r\nHTTP/1.1 200 OK\r\n"), "{received}");
    assert!(received.ends_with("GET /b - - 0"), "{received}");
}

#[test]
fn plain_http_to_a_tls_port_gets_a_reply() {
    let server = plain(|options| options.tls = true);
    let reply = exchange(&mut connect(&server), &get("/")).unwrap();
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("https://"), "{}", reply.body);
}

#[test]
fn a_certificate_that_cannot_be_used_is_an_error() {
    for (certificates, key, about) in [
        ("", "", "CERTIFICATE"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "", "certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x", "the key"),
    ] {
        let mut options = ServerOptions::new("admin", "secret");
        let (certificates, key) = (certificates.to_owned(), key.to_owned());
        options.identity = Some(Identity::new(certificates, key));
        let refusal = serve(Arc::new(Echo::default()), options).unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::InvalidInput);
        assert!(refusal.to_string().contains(about), "{refusal}");
    }
}

#[test]
fn product_information_and_health_need_no_login() {
    let mut options = ServerOptions::new("admin", "secret");
    options.tls = false;
    let server = serve(Arc::new(Cluster::new(Config::default()).unwrap()), options).unwrap();
    let mut stream = connect(&server);
    let anonymous = |what: &str| format!("{what} HTTP/1.1\r\nHost: x\r\n\r\n");
    for (target, word) in [("/", "\"api\":\"/api\""), ("/healthz?a=b", "{\"status\":\"ok\"}")] {
        let reply = exchange(&mut stream, &anonymous(&format!("GET {target}"))).unwrap();
        assert_eq!(reply.status, 200, "{target}");
        assert!(reply.head.contains("\r\ncontent-type: application/json\r\n"), "{}", reply.head);
        assert!(reply.body.contains(word), "{}", reply.body);
    }
    for what in ["GET /healthz/x", "GET //", "GET /api", "POST /healthz", "GET *"] {
        let reply = exchange(&mut connect(&server), &anonymous(what)).unwrap();
        assert_eq!(reply.status, 401, "{what}");
    }
}

#[test]
fn the_page_needs_a_login_and_nothing_from_elsewhere() {
    let mut options = ServerOptions::new("admin", "secret");
    options.tls = false;
    let server = serve(Arc::new(Cluster::new(Config::default()).unwrap()), options).unwrap();
    let anonymous = "GET /ui HTTP/1.1\r\nHost: x\r\n\r\n";
    let refused = exchange(&mut connect(&server), anonymous).unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.head.contains("\r\nwww-authenticate: basic "), "{}", refused.head);
    let mut stream = connect(&server);
    for target in ["/ui", "/ui?x=y"] {
        let page = exchange(&mut stream, &get(target)).unwrap();
        assert_eq!(page.status, 200);
        assert!(page.head.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"));
        assert!(page.head.contains("\r\ncontent-security-policy: default-src 'none'; "));
        assert!(page.body.starts_with("<!doctype html>") && page.body.len() < 40_000);
        for elsewhere in
            ["http:", "https:", "//cdn", " src=", "@import", "url(", "innerHTML", " onclick="]
        {
            assert!(!page.body.contains(elsewhere), "{elsewhere}");
        }
    }
    let post = format!("POST /ui HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 0\r\n\r\n");
    let refused = exchange(&mut stream, &post).unwrap();
    assert_eq!(refused.status, 405);
    assert!(refused.head.contains("\r\nallow: get, head\r\n"), "{}", refused.head);
    assert_eq!(exchange(&mut stream, &get("/ui/x")).unwrap().status, 404);
    let product = exchange(&mut stream, &get("/")).unwrap();
    assert!(product.body.contains("\"page\":\"/ui\""), "{}", product.body);
}

#[test]
fn a_client_that_stops_sending_is_disconnected() {
    let short = Duration::from_millis(200);
    let server = plain(|options| {
        options.limits.head_time = short;
        options.limits.body_time = short;
    });
    let silent = connect(&server);
    let mut half = connect(&server);
    half.write_all(b"GET / HT").unwrap();
    let mut idle = connect(&server);
    assert_eq!(exchange(&mut idle, &get("/")).unwrap().status, 200);
    let mut body = connect(&server);
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 9\r\n\r\n");
    body.write_all(head.as_bytes()).unwrap();
    let begin = Instant::now();
    assert_eq!(receive(&mut body).unwrap().status, 408);
    // A client that has sent nothing gets no reply.
    for mut stream in [silent, idle, body] {
        assert!(receive(&mut stream).is_none());
    }
    let reply = receive(&mut half).unwrap();
    assert_eq!(reply.status, 408);
    assert!(reply.body.starts_with("{\"error\":"), "{}", reply.body);
    assert!(begin.elapsed() < TIMEOUT / 2);
}

#[test]
fn time_limits_may_be_of_any_length() {
    let server = plain(|options| {
        let limits = &mut options.limits;
        for time in [&mut limits.head_time, &mut limits.body_time, &mut limits.grace] {
            *time = Duration::MAX;
        }
        limits.write_time = Duration::MAX;
    });
    let request =
        format!("POST /a HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 1\r\n\r\nx");
    assert_eq!(exchange(&mut connect(&server), &request).unwrap().body, "POST /a - - 1");
    server.stop();
}

#[test]
fn a_client_that_reads_no_reply_is_disconnected() {
    let server = plain(|options| {
        options.limits.write_time = Duration::from_millis(200);
        options.limits.connections = 1;
    });
    let mut stream = connect(&server);
    stream.write_all(get("/large").as_bytes()).unwrap();
    // The only slot is free when this client has been disconnected.
    assert!(is_serving(&server));
    let mut taken = Vec::new();
    // Bytes in the system's buffers still arrive.
    let _ = stream.read_to_end(&mut taken);
    assert!(taken.len() < 64 << 20, "all {} bytes came", taken.len());
    assert!(is_serving(&server));
}

#[test]
fn connections_above_the_limit_wait() {
    let server = plain(|options| options.limits.connections = 2);
    let mut first = connect(&server);
    assert_eq!(exchange(&mut first, &get("/")).unwrap().status, 200);
    let mut second = connect(&server);
    assert_eq!(exchange(&mut second, &get("/")).unwrap().status, 200);
    let mut third = connect(&server);
    third.write_all(get("/third").as_bytes()).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(third.read(&mut [0]).is_err());
    drop(first);
    third.set_read_timeout(Some(TIMEOUT)).unwrap();
    assert_eq!(receive(&mut third).unwrap().body, "GET /third - - 0");
}

#[test]
fn the_oldest_connection_without_a_login_is_closed_for_a_new_client() {
    let server = plain(|options| options.limits.connections = 3);
    let mut known = connect(&server);
    assert_eq!(exchange(&mut known, &get("/")).unwrap().status, 200);
    let (mut oldest, mut younger) = (connect(&server), connect(&server));
    younger.write_all(b"GET / HT").unwrap();
    let mut newest = connect(&server);
    assert_eq!(exchange(&mut newest, &get("/")).unwrap().status, 200);
    // Only the oldest connection without a login was closed.
    assert!(receive(&mut oldest).is_none());
    let rest = get("/younger").replace("GET /younger HT", "");
    assert_eq!(exchange(&mut younger, &rest).unwrap().status, 200);
    assert_eq!(exchange(&mut known, &get("/")).unwrap().status, 200);
}

#[test]
fn stopping_finishes_requests_and_accepts_no_connection() {
    let (server, echo) = with_echo(|_| {});
    let (mut idle, mut fresh, mut half) = (connect(&server), connect(&server), connect(&server));
    assert_eq!(exchange(&mut idle, &get("/")).unwrap().status, 200);
    half.write_all(b"GET / HT").unwrap();
    let mut second_half = connect(&server);
    assert_eq!(exchange(&mut second_half, &get("/")).unwrap().status, 200);
    second_half.write_all(b"GET / HT").unwrap();
    let mut body = connect(&server);
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 9\r\n\r\nx");
    body.write_all(head.as_bytes()).unwrap();
    let mut busy = connect(&server);
    busy.write_all(get("/slow").as_bytes()).unwrap();
    // A later request has been answered, so this one has arrived.
    assert!(is_serving(&server));
    thread::scope(|scope| {
        scope.spawn(|| server.join());
        scope.spawn(|| server.stop());
        scope.spawn(|| server.stop());
        while TcpStream::connect(server.address()).is_ok() {
            thread::yield_now();
        }
        echo.open();
    });
    assert_eq!(receive(&mut busy).unwrap().status, 200);
    for stream in [&mut idle, &mut fresh, &mut half, &mut second_half, &mut body] {
        assert!(receive(stream).is_none_or(|reply| reply.status >= 400));
    }
    assert!(TcpStream::connect(server.address()).is_err());
    server.stop();
}

#[test]
fn stopping_sends_each_reply_whole_and_once() {
    let (server, echo) = with_echo(|_| {});
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&server.address().into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    // The reply has its target: 40 kB, so that it waits until there is no further request.
    let request = get(&format!("/{}", "x".repeat(40_000)));
    let mut sent = 0;
    // The server reads no further request while the client reads no reply.
    while echo.calls.load(Ordering::SeqCst) == sent {
        stream.write_all(request.as_bytes()).unwrap();
        sent += 1;
        let deadline = Instant::now() + Duration::from_millis(150);
        while echo.calls.load(Ordering::SeqCst) < sent && Instant::now() < deadline {
            thread::yield_now();
        }
    }
    stream.write_all(get("/unread").as_bytes()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| server.stop());
        while TcpStream::connect(server.address()).is_ok() {
            thread::yield_now();
        }
        let mut stream = BufReader::new(stream);
        for reply in 1..sent {
            assert_eq!(receive(&mut stream).map(|reply| reply.status), Some(200), "{reply}");
        }
        while let Some(reply) = receive(&mut stream) {
            assert!(reply.head.contains("\r\nconnection: close\r\n"), "{}", reply.head);
        }
    });
}

#[test]
fn stopping_does_not_wait_for_ever() {
    let server = plain(|options| options.limits.grace = Duration::from_millis(50));
    let mut busy = connect(&server);
    busy.write_all(get("/slow").as_bytes()).unwrap();
    assert!(is_serving(&server));
    let begin = Instant::now();
    drop(server);
    assert!(begin.elapsed() < TIMEOUT / 2, "{:?}", begin.elapsed());
}

#[test]
fn stuck_handlers_do_not_delay_the_stop() {
    let (server, echo) = with_echo(|options| options.limits.grace = Duration::from_millis(50));
    let mut streams: Vec<TcpStream> = (0..4).map(|_| connect(&server)).collect();
    for stream in &mut streams {
        stream.write_all(get("/stuck").as_bytes()).unwrap();
    }
    while echo.calls.load(Ordering::SeqCst) < 2 {
        thread::yield_now();
    }
    let begin = Instant::now();
    server.stop();
    assert!(begin.elapsed() < TIMEOUT / 2, "{:?}", begin.elapsed());
    echo.open();
}

#[test]
fn a_server_may_be_stopped_by_its_log() {
    let server = Arc::<OnceLock<Server>>::default();
    let (stopped, is_stopped) = mpsc::channel();
    let logged = Arc::clone(&server);
    let started = plain(|options| {
        options.limits.grace = Duration::from_millis(50);
        options.log = Some(Arc::new(move |_| {
            logged.wait().stop();
            stopped.send(()).unwrap();
        }));
    });
    let mut stream = connect(&started);
    assert!(server.set(started).is_ok());
    stream.write_all(get("/").as_bytes()).unwrap();
    is_stopped.recv_timeout(TIMEOUT).unwrap();
}

#[test]
fn two_servers_do_not_share_a_port() {
    let server = plain(|_| {});
    let mut options = ServerOptions::new("admin", "secret");
    options.port = server.address().port();
    let refusal = serve(Arc::new(Echo::default()), options).unwrap_err();
    assert_eq!(refusal.kind(), io::ErrorKind::AddrInUse);
    assert!(refusal.to_string().contains(&server.address().to_string()), "{refusal}");
}

#[test]
fn an_unknown_host_is_named() {
    let mut options = ServerOptions::new("admin", "secret");
    options.host = "no host".to_owned();
    options.tls = false;
    let refusal = serve(Arc::new(Echo::default()), options).unwrap_err();
    assert!(refusal.to_string().starts_with("\"no host\": "), "{refusal}");
}

#[test]
fn the_log_has_every_request() {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&lines);
    let server = plain(|options| {
        options.log = Some(Arc::new(move |entry| {
            let line =
                format!("{} {} {} {}", entry.method, entry.target, entry.status, entry.bytes);
            kept.lock().unwrap().push(line);
        }));
    });
    let mut stream = connect(&server);
    exchange(&mut stream, &get("/a?b=c|d")).unwrap();
    exchange(&mut stream, &get("/\u{85}\u{2028}\u{9b}31m")).unwrap();
    exchange(&mut stream, "PUT /e HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    exchange(&mut connect(&server), "no\u{1b}sense\r\n\r\n").unwrap();
    server.stop();
    let lines = lines.lock().unwrap();
    assert_eq!(lines[0], "GET /a?b=c|d 200 18");
    assert_eq!(lines[1], "GET /%C2%85%E2%80%A8%C2%9B31m 200 21");
    assert!(lines[2].starts_with("PUT /e 401 "), "{}", lines[2]);
    assert!(lines[3].starts_with("- - 400 "), "{}", lines[3]);
}

#[test]
fn a_log_that_panics_changes_nothing_for_the_client() {
    let server = plain(|options| options.log = Some(Arc::new(|_| panic!("wanted here"))));
    let mut stream = connect(&server);
    for _ in 0..2 {
        assert_eq!(exchange(&mut stream, &get("/")).unwrap().status, 200);
    }
}

#[test]
fn many_connections_are_served_at_once() {
    let server = plain(|_| {});
    // Half of them send half a request and stay connected.
    let mut streams: Vec<TcpStream> = (0..400).map(|_| connect(&server)).collect();
    for stream in streams.iter_mut().step_by(2) {
        stream.write_all(b"GET / HTTP/1.1\r\nHost").unwrap();
    }
    for stream in streams.iter_mut().skip(1).step_by(2) {
        stream.write_all(get("/").as_bytes()).unwrap();
    }
    for stream in streams.iter_mut().skip(1).step_by(2) {
        assert_eq!(receive(stream).unwrap().status, 200);
    }
    assert!(is_serving(&server));
    assert_eq!(Limits::default().connections, 4096);
}
