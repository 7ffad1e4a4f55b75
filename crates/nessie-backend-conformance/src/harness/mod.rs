//! The harness of a case: makes every call and compares its answer with the model.

mod abort;
mod another;
mod at_once;
mod check;
mod cleanup;
mod describe;
mod log;
pub(crate) mod probe;
mod race;
mod rounds;
mod routes;
mod sweep;
mod verify;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::Instant;

use nessie_backend_core::{
    SnapshotId, Timestamp, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
    VolumeState,
};

pub(crate) use self::abort::{Abort, CaseResult, Violation, panic_text};
use self::at_once::Pace;
pub(crate) use self::log::CallLog;
use self::probe::Probe;
pub(crate) use self::routes::Choice;
use self::routes::Routes;
use self::sweep::Taken;
use crate::config::Config;
use crate::feature::{Feature, Tier};
use crate::oracle::call::{Answer, Call, Value};
use crate::oracle::model::Model;
use crate::oracle::route::Route;
use crate::runner::BackendFactory;
use crate::trace::Trace;

/// The checks after each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// All listings, and every record by identifier and by name.
    Records,
    /// All listings.
    Listings,
    /// Nothing: the case itself decides when to check.
    Never,
}

/// A backend under test, with the model of its expected state.
pub(crate) struct Harness<'a> {
    backend: &'a dyn VolumeBackend,
    pub(crate) config: &'a Config,
    pub(crate) probe: &'a Probe,
    /// Makes new backends like this one.
    factory: Option<&'a BackendFactory>,
    log: &'a CallLog,
    number: usize,
    /// Prefix of the names of the case's volumes.
    stem: String,
    deadline: Instant,
    verify: Cell<Verify>,
    /// Whether checks that pass stay in the log.
    is_tracing_checks: Cell<bool>,
    routes: Routes,
    has_passed: Cell<bool>,
    has_raced: Cell<bool>,
    /// The pauses before concurrent calls.
    pace: RefCell<Pace>,
    /// What the case left out because half of its time was over.
    cut_short: RefCell<Option<String>>,
    state: RefCell<State>,
    /// Objects that existed before the case.
    foreign: Foreign,
}

