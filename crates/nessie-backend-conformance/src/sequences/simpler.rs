//! Sequences that are simpler than a given one, but not shorter in every case.

use nessie_backend_core::VolumeState;

use super::generate::LABELS;
use super::op::{Op, OpKind, Patch, Ref, Text};
use crate::oracle::route::Route;

/// The sizes that are preferred to all others.
const SIZES: [u64; 2] = [5, 7];

/// Sequences in which the operation at this position is simpler or left out. Each is simpler in an
/// order without cycles: fewer operations, then fewer clones, fields and sizes to read.
pub(super) fn sequences(sequence: &[Op], at: usize) -> Vec<Vec<Op>> {
    let Some(op) = sequence.get(at) else { return Vec::new() };
    let mut found = Vec::new();
    found.extend(with_another_object(sequence, at));
    found.extend(merged_into_the_creation(sequence, at));
    found.extend(merged_into_the_next_patch(sequence, at));
    if op.route != Route::DIRECT {
        let mut other = sequence.to_vec();
        if let Some(op) = other.get_mut(at) {
            op.route = Route::DIRECT;
        }
        found.push(other);
    }
    for kind in kinds(&op.kind) {
        let mut other = sequence.to_vec();
        if let Some(op) = other.get_mut(at) {
            op.kind = kind;
        }
        found.push(other);
    }
    found
}

/// The object that the operation creates is left out; an older one of its kind takes its place.
fn with_another_object(sequence: &[Op], at: usize) -> Vec<Vec<Op>> {
    let is_volume =
        |op: &Op| matches!(op.kind, OpKind::CreateVolume { .. } | OpKind::CreateClone(..));
    let is_snapshot = |op: &Op| matches!(op.kind, OpKind::CreateSnapshot(..));
    let Some(op) = sequence.get(at) else { return Vec::new() };
    let older = sequence
        .iter()
        .take(at)
        .filter(|other| is_volume(op) && is_volume(other) || is_snapshot(op) && is_snapshot(other));
    let replaced = older.map(|older| {
        let mut others: Vec<Op> =
            sequence.iter().filter(|other| other.number != op.number).cloned().collect();
        for reference in others.iter_mut().flat_map(|other| other.kind.refs()) {
            if *reference == Ref::Made(op.number) {
                *reference = Ref::Made(older.number);
            }
        }
        others
    });
    replaced.collect()
}

/// The size that the patch sets is set by the creation of the volume.
fn merged_into_the_creation(sequence: &[Op], at: usize) -> Option<Vec<Op>> {
    let OpKind::PatchVolume(Ref::Made(number), patch) = &sequence.get(at)?.kind else {
        return None;
    };
    let new_size = patch.size.filter(|size| *size > 0)?;
    let mut merged = sequence.to_vec();
    let creation = merged.iter_mut().find(|op| op.number == *number)?;
    let OpKind::CreateVolume { size, .. } = &mut creation.kind else { return None };
    *size = Some(new_size);
    let rest = Patch { size: None, ..patch.clone() };
    if rest == Patch::default() {
        merged.remove(at);
    } else if let Some(OpKind::PatchVolume(_, patch)) = merged.get_mut(at).map(|op| &mut op.kind) {
        *patch = rest;
    }
    Some(merged)
}

/// The fields of the patch are set by the next patch of the same volume.
fn merged_into_the_next_patch(sequence: &[Op], at: usize) -> Option<Vec<Op>> {
    let OpKind::PatchVolume(of, first) = &sequence.get(at)?.kind else { return None };
    let mut merged = sequence.to_vec();
    let next = merged.iter_mut().skip(at + 1).find_map(|op| match &mut op.kind {
        OpKind::PatchVolume(other, patch) if other == of => Some(patch),
        _ => None,
    })?;
    let Patch { size, path, policy, name, state } = first.clone();
    next.size = next.size.or(size);
    next.path = next.path.take().or(path);
    next.policy = next.policy.take().or(policy);
    next.name = next.name.take().or(name);
    next.state = next.state.or(state);
    merged.remove(at);
    Some(merged)
}

/// Variants of the operation, each with one thing simplified.
fn kinds(kind: &OpKind) -> Vec<OpKind> {
    match kind {
        OpKind::CreateVolume { name, size: Some(size) } => {
            let sizes = [None].into_iter().chain(simpler_sizes(*size).map(Some));
            sizes.map(|size| OpKind::CreateVolume { name: name.clone(), size }).collect()
        }
        OpKind::CreateClone(_, _, name) => {
            vec![OpKind::CreateVolume { name: name.clone(), size: None }]
        }
        OpKind::PatchVolume(of, patch) => {
            patches(patch).into_iter().map(|patch| OpKind::PatchVolume(*of, patch)).collect()
        }
        _ => Vec::new(),
    }
}

fn simpler_sizes(size: u64) -> impl Iterator<Item = u64> {
    SIZES.into_iter().take_while(move |simpler| *simpler != size && size != 0)
}

fn patches(patch: &Patch) -> Vec<Patch> {
    let mut patches = Vec::new();
    if let Some(size) = patch.size {
        patches.push(Patch { size: None, ..patch.clone() });
        let other = |size| Patch { size: Some(size), ..patch.clone() };
        patches.extend(simpler_sizes(size).map(other));
    }
    if patch.path.is_some() {
        patches.push(Patch { path: None, ..patch.clone() });
    }
    if patch.policy.is_some() {
        patches.push(Patch { policy: None, ..patch.clone() });
    }
    if patch.name.is_some() {
        patches.push(Patch { name: None, ..patch.clone() });
    }
    if patch.state.is_some() {
        patches.push(Patch { state: None, ..patch.clone() });
    }
    if patch.state == Some(VolumeState::Restricted) {
        patches.push(Patch { state: Some(VolumeState::Offline), ..patch.clone() });
    }
    patches
}

/// The same sequence with its labels replaced by the first ones, in order of appearance.
pub(super) fn with_first_labels(sequence: &[Op]) -> Option<Vec<Op>> {
    let mut seen: Vec<&'static str> = Vec::new();
    let mut replaced = sequence.to_vec();
    for text in replaced.iter_mut().flat_map(|op| op.kind.texts()) {
        let Text::Label(label) = text else { continue };
        let position = seen.iter().position(|known| known == label).unwrap_or_else(|| {
            seen.push(label);
            seen.len() - 1
        });
        *label = LABELS.get(position).copied().unwrap_or(label);
    }
    (replaced != sequence).then_some(replaced)
}
