//! The backend of an SVM, as the simulator controls it.

use std::any::Any;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::{
    BackendError, PolicyBackend, Result, SnapshotPolicy, Timestamp, Volume, VolumeBackend, VolumeId,
};
use nessie_backend_faults::{
    Cause, Clock, Event, EventLog, Fault, FaultPlan, Faulty, Hooks, Operation, OperationKind,
    Outcome, Value, mem,
};
use nessie_backend_mem::{MemBackend, NewData};

/// Called before the locks of a backend or its hooks are taken. What it returns is dropped afterwards.
pub type Guard = fn() -> Box<dyn Any>;

/// A backend in memory with its hooks: what the resources of `/simulator` read and change.
#[derive(Clone)]
pub struct SimulatedBackend {
    mem: MemBackend,
    hooks: Arc<Hooks>,
    clock: Arc<dyn Clock>,
    guard: Guard,
}

impl SimulatedBackend {
    /// The backend of an SVM, with the hooks that its operations run.
    #[must_use]
    pub fn new(mem: MemBackend, hooks: Arc<Hooks>) -> Self {
        let clock = Arc::new(mem.clone());
        Self { mem, hooks, clock, guard: || Box::new(()) }
    }

    /// Sets how a delay passes. No guard is held meanwhile.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets what is called before locks are taken.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// The backend.
    #[must_use]
    pub fn mem(&self) -> &MemBackend {
        &self.mem
    }

    /// The hooks that the operations of the SVM run.
    #[must_use]
    pub fn hooks(&self) -> &Arc<Hooks> {
        &self.hooks
    }

    /// Whether it has faults, logs or hooks.
    pub(super) fn is_hooked(&self) -> bool {
        self.hooks.is_active()
    }

    pub(super) fn seed(&self) -> Option<u64> {
        self.guarded(|| self.mem.seed())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.guarded(|| self.mem.now())
    }

    /// Whether only the program advances the clock.
    pub(super) fn is_standing(&self) -> bool {
        self.guarded(|| self.mem.standing_clock()).is_some()
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.guarded(|| self.mem.next_due())
    }

    /// Advances the clock. What the rules of snapshot policies do meanwhile is recorded.
    pub(super) fn advance(&self, by: Duration) -> Result<Timestamp> {
        let mut left = by;
        loop {
            let now =
                self.guarded(|| mem::advance(&self.mem, &mut left, &self.hooks, Cause::Call))?;
            if left.is_zero() {
                return Ok(now);
            }
        }
    }

    /// Deletes everything, and restarts the clock and the identifiers.
    pub(super) fn reset(&self) -> Result<()> {
        self.guarded(|| mem::reset(&self.mem, &self.hooks))
    }

    pub(super) fn snapshot_policies(&self) -> Vec<SnapshotPolicy> {
        self.guarded(|| self.mem.list_snapshot_policies())
    }

