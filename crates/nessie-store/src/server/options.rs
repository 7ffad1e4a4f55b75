//! How a server is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Hears of every request that was answered, on the thread that answered it.
pub type Log = Arc<dyn Fn(&Entry<'_>) + Send + Sync>;

/// One request that was answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The method, as it was sent.
    pub method: &'a str,
    /// Path and query, as they were sent.
    pub target: &'a str,
    /// The status of the reply.
    pub status: u16,
    /// Bytes of the reply's body.
    pub bytes: usize,
    /// From the request's head being there to the reply's.
    pub time: Duration,
}

/// Where a server listens, whom it lets in, and what it allows them.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The name or address of this machine to listen at. `127.0.0.1` unless set.
    pub host: String,
    /// The port; 0, as it is unless set, leaves the choice to the system.
    pub port: u16,
    /// Who may ask.
    pub username: String,
    /// Their password.
    pub password: String,
    /// Whether to speak TLS, with a new certificate, as it is unless set, or plain HTTP.
    pub tls: bool,
    /// What clients can take of the server.
    pub limits: Limits,
    /// Who hears of each request; nobody unless set.
    pub log: Option<Log>,
}

impl ServerOptions {
    /// HTTPS on a port of the loopback address that the system chooses, for one user.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            username: username.into(),
            password: password.into(),
            tls: true,
            limits: Limits::default(),
            log: None,
        }
    }
}

impl fmt::Debug for ServerOptions {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .field("tls", &self.tls)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What clients can take of a server: whoever takes more gets an error or a closed connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time; more have to wait. 4096.
    pub connections: usize,
    /// Bytes of a request's line and headers, 8 KiB or more. 64 KiB.
    pub head_bytes: usize,
    /// Bytes of a request's body. 1 MiB.
    pub body_bytes: usize,
    /// How long a connection may take for the head of its next request, idle time included. 60 s.
    pub head_time: Duration,
    /// How long a body may take. 30 s.
    pub body_time: Duration,
    /// How long the TLS handshake may take. 10 s.
    pub handshake_time: Duration,
    /// How long a client may take nothing of a reply. 30 s.
    pub write_time: Duration,
    /// How long requests may take that are under way when the server is stopped. 5 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head_bytes: 64 << 10,
            body_bytes: 1 << 20,
            head_time: Duration::from_secs(60),
            body_time: Duration::from_secs(30),
            handshake_time: Duration::from_secs(10),
            write_time: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}
