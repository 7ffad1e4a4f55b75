//! The decorator over the trait stack.

use std::num::NonZeroUsize;
use std::sync::Arc;

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneBackend, PolicyBackend, Result, Snapshot, SnapshotBackend,
    SnapshotId, SnapshotPolicy, SnapshotRule, SnapshotSpace, Space, Timestamp, Volume,
    VolumeBackend, VolumeId, VolumePatch, VolumeSpace, VolumeSpec,
};

use crate::clock::{Clock, SystemClock};
use crate::event::Event;
use crate::fault::Fault;
use crate::hooks::{Hooks, Outcome, Subject};
use crate::log::EventLog;
use crate::operation::{Operation, OperationKind};
use crate::plan::{FaultPlan, Names};
use crate::value::Value;

/// A backend with faults, events and hooks around its operations.
///
/// It has the tiers and capabilities of the backend that it wraps. Without faults, logs and hooks it
/// does what that backend does.
#[derive(Debug)]
pub struct Faulty<B, C = SystemClock> {
    backend: B,
    clock: C,
    hooks: Arc<Hooks>,
    seed: u64,
}

impl<B> Faulty<B> {
    /// A backend on the system's clock: a delay blocks the thread.
    #[must_use]
    pub fn new(backend: B) -> Self {
        Self::with_clock(backend, SystemClock)
    }
}

impl<B, C> Faulty<B, C> {
    /// A backend with a clock of its own.
    #[must_use]
    pub fn with_clock(backend: B, clock: C) -> Self {
        Self { backend, clock, hooks: Arc::default(), seed: 0 }
    }

    /// The seed of the probabilities of its faults. The default is 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Shares the hooks of another object.
    #[must_use]
    pub fn sharing(mut self, hooks: Arc<Hooks>) -> Self {
        self.hooks = hooks;
        self
    }

    /// Its hooks.
    #[must_use]
    pub const fn hooks(&self) -> &Arc<Hooks> {
        &self.hooks
    }

    /// The backend without hooks.
    #[must_use]
    pub const fn backend(&self) -> &B {
        &self.backend
    }

    /// Installs faults. They stay until the plan is [removed](Hooks::remove).
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) -> FaultPlan {
        let plan = FaultPlan::new(faults, self.seed);
        self.hooks.inject(plan.clone());
        plan
    }

    /// Opens a log, which keeps all events, or the last ones.
    #[must_use]
    pub fn events(&self, keep: Option<NonZeroUsize>) -> EventLog {
        self.hooks.open_log(keep)
    }
}

/// What an event shows as the result of an operation.
trait Recorded {
    fn recorded(&self) -> Value {
        Value::Null
    }
}

impl Recorded for Volume {
    fn recorded(&self) -> Value {
        self.uuid.uuid().into()
    }
}

impl Recorded for Snapshot {
    fn recorded(&self) -> Value {
        self.uuid.uuid().into()
    }
}

impl Recorded for () {}
impl Recorded for AccessHandle {}
impl Recorded for Space {}
impl Recorded for VolumeSpace {}
impl<T> Recorded for Vec<T> {}
impl<T> Recorded for Option<T> {}

impl<B: VolumeBackend, C: Clock> Faulty<B, C> {
    /// Performs an operation with its hooks. The arguments are only read if there are some.
    fn around<R: Recorded, const N: usize>(
        &self,
        kind: OperationKind,
        arguments: impl FnOnce() -> [Value; N],
        operation: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        if !self.hooks.is_active() {
            return operation();
        }
        let mut call = self.hooks.begin(Operation::new(kind, arguments()));
        let wait = |delay| self.clock.wait(delay, &self.hooks);
        if let Err(failure) = call.before(self).apply(wait) {
            call.prevented(self, &failure);
            return Err(failure.into());
        }
        let turn = call.turn();
        let (result, outcome, effect) = call.perform(turn, self, || {
            let result = operation();
            let outcome = match &result {
                Ok(done) => Outcome::Done(done.recorded()),
                Err(error) => error.into(),
            };
            (result, outcome)
        });
        effect.apply(wait)?;
        call.after(&outcome)?;
        result
    }
}

