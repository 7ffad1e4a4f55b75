//! Who answers.

use super::public;
use crate::{Cluster, Request, Response};

/// Answers the requests of a [`Server`](crate::Server), from any of its threads.
///
/// A [`Cluster`] does. One that wraps it can do something before and after each request.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request. A panic in it is a reply of status 500, and the server goes on.
    fn handle(&self, request: &Request<'_>) -> Response;

    /// Whether answering may take long. Then it happens beside the server's other connections,
    /// and otherwise at once, between them.
    fn may_take_long(&self, request: &Request<'_>) -> bool;

    /// Answers a request for which no login is needed, from whoever it comes. Nothing, as it is
    /// unless implemented, stands for all others.
    ///
    /// A [`Cluster`] answers `GET /`, with what it is, and `GET /healthz`.
    fn answer_anyone(&self, request: &Request<'_>) -> Option<Response> {
        let _ = request;
        None
    }
}

impl Handler for Cluster {
    fn handle(&self, request: &Request<'_>) -> Response {
        Self::handle(self, request)
    }

    fn may_take_long(&self, request: &Request<'_>) -> bool {
        Self::may_take_long(self, request)
    }

    fn answer_anyone(&self, request: &Request<'_>) -> Option<Response> {
        public::answer(request)
    }
}
