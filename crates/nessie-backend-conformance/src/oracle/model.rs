//! The contract as a naive model: plain lists, linear search.
//!
//! It shares no code with any backend, not even the grammar of values. The identifier and the time
//! of a new record come from the backend's answer.

use nessie_backend_core::{
    AccessHandle, CloneOrigin, Dependents, Snapshot, SnapshotId, Space, Timestamp, Uuid, Volume,
    VolumeId, VolumePatch, VolumeSpec, VolumeState,
};

use super::call::{Answer, Call, Details, Refusal, Value};
use super::grammar;

/// The expected state of a backend.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// All volumes, in order of creation.
    pub volumes: Vec<ModelVolume>,
}

/// The expected state of a volume.
#[derive(Clone, Debug)]
pub struct ModelVolume {
    /// The record. The names in its origin may be outdated; [`Model::list`] has the current ones.
    pub record: Volume,
    /// Its snapshots, in order of creation.
    pub snapshots: Vec<ModelSnapshot>,
    /// Not created by the suite: must stay unchanged.
    pub is_foreign: bool,
}

/// The expected state of a snapshot.
#[derive(Clone, Debug)]
pub struct ModelSnapshot {
    /// The record.
    pub record: Snapshot,
    /// The quotas that the volume may have had when the snapshot was taken: one, or several if the
    /// volume was resized concurrently. Empty if it may be any.
    quotas: Vec<Option<u64>>,
}

/// The expected answer to a call.
pub type Expected = Result<Value, ExpectedRefusal>;

/// An expected refusal: it must match one of these patterns.
#[derive(Clone, Debug)]
pub struct ExpectedRefusal {
    /// The patterns. A refusal that matches one of them is correct.
    pub any_of: Vec<RefusalPattern>,
}

/// A refusal with this code. An empty list of targets or dependents allows any.
#[derive(Clone, Debug)]
pub struct RefusalPattern {
    /// The error's code.
    pub code: &'static str,
    /// The possible targets of the error.
    pub targets: Vec<String>,
    /// The possible dependents in the error.
    pub dependents: Vec<Dependents>,
    /// The other fields of the error.
    pub details: Details,
}

impl RefusalPattern {
    fn new(code: &'static str, target: &impl ToString) -> Self {
        Self { targets: vec![target.to_string()], ..Self::of_code(code) }
    }

    /// A refusal with this code and any target.
    fn of_code(code: &'static str) -> Self {
        Self { code, targets: Vec::new(), dependents: Vec::new(), details: Details::default() }
    }

    /// The same for a snapshot of this volume.
    fn on_volume(mut self, volume: VolumeId) -> Self {
        self.details.volume = Some(volume);
        self
    }
}

impl From<RefusalPattern> for ExpectedRefusal {
    fn from(allowed: RefusalPattern) -> Self {
        Self { any_of: vec![allowed] }
    }
}

impl ExpectedRefusal {
    /// Whether the code is one of the expected ones.
    #[must_use]
    pub fn has_code(&self, refusal: &Refusal) -> bool {
        self.matching_code(refusal).next().is_some()
    }

    /// Whether the target is one of those that are expected for this code.
    #[must_use]
    pub fn has_target(&self, refusal: &Refusal) -> bool {
        let found = refusal.target.as_ref();
        self.matching_code(refusal).any(|allowed| is_allowed(&allowed.targets, found))
    }

    /// Whether the dependents are among those that are expected for this code.
    #[must_use]
    pub fn has_dependents(&self, refusal: &Refusal) -> bool {
        let found = refusal.dependents.as_deref();
        self.matching_code(refusal).any(|allowed| is_allowed(&allowed.dependents, found))
    }

    /// Whether the other fields are those that are expected for this code and target.
    #[must_use]
    pub fn has_details(&self, refusal: &Refusal) -> bool {
        let found = refusal.target.as_ref();
        self.matching_code(refusal)
            .filter(|allowed| is_allowed(&allowed.targets, found))
            .any(|allowed| allowed.details == refusal.details)
    }

