//! The context of a request, and the replies that every operation can give.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::SvmContext;
use nessie_ontap_protocol::{ApiError, Page, Query, Schema, Url, reply};

use crate::cluster::Cluster;
use crate::http::{Request, Response, method_name};
use crate::http_faults::FaultyJob;
use crate::jobs::{Owner, Results};
use crate::parameters;
use crate::svm::SvmState;
use crate::svms::{Epochs, find_svm, unknown_svm};

/// A request whose URL has been parsed and routed.
pub(crate) struct RequestContext<'a> {
    pub(crate) cluster: &'a Cluster,
    /// All SVMs when the request arrived. The operation works on these, even if one is deleted
    /// meanwhile.
    pub(crate) svm_list: &'a [Arc<SvmState>],
    pub(crate) request: &'a Request<'a>,
    pub(crate) url: &'a Url,
    /// The values of the path's variables, in order.
    pub(crate) path_variables: Vec<&'a str>,
    /// The epochs of the SVMs' backends when the request arrived.
    pub(crate) epochs: Epochs,
}

/// The response to a request, or the error.
pub(crate) type HandlerResult = Result<Response, ApiError>;

impl<'a> RequestContext<'a> {
    /// Reads the query parameters. `own` names those that the operation acts on; the others that
    /// ONTAP documents are in [`parameters`].
    pub(crate) fn query<R>(
        &self,
        schema: &'static Schema<R>,
        collection: bool,
        own: &[&str],
    ) -> Result<Query<R>, ApiError> {
        let method = self.request.method;
        let documented = parameters::documented_for(schema.name, method);
        if documented.is_empty() {
            return Query::parse(schema, method, collection, own, self.url);
        }
        let names: Vec<_> =
            own.iter().copied().chain(documented.iter().map(|key| key.name)).collect();
        let query = Query::parse(schema, method, collection, &names, self.url)?;
        documented.iter().try_for_each(|key| key.check(&query))?;
        Ok(query)
    }

