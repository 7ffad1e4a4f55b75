//! The operations on collections that all kinds of objects share.

use std::collections::HashSet;
use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::SvmContext;
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::{HandlerResult, RequestContext};
use super::outcome::{self, ObjectKind, Outcome};

/// The query parameter of deletions.
pub(crate) const FORCE: &[&str] = &["force"];

impl<R> ObjectKind<R> {
    /// Lists the objects, or those that a bulk creation created.
    pub(crate) fn list(
        &self,
        context: &RequestContext<'_>,
        read: impl FnOnce(&Query<R>) -> Result<Vec<R>, ApiError>,
    ) -> HandlerResult {
        self.list_with(context, &[], read)
    }

    /// The same, with parameters that the operation acts on.
    pub(crate) fn list_with(
        &self,
        context: &RequestContext<'_>,
        parameters: &[&str],
        read: impl FnOnce(&Query<R>) -> Result<Vec<R>, ApiError>,
    ) -> HandlerResult {
        let parameters = [parameters, &["job_results_uuid"]].concat();
        let query = context.query(self.schema, true, &parameters)?;
        let mut records = read(&query)?;
        if let Some(text) = query.parameter("job_results_uuid") {
            let results = context.bulk_results(text)?;
            let created: HashSet<_> = results.created.iter().collect();
            records.retain(|record| created.contains(&(self.schema.href)(record)));
            return Ok(context.collection_of(&query, records, &results));
        }
        Ok(context.collection(&query, records))
    }

    /// Creates one object in the collection at `path`.
    pub(crate) fn create(
        &self,
        context: &RequestContext<'_>,
        query: &Query<R>,
        path: &str,
        svm_context: Option<Arc<SvmContext>>,
        create: impl FnOnce() -> Result<R, ApiError>,
    ) -> HandlerResult {
        let outcome = Outcome {
            job: context.cluster.ids.next(),
            // If the creation fails, the UUID in the path belongs to no object.
            path: format!("{path}/{}", context.cluster.ids.next()),
            svm_context,
            result: create(),
        };
        outcome::reply_created(context, query, outcome, self)
    }

    /// Creates several objects in order. The first failure ends the request unless
    /// `continue_on_failure` is set.
    pub(crate) fn create_many<T>(
        &self,
        context: &RequestContext<'_>,
        query: &Query<R>,
        svm_context: Option<Arc<SvmContext>>,
        creations: Vec<T>,
        create: impl Fn(T) -> Result<R, ApiError>,
    ) -> HandlerResult {
        let mut results = Vec::new();
        for creation in creations {
            let result = create(creation);
            let has_failed = result.is_err();
            results.push(result);
            if has_failed && !query.continue_on_failure {
                break;
            }
        }
        outcome::reply_created_many(context, query, svm_context, results, self)
    }

    /// Changes or deletes the `records` that match, page by page. `change` gets the UUID of the
    /// job that reports the change.
    pub(crate) fn change_page(
        &self,
        context: &RequestContext<'_>,
        query: &Query<R>,
        records: Vec<R>,
        change: impl Fn(R, Uuid) -> Result<R, ApiError>,
    ) -> HandlerResult {
        outcome::reply_changed_page(context, query, records, self, |record| {
            self.outcome_of(context, record, &change)
        })
    }

    /// The outcome of the change of one object.
    pub(crate) fn outcome_of(
        &self,
        context: &RequestContext<'_>,
        record: R,
        change: impl FnOnce(R, Uuid) -> Result<R, ApiError>,
    ) -> Outcome<R> {
        let job = context.cluster.ids.next();
        let path = (self.schema.href)(&record);
        let svm_context = (self.svm_context)(&record).cloned();
        Outcome { job, path, svm_context, result: change(record, job) }
    }

    /// Checks the query and the body of a deletion without `records`. Returns the parameter `force`.
    pub(crate) fn check_deletion(
        &self,
        context: &RequestContext<'_>,
        query: &Query<R>,
    ) -> Result<bool, ApiError> {
        let force = query.parameter_flag("force")?.unwrap_or(false);
        Body::parse(context.request.body)?.check(self.schema, context.request.method)?;
        Ok(force)
    }
}
