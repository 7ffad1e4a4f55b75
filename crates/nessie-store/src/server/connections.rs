//! Letting clients in, and seeing them off.

use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use nessie_ontap_protocol::ApiError;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::answer::{Context, stopping};
use super::conversation::{Progress, converse, refuse_last};
use super::patient::Patient;
use super::places::{Place, Places};
use super::reply::refuse;
use super::wire::Wire;

/// How long to wait after the system let nobody in, as when there are no more descriptors.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a connection whose request is not complete may go on after the server was stopped.
const LAST_MOMENT: Duration = Duration::from_millis(100);
/// The first byte of TLS: the type of a record with a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Lets clients in until the server is stopped, and returns when the last one is gone.
pub(super) async fn accept(
    listener: TcpListener,
    context: Arc<Context>,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Places::new(context.limits.connections);
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let accepted = listener.accept().await;
            // Only now: as long as nobody wants to come in, nobody has to go.
            (accepted, places.take().await)
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
        places.start(permit, |place| connections.spawn(welcome(stream, context, place, stopped)));
    }
    // Not only closed: a process that was forked from this one holds the socket too.
    let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
    drop(listener);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(context.limits.grace, all_gone).await;
    connections.shutdown().await;
}

async fn welcome(
    stream: TcpStream,
    context: Arc<Context>,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    // Replies are written whole, so there is nothing to be gained by waiting for more.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = &context.acceptor else {
        return serve(stream, context, place, stopped).await;
    };
    let handshake = timeout(context.limits.handshake_time, async {
        let mut first = [0];
        stream.peek(&mut first).await.ok().filter(|count| *count > 0)?;
        if first != [TLS_HANDSHAKE] {
            speaks_no_tls(stream, &context).await;
            return None;
        }
        acceptor.accept(stream).await.ok()
    });
    let shaken = tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => return,
        shaken = handshake => shaken,
    };
    if let Ok(Some(stream)) = shaken {
        serve(stream, Arc::clone(&context), place, stopped).await;
    }
}

/// Answers a client that speaks plain HTTP where TLS is spoken.
async fn speaks_no_tls(stream: TcpStream, context: &Context) {
    let message = "The server speaks HTTPS. Use https:// in the URL.";
    let mut wire = Wire::new(Patient::new(stream, context.limits.write_time));
    refuse_last(&mut wire, &refuse(&ApiError::new(400, 2, message), &[]));
    if wire.finish().await.is_ok() {
        wire.drain().await;
    }
}

/// Answers the requests of a connection.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    context: Arc<Context>,
    mut place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    let progress = Progress::default();
    let mut wire = Wire::new(Patient::new(stream, context.limits.write_time));
    {
        let mut conversation = pin!(converse(&mut wire, &context, &mut place, &progress));
        let is_stopped = tokio::select! {
            biased;
            () = conversation.as_mut() => false,
            _ = stopped.wait_for(|stopped| *stopped) => true,
        };
        if is_stopped {
            progress.stop();
            loop {
                let time = if progress.is_idle() { Duration::ZERO } else { LAST_MOMENT };
                let is_over = timeout(time, conversation.as_mut()).await.is_ok();
                if is_over || progress.is_idle() || progress.is_incomplete() {
                    break;
                }
            }
        }
    }
    if progress.is_stopping() && progress.is_incomplete() {
        refuse_last(&mut wire, &refuse(&stopping(), &[]));
    }
    let is_finished = wire.finish().await.is_ok();
    // An idle client has nothing unsent.
    if is_finished && !(progress.is_stopping() && progress.is_idle()) {
        let last_moment = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            sleep(LAST_MOMENT).await;
        };
        tokio::select! {
            () = wire.drain() => {}
            () = last_moment => {}
        }
    }
}