impl<B: VolumeBackend, C: Clock> Subject for Faulty<B, C> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl<B: VolumeBackend, C: Clock> Names for Faulty<B, C> {
    fn volume_name(&self, volume: VolumeId) -> Option<String> {
        self.backend.get_volume(volume).ok().map(|volume| volume.name)
    }

    fn snapshot_name(&self, volume: VolumeId, snapshot: SnapshotId) -> Option<String> {
        let backend = self.backend.snapshot_backend().ok()?;
        backend.get_snapshot(volume, snapshot).ok().map(|snapshot| snapshot.name)
    }
}

fn id(volume: VolumeId) -> Value {
    volume.uuid().into()
}

fn of(snapshot: SnapshotId) -> Value {
    snapshot.uuid().into()
}

fn rules(rules: &[SnapshotRule]) -> Value {
    let rule = |rule: &SnapshotRule| {
        Value::map([
            ("schedule", Value::from(rule.schedule.to_string())),
            ("prefix", rule.prefix.as_str().into()),
            ("keep", rule.keep.into()),
        ])
    };
    Value::List(rules.iter().map(rule).collect())
}

impl<B: VolumeBackend, C: Clock> VolumeBackend for Faulty<B, C> {
    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn epoch(&self) -> u64 {
        self.backend.epoch()
    }

    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        let arguments = || {
            [spec.name.as_str().into(), spec.size_bytes.into(), spec.snapshot_policy.clone().into()]
        };
        // The operation consumes what the arguments are read from.
        if !self.hooks.is_active() {
            return self.backend.create_volume(spec);
        }
        let arguments = arguments();
        self.around(OperationKind::CreateVolume, || arguments, || self.backend.create_volume(spec))
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        self.around(OperationKind::ListVolumes, || [], || self.backend.list_volumes())
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.around(OperationKind::GetVolume, || [id(uuid)], || self.backend.get_volume(uuid))
    }

    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        self.around(OperationKind::FindVolume, || [name.into()], || self.backend.find_volume(name))
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        if !self.hooks.is_active() {
            return self.backend.patch_volume(uuid, patch);
        }
        let arguments = [
            id(uuid),
            patch.size_bytes.into(),
            patch.junction_path.clone().into(),
            patch.export_policy.clone().into(),
            patch.name.clone().into(),
            patch.state.map(|state| state.to_string()).into(),
            patch.snapshot_policy.clone().into(),
        ];
        self.around(
            OperationKind::PatchVolume,
            || arguments,
            || self.backend.patch_volume(uuid, patch),
        )
    }

    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.around(OperationKind::DeleteVolume, || [id(uuid)], || self.backend.delete_volume(uuid))
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.around(OperationKind::AccessHandle, || [id(uuid)], || self.backend.access_handle(uuid))
    }

    fn space(&self) -> Result<Space> {
        self.around(OperationKind::Space, || [], || self.backend.space())
    }

    fn volume_space(&self, uuid: VolumeId) -> Result<VolumeSpace> {
        self.around(OperationKind::VolumeSpace, || [id(uuid)], || self.backend.volume_space(uuid))
    }

    fn set_autosize(&self, uuid: VolumeId, maximum_bytes: Option<u64>) -> Result<()> {
        self.around(
            OperationKind::SetAutosize,
            || [id(uuid), maximum_bytes.into()],
            || self.backend.set_autosize(uuid, maximum_bytes),
        )
    }

    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        self.backend.snapshot_backend().map(|_| self as &dyn SnapshotBackend)
    }

    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        self.backend.clone_backend().map(|_| self as &dyn CloneBackend)
    }

    fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
        self.backend.policy_backend().map(|_| self as &dyn PolicyBackend)
    }
}

