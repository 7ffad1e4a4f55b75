//! Snapshot policies.

use nessie_ontap_protocol::records::{Named, SNAPSHOT_POLICY, SnapshotPolicyRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::reference::Reference;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::snapshot_policy::check_name;
use crate::configuration::{StoredCopies, StoredPolicy};
use crate::snapshot_policies::{NONE, PolicyDirectory, PolicyPlace};

/// `/api/storage/snapshot-policies`.
pub(crate) enum SnapshotPolicies {}

impl Resource for SnapshotPolicies {
    type Record = SnapshotPolicyRecord;

    const KIND: ObjectKind<SnapshotPolicyRecord> = ObjectKind {
        schema: &SNAPSHOT_POLICY,
        svm_context: |record| record.svm_context.as_ref(),
        is_synchronous: true,
    };
    const KEY: &'static str = "uuid";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<SnapshotPolicyRecord>,
    ) -> Result<Vec<SnapshotPolicyRecord>, ApiError> {
        directory(context).list(&context.svms(query, "svm")?)
    }
}

impl Create for SnapshotPolicies {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyRecord>,
        body: &Body,
    ) -> Result<SnapshotPolicyRecord, ApiError> {
        let place = if body.has("svm") || context.tunnel()?.is_some() {
            PolicyPlace::Svm(svm_of_body(context, body, "svm")?)
        } else {
            PolicyPlace::Cluster
        };
        let name = body.text("name")?.unwrap_or_default();
        check_name(name)?;
        let directory = directory(context);
        let _lock = directory.lock();
        directory.check_free(place, name)?;
        let copies = body.objects("copies")?.unwrap_or_default();
        if copies.is_empty() {
            let message = "The request names no schedule: copies.schedule.name.";
            return Err(ApiError::new(400, 1_638_408, message).about("copies.schedule"));
        }
        let copies = copies.iter().map(|copies| new_copies(&directory, place, copies));
        let uuid = match place {
            PolicyPlace::Cluster => context.cluster.ids.next(),
            PolicyPlace::Svm(svm) => svm.svm_context.snapshot_policy_uuid(name),
        };
        let policy = StoredPolicy {
            policy: Named { uuid, name: name.to_owned() },
            comment: body.text("comment")?.unwrap_or_default().to_owned(),
            enabled: body.boolean("enabled")?.unwrap_or(true),
            copies: copies.collect::<Result<_, _>>()?,
        };
        directory.add(place, policy.clone())?;
        Ok(directory.record(place, &policy))
    }
}

impl Change for SnapshotPolicies {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyRecord>,
        found: SnapshotPolicyRecord,
        body: &Body,
    ) -> Result<SnapshotPolicyRecord, ApiError> {
        let directory = directory(context);
        let _lock = directory.lock();
        let place = directory.place(found.svm_context.as_deref())?;
        let before = changeable(&directory, place, &found.policy)?;
        let mut after = before.clone();
        if let Some(comment) = body.text("comment")? {
            comment.clone_into(&mut after.comment);
        }
        after.enabled = body.boolean("enabled")?.unwrap_or(after.enabled);
        directory.replace(place, &before, after.clone())?;
        Ok(directory.record(place, &after))
    }
}

impl Delete for SnapshotPolicies {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<SnapshotPolicyRecord>,
        found: &SnapshotPolicyRecord,
    ) -> Result<(), ApiError> {
        let directory = directory(context);
        let _lock = directory.lock();
        let place = directory.place(found.svm_context.as_deref())?;
        let policy = directory.current(place, &found.policy.name)?;
        directory.remove(place, &policy)
    }
}

pub(super) fn directory<'a>(context: &RequestContext<'a>) -> PolicyDirectory<'a> {
    PolicyDirectory::new(context.cluster, context.svm_list)
}

/// The policy at present, to be changed. The policy `none` stays as it is.
pub(super) fn changeable<'a>(
    directory: &PolicyDirectory<'a>,
    place: PolicyPlace<'a>,
    policy: &Named,
) -> Result<StoredPolicy, ApiError> {
    if policy.name == NONE {
        let message = "The snapshot policy \"none\" is predefined and cannot be changed.";
        return Err(ApiError::new(409, 1_638_431, message).about("uuid"));
    }
    directory.current(place, &policy.name)
}

/// A schedule that a request adds to a policy.
pub(super) fn new_copies(
    directory: &PolicyDirectory<'_>,
    place: PolicyPlace<'_>,
    body: &Body,
) -> Result<StoredCopies, ApiError> {
    let Some(given) = Reference::read(body, "schedule")? else {
        let message = "A schedule of the policy lacks its name: schedule.name.";
        return Err(ApiError::new(400, 1_638_408, message).about("copies.schedule"));
    };
    let Some(count) = body.integer("count")? else {
        let message = format!("The schedule {given} lacks the number of snapshots to keep: count.");
        return Err(ApiError::new(400, 1_638_407, message).about("copies.count"));
    };
    let refuse = |code, rule: &str| {
        let message = format!("The schedule {given} {rule}.");
        Err(ApiError::new(400, code, message).about("copies.schedule"))
    };
    let schedules = directory.schedules(place);
    let found = schedules.iter().find(|schedule| match &given.name {
        Some(name) => schedule.name == *name,
        None => Some(schedule.uuid) == given.uuid,
    });
    let Some(schedule) = found else { return refuse(1_638_413, "does not exist") };
    if given.uuid.is_some_and(|uuid| uuid != schedule.uuid) {
        return refuse(1_638_413, "does not have the UUID that the request names");
    }
    let prefix = body.text("prefix")?.filter(|prefix| !prefix.is_empty());
    let prefix = prefix.unwrap_or(&schedule.name).to_owned();
    let Some(mut copies) = StoredCopies::of(schedule, prefix, count) else {
        let rule = "is an interval schedule; a snapshot policy has cron schedules";
        return refuse(1_638_413, rule);
    };
    set_labels(&mut copies, body)?;
    Ok(copies)
}

/// Sets the label and the retention period. An empty text or a hyphen removes them.
pub(super) fn set_labels(copies: &mut StoredCopies, body: &Body) -> Result<(), ApiError> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != "-");
    if let Some(label) = body.text("snapmirror_label")? {
        copies.snapmirror_label = given(label);
    }
    if let Some(period) = body.text("retention_period")? {
        copies.retention_period = given(period);
    }
    Ok(())
}