    /// Whether the refusal is correct: its code, its target and its dependents. The other fields
    /// are not compared; see [`has_details`](Self::has_details).
    #[must_use]
    pub fn matches(&self, refusal: &Refusal) -> bool {
        self.has_code(refusal) && self.has_target(refusal) && self.has_dependents(refusal)
    }

    fn matching_code(&self, refusal: &Refusal) -> impl Iterator<Item = &RefusalPattern> {
        self.any_of.iter().filter(|allowed| allowed.code == refusal.code)
    }
}

/// Whether the value is in the list. An empty list allows any value.
fn is_allowed<T: PartialEq>(allowed: &[T], found: Option<&T>) -> bool {
    allowed.is_empty() || found.is_some_and(|found| allowed.contains(found))
}

/// The parts of a new record that only the backend can supply.
#[derive(Clone, Copy, Debug)]
struct NewRecord {
    uuid: Uuid,
    create_time: Option<Timestamp>,
}

impl NewRecord {
    fn of(answer: &Answer) -> Self {
        match answer {
            Ok(Value::Volume(volume)) => {
                Self { uuid: volume.uuid.uuid(), create_time: volume.create_time }
            }
            Ok(Value::Snapshot(snapshot)) => {
                Self { uuid: snapshot.uuid.uuid(), create_time: snapshot.create_time }
            }
            _ => Self { uuid: Uuid::nil(), create_time: None },
        }
    }
}

impl Model {
    /// A model of a backend that already holds these volumes.
    #[must_use]
    pub fn over(foreign: Vec<Volume>) -> Self {
        let keep = |record| ModelVolume { record, snapshots: Vec::new(), is_foreign: true };
        Self { volumes: foreign.into_iter().map(keep).collect() }
    }

    /// Applies the call and returns the expected answer. The backend's answer supplies what only the
    /// backend knows: the identifier and the time of a new record, the access handle, and the account
    /// of space.
    ///
    /// # Errors
    /// The expected refusal.
    pub fn apply(&mut self, call: &Call, answer: &Answer) -> Expected {
        let new = NewRecord::of(answer);
        Ok(match call {
            Call::CreateVolume(spec) => Value::Volume(self.create_volume(spec, new)?),
            Call::ListVolumes => Value::Volumes(self.list()),
            Call::GetVolume(id) => Value::Volume(self.show(self.volume(*id)?)),
            Call::FindVolume(name) => {
                let found = self.volumes.iter().find(|volume| volume.record.name == *name);
                Value::MaybeVolume(found.map(|volume| self.show(volume)))
            }
            Call::PatchVolume(id, patch) => Value::Volume(self.patch_volume(*id, patch)?),
            Call::DeleteVolume(id) => {
                self.delete_volume(*id)?;
                Value::Nothing
            }
            Call::AccessHandle(id) => {
                check_online(self.volume(*id)?)?;
                // The backend chooses the kind of handle.
                match answer {
                    Ok(Value::Handle(handle)) => Value::Handle(handle.clone()),
                    _ => Value::Handle(AccessHandle::InMemory),
                }
            }
            Call::Space => match answer {
                Ok(Value::Space(space)) => Value::Space(*space),
                _ => Value::Space(Space::default()),
            },
            Call::CreateSnapshot(id, name) => {
                Value::Snapshot(self.create_snapshot(*id, name, new)?)
            }
            Call::ListSnapshots(id) => Value::Snapshots(
                self.volume(*id)?.snapshots.iter().map(|kept| kept.record.clone()).collect(),
            ),
            Call::GetSnapshot(id, of) => {
                let volume = self.volume(*id)?;
                Value::Snapshot(volume.snapshot(*of)?.record.clone())
            }
            Call::FindSnapshot(id, name) => {
                let snapshots = &self.volume(*id)?.snapshots;
                let found = snapshots.iter().find(|kept| kept.record.name == *name);
                Value::MaybeSnapshot(found.map(|kept| kept.record.clone()))
            }
            Call::RenameSnapshot(id, of, name) => {
                Value::Snapshot(self.rename_snapshot(*id, *of, name)?)
            }
            Call::DeleteSnapshot(id, of) => {
                self.delete_snapshot(*id, *of)?;
                Value::Nothing
            }
            Call::RestoreSnapshot(id, of) => {
                let shown = match answer {
                    Ok(Value::Volume(volume)) => volume.size_bytes,
                    _ => None,
                };
                Value::Volume(self.restore_snapshot(*id, *of, shown)?)
            }
            Call::CreateClone(id, of, name) => {
                Value::Volume(self.create_clone(*id, *of, name, new)?)
            }
            Call::SplitClone(id) => Value::Volume(self.split_clone(*id)?),
        })
    }

