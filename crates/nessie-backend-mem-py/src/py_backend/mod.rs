//! A backend written in Python, as an implementation of the backend traits.
//!
//! Each operation calls the method of the same name. Identifiers are passed as canonical text. The
//! method must return a mapping with exactly the keys of the contract, or raise an exception with
//! one of its codes. Anything else is a [`Substrate`](BackendError::Substrate) error, and the
//! [`Caller`] decides what its message shows.
//!
//! Calls may come from any thread, also from one that Python did not start: it is attached to the
//! interpreter during the call. No lock is held while Python runs.

mod call;
mod caller;
mod exceptions;
mod forked_child;
pub(crate) mod hooked;
mod methods;
pub(crate) mod records;
mod run_guard;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, CloneBackend, Result, Snapshot, SnapshotBackend,
    SnapshotId, Space, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use pyo3::prelude::*;

use self::call::Call;
use self::caller::Caller;
pub(crate) use self::caller::Requests;
use self::forked_child::Origin;
use self::methods::{Methods, Tier};
use self::records::{Malformed, Read};
pub(crate) use self::run_guard::RunGuard;
use crate::runtime::exit::{self, Calling};

/// A backend written in Python.
///
/// It may lack the methods of a tier, `rename_snapshot`, `restore_snapshot`, `split_clone` and the
/// keywords `name` and `state` of `patch_volume`. These then fail with
/// [`FeatureNotSupported`](BackendError::FeatureNotSupported), as after a `NotImplementedError`. If
/// it lacks `find_volume` or `find_snapshot`, the list is searched.
///
/// A missing object is reported by an exception, or by `None` instead of a record or a list. A
/// delete returns nothing, so it has to raise.
pub(crate) struct PyBackend {
    object: Py<PyAny>,
    methods: Methods,
    caller: Arc<dyn Caller>,
    /// Whether these tiers are supported, once that is known.
    snapshots: OnceLock<bool>,
    clones: OnceLock<bool>,
}

/// A well-formed identifier of no object.
const UNKNOWN: Uuid = Uuid::from_u128(0x7b0c_60d1_93a5_4e7f_8a4d_5e1f_0c2b_9d36);

impl PyBackend {
    /// Wraps a Python object.
    ///
    /// # Errors
    /// `TypeError` for an object without the methods of the first tier.
    pub(crate) fn new(object: &Bound<'_, PyAny>, caller: Arc<dyn Caller>) -> PyResult<Self> {
        let _calling = Calling::python(object.py());
        Ok(Self {
            object: object.clone().unbind(),
            methods: Methods::of(object)?,
            caller,
            snapshots: OnceLock::new(),
            clones: OnceLock::new(),
        })
    }

    /// Wraps the object that a Python callable without arguments returns.
    pub(crate) fn made_by(make: &Py<PyAny>, guard: &Arc<RunGuard>) -> Result<Self> {
        const CALL: Call<'_> = Call::new("making the backend");
        let backend = exit::attach(|py| {
            let object = make.bind(py).call0();
            let caller = Arc::clone(guard);
            let wrapped = object.and_then(|object| Self::new(&object, caller));
            wrapped.map_err(|error| exceptions::error(py, error, &CALL, &**guard))
        });
        backend.unwrap_or_else(|| Err(shutting_down(CALL.operation)))
    }

    /// Runs `body` attached to the interpreter.
    fn attached<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(Python<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.caller.is_ended() {
            return Err(BackendError::substrate(operation, "an exception ended the run"));
        }
        let answer = exit::attach(|py| {
            let _inside = self.caller.enter(py);
            body(py)
        });
        answer.unwrap_or_else(|| Err(shutting_down(operation)))
    }

    /// Calls the method and returns its result.
    fn call_method<'py>(&self, py: Python<'py>, call: &Call<'_>) -> Result<Bound<'py, PyAny>> {
        let answer = call.arguments(py).and_then(|arguments| {
            let keywords = call.keywords(py)?;
            let origin = Origin::here();
            let answer =
                self.object.bind(py).call_method(call.operation, arguments, keywords.as_ref());
            if !Requests::are_own() {
                origin.end_child(py, &answer);
            }
            answer
        });
        answer.map_err(|error| exceptions::error(py, error, call, &*self.caller))
    }

    /// Calls a method that returns a record or a list of them.
    fn get<T>(
        &self,
        call: &Call<'_>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Read<T>,
    ) -> Result<T> {
        self.attached(call.operation, |py| {
            let answer = self.call_method(py, call)?;
            if answer.is_none()
                && let Some(missing) = self.missing(py, call)
            {
                return Err(missing);
            }
            read(&answer).map_err(|malformed| self.malformed(py, call, malformed))
        })
    }

