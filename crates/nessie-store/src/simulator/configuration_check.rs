//! What `PUT /simulator/configuration` accepts: objects that requests could have created.

use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::hash::Hash;

use nessie_backend_core::{VolumeId, rules};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::Named;

use crate::configuration::schedule::{self, check_timing};
use crate::configuration::snapshot_policy::{self, builtin_names};
use crate::configuration::{
    ClusterConfiguration, DEFAULT_EXPORT_POLICY, DEFAULT_EXPORT_POLICY_NUMBER, ExportPolicy,
    JobSchedule, StoredPolicy, StoredQosPolicy, SvmConfiguration, Table, qos_policy,
};
use crate::handlers::{dns, export_rules, nfs_services, qtrees, quota_rules, svms};
use crate::side_data::{MAX_QTREE_ID, QuotaRuleTarget, StoredSideData};

/// The largest number in the order of creation: an index has 32 bits for it.
const MAX_POSITION: u64 = u32::MAX as u64;

/// The refusal of a document.
pub(super) fn refusal(message: &str) -> ApiError {
    ApiError::new(400, 262_199, message).about("body")
}

/// The refusal of what is at a place of the document.
fn refusal_at(place: &str, rule: impl Display) -> ApiError {
    refusal(&format!("The document is invalid at {place}: {rule}"))
}

/// Names the place of an object that breaks a rule.
fn at(place: impl Display) -> impl FnOnce(ApiError) -> ApiError {
    move |error| refusal_at(&place.to_string(), error.message)
}

/// Refuses a configuration of the cluster that requests cannot create.
pub(super) fn check_cluster(configuration: &ClusterConfiguration) -> Result<(), ApiError> {
    let place = "cluster";
    check_schedules(place, &configuration.schedules)?;
    check_qos_policies(place, &configuration.qos_policies, None)?;
    check_snapshot_policies(place, &configuration.snapshot_policies, None)?;
    let policies = &configuration.snapshot_policies;
    for name in builtin_names() {
        if policies.find(|stored| stored.policy.name == name).is_none() {
            let rule = format!("the policy {name:?} is missing, which every array has.");
            return Err(refusal_at("cluster.snapshot_policies", rule));
        }
    }
    Ok(())
}

/// Refuses a configuration of an SVM that requests cannot create. `cluster` is that of the same document.
pub(super) fn check_svm(
    svm: &str,
    configuration: &SvmConfiguration,
    cluster: &ClusterConfiguration,
) -> Result<(), ApiError> {
    let place = format!("svms[{svm:?}].configuration");
    let SvmConfiguration {
        properties,
        nfs_service,
        dns,
        export_policies,
        qos_policies,
        schedules,
        snapshot_policies,
    } = configuration;
    svms::check(&properties.get().attributes).map_err(at(format!("{place}.properties")))?;
    if let Some(service) = nfs_service.get() {
        nfs_services::check(&service.attributes).map_err(at(format!("{place}.nfs_service")))?;
    }
    if let Some(configuration) = dns.get() {
        dns::check(&configuration.attributes).map_err(at(format!("{place}.dns")))?;
    }
    let table = format!("{place}.export_policies");
    let policies = export_policies.list();
    check_unique(&table, "name", policies.iter().map(|(_, policy)| &policy.name))?;
    for (number, policy) in &policies {
        check_export_policy(policy).map_err(at(format!("{table}.objects[{number}]")))?;
    }
    if export_policies.number(DEFAULT_EXPORT_POLICY) != Some(DEFAULT_EXPORT_POLICY_NUMBER) {
        let rule = format!(
            "the policy {DEFAULT_EXPORT_POLICY:?} does not have the number \
             {DEFAULT_EXPORT_POLICY_NUMBER}, which it has in every SVM."
        );
        return Err(refusal_at(&table, rule));
    }
    check_schedules(&place, schedules)?;
    check_qos_policies(&place, qos_policies, Some(&cluster.qos_policies))?;
    check_snapshot_policies(&place, snapshot_policies, Some(&cluster.snapshot_policies))
}

