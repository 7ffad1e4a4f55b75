//! Passes requests to the handler, and logs the responses.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nessie_backend_faults::When;
use nessie_ontap_protocol::{ApiError, Method};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::auth::Credentials;
use super::handler::RequestHandler;
use super::head::{self, ParsedHead};
use super::options::{AccessLog, AccessLogEntry, Limits};
use super::reply::error_response;
use super::ui;
use crate::{HttpEffect, Request, Response};

/// The data that all connections share.
pub(super) struct ServerContext {
    pub(super) handler: Arc<dyn RequestHandler>,
    pub(super) credentials: Credentials,
    pub(super) limits: Limits,
    pub(super) log: Option<AccessLog>,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) has_simulator: bool,
    pub(super) stopped: watch::Receiver<bool>,
}

impl fmt::Debug for ServerContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerContext").field("limits", &self.limits).finish_non_exhaustive()
    }
}

const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";

/// A request without its body.
#[derive(Clone, Debug)]
pub(super) struct RequestHead {
    method: String,
    target: String,
    svm_name: Option<Vec<u8>>,
    svm_uuid: Option<Vec<u8>>,
    /// Whether the page at `/ui` has sent it.
    is_of_page: bool,
}

impl RequestHead {
    pub(super) fn new(head: &ParsedHead<'_>) -> Self {
        Self {
            method: head.method.to_owned(),
            target: head.target.clone().into_owned(),
            svm_name: head.svm_name.map(<[u8]>::to_vec),
            svm_uuid: head.svm_uuid.map(<[u8]>::to_vec),
            is_of_page: head.referer.is_some_and(ui::is_page),
        }
    }

    /// The method, if the API supports it.
    ///
    /// # Errors
    /// The error response for any other method.
    pub(super) fn method(&self) -> Result<Method, Response> {
        head::method(&self.method).ok_or_else(|| match self.method.as_str() {
            "PUT" | "TRACE" | "CONNECT" => {
                let message = format!("The method {} is not supported.", self.method);
                error_response(&ApiError::new(405, 3, message), &[("allow", METHODS)])
            }
            other => error_response(&head::unknown_method(other.as_bytes()), &[("allow", METHODS)]),
        })
    }

