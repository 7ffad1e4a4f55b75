//! Compares answers with the model.

use nessie_backend_core::{Snapshot, Timestamp, Uuid, Volume};

use super::sweep::add;
use super::{Abort, CaseResult, Harness, describe};
use crate::oracle::call::{Answer, Call, Refusal, Value};
use crate::oracle::grammar;
use crate::oracle::model::ExpectedRefusal;
use crate::rule::{rule_of, rule_of_refusals};

/// Maximum number of records that are read to find out whether only the list is wrong.
const MAX_READS: usize = 80;

impl Harness<'_> {
    /// Applies the call to the model and compares the two answers.
    pub(super) fn check(&self, call: &Call, answer: &Answer) -> CaseResult {
        let operation = call.operation();
        Self::check_form(call, answer)?;
        let expected = self.state.borrow_mut().model.apply(call, answer);
        match (answer, expected) {
            (Ok(found), Ok(expected)) => {
                if let Some(difference) = describe::difference(found, &expected) {
                    let text = format!("{operation} returned a wrong result: {difference}");
                    return Err(Abort::violation(self.rule_of_answer(call, found), text));
                }
                self.record(call, found)
            }
            (Ok(found), Err(expected)) => {
                let found = describe::value(found);
                let text = format!(
                    "{operation} returned {found}, and must be refused with {}",
                    describe::codes(&expected)
                );
                Err(Abort::violation(rule_of_refusals(operation), text))
            }
            (Err(refusal), Ok(_)) => {
                let text = format!(
                    "{operation} was refused with {} ({}), and must succeed",
                    refusal.code, refusal.message
                );
                Err(Abort::violation(rule_of(operation), text))
            }
            (Err(refusal), Err(expected)) => {
                check_refusal(operation, refusal, &expected)?;
                if self.config.compares_details && !expected.has_details(refusal) {
                    let text = format!(
                        "{operation} was refused with {} ({}) and {}, and must have {}",
                        refusal.code,
                        refusal.message,
                        describe::details(&refusal.details),
                        describe::expected_details(&expected, refusal)
                    );
                    return Err(Abort::violation("4.fields", text));
                }
                Ok(())
            }
        }
    }

    /// A wrong listing breaks the rule of the last change, unless every record alone is right: then
    /// only the list is wrong. Any other wrong answer breaks the rule of its operation.
    fn rule_of_answer(&self, call: &Call, found: &Value) -> &'static str {
        let last_change = self.state.borrow().last_change;
        match (found, last_change) {
            (Value::Volumes(_) | Value::Snapshots(_), Some((last, is_refused))) => {
                if self.is_each_record_right(call, found) {
                    rule_of(call.operation())
                } else if is_refused {
                    "3.atomic"
                } else {
                    rule_of(last)
                }
            }
            _ => rule_of(call.operation()),
        }
    }

    /// Whether each record that is listed or should be can be read alone and is as expected.
    fn is_each_record_right(&self, list: &Call, found: &Value) -> bool {
        let mut model = self.state.borrow().model.clone();
        let expected = model.apply(list, &Ok(found.clone()));
        let reads: Vec<Call> = match (list, found, &expected) {
            (Call::ListVolumes, Value::Volumes(found), Ok(Value::Volumes(expected))) => {
                found.iter().chain(expected).map(|it| Call::GetVolume(it.uuid)).collect()
            }
            (Call::ListSnapshots(id), Value::Snapshots(found), Ok(Value::Snapshots(expected))) => {
                let both = found.iter().chain(expected);
                both.map(|it| Call::GetSnapshot(*id, it.uuid)).collect()
            }
            _ => return false,
        };
        reads.into_iter().take(MAX_READS).all(|read| {
            let answer = self.log.call(&read, self.backend);
            self.log.drop_last();
            match (&answer, model.apply(&read, &answer)) {
                (Ok(found), Ok(expected)) => describe::difference(found, &expected).is_none(),
                (Err(refusal), Err(expected)) => expected.has_code(refusal),
                _ => false,
            }
        })
    }

    /// Checks the answer to any call: records and errors must be well-formed.
    pub(super) fn check_form(call: &Call, answer: &Answer) -> CaseResult {
        let operation = call.operation();
        let wrong = |(rule, text): (&'static str, String)| {
            Abort::violation(rule, format!("{operation} returned a malformed record: {text}"))
        };
        match answer {
            Err(Refusal { malformed: Some(text), .. }) => {
                let rule = match operation {
                    "space" => "8.space",
                    "restore_snapshot" => "1.volume",
                    _ if operation.contains("snapshot") => "1.snapshot",
                    _ => "1.volume",
                };
                Err(wrong((rule, text.clone())))
            }
            Err(refusal) if refusal.message.is_empty() => {
                let text = format!("{operation} was refused with {} and no message", refusal.code);
                Err(Abort::violation("4.code", text))
            }
            Ok(Value::Volume(volume) | Value::MaybeVolume(Some(volume))) => {
                grammar::check_volume(volume).map_err(wrong)
            }
            Ok(Value::Volumes(volumes)) => {
                volumes.iter().try_for_each(grammar::check_volume).map_err(wrong)
            }
            Ok(Value::Snapshot(snapshot) | Value::MaybeSnapshot(Some(snapshot))) => {
                grammar::check_snapshot(snapshot).map_err(wrong)
            }
            Ok(Value::Snapshots(snapshots)) => {
                snapshots.iter().try_for_each(grammar::check_snapshot).map_err(wrong)
            }
            Ok(Value::Space(space)) => grammar::check_space(space).map_err(wrong),
            _ => Ok(()),
        }
    }

    /// Records a new object, and checks that its identifier is new and its time not older than the
    /// last.
    pub(super) fn record(&self, call: &Call, made: &Value) -> CaseResult {
        match (call, made) {
            (
                Call::CreateVolume(_) | Call::CreateClone(..),
                Value::Volume(Volume { uuid, name, create_time, .. }),
            ) => {
                let mut state = self.state.borrow_mut();
                state.volumes.push(*uuid);
                state.taken.names.push(name.clone());
                drop(state);
                self.check_new(uuid.uuid(), *create_time)
            }
            (
                Call::CreateSnapshot(volume, _),
                Value::Snapshot(Snapshot { uuid, name, create_time, .. }),
            ) => {
                let mut state = self.state.borrow_mut();
                state.snapshots.push((*volume, *uuid));
                state.taken.snapshot_names.push((*volume, name.clone()));
                drop(state);
                self.check_new(uuid.uuid(), *create_time)
            }
            (Call::PatchVolume(..), Value::Volume(volume)) => {
                let mut state = self.state.borrow_mut();
                add(&mut state.taken.names, &volume.name);
                if let Some(path) = &volume.junction_path {
                    add(&mut state.taken.paths, path);
                }
                Ok(())
            }
            (Call::RenameSnapshot(volume, ..), Value::Snapshot(snapshot)) => {
                let mut state = self.state.borrow_mut();
                state.taken.snapshot_names.push((*volume, snapshot.name.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_new(&self, uuid: Uuid, time: Option<Timestamp>) -> CaseResult {
        let mut state = self.state.borrow_mut();
        if !state.issued.insert(uuid) || !self.probe.is_first(uuid) {
            let text = format!("the identifier {uuid} was issued before");
            return Err(Abort::violation("2.uuid_once", text));
        }
        if let (Some(newest), Some(time)) = (state.newest_time, time)
            && time < newest
        {
            let text = format!("create_time is {time}, and an older record's is {newest}");
            return Err(Abort::violation("5.time", text));
        }
        state.newest_time = time.or(state.newest_time);
        Ok(())
    }
}

fn check_refusal(operation: &str, refusal: &Refusal, expected: &ExpectedRefusal) -> CaseResult {
    let codes = describe::codes(expected);
    if !expected.has_code(refusal) {
        let rule = match refusal.code {
            "feature_not_supported" => "3.optional",
            code if may_refuse_with(operation, code) => "3.order",
            _ => "4.code",
        };
        let text = format!(
            "{operation} was refused with {} ({}), and must be refused with {codes}",
            refusal.code, refusal.message
        );
        return Err(Abort::violation(rule, text));
    }
    if !expected.has_target(refusal) {
        let text = format!(
            "{operation} was refused with {} about {}, and must name {}",
            refusal.code,
            refusal.target.as_deref().unwrap_or("nothing"),
            describe::targets(expected)
        );
        return Err(Abort::violation("4.target", text));
    }
    if !expected.has_dependents(refusal) {
        let text = format!(
            "{operation} was refused with {} and the dependents {}, and must name {}",
            refusal.code,
            describe::dependents(refusal.dependents.as_deref()),
            describe::expected_dependents(expected)
        );
        return Err(Abort::violation("4.dependents", text));
    }
    Ok(())
}

/// Whether the contract allows the operation to fail with the code.
fn may_refuse_with(operation: &str, code: &str) -> bool {
    let codes: &[&str] = match operation {
        "create_volume" => &["invalid_argument", "volume_exists"],
        "patch_volume" => &[
            "volume_not_found",
            "invalid_argument",
            "volume_offline",
            "volume_exists",
            "junction_path_exists",
        ],
        "delete_volume" => &["volume_not_found", "volume_busy"],
        "access_handle" => &["volume_not_found", "volume_offline"],
        "create_snapshot" => {
            &["volume_not_found", "invalid_argument", "volume_offline", "snapshot_exists"]
        }
        "get_snapshot" => &["volume_not_found", "snapshot_not_found"],
        "rename_snapshot" => {
            &["volume_not_found", "snapshot_not_found", "invalid_argument", "snapshot_exists"]
        }
        "delete_snapshot" => &["volume_not_found", "snapshot_not_found", "snapshot_busy"],
        "restore_snapshot" => {
            &["volume_not_found", "snapshot_not_found", "volume_offline", "snapshot_busy"]
        }
        "create_clone" => &[
            "volume_not_found",
            "snapshot_not_found",
            "invalid_argument",
            "volume_offline",
            "volume_exists",
        ],
        "split_clone" => &["volume_not_found", "invalid_argument"],
        _ => &["volume_not_found"],
    };
    codes.contains(&code)
}
