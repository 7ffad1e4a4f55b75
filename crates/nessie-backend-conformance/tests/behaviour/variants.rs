//! Correct backends that differ where the contract permits it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use nessie_backend_core::{
    BackendError, Capabilities, Result, Snapshot, Space, Volume, VolumeBackend, VolumeId,
    VolumePatch, VolumeState, rules,
};
use nessie_backend_mem::MemBackend;

use super::mutant::Mutant;

#[allow(dead_code, unreachable_pub, reason = "the example is a separate program")]
#[path = "../../../nessie-backend-core/examples/volume_only.rs"]
mod volume_only;

/// The variants: a name, the backend, and how many cases at least apply to it.
pub fn all() -> Vec<(&'static str, Box<dyn VolumeBackend>, usize)> {
    vec![
        ("the example of volumes alone", Box::new(volume_only::DictVolumes::default()), 50),
        ("volumes only", Box::new(volumes_only()), 70),
        ("snapshots only", Box::new(snapshots_only()), 120),
        ("seeded identifiers", Box::new(MemBackend::builder().seed(9).build().unwrap()), 200),
        (
            "another order of identifiers",
            Box::new(MemBackend::builder().seed(77).build().unwrap()),
            200,
        ),
        ("slow", Box::new(slow()), 200),
        ("without optional operations", Box::new(without_options()), 100),
        ("finding by searching the list", Box::new(finding_by_list()), 200),
        ("without times", Box::new(without_times()), 200),
        ("with other numbers of bytes consumed", Box::new(with_consumption()), 200),
        ("without restricted volumes", Box::new(without_restricted()), 200),
        ("without an account of space", Box::new(without_space()), 200),
        ("with data that clients write all the time", Box::new(with_moving_data()), 200),
    ]
}

fn volumes_only() -> Mutant {
    Mutant {
        capabilities: Some(Capabilities::VOLUMES),
        hides_snapshots: true,
        hides_clones: true,
        ..Mutant::default()
    }
}

fn snapshots_only() -> Mutant {
    Mutant { capabilities: Some(Capabilities::SNAPSHOTS), hides_clones: true, ..Mutant::default() }
}

fn slow() -> Mutant {
    Mutant {
        create_volume: Some(Box::new(|b, spec| {
            thread::sleep(Duration::from_micros(50));
            b.create_volume(spec)
        })),
        patch_volume: Some(Box::new(|b, uuid, patch| {
            thread::yield_now();
            b.patch_volume(uuid, patch)
        })),
        ..Mutant::default()
    }
}

fn refuse<T>(operation: &'static str) -> Result<T> {
    Err(BackendError::not_supported(operation))
}

/// Refuses the unsupported fields, after all other checks.
fn only_basic(b: &MemBackend, uuid: VolumeId, patch: &VolumePatch) -> Result<()> {
    b.get_volume(uuid)?;
    rules::volume_patch(patch)?;
    if patch.name.is_some() || patch.state.is_some() {
        return refuse("patch_volume");
    }
    Ok(())
}

pub fn without_options() -> Mutant {
    Mutant {
        patch_volume: Some(Box::new(|b, uuid, patch| {
            only_basic(b, uuid, &patch)?;
            b.patch_volume(uuid, patch)
        })),
        rename_snapshot: Some(Box::new(|_, _, _, _| refuse("rename_snapshot"))),
        restore_snapshot: Some(Box::new(|_, _, _| refuse("restore_snapshot"))),
        split_clone: Some(Box::new(|_, _| refuse("split_clone"))),
        space: Some(Box::new(|_| refuse("space"))),
        ..Mutant::default()
    }
}

fn without_space() -> Mutant {
    Mutant { space: Some(Box::new(|_| refuse("space"))), ..Mutant::default() }
}

fn without_restricted() -> Mutant {
    Mutant {
        patch_volume: Some(Box::new(|b, uuid, patch| {
            if patch.state == Some(VolumeState::Restricted) {
                return refuse("patch_volume");
            }
            b.patch_volume(uuid, patch)
        })),
        ..Mutant::default()
    }
}

fn finding_by_list() -> Mutant {
    Mutant {
        find_volume: Some(Box::new(|b, name| {
            Ok(b.list_volumes()?.into_iter().find(|volume| volume.name == name))
        })),
        find_snapshot: Some(Box::new(|b, volume, name| {
            let mut snapshots = b.snapshot_backend()?.list_snapshots(volume)?.into_iter();
            Ok(snapshots.find(|snapshot| snapshot.name == name))
        })),
        ..Mutant::default()
    }
}

/// A result whose records are edited.
trait Edited: Sized {
    fn edited(self, edit: Edit) -> Self;
}

/// What is done with each record.
#[derive(Clone, Copy)]
struct Edit {
    volume: fn(&mut Volume),
    snapshot: fn(&mut Snapshot),
}

impl Edited for Volume {
    fn edited(mut self, edit: Edit) -> Self {
        (edit.volume)(&mut self);
        self
    }
}

impl Edited for Snapshot {
    fn edited(mut self, edit: Edit) -> Self {
        (edit.snapshot)(&mut self);
        self
    }
}

impl<T: Edited> Edited for Vec<T> {
    fn edited(self, edit: Edit) -> Self {
        self.into_iter().map(|record| record.edited(edit)).collect()
    }
}

impl<T: Edited> Edited for Option<T> {
    fn edited(self, edit: Edit) -> Self {
        self.map(|record| record.edited(edit))
    }
}

macro_rules! edit_results {
    ($edit:expr; $($operation:ident($($argument:ident),*))+) => {
        Mutant {
            $($operation: Some(Box::new(move |b, $($argument),*| {
                b.$operation($($argument),*).map(|result| result.edited($edit))
            })),)+
            ..Mutant::default()
        }
    };
}

fn without_times() -> Mutant {
    edit_all(Edit {
        volume: |volume| volume.create_time = None,
        snapshot: |snapshot| snapshot.create_time = None,
    })
}

/// A number that is never the same twice.
fn moving() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed)
}

fn with_moving_data() -> Mutant {
    let moving_data = edit_all(Edit {
        volume: |volume| {
            let most = volume.size_bytes.unwrap_or(u64::MAX);
            volume.used_bytes = Some(moving() % most.saturating_add(1).max(1));
        },
        snapshot: |snapshot| snapshot.size_consumed = moving(),
    });
    let space = |_: &MemBackend| Ok(Space::new(Some(1 << 60), moving(), moving()));
    Mutant { space: Some(Box::new(space)), ..moving_data }
}

fn edit_all(edit: Edit) -> Mutant {
    use nessie_backend_core::{CloneBackend as _, SnapshotBackend as _};
    edit_results! { edit;
        create_volume(spec)
        list_volumes()
        get_volume(uuid)
        find_volume(name)
        patch_volume(uuid, patch)
        create_snapshot(volume, name)
        list_snapshots(volume)
        get_snapshot(volume, of)
        find_snapshot(volume, name)
        rename_snapshot(volume, of, name)
        restore_snapshot(volume, of)
        create_clone(volume, of, name)
        split_clone(volume)
    }
}

fn with_consumption() -> Mutant {
    use nessie_backend_core::SnapshotBackend as _;
    Mutant {
        list_snapshots: Some(Box::new(|b, volume| {
            let mut snapshots = b.list_snapshots(volume)?;
            let count = snapshots.len() as u64;
            for snapshot in &mut snapshots {
                snapshot.size_consumed = 4096 * count;
            }
            Ok(snapshots)
        })),
        ..Mutant::default()
    }
}
