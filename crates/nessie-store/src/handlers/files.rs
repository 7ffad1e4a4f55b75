//! Files. No data is stored, so no volume has any: lists are empty, and each named file is missing.

use nessie_backend_core::Volume;
use nessie_ontap_protocol::records::{FILE, FILE_CLONE, FILE_COPY, FILE_MOVE, NoRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::{HandlerResult, RequestContext};
use super::lookup::{find_volume, svm_of_body, volume_of, volume_of_body};
use super::outcome::ObjectKind;
use super::reference::Reference;
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
        let source = body.text("source_path")?.unwrap_or_default();
        Err(no_file(&found?, source, 917_864, "source_path"))
    }
}

/// The refusal of an operation on a file of a volume.
fn no_file(volume: &Volume, path: &str, code: u32, about: &'static str) -> ApiError {
    let path: String = path.chars().take(64).collect();
    let message =
        format!("The volume {:?} has no file {path:?}: volumes have no files here.", volume.name);
    ApiError::new(400, code, message).about(about)
}

/// `/api/storage/file/copy`.
pub(crate) enum FileCopies {}

impl Resource for FileCopies {
    type Record = NoRecord;

    const KIND: ObjectKind<NoRecord> = ObjectKind {
        schema: &FILE_COPY,
        svm_context: |record| match *record {},
        is_synchronous: false,
    };
    const KEY: &'static str = "files_to_copy";

    fn list(_: &RequestContext<'_>, _: &Query<NoRecord>) -> Result<Vec<NoRecord>, ApiError> {
        Ok(Vec::new())
    }
}

impl Create for FileCopies {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<NoRecord>,
        body: &Body,
    ) -> Result<NoRecord, ApiError> {
        let files = body.objects("files_to_copy")?.unwrap_or_default();
        for file in &files {
            check_path(file, "destination.", DESTINATION, "files_to_copy")?;
        }
        refuse_sources(context, &files, "source.", "files_to_copy")
    }
}

/// `/api/storage/file/moves`.
pub(crate) enum FileMoves {}

impl Resource for FileMoves {
    type Record = NoRecord;

    const KIND: ObjectKind<NoRecord> = ObjectKind {
        schema: &FILE_MOVE,
        svm_context: |record| match *record {},
        is_synchronous: false,
    };
    const KEY: &'static str = "uuid";

    fn list(context: &RequestContext<'_>, _: &Query<NoRecord>) -> Result<Vec<NoRecord>, ApiError> {
        context.tunnel()?;
        Ok(Vec::new())
    }
}

impl Create for FileMoves {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<NoRecord>,
        body: &Body,
    ) -> Result<NoRecord, ApiError> {
        let sources = body.objects("files_to_move.sources")?.unwrap_or_default();
        let destinations = body.objects("files_to_move.destinations")?.unwrap_or_default();
        // Several files can be moved to one directory.
        if destinations.len() != 1 && destinations.len() != sources.len() {
            let message = format!(
                "The request has {} sources and {} destinations: it needs one destination or as many \
                 as sources.",
                sources.len(),
                destinations.len()
            );
            return Err(ApiError::new(400, 7_012_354, message).about("files_to_move.destinations"));
        }
        refuse_sources(context, &sources, "", "files_to_move.sources")
    }
}

/// The codes for a source and for a destination without a valid path.
const SOURCE: u32 = 7_012_358;
const DESTINATION: u32 = 7_012_359;

/// The path of a file at `prefix` in an element of the array `about`.
fn check_path<'b>(
    file: &'b Body,
    prefix: &str,
    code: u32,
    about: &'static str,
) -> Result<&'b str, ApiError> {
    file.text(&format!("{prefix}path"))?.filter(|path| !path.is_empty()).ok_or_else(|| {
        let message = format!("A file lacks its path: {prefix}path.");
        ApiError::new(400, code, message).about(about)
    })
}

/// Refuses a copy or a move of files, which do not exist. `prefix` is that of the source in the elements of
/// the array `about`.
fn refuse_sources(
    context: &RequestContext<'_>,
    files: &[Body],
    prefix: &str,
    about: &'static str,
) -> Result<NoRecord, ApiError> {
    let Some(file) = files.first() else {
        let message = format!("The request names no file: {about} is empty.");
        return Err(ApiError::new(400, SOURCE, message).about(about));
    };
    let path = check_path(file, prefix, SOURCE, about)?;
    let svm = svm_of_body(context, file, &format!("{prefix}svm"))?;
    let given = Reference::read(file, &format!("{prefix}volume"))?;
    let volume = volume_of(svm, given.as_ref(), about)?;
    Err(no_file(&volume, path, SOURCE, about))
}
