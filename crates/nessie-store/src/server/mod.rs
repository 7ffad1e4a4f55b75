//! The HTTP server in front of a cluster.
//!
//! HTTP/1.1 with keep-alive and pipelining, over TLS or plain. There is no router here: the
//! [`RequestHandler`] gets the target of a request as it was sent, in any spelling of the URL. Every
//! resource that a client can use is limited: connections, the size of heads and bodies, and the
//! time to send a request or to read the response.
//!
//! Requests are parsed here, with `httparse` for the header fields, instead of by an HTTP server
//! library: every malformed request gets a response with ONTAP's error object, and a URL may
//! contain `<`, `>` and `"`. Libraries answer such requests themselves, without a body or not at
//! all.

mod accept;
mod auth;
mod chunks;
mod connection;
mod handler;
mod head;
mod message_stream;
mod options;
mod reply;
mod service;
mod slots;
mod tls;
mod ui;
mod unauthenticated;

use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::process;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::watch;

pub use self::handler::RequestHandler;
pub use self::options::{AccessLog, AccessLogEntry, Identity, Limits, ServerOptions};

use self::auth::Credentials;
use self::service::ServerContext;

/// Threads for I/O and for quick requests.
const WORKERS: usize = 2;
/// Threads for requests that may take long.
const BLOCKING_THREADS: usize = 32;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;
/// Extra time to wait for connections, and then for threads, that do not end in time.
const STOP_MARGIN: Duration = Duration::from_millis(250);

/// A server that runs on its own threads until it is stopped or dropped.
///
/// In a forked child process there is no server: there, stopping and dropping do nothing.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca_pem: Option<String>,
    /// The process that the threads belong to.
    process: u32,
    stop: Option<Sender<()>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Starts a server.
///
/// It is listening when this returns. Requests are answered concurrently on its own threads.
///
/// # Errors
/// The server cannot listen on the address, no client can send the credentials, or no certificate
/// can be issued for the host. [`io::ErrorKind::InvalidInput`]: an option is invalid, as a
/// certificate and a key that do not match.
pub fn serve(handler: Arc<dyn RequestHandler>, options: ServerOptions) -> io::Result<Server> {
    let credentials = Credentials::new(&options.username, &options.password)?;
    let tls = match &options.identity {
        _ if !options.tls => None,
        Some(identity) => Some(tls::from_identity(identity)?),
        None => Some(tls::self_issued(&options.host)?),
    };
    let listener = listen(&options.host, options.port)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("ontap-worker")
        .enable_io()
        .enable_time()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let (ca_pem, acceptor) = tls.map_or((None, None), |tls| (tls.ca_pem, Some(tls.acceptor)));
    let (limits, log) = (options.limits.clamped(), options.log);
    let has_simulator = options.simulator.unwrap_or(address.ip().is_loopback());
    let (stopping, stopped) = watch::channel(false);
    let context = Arc::new(ServerContext {
        handler,
        credentials,
        limits,
        log,
        acceptor,
        has_simulator,
        stopped: stopped.clone(),
    });
    let most = context.limits.grace + STOP_MARGIN;
    let (stop, stop_requested) = mpsc::channel();
    let thread = thread::Builder::new().name("ontap-server".to_owned()).spawn(move || {
        let (end, ended) = mpsc::channel::<()>();
        runtime.spawn(async move {
            accept::accept(listener, context, stopped).await;
            drop(end);
        });
        // An error means that the server was dropped: it stops too.
        let _ = stop_requested.recv();
        let _ = stopping.send(true);
        // Not a timer of the runtime: handlers may block all the threads that would poll it.
        let _ = ended.recv_timeout(most);
        runtime.shutdown_timeout(STOP_MARGIN);
    })?;
    let thread = Mutex::new(Some(thread));
    Ok(Server { address, ca_pem, process: process::id(), stop: Some(stop), thread })
}

/// A listening socket on the first address of the host that can be bound.
fn listen(host: &str, port: u16) -> io::Result<StdListener> {
    let mut refusal = io::Error::new(io::ErrorKind::NotFound, format!("no address of {host:?}"));
    let unknown = |error: io::Error| io::Error::new(error.kind(), format!("{host:?}: {error}"));
    for address in (host, port).to_socket_addrs().map_err(unknown)? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => refusal = io::Error::new(error.kind(), format!("{address}: {error}")),
        }
    }
    Err(refusal)
}

fn listen_at(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Windows it would let two servers listen on one address.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Server {
    /// The address it listens on, with the port that the system chose if the option was 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA certificate, in PEM, that clients verify this server with; `None` without TLS or if
    /// [`ServerOptions::identity`] is set.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Stops listening, waits for requests in progress for at most [`Limits::grace`], and returns
    /// when the server has ended. It may be called again, and from several threads.
    ///
    /// It returns within [`Limits::grace`] plus half a second, even if a handler or a client hangs. A
    /// handler that is still running then continues, and its response is dropped.
    pub fn stop(&self) {
        if self.is_owner_process()
            && let Some(stop) = &self.stop
        {
            // An error means that the server has already ended.
            let _ = stop.send(());
        }
        self.join();
    }

    /// Waits until another thread stops the server.
    pub fn join(&self) {
        if !self.is_owner_process() {
            return;
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // A panic was reported when it happened.
            let _ = thread.join();
        }
    }

    fn is_owner_process(&self) -> bool {
        process::id() == self.process
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if !self.is_owner_process() {
            // A fork does not copy the threads, and they may have held locks that these drops would
            // wait for.
            mem::forget(self.stop.take());
            let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(thread.take());
        }
    }
}
