//! The trait stack as callers and implementers hold it: behind pointers, as objects, with default
//! bodies.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, CloneBackend, PolicyBackend, Result, Snapshot,
    SnapshotBackend, SnapshotId, SnapshotPolicy, SnapshotSpace, Space, Timestamp, Uuid, Volume,
    VolumeBackend, VolumeId, VolumePatch, VolumeSpace, VolumeSpec,
};

/// Overrides every method of every tier, default bodies included, and notes each call. What it
/// answers, no default body would.
///
/// A clone of a recorder notes its calls in the same place.
#[derive(Clone, Default)]
struct Recorder {
    calls: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn note(&self, method: &str, arguments: impl Debug) {
        self.calls.lock().unwrap().push(format!("{method} {arguments:?}"));
    }

    /// The calls recorded since the last call of this method.
    fn noted(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn volume(&self, method: &str, arguments: impl Debug) -> Volume {
        self.note(method, arguments);
        Volume::new(volume_id(), method)
    }

    fn snapshot(&self, method: &str, arguments: impl Debug) -> Snapshot {
        self.note(method, arguments);
        Snapshot::new(snapshot_id(), method)
    }
}

fn volume_id() -> VolumeId {
    VolumeId::new(Uuid::from_u128(1))
}

fn snapshot_id() -> SnapshotId {
    SnapshotId::new(Uuid::from_u128(2))
}

const ODD_CAPABILITIES: Capabilities = {
    let mut capabilities = Capabilities::SNAPSHOTS;
    capabilities.replication = true;
    capabilities
};

impl VolumeBackend for Recorder {
    fn capabilities(&self) -> Capabilities {
        self.note("capabilities", ());
        ODD_CAPABILITIES
    }
    fn epoch(&self) -> u64 {
        self.note("epoch", ());
        7
    }
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        Ok(self.volume("create_volume", spec))
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Ok(vec![self.volume("list_volumes", ())])
    }
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        Ok(self.volume("get_volume", uuid))
    }
    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        Ok(Some(self.volume("find_volume", name)))
    }
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        Ok(self.volume("patch_volume", (uuid, patch)))
    }
    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.volume("delete_volume", uuid);
        Ok(())
    }
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.volume("access_handle", uuid);
        Ok(AccessHandle::InMemory)
    }
    fn space(&self) -> Result<Space> {
        self.note("space", ());
        Ok(Space::new(Some(9), 2, 1))
    }
    fn volume_space(&self, uuid: VolumeId) -> Result<VolumeSpace> {
        self.note("volume_space", uuid);
        Ok(VolumeSpace::new(5))
    }
    fn set_autosize(&self, uuid: VolumeId, maximum_bytes: Option<u64>) -> Result<()> {
        self.note("set_autosize", (uuid, maximum_bytes));
        Ok(())
    }
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        self.note("snapshot_backend", ());
        Ok(self)
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        self.note("clone_backend", ());
        Ok(self)
    }
    fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
        self.note("policy_backend", ());
        Ok(self)
    }
}

impl SnapshotBackend for Recorder {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        Ok(self.snapshot("create_snapshot", (volume, name)))
    }
    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        Ok(vec![self.snapshot("list_snapshots", volume)])
    }
    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
        Ok(self.snapshot("get_snapshot", (volume, snapshot)))
    }
    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        Ok(Some(self.snapshot("find_snapshot", (volume, name))))
    }
    fn rename_snapshot(&self, volume: VolumeId, it: SnapshotId, name: &str) -> Result<Snapshot> {
        Ok(self.snapshot("rename_snapshot", (volume, it, name)))
    }
    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.snapshot("delete_snapshot", (volume, snapshot));
        Ok(())
    }
    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        Ok(self.volume("restore_snapshot", (volume, snapshot)))
    }
    fn snapshot_spaces(&self, volume: VolumeId) -> Result<Vec<SnapshotSpace>> {
        self.note("snapshot_spaces", volume);
        Ok(vec![SnapshotSpace::new(snapshot_id(), 6)])
    }
}

