//! The checks of `nessie_backend_core::rules` and the parsers of arguments, as Python functions.
//!
//! The module `nessie_backend_mem.rules` documents them. They read arguments with the same
//! functions as the methods of `MemBackend`, so both refuse the same values with the same texts.

use nessie_backend_core::{BackendError, VolumeId, VolumeSpec, VolumeState, rules};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::args::scalars::{self, PatchArgs};
use crate::errors::{Error, Result};
use crate::results::records;

/// The refusal of a value under the name that the caller's parameter has.
fn named(refused: BackendError, argument: &str) -> Error {
    refused.for_argument(argument.to_owned()).into()
}

#[pyfunction]
#[pyo3(name = "_check_volume_name")]
pub(crate) fn check_volume_name(name: &Bound<'_, PyAny>, argument: &str) -> Result<()> {
    let name = scalars::name(scalars::string(argument, name)?);
    rules::volume_name(&name).map_err(|error| named(error, argument))
}

#[pyfunction]
#[pyo3(name = "_check_snapshot_name")]
pub(crate) fn check_snapshot_name(name: &Bound<'_, PyAny>, argument: &str) -> Result<()> {
    let name = scalars::name(scalars::string(argument, name)?);
    rules::snapshot_name(&name).map_err(|error| named(error, argument))
}

#[pyfunction]
#[pyo3(name = "_check_size_bytes")]
pub(crate) fn check_size_bytes(size_bytes: &Bound<'_, PyAny>) -> Result<()> {
    Ok(rules::size_bytes(scalars::size(size_bytes)?)?)
}

#[pyfunction]
#[pyo3(name = "_check_junction_path")]
pub(crate) fn check_junction_path(path: &Bound<'_, PyAny>) -> Result<()> {
    Ok(rules::junction_path(path_text(path)?)?)
}

#[pyfunction]
#[pyo3(name = "_check_export_policy")]
pub(crate) fn check_export_policy(name: &Bound<'_, PyAny>) -> Result<()> {
    const ARGUMENT: &str = "export_policy";
    Ok(rules::export_policy(scalars::text(ARGUMENT, scalars::string(ARGUMENT, name)?)?)?)
}

#[pyfunction]
#[pyo3(name = "_check_state")]
pub(crate) fn check_state(state: &Bound<'_, PyAny>) -> Result<()> {
    scalars::string("state", state)?.to_string_lossy().parse::<VolumeState>()?;
    Ok(())
}

#[pyfunction]
#[pyo3(name = "_check_new_volume")]
pub(crate) fn check_new_volume(
    name: &Bound<'_, PyAny>,
    size_bytes: Option<&Bound<'_, PyAny>>,
) -> Result<()> {
    let name = scalars::string("name", name)?;
    let size = size_bytes.map(scalars::size).transpose()?;
    let spec = VolumeSpec::named(scalars::name(name)).size_bytes(size);
    Ok(rules::volume_spec(&spec)?)
}

#[pyfunction]
#[pyo3(name = "_check_patch")]
pub(crate) fn check_patch(
    size_bytes: Option<&Bound<'_, PyAny>>,
    junction_path: Option<&Bound<'_, PyAny>>,
    export_policy: Option<&Bound<'_, PyAny>>,
    name: Option<&Bound<'_, PyAny>>,
    state: Option<&Bound<'_, PyAny>>,
) -> Result<()> {
    let args = PatchArgs::new(size_bytes, junction_path, export_policy, name, state, None)?;
    Ok(rules::volume_patch(&scalars::patch(&args)?)?)
}

#[pyfunction]
#[pyo3(name = "_canonical_uuid")]
pub(crate) fn canonical_uuid<'py>(
    uuid: &Bound<'py, PyAny>,
    argument: &str,
) -> Result<Bound<'py, PyString>> {
    let id = scalars::id::<VolumeId>(argument, uuid)?;
    Ok(records::uuid_text(uuid.py(), &id.text, id.value.uuid()))
}

#[pyfunction]
#[pyo3(name = "_fold_junction_path")]
pub(crate) fn fold_junction_path(path: &Bound<'_, PyAny>) -> Result<String> {
    Ok(path_text(path)?.to_ascii_lowercase())
}

fn path_text<'a>(path: &'a Bound<'_, PyAny>) -> Result<&'a str> {
    const ARGUMENT: &str = "junction_path";
    scalars::text(ARGUMENT, scalars::string(ARGUMENT, path)?)
}
