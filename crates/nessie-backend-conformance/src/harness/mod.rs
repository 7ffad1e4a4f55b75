//! What a case works at: every call goes through here, and is held against the model.

mod abort;
mod check;
mod cleanup;
mod describe;
mod log;
pub(crate) mod probe;
mod race;
mod verify;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::Instant;

use nessie_backend_core::{
    SnapshotId, Timestamp, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};

pub(crate) use self::abort::{Abort, CaseResult, Violation, panic_text};
pub(crate) use self::log::CallLog;
use self::probe::Probe;
use crate::config::Config;
use crate::feature::{Feature, Tier};
use crate::oracle::call::{Answer, Call, Value};
use crate::oracle::model::Model;
use crate::trace::Trace;

/// How closely the backend is looked at after each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// Everything is listed, and every record read one by one.
    Records,
    /// Everything is listed.
    Listings,
    /// Not at all: the case looks when it likes to.
    Never,
}

/// A backend under test, and what the model says of it.
pub(crate) struct Harness<'a> {
    backend: &'a dyn VolumeBackend,
    pub(crate) config: &'a Config,
    pub(crate) probe: &'a Probe,
    log: &'a CallLog,
    /// What the names of the case's volumes begin with.
    stem: String,
    deadline: Instant,
    verify: Cell<Verify>,
    has_passed: Cell<bool>,
    has_raced: Cell<bool>,
    /// The step of a sequence that failed.
    failed_step: Cell<usize>,
    state: RefCell<State>,
    /// What was in the backend before, with the snapshots of the first few.
    foreign: Foreign,
}

/// What a harness knows.
struct State {
    model: Model,
    /// Every identifier the backend ever gave out in this case.
    issued: HashSet<Uuid>,
    /// The time of the newest record.
    newest_time: Option<Timestamp>,
    /// Everything that ever was: to see that what is gone stays away.
    volumes: Vec<VolumeId>,
    snapshots: Vec<(VolumeId, SnapshotId)>,
    names: Vec<String>,
    /// A call came to something else than in the model, which no longer says what is there.
    is_out_of_sync: bool,
    /// The last call that changed something or was to, and whether it was refused.
    last_change: Option<(&'static str, bool)>,
}

struct Foreign {
    volumes: Vec<Volume>,
    snapshots: Vec<(VolumeId, Answer)>,
}

/// How many volumes of others have their snapshots compared after each case.
const FOREIGN_SAMPLE: usize = 16;

impl<'a> Harness<'a> {
    /// Gets a backend ready for the case of this number.
    pub(crate) fn open(
        backend: &'a dyn VolumeBackend,
        number: usize,
        probe: &'a Probe,
        config: &'a Config,
        log: &'a CallLog,
    ) -> CaseResult<Self> {
        let list = Call::ListVolumes;
        let Ok(Value::Volumes(volumes)) = log.call(&list, backend) else {
            return Err(Abort::violation("3.list_volumes", "list_volumes() fails before the case"));
        };
        log.drop_last();
        let mut snapshots = Vec::new();
        if probe.tier >= Tier::Snapshots {
            for volume in volumes.iter().take(FOREIGN_SAMPLE) {
                let call = Call::ListSnapshots(volume.uuid);
                snapshots.push((volume.uuid, log.call(&call, backend)));
                log.drop_last();
            }
        }
        Ok(Self {
            backend,
            config,
            probe,
            log,
            stem: format!("{}-{number}-", probe.stem),
            deadline: Instant::now() + config.time_limit,
            verify: Cell::new(Verify::Records),
            has_passed: Cell::new(false),
            has_raced: Cell::new(false),
            failed_step: Cell::new(0),
            state: RefCell::new(State {
                model: Model::over(volumes.clone()),
                issued: volumes.iter().map(|volume| volume.uuid.uuid()).collect(),
                newest_time: None,
                volumes: Vec::new(),
                snapshots: Vec::new(),
                names: Vec::new(),
                is_out_of_sync: false,
                last_change: None,
            }),
            foreign: Foreign { volumes, snapshots },
        })
    }

    /// The name of a volume: the same for the same label, and no other case's.
    pub(crate) fn name(&self, label: &str) -> String {
        format!("{}{label}", self.stem)
    }

    /// A name that no other case has, of exactly this many characters.
    pub(crate) fn long_name(&self, label: &str, length: usize) -> String {
        let name = self.name(label);
        let filler = length.saturating_sub(name.len());
        name + &"x".repeat(filler)
    }