impl CloneBackend for Recorder {
    fn create_clone(&self, volume: VolumeId, snapshot: SnapshotId, name: &str) -> Result<Volume> {
        Ok(self.volume("create_clone", (volume, snapshot, name)))
    }
    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        Ok(self.volume("split_clone", volume))
    }
}

impl PolicyBackend for Recorder {
    fn create_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        self.note("create_snapshot_policy", policy);
        Ok(())
    }
    fn replace_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        self.note("replace_snapshot_policy", policy);
        Ok(())
    }
    fn delete_snapshot_policy(&self, name: &str) -> Result<()> {
        self.note("delete_snapshot_policy", name);
        Ok(())
    }
    fn list_snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>> {
        self.note("list_snapshot_policies", ());
        Ok(vec![policy()])
    }
    fn find_snapshot_policy(&self, name: &str) -> Result<Option<SnapshotPolicy>> {
        self.note("find_snapshot_policy", name);
        Ok(Some(policy()))
    }
    fn run_due(&self) -> Result<usize> {
        self.note("run_due", ());
        Ok(4)
    }
    fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        Ok(self.snapshot("create_snapshot_until", (volume, name, expires_at)))
    }
    fn lock_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        Ok(self.snapshot("lock_snapshot", (volume, snapshot, expires_at)))
    }
}

fn policy() -> SnapshotPolicy {
    SnapshotPolicy::new("p", [])
}

/// Calls every method of a backend's policies and locks once, and returns the results.
fn call_policies<B: PolicyBackend + ?Sized>(backend: &B) -> Vec<String> {
    let (volume, snapshot, time) = (volume_id(), snapshot_id(), Timestamp::UNIX_EPOCH);
    let show = |answer: &dyn Debug| format!("{answer:?}");
    vec![
        show(&backend.create_snapshot_policy(policy())),
        show(&backend.replace_snapshot_policy(policy())),
        show(&backend.delete_snapshot_policy("n")),
        show(&backend.list_snapshot_policies()),
        show(&backend.find_snapshot_policy("n")),
        show(&backend.run_due()),
        show(&backend.create_snapshot_until(volume, "n", time)),
        show(&backend.lock_snapshot(volume, snapshot, time)),
    ]
}

/// Calls every method of every tier once, and returns the results.
fn call_everything<B: CloneBackend + ?Sized>(backend: &B) -> Vec<String> {
    let (volume, snapshot) = (volume_id(), snapshot_id());
    let show = |answer: &dyn Debug| format!("{answer:?}");
    let patch = VolumePatch::new().size_bytes(3).name("n");
    vec![
        show(&backend.capabilities()),
        show(&backend.epoch()),
        show(&backend.create_volume(VolumeSpec::named("n").size_bytes(3))),
        show(&backend.list_volumes()),
        show(&backend.get_volume(volume)),
        show(&backend.find_volume("n")),
        show(&backend.patch_volume(volume, patch)),
        show(&backend.delete_volume(volume)),
        show(&backend.access_handle(volume)),
        show(&backend.space()),
        show(&backend.volume_space(volume)),
        show(&backend.set_autosize(volume, Some(8))),
        show(&backend.snapshot_backend().unwrap().get_snapshot(volume, snapshot)),
        show(&backend.clone_backend().unwrap().split_clone(volume)),
        show(&call_policies(backend.policy_backend().unwrap())),
        show(&backend.create_snapshot(volume, "n")),
        show(&backend.list_snapshots(volume)),
        show(&backend.get_snapshot(volume, snapshot)),
        show(&backend.find_snapshot(volume, "n")),
        show(&backend.rename_snapshot(volume, snapshot, "n")),
        show(&backend.delete_snapshot(volume, snapshot)),
        show(&backend.restore_snapshot(volume, snapshot)),
        show(&backend.snapshot_spaces(volume)),
        show(&backend.create_clone(volume, snapshot, "n")),
        show(&backend.split_clone(volume)),
    ]
}

/// Calls through `pointer` must reach the recorder behind it as direct ones do.
fn assert_forwards<B: CloneBackend + ?Sized>(recorder: &Recorder, pointer: &B) {
    let expected = (call_everything(recorder), recorder.noted());
    assert_eq!((call_everything(pointer), recorder.noted()), expected);
}

