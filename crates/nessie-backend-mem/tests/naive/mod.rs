//! A backend so simple that it is plainly right: vectors, searched from end to end.
//!
//! It keeps the contract of the trait stack and nothing else, and shares no rule with the backend
//! under test, the grammar of names and paths included. Every record it makes has the identifier
//! that the [`Call`] proposes, so that a call means the same record in every order of calls.

mod call;
mod dictionary;

use std::borrow::Cow;

use nessie_backend_core::{
    AccessHandle, BackendError, CloneOrigin, Dependents, Result, Snapshot, SnapshotId, Timestamp,
    Uuid, Volume, VolumeId, VolumePatch, VolumeSpec, VolumeState,
};

pub use self::call::{Answer, Call, Outcome, Refusal};
pub use self::dictionary::Dictionary;

/// Everything the naive backend holds.
#[derive(Clone, Debug)]
pub struct Naive {
    pub volumes: Vec<KeptVolume>,
    pub now: Timestamp,
    /// Every identifier ever given out.
    pub given: Vec<Uuid>,
}

/// A volume; the names in its origin are meaningless until it is shown.
#[derive(Clone, Debug)]
pub struct KeptVolume {
    pub record: Volume,
    pub snapshots: Vec<KeptSnapshot>,
}

#[derive(Clone, Debug)]
pub struct KeptSnapshot {
    pub record: Snapshot,
    /// The volume's quota when the snapshot was taken.
    pub size_bytes: Option<u64>,
}

impl Naive {
    pub const fn new(now: Timestamp) -> Self {
        Self { volumes: Vec::new(), now, given: Vec::new() }
    }

    /// What the contract says of a call, in the state as it is and for the state as it will be.
    pub fn ask(&mut self, call: &Call) -> Outcome {
        self.answer(call).map_err(|error| Refusal::from(&error))
    }

    fn answer(&mut self, call: &Call) -> Result<Answer> {
        use Call as C;
        Ok(match call {
            C::CreateVolume { id, spec } => Answer::Volumes(vec![self.create_volume(*id, spec)?]),
            C::ListVolumes => Answer::Volumes(self.list()),
            C::GetVolume(volume) => Answer::Volumes(vec![self.show(self.volume(*volume)?)]),
            C::FindVolume(name) => Answer::Volumes(
                self.list().into_iter().filter(|volume| volume.name == *name).collect(),
            ),
            C::PatchVolume(volume, patch) => Answer::Volumes(vec![self.patch(*volume, patch)?]),
            C::DeleteVolume(volume) => self.delete_volume(*volume)?,
            C::AccessHandle(volume) => {
                self.online(*volume)?;
                Answer::Handle(AccessHandle::InMemory)
            }
            C::CreateSnapshot { id, volume, name } => {
                Answer::Snapshots(vec![self.create_snapshot(*id, *volume, name)?])
            }
            C::ListSnapshots(volume) => Answer::Snapshots(self.snapshots(*volume)?),
            C::GetSnapshot(volume, snapshot) => {
                let (_, kept) = self.snapshot(*volume, *snapshot)?;
                Answer::Snapshots(vec![kept.record.clone()])
            }
            C::FindSnapshot(volume, name) => Answer::Snapshots(
                self.snapshots(*volume)?.into_iter().filter(|found| found.name == *name).collect(),
            ),
            C::RenameSnapshot(volume, snapshot, name) => {
                Answer::Snapshots(vec![self.rename_snapshot(*volume, *snapshot, name)?])
            }
            C::DeleteSnapshot(volume, snapshot) => self.delete_snapshot(*volume, *snapshot)?,
            C::RestoreSnapshot(volume, snapshot) => {
                Answer::Volumes(vec![self.restore_snapshot(*volume, *snapshot)?])
            }
            C::CreateClone { id, volume, snapshot, name } => {
                Answer::Volumes(vec![self.create_clone(*id, *volume, *snapshot, name)?])
            }
            C::SplitClone(volume) => Answer::Volumes(vec![self.split_clone(*volume)?]),
            C::Advance(by) => {
                self.now = self.now.checked_add(*by).ok_or_else(|| invalid("delta"))?;
                Answer::Time(self.now)
            }
            C::Now => Answer::Time(self.now),
        })
    }

    fn create_volume(&mut self, id: VolumeId, spec: &VolumeSpec) -> Result<Volume> {
        check_name("name", &spec.name, 203)?;
        check_size(spec.size_bytes)?;
        self.check_volume_name_free(&spec.name, None)?;
        let mut record = Volume::new(id, &spec.name);
        record.size_bytes = spec.size_bytes;
        Ok(self.add(record))
    }

