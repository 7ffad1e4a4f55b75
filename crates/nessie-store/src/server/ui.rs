//! The page at `/ui`, which shows a cluster to people. It reads `/api` and `/simulator` with the browser's
//! login, and changes nothing.

use nessie_ontap_protocol::ApiError;

use super::reply::error_response;
use crate::Response;

const PATH: &str = "/ui";
const PAGE: &str = include_str!("ui.html");
/// What the page may load: its own script and style, by their hashes, and the replies of this server. The tests
/// compare the hashes with the page.
const POLICY: &str = "default-src 'none'; \
    script-src 'sha256-YVMqO57tzr6qneoyyeswsoJWzADPVZY2DJcDgJbfB6w='; \
    style-src 'sha256-6CGbpBwOf3dzufhjH0R+dvggYfw+optkN7KS4+lc49U='; \
    img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The response to a request for the page; `None` for any other target.
pub(super) fn answer(method: &str, target: &str) -> Option<Response> {
    if target.split('?').next() != Some(PATH) {
        return None;
    }
    if !matches!(method, "GET" | "HEAD") {
        let message = format!("The method {method} is not one of {PATH}: GET, HEAD.");
        return Some(error_response(&ApiError::new(405, 3, message), &[("allow", "GET, HEAD")]));
    }
    let mut response = Response::new(200, "text/html; charset=utf-8", PAGE.as_bytes().to_vec());
    response.headers = vec![
        ("content-security-policy", POLICY.to_owned()),
        ("referrer-policy", "same-origin".to_owned()),
    ];
    Some(response)
}

/// Whether the value of the header `Referer` is the address of the page.
pub(super) fn is_page(referer: &[u8]) -> bool {
    let address = referer.split(|byte| *byte == b'?').next().unwrap_or_default();
    address.ends_with(PATH.as_bytes())
}
