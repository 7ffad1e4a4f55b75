//! Calls of the core: with or without the interpreter, and with hints in their errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nessie_backend_core::{SnapshotId, Uuid, VolumeId};
use nessie_backend_faults::Hooks;
use nessie_backend_mem::binding::IntoRows;
use nessie_backend_mem::{self as core, BulkError};

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::args::scalars::{self, Id};
use crate::errors::{Error, Result};
use crate::runtime::fork;
use crate::runtime::freed::Freed;

use super::{MemBackend, hints};

/// This many snapshots are deleted in about a millisecond.
pub(super) const FEW_SNAPSHOTS: u32 = 4096;

impl MemBackend {
    /// A handle of the core's backend.
    pub(crate) fn shared(&self) -> core::MemBackend {
        core::MemBackend::clone(&self.core)
    }

    /// The faults and logs.
    pub(crate) fn hooks(&self) -> Arc<Hooks> {
        Arc::clone(&self.hooks)
    }

    /// The identifiers of all volumes, in order of creation.
    pub(crate) fn volume_ids(&self, py: Python<'_>) -> Vec<Uuid> {
        let view = self.call(py, core::MemBackend::view);
        py.detach(move || view.volume_ids().into_iter().map(VolumeId::uuid).collect())
    }

    /// The backend as it is now.
    pub(super) fn view(&self, py: Python<'_>) -> Freed<core::View> {
        Freed::new(self.call(py, core::MemBackend::view))
    }

    /// The volumes as they are now.
    pub(super) fn rows(&self, py: Python<'_>) -> Freed<IntoRows> {
        Freed::new(self.call(py, core::MemBackend::view).into_rows())
    }

    /// Makes a single call. While a bulk call or an endpoint uses the backend, it may have to wait,
    /// and waits without the interpreter.
    pub(super) fn call<R: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> R + Send,
    ) -> R {
        if self.is_free() { call(&self.core) } else { fork::detached(py, || call(&self.core)) }
    }

    /// Whether a single call does not have to wait, as far as this can be known.
    pub(super) fn is_free(&self) -> bool {
        self.bulk_calls.load(Ordering::Relaxed) == 0 && !self.core.is_in_use()
    }

    /// Makes a single call that can fail.
    pub(super) fn try_call<R: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        self.call(py, call).map_err(|error| self.hinted(py, error))
    }

    /// An error, with a hint if there is one.
    pub(super) fn hinted(&self, py: Python<'_>, error: impl Into<BulkError>) -> Error {
        let error = error.into();
        match self.call(py, |core| hints::of_refusal(core, &error.error)) {
            Some(hint) => Error::Hinted(error, hint),
            None => Error::Bulk(error),
        }
    }

    /// Reads the uuid of a volume.
    pub(super) fn volume_id<'py>(
        &self,
        argument: &'static str,
        value: &Bound<'py, PyAny>,
    ) -> Result<Id<'py, VolumeId>> {
        scalars::id(argument, value)
            .map_err(|error| self.hinted_text(error, value, hints::of_volume_text))
    }

    /// Reads the uuid of a snapshot of a volume.
    pub(super) fn snapshot_id<'py>(
        &self,
        volume: VolumeId,
        argument: &'static str,
        value: &Bound<'py, PyAny>,
    ) -> Result<Id<'py, SnapshotId>> {
        scalars::id(argument, value).map_err(|error| {
            self.hinted_text(error, value, |core, text| hints::of_snapshot_text(core, volume, text))
        })
    }

    /// The error of a text that is not a uuid, with a hint if there is one.
    pub(super) fn hinted_text(
        &self,
        error: Error,
        value: &Bound<'_, PyAny>,
        hint: impl FnOnce(&core::MemBackend, &str) -> Option<String> + Send,
    ) -> Error {
        let Ok(text) = value.cast::<PyString>() else { return error };
        let Error::Backend(error) = error else { return error };
        let text = scalars::name(text);
        match self.call(value.py(), |core| hint(core, &text)) {
            Some(hint) => Error::Hinted(error.into(), hint),
            None => Error::Backend(error),
        }
    }

    /// Makes a bulk call that can fail.
    pub(super) fn try_bulk<R: Send, E: Into<BulkError> + Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> std::result::Result<R, E> + Send,
    ) -> Result<R> {
        self.bulk(py, call).map_err(|error| self.hinted(py, error))
    }

    /// Makes a bulk call, while other Python threads run.
    pub(super) fn bulk<R: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> R + Send,
    ) -> R {
        /// Counts the end of the call, also after a panic.
        struct Running<'a>(&'a AtomicUsize);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.bulk_calls.fetch_add(1, Ordering::Relaxed);
        let _running = Running(&self.bulk_calls);
        fork::detached(py, || call(&self.core))
    }
}