    /// Applies the call and compares the answer with the expected one, in every field but the bytes
    /// that volumes use and snapshots consume.
    ///
    /// # Errors
    /// The call and both answers as text, if they differ.
    #[cfg(feature = "oracle")]
    pub fn check(&mut self, call: &Call, answer: &Answer) -> Result<(), String> {
        let expected = self.apply(call, answer);
        let agrees = match (&expected, answer) {
            (Ok(expected), Ok(found)) => found.agrees_with(expected),
            (Err(expected), Err(refusal)) => {
                expected.matches(refusal) && expected.has_details(refusal)
            }
            _ => false,
        };
        if agrees {
            return Ok(());
        }
        Err(format!("{call:?} gives {answer:?}, and the contract expects {expected:?}"))
    }

    /// All volumes as they must be listed.
    #[must_use]
    pub fn list(&self) -> Vec<Volume> {
        self.volumes.iter().map(|volume| self.show(volume)).collect()
    }

    /// The volumes that the suite created: all but the foreign ones.
    #[must_use]
    pub fn own(&self) -> impl DoubleEndedIterator<Item = &ModelVolume> {
        self.volumes.iter().filter(|volume| !volume.is_foreign)
    }

    /// The model without the foreign volumes. The operations of the suite do not concern them.
    pub(crate) fn own_only(&self) -> Self {
        Self { volumes: self.own().cloned().collect() }
    }

    /// The foreign volumes.
    pub(crate) fn foreign(&self) -> Vec<Volume> {
        let foreign = self.volumes.iter().filter(|volume| volume.is_foreign);
        foreign.map(|volume| volume.record.clone()).collect()
    }

    /// Replaces all volumes but the foreign ones by those of another model.
    pub(crate) fn replace_own(&mut self, own: Self) {
        self.volumes.retain(|volume| volume.is_foreign);
        self.volumes.extend(own.volumes);
    }

    /// The record of a volume, with the current names of its parents.
    fn show(&self, kept: &ModelVolume) -> Volume {
        let mut volume = kept.record.clone();
        if let (Some(origin), false) = (&mut volume.origin, kept.is_foreign)
            && let Ok(parent) = self.volume(origin.parent_volume_uuid)
        {
            origin.parent_volume.clone_from(&parent.record.name);
            if let Ok(snapshot) = parent.snapshot(origin.parent_snapshot_uuid) {
                origin.parent_snapshot.clone_from(&snapshot.record.name);
            }
        }
        volume
    }

    fn create_volume(
        &mut self,
        spec: &VolumeSpec,
        new: NewRecord,
    ) -> Result<Volume, ExpectedRefusal> {
        let mut bad = Vec::new();
        if !grammar::is_volume_name(&spec.name) {
            bad.push("name");
        }
        if spec.size_bytes == Some(0) {
            bad.push("size_bytes");
        }
        refuse_bad(&bad)?;
        self.check_name_free(&spec.name, None)?;
        let mut record = Volume::new(VolumeId::new(new.uuid), spec.name.clone());
        record.size_bytes = spec.size_bytes;
        record.create_time = new.create_time;
        Ok(self.add(record))
    }