    /// Calls a method that may be missing, and that returns a record.
    fn get_optional<T>(
        &self,
        call: &Call<'_>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Read<T>,
    ) -> Result<T> {
        self.check_offered(call)?;
        self.get(call, read)
    }

    /// Calls a method that may be missing, and that returns `None` if it finds nothing. If it is
    /// missing or not supported, `search` is called instead.
    fn find<T>(
        &self,
        call: &Call<'_>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Read<T>,
        search: impl FnOnce() -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let found = match self.check_offered(call) {
            Ok(()) => self.try_find(call, read),
            Err(error) => Err(error),
        };
        match found {
            Err(BackendError::FeatureNotSupported { .. }) => search(),
            found => found,
        }
    }

    fn try_find<T>(
        &self,
        call: &Call<'_>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Read<T>,
    ) -> Result<Option<T>> {
        self.attached(call.operation, |py| {
            let answer = self.call_method(py, call)?;
            if !answer.is_none() {
                let record = read(&answer);
                return record.map(Some).map_err(|malformed| self.malformed(py, call, malformed));
            }
            // `None` means a missing volume if `get_volume` returns `None` for it.
            match call.volume {
                Some(volume) if self.is_none(py, &Call::new("get_volume").volume(volume)) => {
                    Err(BackendError::VolumeNotFound { volume })
                }
                _ => Ok(None),
            }
        })
    }

    /// Calls a method that returns nothing.
    fn delete(&self, call: &Call<'_>) -> Result<()> {
        self.attached(call.operation, |py| {
            let answer = self.call_method(py, call)?;
            records::nothing(&answer).map_err(|malformed| self.malformed(py, call, malformed))
        })
    }

    /// The error of a call whose result breaks the contract.
    fn malformed(&self, py: Python<'_>, call: &Call<'_>, malformed: Malformed) -> BackendError {
        self.caller.malformed(py, call.operation, malformed.message());
        malformed.returned_by(call.operation)
    }

    fn check_offered(&self, call: &Call<'_>) -> Result<()> {
        if self.methods.has(call.operation) {
            return Ok(());
        }
        Err(BackendError::not_supported(call.operation))
    }

    /// The missing object, if a method returned `None` instead of a record.
    fn missing(&self, py: Python<'_>, call: &Call<'_>) -> Option<BackendError> {
        let volume = call.volume?;
        let get = Call::new("get_volume").volume(volume);
        if call.operation == get.operation || self.is_missing(py, &get) {
            return Some(BackendError::VolumeNotFound { volume });
        }
        let snapshot = call.snapshot?;
        let get = Call::new("get_snapshot").volume(volume).snapshot(snapshot);
        if call.operation == get.operation || self.is_missing(py, &get) {
            return Some(BackendError::SnapshotNotFound { volume, snapshot });
        }
        None
    }

    /// Whether a getter reports a missing object, by `None` or by an exception.
    fn is_missing(&self, py: Python<'_>, get: &Call<'_>) -> bool {
        match self.call_method(py, get) {
            Ok(answer) => answer.is_none(),
            Err(error) => matches!(
                error,
                BackendError::VolumeNotFound { .. } | BackendError::SnapshotNotFound { .. }
            ),
        }
    }

    /// Whether a getter returns `None`.
    fn is_none(&self, py: Python<'_>, get: &Call<'_>) -> bool {
        self.call_method(py, get).is_ok_and(|answer| answer.is_none())
    }

    /// The first snapshot after this one that has a clone.
    fn first_busy_after(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
    ) -> Result<Option<SnapshotId>> {
        let snapshots = self.list_snapshots(volume)?;
        let volumes = self.list_volumes()?;
        let origins = volumes.iter().filter_map(|volume| volume.origin.as_ref());
        let busy: HashSet<SnapshotId> = origins.map(|origin| origin.parent_snapshot_uuid).collect();
        let newer = snapshots.iter().map(|each| each.uuid).skip_while(|id| *id != snapshot).skip(1);
        Ok(newer.into_iter().find(|id| busy.contains(id)))
    }

    fn try_capabilities(&self) -> Result<Capabilities> {
        self.get(&Call::new("capabilities"), records::capabilities)
    }

