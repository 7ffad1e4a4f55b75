//! Detects the features of a backend, before the first case.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use nessie_backend_core::{
    BackendError, Capabilities, Uuid, VolumeBackend, VolumePatch, VolumeSpec, VolumeState,
};

use super::{Abort, CaseResult};
use crate::config::Config;
use crate::feature::{Feature, Tier};

/// The features of a backend.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) capabilities: Capabilities,
    /// The highest tier that is advertised and reachable.
    pub(crate) tier: Tier,
    /// Why higher tiers are not available.
    why_no_more: String,
    /// Operations that answer `feature_not_supported`.
    unsupported: Vec<Feature>,
    /// A prefix that no volume name in the backend has.
    pub(crate) stem: String,
    /// Every identifier issued during the run, if one backend serves all cases.
    issued: Option<Mutex<HashSet<Uuid>>>,
}

impl Probe {
    /// Reads the capabilities, and tries the optional operations on a volume that is then deleted.
    pub(crate) fn run(backend: &dyn VolumeBackend, config: &Config) -> CaseResult<Self> {
        let volumes = backend.list_volumes().map_err(|error| {
            Abort::violation("3.list_volumes", format!("list_volumes() fails: {error}"))
        })?;
        let is_free = |stem: &String| !volumes.iter().any(|it| it.name.starts_with(stem));
        let stems = (0_u64..).map(|number| format!("{}{number}", config.prefix));
        let stem = stems.into_iter().find(is_free).unwrap_or_default();

        let capabilities = backend.capabilities();
        let snapshots = backend.snapshot_backend().err();
        let clones = backend.clone_backend().err();
        let unreachable = |tier: &str, error: Option<BackendError>| match error {
            Some(error) => format!("the tier {tier} is advertised and not reachable: {error}"),
            None => format!("the backend does not advertise {tier}"),
        };
        let (tier, why_no_more) = if !capabilities.snapshots || snapshots.is_some() {
            let error = snapshots.filter(|_| capabilities.snapshots);
            (Tier::Volumes, unreachable("snapshots", error))
        } else if !capabilities.clones || clones.is_some() {
            (Tier::Snapshots, unreachable("clones", clones.filter(|_| capabilities.clones)))
        } else {
            (Tier::Clones, String::new())
        };
        let unsupported = unsupported(backend, tier, &format!("{stem}-probe"));
        Ok(Self { capabilities, tier, why_no_more, unsupported, stem, issued: None })
    }

    /// The same, for a run in which one backend serves every case.
    pub(crate) fn of_one_backend(self) -> Self {
        Self { issued: Some(Mutex::default()), ..self }
    }

    pub(crate) fn has(&self, feature: Feature) -> bool {
        feature.tier() <= self.tier && !self.unsupported.contains(&feature)
    }

    /// Records the identifier. Returns whether it is new in this run.
    pub(crate) fn is_first(&self, uuid: Uuid) -> bool {
        let insert = |issued: &Mutex<HashSet<_>>| {
            issued.lock().unwrap_or_else(PoisonError::into_inner).insert(uuid)
        };
        self.issued.as_ref().is_none_or(insert)
    }

    /// Why a case with these needs does not apply to the backend, or `None` if it does.
    pub(crate) fn lack(&self, tier: Tier, needs: &[Feature], expected: &[Feature]) -> Option<Lack> {
        let of_tiers = [Feature::Snapshots, Feature::Clones];
        let of_tiers = of_tiers.into_iter().filter(|feature| feature.tier() <= tier);
        let lacking = || of_tiers.clone().chain(needs.iter().copied()).filter(|it| !self.has(*it));
        let first = lacking().next()?;
        let reason = match first {
            _ if first.tier() > self.tier => self.why_no_more.clone(),
            _ => format!("{first} answers feature_not_supported"),
        };
        // The tier of clones includes the tier of snapshots.
        let is_expected = |feature: &Feature| {
            expected.contains(feature)
                || (*feature == Feature::Snapshots && expected.contains(&Feature::Clones))
        };
        Some(match lacking().find(is_expected) {
            Some(feature) => Lack::Failure(format!("{feature} must be supported, and {reason}")),
            None => Lack::Skip(reason),
        })
    }
}

/// The consequence for a case that needs a feature the backend lacks, with the reason.
pub(crate) enum Lack {
    Skip(String),
    /// The settings of the run list the feature as expected.
    Failure(String),
}

/// The optional operations that answer `feature_not_supported`. Other errors are left to the
/// cases.
fn unsupported(backend: &dyn VolumeBackend, tier: Tier, name: &str) -> Vec<Feature> {
    let Ok(volume) = backend.create_volume(VolumeSpec::named(name)) else { return Vec::new() };
    let mut unsupported = Vec::new();
    let mut note = |feature: Feature, error: Option<BackendError>| {
        if matches!(error, Some(BackendError::FeatureNotSupported { .. })) {
            unsupported.push(feature);
        }
    };
    let uuid = volume.uuid;
    let patch = |patch: VolumePatch| backend.patch_volume(uuid, patch).err();
    note(Feature::PatchName, patch(VolumePatch::new().name(format!("{name}-2"))));
    note(Feature::PatchRestricted, patch(VolumePatch::new().state(VolumeState::Restricted)));
    note(Feature::PatchState, patch(VolumePatch::new().state(VolumeState::Offline)));
    let _ = patch(VolumePatch::new().state(VolumeState::Online));
    if let (true, Ok(tier_of_snapshots)) = (tier >= Tier::Snapshots, backend.snapshot_backend())
        && let Ok(snapshot) = tier_of_snapshots.create_snapshot(uuid, "probe")
    {
        let renamed = tier_of_snapshots.rename_snapshot(uuid, snapshot.uuid, "probe-2");
        note(Feature::RenameSnapshot, renamed.err());
        let restored = tier_of_snapshots.restore_snapshot(uuid, snapshot.uuid);
        note(Feature::RestoreSnapshot, restored.err());
        if let (true, Ok(tier_of_clones)) = (tier >= Tier::Clones, backend.clone_backend()) {
            let name = format!("{name}-clone");
            if let Ok(clone) = tier_of_clones.create_clone(uuid, snapshot.uuid, &name) {
                note(Feature::SplitClone, tier_of_clones.split_clone(clone.uuid).err());
                let _ = backend.delete_volume(clone.uuid);
            }
        }
        let _ = tier_of_snapshots.delete_snapshot(uuid, snapshot.uuid);
    }
    let _ = backend.delete_volume(uuid);
    if unsupported.contains(&Feature::PatchState)
        && !unsupported.contains(&Feature::PatchRestricted)
    {
        unsupported.push(Feature::PatchRestricted);
    }
    unsupported
}
