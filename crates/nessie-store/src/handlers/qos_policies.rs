//! `QoS` policies.

use std::collections::HashMap;
use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::{Named, QOS_POLICY, QosLimits, QosPolicyRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::StoredQosPolicy;
use crate::configuration::qos_policy::{changed_limits, check_name, new_limits};
use crate::svm::SvmState;

const PRESET: &str = "preset";
const USER_DEFINED: &str = "user_defined";
const OF_VOLUME: &str = "autovolume";

/// `/api/storage/qos/policies`.
pub(crate) enum QosPolicies {}

impl Resource for QosPolicies {
    type Record = QosPolicyRecord;

    const KIND: ObjectKind<QosPolicyRecord> = ObjectKind {
        schema: &QOS_POLICY,
        svm_context: |record| record.svm_context.as_ref(),
        is_synchronous: false,
    };
    const KEY: &'static str = "uuid";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<QosPolicyRecord>,
    ) -> Result<Vec<QosPolicyRecord>, ApiError> {
        let svms = context.svms(query, "svm")?;
        let mut counts: HashMap<Uuid, u64> = HashMap::new();
        let mut of_svms = Vec::new();
        for svm in svms {
            let stored = svm.configuration.qos_policies.list();
            of_svms
                .extend(stored.iter().map(|(_, stored)| record(Some(svm), USER_DEFINED, stored)));
            for user in svm.qos_users()? {
                if user.has_own_policy(svm) {
                    let limits = QosLimits::Fixed(user.limits);
                    let policy = StoredQosPolicy { policy: user.policy.clone(), limits };
                    of_svms.push(record(Some(svm), OF_VOLUME, &policy));
                }
                *counts.entry(user.policy.uuid).or_default() += 1;
            }
            for uuid in svm.qos_policies_of_qtrees()? {
                *counts.entry(uuid).or_default() += 1;
            }
        }
        let presets = context.cluster.configuration.qos_policies.list();
        let presets = presets.iter().map(|(_, stored)| record(None, PRESET, stored));
        let mut records: Vec<_> = presets.chain(of_svms).collect();
        for record in &mut records {
            record.object_count = counts.get(&record.policy.uuid).copied().unwrap_or_default();
        }
        Ok(records)
    }
}

impl Create for QosPolicies {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<QosPolicyRecord>,
        body: &Body,
    ) -> Result<QosPolicyRecord, ApiError> {
        let svm = svm_of_body(context, body, "svm")?;
        let name = body.text("name")?.unwrap_or_default();
        check_name(name)?;
        let limits = new_limits(body)?;
        let _lock = svm.write_lock()?;
        check_free(svm, name, &limits)?;
        let policy = Named { uuid: context.cluster.ids.next(), name: name.to_owned() };
        let stored = StoredQosPolicy { policy, limits };
        svm.configuration.qos_policies.add(stored.clone());
        Ok(record(Some(svm), USER_DEFINED, &stored))
    }
}

impl Change for QosPolicies {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<QosPolicyRecord>,
        found: QosPolicyRecord,
        body: &Body,
    ) -> Result<QosPolicyRecord, ApiError> {
        let svm = svm_of(context, &found)?;
        if found.class == OF_VOLUME {
            let message =
                "The QoS policy has the limits of one volume. Change qos.policy of the volume.";
            return Err(ApiError::new(400, 8_454_286, message).about("uuid"));
        }
        let _lock = svm.write_lock()?;
        let (number, before) = current(svm, &found)?;
        let mut after = StoredQosPolicy::clone(&before);
        after.limits = changed_limits(&before.limits, body)?;
        if let Some(name) = body.text("name")?.filter(|name| *name != before.policy.name) {
            check_name(name)?;
            check_free(svm, name, &before.limits)?;
            name.clone_into(&mut after.policy.name);
        }
        svm.configuration.qos_policies.set(number, after.clone());
        svm.change_qos_policy(after.policy.uuid, Some(&after));
        Ok(QosPolicyRecord {
            object_count: found.object_count,
            ..record(Some(svm), USER_DEFINED, &after)
        })
    }
}

impl Delete for QosPolicies {
    /// Deletes a policy. The volumes that use it have none afterwards.
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<QosPolicyRecord>,
        found: &QosPolicyRecord,
    ) -> Result<(), ApiError> {
        let svm = svm_of(context, found)?;
        let _lock = svm.write_lock()?;
        if found.class != OF_VOLUME {
            let (number, _) = current(svm, found)?;
            svm.configuration.qos_policies.remove(number);
        }
        svm.change_qos_policy(found.policy.uuid, None);
        Ok(())
    }
}

/// The SVM of a policy. An error if the policy is predefined.
fn svm_of<'a>(
    context: &RequestContext<'a>,
    found: &QosPolicyRecord,
) -> Result<&'a SvmState, ApiError> {
    let Some(svm_context) = &found.svm_context else {
        let name = &found.policy.name;
        let message =
            format!("The QoS policy {name:?} is predefined; it cannot be changed or deleted.");
        return Err(ApiError::new(409, 8_454_286, message).about("uuid"));
    };
    context.svm_of(svm_context)
}

/// The policy at present, which another request may have deleted.
fn current(
    svm: &SvmState,
    found: &QosPolicyRecord,
) -> Result<(u64, Arc<StoredQosPolicy>), ApiError> {
    let uuid = found.policy.uuid;
    let current = svm.configuration.qos_policies.find(|stored| stored.policy.uuid == uuid);
    current.ok_or_else(ApiError::no_such_entry)
}

/// Refuses a name that another policy of the SVM or of the cluster has.
fn check_free(svm: &SvmState, name: &str, limits: &QosLimits) -> Result<(), ApiError> {
    let tables = [&svm.configuration.qos_policies, &svm.cluster_configuration.qos_policies];
    let mut found =
        tables.into_iter().filter_map(|table| table.find(|stored| stored.policy.name == name));
    let Some((_, other)) = found.next() else { return Ok(()) };
    let (code, kind) = match (limits, &other.limits) {
        (QosLimits::Fixed(_), QosLimits::Fixed(_)) => (8_454_379, "fixed"),
        (QosLimits::Adaptive(_), QosLimits::Adaptive(_)) => (8_454_380, "adaptive"),
        (QosLimits::Adaptive(_), QosLimits::Fixed(_)) => (8_454_277, "fixed"),
        (QosLimits::Fixed(_), QosLimits::Adaptive(_)) => (8_454_278, "adaptive"),
    };
    let message =
        format!("There is a QoS policy with {kind} limits and the name {name:?} already.");
    Err(ApiError::new(409, code, message).about("name"))
}

fn record(
    svm: Option<&SvmState>,
    class: &'static str,
    stored: &StoredQosPolicy,
) -> QosPolicyRecord {
    QosPolicyRecord {
        policy: stored.policy.clone(),
        svm_context: svm.map(|svm| Arc::clone(&svm.svm_context)),
        class,
        object_count: 0,
        limits: stored.limits.clone(),
    }
}
