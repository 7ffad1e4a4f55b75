//! The tier objects of a backend: each is the same backend, at every moment.

use super::calls::{self, junction, offline, patch, restricted, size};
use crate::Feature;
use crate::Tier;
use crate::harness::probe::Offer;
use crate::harness::{Abort, CaseResult, Harness};
use crate::oracle::call::Call;
use crate::oracle::route::Route;

super::cases! { tiers:
    /// The backend and its tier objects offer the same tiers at every moment: while it is empty and
    /// filled, after a refusal, while all volumes are offline, and after deletions.
    stay_the_same: Volumes, "1.honest" "1.tier_object";
    /// A tier object has the operations on volumes, and they do what the backend's do.
    have_the_operations_on_volumes: Snapshots, "1.tier_object";
    /// A tier object refuses what the backend refuses about volumes.
    have_the_refusals_about_volumes: Snapshots, "1.tier_object";
    /// A tier object has the operations on snapshots, and they do what the backend's do.
    have_the_operations_on_snapshots: Snapshots, "1.tier_object";
    /// A tier object refuses what the backend refuses about snapshots.
    have_the_refusals_about_snapshots: Snapshots, "1.tier_object";
    /// A tier object has the operations on clones, and they do what the backend's do.
    have_the_operations_on_clones: Clones, "1.tier_object";
    /// A tier object refuses what the backend refuses about clones and because of them.
    have_the_refusals_about_clones: Clones, "1.tier_object";
}

fn stay_the_same(h: &Harness<'_>) -> CaseResult {
    offers_the_same(h, "before the case")?;
    let a = h.create("a")?;
    offers_the_same(h, "with a volume")?;
    let mut volumes = vec![a.clone()];
    if h.probe.tier >= Tier::Snapshots {
        let s = h.snapshot(&a, "s")?;
        offers_the_same(h, "with a snapshot")?;
        if h.probe.tier >= Tier::Clones {
            volumes.insert(0, h.clone(&a, &s, "clone")?);
            offers_the_same(h, "with a clone")?;
            h.refused("volume_busy", &calls::delete(&a))?;
        }
    }
    h.refused("volume_exists", &calls::create(&a.name))?;
    h.refused("invalid_argument", &calls::create("a b"))?;
    h.refused("volume_not_found", &calls::delete(&calls::no_volume()))?;
    offers_the_same(h, "after refusals")?;
    for (feature, state) in
        [(Feature::PatchState, offline()), (Feature::PatchRestricted, restricted())]
    {
        if h.has(feature) {
            for volume in &volumes {
                h.patch(volume, state.clone())?;
            }
            h.refused("volume_offline", &calls::access(&a))?;
            offers_the_same(h, "while no volume is online")?;
        }
    }
    h.delete_own()?;
    offers_the_same(h, "after deletions")
}

/// Checks what the backend and each of its tier objects offer.
fn offers_the_same(h: &Harness<'_>, moment: &str) -> CaseResult {
    for route in Route::to(Tier::Volumes, h.probe.tier) {
        let wrong = |text: String| {
            let rule = if route == Route::DIRECT { "1.honest" } else { "1.tier_object" };
            Abort::violation(rule, format!("{moment}, on {route}: {text}"))
        };
        let object = route.follow(h.backend()).map_err(|error| wrong(error.to_string()))?;
        let object = object.volumes();
        if let Some(difference) = Offer::of(object).difference(&h.probe.offer) {
            return Err(wrong(difference));
        }
        let (found, expected) = (object.epoch(), h.backend().epoch());
        if found != expected {
            return Err(wrong(format!("epoch() is {found}, and the backend's is {expected}")));
        }
    }
    Ok(())
}

/// Makes a call on every object that has the operation: a call that is refused, or that reads. The
/// model checks each answer.
fn on_every_object(h: &Harness<'_>, call: &Call) -> CaseResult {
    h.routes().all(call).try_for_each(|route| h.call_through(route, call).map(drop))
}

/// Makes a call that must be refused with this code, on every object that has the operation.
fn refused_by_every_object(h: &Harness<'_>, code: &'static str, call: &Call) -> CaseResult {
    h.refused(code, call)?;
    on_every_object(h, call)
}

