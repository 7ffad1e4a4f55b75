//! The operations of a sequence, and their calls.
//!
//! An operation refers to an object by the number of the operation that created it. So it keeps its
//! meaning in a shorter sequence; if the creating operation was removed, it refers to a missing
//! object.

use nessie_backend_core::{SnapshotId, VolumeId, VolumePatch, VolumeSpec, VolumeState};

use crate::oracle::call::{Call, Value, unused_id};

/// An operation and its number in the generated sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) number: usize,
    pub(crate) kind: OpKind,
}

/// The number of the operation that created the object; `None` for an object that never existed.
pub(crate) type Ref = Option<usize>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    CreateVolume { name: Text, size: Option<u64> },
    GetVolume(Ref),
    FindVolume(Text),
    PatchVolume(Ref, Patch),
    DeleteVolume(Ref),
    AccessHandle(Ref),
    CreateSnapshot(Ref, Text),
    GetSnapshot(Ref, Ref),
    FindSnapshot(Ref, Text),
    RenameSnapshot(Ref, Ref, Text),
    DeleteSnapshot(Ref, Ref),
    RestoreSnapshot(Ref, Ref),
    CreateClone(Ref, Ref, Text),
    SplitClone(Ref),
}

/// A name or path: a label, which gets a unique prefix in each sequence, or the text as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Label(&'static str),
    Raw(&'static str),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) size: Option<u64>,
    pub(crate) path: Option<Text>,
    pub(crate) policy: Option<&'static str>,
    pub(crate) name: Option<Text>,
    pub(crate) state: Option<VolumeState>,
}

/// The objects created so far, by the number of the operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Created {
    pub(crate) volumes: Vec<(usize, VolumeId)>,
    pub(crate) snapshots: Vec<(usize, VolumeId, SnapshotId)>,
}

impl Created {
    pub(crate) fn add(&mut self, number: usize, call: &Call, value: &Value) {
        match (call, value) {
            (Call::CreateVolume(_) | Call::CreateClone(..), Value::Volume(volume)) => {
                self.volumes.push((number, volume.uuid));
            }
            (Call::CreateSnapshot(volume, _), Value::Snapshot(snapshot)) => {
                self.snapshots.push((number, *volume, snapshot.uuid));
            }
            _ => {}
        }
    }

    fn volume(&self, by: Ref) -> VolumeId {
        let found = self.volumes.iter().find(|(number, _)| Some(*number) == by);
        found.map_or(VolumeId::new(unused_id()), |(_, id)| *id)
    }

    fn snapshot(&self, by: Ref) -> SnapshotId {
        let found = self.snapshots.iter().find(|(number, ..)| Some(*number) == by);
        found.map_or(SnapshotId::new(unused_id()), |(_, _, id)| *id)
    }
}

/// The call for an operation, given the objects created so far. `name` makes a name from a label.
pub(crate) fn call_of(op: &Op, created: &Created, name: impl Fn(&str) -> String) -> Call {
    let volume = |by: &Ref| created.volume(*by);
    let snapshot = |by: &Ref| created.snapshot(*by);
    match &op.kind {
        OpKind::CreateVolume { name: text, size } => {
            Call::CreateVolume(VolumeSpec::named(text.text(&name)).size_bytes(*size))
        }
        OpKind::GetVolume(of) => Call::GetVolume(volume(of)),
        OpKind::FindVolume(text) => Call::FindVolume(text.text(&name)),
        OpKind::PatchVolume(of, patch) => Call::PatchVolume(volume(of), patch.patch(&name)),
        OpKind::DeleteVolume(of) => Call::DeleteVolume(volume(of)),
        OpKind::AccessHandle(of) => Call::AccessHandle(volume(of)),
        OpKind::CreateSnapshot(of, text) => Call::CreateSnapshot(volume(of), text.text(&name)),
        OpKind::GetSnapshot(of, which) => Call::GetSnapshot(volume(of), snapshot(which)),
        OpKind::FindSnapshot(of, text) => Call::FindSnapshot(volume(of), text.text(&name)),
        OpKind::RenameSnapshot(of, which, text) => {
            Call::RenameSnapshot(volume(of), snapshot(which), text.text(&name))
        }
        OpKind::DeleteSnapshot(of, which) => Call::DeleteSnapshot(volume(of), snapshot(which)),
        OpKind::RestoreSnapshot(of, which) => Call::RestoreSnapshot(volume(of), snapshot(which)),
        OpKind::CreateClone(of, which, text) => {
            Call::CreateClone(volume(of), snapshot(which), text.text(&name))
        }
        OpKind::SplitClone(of) => Call::SplitClone(volume(of)),
    }
}

impl Patch {
    /// The patch that is passed to the backend. `name` makes a name from a label.
    pub(crate) fn patch(&self, name: &impl Fn(&str) -> String) -> VolumePatch {
        let mut patch = VolumePatch::new();
        patch.size_bytes = self.size;
        patch.junction_path = self.path.as_ref().map(|path| match path {
            Text::Label(label) => format!("/{}", name(label)),
            Text::Raw(text) => (*text).to_owned(),
        });
        patch.export_policy = self.policy.map(str::to_owned);
        patch.name = self.name.as_ref().map(|text| text.text(name));
        patch.state = self.state;
        patch
    }
}

impl Text {
    /// The text that is passed to the backend. `name` makes a name from a label.
    pub(crate) fn text(&self, name: &impl Fn(&str) -> String) -> String {
        match self {
            Self::Label(label) => name(label),
            Self::Raw(text) => (*text).to_owned(),
        }
    }
}
