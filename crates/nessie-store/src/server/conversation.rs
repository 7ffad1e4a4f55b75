//! The requests of one connection, one after the other, and their replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use nessie_ontap_protocol::ApiError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::consume_budget;

use super::answer::{self, Asked, Context};
use super::head::{self, Framing, KeepAlive};
use super::places::Place;
use super::reply::{self, refuse};
use super::wire::{Stop, Wire};
use crate::Response;

/// How far a conversation has come, for whoever wants to end it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    stage: AtomicU8,
    is_stopping: AtomicBool,
}

impl Progress {
    const IDLE: u8 = 0;
    const INCOMPLETE: u8 = 1;
    const COMPLETE: u8 = 2;

    /// Makes the next reply the last one.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Whether every reply is sent, and nothing of a further request has come.
    pub(super) fn is_idle(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == Self::IDLE
    }

    /// Whether a part of a request has come, and not all of it.
    pub(super) fn is_incomplete(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == Self::INCOMPLETE
    }

    fn set(&self, stage: u8) {
        self.stage.store(stage, Ordering::Relaxed);
    }
}

/// Answers requests until the client or a rule of HTTP ends the connection. The last reply may be
/// unsent when this returns: [`Wire::finish`] sends it.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    context: &Arc<Context>,
    place: &mut Place,
    progress: &Progress,
) {
    loop {
        // A client that sends without end must not keep the thread.
        consume_budget().await;
        let set_begun = |is_begun| {
            progress.set(if is_begun { Progress::INCOMPLETE } else { Progress::IDLE });
        };
        let length = wire.head(&context.limits, set_begun).await;
        let begin = Instant::now();
        let length = match length {
            Ok(length) => length,
            Err(Stop::Gone) => return,
            Err(Stop::Refusal(refusal)) => return refuse_head(wire, context, &refusal),
        };
        let head = match head::parse(wire.input().get(..length).unwrap_or_default()) {
            Ok(head) => head,
            Err(refusal) => return refuse_head(wire, context, &refusal),
        };
        let is_admitted = context.credentials.admit(head.authorization);
        let body = Body { framing: head.framing, expects_continue: head.expects_continue };
        let (asked, asked_for) = (Asked::new(&head), head.keep_alive);
        wire.take_head(length);

        let outcome = consider(wire, context, place, progress, &asked, is_admitted, body).await;
        progress.set(Progress::COMPLETE);
        let Some(Outcome { response, is_last }) = outcome else { return };
        let keep_alive = if is_last || progress.is_stopping() { KeepAlive::No } else { asked_for };
        answer::log(context, Some(&asked), &response, begin.elapsed());
        reply::write_head(wire.output(), &response, keep_alive);
        if reply::has_body(response.status)
            && !asked.is_head()
            && wire.send(&response.body).await.is_err()
        {
            return;
        }
        if keep_alive == KeepAlive::No {
            return;
        }
    }
}

/// How the body of a request comes.
struct Body {
    framing: Framing,
    expects_continue: bool,
}

/// A reply, and whether the connection ends with it.
struct Outcome {
    response: Response,
    is_last: bool,
}

/// Lets a request through to the handler, or refuses it. Nothing if the client is gone.
async fn consider<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    context: &Arc<Context>,
    place: &mut Place,
    progress: &Progress,
    asked: &Asked,
    is_admitted: bool,
    body: Body,
) -> Option<Outcome> {
    let last = |response| Some(Outcome { response, is_last: true });
    if let Some(response) = answer::public(context, asked) {
        // A body is not read, so what follows it cannot be found.
        return Some(Outcome { response, is_last: body.framing != Framing::Length(0) });
    }
    if !is_admitted {
        return last(answer::unauthorized());
    }
    if !place.keep() {
        return None;
    }
    let method = match asked.method() {
        Ok(method) => method,
        Err(refusal) => return last(refusal),
    };
    let body = match wire.body(body.framing, body.expects_continue, &context.limits).await {
        Ok(body) => body,
        Err(Stop::Gone) => return None,
        Err(Stop::Refusal(refusal)) => return last(refuse(&refusal, &[])),
    };
    progress.set(Progress::COMPLETE);
    let response = if answer::may_take_long(context, asked, method, &body) {
        // What was answered before does not wait for it.
        wire.flush().await.ok()?;
        answer::answer_long(context, asked, method, body).await
    } else {
        answer::answer(context, asked, method, &body)
    };
    Some(Outcome { response, is_last: false })
}

/// Answers a head that is malformed. Nobody knows where the next one begins, so it is the last.
fn refuse_head<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    context: &Context,
    refusal: &ApiError,
) {
    let response = refuse(refusal, &[]);
    answer::log(context, None, &response, Duration::ZERO);
    refuse_last(wire, &response);
}

/// Writes a last reply to whatever was asked.
pub(super) fn refuse_last<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    response: &Response,
) {
    let output = wire.output();
    reply::write_head(output, response, KeepAlive::No);
    output.extend_from_slice(&response.body);
}
