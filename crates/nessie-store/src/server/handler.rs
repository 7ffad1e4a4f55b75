//! The handler of a server's requests.

use nessie_backend_faults::When;

use super::options::AccessLogEntry;
use super::unauthenticated;
use crate::{Cluster, HttpEffect, Request, Response};

/// Answers the requests of a [`Server`](crate::Server), from any of its threads.
///
/// [`Cluster`] implements it. A wrapper around a cluster can run code before and after each
/// request.
pub trait RequestHandler: Send + Sync + 'static {
    /// Answers a request. A panic in it becomes a response with status 500, and the server
    /// continues.
    fn handle(&self, request: &Request<'_>) -> Response;

    /// Whether to answer on the blocking thread pool instead of the I/O thread, because it may take
    /// long.
    fn may_take_long(&self, request: &Request<'_>) -> bool;

    /// Answers a request that needs no login. `None`, the default, means that the request needs
    /// one.
    ///
    /// A [`Cluster`] answers `GET /`, with the name of the product, and `GET /healthz`.
    fn answer_anyone(&self, request: &Request<'_>) -> Option<Response> {
        let _ = request;
        None
    }

    /// Answers a request to `/simulator`. The method is as HTTP writes it. `None`, the default, means that
    /// there are no such resources.
    ///
    /// A [`Cluster`] answers them with the feature `simulator`.
    fn simulate(&self, method: &str, target: &str, body: &[u8]) -> Option<Response> {
        let _ = (method, target, body);
        None
    }

    /// Records a request that was answered, for `GET /simulator/requests`. A server with `/simulator` calls it
    /// for each request, except those of the page at `/ui`. By default, it does nothing.
    fn record(&self, request: &AccessLogEntry<'_>) {
        let _ = request;
    }

    /// What faults do to a request before or after it is handled: nothing, by default. See
    /// [`Cluster::inject`].
    fn http_effect(&self, when: When, method: &str, target: &str) -> HttpEffect {
        let _ = (when, method, target);
        HttpEffect::default()
    }
}

impl RequestHandler for Cluster {
    fn handle(&self, request: &Request<'_>) -> Response {
        Self::handle(self, request)
    }

    fn may_take_long(&self, request: &Request<'_>) -> bool {
        Self::may_take_long(self, request)
    }

    fn answer_anyone(&self, request: &Request<'_>) -> Option<Response> {
        unauthenticated::answer(request)
    }

    fn http_effect(&self, when: When, method: &str, target: &str) -> HttpEffect {
        Self::http_effect(self, when, method, target)
    }

    #[cfg(feature = "simulator")]
    fn simulate(&self, method: &str, target: &str, body: &[u8]) -> Option<Response> {
        Some(Self::simulate(self, method, target, body))
    }

    #[cfg(feature = "simulator")]
    fn record(&self, request: &AccessLogEntry<'_>) {
        Self::record(self, request);
    }
}
