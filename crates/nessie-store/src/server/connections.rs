//! Letting clients in, and seeing them off.

use std::convert::Infallible;
use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::answer::{Context, answer};
use super::patient::Patient;

/// How long to wait after the system let nobody in, as when there are no more descriptors.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a connection whose request is not complete may go on after the server was stopped.
const LAST_MOMENT: Duration = Duration::from_millis(100);

/// Lets clients in until the server is stopped, and returns when the last one is gone.
pub(super) async fn accept(
    listener: TcpListener,
    context: Arc<Context>,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(context.limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            // The semaphore is never closed, so there is no other way for this to fail.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => break,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let (context, stopped) = (Arc::clone(&context), stopped.clone());
        connections.spawn(async move {
            let _place = place;
            welcome(stream, context, stopped).await;
        });
    }
    // Not only closed: a process that was forked from this one holds the socket too.
    let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
    drop(listener);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(context.limits.grace, all_gone).await;
    connections.shutdown().await;
}

async fn welcome(stream: TcpStream, context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    // Replies are written whole, so there is nothing to be gained by waiting for more.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = &context.acceptor else {
        return converse(stream, context, stopped).await;
    };
    let handshake = timeout(context.limits.handshake_time, acceptor.accept(stream));
    let shaken = tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => return,
        shaken = handshake => shaken,
    };
    if let Ok(Ok(stream)) = shaken {
        converse(stream, Arc::clone(&context), stopped).await;
    }
}

/// Answers one request after the other.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    context: Arc<Context>,
    mut stopped: watch::Receiver<bool>,
) {
    let limits = &context.limits;
    // Until its first request is there, and then until each request is there as a whole.
    let is_incomplete = AtomicBool::new(true);
    let service = service_fn(|request| async {
        is_incomplete.store(true, Ordering::Relaxed);
        let is_complete = || is_incomplete.store(false, Ordering::Relaxed);
        Ok::<_, Infallible>(answer(&context, request, is_complete).await)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(Patient::new(stream, limits.write_time)), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // What went wrong with a connection is known to its client.
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    while timeout(LAST_MOMENT, connection.as_mut()).await.is_err() {
        if is_incomplete.load(Ordering::Relaxed) {
            return;
        }
    }
}
