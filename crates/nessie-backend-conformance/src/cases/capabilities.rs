//! Capabilities and tiers: an advertised tier works.

use nessie_backend_core::{BackendError, Capabilities};

use super::calls::{self, offline, patch, restricted};
use crate::Feature;
use crate::harness::{Abort, CaseResult, Harness};
use crate::oracle::call::Call;

super::cases! { capabilities:
    /// The backend can be listed, and reports its capabilities.
    can_be_found_out: Volumes, "1.honest" "4.no_panic";
    /// Clones and replication are advertised with snapshots only.
    are_consistent: Volumes, "1.capabilities";
    /// Every advertised tier is reachable.
    advertised_tiers_are_reachable: Volumes, "1.honest";
    /// Every other tier answers feature_not_supported, with its name in the error.
    other_tiers_are_refused: Volumes, "1.honest" "4.target";
    /// An unsupported operation answers feature_not_supported every time and changes nothing.
    optional_operations_say_what_they_lack: Volumes, "3.optional" "4.target" "3.atomic";
}

/// The probe before every run has checked it.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a case")]
fn can_be_found_out(_: &Harness<'_>) -> CaseResult {
    Ok(())
}

fn are_consistent(h: &Harness<'_>) -> CaseResult {
    let capabilities = h.probe.offer.capabilities;
    h.ensure(capabilities.is_consistent(), || format!("the backend advertises {capabilities:?}"))
}

fn advertised_tiers_are_reachable(h: &Harness<'_>) -> CaseResult {
    let Capabilities { snapshots, clones, .. } = h.probe.offer.capabilities;
    for (tier, is_advertised, reached) in [
        ("snapshots", snapshots, h.backend().snapshot_backend().map(drop)),
        ("clones", clones, h.backend().clone_backend().map(drop)),
    ] {
        if let (true, Err(error)) = (is_advertised, reached) {
            return Err(h.violation(format!(
                "{tier} are advertised, and reaching the tier fails: {error}"
            )));
        }
    }
    Ok(())
}

fn other_tiers_are_refused(h: &Harness<'_>) -> CaseResult {
    let Capabilities { snapshots, clones, .. } = h.probe.offer.capabilities;
    for (tier, word, is_advertised, reached) in [
        ("snapshots", "snapshot", snapshots, h.backend().snapshot_backend().map(drop)),
        ("clones", "clone", clones, h.backend().clone_backend().map(drop)),
    ] {
        match reached {
            _ if is_advertised => {}
            Ok(()) => {
                let text = format!("{tier} are not advertised, and {word}_backend() works");
                return Err(h.violation(text));
            }
            Err(BackendError::FeatureNotSupported { feature }) if feature.contains(word) => {}
            Err(error) => {
                let text = format!("{tier} are not advertised, and refused with: {error}");
                return Err(h.violation(text));
            }
        }
    }
    Ok(())
}

fn optional_operations_say_what_they_lack(h: &Harness<'_>) -> CaseResult {
    // What the set-up breaks is not about optional operations.
    let unsupported = h.as_set_up(unsupported_calls(h))?;
    if unsupported.is_empty() {
        return Err(Abort::Skipped("the backend has every optional operation".to_owned()));
    }
    for _ in 0..2 {
        for (call, word) in &unsupported {
            h.not_supported(call, word)?;
        }
    }
    Ok(())
}

/// Calls of the optional operations that the backend lacks, with a word that the target of the
/// error contains.
fn unsupported_calls(h: &Harness<'_>) -> CaseResult<Vec<(Call, &'static str)>> {
    let mut unsupported: Vec<(Call, &str)> = Vec::new();
    let volume = h.create_sized("a", 5)?;
    if !h.has(Feature::PatchName) {
        let other = h.name("other");
        unsupported.push((calls::change(&volume, calls::name(&other)), ""));
        unsupported.push((calls::change(&volume, calls::name(&other).size_bytes(7)), ""));
        unsupported.push((calls::change(&volume, calls::name(&other).export_policy("p")), ""));
    }
    if !h.has(Feature::PatchRestricted) {
        unsupported.push((calls::change(&volume, restricted()), ""));
        unsupported.push((calls::change(&volume, restricted().export_policy("p")), ""));
    }
    if !h.has(Feature::PatchState) {
        unsupported.push((calls::change(&volume, offline()), ""));
        let mounted = offline().junction_path(h.path("j"));
        unsupported.push((calls::change(&volume, mounted), ""));
    }
    if !h.has(Feature::Space) {
        unsupported.push((Call::Space, "space"));
    }
    if h.probe.tier >= crate::Tier::Snapshots {
        let snapshot = h.snapshot(&volume, "s")?;
        h.snapshot(&volume, "t")?;
        h.patch(&volume, patch().size_bytes(6))?;
        if !h.has(Feature::RenameSnapshot) {
            let call = calls::rename_snapshot(&volume, &snapshot, "u");
            unsupported.push((call, "rename_snapshot"));
        }
        if !h.has(Feature::RestoreSnapshot) {
            unsupported.push((calls::restore(&volume, &snapshot), "restore_snapshot"));
        }
        if h.probe.tier >= crate::Tier::Clones {
            let clone = h.clone(&volume, &snapshot, "clone")?;
            if !h.has(Feature::SplitClone) {
                unsupported.push((calls::split(&clone), "split_clone"));
            }
        }
    }
    Ok(unsupported)
}
