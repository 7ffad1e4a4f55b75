//! A server over a backend with faults, and a client.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use nessie_backend_faults::Faulty;
use nessie_backend_mem::MemBackend;
use nessie_store::{Cluster, Config, Server, ServerOptions, SimulatedBackend, Svm, serve};
use serde_json::Value;

/// The longest time that a test waits for one event.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) const VOLUMES: &str = "/api/storage/volumes";
pub(crate) const CLUSTER: &str = "/api/cluster";

/// A cluster with the SVM `svm1`, which is served without TLS.
pub(crate) struct Lab {
    pub(crate) backend: Arc<Faulty<MemBackend, MemBackend>>,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) server: Server,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(|_| {}, |_| {})
    }

    pub(crate) fn with(
        config: impl FnOnce(&mut Config),
        options: impl FnOnce(&mut ServerOptions),
    ) -> Self {
        let mem = MemBackend::builder().seed(1).build().unwrap();
        let backend = Arc::new(Faulty::with_clock(mem.clone(), mem.clone()).seed(1));
        let mut parts = Config::default();
        parts.seed = Some(1);
        let simulated = SimulatedBackend::new(mem.clone(), backend.hooks().clone());
        parts.clock = Some(Arc::new(move || mem.now()));
        parts.svms.push(Svm::new("svm1", backend.clone()).simulated(simulated));
        config(&mut parts);
        let cluster = Arc::new(Cluster::new(parts).unwrap());
        let mut chosen = ServerOptions::new("admin", "secret");
        chosen.tls = false;
        options(&mut chosen);
        let server = serve(cluster.clone(), chosen).unwrap();
        Self { backend, cluster, server }
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(self.server.address()).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Client(stream)
    }

    /// Sends one request on a connection of its own.
    pub(crate) fn send(&self, method: &str, target: &str, body: &str) -> Reply {
        self.client().send(method, target, body).unwrap()
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.send("GET", target, "")
    }
}

/// The body of a request for a new volume.
pub(crate) fn new_volume(name: &str) -> String {
    format!(
        r#"{{"name":"{name}","svm.name":"svm1","aggregates":[{{"name":"aggr1"}}],"size":{}}}"#,
        1_u64 << 30
    )
}

/// A connection.
pub(crate) struct Client(TcpStream);

/// A reply, whose body may be shorter than its head says.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) length: usize,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn write(&mut self, method: &str, target: &str, body: &str) {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46c2VjcmV0\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes()).unwrap();
    }

    pub(crate) fn write_raw(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Reads a reply. The error is that of a connection which is closed or reset.
    pub(crate) fn read(&mut self, has_body: bool) -> io::Result<Reply> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        let mut body = Vec::new();
        if has_body {
            (&self.0).take(length as u64).read_to_end(&mut body)?;
        }
        Ok(Reply { status, head, length, body })
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, body: &str) -> io::Result<Reply> {
        self.write(method, target, body);
        self.read(method != "HEAD")
    }

    /// Sends a request and returns its status, or 0 if the connection is reset.
    pub(crate) fn status(&mut self, method: &str, target: &str) -> u16 {
        match self.send(method, target, "") {
            Ok(reply) => reply.status,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
                0
            }
        }
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the head has this line, in lower case.
    pub(crate) fn has(&self, line: &str) -> bool {
        self.head.lines().any(|other| other == line)
    }
}
