//! The quota rules of volumes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use nessie_backend_core::{Uuid, VolumeBackend, VolumeId};
use nessie_ontap_protocol::records::{QuotaLimits, UnixIdentity};
use serde::{Deserialize, Serialize};

use super::lock;
use super::volume_map::VolumeMap;

/// A quota rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct QuotaRule {
    pub(crate) uuid: Uuid,
    pub(crate) target: QuotaRuleTarget,
    pub(crate) limits: QuotaLimits,
}

/// What a rule limits. The name of a user or a group is empty for each user or group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum QuotaRuleTarget {
    /// The qtree with that id; `None` for each qtree.
    Tree(Option<u64>),
    /// Users in the qtree with that id, or in the whole volume.
    User(Option<u64>, Vec<UnixIdentity>),
    /// A group, likewise.
    Group(Option<u64>, UnixIdentity),
}

impl QuotaRuleTarget {
    /// The id of the qtree.
    pub(crate) const fn qtree(&self) -> Option<u64> {
        match self {
            Self::Tree(id) | Self::User(id, _) | Self::Group(id, _) => *id,
        }
    }
}

/// The rules of volumes by position, as they are stored.
#[cfg(feature = "simulator")]
pub(crate) type StoredQuotaRules = BTreeMap<VolumeId, BTreeMap<u64, Arc<QuotaRule>>>;

/// The quota rules of one SVM's volumes.
#[derive(Debug, Default)]
pub(crate) struct QuotaRules {
    volumes: VolumeMap<BTreeMap<u64, Arc<QuotaRule>>>,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    /// The position of the last rule in the order of creation.
    last: u64,
    /// The volume and the position of each rule.
    of: HashMap<Uuid, (VolumeId, u64)>,
}

impl QuotaRules {
    /// The rules of a volume, with their positions, in order of creation.
    pub(crate) fn list(&self, volume: VolumeId) -> Vec<(u64, Arc<QuotaRule>)> {
        let list = |rules: &BTreeMap<u64, Arc<QuotaRule>>| {
            rules.iter().map(|(position, rule)| (*position, Arc::clone(rule))).collect()
        };
        self.volumes.read(volume, list).unwrap_or_default()
    }

    /// The volumes with rules.
    pub(crate) fn volumes(&self) -> Vec<VolumeId> {
        self.volumes.filter_map(|volume, rules| (!rules.is_empty()).then_some(volume))
    }

    /// The rule with that UUID, its volume and its position.
    pub(crate) fn find(&self, uuid: Uuid) -> Option<(VolumeId, u64, Arc<QuotaRule>)> {
        let (volume, position) = *lock(&self.places).of.get(&uuid)?;
        let rule = self.volumes.read(volume, |rules| rules.get(&position).cloned()).flatten()?;
        Some((volume, position, rule))
    }

    /// Adds a rule, and returns its position.
    pub(crate) fn add(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
        rule: Arc<QuotaRule>,
    ) -> u64 {
        let position = {
            let mut places = lock(&self.places);
            places.last += 1;
            let position = places.last;
            places.of.insert(rule.uuid, (volume, position));
            position
        };
        self.set(backend, volume, position, rule);
        position
    }

    /// Replaces the rule with that position.
    pub(crate) fn set(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
        position: u64,
        rule: Arc<QuotaRule>,
    ) {
        self.volumes.write(backend, volume, |rules| rules.insert(position, rule));
    }

    pub(crate) fn remove(&self, backend: &dyn VolumeBackend, uuid: Uuid) {
        let place = lock(&self.places).of.remove(&uuid);
        if let Some((volume, position)) = place {
            self.volumes.write(backend, volume, |rules| rules.remove(&position));
        }
    }

    /// Removes the rules about a qtree.
    pub(crate) fn remove_qtree(&self, backend: &dyn VolumeBackend, volume: VolumeId, id: u64) {
        for (_, rule) in self.list(volume) {
            if rule.target.qtree() == Some(id) {
                self.remove(backend, rule.uuid);
            }
        }
    }

    /// All rules by volume and position, as they are stored.
    #[cfg(feature = "simulator")]
    pub(super) fn store(&self) -> StoredQuotaRules {
        self.volumes.filter_map(|volume, rules| Some((volume, rules.clone()))).into_iter().collect()
    }

    /// Replaces all rules.
    #[cfg(feature = "simulator")]
    pub(super) fn restore(&self, stored: StoredQuotaRules) {
        let mut places = Places::default();
        for (volume, rules) in &stored {
            for (position, rule) in rules {
                places.last = places.last.max(*position);
                places.of.insert(rule.uuid, (*volume, *position));
            }
        }
        *lock(&self.places) = places;
        self.volumes.replace(stored.into_iter().collect());
    }

    pub(crate) fn remove_volume(&self, volume: VolumeId) {
        if let Some(rules) = self.volumes.remove(volume) {
            let mut places = lock(&self.places);
            for rule in rules.values() {
                places.of.remove(&rule.uuid);
            }
        }
    }
}