    /// A junction path that no other case has.
    pub(crate) fn path(&self, label: &str) -> String {
        format!("/{}{label}", self.stem)
    }

    /// Whether the volume's name was made by [`name`](Self::name).
    fn is_own_name(&self, name: &str) -> bool {
        name.starts_with(&self.stem)
    }

    /// Looks at the backend so closely after each change from here on.
    pub(crate) fn set_verify(&self, verify: Verify) {
        self.verify.set(verify);
    }

    /// The backend itself, for what no call is.
    pub(crate) fn backend(&self) -> &'a dyn VolumeBackend {
        self.backend
    }

    /// Whether there is a volume of the name, whoever made it.
    pub(crate) fn has_volume_named(&self, name: &str) -> bool {
        self.state.borrow().model.volumes.iter().any(|volume| volume.record.name == name)
    }

    /// Whether calls were made at once.
    pub(crate) fn has_raced(&self) -> bool {
        self.has_raced.get()
    }

    /// The calls so far.
    pub(crate) fn trace(&self) -> Trace {
        self.log.trace()
    }

    /// Begins anew in the same case: whatever is there is now taken as it is.
    pub(crate) fn restart(&self) -> CaseResult {
        self.check_time()?;
        self.log.clear();
        let left: Vec<Volume> =
            self.state.borrow().model.own().map(|it| it.record.clone()).collect();
        if !left.is_empty() || self.state.borrow().is_out_of_sync {
            self.delete_leftovers();
        }
        let list = Call::ListVolumes;
        let Ok(Value::Volumes(volumes)) = self.log.call(&list, self.backend) else {
            return Err(Abort::violation("3.list_volumes", "list_volumes() fails"));
        };
        self.log.clear();
        let mut state = self.state.borrow_mut();
        state.model = Model::over(volumes);
        state.is_out_of_sync = false;
        state.volumes.clear();
        state.snapshots.clear();
        state.names.clear();
        state.last_change = None;
        Ok(())
    }

    /// Notes at which step a sequence failed.
    pub(crate) fn failed_at(&self, at: usize, abort: Abort) -> Abort {
        self.failed_step.set(at);
        self.state.borrow_mut().is_out_of_sync = true;
        abort
    }

    /// Notes that the model no longer says what is there.
    pub(crate) fn mark_out_of_sync(&self) {
        self.state.borrow_mut().is_out_of_sync = true;
    }

    /// The step at which the last sequence failed.
    pub(crate) fn failed_step(&self) -> usize {
        self.failed_step.get()
    }

    /// So little time is left that what is known already is better told.
    pub(crate) fn is_nearly_out_of_time(&self) -> bool {
        Instant::now() + self.config.time_limit / 5 > self.deadline
    }

    /// Breaks off the case as one that does not apply unless something holds.
    #[expect(clippy::unused_self, reason = "as `ensure`")]
    pub(crate) fn ensure_or_skip(&self, holds: bool, reason: &str) -> CaseResult {
        if holds { Ok(()) } else { Err(Abort::Skipped(reason.to_owned())) }
    }

    /// Makes a call that must be refused as not supported, by the name of what is not.
    pub(crate) fn not_supported(&self, call: &Call, word: &str) -> CaseResult {
        self.check_time()?;
        match self.log.call(call, self.backend) {
            Err(refusal) if refusal.code == "feature_not_supported" => {
                let target = refusal.target.unwrap_or_default();
                if target.is_empty() || !target.contains(word) {
                    let text = format!("{} is not supported, and says {target:?}", with_dots(call));
                    return Err(Abort::violation("4.target", text));
                }
            }
            Err(refusal) => {
                let text = format!(
                    "{} answered feature_not_supported before, and now {} ({})",
                    with_dots(call),
                    refusal.code,
                    refusal.message
                );
                return Err(Abort::violation("3.optional", text));
            }
            Ok(_) => {
                let text = format!(
                    "{} answered feature_not_supported before, and now works",
                    with_dots(call)
                );
                return Err(Abort::violation("3.optional", text));
            }
        }
        self.state.borrow_mut().last_change = Some((call.operation(), true));
        self.verify_listings()
    }

