//! Looking at everything the backend shows.

use nessie_backend_core::{SnapshotId, VolumeId};

use super::{Bench, Step, Watch};
use crate::feature::Tier;
use crate::oracle::call::Call;

/// How many records are read one by one at most.
const MAX_CLOSE: usize = 40;

impl Bench<'_> {
    /// Looks at the backend after a change, or after a refusal, which must have left no trace.
    pub(super) fn look_after(&self, is_changed: bool) -> Step {
        match self.watch.get() {
            Watch::Closely if is_changed => self.look_closely(),
            Watch::Closely | Watch::Listings => self.look(),
            Watch::Never => Ok(()),
        }
    }

    /// Lists everything.
    pub(crate) fn look(&self) -> Step {
        self.look_at(&Call::ListVolumes)?;
        if self.survey.tier >= Tier::Snapshots {
            for volume in self.live_volumes() {
                self.look_at(&Call::ListSnapshots(volume))?;
            }
        }
        Ok(())
    }

    /// Lists everything, and reads every record by its identifier and by its name.
    pub(crate) fn look_closely(&self) -> Step {
        self.look()?;
        for volume in self.live_volumes().into_iter().take(MAX_CLOSE) {
            self.look_at(&Call::GetVolume(volume))?;
            if let Some(name) = self.name_of(volume) {
                self.look_at(&Call::FindVolume(name))?;
            }
        }
        for (volume, snapshot, name) in self.live_snapshots().into_iter().take(MAX_CLOSE) {
            self.look_at(&Call::GetSnapshot(volume, snapshot))?;
            self.look_at(&Call::FindSnapshot(volume, name))?;
        }
        Ok(())
    }

    /// Looks for everything that ever was, to see that what is gone is gone.
    pub(crate) fn look_for_what_is_gone(&self) -> Step {
        let (volumes, snapshots, names) = {
            let state = self.state.borrow();
            (state.volumes.clone(), state.snapshots.clone(), state.names.clone())
        };
        for volume in volumes.into_iter().take(MAX_CLOSE) {
            self.look_at(&Call::GetVolume(volume))?;
        }
        for name in names.into_iter().take(MAX_CLOSE) {
            self.look_at(&Call::FindVolume(name))?;
        }
        for (volume, snapshot) in snapshots.into_iter().take(MAX_CLOSE) {
            self.look_at(&Call::GetSnapshot(volume, snapshot))?;
        }
        Ok(())
    }

    /// Makes a call that changes nothing, and leaves it out of the log if it shows what it must.
    pub(crate) fn look_at(&self, call: &Call) -> Step {
        self.check_time()?;
        let answer = self.log.ask(call, self.backend);
        self.check(call, &answer)?;
        self.log.forget_last();
        Ok(())
    }

    pub(crate) fn live_volumes(&self) -> Vec<VolumeId> {
        self.state.borrow().model.own().map(|volume| volume.record.uuid).collect()
    }

    fn live_snapshots(&self) -> Vec<(VolumeId, SnapshotId, String)> {
        let state = self.state.borrow();
        let of = |volume: &crate::oracle::model::KeptVolume| {
            let id = volume.record.uuid;
            let each = volume.snapshots.iter().map(move |kept| &kept.record);
            each.map(move |it| (id, it.uuid, it.name.clone())).collect::<Vec<_>>()
        };
        state.model.own().flat_map(of).collect()
    }

    fn name_of(&self, volume: VolumeId) -> Option<String> {
        let state = self.state.borrow();
        state.model.volume(volume).ok().map(|kept| kept.record.name.clone())
    }
}