    /// Creates a snapshot policy, or gives an existing one these rules.
    pub(super) fn set_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        let recorded = Faulty::with_clock(self.mem.clone(), self.mem.clone());
        let recorded = recorded.sharing(Arc::clone(&self.hooks));
        self.guarded(|| match recorded.create_snapshot_policy(policy.clone()) {
            Err(BackendError::SnapshotPolicyExists { .. }) => {
                self.mem.replace_snapshot_policy(&policy.name, policy.rules).map(drop)
            }
            created => created,
        })
    }

    pub(super) fn dump(&self) -> Result<Vec<u8>> {
        let copy = self.copy();
        let mut text = Vec::new();
        copy.dump(&mut text)?;
        Ok(text)
    }

    /// Replaces everything by the backend of a dump. Returns the digest.
    pub(super) fn load(&self, dump: &[u8]) -> Result<String> {
        self.replace(&MemBackend::load(dump)?)
    }

    /// Replaces everything by another backend. Returns the digest.
    pub(super) fn replace(&self, loaded: &MemBackend) -> Result<String> {
        self.guarded(|| mem::load(&self.mem, loaded, &self.hooks))
    }

    pub(super) fn digest(&self) -> Result<String> {
        self.copy().state_digest()
    }

    pub(super) fn inject(&self, fault: Fault, seed: u64) -> FaultPlan {
        let plan = FaultPlan::new([fault], self.seed().unwrap_or(seed));
        self.guarded(|| self.hooks.inject(plan.clone()));
        plan
    }

    pub(super) fn remove(&self, plan: &FaultPlan) {
        self.guarded(|| self.hooks.remove(plan));
    }

    pub(super) fn open_log(&self, keep: NonZeroUsize) -> EventLog {
        self.guarded(|| self.hooks.open_log(Some(keep)))
    }

    /// The number of events that the log does not keep any more, and its events from a number on.
    pub(super) fn read_log(&self, log: &EventLog, since: u64) -> (u64, Vec<(u64, Event)>) {
        self.guarded(|| (log.lost(), log.since(since)))
    }

    /// A volume with this name or identifier. No fault hits the search.
    pub(super) fn find_volume(&self, volume: &str) -> Result<Option<Volume>> {
        self.guarded(|| {
            if let Ok(uuid) = volume.parse() {
                match self.mem.get_volume(VolumeId::new(uuid)) {
                    Err(BackendError::VolumeNotFound { .. }) => {}
                    found => return found.map(Some),
                }
            }
            self.mem.find_volume(volume)
        })
    }

    /// Reads from the backend. No fault hits it.
    pub(super) fn read<R>(&self, read: impl FnOnce(&MemBackend) -> R) -> R {
        self.guarded(|| read(&self.mem))
    }

    /// A client writes to a volume. Faults may hit it.
    pub(super) fn write(&self, volume: VolumeId, size: u64, overwrite: u64) -> Result<Volume> {
        let overwritten = (overwrite > 0).then_some(overwrite);
        let arguments = [volume.uuid().into(), size.into(), overwritten.into()];
        self.perform(Operation::new(OperationKind::Write, arguments), || {
            self.mem.write(volume, NewData::new(size).overwriting(overwrite))
        })
    }

    /// A client deletes data of a volume. Faults may hit it.
    pub(super) fn discard(&self, volume: VolumeId, size: u64) -> Result<Volume> {
        let arguments = [volume.uuid().into(), size.into()];
        let operation = Operation::new(OperationKind::Discard, arguments);
        self.perform(operation, || self.mem.discard(volume, size))
    }

    /// Performs an operation with its faults and events. No guard is held during a delay.
    fn perform(
        &self,
        operation: Operation,
        work: impl FnOnce() -> Result<Volume>,
    ) -> Result<Volume> {
        if !self.guarded(|| self.hooks.is_active()) {
            return self.guarded(work);
        }
        let wait = |delay| self.clock.wait(delay, &self.hooks);
        let mut call = self.guarded(|| self.hooks.begin(operation));
        if let Err(failure) = self.guarded(|| call.before(&self.mem)).apply(wait) {
            self.guarded(|| call.prevented(&self.mem, &failure));
            return Err(failure.into());
        }
        let (result, outcome, effect) = self.guarded(|| {
            let turn = call.turn();
            call.perform(turn, &self.mem, || {
                let result = work();
                let outcome = match &result {
                    Ok(volume) => Outcome::Done(Value::Uuid(volume.uuid.uuid())),
                    Err(error) => error.into(),
                };
                (result, outcome)
            })
        });
        effect.apply(wait)?;
        call.after(&outcome)?;
        result
    }

    fn copy(&self) -> MemBackend {
        self.guarded(|| self.mem.fork())
    }

    fn guarded<R>(&self, work: impl FnOnce() -> R) -> R {
        let _guard = (self.guard)();
        work()
    }
}

impl fmt::Debug for SimulatedBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedBackend").field("mem", &self.mem).finish_non_exhaustive()
    }
}
