//! Export policies.

use std::sync::Arc;

use nessie_ontap_protocol::records::{EXPORT_POLICY, ExportPolicyRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::{DEFAULT_EXPORT_POLICY as DEFAULT, ExportPolicy};
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
        let svms = context.svms(query, "svm")?;
        let of_svm = |svm: &SvmState| {
            let policies = svm.configuration.export_policies.list();
            let records = policies.into_iter().map(|(number, policy)| record(svm, number, &policy));
            records.collect::<Vec<_>>()
        };
        Ok(svms.into_iter().flat_map(of_svm).collect())
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
        let _lock = svm.write_lock();
        check_free(svm, name)?;
        let policy = ExportPolicy { name: name.to_owned() };
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
        let Some(name) = body.text("name")? else { return Ok(found) };
        ExportPolicy::check_name(name)?;
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock();
        let stored = current(svm, found.number)?;
        if name != stored.name {
            check_free(svm, name)?;
        }
        let policy = ExportPolicy { name: name.to_owned() };
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
        let _lock = svm.write_lock();
        let stored = current(svm, found.number)?;
        check_unused(svm, &stored)?;
        svm.configuration.export_policies.remove(found.number);
        Ok(())
    }
}

fn record(svm: &SvmState, number: u64, policy: &ExportPolicy) -> ExportPolicyRecord {
    ExportPolicyRecord {
        svm_context: Arc::clone(&svm.svm_context),
        number,
        name: policy.name.clone(),
    }
}

/// The policy with that number, which another request may have deleted.
fn current(svm: &SvmState, number: u64) -> Result<Arc<ExportPolicy>, ApiError> {
    let found = svm.configuration.export_policies.get(number);
    found.ok_or_else(|| ApiError::no_such_entry().about(ExportPolicies::KEY))
}

/// Refuses to delete the policy `default`, and one that volumes use.
fn check_unused(svm: &SvmState, policy: &ExportPolicy) -> Result<(), ApiError> {
    let name = &policy.name;
    if name == DEFAULT {
        let message = "The export policy \"default\" exists as long as its SVM.";
        return Err(ApiError::new(409, 1_703_947, message).about("name"));
    }
    let volumes = svm.backend.list_volumes()?;
    let used = volumes.iter().find(|volume| volume.export_policy.as_ref() == Some(name));
    used.map_or(Ok(()), |volume| {
        let message = format!("The volume {:?} uses the export policy {name:?}.", volume.name);
        Err(ApiError::new(409, 1_703_945, message).about("name"))
    })
}

/// Refuses a name that another policy of the SVM has.
fn check_free(svm: &SvmState, name: &str) -> Result<(), ApiError> {
    if svm.configuration.export_policies.find(|policy| policy.name == name).is_none() {
        return Ok(());
    }
    let message = format!("The SVM has an export policy with the name {name:?} already.");
    Err(ApiError::new(409, 1, message).about("name"))
}