    fn patch(&mut self, id: VolumeId, patch: &VolumePatch) -> Result<Volume> {
        let present = self.volume(id)?.record.clone();
        check_size(patch.size_bytes)?;
        patch.junction_path.as_deref().map_or(Ok(()), check_junction)?;
        patch.export_policy.as_deref().map_or(Ok(()), check_policy)?;
        patch.name.as_deref().map_or(Ok(()), |name| check_name("name", name, 203))?;
        if patch.size_bytes.is_some() && patch.state != Some(VolumeState::Online) {
            check_online(&present)?;
        }
        if let Some(name) = &patch.name {
            self.check_volume_name_free(name, Some(id))?;
        }
        if let Some(path) = patch.junction_path.as_deref().filter(|path| !path.is_empty()) {
            let is_taken = self.volumes.iter().any(|other| {
                let its = other.record.junction_path.as_deref();
                other.record.uuid != id && its.is_some_and(|its| its.eq_ignore_ascii_case(path))
            });
            if is_taken {
                return Err(BackendError::JunctionPathExists { path: path.into() });
            }
        }

        let record = &mut self.volume_mut(id)?.record;
        record.size_bytes = patch.size_bytes.or(present.size_bytes);
        record.state = patch.state.unwrap_or(present.state);
        record.name = patch.name.clone().unwrap_or(present.name);
        record.export_policy = patch.export_policy.clone().or(present.export_policy);
        record.junction_path = match patch.junction_path.as_deref() {
            Some("") => None,
            Some(junction) => Some(junction.into()),
            None => present.junction_path,
        };
        Ok(self.show(self.volume(id)?))
    }

    fn delete_volume(&mut self, id: VolumeId) -> Result<Answer> {
        self.volume(id)?;
        let dependents = self.dependents(|origin| origin.parent_volume_uuid == id);
        if dependents.count > 0 {
            return Err(BackendError::VolumeBusy { volume: id, dependents });
        }
        self.volumes.retain(|volume| volume.record.uuid != id);
        Ok(Answer::Done)
    }

    fn create_snapshot(
        &mut self,
        id: SnapshotId,
        volume: VolumeId,
        name: &str,
    ) -> Result<Snapshot> {
        self.volume(volume)?;
        check_name("name", name, 255)?;
        let size_bytes = self.online(volume)?.record.size_bytes;
        self.check_snapshot_name_free(volume, name, None)?;
        let mut record = Snapshot::new(id, name);
        record.create_time = Some(self.now);
        self.volume_mut(volume)?
            .snapshots
            .push(KeptSnapshot { record: record.clone(), size_bytes });
        self.given.push(id.uuid());
        Ok(record)
    }

    fn rename_snapshot(
        &mut self,
        volume: VolumeId,
        id: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        let (place, _) = self.snapshot(volume, id)?;
        check_name("name", name, 255)?;
        self.check_snapshot_name_free(volume, name, Some(id))?;
        let record = &mut self.volume_mut(volume)?.snapshots[place].record;
        record.name = name.into();
        Ok(record.clone())
    }

    fn delete_snapshot(&mut self, volume: VolumeId, id: SnapshotId) -> Result<Answer> {
        let (place, _) = self.snapshot(volume, id)?;
        self.check_without_clones(id)?;
        self.volume_mut(volume)?.snapshots.remove(place);
        Ok(Answer::Done)
    }

    fn restore_snapshot(&mut self, volume: VolumeId, id: SnapshotId) -> Result<Volume> {
        let (place, kept) = self.snapshot(volume, id)?;
        let size_bytes = kept.size_bytes;
        for newer in &self.online(volume)?.snapshots[place + 1..] {
            self.check_without_clones(newer.record.uuid)?;
        }
        let restored = self.volume_mut(volume)?;
        restored.snapshots.truncate(place + 1);
        restored.record.size_bytes = size_bytes;
        Ok(self.show(self.volume(volume)?))
    }

    fn create_clone(
        &mut self,
        id: VolumeId,
        parent_volume_uuid: VolumeId,
        parent_snapshot_uuid: SnapshotId,
        name: &str,
    ) -> Result<Volume> {
        self.snapshot(parent_volume_uuid, parent_snapshot_uuid)?;
        check_name("new_name", name, 203)?;
        let parent = self.online(parent_volume_uuid)?.record.clone();
        self.check_volume_name_free(name, None)?;
        let mut record = Volume::new(id, name);
        record.size_bytes = parent.size_bytes;
        record.export_policy = parent.export_policy;
        record.origin = Some(CloneOrigin {
            parent_volume: String::new(),
            parent_snapshot: String::new(),
            parent_volume_uuid,
            parent_snapshot_uuid,
        });
        Ok(self.add(record))
    }

    fn split_clone(&mut self, id: VolumeId) -> Result<Volume> {
        let record = &mut self.volume_mut(id)?.record;
        record.origin.take().ok_or_else(|| invalid("vol_uuid"))?;
        Ok(self.show(self.volume(id)?))
    }

    fn add(&mut self, mut record: Volume) -> Volume {
        record.create_time = Some(self.now);
        self.given.push(record.uuid.uuid());
        self.volumes.push(KeptVolume { record, snapshots: Vec::new() });
        self.list().pop().unwrap()
    }

    fn list(&self) -> Vec<Volume> {
        self.volumes.iter().map(|volume| self.show(volume)).collect()
    }

