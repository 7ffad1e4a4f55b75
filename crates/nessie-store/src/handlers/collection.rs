//! The operations on collections that volumes and snapshots share.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::SvmContext;
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::{HandlerResult, RequestContext};
use super::outcome::{self, ObjectKind, Outcome};
use crate::svm::SvmState;

/// The query parameter of deletions.
pub(crate) const FORCE: &[&str] = &["force"];

impl<R> ObjectKind<R> {
    /// Lists the objects, or those that a bulk creation created.
    pub(crate) fn list(
        &self,
        context: &RequestContext<'_>,
        read: impl FnOnce(&Query<R>) -> Result<Vec<R>, ApiError>,
    ) -> HandlerResult {
        let query = context.query(self.schema, true, &["job_results_uuid"])?;
        let mut records = read(&query)?;
        if let Some(text) = query.parameter("job_results_uuid") {
            let results = context.bulk_results(text)?;
            records.retain(|record| results.created.contains(&(self.uuid)(record)));
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
        svm_context: &Arc<SvmContext>,
        create: impl FnOnce() -> Result<R, ApiError>,
    ) -> HandlerResult {
        let outcome = Outcome {
            job: context.cluster.ids.next(),
            // If the creation fails, the UUID in the path belongs to no object.
            path: format!("{path}/{}", context.cluster.ids.next()),
            svm_context: Some(Arc::clone(svm_context)),
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
        change: impl Fn(&SvmState, &R, Uuid) -> Result<R, ApiError>,
    ) -> HandlerResult {
        outcome::reply_changed_page(context, query, records, |record| {
            let job = context.cluster.ids.next();
            let path = (self.schema.href)(&record);
            let svm_context = Arc::clone((self.svm_context)(&record));
            let svm = context.cluster.svm(None, Some(svm_context.svm.uuid));
            let result = svm.and_then(|svm| change(svm, &record, job));
            Outcome { job, path, svm_context: Some(svm_context), result }
        })
    }

    /// Checks the query and the body of a deletion without `records`.
    pub(crate) fn check_deletion(
        &self,
        context: &RequestContext<'_>,
        query: &Query<R>,
    ) -> Result<(), ApiError> {
        query.parameter_flag("force")?;
        Body::parse(context.request.body)?.check(self.schema, context.request.method)
    }
}
