//! How a server is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Hears of every request that was answered, on the thread that answered it. A panic in it changes
/// nothing for the client.
pub type Log = Arc<dyn Fn(&Entry<'_>) + Send + Sync>;

/// One request that was answered. Its texts are printable ASCII without spaces, whatever a client
/// sends.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The method as it was sent; `-` for a request whose head is malformed.
    pub method: &'a str,
    /// Path and query as they were sent, except that bytes beyond ASCII are percent-encoded; `-` for
    /// a request whose head is malformed.
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
    /// Whether to speak TLS, as it is unless set, or plain HTTP.
    pub tls: bool,
    /// The certificate to speak TLS with; a new one for `host` unless set.
    pub identity: Option<Identity>,
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
            identity: None,
            limits: Limits::default(),
            log: None,
        }
    }
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    /// The server's certificate in PEM, followed by those of the authorities between it and the one
    /// that clients know.
    pub certificates: String,
    /// Its private key in PEM, not encrypted.
    pub key: String,
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

/// What clients can take of a server: whoever takes more gets an error or a closed connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time. 4096. When there are that many and another one comes, the one that
    /// has been there longest without a login is closed; if all have logged in, it waits.
    pub connections: usize,
    /// Bytes of a request's line and header fields, of which there may be 100. 64 KiB.
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