    fn add(&mut self, record: Volume) -> Volume {
        let kept = ModelVolume { record, snapshots: Vec::new(), is_foreign: false };
        let volume = self.show(&kept);
        self.volumes.push(kept);
        volume
    }

    fn patch_volume(
        &mut self,
        id: VolumeId,
        patch: &VolumePatch,
    ) -> Result<Volume, ExpectedRefusal> {
        let volume = self.volume(id)?;

        let mut bad = Vec::new();
        if patch.size_bytes == Some(0) {
            bad.push("size_bytes");
        }
        if patch
            .junction_path
            .as_ref()
            .is_some_and(|it| !it.is_empty() && !grammar::is_junction_path(it))
        {
            bad.push("junction_path");
        }
        if patch.export_policy.as_ref().is_some_and(|it| !grammar::is_export_policy(it)) {
            bad.push("export_policy");
        }
        if patch.name.as_ref().is_some_and(|it| !grammar::is_volume_name(it)) {
            bad.push("name");
        }
        refuse_bad(&bad)?;

        if patch.size_bytes.is_some() && patch.state != Some(VolumeState::Online) {
            check_online(volume)?;
        }

        let mut conflicts = Vec::new();
        if let Some(name) = &patch.name
            && let Err(refused) = self.check_name_free(name, Some(id))
        {
            conflicts.extend(refused.any_of);
        }
        if let Some(path) = patch.junction_path.as_ref().filter(|path| !path.is_empty()) {
            let is_taken = self.volumes.iter().any(|other| {
                other.record.uuid != id
                    && other
                        .record
                        .junction_path
                        .as_ref()
                        .is_some_and(|taken| taken.eq_ignore_ascii_case(path))
            });
            if is_taken {
                conflicts.push(RefusalPattern::new("junction_path_exists", &path));
            }
        }
        if !conflicts.is_empty() {
            return Err(ExpectedRefusal { any_of: conflicts });
        }

        let record = &mut self.volume_mut(id)?.record;
        if let Some(size) = patch.size_bytes {
            record.size_bytes = Some(size);
        }
        if let Some(path) = &patch.junction_path {
            record.junction_path = Some(path.clone()).filter(|path| !path.is_empty());
        }
        if let Some(policy) = &patch.export_policy {
            record.export_policy = Some(policy.clone());
        }
        if let Some(name) = &patch.name {
            record.name.clone_from(name);
        }
        if let Some(state) = patch.state {
            record.state = state;
        }
        Ok(self.show(self.volume(id)?))
    }

    fn delete_volume(&mut self, id: VolumeId) -> Result<(), ExpectedRefusal> {
        self.volume(id)?;
        let dependents = self.dependents(|origin| origin.parent_volume_uuid == id);
        if dependents.count > 0 {
            return Err(busy("volume_busy", &id, vec![dependents]));
        }
        self.volumes.retain(|volume| volume.record.uuid != id);
        Ok(())
    }

    fn create_snapshot(
        &mut self,
        id: VolumeId,
        name: &str,
        new: NewRecord,
    ) -> Result<Snapshot, ExpectedRefusal> {
        let volume = self.volume(id)?;
        if !grammar::is_snapshot_name(name) {
            refuse_bad(&["name"])?;
        }
        check_online(volume)?;
        volume.check_snapshot_name_free(name, None)?;
        let mut record = Snapshot::new(SnapshotId::new(new.uuid), name);
        record.create_time = new.create_time;
        let quotas = vec![volume.record.size_bytes];
        let kept = ModelSnapshot { record: record.clone(), quotas };
        self.volume_mut(id)?.snapshots.push(kept);
        Ok(record)
    }

    fn rename_snapshot(
        &mut self,
        id: VolumeId,
        of: SnapshotId,
        name: &str,
    ) -> Result<Snapshot, ExpectedRefusal> {
        let volume = self.volume(id)?;
        volume.snapshot(of)?;
        if !grammar::is_snapshot_name(name) {
            refuse_bad(&["name"])?;
        }
        volume.check_snapshot_name_free(name, Some(of))?;
        let volume = self.volume_mut(id)?;
        for kept in volume.snapshots.iter_mut().filter(|kept| kept.record.uuid == of) {
            name.clone_into(&mut kept.record.name);
        }
        Ok(volume.snapshot(of)?.record.clone())
    }