/// The records of the harness during a case.
struct State {
    model: Model,
    /// Every identifier that the backend issued during this case.
    issued: HashSet<Uuid>,
    /// The time of the newest record.
    newest_time: Option<Timestamp>,
    /// Every object created so far, to check that deleted ones can no longer be read.
    volumes: Vec<VolumeId>,
    snapshots: Vec<(VolumeId, SnapshotId)>,
    taken: Taken,
    /// The model no longer matches the backend.
    is_out_of_sync: bool,
    /// The last changing call, and whether it was refused.
    last_change: Option<(&'static str, bool)>,
}

/// Objects that existed before the case.
struct Foreign {
    volumes: Vec<Volume>,
    /// The snapshots of the first [`FOREIGN_SAMPLE`] volumes.
    snapshots: Vec<(VolumeId, Answer)>,
}

/// Number of foreign volumes whose snapshots are compared after each case.
const FOREIGN_SAMPLE: usize = 16;

impl<'a> Harness<'a> {
    /// Prepares a case. Its number becomes part of its volumes' names.
    pub(crate) fn open(
        backend: &'a dyn VolumeBackend,
        number: usize,
        probe: &'a Probe,
        config: &'a Config,
        log: &'a CallLog,
        factory: Option<&'a BackendFactory>,
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
            factory,
            log,
            number,
            stem: format!("{}-{number}.00-", probe.stem),
            deadline: Instant::now() + config.time_limit,
            verify: Cell::new(Verify::Records),
            is_tracing_checks: Cell::new(false),
            routes: Routes::of_case(number, probe.tier),
            has_passed: Cell::new(false),
            has_raced: Cell::new(false),
            pace: RefCell::new(Pace::new(config.seed ^ number as u64)),
            cut_short: RefCell::new(None),
            state: RefCell::new(State {
                model: Model::over(volumes.clone()),
                issued: volumes.iter().map(|volume| volume.uuid.uuid()).collect(),
                newest_time: None,
                volumes: Vec::new(),
                snapshots: Vec::new(),
                taken: Taken::default(),
                is_out_of_sync: false,
                last_change: None,
            }),
            foreign: Foreign { volumes, snapshots },
        })
    }

    /// A harness for another run of this case's calls, with `stem` as the prefix of its names. `None`
    /// if the backend cannot be listed.
    pub(crate) fn for_run<'b>(
        &'b self,
        backend: &'b dyn VolumeBackend,
        stem: String,
    ) -> Option<Harness<'b>> {
        self.log.clear();
        let Self { probe, config, log, .. } = *self;
        let harness = Harness::open(backend, 0, probe, config, log, None).ok()?;
        Some(Harness { stem, deadline: self.deadline, ..harness })
    }

    /// The prefix of the names of another run. As long as that of the case, so that names keep their
    /// length.
    pub(crate) fn stem_of_run(&self, number: usize) -> String {
        let digit = |number: usize| {
            let digit = u32::try_from(number % 36).ok();
            digit.and_then(|digit| char::from_digit(digit, 36)).unwrap_or('0')
        };
        let own = self.stem.strip_suffix("00-").unwrap_or(&self.stem);
        format!("{own}{}{}-", digit(number / 36), digit(number))
    }

    /// Makes new backends like the one of the case, if the run has a factory.
    pub(crate) fn factory(&self) -> Option<&'a BackendFactory> {
        self.factory
    }

    /// A volume name for the label, used by no other case.
    pub(crate) fn name(&self, label: &str) -> String {
        format!("{}{label}", self.stem)
    }

    /// A volume name of exactly this length, used by no other case.
    pub(crate) fn long_name(&self, label: &str, length: usize) -> String {
        let name = self.name(label);
        let filler = length.saturating_sub(name.len());
        name + &"x".repeat(filler)
    }

    /// A junction path for the label, used by no other case.
    pub(crate) fn path(&self, label: &str) -> String {
        format!("/{}{label}", self.stem)
    }

    /// Whether the volume's name was created by [`name`](Self::name).
    fn is_own_name(&self, name: &str) -> bool {
        name.starts_with(&self.stem)
    }

    /// Sets the checks after each change from now on.
    pub(crate) fn set_verify(&self, verify: Verify) {
        self.verify.set(verify);
    }

    /// Keeps checks that pass in the log from now on.
    pub(crate) fn trace_checks(&self) {
        self.is_tracing_checks.set(true);
    }

    /// The backend itself, for methods that [`Call`] does not cover.
    pub(crate) fn backend(&self) -> &'a dyn VolumeBackend {
        self.backend
    }

    /// The choice of the object on which each call is made.
    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Whether the model has a volume of this name, foreign ones included.
    pub(crate) fn has_volume_named(&self, name: &str) -> bool {
        self.state.borrow().model.volumes.iter().any(|volume| volume.record.name == name)
    }

    /// The volume of this name, as the model expects it.
    pub(crate) fn own_volume(&self, name: &str) -> Option<Volume> {
        let state = self.state.borrow();
        state.model.own().find(|volume| volume.record.name == name).map(|it| it.record.clone())
    }

    /// The snapshots of the volume, as the model expects them.
    pub(crate) fn snapshots_of(&self, volume: &Volume) -> Vec<nessie_backend_core::Snapshot> {
        let state = self.state.borrow();
        let of = state.model.volume(volume.uuid).map(|kept| kept.snapshots.clone());
        of.unwrap_or_default().into_iter().map(|kept| kept.record).collect()
    }

    /// Whether the case has made concurrent calls.
    pub(crate) fn has_raced(&self) -> bool {
        self.has_raced.get()
    }

    /// The calls so far.
    pub(crate) fn trace(&self) -> Trace {
        self.log.trace()
    }

    /// Starts again within the same case: deletes its objects and reads the backend's state.
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
        state.taken.clear();
        state.last_change = None;
        Ok(())
    }

    /// Records that the model no longer matches the backend.
    pub(crate) fn mark_out_of_sync(&self) {
        self.state.borrow_mut().is_out_of_sync = true;
    }

    /// Whether less than a fifth of the time limit is left: stop shrinking and report.
    pub(crate) fn is_nearly_out_of_time(&self) -> bool {
        Instant::now() + self.config.time_limit / 5 > self.deadline
    }

    /// Skips the rest of the case unless the condition holds.
    #[expect(clippy::unused_self, reason = "as `ensure`")]
    pub(crate) fn ensure_or_skip(&self, holds: bool, reason: &str) -> CaseResult {
        if holds { Ok(()) } else { Err(Abort::Skipped(reason.to_owned())) }
    }

    /// The result of a set-up: a rule that it breaks is the only one that the failure reports.
    #[expect(clippy::unused_self, reason = "as `ensure`")]
    pub(crate) fn as_set_up<T>(&self, result: CaseResult<T>) -> CaseResult<T> {
        result.map_err(|abort| match abort {
            Abort::Violation(violation) if !violation.rules.is_empty() => {
                Abort::Violation(Box::new(Violation { is_precise: true, ..*violation }))
            }
            other => other,
        })
    }

    /// Makes a call that must be refused with `feature_not_supported`, with a target that contains
    /// the word.
    pub(crate) fn not_supported(&self, call: &Call, word: &str) -> CaseResult {
        self.check_time()?;
        match self.make(self.routes.next(call), call)? {
            Err(refusal) if refusal.code == "feature_not_supported" => {
                let target = refusal.target.unwrap_or_default();
                if target.is_empty() || !target.contains(word) {
                    let text = format!(
                        "{} is not supported, and the error's target is {target:?}",
                        with_dots(call)
                    );
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

    /// Whether the backend supports the operation.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.probe.has(feature)
    }

    /// Whether the case ends before its work is complete: half of the time limit is over, and `done`
    /// of `all` items are finished. A tenth of them, and at least 10, are always run. The outcome of
    /// the case shows that it ended early.
    pub(crate) fn ends_early(&self, done: usize, all: usize, items: &str) -> bool {
        let is_late = Instant::now() + self.config.time_limit / 2 > self.deadline;
        let is_early_end = is_late && done < all && done >= all.div_ceil(10).max(10);
        if is_early_end {
            *self.cut_short.borrow_mut() = Some(format!(
                "{done} of {all} {items}: half of the time limit of {:?} was over",
                self.config.time_limit
            ));
        }
        is_early_end
    }

    /// What the case left out, if it ended early.
    pub(crate) fn cut_short(&self) -> Option<String> {
        self.cut_short.borrow().clone()
    }

    /// Makes a call, compares its answer with the model, and after a change checks the backend. The
    /// call is made on the backend or on one of its tier objects.
    pub(crate) fn call(&self, call: &Call) -> CaseResult<Answer> {
        self.call_through(self.routes.next(call), call)
    }

    /// The same, on the object at the end of the route.
    pub(crate) fn call_through(&self, route: Route, call: &Call) -> CaseResult<Answer> {
        self.check_time()?;
        let answer = self.make(route, call)?;
        self.check(call, &answer)?;
        if call.changes() {
            self.state.borrow_mut().last_change = Some((call.operation(), answer.is_err()));
            self.verify_after(answer.is_ok())?;
        }
        Ok(answer)
    }

    /// Makes a call on the object at the end of the route, which must be reachable.
    fn make(&self, route: Route, call: &Call) -> CaseResult<Answer> {
        if let Err(error) = route.follow(self.backend) {
            let text = format!("{route} is refused: {error}");
            return Err(Abort::violation("1.tier_object", text));
        }
        Ok(self.log.call_through(route, call, self.backend))
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

    /// A violation of the case's own rules.
    #[expect(clippy::unused_self, reason = "cases report through the harness")]
    pub(crate) fn violation(&self, message: impl Into<String>) -> Abort {
        Abort::Violation(Box::new(Violation {
            rules: Vec::new(),
            message: message.into(),
            trace: None,
            is_precise: false,
        }))
    }

    /// Reports a violation of the case's own rules unless the condition holds.
    pub(crate) fn ensure(&self, holds: bool, message: impl FnOnce() -> String) -> CaseResult {
        if holds { Ok(()) } else { Err(self.violation(message())) }
    }

    // Calls that must succeed.

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
        self.returns_snapshot(&Call::CreateSnapshot(volume.uuid, name.to_owned()))
    }

    pub(crate) fn clone(
        &self,
        parent: &Volume,
        snapshot: &nessie_backend_core::Snapshot,
        label: &str,
    ) -> CaseResult<Volume> {
        self.returns_volume(&Call::CreateClone(parent.uuid, snapshot.uuid, self.name(label)))
    }

    /// Makes a call that must return a snapshot.
    pub(crate) fn returns_snapshot(
        &self,
        call: &Call,
    ) -> CaseResult<nessie_backend_core::Snapshot> {
        match self.call(call)? {
            Ok(Value::Snapshot(snapshot)) => Ok(snapshot),
            _ => Err(self.must_succeed(call)),
        }
    }

    /// Makes a call that must return a volume.
    pub(crate) fn returns_volume(&self, call: &Call) -> CaseResult<Volume> {
        match self.call(call)? {
            Ok(Value::Volume(volume)) => Ok(volume),
            _ => Err(self.must_succeed(call)),
        }
    }

    /// Makes a call that must succeed and return nothing.
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

    /// Starts again within the same case: deletes its objects with a check of each deletion.
    pub(crate) fn start_again(&self) -> CaseResult {
        self.delete_own()?;
        self.restart()
    }

    /// The case's volumes that are offline or restricted.
    pub(crate) fn volumes_not_online(&self) -> Vec<VolumeId> {
        let state = self.state.borrow();
        let own = state.model.own().map(|volume| &volume.record);
        own.filter(|record| record.state != VolumeState::Online).map(|record| record.uuid).collect()
    }
}

fn with_dots(call: &Call) -> String {
    format!("{}(..)", call.operation())
}