/// Refuses side data that requests cannot create. Those about volumes that are not `present` are not
/// looked at: they are left out.
pub(super) fn check_side_data(
    svm: &str,
    side_data: &StoredSideData,
    present: &HashSet<VolumeId>,
) -> Result<(), ApiError> {
    let place = format!("svms[{svm:?}].side_data");
    for (volume, of) in side_data.qtrees.iter().filter(|(volume, _)| present.contains(volume)) {
        let table = format!("{place}.qtrees[{volume}]");
        let ids = of.qtrees.keys().copied();
        if let Some(id) = ids.chain([of.last.max(1)]).find(|id| !(1..=MAX_QTREE_ID).contains(id)) {
            let rule = format!("the id {id} of a qtree is not one of 1 to {MAX_QTREE_ID}.");
            return Err(refusal_at(&table, rule));
        }
        check_unique(&table, "name", of.qtrees.values().map(|qtree| &qtree.name))?;
        for (id, qtree) in &of.qtrees {
            let checked = qtrees::check_name(&qtree.name, 5_242_886);
            checked.map_err(at(format!("{table}.qtrees[{id}]")))?;
        }
    }
    let of_present = || side_data.quota_rules.iter().filter(|(of, _)| present.contains(of));
    let table = format!("{place}.quota_rules");
    check_unique(
        &table,
        "UUID",
        of_present().flat_map(|(_, of)| of.values().map(|rule| rule.uuid)),
    )?;
    for (volume, of) in of_present() {
        for (position, rule) in of {
            let place = format!("{table}[{volume}][{position}]");
            if *position > MAX_POSITION {
                let rule = format!("the position {position} is above {MAX_POSITION}.");
                return Err(refusal_at(&place, rule));
            }
            let qtrees = side_data.qtrees.get(volume);
            let has = |id| qtrees.is_some_and(|of| of.qtrees.contains_key(&id));
            if let Some(id) = rule.target.qtree().filter(|id| !has(*id)) {
                let rule =
                    format!("the volume has no qtree with the id {id}, the target of the rule.");
                return Err(refusal_at(&place, rule));
            }
            if matches!(&rule.target, QuotaRuleTarget::User(_, users) if users.is_empty()) {
                return Err(refusal_at(&place, "a quota rule of users has no user."));
            }
            quota_rules::check_limits(&rule.limits).map_err(at(place))?;
        }
    }
    Ok(())
}

fn check_export_policy(policy: &ExportPolicy) -> Result<(), ApiError> {
    ExportPolicy::check_name(&policy.name)?;
    policy.rules.check_indexes()?;
    policy.rules.list().iter().try_for_each(|(_, rule)| export_rules::check(rule))
}

fn check_schedules(place: &str, schedules: &Table<JobSchedule>) -> Result<(), ApiError> {
    let table = format!("{place}.schedules");
    let schedules = schedules.list();
    check_unique(&table, "name", schedules.iter().map(|(_, schedule)| &schedule.name))?;
    check_unique(&table, "UUID", schedules.iter().map(|(_, schedule)| schedule.uuid))?;
    for (number, schedule) in &schedules {
        let checked = schedule::check_name(&schedule.name);
        let checked = checked.and_then(|()| check_timing(&schedule.timing));
        checked.map_err(at(format!("{table}.objects[{number}]")))?;
    }
    Ok(())
}

/// `of_cluster` has the policies whose names an SVM cannot use.
fn check_qos_policies(
    place: &str,
    policies: &Table<StoredQosPolicy>,
    of_cluster: Option<&Table<StoredQosPolicy>>,
) -> Result<(), ApiError> {
    let table = format!("{place}.qos_policies");
    let policies = policies.list();
    let taken = of_cluster.map(Table::list).unwrap_or_default();
    let all = || policies.iter().chain(&taken).map(|(_, stored)| &stored.policy);
    check_named(&table, all())?;
    for (number, stored) in &policies {
        let checked = qos_policy::check_name(&stored.policy.name);
        let checked = checked.and_then(|()| qos_policy::check_limits(&stored.limits));
        checked.map_err(at(format!("{table}.objects[{number}]")))?;
    }
    Ok(())
}

/// `of_cluster` has the policies whose names an SVM cannot use.
fn check_snapshot_policies(
    place: &str,
    policies: &Table<StoredPolicy>,
    of_cluster: Option<&Table<StoredPolicy>>,
) -> Result<(), ApiError> {
    let table = format!("{place}.snapshot_policies");
    let policies = policies.list();
    let taken = of_cluster.map(Table::list).unwrap_or_default();
    let all = || policies.iter().chain(&taken).map(|(_, stored)| &stored.policy);
    check_named(&table, all())?;
    for (number, stored) in &policies {
        check_snapshot_policy(stored).map_err(at(format!("{table}.objects[{number}]")))?;
    }
    Ok(())
}

fn check_snapshot_policy(stored: &StoredPolicy) -> Result<(), ApiError> {
    snapshot_policy::check_name(&stored.policy.name)?;
    stored.check()?;
    let policy = stored.to_backend()?;
    // Backends have no policy without rules.
    if stored.is_of_backends() { Ok(rules::snapshot_policy(&policy)?) } else { Ok(()) }
}

fn check_named<'n>(
    place: &str,
    objects: impl Iterator<Item = &'n Named> + Clone,
) -> Result<(), ApiError> {
    check_unique(place, "name", objects.clone().map(|named| &named.name))?;
    check_unique(place, "UUID", objects.map(|named| named.uuid))
}

fn check_unique<T: Eq + Hash + Debug>(
    place: &str,
    what: &str,
    values: impl Iterator<Item = T>,
) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for value in values {
        if seen.contains(&value) {
            let rule = format!("two objects have the {what} {value:?}.");
            return Err(refusal_at(place, rule));
        }
        seen.insert(value);
    }
    Ok(())
}