#[test]
fn a_pointer_forwards_every_method() {
    let recorder = &Recorder::default();
    let new = || recorder.clone();
    assert_forwards(recorder, &recorder);
    assert_forwards(recorder, &Box::new(new()));
    assert_forwards(recorder, &Arc::new(new()));
}

#[test]
fn a_pointer_to_an_object_forwards_every_method() {
    let recorder = &Recorder::default();
    let new = || recorder.clone();
    assert_forwards::<dyn CloneBackend>(recorder, recorder);
    assert_forwards::<&dyn CloneBackend>(recorder, &(recorder as _));
    assert_forwards::<Box<dyn CloneBackend>>(recorder, &(Box::new(new()) as _));
    assert_forwards::<Arc<dyn CloneBackend>>(recorder, &(Arc::new(new()) as _));
}

#[test]
fn pointers_to_pointers_forward_every_method() {
    let recorder = &Recorder::default();
    let new = || recorder.clone();
    assert_forwards(recorder, &Arc::new(Box::new(recorder)));
    assert_forwards::<Box<dyn CloneBackend>>(recorder, &(Box::new(Arc::new(new())) as _));
}

#[test]
fn a_pointer_forwards_policies_and_locks() {
    let recorder = &Recorder::default();
    let expected = (call_policies(recorder), recorder.noted());
    let new = || recorder.clone();
    assert_eq!((call_policies(&recorder), recorder.noted()), expected);
    assert_eq!((call_policies(&Box::new(new())), recorder.noted()), expected);
    let object: Arc<dyn PolicyBackend> = Arc::new(new());
    assert_eq!((call_policies(&object), recorder.noted()), expected);
}

#[test]
fn these_tests_call_every_method() {
    let recorder = Recorder::default();
    call_everything(&recorder);
    let name = |call: &String| Some(call.split_once(' ')?.0.to_owned());
    let called: BTreeSet<String> = recorder.noted().iter().filter_map(name).collect();

    let traits = include_str!("../src/backend.rs");
    let method = |line: &str| Some(line.trim().strip_prefix("fn ")?.split_once('(')?.0.to_owned());
    let there_are: BTreeSet<String> = traits.lines().filter_map(method).collect();
    assert_eq!(called, there_are);
    assert_eq!(called.len(), 33);
}

#[test]
fn the_traits_make_objects_that_cross_threads() {
    fn volume<B: VolumeBackend + Send + Sync + ?Sized>() {}
    fn snapshot<B: SnapshotBackend + Send + Sync + ?Sized>() {}
    fn clone<B: CloneBackend + Send + Sync + ?Sized>() {}
    volume::<dyn VolumeBackend>();
    volume::<&dyn VolumeBackend>();
    volume::<Box<dyn SnapshotBackend>>();
    snapshot::<Arc<dyn SnapshotBackend>>();
    snapshot::<Box<dyn CloneBackend>>();
    clone::<dyn CloneBackend>();
    clone::<Arc<Box<dyn CloneBackend>>>();

    // An object of a higher tier is one of a lower tier.
    let backend: &dyn CloneBackend = &Recorder::default();
    let backend: &dyn SnapshotBackend = backend;
    let backend: &dyn VolumeBackend = backend;
    assert_eq!(backend.capabilities(), ODD_CAPABILITIES);
}

/// Writes the methods that have no default body, and no others. It holds two volumes, each with
/// the same two snapshots.
struct Minimal;

impl VolumeBackend for Minimal {
    fn create_volume(&self, _: VolumeSpec) -> Result<Volume> {
        unreachable!("no default body creates a volume")
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Ok(["a", "b"].map(|name| Volume::new(volume_id(), name)).to_vec())
    }
    fn get_volume(&self, _: VolumeId) -> Result<Volume> {
        unreachable!("no default body gets a volume")
    }
    fn patch_volume(&self, _: VolumeId, _: VolumePatch) -> Result<Volume> {
        unreachable!("no default body patches a volume")
    }
    fn delete_volume(&self, _: VolumeId) -> Result<()> {
        unreachable!("no default body deletes a volume")
    }
    fn access_handle(&self, _: VolumeId) -> Result<AccessHandle> {
        unreachable!("no default body makes an access handle")
    }
}

