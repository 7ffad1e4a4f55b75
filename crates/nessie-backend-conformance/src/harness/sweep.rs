//! Calls about all objects of a case: those that must be refused now, and those that take again what
//! is free. A sequence of random calls makes few of them in the state in which a fault shows.

use std::collections::HashSet;
use std::hash::Hash;

use nessie_backend_core::{SnapshotId, VolumeId, VolumePatch, VolumeState};

use super::{CaseResult, Harness, Verify};
use crate::feature::{Feature, Tier};
use crate::oracle::call::Call;
use crate::oracle::model::{Model, ModelVolume};

/// The names and paths that successful calls of a case took.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) names: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) snapshot_names: Vec<(VolumeId, String)>,
}

impl Taken {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Adds the text if it is new.
pub(super) fn add(texts: &mut Vec<String>, text: &String) {
    if !texts.contains(text) {
        texts.push(text.clone());
    }
}

impl Harness<'_> {
    /// Makes the calls about the case's volumes that must be refused as the volumes are now.
    pub(crate) fn verify_refusals(&self) -> CaseResult {
        let calls: Vec<Call> = {
            let state = self.state.borrow();
            let model = &state.model;
            model.own().flat_map(|volume| self.refused_calls(model, volume)).collect()
        };
        for call in &calls {
            self.verify_call(call)?;
            self.state.borrow_mut().last_change = Some((call.operation(), true));
        }
        if calls.is_empty() { Ok(()) } else { self.verify_listings() }
    }

    /// The calls about a volume that must be refused: because of its clones, its state, names and
    /// paths of others, or because it is not a clone. A patch has other fields too.
    fn refused_calls(&self, model: &Model, volume: &ModelVolume) -> Vec<Call> {
        let (id, tier) = (volume.record.uuid, self.probe.tier);
        let is_online = volume.record.state == VolumeState::Online;
        let snapshots: Vec<SnapshotId> =
            volume.snapshots.iter().map(|kept| kept.record.uuid).collect();
        let mut calls = Vec::new();
        if !is_online {
            let mut resize = VolumePatch::new().size_bytes(OTHER_SIZE);
            calls.push(Call::PatchVolume(id, resize.clone()));
            resize.state = Some(volume.record.state);
            calls.push(Call::PatchVolume(id, resize));
            if tier >= Tier::Snapshots {
                calls.push(Call::CreateSnapshot(id, "refused".to_owned()));
            }
        }
        let fields = || {
            let fields = VolumePatch::new().export_policy("refused");
            match (self.has(Feature::PatchState), is_online) {
                (false, _) => fields,
                (true, true) => fields.state(VolumeState::Offline),
                (true, false) => fields.state(VolumeState::Online),
            }
        };
        let others = || model.own().map(|it| &it.record).filter(|it| it.uuid != id);
        if let Some(path) = others().find_map(|other| other.junction_path.as_ref()) {
            calls.push(Call::PatchVolume(id, fields().junction_path(path)));
        }
        if let Some(other) = others().next()
            && self.has(Feature::PatchName)
        {
            let path = self.path("refused");
            let rename = fields().name(&other.name);
            calls.push(Call::PatchVolume(id, rename.junction_path(path)));
        }
        let busy: Vec<SnapshotId> =
            snapshots.iter().copied().filter(|of| has_clones(model, *of)).collect();
        if !busy.is_empty() {
            calls.push(Call::DeleteVolume(id));
            calls.extend(busy.iter().map(|of| Call::DeleteSnapshot(id, *of)));
        }
        if let Some((oldest, newer)) = snapshots.split_first() {
            let is_refused = !is_online || newer.iter().any(|of| busy.contains(of));
            if is_refused && self.has(Feature::RestoreSnapshot) {
                calls.push(Call::RestoreSnapshot(id, *oldest));
            }
            if !is_online && tier >= Tier::Clones {
                calls.push(Call::CreateClone(id, *oldest, self.name("refused")));
            }
        }
        if volume.record.origin.is_none() && self.has(Feature::SplitClone) {
            calls.push(Call::SplitClone(id));
        }
        calls
    }

    /// Takes every name and path that a call took earlier and that is free now, and frees it again.
    pub(crate) fn verify_free(&self) -> CaseResult {
        self.set_verify(Verify::Never);
        let spare = self.create("spare")?;
        let free = self.free();
        for (number, name) in free.names.iter().enumerate() {
            if number % 2 == 0 && self.has(Feature::PatchName) {
                self.patch(&spare, VolumePatch::new().name(name))?;
            } else {
                let taken = self.create_named(name, None)?;
                self.delete(&taken)?;
            }
        }
        for path in &free.paths {
            self.patch(&spare, VolumePatch::new().junction_path(path))?;
        }
        self.delete(&spare)?;
        for (volume, name) in &free.snapshot_names {
            let call = Call::CreateSnapshot(*volume, name.clone());
            let taken = self.returns_snapshot(&call)?;
            self.returns_nothing(&Call::DeleteSnapshot(*volume, taken.uuid))?;
        }
        Ok(())
    }

