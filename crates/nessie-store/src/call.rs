//! A request on its way to the one who answers it.

use std::time::Duration;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::SvmContext;
use nessie_ontap_protocol::{ApiError, Page, Query, Schema, Url, reply};

use crate::cluster::Cluster;
use crate::jobs::{Owner, Results};
use crate::room::Room;
use crate::{Request, Response, parameters, router};

/// A request whose URL and headers are understood.
pub(crate) struct Call<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) request: &'a Request<'a>,
    pub(crate) url: &'a Url,
    /// What stands in the place of the path's variables, in order.
    pub(crate) arguments: Vec<&'a str>,
    /// The epochs of the SVMs' backends when the request came, in the order of the SVMs.
    pub(crate) epochs: Vec<u64>,
}

/// What an answer is, or why there is none.
pub(crate) type Answer = Result<Response, ApiError>;

impl<'a> Call<'a> {
    /// Reads the parameters. `own` names those that the operation acts on; what ONTAP documents
    /// beside them is in [`parameters`].
    pub(crate) fn query<R>(
        &self,
        schema: &'static Schema<R>,
        collection: bool,
        own: &[&str],
    ) -> Result<Query<R>, ApiError> {
        let method = self.request.method;
        let documented = parameters::of(schema.name, method);
        if documented.is_empty() {
            return Query::parse(schema, method, collection, own, self.url);
        }
        let names: Vec<_> =
            own.iter().copied().chain(documented.iter().map(|key| key.name)).collect();
        let query = Query::parse(schema, method, collection, &names, self.url)?;
        documented.iter().try_for_each(|key| key.check(&query))?;
        Ok(query)
    }

    /// A variable of the path. The router sees to it that it is there.
    pub(crate) fn argument(&self, index: usize) -> &'a str {
        self.arguments.get(index).copied().unwrap_or_default()
    }

    /// A variable of the path that is an identifier. What is none names nothing.
    pub(crate) fn uuid(&self, index: usize) -> Result<Uuid, ApiError> {
        self.argument(index).parse().map_err(|_| ApiError::no_such_entry())
    }

    /// The SVM that the headers name.
    pub(crate) fn tunnel(&self) -> Result<Option<&'a Room>, ApiError> {
        let Request { svm_name: name, svm_uuid: uuid, .. } = self.request;
        if name.is_none() && uuid.is_none() {
            return Ok(None);
        }
        let uuid = match uuid {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| unknown_svm(text))?),
        };
        self.cluster.svm(*name, uuid).map(Some)
    }

    /// The SVMs that a request is about: the one of the headers or all, without those that its
    /// filter leaves out anyway.
    pub(crate) fn rooms<R>(&self, query: &Query<R>, svm: &str) -> Result<Vec<&'a Room>, ApiError> {
        let (of_name, of_uuid) = match svm {
            "" => ("name".to_owned(), "uuid".to_owned()),
            svm => (format!("{svm}.name"), format!("{svm}.uuid")),
        };
        let name = query.filter.exact(&of_name);
        let uuid = query.filter.exact(&of_uuid).and_then(|text| text.parse::<Uuid>().ok());
        let agrees = |room: &Room| {
            name.is_none_or(|name| name == room.place.svm.name)
                && uuid.is_none_or(|uuid| uuid == room.place.svm.uuid)
        };
        if let Some(room) = self.tunnel()? {
            if !agrees(room) {
                let message = "The filter and the header name different SVMs.";
                return Err(ApiError::new(400, 262_185, message).about(of_name));
            }
            return Ok(vec![room]);
        }
        Ok(self.cluster.rooms.iter().filter(|room| agrees(room)).collect())
    }

    /// The reply with those of `records` that match.
    pub(crate) fn collection<R>(&self, query: &Query<R>, mut records: Vec<R>) -> Response {
        if parameters::ask_for_nothing(query) {
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

    /// What came of the bulk creation whose job is named.
    pub(crate) fn results(&self, job: &str) -> Result<Results, ApiError> {
        let results =
            job.parse().ok().and_then(|uuid| self.cluster.jobs.results(uuid, &self.epochs));
        results.ok_or_else(|| ApiError::no_such_entry().about("job_results_uuid"))
    }

    /// The reply with what a bulk creation made, and with `errors` if not all of it was made.
    pub(crate) fn collection_of<R>(
        &self,
        query: &Query<R>,
        records: Vec<R>,
        results: &Results,
    ) -> Response {
        let mut response = self.collection(query, records);
        if !results.refusals.is_empty() {
            let errors = results.refusals.iter().map(ApiError::to_member).collect();
            // Inside the object.
            response.body.pop();
            response.body.extend_from_slice(b",\"errors\":");
            response.body.extend(serde_json::Value::Array(errors).to_string().bytes());
            response.body.push(b'}');
        }
        response
    }

    /// Whether the outcome is waited for: then it is the reply, and otherwise a job is.
    pub(crate) fn waits<R>(&self, query: &Query<R>) -> bool {
        let is_long = query.return_timeout.unwrap_or_default() > Duration::ZERO;
        is_long && self.cluster.jobs.are_immediate()
    }

    /// The SVM whose objects a job of this request names.
    pub(crate) fn owner(&self, place: &SvmContext) -> Option<Owner> {
        let mut rooms = self.cluster.rooms.iter();
        let svm = rooms.position(|room| room.place.svm.uuid == place.svm.uuid)?;
        Some(Owner { svm, epoch: *self.epochs.get(svm)? })
    }

    /// What a job says that it does.
    pub(crate) fn description(&self, path: &str) -> String {
        format!("{} {path}", router::word(self.request.method))
    }
}

pub(crate) fn unknown_svm(name: &str) -> ApiError {
    ApiError::new(400, 2_621_462, format!("SVM {name:?} does not exist.")).about("svm")
}

/// The reply with one record, if there is one that matches.
pub(crate) fn instance<R>(query: &Query<R>, record: Option<R>) -> Answer {
    let record = record.filter(|record| query.filter.matches(record));
    let record = record.ok_or_else(ApiError::no_such_entry)?;
    Ok(Response::json(200, reply::record(&query.selection, &record)))
}