    fn delete_snapshot(&mut self, id: VolumeId, of: SnapshotId) -> Result<(), ExpectedRefusal> {
        self.volume(id)?.snapshot(of)?;
        let dependents = self.dependents(|origin| origin.parent_snapshot_uuid == of);
        if dependents.count > 0 {
            return Err(busy("snapshot_busy", &of, vec![dependents]));
        }
        self.volume_mut(id)?.snapshots.retain(|kept| kept.record.uuid != of);
        Ok(())
    }

    fn restore_snapshot(
        &mut self,
        id: VolumeId,
        of: SnapshotId,
        shown: Option<u64>,
    ) -> Result<Volume, ExpectedRefusal> {
        let volume = self.volume(id)?;
        let quotas = &volume.snapshot(of)?.quotas;
        let is_open = quotas.is_empty() || quotas.contains(&shown);
        let size = if is_open { shown } else { quotas.first().copied().flatten() };
        check_online(volume)?;

        let mut newer: Vec<SnapshotId> = volume.snapshots.iter().map(|it| it.record.uuid).collect();
        newer.drain(..=newer.iter().position(|it| *it == of).unwrap_or(0));
        let all = self.dependents(|origin| newer.contains(&origin.parent_snapshot_uuid));
        let mut any_of = Vec::new();
        for snapshot in &newer {
            let of_one = self.dependents(|origin| origin.parent_snapshot_uuid == *snapshot);
            if of_one.count > 0 {
                any_of.extend(busy("snapshot_busy", &snapshot, vec![of_one, all.clone()]).any_of);
            }
        }
        if !any_of.is_empty() {
            return Err(ExpectedRefusal { any_of });
        }

        let volume = self.volume_mut(id)?;
        volume.snapshots.retain(|kept| !newer.contains(&kept.record.uuid));
        volume.record.size_bytes = size;
        for kept in volume.snapshots.iter_mut().filter(|kept| kept.record.uuid == of) {
            kept.quotas = vec![size];
        }
        Ok(self.show(self.volume(id)?))
    }

    fn create_clone(
        &mut self,
        id: VolumeId,
        of: SnapshotId,
        name: &str,
        new: NewRecord,
    ) -> Result<Volume, ExpectedRefusal> {
        let parent = self.volume(id)?;
        let snapshot = parent.snapshot(of)?;
        if !grammar::is_volume_name(name) {
            refuse_bad(&["new_name", "name"])?;
        }
        check_online(parent)?;
        self.check_name_free(name, None)?;
        let mut record = Volume::new(VolumeId::new(new.uuid), name);
        record.size_bytes = parent.record.size_bytes;
        record.export_policy.clone_from(&parent.record.export_policy);
        record.create_time = new.create_time;
        let (volume, snapshot) = (&parent.record.name, &snapshot.record.name);
        record.origin = Some(CloneOrigin::new(id, volume, of, snapshot));
        Ok(self.add(record))
    }

    fn split_clone(&mut self, id: VolumeId) -> Result<Volume, ExpectedRefusal> {
        let volume = self.volume_mut(id)?;
        if volume.record.origin.is_none() {
            // The backend chooses the name of the argument.
            return Err(RefusalPattern::of_code("invalid_argument").into());
        }
        volume.record.origin = None;
        Ok(self.show(self.volume(id)?))
    }

