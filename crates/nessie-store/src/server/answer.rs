//! One request and its reply, between HTTP and the handler.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nessie_ontap_protocol::{ApiError, Method};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;

use super::auth::Credentials;
use super::handler::Handler;
use super::head::{self, Head};
use super::options::{Entry, Limits, Log};
use super::reply::refuse;
use crate::{Request, Response};

/// What every connection needs.
pub(super) struct Context {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) credentials: Credentials,
    pub(super) limits: Limits,
    pub(super) log: Option<Log>,
    pub(super) acceptor: Option<TlsAcceptor>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("limits", &self.limits).finish_non_exhaustive()
    }
}

const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";

/// A request without its body.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    method: String,
    target: String,
    svm_name: Option<Vec<u8>>,
    svm_uuid: Option<Vec<u8>>,
}

impl Asked {
    pub(super) fn new(head: &Head<'_>) -> Self {
        Self {
            method: head.method.to_owned(),
            target: head.target.clone().into_owned(),
            svm_name: head.svm_name.map(<[u8]>::to_vec),
            svm_uuid: head.svm_uuid.map(<[u8]>::to_vec),
        }
    }

    /// The method, if it has a meaning here.
    ///
    /// # Errors
    /// The refusal of any other.
    pub(super) fn method(&self) -> Result<Method, Response> {
        head::method(&self.method).ok_or_else(|| match self.method.as_str() {
            "PUT" | "TRACE" | "CONNECT" => {
                let message = format!("The method {} is not supported.", self.method);
                refuse(&ApiError::new(405, 3, message), &[("allow", METHODS)])
            }
            other => refuse(&head::unknown_method(other.as_bytes()), &[("allow", METHODS)]),
        })
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The request as the handler sees it.
    fn request<'a>(&'a self, method: Method, body: &'a [u8]) -> Result<Request<'a>, ApiError> {
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

/// The refusal of whoever has not logged in.
pub(super) fn unauthorized() -> Response {
    let refusal = ApiError::new(401, 6_691_623, "User is not authorized.");
    refuse(&refusal, &[("www-authenticate", "Basic realm=\"nessie\"")])
}

/// The reply for which no login is needed, if there is one.
pub(super) fn public(context: &Context, asked: &Asked) -> Option<Response> {
    let request = asked.request(head::method(&asked.method)?, b"").ok()?;
    outlive(|| context.handler.answer_anyone(&request))?
}

/// Whether the request may take long: then it is answered by [`answer_long`].
pub(super) fn may_take_long(context: &Context, asked: &Asked, method: Method, body: &[u8]) -> bool {
    let request = asked.request(method, body);
    request.is_ok_and(|request| outlive(|| context.handler.may_take_long(&request)) == Some(true))
}

/// Asks the handler, and outlives its faults.
pub(super) fn answer(context: &Context, asked: &Asked, method: Method, body: &[u8]) -> Response {
    let request = match asked.request(method, body) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal, &[]),
    };
    let handled = outlive(|| context.handler.handle(&request));
    handled.unwrap_or_else(|| refuse(&ApiError::new(500, 65_541, "Internal error."), &[]))
}

/// The same beside the other connections, on a thread for what may take long.
pub(super) async fn answer_long(
    context: &Arc<Context>,
    asked: &Asked,
    method: Method,
    body: Bytes,
) -> Response {
    let (context, asked) = (Arc::clone(context), asked.clone());
    let handled = spawn_blocking(move || answer(&context, &asked, method, &body));
    // It fails only if the server ends before the request was begun.
    handled.await.unwrap_or_else(|_| refuse(&stopping(), &[]))
}

/// The refusal of what comes too late.
pub(super) fn stopping() -> ApiError {
    ApiError::new(503, 8, "The server is being stopped.")
}

/// Writes a request into the log, or one whose head is malformed.
pub(super) fn log(context: &Context, asked: Option<&Asked>, response: &Response, time: Duration) {
    if let Some(log) = &context.log {
        // A target has no control characters of ASCII; what is beyond ASCII may be one of Unicode's.
        let target = asked.map_or("-", |asked| &asked.target);
        let target = Cow::from(utf8_percent_encode(target, CONTROLS));
        let entry = Entry {
            method: asked.map_or("-", |asked| &asked.method),
            target: &target,
            status: response.status,
            bytes: response.body.len(),
            time,
        };
        // The client gets its reply whatever comes of this.
        let _ = outlive(|| log(&entry));
    }
}

/// Calls what the caller of the server wrote. Nothing comes back if it panics.
fn outlive<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
