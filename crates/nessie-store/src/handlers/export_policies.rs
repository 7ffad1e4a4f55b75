//! Export policies.

use std::fmt;
use std::sync::Arc;

use nessie_backend_core::{Volume, VolumePatch};
use nessie_ontap_protocol::records::{EXPORT_POLICY, ExportPolicyRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::export_rules;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::{DEFAULT_EXPORT_POLICY_NUMBER as DEFAULT, ExportPolicy};
use crate::svm::SvmState;

/// `/api/protocols/nfs/export-policies`.
pub(crate) enum ExportPolicies {}

impl Resource for ExportPolicies {
    type Record = ExportPolicyRecord;

    const KIND: ObjectKind<ExportPolicyRecord> = ObjectKind {
        schema: &EXPORT_POLICY,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: true,
    };
    const KEY: &'static str = "id";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<ExportPolicyRecord>,
    ) -> Result<Vec<ExportPolicyRecord>, ApiError> {
        let mut records = Vec::new();
        for svm in context.svms(query, "svm")? {
            let policies = &svm.configuration.export_policies;
            let found = match query.filter.exact("name") {
                Some(name) => policies.named(name).into_iter().collect(),
                None => policies.list(),
            };
            records.extend(found.iter().map(|(number, policy)| record(svm, *number, policy)));
        }
        Ok(records)
    }

    fn find(
        context: &RequestContext<'_>,
        query: &Query<ExportPolicyRecord>,
    ) -> Result<Option<ExportPolicyRecord>, ApiError> {
        Ok(policy_of_path(context, query)?.map(|found| found.record()))
    }
}

impl Create for ExportPolicies {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<ExportPolicyRecord>,
        body: &Body,
    ) -> Result<ExportPolicyRecord, ApiError> {
        let svm = svm_of_body(context, body, "svm")?;
        let name = body.text("name")?.unwrap_or_default();
        ExportPolicy::check_name(name)?;
        let rules = export_rules::all(body)?.unwrap_or_default();
        let _lock = svm.write_lock()?;
        check_free(svm, name)?;
        let policy = ExportPolicy { name: name.to_owned(), rules };
        let number = svm.configuration.export_policies.add(policy.clone());
        Ok(record(svm, number, &policy))
    }
}

impl Change for ExportPolicies {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<ExportPolicyRecord>,
        found: ExportPolicyRecord,
        body: &Body,
    ) -> Result<ExportPolicyRecord, ApiError> {
        let name = body.text("name")?;
        name.map_or(Ok(()), ExportPolicy::check_name)?;
        let rules = export_rules::all(body)?;
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let mut policy = (*current(svm, found.number)?).clone();
        if let Some(name) = name.filter(|name| *name != policy.name) {
            rename(svm, found.number, &policy.name, name)?;
            name.clone_into(&mut policy.name);
        }
        policy.rules = rules.unwrap_or(policy.rules);
        svm.configuration.export_policies.set(found.number, policy.clone());
        Ok(record(svm, found.number, &policy))
    }
}

impl Delete for ExportPolicies {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<ExportPolicyRecord>,
        found: &ExportPolicyRecord,
    ) -> Result<(), ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let stored = current(svm, found.number)?;
        check_unused(svm, found.number, &stored)?;
        svm.configuration.export_policies.remove(found.number);
        Ok(())
    }
}

/// A stored policy.
pub(super) struct Stored<'a> {
    pub(super) svm: &'a SvmState,
    pub(super) number: u64,
    pub(super) policy: Arc<ExportPolicy>,
}

impl Stored<'_> {
    fn record(&self) -> ExportPolicyRecord {
        record(self.svm, self.number, &self.policy)
    }
}

/// The policy that the first variable of the path names.
pub(super) fn policy_of_path<'a, R>(
    context: &RequestContext<'a>,
    query: &Query<R>,
) -> Result<Option<Stored<'a>>, ApiError> {
    let Ok(id) = context.path_variable(0).parse::<u64>() else { return Ok(None) };
    let svms = context.svms(query, "svm")?;
    let number = id & u64::from(u32::MAX);
    let svm = svms.into_iter().find(|svm| svm.svm_context.export_policy_id(number) == id);
    Ok(svm.and_then(|svm| {
        let policy = svm.configuration.export_policies.get(number)?;
        Some(Stored { svm, number, policy })
    }))
}

pub(super) fn record(svm: &SvmState, number: u64, policy: &ExportPolicy) -> ExportPolicyRecord {
    ExportPolicyRecord {
        svm_context: Arc::clone(&svm.svm_context),
        number,
        name: policy.name.clone(),
        rules: policy.rules.list(),
    }
}

/// The policy with that number, which another request may have deleted.
pub(super) fn current(svm: &SvmState, number: u64) -> Result<Arc<ExportPolicy>, ApiError> {
    let found = svm.configuration.export_policies.get(number);
    found.ok_or_else(|| ApiError::no_such_entry().about(ExportPolicies::KEY))
}

