//! The qtrees of volumes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use nessie_backend_core::{Uuid, VolumeBackend, VolumeId};
use nessie_ontap_protocol::records::UnixIdentity;
use serde::{Deserialize, Serialize};

use super::volume_map::VolumeMap;

/// A qtree other than the default one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Qtree {
    pub(crate) name: String,
    pub(crate) security_style: String,
    pub(crate) unix_permissions: u64,
    /// The number of its export policy. `None` for the policy of the volume.
    pub(crate) export_policy: Option<u64>,
    /// The UUID of its `QoS` policy. If that was deleted, it has none.
    pub(crate) qos_policy: Option<Uuid>,
    pub(crate) user: UnixIdentity,
    pub(crate) group: UnixIdentity,
}

/// The largest id of a qtree: the indexes of quota reports have 28 bits for it.
pub(crate) const MAX_QTREE_ID: u64 = (1 << 28) - 1;

/// The qtrees of one SVM's volumes.
#[derive(Debug, Default)]
pub(crate) struct Qtrees {
    volumes: VolumeMap<OfVolume>,
}

/// The qtrees of one volume by id, as they are stored, and the last id.
#[cfg(feature = "simulator")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredQtrees {
    pub(crate) last: u64,
    pub(crate) qtrees: BTreeMap<u64, Arc<Qtree>>,
}

/// The qtrees of one volume. The id of a deleted qtree is not used again.
#[derive(Clone, Debug, Default)]
struct OfVolume {
    last: u64,
    qtrees: BTreeMap<u64, Arc<Qtree>>,
    ids: HashMap<String, u64>,
}

impl Qtrees {
    /// The qtrees of a volume by id.
    pub(crate) fn list(&self, volume: VolumeId) -> Vec<(u64, Arc<Qtree>)> {
        let list =
            |of: &OfVolume| of.qtrees.iter().map(|(id, qtree)| (*id, Arc::clone(qtree))).collect();
        self.volumes.read(volume, list).unwrap_or_default()
    }

    pub(crate) fn get(&self, volume: VolumeId, id: u64) -> Option<Arc<Qtree>> {
        self.volumes.read(volume, |of| of.qtrees.get(&id).cloned()).flatten()
    }

    /// The id of the qtree with that name.
    pub(crate) fn id(&self, volume: VolumeId, name: &str) -> Option<u64> {
        self.volumes.read(volume, |of| of.ids.get(name).copied()).flatten()
    }

    /// The volumes that have a qtree with that name.
    pub(crate) fn volumes_with(&self, name: &str) -> Vec<VolumeId> {
        self.volumes.filter_map(|volume, of| of.ids.contains_key(name).then_some(volume))
    }

    /// For each volume, the name of a qtree with the export policy of that number.
    pub(crate) fn with_export_policy(&self, number: u64) -> Vec<(VolumeId, String)> {
        self.volumes.filter_map(|volume, of| {
            let mut qtrees = of.qtrees.values();
            let found = qtrees.find(|qtree| qtree.export_policy == Some(number))?;
            Some((volume, found.name.clone()))
        })
    }

    /// The UUIDs of the `QoS` policies of each volume's qtrees.
    pub(crate) fn qos_policies(&self) -> Vec<(VolumeId, Vec<Uuid>)> {
        self.volumes.filter_map(|volume, of| {
            let uuids: Vec<_> = of.qtrees.values().filter_map(|qtree| qtree.qos_policy).collect();
            (!uuids.is_empty()).then_some((volume, uuids))
        })
    }

    /// Adds a qtree whose name is free, and returns its id.
    pub(crate) fn add(&self, backend: &dyn VolumeBackend, volume: VolumeId, qtree: Qtree) -> u64 {
        self.volumes.write(backend, volume, |of| {
            of.last += 1;
            of.ids.insert(qtree.name.clone(), of.last);
            of.qtrees.insert(of.last, Arc::new(qtree));
            of.last
        })
    }

    /// Replaces a qtree.
    pub(crate) fn set(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
        id: u64,
        qtree: Arc<Qtree>,
    ) {
        self.volumes.write(backend, volume, |of| {
            if let Some(before) = of.qtrees.get(&id) {
                of.ids.remove(&before.name);
            }
            of.ids.insert(qtree.name.clone(), id);
            of.qtrees.insert(id, qtree);
        });
    }

    pub(crate) fn remove(&self, backend: &dyn VolumeBackend, volume: VolumeId, id: u64) {
        self.volumes.write(backend, volume, |of| {
            if let Some(before) = of.qtrees.remove(&id) {
                of.ids.remove(&before.name);
            }
        });
    }

    /// Gives a new clone the qtrees of its parent, with their ids.
    pub(crate) fn copy(&self, backend: &dyn VolumeBackend, parent: VolumeId, clone: VolumeId) {
        if let Some(all) = self.volumes.read(parent, OfVolume::clone) {
            self.volumes.write(backend, clone, |of| *of = all);
        }
    }

    /// All qtrees, as they are stored.
    #[cfg(feature = "simulator")]
    pub(super) fn store(&self) -> BTreeMap<VolumeId, StoredQtrees> {
        let store = |volume, of: &OfVolume| {
            Some((volume, StoredQtrees { last: of.last, qtrees: of.qtrees.clone() }))
        };
        self.volumes.filter_map(store).into_iter().collect()
    }

    /// Replaces all qtrees.
    #[cfg(feature = "simulator")]
    pub(super) fn restore(&self, stored: BTreeMap<VolumeId, StoredQtrees>) {
        let restore = |StoredQtrees { last, qtrees }| {
            let ids =
                qtrees.iter().map(|(id, qtree): (&u64, &Arc<Qtree>)| (qtree.name.clone(), *id));
            let ids = ids.collect();
            let last = last.max(qtrees.last_key_value().map_or(0, |(id, _)| *id));
            OfVolume { last, qtrees, ids }
        };
        let volumes = stored.into_iter().map(|(volume, qtrees)| (volume, restore(qtrees)));
        self.volumes.replace(volumes.collect());
    }

    pub(crate) fn remove_volume(&self, volume: VolumeId) {
        self.volumes.remove(volume);
    }
}
