//! Accepts connections, and closes them when the server is stopped.

use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use nessie_ontap_protocol::ApiError;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::server::TlsStream;

use super::connection::{ConnectionState, End, serve_requests, write_last};
use super::message_stream::MessageStream;
use super::options::Limits;
use super::reply::error_response;
use super::service::{ServerContext, shutting_down};
use super::slots::{Slot, Slots};

/// How long to wait after `accept` failed, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a connection with an incomplete request may continue after the server was stopped.
const LAST_BYTES_TIME: Duration = Duration::from_millis(100);
/// The first byte of TLS: the type of a record with a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Accepts connections until the server is stopped, and returns when the last one has ended.
pub(super) async fn accept(
    listener: TcpListener,
    context: Arc<ServerContext>,
    mut stopped: watch::Receiver<bool>,
) {
    let slots = Slots::new(context.limits.connections);
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let accepted = listener.accept().await;
            // Only now: without a new client, no connection has to be closed.
            (accepted, slots.acquire().await)
        };
        let (accepted, permit) = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => break,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        let (Ok((stream, _)), Some(permit)) = (accepted, permit) else {
            sleep(PAUSE).await;
            continue;
        };
        let (context, stopped) = (Arc::clone(&context), stopped.clone());
        slots.start(permit, |slot| connections.spawn(handshake(stream, context, slot, stopped)));
    }
    // Closing is not enough: a forked child process also has the socket.
    let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
    drop(listener);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(context.limits.grace, all_gone).await;
    connections.shutdown().await;
}

async fn handshake(
    stream: TcpStream,
    context: Arc<ServerContext>,
    slot: Slot,
    mut stopped: watch::Receiver<bool>,
) {
    // Responses are written whole, so delaying small packets has no benefit.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = &context.acceptor else {
        return serve(stream, context, slot, stopped).await;
    };
    let handshake = timeout(context.limits.handshake_time, async {
        let mut first = [0];
        stream.peek(&mut first).await.ok().filter(|count| *count > 0)?;
        if first != [TLS_HANDSHAKE] {
            reject_plain_http(stream, &context).await;
            return None;
        }
        acceptor.accept(stream).await.ok()
    });
    let shaken = tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => return,
        shaken = handshake => shaken,
    };
    if let Ok(Some(stream)) = shaken {
        serve(stream, Arc::clone(&context), slot, stopped).await;
    }
}

/// Answers a client that sends plain HTTP to a TLS port.
async fn reject_plain_http(stream: TcpStream, context: &ServerContext) {
    let message = "The server speaks HTTPS. Use https:// in the URL.";
    let mut stream = message_stream(stream, &context.limits);
    write_last(&mut stream, &error_response(&ApiError::new(400, 2, message), &[]));
    if stream.finish().await.is_ok() {
        stream.drain().await;
    }
}

/// The messages of a connection, whose writes fail if the client reads nothing for
/// [`Limits::write_time`].
fn message_stream<S: AsyncRead + AsyncWrite>(
    stream: S,
    limits: &Limits,
) -> MessageStream<Pin<Box<TimeoutWriter<S>>>> {
    let mut writer = TimeoutWriter::new(stream);
    writer.set_timeout(Some(limits.write_time));
    MessageStream::new(Box::pin(writer))
}

/// A connection with or without TLS.
trait Connection: AsyncRead + AsyncWrite + Unpin {
    /// The connection below TLS.
    fn tcp(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Connection for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Answers the requests of a connection.
async fn serve(
    stream: impl Connection,
    context: Arc<ServerContext>,
    mut slot: Slot,
    mut stopped: watch::Receiver<bool>,
) {
    let state = ConnectionState::default();
    let mut stream = message_stream(stream, &context.limits);
    let is_reset;
    {
        let mut requests = pin!(serve_requests(&mut stream, &context, &mut slot, &state));
        let mut end = tokio::select! {
            biased;
            end = requests.as_mut() => Some(end),
            _ = stopped.wait_for(|stopped| *stopped) => None,
        };
        if end.is_none() {
            state.stop();
            loop {
                let time = if state.is_idle() { Duration::ZERO } else { LAST_BYTES_TIME };
                end = timeout(time, requests.as_mut()).await.ok();
                if end.is_some() || state.is_idle() || state.is_incomplete() {
                    break;
                }
            }
        }
        is_reset = end == Some(End::Reset);
    }
    if is_reset {
        // Closing it then sends RST.
        let _ = SockRef::from(stream.get_ref().get_ref().tcp()).set_linger(Some(Duration::ZERO));
        return;
    }
    if state.is_stopping() && state.is_incomplete() {
        write_last(&mut stream, &error_response(&shutting_down(), &[]));
    }
    let is_finished = stream.finish().await.is_ok();
    // An idle connection has nothing unsent.
    if is_finished && !(state.is_stopping() && state.is_idle()) {
        let server_stopped = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            sleep(LAST_BYTES_TIME).await;
        };
        tokio::select! {
            () = stream.drain() => {}
            () = server_stopped => {}
        }
    }
}
