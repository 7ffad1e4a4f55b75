//! One request and its reply, between HTTP and the handler.

use std::convert::identity;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use nessie_ontap_protocol::{ApiError, Method};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::auth::Credentials;
use super::handler::Handler;
use super::options::{Entry, Limits, Log};
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

/// How much of a body that is too large is read. A client that is still sending when the
/// connection closes may never see why.
const MOST_DISCARDED: u64 = 256 << 20;

const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";
const CONTENT_TYPE: &str = "application/hal+json";
const CLOSE: (&str, &str) = ("connection", "close");

/// Answers a request, whatever it is. `is_complete` is called once all of it is there.
pub(super) async fn answer(
    context: &Arc<Context>,
    request: hyper::Request<Incoming>,
    is_complete: impl FnOnce(),
) -> hyper::Response<Full<Bytes>> {
    let begin = Instant::now();
    let (parts, body) = request.into_parts();
    let Some(log) = &context.log else {
        return on_the_wire(consider(context, parts, body, is_complete).await);
    };
    let (method, uri) = (parts.method.clone(), parts.uri.clone());
    let response = consider(context, parts, body, is_complete).await;
    log(&Entry {
        method: method.as_str(),
        target: target(&uri),
        status: response.status,
        bytes: response.body.len(),
        time: begin.elapsed(),
    });
    on_the_wire(response)
}

/// Lets the request through to the handler, or refuses it.
async fn consider(
    context: &Arc<Context>,
    parts: Parts,
    body: Incoming,
    is_complete: impl FnOnce(),
) -> Response {
    let authorization = parts.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    if !context.credentials.admit(authorization) {
        let refusal = ApiError::new(401, 6_691_623, "User is not authorized.");
        return refuse(&refusal, &[("www-authenticate", "Basic realm=\"nessie\""), CLOSE]);
    }
    let Some(method) = method(&parts.method) else {
        let message = format!("The method {} is not supported.", parts.method);
        return refuse(&ApiError::new(405, 3, message), &[("allow", METHODS), CLOSE]);
    };
    let body = match read(&context.limits, &parts.headers, body).await {
        Ok(body) => body,
        Err(refusal) => return refuse(&refusal, &[CLOSE]),
    };
    is_complete();
    let request = match understand(&parts, method, &body) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal, &[]),
    };
    if !context.handler.may_take_long(&request) {
        return handle(context, &request);
    }
    let context = Arc::clone(context);
    let handled = spawn_blocking(move || match understand(&parts, method, &body) {
        Ok(request) => handle(&context, &request),
        Err(refusal) => refuse(&refusal, &[]),
    });
    // It fails only if the server ends before the request was begun.
    let ended = |_| refuse(&ApiError::new(503, 8, "The server is being stopped."), &[CLOSE]);
    handled.await.map_or_else(ended, identity)
}

/// Asks the handler, and outlives its faults.
fn handle(context: &Context, request: &Request<'_>) -> Response {
    let handled = catch_unwind(AssertUnwindSafe(|| context.handler.handle(request)));
    handled.unwrap_or_else(|_| refuse(&ApiError::new(500, 65_541, "Internal error."), &[]))
}

const fn method(method: &hyper::Method) -> Option<Method> {
    Some(match *method {
        hyper::Method::GET => Method::Get,
        hyper::Method::HEAD => Method::Head,
        hyper::Method::POST => Method::Post,
        hyper::Method::PATCH => Method::Patch,
        hyper::Method::DELETE => Method::Delete,
        hyper::Method::OPTIONS => Method::Options,
        _ => return None,
    })
}

fn target(uri: &hyper::Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

/// The request as the handler sees it.
fn understand<'a>(
    parts: &'a Parts,
    method: Method,
    body: &'a Bytes,
) -> Result<Request<'a>, ApiError> {
    let text = |name: &'static str| {
        let value = parts.headers.get(name).map(|value| str::from_utf8(value.as_bytes()));
        let refuse =
            |_| ApiError::new(400, 2, format!("The header {name} is not UTF-8.")).about(name);
        value.transpose().map_err(refuse)
    };
    Ok(Request {
        method,
        target: target(&parts.uri),
        svm_name: text("x-dot-svm-name")?,
        svm_uuid: text("x-dot-svm-uuid")?,
        body,
    })
}

/// Reads a body whole, or as much of it as is allowed.
async fn read(limits: &Limits, headers: &HeaderMap, body: Incoming) -> Result<Bytes, ApiError> {
    let most = limits.body_bytes as u64;
    let too_large = || ApiError::new(413, 2, format!("A request's body has at most {most} bytes."));
    if body.size_hint().exact() == Some(0) {
        return Ok(Bytes::new());
    }
    // A client that asks before it sends is answered before it does.
    if body.size_hint().lower() > most && headers.contains_key(header::EXPECT) {
        return Err(too_large());
    }
    let read = timeout(limits.body_time, collect(body, most));
    match read.await {
        Ok(Ok(Some(body))) => Ok(body),
        Ok(Ok(None)) => Err(too_large()),
        Ok(Err(error)) => Err(ApiError::new(400, 2, format!("The body cannot be read: {error}."))),
        Err(_) => {
            let time = limits.body_time.as_secs_f64();
            Err(ApiError::new(408, 2, format!("The body did not arrive within {time} s.")))
        }
    }
}

/// The bytes of a body that has at most so many.
async fn collect(mut body: Incoming, most: u64) -> hyper::Result<Option<Bytes>> {
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        size += data.len() as u64;
        if size > MOST_DISCARDED {
            break;
        }
        if size > most {
            whole = Vec::new();
        } else if first.is_empty() {
            // Most bodies are of one piece, and need no copy.
            first = data;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    if size > most {
        return Ok(None);
    }
    Ok(Some(if whole.is_empty() { first } else { whole.into() }))
}

fn refuse(error: &ApiError, headers: &[(&'static str, &str)]) -> Response {
    Response {
        status: error.status,
        content_type: CONTENT_TYPE,
        headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        body: error.to_json().to_string().into_bytes(),
    }
}

/// The reply with what every reply of an array carries.
fn on_the_wire(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut wire = hyper::Response::new(Full::new(Bytes::from(response.body)));
    *wire.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = wire.headers_mut();
    headers.reserve(12);
    headers.insert(header::SERVER, HeaderValue::from_static("libzapid-httpd"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(response.content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache,no-store,must-revalidate"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    wire
}
