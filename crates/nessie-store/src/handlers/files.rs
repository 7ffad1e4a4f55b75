//! Files. No data is stored, so no volume has any: lists are empty, and each named file is missing.

use nessie_ontap_protocol::records::{FILE, FILE_CLONE, NoRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::{HandlerResult, RequestContext};
use super::lookup::{find_volume, volume_of_body};
use super::outcome::ObjectKind;
use super::resource::{Create, Resource};

/// The flags of the operations.
const FLAGS: [&str; 4] = ["overwrite", "recurse", "return_metadata", "throttle_deletion"];

/// The numbers that select a part of a file.
const NUMBERS: [&str; 2] = ["byte_offset", "length"];

/// Lists the files of the root directory: none.
pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, true)?;
    Ok(context.collection(&query, Vec::new()))
}

/// The refusal of any operation on a named file.
pub(crate) fn missing(context: &RequestContext<'_>) -> HandlerResult {
    query(context, false)?;
    let path: String = context.path_variable(1).chars().take(64).collect();
    let message = format!("The file {path:?} does not exist: volumes have no files here.");
    Err(ApiError::new(404, 6_684_674, message).about("path"))
}

/// Reads the parameters of a request for files of a volume that exists.
fn query(context: &RequestContext<'_>, is_collection: bool) -> Result<Query<NoRecord>, ApiError> {
    let own = [&FLAGS[..], &NUMBERS[..]].concat();
    let query = context.query(&FILE, is_collection, &own)?;
    FLAGS.iter().try_for_each(|flag| query.parameter_flag(flag).map(drop))?;
    for name in NUMBERS {
        if let Some(text) = query.parameter(name) {
            let refuse = |_| ApiError::invalid_value(name, text, "is not a whole number");
            text.parse::<u64>().map_err(refuse)?;
        }
    }
    let found = context.path_uuid(0).and_then(|uuid| find_volume(context, &query, uuid));
    found.map_err(|error| match error.code {
        4 => ApiError::new(404, 918_235, "The volume does not exist.").about("volume.uuid"),
        _ => error,
    })?;
    Ok(query)
}

/// `/api/storage/file/clone`.
pub(crate) enum FileClones {}

impl Resource for FileClones {
    type Record = NoRecord;

    const KIND: ObjectKind<NoRecord> = ObjectKind {
        schema: &FILE_CLONE,
        svm_context: |record| match *record {},
        is_synchronous: false,
    };
    const KEY: &'static str = "destination_path";

    fn list(_: &RequestContext<'_>, _: &Query<NoRecord>) -> Result<Vec<NoRecord>, ApiError> {
        Ok(Vec::new())
    }
}

impl Create for FileClones {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<NoRecord>,
        body: &Body,
    ) -> Result<NoRecord, ApiError> {
        for path in ["source_path", "destination_path"] {
            let Some(given) = body.text(path)?.filter(|given| !given.is_empty()) else {
                let message = format!("The request names no {path}.");
                return Err(ApiError::new(400, 262_212, message).about(path));
            };
            if given.starts_with('/') {
                let message =
                    "The paths of files are relative to the volume: no slash begins them.";
                return Err(ApiError::new(400, 917_812, message).about(path));
            }
        }
        // A volume's UUID is unique; its name is looked up in each SVM of the request.
        let svms = match context.tunnel()? {
            Some(svm) => vec![svm],
            None => context.svm_list.iter().map(AsRef::as_ref).collect(),
        };
        let mut found = Err(ApiError::no_such_entry());
        for svm in svms {
            found = volume_of_body(svm, body);
            if found.is_ok() {
                break;
            }
        }
        let volume = found?;
        let source: String =
            body.text("source_path")?.unwrap_or_default().chars().take(64).collect();
        let message = format!(
            "The volume {:?} has no file {source:?}: volumes have no files here.",
            volume.name
        );
        Err(ApiError::new(400, 917_864, message).about("source_path"))
    }
}