fn have_the_operations_on_volumes(h: &Harness<'_>) -> CaseResult {
    let other = h.create("other")?;
    for (number, route) in Route::to(Tier::Volumes, h.probe.tier).enumerate() {
        let name = h.name(&format!("a{number}"));
        h.call_through(route, &calls::create_sized(&name, 5))?.ok();
        let Some(a) = h.own_volume(&name) else { continue };
        on_every_object(h, &Call::ListVolumes)?;
        on_every_object(h, &calls::get(&a))?;
        on_every_object(h, &calls::find(&a.name))?;
        on_every_object(h, &calls::access(&a))?;
        let path = h.path(&format!("a{number}"));
        for change in [size(7), junction(&path), junction(""), calls::policy("p"), patch()] {
            h.call_through(route, &calls::change(&a, change))?.ok();
        }
        if h.has(Feature::PatchName) {
            let name = h.name(&format!("b{number}"));
            h.call_through(route, &calls::change(&a, calls::name(&name)))?.ok();
        }
        if h.has(Feature::PatchState) {
            h.call_through(route, &calls::change(&a, offline()))?.ok();
            on_every_object(h, &calls::access(&a))?;
            h.call_through(route, &calls::change(&a, calls::online()))?.ok();
        }
        let s = h.snapshot(&a, "s")?;
        h.call_through(route, &calls::delete(&a))?.ok();
        on_every_object(h, &calls::get(&a))?;
        on_every_object(h, &calls::find(&a.name))?;
        on_every_object(h, &calls::get_snapshot(&a, &s))?;
        on_every_object(h, &calls::get(&other))?;
    }
    Ok(())
}

fn have_the_refusals_about_volumes(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    h.patch(&c, junction(&h.path("c")))?;
    let missing = calls::no_volume();
    for call in [
        calls::get(&missing),
        calls::change(&missing, size(0)),
        calls::delete(&missing),
        calls::access(&missing),
    ] {
        refused_by_every_object(h, "volume_not_found", &call)?;
    }
    refused_by_every_object(h, "volume_exists", &calls::create(&a.name))?;
    refused_by_every_object(h, "invalid_argument", &calls::create("a b"))?;
    refused_by_every_object(h, "invalid_argument", &calls::create_sized(&h.name("x"), 0))?;
    for change in [size(0), junction("x"), calls::policy("")] {
        refused_by_every_object(h, "invalid_argument", &calls::change(&a, change))?;
    }
    let taken = junction(&h.path("C")).size_bytes(9);
    refused_by_every_object(h, "junction_path_exists", &calls::change(&a, taken))?;
    if h.has(Feature::PatchName) {
        let change = calls::name(&c.name).size_bytes(9);
        refused_by_every_object(h, "volume_exists", &calls::change(&a, change))?;
    }
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        refused_by_every_object(h, "volume_offline", &calls::access(&a))?;
        refused_by_every_object(h, "volume_offline", &calls::change(&a, size(9)))?;
    }
    Ok(())
}

fn have_the_operations_on_snapshots(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    h.snapshot(&c, "s")?;
    for route in Route::to(Tier::Snapshots, h.probe.tier) {
        for name in ["s", "t", "u"] {
            h.call_through(route, &calls::snapshot(&a, name))?.ok();
        }
        on_every_object(h, &calls::snapshots(&a))?;
        let snapshots = h.snapshots_of(&a);
        let [s, t, u] = &*snapshots else { continue };
        for snapshot in [s, t, u] {
            on_every_object(h, &calls::get_snapshot(&a, snapshot))?;
            on_every_object(h, &calls::find_snapshot(&a, &snapshot.name))?;
        }
        if h.has(Feature::RenameSnapshot) {
            h.call_through(route, &calls::rename_snapshot(&a, t, "v"))?.ok();
            on_every_object(h, &calls::find_snapshot(&a, "t"))?;
        }
        h.patch(&a, size(7))?;
        if h.has(Feature::RestoreSnapshot) {
            h.call_through(route, &calls::restore(&a, t))?.ok();
            on_every_object(h, &calls::snapshots(&a))?;
        }
        for snapshot in h.snapshots_of(&a) {
            h.call_through(route, &calls::delete_snapshot(&a, &snapshot))?.ok();
            on_every_object(h, &calls::get_snapshot(&a, &snapshot))?;
        }
        on_every_object(h, &calls::snapshots(&c))?;
        h.patch(&a, size(5))?;
    }
    Ok(())
}

