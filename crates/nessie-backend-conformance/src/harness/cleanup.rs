//! Cleaning up after a case.

use super::{Abort, CaseResult, Harness, Verify, Violation, describe};
use crate::feature::Tier;
use crate::oracle::call::{Call, Value};

impl Harness<'_> {
    /// The final check of a case that has found nothing so far.
    pub(crate) fn verify_at_end(&self) -> CaseResult {
        self.verify_records()?;
        self.verify_deleted()?;
        self.has_passed.set(true);
        Ok(())
    }

    /// Deletes the case's own objects. If the case has passed, each deletion is checked, and foreign
    /// objects must be unchanged. Otherwise the model may be wrong, and nothing is checked.
    pub(crate) fn clean_up(&self) -> CaseResult {
        if self.has_passed.get() {
            return self.clean_up_verified().map_err(during_clean_up);
        }
        if self.log.is_cancelled() {
            return Err(Abort::Cancelled);
        }
        self.log.pause();
        match self.delete_leftovers() {
            0 => Ok(()),
            left => Err(self.violation(format!("{left} volumes could not be cleaned up"))),
        }
    }

    /// Deletes the case's own objects, the newest first: clones before their snapshots, snapshots
    /// before their volumes.
    pub(crate) fn delete_own(&self) -> CaseResult {
        self.set_verify(Verify::Never);
        let own: Vec<_> = {
            let state = self.state.borrow();
            let of = |volume: &crate::oracle::model::ModelVolume| {
                let snapshots = volume.snapshots.iter().rev().map(|kept| kept.record.uuid);
                (volume.record.uuid, snapshots.collect::<Vec<_>>())
            };
            state.model.own().rev().map(of).collect()
        };
        for (volume, snapshots) in own {
            for snapshot in snapshots {
                self.returns_nothing(&Call::DeleteSnapshot(volume, snapshot))?;
            }
            self.returns_nothing(&Call::DeleteVolume(volume))?;
        }
        Ok(())
    }

    fn clean_up_verified(&self) -> CaseResult {
        self.delete_own()?;
        self.verify_call(&Call::ListVolumes)?;
        self.verify_foreign()
    }

    /// Checks that the snapshots of foreign volumes are unchanged.
    pub(crate) fn verify_foreign(&self) -> CaseResult {
        for (volume, before) in &self.foreign.snapshots {
            let call = Call::ListSnapshots(*volume);
            let after = self.log.call(&call, self.backend);
            let is_same = match (before, &after) {
                (Ok(before), Ok(after)) => describe::difference(after, before).is_none(),
                (before, after) => before == after,
            };
            if !is_same {
                let text = format!("the snapshots of volume {volume}, not the suite's, changed");
                return Err(Abort::violation("3.atomic", text));
            }
            self.log.drop_last();
        }
        Ok(())
    }

    /// Deletes the case's own objects without checks. Returns the number of volumes that are left.
    pub(crate) fn delete_leftovers(&self) -> usize {
        for last in [false, true] {
            let Ok(Value::Volumes(volumes)) = self.log.call(&Call::ListVolumes, self.backend)
            else {
                return 0;
            };
            let mut issued = self.state.borrow().volumes.clone();
            let is_before = |id| self.foreign.volumes.iter().any(|volume| volume.uuid == id);
            let own: Vec<_> = volumes
                .iter()
                .filter(|it| !is_before(it.uuid))
                .filter(|it| issued.contains(&it.uuid) || self.is_own_name(&it.name))
                .map(|it| it.uuid)
                .collect();
            if last {
                return own.len();
            }
            // The list may leave out a volume.
            issued.extend(own.into_iter().filter(|id| !issued.contains(id)).collect::<Vec<_>>());
            for volume in issued.into_iter().rev() {
                if self.probe.tier >= Tier::Snapshots {
                    let list = self.log.call(&Call::ListSnapshots(volume), self.backend);
                    if let Ok(Value::Snapshots(snapshots)) = list {
                        for snapshot in snapshots.iter().rev() {
                            let delete = Call::DeleteSnapshot(volume, snapshot.uuid);
                            let _ = self.log.call(&delete, self.backend);
                        }
                    }
                }
                let _ = self.log.call(&Call::DeleteVolume(volume), self.backend);
            }
        }
        0
    }
}

fn during_clean_up(abort: Abort) -> Abort {
    match abort {
        Abort::Violation(violation) => Abort::Violation(Box::new(Violation {
            message: format!("while cleaning up: {}", violation.message),
            ..*violation
        })),
        other => other,
    }
}
