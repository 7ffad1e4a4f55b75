//! How a client reaches the bytes.

use super::calls::{self, junction, offline, online, restricted};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { access, __access_cases:
    /// An online volume has a handle, mounted or not.
    is_there_for_online_volumes: Volumes, "1.access" "3.access_handle";
    /// A missing volume has none.
    refuses_a_missing_volume: Volumes, "3.access_handle.refuses" "4.target";
    /// A volume that is not online has none, until it is online again.
    refuses_what_is_not_online: Volumes [PatchState], "3.access_handle.refuses" "3.access_handle";
    /// A clone has a handle, whatever its parent's state.
    is_there_for_clones: Clones, "3.access_handle" "1.access";
}

fn is_there_for_online_volumes(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.fine(&calls::access(&a))?;
    b.patch(&a, junction(&b.path("a")).size_bytes(5))?;
    b.fine(&calls::access(&a))
}

fn refuses_a_missing_volume(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.refused("volume_not_found", &calls::access(&calls::no_volume()))?;
    b.delete(&a)?;
    b.refused("volume_not_found", &calls::access(&a))
}

fn refuses_what_is_not_online(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, offline())?;
    b.refused("volume_offline", &calls::access(&a))?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&a, restricted())?;
        b.refused("volume_offline", &calls::access(&a))?;
    }
    b.patch(&a, online())?;
    b.fine(&calls::access(&a))
}

fn is_there_for_clones(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.fine(&calls::access(&clone))?;
    if b.has(Feature::PatchState) {
        b.patch(&a, offline())?;
        b.fine(&calls::access(&clone))?;
        b.refused("volume_offline", &calls::access(&a))?;
    }
    Ok(())
}
