//! Reads the backend's state and compares it with the model.

use std::collections::HashSet;

use nessie_backend_core::{SnapshotId, VolumeId};

use super::probe::Offer;
use super::{Abort, CaseResult, Harness, Verify};
use crate::feature::Tier;
use crate::oracle::call::Call;

/// Maximum number of records that are read one by one.
const MAX_RECORDS: usize = 40;

impl Harness<'_> {
    /// Checks the backend after a change, or after a refusal, which must change nothing.
    pub(super) fn verify_after(&self, is_changed: bool) -> CaseResult {
        match self.verify.get() {
            Verify::Records if is_changed => self.verify_records(),
            Verify::Records | Verify::Listings => self.verify_listings(),
            Verify::Never => Ok(()),
        }
    }

    /// Checks the tiers and all listings.
    pub(crate) fn verify_listings(&self) -> CaseResult {
        if let Some(difference) = Offer::of(self.backend).difference(&self.probe.offer) {
            let text = format!("the tiers have changed: {difference}");
            return Err(Abort::violation("1.honest", text));
        }
        self.verify_call(&Call::ListVolumes)?;
        if self.probe.tier >= Tier::Snapshots {
            for volume in self.live_volumes() {
                self.verify_call(&Call::ListSnapshots(volume))?;
            }
        }
        Ok(())
    }

    /// Checks all listings, and every record by identifier and by name.
    pub(crate) fn verify_records(&self) -> CaseResult {
        self.verify_listings()?;
        for volume in self.live_volumes().into_iter().take(MAX_RECORDS) {
            self.verify_call(&Call::GetVolume(volume))?;
            if let Some(name) = self.name_of(volume) {
                self.verify_call(&Call::FindVolume(name))?;
            }
        }
        for (volume, snapshot, name) in self.live_snapshots().into_iter().take(MAX_RECORDS) {
            self.verify_call(&Call::GetSnapshot(volume, snapshot))?;
            self.verify_call(&Call::FindSnapshot(volume, name))?;
        }
        Ok(())
    }

    /// Checks that deleted objects can no longer be read.
    pub(crate) fn verify_deleted(&self) -> CaseResult {
        let (volumes, snapshots) = {
            let state = self.state.borrow();
            (state.volumes.clone(), state.snapshots.clone())
        };
        for volume in volumes.into_iter().take(MAX_RECORDS) {
            self.verify_call(&Call::GetVolume(volume))?;
        }
        self.verify_names()?;
        for (volume, snapshot) in snapshots.into_iter().take(MAX_RECORDS) {
            self.verify_call(&Call::GetSnapshot(volume, snapshot))?;
        }
        Ok(())
    }

    /// Finds volumes by every name that one ever had.
    pub(crate) fn verify_names(&self) -> CaseResult {
        let mut seen = HashSet::new();
        let names: Vec<String> = {
            let state = self.state.borrow();
            let distinct = state.taken.names.iter().filter(|name| seen.insert(name.as_str()));
            distinct.take(MAX_RECORDS).cloned().collect()
        };
        names.into_iter().try_for_each(|name| self.verify_call(&Call::FindVolume(name)))
    }

    /// Requests the access handle of every volume.
    pub(crate) fn verify_access(&self) -> CaseResult {
        self.live_volumes()
            .into_iter()
            .take(MAX_RECORDS)
            .try_for_each(|volume| self.verify_call(&Call::AccessHandle(volume)))
    }

    /// Makes a reading call and compares its answer with the model. Not logged if it matches.
    pub(crate) fn verify_call(&self, call: &Call) -> CaseResult {
        self.check_time()?;
        for route in self.routes.of_check(call) {
            let answer = self.make(route, call)?;
            self.check(call, &answer)?;
            if !self.is_tracing_checks.get() {
                self.log.drop_last();
            }
        }
        Ok(())
    }

    pub(crate) fn live_volumes(&self) -> Vec<VolumeId> {
        self.state.borrow().model.own().map(|volume| volume.record.uuid).collect()
    }

    pub(super) fn live_snapshots(&self) -> Vec<(VolumeId, SnapshotId, String)> {
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
