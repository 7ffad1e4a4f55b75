//! The REST API of a cluster: from a request to its response.

use nessie_ontap_protocol::{Url, reply};

use crate::cluster::Cluster;
use crate::http::{Request, Response};
use crate::router;

impl Cluster {
    /// Answers a request. It never fails: a refusal is a response too. The response to `HEAD` has the body
    /// that `GET` has.
    #[must_use]
    pub fn handle(&self, request: &Request<'_>) -> Response {
        let (mut response, pretty) = match Url::parse(request.target) {
            Err(error) => (Response::refusal(&error), false),
            Ok(url) => match url.pretty() {
                Err(error) => (Response::refusal(&error), false),
                Ok(pretty) => (router::answer(self, request, &url), pretty),
            },
        };
        if pretty && response.content_type == Response::JSON {
            response.body = reply::pretty(&response.body);
        }
        response
    }

    /// Whether answering may take long: a listing, runs of snapshot policies, or a backend that is not
    /// in memory or has faults. A server then answers on another thread than the one that serves
    /// connections.
    #[must_use]
    pub fn may_take_long(&self, request: &Request<'_>) -> bool {
        #[cfg(feature = "simulator")]
        if self.is_hooked() {
            return true;
        }
        self.runs_policies || router::may_take_long(request)
    }
}
