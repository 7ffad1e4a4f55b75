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
    /// The tiers before the run.
    pub(crate) offer: Offer,
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

        let offer = Offer::of(backend);
        let (tier, why_no_more) = offer.highest();
        let unsupported = unsupported(backend, tier, &format!("{stem}-probe"));
        Ok(Self { offer, tier, why_no_more, unsupported, stem, issued: None })
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

/// The tiers that a backend or a tier object offers at some moment: what it advertises, and the answer
/// of each accessor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) capabilities: Capabilities,
    snapshots: Result<(), Refused>,
    clones: Result<(), Refused>,
}

/// The refusal of an accessor.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    code: &'static str,
    message: String,
}

impl From<BackendError> for Refused {
    fn from(error: BackendError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

impl Offer {
    pub(crate) fn of(object: &dyn VolumeBackend) -> Self {
        Self {
            capabilities: object.capabilities(),
            snapshots: object.snapshot_backend().map(drop).map_err(Refused::from),
            clones: object.clone_backend().map(drop).map_err(Refused::from),
        }
    }

    /// The highest tier that is advertised and reachable, and why higher ones are not.
    fn highest(&self) -> (Tier, String) {
        let why = |tier: Tier, is_advertised: bool, reached: &Result<(), Refused>| match reached {
            Err(refused) if is_advertised => {
                let error = &refused.message;
                Some(format!("the tier {tier} is advertised and not reachable: {error}"))
            }
            _ if !is_advertised => Some(format!("the backend does not advertise {tier}")),
            _ => None,
        };
        let Capabilities { snapshots, clones, .. } = self.capabilities;
        if let Some(why) = why(Tier::Snapshots, snapshots, &self.snapshots) {
            (Tier::Volumes, why)
        } else if let Some(why) = why(Tier::Clones, clones, &self.clones) {
            (Tier::Snapshots, why)
        } else {
            (Tier::Clones, String::new())
        }
    }

    /// Describes the first difference, if there is one.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        let answer = |reached: &Result<(), Refused>| match reached {
            Ok(()) => "works".to_owned(),
            Err(refused) => format!("is refused with {}", refused.code),
        };
        let accessors = [
            ("snapshot_backend()", &self.snapshots, &expected.snapshots),
            ("clone_backend()", &self.clones, &expected.clones),
        ];
        for (accessor, found, expected) in accessors {
            let (found, expected) = (answer(found), answer(expected));
            if found != expected {
                return Some(format!("{accessor} {found}; of the backend before, it {expected}"));
            }
        }
        let (found, expected) = (self.capabilities, expected.capabilities);
        (found != expected).then(|| {
            format!("capabilities() is {found:?}; of the backend before, it is {expected:?}")
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
    note(Feature::Space, backend.space().err());
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
