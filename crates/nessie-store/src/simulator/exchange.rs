//! A request to the simulator, and its reply.

use std::sync::Arc;

use nessie_ontap_protocol::{ApiError, Body, Url};
use serde_json::Value as Json;

use super::backend::SimulatedBackend;
use crate::http_faults::check_fields;
use crate::svm::SvmState;
use crate::svms::svm_named;
use crate::{Cluster, Response};

pub(super) type Answer = Result<Response, ApiError>;

/// A request to a resource.
pub(super) struct Exchange<'a> {
    pub(super) cluster: &'a Cluster,
    /// All SVMs when the request arrived.
    pub(super) svms: &'a [Arc<SvmState>],
    pub(super) url: &'a Url,
    /// The last segment of the path, if the resource has one for each object.
    pub(super) id: &'a str,
    pub(super) body: &'a [u8],
}

/// The query parameter and the field that name an SVM.
pub(super) const SVM: &str = "svm";

impl<'a> Exchange<'a> {
    /// Refuses query parameters other than these, and those that are given twice.
    pub(super) fn check_parameters(&self, known: &[&str]) -> Result<(), ApiError> {
        for (index, (name, _)) in self.url.parameters.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(ApiError::unexpected_argument(name));
            }
            if self.url.parameters.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err(ApiError::given_twice(name));
            }
        }
        Ok(())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.url.parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The whole number of a query parameter.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        let refuse =
            |_| ApiError::invalid_value(name, text, "is not a whole number from 0 to 2^64-1");
        text.parse().map(Some).map_err(refuse)
    }

    /// The body, which has no fields but these.
    pub(super) fn fields(&self, known: &[&[&str]]) -> Result<Body, ApiError> {
        let body = Body::parse(self.body)?;
        check_fields(&body, known)?;
        Ok(body)
    }

    /// The name of the SVM, in the query or in the body.
    pub(super) fn svm_name<'s>(&'s self, body: &'s Body) -> Result<Option<&'s str>, ApiError> {
        match (self.parameter(SVM), body.text(SVM)?) {
            (Some(_), Some(_)) => Err(ApiError::given_twice(SVM)),
            (in_query, in_body) => Ok(in_query.or(in_body)),
        }
    }

    /// The SVM of a request: the named one, or the only one.
    pub(super) fn svm(&self, name: Option<&str>) -> Result<&'a SvmState, ApiError> {
        if let Some(name) = name {
            return svm_named(self.svms, name).map(Arc::as_ref).ok_or_else(|| {
                let message = format!("There is no SVM {name:?}: {}.", self.svm_names());
                ApiError::new(404, 2_621_462, message).about(SVM)
            });
        }
        if let [svm] = self.svms {
            return Ok(svm);
        }
        let message = format!("Name an SVM with svm=NAME: {}.", self.svm_names());
        Err(ApiError::new(400, 262_212, message).about(SVM))
    }

    fn svm_names(&self) -> String {
        let names = self.svms.iter().map(|svm| svm.svm_context.svm.name.as_str());
        let names: Vec<_> = names.collect();
        if names.is_empty() {
            return "the cluster has none".to_owned();
        }
        format!("the cluster has {}", names.join(", "))
    }
}

/// What the simulator controls of an SVM.
pub(super) fn simulated(svm: &SvmState) -> Result<&SimulatedBackend, ApiError> {
    svm.simulated.as_ref().ok_or_else(|| {
        let name = &svm.svm_context.svm.name;
        let message = format!(
            "The backend of the SVM {name:?} is not in memory: it has no clock, state, faults, events \
             and writes that /simulator controls."
        );
        ApiError::new(405, 3, message).about(SVM)
    })
}

/// A reply with a line of JSON.
pub(super) fn json(status: u16, value: &Json) -> Response {
    Response::new(status, "application/json", format!("{value}\n").into_bytes())
}

/// A reply with lines of JSON.
pub(super) fn json_lines(text: Vec<u8>) -> Response {
    Response::new(200, "application/x-ndjson", text)
}
