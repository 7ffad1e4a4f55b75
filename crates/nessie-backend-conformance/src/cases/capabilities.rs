//! What a backend says it can do, and what it can.

use nessie_backend_core::{BackendError, Capabilities};

use super::calls::{self, offline, patch, restricted};
use crate::Feature;
use crate::harness::{Bench, Step, Stop};
use crate::oracle::call::Call;

super::cases! { capabilities, __capabilities_cases:
    /// The backend can be looked at, and says what it offers.
    can_be_found_out: Volumes, "1.honest" "4.no_panic";
    /// Clones and replication are advertised with snapshots only.
    are_consistent: Volumes, "1.capabilities";
    /// Every tier that is advertised can be reached.
    advertised_tiers_are_reachable: Volumes, "1.honest";
    /// Every tier that is not advertised answers feature_not_supported, and names itself.
    other_tiers_are_refused: Volumes, "1.honest" "4.target";
    /// A tier is the same backend: it lists the same volumes and has the same capabilities.
    tiers_are_of_one_backend: Snapshots, "1.honest";
    /// The capabilities do not change while the backend is used.
    stay_the_same: Volumes, "1.honest";
    /// What is not supported says so by name, every time, and changes nothing.
    optional_operations_say_what_they_lack: Volumes, "3.optional" "4.target" "3.atomic";
}

/// The survey before every run has done it.
#[expect(clippy::unnecessary_wraps, reason = "a case")]
fn can_be_found_out(_: &Bench<'_>) -> Step {
    Ok(())
}

fn are_consistent(b: &Bench<'_>) -> Step {
    let capabilities = b.survey.capabilities;
    b.ensure(capabilities.is_consistent(), || format!("the backend advertises {capabilities:?}"))
}

fn advertised_tiers_are_reachable(b: &Bench<'_>) -> Step {
    let Capabilities { snapshots, clones, .. } = b.survey.capabilities;
    for (tier, is_advertised, reached) in [
        ("snapshots", snapshots, b.backend().as_snapshot().map(drop)),
        ("clones", clones, b.backend().as_clone().map(drop)),
    ] {
        if let (true, Err(error)) = (is_advertised, reached) {
            return Err(b.broken(format!("{tier} are advertised, and reached with: {error}")));
        }
    }
    Ok(())
}

fn other_tiers_are_refused(b: &Bench<'_>) -> Step {
    let Capabilities { snapshots, clones, .. } = b.survey.capabilities;
    for (tier, word, is_advertised, reached) in [
        ("snapshots", "snapshot", snapshots, b.backend().as_snapshot().map(drop)),
        ("clones", "clone", clones, b.backend().as_clone().map(drop)),
    ] {
        match reached {
            _ if is_advertised => {}
            Ok(()) => return Err(b.broken(format!("{tier} are not advertised, and reachable"))),
            Err(BackendError::FeatureNotSupported { feature }) if feature.contains(word) => {}
            Err(error) => {
                let text = format!("{tier} are not advertised, and refused with: {error}");
                return Err(b.broken(text));
            }
        }
    }
    Ok(())
}

fn tiers_are_of_one_backend(b: &Bench<'_>) -> Step {
    let volume = b.create("a")?;
    b.snapshot(&volume, "s")?;
    let unreachable = |error: BackendError| b.broken(format!("a tier is out of reach: {error}"));
    let snapshots = b.backend().as_snapshot().map_err(unreachable)?;
    let mut seen = vec![(snapshots.capabilities(), snapshots.list_volumes())];
    if b.survey.capabilities.clones {
        let clones = b.backend().as_clone().map_err(unreachable)?;
        seen.push((clones.capabilities(), clones.list_volumes()));
        seen.push((clones.capabilities(), b.backend().list_volumes()));
    }
    for (capabilities, volumes) in seen {
        let has_volume = volumes.is_ok_and(|volumes| volumes.contains(&volume));
        b.ensure(capabilities == b.survey.capabilities && has_volume, || {
            format!("a tier has {capabilities:?} and other volumes than the backend")
        })?;
    }
    Ok(())
}

fn stay_the_same(b: &Bench<'_>) -> Step {
    let volume = b.create("a")?;
    b.delete(&volume)?;
    let now = b.backend().capabilities();
    b.ensure(now == b.survey.capabilities, || {
        format!("the backend advertised {:?}, and now {now:?}", b.survey.capabilities)
    })
}

fn optional_operations_say_what_they_lack(b: &Bench<'_>) -> Step {
    let mut lacking: Vec<(Call, &str)> = Vec::new();
    let volume = b.create_sized("a", 5)?;
    if !b.has(Feature::PatchName) {
        let other = b.name("other");
        lacking.push((calls::change(&volume, calls::name(&other)), ""));
        lacking.push((calls::change(&volume, calls::name(&other).size_bytes(7)), ""));
        lacking.push((calls::change(&volume, calls::name(&other).export_policy("p")), ""));
    }
    if !b.has(Feature::PatchRestricted) {
        lacking.push((calls::change(&volume, restricted()), ""));
        lacking.push((calls::change(&volume, restricted().export_policy("p")), ""));
    }
    if !b.has(Feature::PatchState) {
        lacking.push((calls::change(&volume, offline()), ""));
        let mounted = offline().junction_path(b.path("j"));
        lacking.push((calls::change(&volume, mounted), ""));
    }
    if b.survey.tier >= crate::Tier::Snapshots {
        let snapshot = b.snapshot(&volume, "s")?;
        b.snapshot(&volume, "t")?;
        b.patch(&volume, patch().size_bytes(6))?;
        if !b.has(Feature::RenameSnapshot) {
            let call = calls::rename_snapshot(&volume, &snapshot, "u");
            lacking.push((call, "rename_snapshot"));
        }
        if !b.has(Feature::RestoreSnapshot) {
            lacking.push((calls::restore(&volume, &snapshot), "restore_snapshot"));
        }
        if b.survey.tier >= crate::Tier::Clones {
            let clone = b.clone(&volume, &snapshot, "clone")?;
            if !b.has(Feature::SplitClone) {
                lacking.push((calls::split(&clone), "split_clone"));
            }
        }
    }
    if lacking.is_empty() {
        return Err(Stop::Skipped("the backend has every optional operation".to_owned()));
    }
    for _ in 0..2 {
        for (call, word) in &lacking {
            b.not_supported(call, word)?;
        }
    }
    Ok(())
}
