//! The options of a server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Called for every answered request, on the thread that answered it. A panic in it does not affect
/// the client.
pub type AccessLog = Arc<dyn Fn(&AccessLogEntry<'_>) + Send + Sync>;

/// One answered request. Its strings are printable ASCII without spaces, for any request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccessLogEntry<'a> {
    /// The method as it was sent; `-` for a request whose head is malformed.
    pub method: &'a str,
    /// Path and query as they were sent, but non-ASCII bytes are percent-encoded; `-` for
    /// a request whose head is malformed.
    pub target: &'a str,
    /// The status of the reply.
    pub status: u16,
    /// Size of the response body in bytes.
    pub bytes: usize,
    /// From the arrival of the request head to the response head.
    pub time: Duration,
}

/// The address, credentials, certificate and limits of a server.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The host name or address to listen on. Default `127.0.0.1`.
    pub host: String,
    /// The port. Default 0: the system chooses a free one.
    pub port: u16,
    /// The name of the one user.
    pub username: String,
    /// The password of the user.
    pub password: String,
    /// Whether to use TLS instead of plain HTTP. Default true.
    pub tls: bool,
    /// The TLS certificate. By default, a new one is issued for `host`.
    pub identity: Option<Identity>,
    /// Limits for clients.
    pub limits: Limits,
    /// Called for each answered request. Default: not called.
    pub log: Option<AccessLog>,
    /// Whether it has the resources of `/simulator`. By default it has them if it listens on a loopback
    /// address.
    pub simulator: Option<bool>,
}

impl ServerOptions {
    /// HTTPS on a free port of the loopback address, for one user.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            username: username.into(),
            password: password.into(),
            tls: true,
            identity: None,
            limits: Limits::default(),
            log: None,
            simulator: None,
        }
    }
}

/// A certificate and its key.
#[derive(Clone)]
#[non_exhaustive]
pub struct Identity {
    /// The server's certificate in PEM, followed by the certificates of intermediate authorities.
    pub certificates: String,
    /// Its private key in PEM, not encrypted.
    pub key: String,
}

impl Identity {
    /// A certificate and its key, both in PEM.
    #[must_use]
    pub fn new(certificates: impl Into<String>, key: impl Into<String>) -> Self {
        Self { certificates: certificates.into(), key: key.into() }
    }
}

impl fmt::Debug for Identity {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.certificates).finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerOptions {
    /// Everything but the password and the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .field("tls", &self.tls)
            .field("identity", &self.identity)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Limits for clients. A client that exceeds one gets an error or a closed connection. A time of
/// more than a year counts as a year.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Simultaneous connections. Default 4096. When there are that many and another client
    /// connects, the oldest connection that has not logged in is closed; if all have logged in, the
    /// new client waits.
    pub connections: usize,
    /// Size of the request line and header fields in bytes; there are at most 100 fields. Default
    /// 64 KiB.
    pub head_bytes: usize,
    /// Size of a request body in bytes. Default 1 MiB.
    pub body_bytes: usize,
    /// Time for the head of the next request, idle time included. Default 60 s.
    pub head_time: Duration,
    /// Time for a request body. Default 30 s.
    pub body_time: Duration,
    /// Time for the TLS handshake. Default 10 s.
    pub handshake_time: Duration,
    /// Time in which a client must read some of a waiting response. Default 30 s.
    pub write_time: Duration,
    /// Time for requests in progress when the server is stopped. Default 5 s.
    pub grace: Duration,
}

/// The longest time limit, so that a deadline can be calculated: one year.
const MAX_TIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Limits {
    /// The limits, with no time above [`MAX_TIME`].
    pub(super) fn clamped(mut self) -> Self {
        for time in [
            &mut self.head_time,
            &mut self.body_time,
            &mut self.handshake_time,
            &mut self.write_time,
            &mut self.grace,
        ] {
            *time = (*time).min(MAX_TIME);
        }
        self
    }
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