    /// The record of a volume, the names of its parents as they are now.
    fn show(&self, volume: &KeptVolume) -> Volume {
        let mut record = volume.record.clone();
        if let Some(origin) = &mut record.origin {
            let parent = self.volume(origin.parent_volume_uuid).unwrap();
            let kept = |kept: &&KeptSnapshot| kept.record.uuid == origin.parent_snapshot_uuid;
            let snapshot = parent.snapshots.iter().find(kept).unwrap();
            origin.parent_volume.clone_from(&parent.record.name);
            origin.parent_snapshot.clone_from(&snapshot.record.name);
        }
        record
    }

    fn volume(&self, id: VolumeId) -> Result<&KeptVolume> {
        let found = self.volumes.iter().find(|volume| volume.record.uuid == id);
        found.ok_or(BackendError::VolumeNotFound { volume: id })
    }

    fn volume_mut(&mut self, id: VolumeId) -> Result<&mut KeptVolume> {
        let found = self.volumes.iter_mut().find(|volume| volume.record.uuid == id);
        found.ok_or(BackendError::VolumeNotFound { volume: id })
    }

    fn online(&self, id: VolumeId) -> Result<&KeptVolume> {
        let volume = self.volume(id)?;
        check_online(&volume.record)?;
        Ok(volume)
    }

    fn snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        Ok(self.volume(volume)?.snapshots.iter().map(|kept| kept.record.clone()).collect())
    }

    /// A snapshot of that volume and its place in the order of creation.
    fn snapshot(&self, volume: VolumeId, id: SnapshotId) -> Result<(usize, &KeptSnapshot)> {
        let mut snapshots = self.volume(volume)?.snapshots.iter().enumerate();
        let found = snapshots.find(|(_, kept)| kept.record.uuid == id);
        found.ok_or(BackendError::SnapshotNotFound { volume, snapshot: id })
    }

    fn dependents(&self, depends: impl Fn(&CloneOrigin) -> bool) -> Dependents {
        let clones = self.volumes.iter().filter(|v| v.record.origin.as_ref().is_some_and(&depends));
        let names: Vec<String> = clones.map(|clone| clone.record.name.clone()).collect();
        Dependents { count: names.len() as u64, names: names.into_iter().take(16).collect() }
    }

    fn check_without_clones(&self, snapshot: SnapshotId) -> Result<()> {
        let dependents = self.dependents(|origin| origin.parent_snapshot_uuid == snapshot);
        if dependents.count == 0 {
            return Ok(());
        }
        Err(BackendError::SnapshotBusy { snapshot, dependents })
    }

    fn check_volume_name_free(&self, name: &str, except: Option<VolumeId>) -> Result<()> {
        let others = self.volumes.iter().filter(|volume| Some(volume.record.uuid) != except);
        if others.map(|volume| &volume.record.name).any(|taken| taken == name) {
            return Err(BackendError::VolumeExists { name: name.into() });
        }
        Ok(())
    }

    fn check_snapshot_name_free(
        &self,
        volume: VolumeId,
        name: &str,
        except: Option<SnapshotId>,
    ) -> Result<()> {
        let snapshots = self.snapshots(volume)?;
        if snapshots.iter().any(|taken| taken.name == name && Some(taken.uuid) != except) {
            return Err(BackendError::SnapshotExists { volume, name: name.into() });
        }
        Ok(())
    }
}

fn invalid(argument: impl Into<Cow<'static, str>>) -> BackendError {
    BackendError::invalid(argument, "", "is outside its rule")
}

fn ensure(holds: bool, argument: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(invalid(argument)) }
}

fn check_online(volume: &Volume) -> Result<()> {
    match volume.state {
        VolumeState::Online => Ok(()),
        state => Err(BackendError::VolumeOffline { volume: volume.uuid, state }),
    }
}

fn check_name(argument: &'static str, name: &str, longest: usize) -> Result<()> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let is_allowed = |c| letters.contains(c) || "0123456789_-.:".contains(c);
    let has_allowed_length = (1..=longest).contains(&name.chars().count());
    let starts_well = !name.starts_with(['-', '.', ':']);
    ensure(has_allowed_length && name.chars().all(is_allowed) && starts_well, argument)
}

fn check_size(size: Option<u64>) -> Result<()> {
    ensure(size != Some(0), "size_bytes")
}

fn check_junction(path: &str) -> Result<()> {
    let is_component = |part| !["", ".", ".."].contains(&part);
    let is_path = match path.split_once('/') {
        Some(("", rest)) => rest.split('/').all(is_component),
        _ => false,
    };
    let is_printable = !path.chars().any(char::is_control);
    ensure(path.is_empty() || is_path && is_printable && path.len() <= 4096, "junction_path")
}

fn check_policy(policy: &str) -> Result<()> {
    let is_printable = !policy.chars().any(char::is_control);
    ensure((1..=256).contains(&policy.chars().count()) && is_printable, "export_policy")
}
