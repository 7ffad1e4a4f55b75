//! The schedules of a snapshot policy.

use nessie_ontap_protocol::records::{
    SNAPSHOT_POLICY_SCHEDULE, SnapshotPolicyRecord, SnapshotPolicyScheduleRecord,
};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::outcome::ObjectKind;
use super::reference::Reference;
use super::resource::{Change, Create, Delete, Resource};
use super::snapshot_policies::{changeable, directory, new_copies, set_labels};
use crate::configuration::{StoredCopies, StoredPolicy};
use crate::snapshot_policies::{PolicyDirectory, PolicyPlace};

/// `/api/storage/snapshot-policies/{snapshot_policy.uuid}/schedules`.
pub(crate) enum SnapshotPolicySchedules {}

impl Resource for SnapshotPolicySchedules {
    type Record = SnapshotPolicyScheduleRecord;

    const KIND: ObjectKind<SnapshotPolicyScheduleRecord> = ObjectKind {
        schema: &SNAPSHOT_POLICY_SCHEDULE,
        svm_context: |record| record.svm_context.as_ref(),
        is_synchronous: true,
    };
    const KEY: &'static str = "schedule.uuid";

    fn list(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyScheduleRecord>,
    ) -> Result<Vec<SnapshotPolicyScheduleRecord>, ApiError> {
        Ok(records(&policy_of_path(context)?))
    }
}

impl Create for SnapshotPolicySchedules {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyScheduleRecord>,
        body: &Body,
    ) -> Result<SnapshotPolicyScheduleRecord, ApiError> {
        let policy = policy_of_path(context)?;
        if let Some(given) = Reference::read(body, "snapshot_policy")?
            && (given.find(std::iter::once(&policy.policy)).is_none()
                || !given.agrees(&policy.policy))
        {
            let message = "The body and the path name different snapshot policies.";
            return Err(ApiError::new(400, 262_185, message).about("snapshot_policy"));
        }
        let directory = directory(context);
        let _lock = directory.lock();
        let place = directory.place(policy.svm_context.as_deref())?;
        let before = changeable(&directory, place, &policy.policy)?;
        let copies = new_copies(&directory, place, body)?;
        let mut after = before.clone();
        after.copies.push(copies.clone());
        directory.replace(place, &before, after.clone())?;
        record(&directory, place, &after, &copies)
    }
}

impl Change for SnapshotPolicySchedules {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyScheduleRecord>,
        found: SnapshotPolicyScheduleRecord,
        body: &Body,
    ) -> Result<SnapshotPolicyScheduleRecord, ApiError> {
        let directory = directory(context);
        let _lock = directory.lock();
        let place = directory.place(found.svm_context.as_deref())?;
        let before = changeable(&directory, place, &found.policy)?;
        let mut after = before.clone();
        let copies = after
            .copies
            .iter_mut()
            .find(|copies| copies.schedule == found.copies.schedule.uuid)
            .ok_or_else(ApiError::no_such_entry)?;
        copies.count = body.integer("count")?.unwrap_or(copies.count);
        if let Some(prefix) = body.text("prefix")? {
            prefix.clone_into(&mut copies.prefix);
        }
        set_labels(copies, body)?;
        let copies = copies.clone();
        directory.replace(place, &before, after.clone())?;
        record(&directory, place, &after, &copies)
    }
}

impl Delete for SnapshotPolicySchedules {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyScheduleRecord>,
        found: &SnapshotPolicyScheduleRecord,
    ) -> Result<(), ApiError> {
        let directory = directory(context);
        let _lock = directory.lock();
        let place = directory.place(found.svm_context.as_deref())?;
        let before = changeable(&directory, place, &found.policy)?;
        let mut after = before.clone();
        after.copies.retain(|copies| copies.schedule != found.copies.schedule.uuid);
        if after.copies.len() == before.copies.len() {
            return Err(ApiError::no_such_entry());
        }
        if after.copies.is_empty() {
            let name = &found.policy.name;
            let message = format!(
                "The snapshot policy {name:?} has no other schedule. Add another one first, or delete \
                 the policy."
            );
            return Err(ApiError::new(409, 1_638_411, message).about("schedule.uuid"));
        }
        directory.replace(place, &before, after)
    }
}

/// The policy that the path names.
fn policy_of_path(context: &RequestContext<'_>) -> Result<SnapshotPolicyRecord, ApiError> {
    let uuid = context.path_uuid(0)?;
    let svms: Vec<_> = match context.tunnel()? {
        Some(svm) => vec![svm],
        None => context.svm_list.iter().map(AsRef::as_ref).collect(),
    };
    let policies = directory(context).list(&svms)?;
    let found = policies.into_iter().find(|record| record.policy.uuid == uuid);
    found.ok_or_else(|| ApiError::no_such_entry().about("snapshot_policy.uuid"))
}

fn records(policy: &SnapshotPolicyRecord) -> Vec<SnapshotPolicyScheduleRecord> {
    let copies = policy.copies.iter().map(|copies| SnapshotPolicyScheduleRecord {
        policy: policy.policy.clone(),
        svm_context: policy.svm_context.clone(),
        copies: copies.clone(),
    });
    copies.collect()
}

/// The record of a schedule of a policy.
fn record(
    directory: &PolicyDirectory<'_>,
    place: PolicyPlace<'_>,
    policy: &StoredPolicy,
    copies: &StoredCopies,
) -> Result<SnapshotPolicyScheduleRecord, ApiError> {
    let records = records(&directory.record(place, policy));
    let found = records.into_iter().find(|record| record.copies.schedule.uuid == copies.schedule);
    found.ok_or_else(ApiError::no_such_entry)
}
