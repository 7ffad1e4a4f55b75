//! The requests that need no login: product information and health.

use nessie_ontap_protocol::Method;
use serde_json::json;

use crate::{Request, Response};

const CONTENT_TYPE: &str = "application/json";

/// The reply to `GET /` and `GET /healthz`; `None` for any other request.
pub(super) fn answer(request: &Request<'_>) -> Option<Response> {
    if !matches!(request.method, Method::Get | Method::Head) {
        return None;
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let body = match path {
        "/" => json!({
            "product": "nessie-store, a simulated ONTAP cluster",
            "version": env!("CARGO_PKG_VERSION"),
            "api": "/api",
            "health": "/healthz",
            "page": "/ui",
            "documentation": "the README of nessie-backend-mem; \
                              `python -m nessie_backend_mem coverage` lists paths and fields",
        }),
        "/healthz" => json!({"status": "ok"}),
        _ => return None,
    };
    let body = body.to_string().into_bytes();
    Some(Response::new(200, CONTENT_TYPE, body))
}
