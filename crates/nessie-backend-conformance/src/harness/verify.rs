//! Looking at everything the backend shows.

use nessie_backend_core::{SnapshotId, VolumeId};

use super::{CaseResult, Harness, Verify};
use crate::feature::Tier;
use crate::oracle::call::Call;

/// How many records are read one by one at most.
const MAX_CLOSE: usize = 40;

impl Harness<'_> {
    /// Looks at the backend after a change, or after a refusal, which must have left no trace.
    pub(super) fn verify_after(&self, is_changed: bool) -> CaseResult {
        match self.verify.get() {
            Verify::Records if is_changed => self.verify_records(),
            Verify::Records | Verify::Listings => self.verify_listings(),
            Verify::Never => Ok(()),
        }
    }

    /// Lists everything.
    pub(crate) fn verify_listings(&self) -> CaseResult {
        self.verify_call(&Call::ListVolumes)?;
        if self.probe.tier >= Tier::Snapshots {
            for volume in self.live_volumes() {
                self.verify_call(&Call::ListSnapshots(volume))?;
            }
        }
        Ok(())
    }

    /// Lists everything, and reads every record by its identifier and by its name.
    pub(crate) fn verify_records(&self) -> CaseResult {
        self.verify_listings()?;
        for volume in self.live_volumes().into_iter().take(MAX_CLOSE) {
            self.verify_call(&Call::GetVolume(volume))?;
            if let Some(name) = self.name_of(volume) {
                self.verify_call(&Call::FindVolume(name))?;
            }
        }
        for (volume, snapshot, name) in self.live_snapshots().into_iter().take(MAX_CLOSE) {
            self.verify_call(&Call::GetSnapshot(volume, snapshot))?;
            self.verify_call(&Call::FindSnapshot(volume, name))?;
        }
        Ok(())
    }

    /// Looks for everything that ever was, to see that what is gone is gone.
    pub(crate) fn verify_deleted(&self) -> CaseResult {
        let (volumes, snapshots, names) = {
            let state = self.state.borrow();
            (state.volumes.clone(), state.snapshots.clone(), state.names.clone())
        };
        for volume in volumes.into_iter().take(MAX_CLOSE) {
            self.verify_call(&Call::GetVolume(volume))?;
        }
        for name in names.into_iter().take(MAX_CLOSE) {
            self.verify_call(&Call::FindVolume(name))?;
        }
        for (volume, snapshot) in snapshots.into_iter().take(MAX_CLOSE) {
            self.verify_call(&Call::GetSnapshot(volume, snapshot))?;
        }
        Ok(())
    }

    /// Makes a call that changes nothing, and leaves it out of the log if it shows what it must.
    pub(crate) fn verify_call(&self, call: &Call) -> CaseResult {
        self.check_time()?;
        let answer = self.log.call(call, self.backend);
        self.check(call, &answer)?;
        self.log.drop_last();
        Ok(())
    }

    pub(crate) fn live_volumes(&self) -> Vec<VolumeId> {
        self.state.borrow().model.own().map(|volume| volume.record.uuid).collect()
    }

    fn live_snapshots(&self) -> Vec<(VolumeId, SnapshotId, String)> {
        let state = self.state.borrow();
        let of = |volume: &crate::oracle::model::ModelVolume| {
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
