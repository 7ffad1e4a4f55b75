//! One connection: its requests, in order, and their responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use nessie_ontap_protocol::ApiError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::consume_budget;

use super::head::{self, Framing, KeepAlive};
use super::message_stream::{MessageStream, ReadError};
use super::reply::{self, error_response};
use super::service::{self, RequestHead, ServerContext};
use super::slots::Slot;
use crate::Response;

/// The state of a connection, for the code that closes it.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    stage: AtomicU8,
    is_stopping: AtomicBool,
}

impl ConnectionState {
    const IDLE: u8 = 0;
    const INCOMPLETE: u8 = 1;
    const COMPLETE: u8 = 2;

    /// Makes the next response the last one.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Whether every response is sent, and no byte of the next request has arrived.
    pub(super) fn is_idle(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == Self::IDLE
    }

    /// Whether a part of a request has arrived, but not all of it.
    pub(super) fn is_incomplete(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == Self::INCOMPLETE
    }

    fn set(&self, stage: u8) {
        self.stage.store(stage, Ordering::Relaxed);
    }
}

/// Answers requests until the client or a rule of HTTP ends the connection. The last response may
/// be unsent when this returns: [`MessageStream::finish`] sends it.
pub(super) async fn serve_requests<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &Arc<ServerContext>,
    slot: &mut Slot,
    state: &ConnectionState,
) {
    loop {
        // A client that never stops sending must not block the thread.
        consume_budget().await;
        let set_begun = |is_begun| {
            state.set(if is_begun { ConnectionState::INCOMPLETE } else { ConnectionState::IDLE });
        };
        let length = stream.read_head(&context.limits, set_begun).await;
        let begin = Instant::now();
        let length = match length {
            Ok(length) => length,
            Err(ReadError::Closed) => return,
            Err(ReadError::Refused(refusal)) => return refuse_head(stream, context, &refusal),
        };
        let head = match head::parse(stream.input().get(..length).unwrap_or_default()) {
            Ok(head) => head,
            Err(refusal) => return refuse_head(stream, context, &refusal),
        };
        let is_authorized = context.credentials.accepts(head.authorization);
        let body = BodyFraming { framing: head.framing, expects_continue: head.expects_continue };
        let (request, requested) = (RequestHead::new(&head), head.keep_alive);
        stream.consume_head(length);

        let reply =
            authorize_and_dispatch(stream, context, slot, state, &request, is_authorized, body)
                .await;
        state.set(ConnectionState::COMPLETE);
        let Some(Reply { response, is_last }) = reply else { return };
        let keep_alive = if is_last || state.is_stopping() { KeepAlive::No } else { requested };
        service::log(context, Some(&request), &response, begin.elapsed());
        reply::write_head(stream.output(), &response, keep_alive);
        if reply::has_body(response.status)
            && !request.is_head()
            && stream.write_body(&response.body).await.is_err()
        {
            return;
        }
        if keep_alive == KeepAlive::No {
            return;
        }
    }
}

/// How the body of a request is sent.
struct BodyFraming {
    framing: Framing,
    expects_continue: bool,
}

/// A response, and whether the connection ends with it.
struct Reply {
    response: Response,
    is_last: bool,
}

/// Passes a request to the handler, or refuses it. `None` if the connection is closed.
async fn authorize_and_dispatch<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &Arc<ServerContext>,
    slot: &mut Slot,
    state: &ConnectionState,
    request: &RequestHead,
    is_authorized: bool,
    body: BodyFraming,
) -> Option<Reply> {
    let last = |response| Some(Reply { response, is_last: true });
    if let Some(response) = service::without_login(context, request) {
        // The body is not read, so the next request cannot be found.
        return Some(Reply { response, is_last: body.framing != Framing::Length(0) });
    }
    if !is_authorized {
        return last(service::unauthorized());
    }
    if !slot.mark_authenticated() {
        return None;
    }
    let method = match request.method() {
        Ok(method) => method,
        Err(refusal) => return last(refusal),
    };
    let body = match stream.read_body(body.framing, body.expects_continue, &context.limits).await {
        Ok(body) => body,
        Err(ReadError::Closed) => return None,
        Err(ReadError::Refused(refusal)) => return last(error_response(&refusal, &[])),
    };
    state.set(ConnectionState::COMPLETE);
    let response = if service::may_take_long(context, request, method, &body) {
        // Earlier responses do not wait for this one.
        stream.flush().await.ok()?;
        service::handle_on_blocking_pool(context, request, method, body).await
    } else {
        service::handle(context, request, method, &body)
    };
    Some(Reply { response, is_last: false })
}

/// Answers a malformed head. The start of the next request is unknown, so this is the last
/// response.
fn refuse_head<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &ServerContext,
    refusal: &ApiError,
) {
    let response = error_response(refusal, &[]);
    service::log(context, None, &response, Duration::ZERO);
    write_last(stream, &response);
}

/// Writes a response and announces that the connection closes.
pub(super) fn write_last<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    response: &Response,
) {
    let output = stream.output();
    reply::write_head(output, response, KeepAlive::No);
    output.extend_from_slice(&response.body);
}