    /// Checks that a tier is supported.
    ///
    /// If the methods exist but `capabilities` does not list the tier, one of them is called with an
    /// unknown identifier: a backend without the tier raises `FeatureNotSupportedError`.
    fn check_tier(&self, tier: Tier) -> Result<()> {
        let (known, probe) = match tier {
            Tier::Snapshots => {
                (&self.snapshots, Call::new("list_snapshots").volume(UNKNOWN.into()))
            }
            Tier::Clones => {
                let clone = Call::new("create_clone").volume(UNKNOWN.into());
                (&self.clones, clone.snapshot(UNKNOWN.into()).name("probe"))
            }
        };
        let check = || {
            if !self.methods.has_tier(tier) {
                return false;
            }
            let advertised = self.try_capabilities().is_ok_and(|offered| match tier {
                Tier::Snapshots => offered.snapshots,
                Tier::Clones => offered.clones,
            });
            advertised || {
                let answer =
                    self.attached(probe.operation, |py| self.call_method(py, &probe).map(drop));
                !matches!(answer, Err(BackendError::FeatureNotSupported { .. }))
            }
        };
        // `get_or_init` would hold a lock while Python runs.
        let reachable = known.get().copied().unwrap_or_else(|| {
            let reachable = check();
            *known.get_or_init(|| reachable)
        });
        if reachable { Ok(()) } else { Err(BackendError::not_supported(tier.word())) }
    }
}

fn shutting_down(operation: &'static str) -> BackendError {
    BackendError::substrate(operation, exit::REFUSAL)
}

impl VolumeBackend for PyBackend {
    /// If `capabilities` fails, they are derived from the methods.
    fn capabilities(&self) -> Capabilities {
        self.try_capabilities().unwrap_or_else(|_| {
            let mut capabilities = Capabilities::VOLUMES;
            capabilities.snapshots = self.methods.has_tier(Tier::Snapshots);
            capabilities.clones = self.methods.has_tier(Tier::Clones);
            capabilities
        })
    }

    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        if spec.snapshot_policy.is_some() && !self.methods.creates_with_policy() {
            return Err(BackendError::not_supported("snapshot_policy"));
        }
        let mut fields = VolumePatch::new();
        fields.size_bytes = spec.size_bytes;
        fields.snapshot_policy = spec.snapshot_policy;
        self.get(&Call::new("create_volume").name(&spec.name).fields(&fields), records::volume)
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        self.get(&Call::new("list_volumes"), |list| records::list(list, records::volume))
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.get(&Call::new("get_volume").volume(uuid), records::volume)
    }

    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        self.find(&Call::new("find_volume").name(name), records::volume, || {
            Ok(self.list_volumes()?.into_iter().find(|volume| volume.name == name))
        })
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        if patch.name.is_some() && !self.methods.patches("name") {
            return Err(BackendError::not_supported("patch of name"));
        }
        if patch.state.is_some() && !self.methods.patches("state") {
            return Err(BackendError::not_supported("patch of state"));
        }
        if patch.snapshot_policy.is_some() && !self.methods.patches("snapshot_policy") {
            return Err(BackendError::not_supported("patch of snapshot_policy"));
        }
        self.get(&Call::new("patch_volume").volume(uuid).fields(&patch), records::volume)
    }

    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.delete(&Call::new("delete_volume").volume(uuid))
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.get(&Call::new("access_handle").volume(uuid), records::access_handle)
    }

    fn space(&self) -> Result<Space> {
        self.get_optional(&Call::new("space"), records::space)
    }

    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        self.check_tier(Tier::Snapshots)?;
        Ok(self)
    }

    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        self.check_tier(Tier::Clones)?;
        Ok(self)
    }
}

impl SnapshotBackend for PyBackend {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        self.get(&Call::new("create_snapshot").volume(volume).name(name), records::snapshot)
    }

    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        let call = Call::new("list_snapshots").volume(volume);
        self.get(&call, |list| records::list(list, records::snapshot))
    }

    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
        self.get(&Call::new("get_snapshot").volume(volume).snapshot(snapshot), records::snapshot)
    }

    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        self.find(&Call::new("find_snapshot").volume(volume).name(name), records::snapshot, || {
            Ok(self.list_snapshots(volume)?.into_iter().find(|snapshot| snapshot.name == name))
        })
    }

    fn rename_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        let call = Call::new("rename_snapshot").volume(volume).snapshot(snapshot).name(name);
        self.get_optional(&call, records::snapshot)
    }

    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.delete(&Call::new("delete_snapshot").volume(volume).snapshot(snapshot))
    }

    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        let call = Call::new("restore_snapshot").volume(volume).snapshot(snapshot);
        match self.get_optional(&call, records::volume) {
            // The exception need not name the busy snapshot, but it is not this one.
            Err(BackendError::SnapshotBusy { snapshot: busy, dependents }) if busy == snapshot => {
                let newer = self.first_busy_after(volume, snapshot)?;
                Err(BackendError::SnapshotBusy { snapshot: newer.unwrap_or(busy), dependents })
            }
            answer => answer,
        }
    }
}

impl CloneBackend for PyBackend {
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume> {
        let call = Call::new("create_clone").volume(parent_volume).snapshot(parent_snapshot);
        self.get(&call.name(new_name), records::volume)
    }

    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        self.get_optional(&Call::new("split_clone").volume(volume), records::volume)
    }
}
