//! One connection: its requests, in order, and their responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use nessie_backend_faults::When;
use nessie_ontap_protocol::ApiError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::consume_budget;

use super::head::{self, Framing, KeepAlive};
use super::message_stream::{MessageStream, ReadError};
use super::options::Limits;
use super::reply::{self, error_response};
use super::service::{self, RequestHead, ServerContext};
use super::slots::Slot;
use super::ui;
use crate::http_faults::is_simulator;
use crate::{HttpAction, HttpEffect, Response};

/// The size of a dump that a client may send, unless a request's body may be larger.
const DUMP_BYTES: usize = 256 << 20;

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

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The last response may be unsent: [`MessageStream::finish`] sends it.
    Closed,
    /// By a fault that resets it.
    Reset,
}

/// Answers requests until the client, a rule of HTTP or a fault ends the connection.
pub(super) async fn serve_requests<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &Arc<ServerContext>,
    slot: &mut Slot,
    state: &ConnectionState,
) -> End {
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
            Err(ReadError::Closed) => return End::Closed,
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

        let reply = answer(stream, context, slot, state, &request, is_authorized, body).await;
        state.set(ConnectionState::COMPLETE);
        let Reply { response, is_last, cut } = match reply {
            Ok(reply) => reply,
            Err(end) => return end,
        };
        let keep_alive = if is_last || state.is_stopping() { KeepAlive::No } else { requested };
        service::log(context, Some(&request), &response, begin.elapsed());
        reply::write_head(stream.output(), &response, keep_alive);
        let sent = response.body.get(..cut.unwrap_or(usize::MAX)).unwrap_or(&response.body);
        if reply::has_body(response.status)
            && !request.is_head()
            && stream.write_body(sent).await.is_err()
        {
            return End::Closed;
        }
        if keep_alive == KeepAlive::No || cut.is_some() {
            return End::Closed;
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
    /// How many bytes of the body are sent before a fault closes the connection; all by default.
    cut: Option<usize>,
}

impl Reply {
    const fn new(response: Response, is_last: bool) -> Self {
        Self { response, is_last, cut: None }
    }
}

/// Answers a request, and applies the faults before and after it.
///
/// # Errors
/// How the connection ends without a reply.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &Arc<ServerContext>,
    slot: &mut Slot,
    state: &ConnectionState,
    request: &RequestHead,
    is_authorized: bool,
    body: BodyFraming,
) -> Result<Reply, End> {
    match faults(stream, context, When::Before, request).await? {
        Some(HttpAction::Reset) => return Err(End::Reset),
        Some(HttpAction::Reply(response)) => {
            // The next request begins after the body.
            let body = stream.read_body(body.framing, body.expects_continue, &context.limits);
            return match body.await {
                Ok(_) => Ok(Reply::new(response, false)),
                Err(ReadError::Closed) => Err(End::Closed),
                Err(ReadError::Refused(_)) => Ok(Reply::new(response, true)),
            };
        }
        Some(HttpAction::Truncate(_)) | None => {}
    }
    let reply =
        authorize_and_dispatch(stream, context, slot, state, request, is_authorized, body).await;
    let mut reply = reply.ok_or(End::Closed)?;
    if reply.response.status >= 400 {
        return Ok(reply);
    }
    match faults(stream, context, When::After, request).await? {
        Some(HttpAction::Reset) => return Err(End::Reset),
        Some(HttpAction::Reply(response)) => reply.response = response,
        Some(HttpAction::Truncate(bytes)) => {
            reply.cut = Some(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        None => {}
    }
    Ok(reply)
}

/// Waits as the faults of a request say, and returns what else they do.
async fn faults<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &ServerContext,
    when: When,
    request: &RequestHead,
) -> Result<Option<HttpAction>, End> {
    let HttpEffect { delay, action } = service::http_effect(context, when, request);
    if !delay.is_zero() || action == Some(HttpAction::Reset) {
        // Earlier responses do not wait for this one.
        stream.flush().await.map_err(|_| End::Closed)?;
        service::delay(context, delay).await;
    }
    Ok(action)
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
    let last = |response| Some(Reply::new(response, true));
    if let Some(response) = service::without_login(context, request) {
        // The body is not read, so the next request cannot be found.
        return Some(Reply::new(response, body.framing != Framing::Length(0)));
    }
    if !is_authorized {
        return last(service::unauthorized());
    }
    if !slot.mark_authenticated() {
        return None;
    }
    if let Some(response) = ui::answer(request.method_name(), request.target()) {
        // The body is not read, so the next request cannot be found.
        return Some(Reply::new(response, body.framing != Framing::Length(0)));
    }
    if is_simulator(request.target()) {
        return simulate(stream, context, state, request, body).await;
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
    Some(Reply::new(response, false))
}

/// Answers a request to the simulator. `None` if the connection is closed.
async fn simulate<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &Arc<ServerContext>,
    state: &ConnectionState,
    request: &RequestHead,
    body: BodyFraming,
) -> Option<Reply> {
    if !context.has_simulator {
        return Some(Reply::new(error_response(&service::no_simulator(), &[]), true));
    }
    let body_bytes = context.limits.body_bytes.max(DUMP_BYTES);
    let limits = Limits { body_bytes, ..context.limits.clone() };
    let body = match stream.read_body(body.framing, body.expects_continue, &limits).await {
        Ok(body) => body,
        Err(ReadError::Closed) => return None,
        Err(ReadError::Refused(refusal)) => {
            return Some(Reply::new(error_response(&refusal, &[]), true));
        }
    };
    state.set(ConnectionState::COMPLETE);
    // Earlier responses do not wait for this one.
    stream.flush().await.ok()?;
    Some(Reply::new(service::simulate(context, request, body).await, false))
}

/// Answers a malformed head. The start of the next request is unknown, so this is the last
/// response.
fn refuse_head<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut MessageStream<S>,
    context: &ServerContext,
    refusal: &ApiError,
) -> End {
    let response = error_response(refusal, &[]);
    service::log(context, None, &response, Duration::ZERO);
    write_last(stream, &response);
    End::Closed
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
