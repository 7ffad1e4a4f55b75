//! Leaving the backend as it was.

use super::{Bench, Broken, Step, Stop, Watch, describe};
use crate::feature::Tier;
use crate::oracle::call::{Call, Value};

impl Bench<'_> {
    /// The last look of a case in which all went well.
    pub(crate) fn look_at_the_end(&self) -> Step {
        self.look_closely()?;
        self.look_for_what_is_gone()?;
        self.has_gone_well.set(true);
        Ok(())
    }

    /// Leaves the backend as it was before the case, and checks that it is, if all went well.
    /// Otherwise the model knows no more what is there: whatever is the case's own is deleted.
    pub(crate) fn close(&self) -> Step {
        if self.has_gone_well.get() {
            return self.clean_up().map_err(during_clean_up);
        }
        if self.log.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        self.log.pause();
        match self.sweep() {
            0 => Ok(()),
            left => Err(self.broken(format!("{left} volumes could not be cleaned up"))),
        }
    }

    /// Deletes what is there of the case's own: the newest first, so that clones go before their
    /// snapshots and snapshots before their volumes.
    pub(crate) fn delete_everything(&self) -> Step {
        self.watch(Watch::Never);
        let own: Vec<_> = {
            let state = self.state.borrow();
            let of = |volume: &crate::oracle::model::KeptVolume| {
                let snapshots = volume.snapshots.iter().rev().map(|kept| kept.record.uuid);
                (volume.record.uuid, snapshots.collect::<Vec<_>>())
            };
            state.model.own().rev().map(of).collect()
        };
        for (volume, snapshots) in own {
            for snapshot in snapshots {
                self.nothing(&Call::DeleteSnapshot(volume, snapshot))?;
            }
            self.nothing(&Call::DeleteVolume(volume))?;
        }
        Ok(())
    }

    fn clean_up(&self) -> Step {
        self.delete_everything()?;
        self.look_at(&Call::ListVolumes)?;
        self.look_at_what_was_there_before()
    }

    /// Compares what was there before the case with what it was.
    pub(crate) fn look_at_what_was_there_before(&self) -> Step {
        for (volume, before) in &self.before.snapshots {
            let call = Call::ListSnapshots(*volume);
            let after = self.log.ask(&call, self.backend);
            let is_same = match (before, &after) {
                (Ok(before), Ok(after)) => describe::difference(after, before).is_none(),
                (before, after) => before == after,
            };
            if !is_same {
                let text = format!("the snapshots of volume {volume}, not the suite's, changed");
                return Err(Stop::broken("3.atomic", text));
            }
            self.log.forget_last();
        }
        Ok(())
    }

    /// Deletes whatever is there of the case's own, unchecked, and says how much would not go.
    pub(super) fn sweep(&self) -> usize {
        for last in [false, true] {
            let Ok(Value::Volumes(volumes)) = self.log.ask(&Call::ListVolumes, self.backend) else {
                return 0;
            };
            let given = self.state.borrow().volumes.clone();
            let is_before = |id| self.before.volumes.iter().any(|volume| volume.uuid == id);
            let own: Vec<_> = volumes
                .iter()
                .filter(|it| !is_before(it.uuid))
                .filter(|it| given.contains(&it.uuid) || self.is_own_name(&it.name))
                .map(|it| it.uuid)
                .collect();
            if last {
                return own.len();
            }
            for volume in own.into_iter().rev() {
                if self.survey.tier >= Tier::Snapshots {
                    let list = self.log.ask(&Call::ListSnapshots(volume), self.backend);
                    if let Ok(Value::Snapshots(snapshots)) = list {
                        for snapshot in snapshots.iter().rev() {
                            let delete = Call::DeleteSnapshot(volume, snapshot.uuid);
                            let _ = self.log.ask(&delete, self.backend);
                        }
                    }
                }
                let _ = self.log.ask(&Call::DeleteVolume(volume), self.backend);
            }
        }
        0
    }
}

fn during_clean_up(stop: Stop) -> Stop {
    match stop {
        Stop::Broken(broken) => Stop::Broken(Box::new(Broken {
            message: format!("while cleaning up: {}", broken.message),
            ..*broken
        })),
        other => other,
    }
}