    /// A variable of the path. The router ensures that it exists.
    pub(crate) fn path_variable(&self, index: usize) -> &'a str {
        self.path_variables.get(index).copied().unwrap_or_default()
    }

    /// A variable of the path that is a UUID. Any other text is an unknown entry.
    pub(crate) fn path_uuid(&self, index: usize) -> Result<Uuid, ApiError> {
        self.path_variable(index).parse().map_err(|_| ApiError::no_such_entry())
    }

    /// The SVM that the headers name.
    pub(crate) fn tunnel(&self) -> Result<Option<&'a SvmState>, ApiError> {
        let Request { svm_name: name, svm_uuid: uuid, .. } = self.request;
        if name.is_none() && uuid.is_none() {
            return Ok(None);
        }
        let uuid = match uuid {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| unknown_svm(text))?),
        };
        self.svm(*name, uuid).map(Some)
    }

    /// The SVM with that name, UUID or both. It is an error if neither is given.
    pub(crate) fn svm(
        &self,
        name: Option<&str>,
        uuid: Option<Uuid>,
    ) -> Result<&'a SvmState, ApiError> {
        find_svm(self.svm_list, name, uuid)
    }

    /// The SVMs that a request applies to: the one that the headers name, or all, except those that
    /// its filter excludes.
    pub(crate) fn svms<R>(
        &self,
        query: &Query<R>,
        svm: &str,
    ) -> Result<Vec<&'a SvmState>, ApiError> {
        if query.filter.is_empty() {
            return Ok(match self.tunnel()? {
                Some(svm) => vec![svm],
                None => self.svm_list.iter().map(Arc::as_ref).collect(),
            });
        }
        let (of_name, of_uuid) = match svm {
            "" => ("name".to_owned(), "uuid".to_owned()),
            svm => (format!("{svm}.name"), format!("{svm}.uuid")),
        };
        let name = query.filter.exact(&of_name);
        let uuid = query.filter.exact(&of_uuid).and_then(|text| text.parse::<Uuid>().ok());
        let agrees = |svm: &SvmState| {
            name.is_none_or(|name| name == svm.svm_context.svm.name)
                && uuid.is_none_or(|uuid| uuid == svm.svm_context.svm.uuid)
        };
        if let Some(svm) = self.tunnel()? {
            if !agrees(svm) {
                let message = "The filter and the header name different SVMs.";
                return Err(ApiError::new(400, 262_185, message).about(of_name));
            }
            return Ok(vec![svm]);
        }
        Ok(self.svm_list.iter().map(Arc::as_ref).filter(|svm| agrees(svm)).collect())
    }

    /// The SVM that an object belongs to.
    pub(crate) fn svm_of(&self, svm_context: &SvmContext) -> Result<&'a SvmState, ApiError> {
        self.svm(None, Some(svm_context.svm.uuid))
    }

    /// The reply with the records that match.
    pub(crate) fn collection<R>(&self, query: &Query<R>, mut records: Vec<R>) -> Response {
        if parameters::request_empty_collection(query) {
            records.clear();
        }
        records.retain(|record| query.filter.matches(record));
        if !query.return_records {
            return Response::json(200, reply::count(records.len() as u64));
        }
        let page = Page::of(records, query);
        let mut response =
            Response::json(200, reply::collection(self.url, &query.selection, &page));
        if let Some(link) = reply::next_link(self.url, &page) {
            response.headers.push(("Link", link));
        }
        response
    }

    /// The results of the bulk creation with that job.
    pub(crate) fn bulk_results(&self, job: &str) -> Result<Results, ApiError> {
        let results =
            job.parse().ok().and_then(|uuid| self.cluster.jobs.results(uuid, &self.epochs));
        results.ok_or_else(|| ApiError::no_such_entry().about("job_results_uuid"))
    }

    /// The reply with the objects that a bulk creation created, and with `errors` if some failed.
    pub(crate) fn collection_of<R>(
        &self,
        query: &Query<R>,
        records: Vec<R>,
        results: &Results,
    ) -> Response {
        let mut response = self.collection(query, records);
        if !results.refusals.is_empty() {
            let errors = results.refusals.iter().map(ApiError::to_member).collect();
            // Append inside the object.
            response.body.pop();
            response.body.extend_from_slice(b",\"errors\":");
            response.body.extend(serde_json::Value::Array(errors).to_string().bytes());
            response.body.push(b'}');
        }
        response
    }

    /// Whether the client waits for the result. Then the reply has it; otherwise the reply has a
    /// job.
    pub(crate) fn client_waits<R>(&self, query: &Query<R>) -> bool {
        let is_long = query.return_timeout.unwrap_or_default() > Duration::ZERO;
        is_long && self.cluster.jobs.are_immediate()
    }

    /// What happens to the job of this request, if its change has succeeded.
    pub(crate) fn job_fault(&self, has_succeeded: bool) -> Option<FaultyJob> {
        if !has_succeeded {
            return None;
        }
        let Request { method, target, .. } = self.request;
        self.cluster.faults.job(method_name(*method), target, || self.cluster.now())
    }

    /// The SVM whose objects a job of this request names.
    pub(crate) fn job_owner(&self, svm_context: &SvmContext) -> Option<Owner> {
        let svm = svm_context.svm.uuid;
        Some(Owner { svm, epoch: self.epochs.of_svm(svm)? })
    }

    /// The description of a job.
    pub(crate) fn job_description(&self, path: &str) -> String {
        format!("{} {path}", method_name(self.request.method))
    }
}

/// The reply with one record, if there is one that matches.
pub(crate) fn instance<R>(query: &Query<R>, record: Option<R>) -> HandlerResult {
    let record = record.filter(|record| query.filter.matches(record));
    let record = record.ok_or_else(ApiError::no_such_entry)?;
    Ok(Response::json(200, reply::record(&query.selection, &record)))
}
