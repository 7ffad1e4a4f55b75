//! The operations of a sequence, and their calls.
//!
//! An operation refers to an object by the number of the operation that created it. So it keeps its
//! meaning in a shorter sequence; if the creating operation was removed, it refers to a missing
//! object.

use std::borrow::Cow;
use std::collections::HashMap;

use nessie_backend_core::{SnapshotId, Uuid, VolumeId, VolumePatch, VolumeSpec, VolumeState};

use crate::oracle::call::{Call, Value, unused_id};
use crate::oracle::route::Route;
use crate::spelling::Spelling;
use crate::trace::Step;

/// An operation and its number in the generated sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) number: usize,
    pub(crate) kind: OpKind,
    /// The object on which the call is made.
    pub(crate) route: Route,
}

/// A volume or a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ref {
    /// The one that the operation of this number created.
    Made(usize),
    /// The one with this identifier, which no operation of the sequence created.
    Id(Uuid),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    CreateVolume { name: Text, size: Option<u64> },
    ListVolumes,
    GetVolume(Ref),
    FindVolume(Text),
    PatchVolume(Ref, Patch),
    DeleteVolume(Ref),
    AccessHandle(Ref),
    Space,
    CreateSnapshot(Ref, Text),
    ListSnapshots(Ref),
    GetSnapshot(Ref, Ref),
    FindSnapshot(Ref, Text),
    RenameSnapshot(Ref, Ref, Text),
    DeleteSnapshot(Ref, Ref),
    RestoreSnapshot(Ref, Ref),
    CreateClone(Ref, Ref, Text),
    SplitClone(Ref),
}

/// A name or path: a label, which gets the prefix of the replay, the identifier of an object, or the
/// text as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Label(&'static str),
    Raw(Cow<'static, str>),
    Id(Ref, Spelling),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) size: Option<u64>,
    pub(crate) path: Option<Text>,
    pub(crate) policy: Option<Cow<'static, str>>,
    pub(crate) name: Option<Text>,
    pub(crate) state: Option<VolumeState>,
}

/// The names of a replay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The prefix of labels.
    pub(crate) stem: String,
    /// A prefix that `stem` replaces in all other texts; may be empty.
    pub(crate) instead_of: String,
}

impl Names {
    fn name(&self, text: &Text, created: &Created) -> String {
        match text {
            Text::Label(label) => format!("{}{label}", self.stem),
            Text::Raw(text) => self.raw(text),
            Text::Id(of, spelling) => spelling.of(created.id(*of)),
        }
    }

    fn path(&self, text: &Text, created: &Created) -> String {
        match text {
            Text::Label(label) => format!("/{}{label}", self.stem),
            other => self.name(other, created),
        }
    }

    fn raw(&self, text: &str) -> String {
        if self.instead_of.is_empty() {
            return text.to_owned();
        }
        // Some cases write their names in capitals.
        let replaced = text.replace(&self.instead_of, &self.stem);
        replaced.replace(&self.instead_of.to_ascii_uppercase(), &self.stem.to_ascii_uppercase())
    }
}

/// The objects created so far, by the number of the operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Created(HashMap<usize, Uuid>);

impl Created {
    pub(crate) fn add(&mut self, number: usize, call: &Call, value: &Value) {
        if let Some(id) = created_id(call, value) {
            self.0.insert(number, id);
        }
    }

    fn id(&self, of: Ref) -> Uuid {
        match of {
            Ref::Made(number) => self.0.get(&number).copied().unwrap_or_else(unused_id),
            Ref::Id(id) => id,
        }
    }
}

/// The identifier of the object that the call created.
fn created_id(call: &Call, value: &Value) -> Option<Uuid> {
    match (call, value) {
        (Call::CreateVolume(_) | Call::CreateClone(..), Value::Volume(volume)) => {
            Some(volume.uuid.uuid())
        }
        (Call::CreateSnapshot(..), Value::Snapshot(snapshot)) => Some(snapshot.uuid.uuid()),
        _ => None,
    }
}

/// The call for an operation, given the objects created so far.
pub(crate) fn call_of(kind: &OpKind, created: &Created, names: &Names) -> Call {
    let volume = |of: &Ref| VolumeId::new(created.id(*of));
    let snapshot = |of: &Ref| SnapshotId::new(created.id(*of));
    let name = |text: &Text| names.name(text, created);
    match kind {
        OpKind::CreateVolume { name: text, size } => {
            Call::CreateVolume(VolumeSpec::named(name(text)).size_bytes(*size))
        }
        OpKind::ListVolumes => Call::ListVolumes,
        OpKind::GetVolume(of) => Call::GetVolume(volume(of)),
        OpKind::FindVolume(text) => Call::FindVolume(name(text)),
        OpKind::PatchVolume(of, patch) => {
            Call::PatchVolume(volume(of), patch.patch(names, created))
        }
        OpKind::DeleteVolume(of) => Call::DeleteVolume(volume(of)),
        OpKind::AccessHandle(of) => Call::AccessHandle(volume(of)),
        OpKind::Space => Call::Space,
        OpKind::CreateSnapshot(of, text) => Call::CreateSnapshot(volume(of), name(text)),
        OpKind::ListSnapshots(of) => Call::ListSnapshots(volume(of)),
        OpKind::GetSnapshot(of, which) => Call::GetSnapshot(volume(of), snapshot(which)),
        OpKind::FindSnapshot(of, text) => Call::FindSnapshot(volume(of), name(text)),
        OpKind::RenameSnapshot(of, which, text) => {
            Call::RenameSnapshot(volume(of), snapshot(which), name(text))
        }
        OpKind::DeleteSnapshot(of, which) => Call::DeleteSnapshot(volume(of), snapshot(which)),
        OpKind::RestoreSnapshot(of, which) => Call::RestoreSnapshot(volume(of), snapshot(which)),
        OpKind::CreateClone(of, which, text) => {
            Call::CreateClone(volume(of), snapshot(which), name(text))
        }
        OpKind::SplitClone(of) => Call::SplitClone(volume(of)),
    }
}

