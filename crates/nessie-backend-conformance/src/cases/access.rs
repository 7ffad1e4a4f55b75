//! How a client reaches the bytes.

use super::calls::{self, junction, offline, online, restricted};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { access:
    /// An online volume has a handle, mounted or not.
    is_there_for_online_volumes: Volumes, "1.access" "3.access_handle";
    /// A missing volume has none.
    refuses_a_missing_volume: Volumes, "3.access_handle.refuses" "4.target";
    /// A volume that is not online has none, until it is online again.
    refuses_what_is_not_online: Volumes [PatchState], "3.access_handle.refuses" "3.access_handle";
    /// A clone has a handle in every state of its parent.
    is_there_for_clones: Clones, "3.access_handle" "1.access";
}

fn is_there_for_online_volumes(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.succeeds(&calls::access(&a))?;
    h.patch(&a, junction(&h.path("a")).size_bytes(5))?;
    h.succeeds(&calls::access(&a))
}

fn refuses_a_missing_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.refused("volume_not_found", &calls::access(&calls::no_volume()))?;
    h.delete(&a)?;
    h.refused("volume_not_found", &calls::access(&a))
}

fn refuses_what_is_not_online(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, offline())?;
    h.refused("volume_offline", &calls::access(&a))?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&a, restricted())?;
        h.refused("volume_offline", &calls::access(&a))?;
    }
    h.patch(&a, online())?;
    h.succeeds(&calls::access(&a))
}

fn is_there_for_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.succeeds(&calls::access(&clone))?;
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        h.succeeds(&calls::access(&clone))?;
        h.refused("volume_offline", &calls::access(&a))?;
    }
    Ok(())
}