/// Checks the new name of a policy, and gives it to the volumes that use the policy.
fn rename(svm: &SvmState, number: u64, from: &str, to: &str) -> Result<(), ApiError> {
    if number == DEFAULT {
        let message = "The export policy \"default\" cannot be renamed.";
        return Err(ApiError::new(400, 1_703_950, message).about("name"));
    }
    check_free(svm, to)?;
    let volumes = volumes_with(svm, from)?;
    let set = |volume: &Volume, name: &str| {
        svm.backend.patch_volume(volume.uuid, VolumePatch::new().export_policy(name)).map(drop)
    };
    for (renamed, volume) in volumes.iter().enumerate() {
        if let Err(error) = set(volume, to) {
            for volume in volumes.iter().take(renamed) {
                let _ = set(volume, from);
            }
            return Err(error.into());
        }
    }
    Ok(())
}

fn volumes_with(svm: &SvmState, policy: &str) -> Result<Vec<Volume>, ApiError> {
    let mut volumes = svm.backend.list_volumes()?;
    volumes.retain(|volume| volume.export_policy.as_deref() == Some(policy));
    Ok(volumes)
}

/// Refuses to delete the policy `default`, and one that volumes or qtrees use.
fn check_unused(svm: &SvmState, number: u64, policy: &ExportPolicy) -> Result<(), ApiError> {
    if number == DEFAULT {
        let message = "The export policy \"default\" exists as long as its SVM.";
        return Err(ApiError::new(409, 1_703_947, message).about("name"));
    }
    let name = &policy.name;
    let refuse = |code, kind: &str, user: &str| {
        let message = format!("The {kind} {user:?} uses the export policy {name:?}.");
        Err(ApiError::new(409, code, message).about("name"))
    };
    if let Some(volume) = volumes_with(svm, name)?.first() {
        return refuse(1_703_945, "volume", &volume.name);
    }
    for (volume, qtree) in svm.side_data().qtrees.with_export_policy(number) {
        // A volume that was deleted on the backend has no qtrees.
        if svm.volume(volume)?.is_some() {
            return refuse(1_703_953, "qtree", &qtree);
        }
    }
    Ok(())
}

/// Refuses a name that another policy of the SVM has.
fn check_free(svm: &SvmState, name: &str) -> Result<(), ApiError> {
    if svm.configuration.export_policies.number(name).is_none() {
        return Ok(());
    }
    let message = format!("The SVM has an export policy with the name {name:?} already.");
    Err(ApiError::new(409, 1, message).about("name"))
}

/// A reference to an export policy by name, by id or by both. `Display` is for error messages.
#[derive(Clone, Debug)]
pub(crate) struct ExportPolicyReference {
    name: Option<String>,
    id: Option<u64>,
}

impl ExportPolicyReference {
    /// The reference at `path`; `None` if the body has none.
    pub(crate) fn read(body: &Body, path: &str) -> Result<Option<Self>, ApiError> {
        let name = body.text(&format!("{path}.name"))?.map(str::to_owned);
        let id = body.integer(&format!("{path}.id"))?;
        Ok((name.is_some() || id.is_some()).then_some(Self { name, id }))
    }

    /// The number of the policy that a qtree of an SVM refers to.
    pub(crate) fn of_qtree(&self, svm: &SvmState) -> Result<u64, ApiError> {
        let code = match (&self.name, self.id) {
            (Some(_), Some(_)) => 5_242_951,
            (None, _) => 5_242_952,
            (Some(_), None) => 1_703_954,
        };
        let refuse = || {
            let message = format!("The export policy {self} does not exist in the qtree's SVM.");
            ApiError::new(400, code, message).about("export_policy")
        };
        self.find(svm).map(|(number, _)| number).ok_or_else(refuse)
    }

    /// The policy in an SVM. `None` if there is no such policy, or if the name and the id are those of
    /// different ones.
    pub(crate) fn find(&self, svm: &SvmState) -> Option<(u64, Arc<ExportPolicy>)> {
        let policies = &svm.configuration.export_policies;
        let number = match (&self.name, self.id) {
            (Some(name), _) => policies.number(name)?,
            (None, id) => id? & u64::from(u32::MAX),
        };
        let is_other = self.id.is_some_and(|id| id != svm.svm_context.export_policy_id(number));
        if is_other { None } else { Some((number, policies.get(number)?)) }
    }
}

impl fmt::Display for ExportPolicyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.id) {
            (Some(name), id) => {
                let shown: String = name.chars().take(64).collect();
                write!(f, "{shown:?}")?;
                id.map_or(Ok(()), |id| write!(f, " with the id {id}"))
            }
            (None, Some(id)) => id.fmt(f),
            (None, None) => f.write_str("without a name"),
        }
    }
}