    /// The method as it was sent.
    pub(super) fn method_name(&self) -> &str {
        &self.method
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The request for the handler.
    fn to_request<'a>(&'a self, method: Method, body: &'a [u8]) -> Result<Request<'a>, ApiError> {
        let text = |name: &'static str, value: &'a Option<Vec<u8>>| {
            let value = value.as_deref().map(str::from_utf8).transpose();
            value.map_err(|_| head::bad(format!("The header {name} is not UTF-8.")).about(name))
        };
        Ok(Request {
            method,
            target: &self.target,
            svm_name: text("x-dot-svm-name", &self.svm_name)?,
            svm_uuid: text("x-dot-svm-uuid", &self.svm_uuid)?,
            body,
        })
    }
}

/// What faults do to the request before or after it is handled.
pub(super) fn http_effect(
    context: &ServerContext,
    when: When,
    request: &RequestHead,
) -> HttpEffect {
    let effect = || context.handler.http_effect(when, &request.method, &request.target);
    catch_panic(effect).unwrap_or_default()
}

/// Waits as a fault says, or until the server is stopped.
pub(super) async fn delay(context: &ServerContext, time: Duration) {
    let mut stopped = context.stopped.clone();
    tokio::select! {
        () = sleep(time) => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// The response to a request without valid credentials.
pub(super) fn unauthorized() -> Response {
    let refusal = ApiError::new(401, 6_691_623, "User is not authorized.");
    error_response(&refusal, &[("www-authenticate", "Basic realm=\"nessie\"")])
}

/// The response, if the request needs no login.
pub(super) fn without_login(context: &ServerContext, request: &RequestHead) -> Option<Response> {
    let request = request.to_request(head::method(&request.method)?, b"").ok()?;
    catch_panic(|| context.handler.answer_anyone(&request))?
}

/// Whether the request may take long: then [`handle_on_blocking_pool`] answers it.
pub(super) fn may_take_long(
    context: &ServerContext,
    request: &RequestHead,
    method: Method,
    body: &[u8],
) -> bool {
    let request = request.to_request(method, body);
    request
        .is_ok_and(|request| catch_panic(|| context.handler.may_take_long(&request)) == Some(true))
}

/// Calls the handler. A panic becomes an error response.
pub(super) fn handle(
    context: &ServerContext,
    request: &RequestHead,
    method: Method,
    body: &[u8],
) -> Response {
    let request = match request.to_request(method, body) {
        Ok(request) => request,
        Err(refusal) => return error_response(&refusal, &[]),
    };
    let handled = catch_panic(|| context.handler.handle(&request));
    handled.unwrap_or_else(|| error_response(&ApiError::new(500, 65_541, "Internal error."), &[]))
}

/// The same on the blocking thread pool, so that other connections do not wait.
pub(super) async fn handle_on_blocking_pool(
    context: &Arc<ServerContext>,
    request: &RequestHead,
    method: Method,
    body: Bytes,
) -> Response {
    let (context, request) = (Arc::clone(context), request.clone());
    let handled = spawn_blocking(move || handle(&context, &request, method, &body));
    // This fails only if the server ends before the request is started.
    handled.await.unwrap_or_else(|_| error_response(&shutting_down(), &[]))
}

/// Answers a request to `/simulator`, on the blocking thread pool.
pub(super) async fn simulate(
    context: &Arc<ServerContext>,
    request: &RequestHead,
    body: Bytes,
) -> Response {
    let (context, request) = (Arc::clone(context), request.clone());
    let handled = spawn_blocking(move || {
        let simulate = || context.handler.simulate(&request.method, &request.target, &body);
        let unknown = || Some(error_response(&ApiError::new(404, 3, "API not found"), &[]));
        let internal = || error_response(&ApiError::new(500, 65_541, "Internal error."), &[]);
        catch_panic(simulate).and_then(|answer| answer.or_else(unknown)).unwrap_or_else(internal)
    });
    // This fails only if the server ends before the request is started.
    handled.await.unwrap_or_else(|_| error_response(&shutting_down(), &[]))
}

/// The error for requests to `/simulator` of a server that does not have it.
pub(super) fn no_simulator() -> ApiError {
    let message = "This server has no /simulator: it is off on addresses other than loopback unless the \
                   server is started with it, as by `serve --simulator`.";
    ApiError::new(404, 3, message)
}

/// The error for requests that arrive during shutdown.
pub(super) fn shutting_down() -> ApiError {
    ApiError::new(503, 8, "The server is being stopped.")
}

/// Reports an answered request to the access log and, for `/simulator`, to the handler. `request` is `None` if
/// its head is malformed.
pub(super) fn log(
    context: &ServerContext,
    request: Option<&RequestHead>,
    response: &Response,
    time: Duration,
) {
    let is_recorded = context.has_simulator && !request.is_some_and(|request| request.is_of_page);
    if context.log.is_none() && !is_recorded {
        return;
    }
    // A target has no ASCII control characters, but may have those of Unicode.
    let target = request.map_or("-", |request| &request.target);
    let target = Cow::from(utf8_percent_encode(target, CONTROLS));
    let entry = AccessLogEntry {
        method: request.map_or("-", |request| &request.method),
        target: &target,
        status: response.status,
        bytes: if request.is_some_and(RequestHead::is_head) { 0 } else { response.body.len() },
        time,
    };
    // A panic of either does not affect the client.
    if let Some(log) = &context.log {
        let _ = catch_panic(|| log(&entry));
    }
    if is_recorded {
        let _ = catch_panic(|| context.handler.record(&entry));
    }
}

/// Calls code of the server's user. Returns `None` if it panics.
fn catch_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
