//! The recovery queue, `/api/private/cli/volume/recovery-queue`.

use std::sync::Arc;

use nessie_ontap_protocol::records::{CLI_RECOVERY_QUEUE, CliDeletedVolumeRecord};
use nessie_ontap_protocol::{ApiError, Body, Method, Query};

use super::cli::{PRIVILEGE, check_privilege};
use super::context::{HandlerResult, RequestContext};
use super::outcome::{self, ObjectKind};
use super::resource::{Change, Delete, Resource};
use crate::side_data::{DeletedVolume, SideData};
use crate::svm::SvmState;

/// `/api/private/cli/volume/recovery-queue`.
pub(crate) enum RecoveryQueue {}

impl Resource for RecoveryQueue {
    type Record = CliDeletedVolumeRecord;

    const KIND: ObjectKind<CliDeletedVolumeRecord> = ObjectKind {
        schema: &CLI_RECOVERY_QUEUE,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: false,
    };
    const KEY: &'static str = "volume";

    fn parameters(_: Method) -> &'static [&'static str] {
        &[PRIVILEGE]
    }

    fn list(
        context: &RequestContext<'_>,
        query: &Query<CliDeletedVolumeRecord>,
    ) -> Result<Vec<CliDeletedVolumeRecord>, ApiError> {
        check_privilege(query)?;
        let mut records = Vec::new();
        for svm in context.svms(query, "svm")? {
            let deleted = svm.side_data().recovery_queue.list();
            records.extend(deleted.into_iter().map(|deleted| record(svm, deleted)));
        }
        Ok(records)
    }
}

impl Change for RecoveryQueue {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<CliDeletedVolumeRecord>,
        found: CliDeletedVolumeRecord,
        body: &Body,
    ) -> Result<CliDeletedVolumeRecord, ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let mut deleted = current(&side_data, &found)?;
        if let Some(hours) = body.integer("retention_hours")? {
            side_data.recovery_queue.set_retention(deleted.uuid, hours);
            deleted.retention_hours = hours;
        }
        Ok(record(svm, deleted))
    }
}

impl Delete for RecoveryQueue {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<CliDeletedVolumeRecord>,
        found: &CliDeletedVolumeRecord,
    ) -> Result<(), ApiError> {
        purge_one(context, found)
    }
}

pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&CLI_RECOVERY_QUEUE, true, &[PRIVILEGE])?;
    let records = RecoveryQueue::list(context, &query)?;
    Ok(context.collection(&query, records))
}

/// Deletes the volume that the body names.
pub(crate) fn purge(context: &RequestContext<'_>) -> HandlerResult {
    one(context, purge_one)
}

/// Makes the volume that the body names an ordinary one, which is offline.
pub(crate) fn recover(context: &RequestContext<'_>) -> HandlerResult {
    one(context, recover_one)
}

/// Deletes all volumes of the queues, or of that of the SVM that the body names.
pub(crate) fn purge_all(context: &RequestContext<'_>) -> HandlerResult {
    all(context, purge_one)
}

pub(crate) fn recover_all(context: &RequestContext<'_>) -> HandlerResult {
    all(context, recover_one)
}

type Step = fn(&RequestContext<'_>, &CliDeletedVolumeRecord) -> Result<(), ApiError>;

fn one(context: &RequestContext<'_>, step: Step) -> HandlerResult {
    let query = context.query(&CLI_RECOVERY_QUEUE, true, &[PRIVILEGE])?;
    let body = read(context, &["vserver", "volume"])?;
    let found = RecoveryQueue::list(context, &query)?
        .into_iter()
        .find(|record| body.identifies(&CLI_RECOVERY_QUEUE, record));
    let record = found.ok_or_else(|| ApiError::no_such_entry().about(RecoveryQueue::KEY))?;
    let kind = &RecoveryQueue::KIND;
    let outcome = kind.outcome_of(context, record, |record, _| {
        step(context, &record)?;
        Ok(record)
    });
    outcome::reply_changed(context, &query, outcome, kind)
}

fn all(context: &RequestContext<'_>, step: Step) -> HandlerResult {
    let query = context.query(&CLI_RECOVERY_QUEUE, true, &[PRIVILEGE])?;
    let body = read(context, &[])?;
    let mut records = RecoveryQueue::list(context, &query)?;
    records.retain(|record| body.identifies(&CLI_RECOVERY_QUEUE, record));
    // A clone is younger than its parent, and often deleted after it: clones are purged first.
    records.reverse();
    let kind = &RecoveryQueue::KIND;
    outcome::reply_changed_many(context, &query, records, None, kind, |record| {
        kind.outcome_of(context, record, |record, _| {
            step(context, &record)?;
            Ok(record)
        })
    })
}

/// Reads the body of a command, which has these fields and perhaps the SVM.
fn read(context: &RequestContext<'_>, needed: &[&'static str]) -> Result<Body, ApiError> {
    let body = Body::parse(context.request.body)?;
    body.check(&CLI_RECOVERY_QUEUE, Method::Post)?;
    match needed.iter().find(|field| !body.has(field)) {
        None => Ok(body),
        Some(field) => {
            let message = format!("The command lacks the field {field:?}.");
            Err(ApiError::new(400, 262_212, message).about(*field))
        }
    }
}

fn record(svm: &SvmState, deleted: DeletedVolume) -> CliDeletedVolumeRecord {
    CliDeletedVolumeRecord {
        svm_context: Arc::clone(&svm.svm_context),
        name: deleted.name,
        deleted_at: deleted.deleted_at,
        retention_hours: deleted.retention_hours,
    }
}

/// The deleted volume, which another request may have removed from the queue.
fn current(
    side_data: &SideData,
    found: &CliDeletedVolumeRecord,
) -> Result<DeletedVolume, ApiError> {
    let mut deleted = side_data.recovery_queue.list().into_iter();
    let found = deleted.find(|deleted| deleted.name == found.name);
    found.ok_or_else(|| ApiError::no_such_entry().about(RecoveryQueue::KEY))
}

fn purge_one(context: &RequestContext<'_>, found: &CliDeletedVolumeRecord) -> Result<(), ApiError> {
    let svm = context.svm_of(&found.svm_context)?;
    let _lock = svm.write_lock()?;
    let side_data = svm.side_data();
    svm.purge(&side_data, &current(&side_data, found)?)
}

fn recover_one(
    context: &RequestContext<'_>,
    found: &CliDeletedVolumeRecord,
) -> Result<(), ApiError> {
    let svm = context.svm_of(&found.svm_context)?;
    let _lock = svm.write_lock()?;
    let side_data = svm.side_data();
    side_data.recovery_queue.remove(current(&side_data, found)?.uuid);
    Ok(())
}