    /// Adds the sizes that the snapshot holds in other models: the volume was resized concurrently,
    /// and each of the models explains the answers. Any size is allowed unless the models are complete.
    pub(crate) fn join_sizes<'a>(
        &mut self,
        id: VolumeId,
        of: SnapshotId,
        others: impl Iterator<Item = &'a Self>,
        is_complete: bool,
    ) {
        let sizes: Vec<Option<u64>> = others
            .filter_map(|model| Some(&model.volume(id).ok()?.snapshot(of).ok()?.quotas))
            .flatten()
            .copied()
            .collect();
        let Ok(volume) = self.volume_mut(id) else { return };
        for kept in volume.snapshots.iter_mut().filter(|kept| kept.record.uuid == of) {
            kept.quotas.extend(&sizes);
            kept.quotas.sort_unstable();
            kept.quotas.dedup();
            if !is_complete {
                kept.quotas.clear();
            }
        }
    }

    /// A volume.
    ///
    /// # Errors
    /// The refusal that is expected if there is no such volume.
    pub fn volume(&self, id: VolumeId) -> Result<&ModelVolume, ExpectedRefusal> {
        let found = self.volumes.iter().find(|volume| volume.record.uuid == id);
        found.ok_or_else(|| RefusalPattern::new("volume_not_found", &id).into())
    }

    fn volume_mut(&mut self, id: VolumeId) -> Result<&mut ModelVolume, ExpectedRefusal> {
        let found = self.volumes.iter_mut().find(|volume| volume.record.uuid == id);
        found.ok_or_else(|| RefusalPattern::new("volume_not_found", &id).into())
    }

    fn check_name_free(&self, name: &str, except: Option<VolumeId>) -> Result<(), ExpectedRefusal> {
        let is_taken = self
            .volumes
            .iter()
            .any(|other| other.record.name == name && Some(other.record.uuid) != except);
        if is_taken { Err(RefusalPattern::new("volume_exists", &name).into()) } else { Ok(()) }
    }

    /// The clones whose origin meets the condition, in order of creation.
    fn dependents(&self, depends: impl Fn(&CloneOrigin) -> bool) -> Dependents {
        let clones: Vec<&str> = self
            .volumes
            .iter()
            .filter(|volume| volume.record.origin.as_ref().is_some_and(&depends))
            .map(|volume| &*volume.record.name)
            .collect();
        let names = clones.iter().take(16).map(|name| (*name).to_owned()).collect();
        Dependents::new(names, clones.len() as u64)
    }
}

impl ModelVolume {
    fn snapshot(&self, id: SnapshotId) -> Result<&ModelSnapshot, ExpectedRefusal> {
        let found = self.snapshots.iter().find(|kept| kept.record.uuid == id);
        found.ok_or_else(|| {
            RefusalPattern::new("snapshot_not_found", &id).on_volume(self.record.uuid).into()
        })
    }

    fn check_snapshot_name_free(
        &self,
        name: &str,
        except: Option<SnapshotId>,
    ) -> Result<(), ExpectedRefusal> {
        let is_taken = self
            .snapshots
            .iter()
            .any(|other| other.record.name == name && Some(other.record.uuid) != except);
        if !is_taken {
            return Ok(());
        }
        Err(RefusalPattern::new("snapshot_exists", &name).on_volume(self.record.uuid).into())
    }
}

fn check_online(volume: &ModelVolume) -> Result<(), ExpectedRefusal> {
    if volume.record.state == VolumeState::Online {
        Ok(())
    } else {
        let mut refusal = RefusalPattern::new("volume_offline", &volume.record.uuid);
        refusal.details.state = Some(volume.record.state);
        Err(refusal.into())
    }
}

/// Refuses if any argument is invalid. The refusal may name any of them.
fn refuse_bad(arguments: &[&str]) -> Result<(), ExpectedRefusal> {
    if arguments.is_empty() {
        return Ok(());
    }
    let targets = arguments.iter().map(ToString::to_string).collect();
    Err(RefusalPattern { targets, ..RefusalPattern::of_code("invalid_argument") }.into())
}

fn busy(
    code: &'static str,
    target: &impl ToString,
    dependents: Vec<Dependents>,
) -> ExpectedRefusal {
    RefusalPattern { dependents, ..RefusalPattern::new(code, target) }.into()
}