// The tiers of the wrapped backend are reached through its accessors, which also a backend without
// the tier has.
impl<B: VolumeBackend, C: Clock> SnapshotBackend for Faulty<B, C> {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        self.around(
            OperationKind::CreateSnapshot,
            || [id(volume), name.into()],
            || self.backend.snapshot_backend()?.create_snapshot(volume, name),
        )
    }

    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        self.around(
            OperationKind::ListSnapshots,
            || [id(volume)],
            || self.backend.snapshot_backend()?.list_snapshots(volume),
        )
    }

    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
        self.around(
            OperationKind::GetSnapshot,
            || [id(volume), of(snapshot)],
            || self.backend.snapshot_backend()?.get_snapshot(volume, snapshot),
        )
    }

    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        self.around(
            OperationKind::FindSnapshot,
            || [id(volume), name.into()],
            || self.backend.snapshot_backend()?.find_snapshot(volume, name),
        )
    }

    fn rename_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        self.around(
            OperationKind::RenameSnapshot,
            || [id(volume), of(snapshot), name.into()],
            || self.backend.snapshot_backend()?.rename_snapshot(volume, snapshot, name),
        )
    }

    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.around(
            OperationKind::DeleteSnapshot,
            || [id(volume), of(snapshot)],
            || self.backend.snapshot_backend()?.delete_snapshot(volume, snapshot),
        )
    }

    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        self.around(
            OperationKind::RestoreSnapshot,
            || [id(volume), of(snapshot)],
            || self.backend.snapshot_backend()?.restore_snapshot(volume, snapshot),
        )
    }

    fn snapshot_spaces(&self, volume: VolumeId) -> Result<Vec<SnapshotSpace>> {
        self.around(
            OperationKind::SnapshotSpaces,
            || [id(volume)],
            || self.backend.snapshot_backend()?.snapshot_spaces(volume),
        )
    }
}

impl<B: VolumeBackend, C: Clock> CloneBackend for Faulty<B, C> {
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume> {
        self.around(
            OperationKind::CreateClone,
            || [id(parent_volume), of(parent_snapshot), new_name.into()],
            || self.backend.clone_backend()?.create_clone(parent_volume, parent_snapshot, new_name),
        )
    }

    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        self.around(
            OperationKind::SplitClone,
            || [id(volume)],
            || self.backend.clone_backend()?.split_clone(volume),
        )
    }
}

impl<B: VolumeBackend, C: Clock> PolicyBackend for Faulty<B, C> {
    fn create_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        if !self.hooks.is_active() {
            return self.backend.policy_backend()?.create_snapshot_policy(policy);
        }
        let arguments = [policy.name.as_str().into(), rules(&policy.rules)];
        self.around(
            OperationKind::CreateSnapshotPolicy,
            || arguments,
            || self.backend.policy_backend()?.create_snapshot_policy(policy),
        )
    }

    fn replace_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        if !self.hooks.is_active() {
            return self.backend.policy_backend()?.replace_snapshot_policy(policy);
        }
        let arguments = [policy.name.as_str().into(), rules(&policy.rules)];
        self.around(
            OperationKind::ReplaceSnapshotPolicy,
            || arguments,
            || self.backend.policy_backend()?.replace_snapshot_policy(policy),
        )
    }

    fn delete_snapshot_policy(&self, name: &str) -> Result<()> {
        self.around(
            OperationKind::DeleteSnapshotPolicy,
            || [name.into()],
            || self.backend.policy_backend()?.delete_snapshot_policy(name),
        )
    }

    fn list_snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>> {
        self.backend.policy_backend()?.list_snapshot_policies()
    }

    fn find_snapshot_policy(&self, name: &str) -> Result<Option<SnapshotPolicy>> {
        self.backend.policy_backend()?.find_snapshot_policy(name)
    }

    /// Only a run that has taken snapshots is an event.
    fn run_due(&self) -> Result<usize> {
        let backend = self.backend.policy_backend()?;
        self.hooks.ordered(|recorder| {
            let taken = backend.run_due()?;
            if taken > 0 && recorder.is_recording() {
                let operation = Operation::new(OperationKind::RunDue, []);
                recorder.record(Event::new(self.clock.now(), operation, Value::Null));
            }
            Ok(taken)
        })
    }

    fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        self.around(
            OperationKind::CreateSnapshot,
            || [id(volume), name.into(), expires_at.into()],
            || self.backend.policy_backend()?.create_snapshot_until(volume, name, expires_at),
        )
    }

    fn lock_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        self.around(
            OperationKind::LockSnapshot,
            || [id(volume), of(snapshot), expires_at.into()],
            || self.backend.policy_backend()?.lock_snapshot(volume, snapshot, expires_at),
        )
    }
}
