//! The HTTP server in front of a cluster.
//!
//! HTTP/1.1 with keep-alive and pipelining, over TLS or plain. There is no router here: a request
//! goes to the [`Handler`] as it came, so no client is refused for how it spells a URL. Whatever a
//! client does is bounded: connections, the size of heads and bodies, and the time it takes to send
//! a request or to take the reply.
//!
//! The requests are parsed here, with `httparse` for the header fields, and not by an HTTP library:
//! every malformed request gets a reply with ONTAP's error object, and a URL may have `<`, `>` and
//! `"` in it. Libraries answer such requests themselves, without a body or not at all.

mod answer;
mod auth;
mod chunks;
mod connections;
mod conversation;
mod handler;
mod head;
mod options;
mod patient;
mod places;
mod public;
mod reply;
mod tls;
mod wire;

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

pub use self::handler::Handler;
pub use self::options::{Entry, Identity, Limits, Log, ServerOptions};

use self::answer::Context;
use self::auth::Credentials;

/// Threads that read and write; requests that may take long have others.
const WORKERS: usize = 2;
/// Threads for requests that may take long.
const LONG_REQUESTS: usize = 32;
/// Clients that may wait until they are let in.
const BACKLOG: i32 = 1024;
/// How long the end waits for connections, and then for threads, that do not end when told to.
const LEFT_OVER: Duration = Duration::from_millis(250);

/// A server that runs on threads of its own until it is stopped or dropped.
///
/// In a process that was forked from the one that started it there is no server: there, stopping
/// and dropping do nothing.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca_pem: Option<String>,
    /// The process that has the threads.
    process: u32,
    stop: Option<Sender<()>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Starts a server.
///
/// It listens when this returns. Requests are answered on its own threads, several at a time.
///
/// # Errors
/// The address cannot be listened on, a credential is one that no client can send, or no
/// certificate can be made for the host. [`io::ErrorKind::InvalidInput`] is a value in the options
/// that cannot be used, as a certificate and a key that do not belong together.
pub fn serve(handler: Arc<dyn Handler>, options: ServerOptions) -> io::Result<Server> {
    let credentials = Credentials::new(&options.username, &options.password)?;
    let tls = match &options.identity {
        _ if !options.tls => None,
        Some(identity) => Some(tls::take(identity)?),
        None => Some(tls::make(&options.host)?),
    };
    let listener = listen(&options.host, options.port)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(LONG_REQUESTS)
        .thread_name("ontap-worker")
        .enable_io()
        .enable_time()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let (ca_pem, acceptor) = tls.map_or((None, None), |tls| (tls.ca_pem, Some(tls.acceptor)));
    let (limits, log) = (options.limits, options.log);
    let context = Arc::new(Context { handler, credentials, limits, log, acceptor });
    let most = context.limits.grace + LEFT_OVER;
    let (stop, asked_to_stop) = mpsc::channel();
    let thread = thread::Builder::new().name("ontap-server".to_owned()).spawn(move || {
        let (stopping, stopped) = watch::channel(false);
        let (end, ended) = mpsc::channel::<()>();
        runtime.spawn(async move {
            connections::accept(listener, context, stopped).await;
            drop(end);
        });
        // It fails when the server is dropped, which means the same.
        let _ = asked_to_stop.recv();
        let _ = stopping.send(true);
        // Not a timer of the runtime: handlers may hold all the threads that would look at it.
        let _ = ended.recv_timeout(most);
        runtime.shutdown_timeout(LEFT_OVER);
    })?;
    let thread = Mutex::new(Some(thread));
    Ok(Server { address, ca_pem, process: process::id(), stop: Some(stop), thread })
}

/// A socket that listens at the first address of the host that lets it.
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
    // On Windows it would let two servers listen at one address.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Server {
    /// Where it listens. The port is the one that the system chose, if it was left to it.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate, in PEM, that clients verify this server against; nothing without TLS, and
    /// nothing where [`ServerOptions::identity`] is set.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Stops listening, lets requests that are under way end, for at most [`Limits::grace`], and
    /// returns when all is over. It may be called again, and from several threads.
    ///
    /// It returns within [`Limits::grace`] and half a second, whatever handlers and clients do. A
    /// handler that is still at work then goes on alone, and nobody gets its reply.
    pub fn stop(&self) {
        if self.is_here()
            && let Some(stop) = &self.stop
        {
            // It fails where nobody listens to it any more: then the server has ended.
            let _ = stop.send(());
        }
        self.join();
    }

    /// Waits until the server is stopped, by another thread.
    pub fn join(&self) {
        if !self.is_here() {
            return;
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // What a panic there had to say was said when it happened.
            let _ = thread.join();
        }
    }

    fn is_here(&self) -> bool {
        process::id() == self.process
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if !self.is_here() {
            // The threads were not copied, and may have held what dropping these would wait for.
            mem::forget(self.stop.take());
            let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(thread.take());
        }
    }
}