impl SnapshotBackend for Minimal {
    fn create_snapshot(&self, _: VolumeId, _: &str) -> Result<Snapshot> {
        unreachable!("no default body creates a snapshot")
    }
    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        if volume != volume_id() {
            return Err(BackendError::VolumeNotFound { volume });
        }
        Ok(["s", "t"].map(|name| Snapshot::new(snapshot_id(), name)).to_vec())
    }
    fn get_snapshot(&self, _: VolumeId, _: SnapshotId) -> Result<Snapshot> {
        unreachable!("no default body gets a snapshot")
    }
    fn delete_snapshot(&self, _: VolumeId, _: SnapshotId) -> Result<()> {
        unreachable!("no default body deletes a snapshot")
    }
}

impl CloneBackend for Minimal {
    fn create_clone(&self, _: VolumeId, _: SnapshotId, _: &str) -> Result<Volume> {
        unreachable!("no default body creates a clone")
    }
}

fn assert_unsupported<T>(result: Result<T>, feature: &str) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.code(), "feature_not_supported");
    assert_eq!(error.target().as_deref(), Some(feature));
    assert_eq!(error.to_string(), format!("{feature} is not supported by this backend"));
}

#[test]
fn default_bodies_refuse_by_the_name_of_the_operation_or_tier() {
    let (volume, snapshot) = (volume_id(), snapshot_id());
    assert_unsupported(Minimal.rename_snapshot(volume, snapshot, "n"), "rename_snapshot");
    assert_unsupported(Minimal.restore_snapshot(volume, snapshot), "restore_snapshot");
    assert_unsupported(Minimal.split_clone(volume), "split_clone");
    assert_unsupported(Minimal.space(), "space");
    assert_unsupported(Minimal.volume_space(volume), "volume_space");
    assert_unsupported(Minimal.set_autosize(volume, None), "set_autosize");
    assert_unsupported(Minimal.snapshot_spaces(volume), "snapshot_spaces");
    assert_unsupported(Minimal.snapshot_backend().map(drop), "snapshots");
    assert_unsupported(Minimal.clone_backend().map(drop), "clones");
    assert_unsupported(Minimal.policy_backend().map(drop), "snapshot policies");
}

#[test]
fn default_bodies_search_the_lists() {
    assert_eq!(Minimal.find_volume("b").unwrap().unwrap().name, "b");
    assert_eq!(Minimal.find_volume("c").unwrap(), None);
    assert_eq!(Minimal.find_snapshot(volume_id(), "t").unwrap().unwrap().name, "t");
    assert_eq!(Minimal.find_snapshot(volume_id(), "u").unwrap(), None);
    let missing = VolumeId::new(Uuid::nil());
    assert_eq!(Minimal.find_snapshot(missing, "t").unwrap_err().code(), "volume_not_found");
}

/// Reaches the tiers up to a number of them: 1 for snapshots, 2 for clones.
struct Tiered(u8);

impl VolumeBackend for Tiered {
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        Minimal.create_volume(spec)
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Minimal.list_volumes()
    }
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        Minimal.get_volume(uuid)
    }
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        Minimal.patch_volume(uuid, patch)
    }
    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        Minimal.delete_volume(uuid)
    }
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        Minimal.access_handle(uuid)
    }
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        if self.0 >= 1 { Ok(&Minimal) } else { Err(BackendError::not_supported("snapshots")) }
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        if self.0 >= 2 { Ok(&Minimal) } else { Err(BackendError::not_supported("clones")) }
    }
}

#[test]
fn capabilities_agree_with_the_accessors() {
    assert_eq!(Minimal.capabilities(), Capabilities::VOLUMES);
    assert_eq!(Tiered(0).capabilities(), Capabilities::VOLUMES);
    assert_eq!(Tiered(1).capabilities(), Capabilities::SNAPSHOTS);
    assert_eq!(Tiered(2).capabilities(), Capabilities::CLONES);
    assert_eq!(Box::new(Tiered(1)).capabilities(), Capabilities::SNAPSHOTS);
}
