//! NFS services.

use std::sync::Arc;

use nessie_ontap_protocol::records::{Attributes, NFS_SERVICE, NfsServiceRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::{OfNfsService, Stored};
use crate::svm::SvmState;

/// `/api/protocols/nfs/services`.
pub(crate) enum NfsServices {}

impl Resource for NfsServices {
    type Record = NfsServiceRecord;

    const KIND: ObjectKind<NfsServiceRecord> = ObjectKind {
        schema: &NFS_SERVICE,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: true,
    };
    const KEY: &'static str = "svm.uuid";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<NfsServiceRecord>,
    ) -> Result<Vec<NfsServiceRecord>, ApiError> {
        let svms = context.svms(query, "svm")?;
        let of_svm = |svm: &SvmState| Some(record(svm, &svm.configuration.nfs_service.get()?));
        Ok(svms.into_iter().filter_map(of_svm).collect())
    }
}

impl Create for NfsServices {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<NfsServiceRecord>,
        body: &Body,
    ) -> Result<NfsServiceRecord, ApiError> {
        let svm = svm_of_body(context, body, "svm")?;
        let service = fields_after(&Attributes::default(), body)?;
        let _lock = svm.write_lock()?;
        let name = &svm.svm_context.svm.name;
        if svm.configuration.nfs_service.get().is_some() {
            let message = format!("The SVM {name:?} has an NFS service already.");
            return Err(ApiError::new(409, 1, message).about("svm"));
        }
        if svm.properties().get("nfs.allowed") == Some(&false.into()) {
            let message = format!("The SVM {name:?} does not allow NFS: set its nfs.allowed.");
            return Err(ApiError::new(400, 2_621_507, message).about("svm"));
        }
        check_running(svm)?;
        svm.configuration.nfs_service.set(Some(service.clone()));
        Ok(record(svm, &service))
    }
}

impl Change for NfsServices {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<NfsServiceRecord>,
        found: NfsServiceRecord,
        body: &Body,
    ) -> Result<NfsServiceRecord, ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let service = fields_after(&current(svm)?.attributes, body)?;
        check_running(svm)?;
        svm.configuration.nfs_service.set(Some(service.clone()));
        Ok(record(svm, &service))
    }
}

impl Delete for NfsServices {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<NfsServiceRecord>,
        found: &NfsServiceRecord,
    ) -> Result<(), ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        current(svm)?;
        svm.configuration.nfs_service.set(None);
        Ok(())
    }
}

fn record(svm: &SvmState, service: &Stored<OfNfsService>) -> NfsServiceRecord {
    NfsServiceRecord {
        svm_context: Arc::clone(&svm.svm_context),
        attributes: Arc::clone(&service.attributes),
        is_running: svm.is_running(),
    }
}

/// The service of an SVM, which another request may have deleted.
fn current(svm: &SvmState) -> Result<Stored<OfNfsService>, ApiError> {
    let found = svm.configuration.nfs_service.get();
    found.ok_or_else(|| ApiError::no_such_entry().about(NfsServices::KEY))
}

fn check_running(svm: &SvmState) -> Result<(), ApiError> {
    if svm.is_running() {
        return Ok(());
    }
    let message = format!("The SVM {:?} is not running.", svm.svm_context.svm.name);
    Err(ApiError::new(400, 3_276_916, message).about("svm"))
}

/// The fields of a service after a request.
fn fields_after(before: &Attributes, body: &Body) -> Result<Stored<OfNfsService>, ApiError> {
    let mut attributes = before.clone();
    attributes.set_from(&NFS_SERVICE, body, |path| !path.starts_with("svm."))?;
    check(&attributes)?;
    Ok(attributes.into())
}

/// Refuses numbers that ONTAP does not accept.
pub(crate) fn check(attributes: &Attributes) -> Result<(), ApiError> {
    for (path, code, minimum, maximum) in RANGES {
        let Some(number) = attributes.integer(path) else { continue };
        if !(*minimum..=*maximum).contains(&number) {
            let rule = format!("is outside {minimum} to {maximum}");
            let mut error = ApiError::invalid_value(path, &number.to_string(), rule);
            error.code = *code;
            return Err(error);
        }
    }
    let path = "transport.tcp_max_transfer_size";
    if let Some(size) = attributes.integer(path).filter(|size| size % 4096 > 0) {
        let mut error =
            ApiError::invalid_value(path, &size.to_string(), "is not a multiple of 4096");
        error.code = 3_277_140;
        return Err(error);
    }
    Ok(())
}

/// The numbers that ONTAP accepts: the field, the code of a refusal, the least and the greatest number.
const RANGES: &[(&str, u32, u64, u64)] = &[
    ("extended_groups_limit", 262_197, 32, 1_024),
    ("file_session_io_grouping_count", 262_197, 1_000, 120_000),
    ("file_session_io_grouping_duration", 262_197, 60, 3_600),
    ("protocol.v40_features.acl_max_aces", 262_197, 192, 1_024),
    ("transport.tcp_max_transfer_size", 3_277_139, 8_192, 1 << 20),
];