    /// Brings all volumes online, takes what is free, splits every second clone, restores each volume
    /// to each of its snapshots, and deletes everything. Then other objects get the identifiers of
    /// deleted ones as names.
    pub(crate) fn wind_up(&self) -> CaseResult {
        let online = VolumePatch::new().state(VolumeState::Online);
        for volume in self.volumes_not_online() {
            self.returns_volume(&Call::PatchVolume(volume, online.clone()))?;
        }
        self.verify_free()?;
        self.verify_listings()?;
        for clone in self.clones().into_iter().step_by(2) {
            if self.has(Feature::SplitClone) {
                self.returns_volume(&Call::SplitClone(clone))?;
            }
        }
        self.restore_and_delete_snapshots()?;
        self.verify_listings()?;
        self.verify_namesakes_of_snapshots()?;
        self.delete_own()?;
        self.verify_namesake_of_volume()
    }

    /// Names a volume like the identifier of a deleted one, which is still not found.
    fn verify_namesake_of_volume(&self) -> CaseResult {
        let Some(id) = self.state.borrow().volumes.first().copied() else { return Ok(()) };
        let namesake = self.create_named(&id.to_string(), None)?;
        let mut calls = vec![Call::GetVolume(id), Call::AccessHandle(id), Call::DeleteVolume(id)];
        if self.probe.tier >= Tier::Snapshots {
            calls.extend([Call::ListSnapshots(id), Call::CreateSnapshot(id, "s".to_owned())]);
        }
        calls.iter().try_for_each(|call| self.verify_call(call))?;
        self.delete(&namesake)
    }

    /// Names a snapshot of each volume like the identifier of a deleted one, which is still not
    /// found.
    fn verify_namesakes_of_snapshots(&self) -> CaseResult {
        let snapshots = self.state.borrow().snapshots.clone();
        let live = self.live_volumes();
        for volume in live {
            let Some((_, id)) = snapshots.iter().find(|(of, _)| *of == volume) else { continue };
            if self.live_snapshots().iter().any(|(_, live, _)| live == id) {
                continue;
            }
            let create = Call::CreateSnapshot(volume, id.to_string());
            let namesake = self.returns_snapshot(&create)?;
            let mut calls = vec![Call::GetSnapshot(volume, *id), Call::DeleteSnapshot(volume, *id)];
            if self.has(Feature::RestoreSnapshot) {
                calls.push(Call::RestoreSnapshot(volume, *id));
            }
            if self.probe.tier >= Tier::Clones {
                calls.push(Call::CreateClone(volume, *id, self.name("refused")));
            }
            calls.iter().try_for_each(|call| self.verify_call(call))?;
            self.returns_nothing(&Call::DeleteSnapshot(volume, namesake.uuid))?;
        }
        Ok(())
    }

    fn clones(&self) -> Vec<VolumeId> {
        let state = self.state.borrow();
        let clones = state.model.own().filter(|volume| volume.record.origin.is_some());
        clones.map(|volume| volume.record.uuid).collect()
    }

    /// The names and paths that the case took and that are free now.
    fn free(&self) -> Taken {
        let state = self.state.borrow();
        let Taken { names, paths, snapshot_names } = &state.taken;
        let volumes = || state.model.volumes.iter();
        let is_name = |name: &&String| !volumes().any(|it| it.record.name == **name);
        let has_path = |volume: &ModelVolume, path: &str| {
            volume.record.junction_path.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(path))
        };
        let is_path = |path: &&String| !volumes().any(|it| has_path(it, path));
        let is_snapshot_name = |(volume, name): &&(VolumeId, String)| {
            state.model.volume(*volume).is_ok_and(|kept| {
                kept.record.state == VolumeState::Online
                    && kept.snapshots.iter().all(|kept| kept.record.name != *name)
            })
        };
        Taken {
            names: distinct(names.iter().filter(is_name)),
            paths: paths.iter().filter(is_path).cloned().collect(),
            snapshot_names: distinct(snapshot_names.iter().filter(is_snapshot_name)),
        }
    }
}

fn distinct<'a, T: Clone + Eq + Hash + 'a>(items: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(*item)).cloned().collect()
}

/// A size that no other call sets.
const OTHER_SIZE: u64 = 4242;

fn has_clones(model: &Model, snapshot: SnapshotId) -> bool {
    let origins = model.volumes.iter().filter_map(|volume| volume.record.origin.as_ref());
    origins.into_iter().any(|origin| origin.parent_snapshot_uuid == snapshot)
}