    /// Whether the backend does the operation.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.probe.has(feature)
    }

    /// Half of the time is over.
    pub(crate) fn is_past_half_time(&self) -> bool {
        Instant::now() + self.config.time_limit / 2 > self.deadline
    }

    /// Makes a call, holds its answer against the model, and then looks at the backend.
    pub(crate) fn call(&self, call: &Call) -> CaseResult<Answer> {
        self.check_time()?;
        let answer = self.log.call(call, self.backend);
        self.check(call, &answer)?;
        if call.changes() {
            self.state.borrow_mut().last_change = Some((call.operation(), answer.is_err()));
            self.verify_after(answer.is_ok())?;
        }
        Ok(answer)
    }

    fn check_time(&self) -> CaseResult {
        if self.log.is_cancelled() {
            return Err(Abort::Cancelled);
        }
        if Instant::now() > self.deadline { Err(Abort::OutOfTime) } else { Ok(()) }
    }

    /// Makes a call that must be refused with this code.
    pub(crate) fn refused(&self, code: &'static str, call: &Call) -> CaseResult {
        match self.call(call)? {
            Err(refusal) if refusal.code == code => Ok(()),
            _ => Err(self.violation(format!("{} must be refused with {code}", with_dots(call)))),
        }
    }

    /// Breaks the first rule of the case.
    #[expect(clippy::unused_self, reason = "the harness says what the case finds")]
    pub(crate) fn violation(&self, message: impl Into<String>) -> Abort {
        Abort::Violation(Box::new(Violation {
            rules: Vec::new(),
            message: message.into(),
            trace: None,
            is_precise: false,
        }))
    }

    /// Breaks the case's rule unless something holds.
    pub(crate) fn ensure(&self, holds: bool, message: impl FnOnce() -> String) -> CaseResult {
        if holds { Ok(()) } else { Err(self.violation(message())) }
    }

    // The operations, for calls that must succeed.

    pub(crate) fn create(&self, label: &str) -> CaseResult<Volume> {
        self.create_named(&self.name(label), None)
    }

    pub(crate) fn create_sized(&self, label: &str, size: u64) -> CaseResult<Volume> {
        self.create_named(&self.name(label), Some(size))
    }

    pub(crate) fn create_named(&self, name: &str, size: Option<u64>) -> CaseResult<Volume> {
        self.returns_volume(&Call::CreateVolume(VolumeSpec::named(name).size_bytes(size)))
    }

    pub(crate) fn patch(&self, volume: &Volume, patch: VolumePatch) -> CaseResult<Volume> {
        self.returns_volume(&Call::PatchVolume(volume.uuid, patch))
    }

    pub(crate) fn delete(&self, volume: &Volume) -> CaseResult {
        self.returns_nothing(&Call::DeleteVolume(volume.uuid))
    }

    pub(crate) fn snapshot(
        &self,
        volume: &Volume,
        name: &str,
    ) -> CaseResult<nessie_backend_core::Snapshot> {
        let call = Call::CreateSnapshot(volume.uuid, name.to_owned());
        match self.call(&call)? {
            Ok(Value::Snapshot(snapshot)) => Ok(snapshot),
            _ => Err(self.must_succeed(&call)),
        }
    }

    pub(crate) fn clone(
        &self,
        parent: &Volume,
        snapshot: &nessie_backend_core::Snapshot,
        label: &str,
    ) -> CaseResult<Volume> {
        self.returns_volume(&Call::CreateClone(parent.uuid, snapshot.uuid, self.name(label)))
    }

    /// Makes a call that must give a volume.
    pub(crate) fn returns_volume(&self, call: &Call) -> CaseResult<Volume> {
        match self.call(call)? {
            Ok(Value::Volume(volume)) => Ok(volume),
            _ => Err(self.must_succeed(call)),
        }
    }

    /// Makes a call that must succeed and give back nothing.
    pub(crate) fn returns_nothing(&self, call: &Call) -> CaseResult {
        match self.call(call)? {
            Ok(Value::Nothing) => Ok(()),
            _ => Err(self.must_succeed(call)),
        }
    }

    /// Makes a call that must succeed.
    pub(crate) fn succeeds(&self, call: &Call) -> CaseResult {
        match self.call(call)? {
            Ok(_) => Ok(()),
            Err(_) => Err(self.must_succeed(call)),
        }
    }

    fn must_succeed(&self, call: &Call) -> Abort {
        self.violation(format!("{} must succeed", with_dots(call)))
    }
}

fn with_dots(call: &Call) -> String {
    format!("{}(..)", call.operation())
}
