//! The account of space: its numbers are consistent, at every moment.

use super::calls::{self, offline, size};
use crate::harness::{CaseResult, Harness};
use crate::oracle::call::Call;
use crate::{Feature, Tier};

super::cases! { space:
    /// The numbers of the account add up at every moment, on the backend and on its tier objects.
    adds_up: Volumes [Space], "8.space" "1.tier_object" "3.optional";
    /// The account can be read while no volume is online.
    can_be_read_while_no_volume_is_online: Volumes [Space, PatchState], "8.space";
    /// A reading of the account changes nothing.
    is_read_without_a_change: Volumes [Space], "8.space" "3.atomic";
    /// A volume uses no more bytes than its quota, also after the quota has changed.
    fits_into_the_quota: Volumes, "8.used_bytes" "3.patch_volume.resize";
    /// A clone and a restored volume use no more bytes than their quotas.
    of_clones_fits_into_the_quota: Clones, "8.used_bytes" "3.create_clone";
}

/// Reads the account from every object that has the operation.
fn account(h: &Harness<'_>) -> CaseResult {
    h.routes().all(&Call::Space).try_for_each(|route| h.call_through(route, &Call::Space).map(drop))
}

fn adds_up(h: &Harness<'_>) -> CaseResult {
    account(h)?;
    let a = h.create_sized("a", 1 << 20)?;
    account(h)?;
    h.patch(&a, size(1 << 21))?;
    account(h)?;
    h.refused("volume_exists", &calls::create(&a.name))?;
    account(h)?;
    if h.probe.tier >= Tier::Snapshots {
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        account(h)?;
        if h.probe.tier >= Tier::Clones {
            h.clone(&a, &s, "clone")?;
            account(h)?;
            let other = h.clone(&a, &s, "other")?;
            if h.has(Feature::SplitClone) {
                h.returns_volume(&calls::split(&other))?;
                account(h)?;
            }
        }
        if h.has(Feature::RestoreSnapshot) {
            h.returns_volume(&calls::restore(&a, &s))?;
        } else {
            h.succeeds(&calls::delete_snapshot(&a, &t))?;
        }
        account(h)?;
    }
    h.delete_own()?;
    account(h)
}

fn can_be_read_while_no_volume_is_online(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, offline())?;
    account(h)
}

fn is_read_without_a_change(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    if h.probe.tier >= Tier::Snapshots {
        h.snapshot(&a, "s")?;
    }
    account(h)?;
    h.verify_records()
}

fn fits_into_the_quota(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 1)?, h.create("c")?);
    for bytes in [1 << 40, 2, 1] {
        h.patch(&a, size(bytes))?;
        h.patch(&c, size(bytes))?;
    }
    Ok(())
}

fn of_clones_fits_into_the_quota(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 1)?;
    let s = h.snapshot(&a, "s")?;
    h.clone(&a, &s, "clone")?;
    h.patch(&a, size(7))?;
    let other = h.clone(&a, &s, "other")?;
    h.patch(&other, size(1))?;
    if h.has(Feature::RestoreSnapshot) {
        h.returns_volume(&calls::restore(&a, &s))?;
    }
    Ok(())
}