/// The operations that make the calls again.
pub(crate) fn ops_of(steps: &[Step]) -> Vec<Op> {
    let mut made: HashMap<Uuid, usize> = HashMap::new();
    let op = |(number, step): (usize, &Step)| {
        let kind = kind_of(&step.call, |id| made.get(&id).map_or(Ref::Id(id), |at| Ref::Made(*at)));
        if let Some(Ok(value)) = &step.answer
            && let Some(id) = created_id(&step.call, value)
        {
            made.insert(id, number);
        }
        Op { number, kind, route: step.route }
    };
    steps.iter().enumerate().map(op).collect()
}

fn kind_of(call: &Call, refer: impl Fn(Uuid) -> Ref) -> OpKind {
    let volume = |id: &VolumeId| refer(id.uuid());
    let snapshot = |id: &SnapshotId| refer(id.uuid());
    let text =
        |text: &String| match Spelling::read(text).map(|(id, spelling)| (refer(id), spelling)) {
            Some((of @ Ref::Made(_), spelling)) => Text::Id(of, spelling),
            _ => Text::Raw(text.clone().into()),
        };
    match call {
        Call::CreateVolume(spec) => {
            OpKind::CreateVolume { name: text(&spec.name), size: spec.size_bytes }
        }
        Call::ListVolumes => OpKind::ListVolumes,
        Call::GetVolume(id) => OpKind::GetVolume(volume(id)),
        Call::FindVolume(name) => OpKind::FindVolume(text(name)),
        Call::PatchVolume(id, patch) => {
            let patch = Patch {
                size: patch.size_bytes,
                path: patch.junction_path.as_ref().map(text),
                policy: patch.export_policy.clone().map(Cow::Owned),
                name: patch.name.as_ref().map(text),
                state: patch.state,
            };
            OpKind::PatchVolume(volume(id), patch)
        }
        Call::DeleteVolume(id) => OpKind::DeleteVolume(volume(id)),
        Call::AccessHandle(id) => OpKind::AccessHandle(volume(id)),
        Call::Space => OpKind::Space,
        Call::CreateSnapshot(id, name) => OpKind::CreateSnapshot(volume(id), text(name)),
        Call::ListSnapshots(id) => OpKind::ListSnapshots(volume(id)),
        Call::GetSnapshot(id, of) => OpKind::GetSnapshot(volume(id), snapshot(of)),
        Call::FindSnapshot(id, name) => OpKind::FindSnapshot(volume(id), text(name)),
        Call::RenameSnapshot(id, of, name) => {
            OpKind::RenameSnapshot(volume(id), snapshot(of), text(name))
        }
        Call::DeleteSnapshot(id, of) => OpKind::DeleteSnapshot(volume(id), snapshot(of)),
        Call::RestoreSnapshot(id, of) => OpKind::RestoreSnapshot(volume(id), snapshot(of)),
        Call::CreateClone(id, of, name) => {
            OpKind::CreateClone(volume(id), snapshot(of), text(name))
        }
        Call::SplitClone(id) => OpKind::SplitClone(volume(id)),
    }
}

impl OpKind {
    /// The objects that the operation is about.
    pub(crate) fn refs(&mut self) -> Vec<&mut Ref> {
        match self {
            Self::CreateVolume { .. } | Self::ListVolumes | Self::FindVolume(_) | Self::Space => {
                Vec::new()
            }
            Self::GetVolume(of)
            | Self::PatchVolume(of, _)
            | Self::DeleteVolume(of)
            | Self::AccessHandle(of)
            | Self::CreateSnapshot(of, _)
            | Self::ListSnapshots(of)
            | Self::FindSnapshot(of, _)
            | Self::SplitClone(of) => vec![of],
            Self::GetSnapshot(of, which)
            | Self::RenameSnapshot(of, which, _)
            | Self::DeleteSnapshot(of, which)
            | Self::RestoreSnapshot(of, which)
            | Self::CreateClone(of, which, _) => vec![of, which],
        }
    }
}

impl OpKind {
    /// The names and paths of volumes in the operation.
    pub(crate) fn texts(&mut self) -> Vec<&mut Text> {
        match self {
            Self::CreateVolume { name, .. }
            | Self::FindVolume(name)
            | Self::CreateClone(_, _, name) => vec![name],
            Self::PatchVolume(_, patch) => patch.path.iter_mut().chain(&mut patch.name).collect(),
            _ => Vec::new(),
        }
    }
}

impl Patch {
    /// The patch that is passed to the backend.
    fn patch(&self, names: &Names, created: &Created) -> VolumePatch {
        let mut patch = VolumePatch::new();
        patch.size_bytes = self.size;
        patch.junction_path = self.path.as_ref().map(|path| names.path(path, created));
        patch.export_policy = self.policy.as_deref().map(str::to_owned);
        patch.name = self.name.as_ref().map(|text| names.name(text, created));
        patch.state = self.state;
        patch
    }
}