fn have_the_refusals_about_snapshots(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let of_other = h.snapshot(&c, "s")?;
    let (missing, no_snapshot) = (calls::no_volume(), calls::no_snapshot());
    let of = |volume, snapshot| {
        let mut calls =
            vec![calls::get_snapshot(volume, snapshot), calls::delete_snapshot(volume, snapshot)];
        if h.has(Feature::RenameSnapshot) {
            calls.push(calls::rename_snapshot(volume, snapshot, "a b"));
        }
        if h.has(Feature::RestoreSnapshot) {
            calls.push(calls::restore(volume, snapshot));
        }
        calls
    };
    for call in of(&missing, &s) {
        refused_by_every_object(h, "volume_not_found", &call)?;
    }
    for call in [
        calls::snapshot(&missing, "a b"),
        calls::snapshots(&missing),
        calls::find_snapshot(&missing, "s"),
    ] {
        refused_by_every_object(h, "volume_not_found", &call)?;
    }
    for call in [of(&a, &no_snapshot), of(&a, &of_other)].concat() {
        refused_by_every_object(h, "snapshot_not_found", &call)?;
    }
    refused_by_every_object(h, "snapshot_exists", &calls::snapshot(&a, &s.name))?;
    refused_by_every_object(h, "invalid_argument", &calls::snapshot(&a, "a b"))?;
    if h.has(Feature::RenameSnapshot) {
        let taken = calls::rename_snapshot(&a, &t, &s.name);
        refused_by_every_object(h, "snapshot_exists", &taken)?;
        refused_by_every_object(h, "invalid_argument", &calls::rename_snapshot(&a, &t, ""))?;
    }
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        refused_by_every_object(h, "volume_offline", &calls::snapshot(&a, "u"))?;
        if h.has(Feature::RestoreSnapshot) {
            refused_by_every_object(h, "volume_offline", &calls::restore(&a, &s))?;
        }
    }
    Ok(())
}

fn have_the_operations_on_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, calls::policy("p"))?;
    let s = h.snapshot(&a, "s")?;
    for (number, route) in Route::to(Tier::Clones, h.probe.tier).enumerate() {
        let name = h.name(&format!("clone{number}"));
        h.call_through(route, &calls::clone(&a, &s, &name))?.ok();
        let Some(clone) = h.own_volume(&name) else { continue };
        on_every_object(h, &calls::get(&clone))?;
        on_every_object(h, &calls::find(&clone.name))?;
        on_every_object(h, &calls::snapshots(&clone))?;
        refused_by_every_object(h, "snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        if h.has(Feature::SplitClone) {
            h.call_through(route, &calls::split(&clone))?.ok();
            on_every_object(h, &calls::get(&clone))?;
        }
        h.delete(&clone)?;
    }
    Ok(())
}

fn have_the_refusals_about_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let clone = h.clone(&a, &t, "clone")?;
    let x = h.name("x");
    let (missing, no_snapshot) = (calls::no_volume(), calls::no_snapshot());
    refused_by_every_object(h, "volume_not_found", &calls::clone(&missing, &s, "a b"))?;
    refused_by_every_object(h, "snapshot_not_found", &calls::clone(&a, &no_snapshot, "a b"))?;
    refused_by_every_object(h, "snapshot_not_found", &calls::clone(&clone, &s, &x))?;
    refused_by_every_object(h, "invalid_argument", &calls::clone(&a, &s, "a b"))?;
    refused_by_every_object(h, "volume_exists", &calls::clone(&a, &s, &clone.name))?;
    refused_by_every_object(h, "volume_busy", &calls::delete(&a))?;
    refused_by_every_object(h, "snapshot_busy", &calls::delete_snapshot(&a, &t))?;
    if h.has(Feature::RestoreSnapshot) {
        refused_by_every_object(h, "snapshot_busy", &calls::restore(&a, &s))?;
    }
    if h.has(Feature::SplitClone) {
        refused_by_every_object(h, "volume_not_found", &calls::split(&missing))?;
        refused_by_every_object(h, "invalid_argument", &calls::split(&a))?;
    }
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        refused_by_every_object(h, "volume_offline", &calls::clone(&a, &s, &x))?;
    }
    Ok(())
}
