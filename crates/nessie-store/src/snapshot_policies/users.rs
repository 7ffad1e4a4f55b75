//! The volumes that use a policy.
//!
//! A policy that is not enabled takes no snapshots. Backends do not have that state, so a volume uses no
//! policy on its backend meanwhile, and an attribute of the volume has the name of the policy.

use nessie_backend_core::{Volume, VolumeId, VolumePatch};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Attribute, Attributes};

use crate::svm::SvmState;

/// The attribute with the name of the snapshot policy, of a volume that does not use the policy on the
/// backend.
pub(crate) const ATTRIBUTE: &str = "snapshot_policy.name";

impl SvmState {
    /// The name of a volume that uses a policy.
    pub(crate) fn user_of_snapshot_policy(&self, name: &str) -> Result<Option<String>, ApiError> {
        let side_data = self.side_data();
        let uses = |volume: &Volume| {
            volume.snapshot_policy.as_deref() == Some(name)
                || has_attribute(side_data.attributes.volume(volume.uuid).as_deref(), name)
        };
        Ok(self.backend.list_volumes()?.into_iter().find(uses).map(|volume| volume.name))
    }

    /// Makes the volumes that use a policy use it on the backend, or no longer use it there. After an
    /// error nothing is changed.
    pub(super) fn switch_snapshot_policy(&self, name: &str, enabled: bool) -> Result<(), ApiError> {
        if !self.svm_context.has_snapshot_policies {
            return Ok(());
        }
        let side_data = self.side_data();
        let mut changed = Vec::new();
        for volume in self.backend.list_volumes()? {
            let is_user = if enabled {
                has_attribute(side_data.attributes.volume(volume.uuid).as_deref(), name)
            } else {
                volume.snapshot_policy.as_deref() == Some(name)
            };
            if !is_user {
                continue;
            }
            if let Err(error) = self.set_user(volume.uuid, name, enabled) {
                for volume in changed {
                    let _ = self.set_user(volume, name, !enabled);
                }
                return Err(error);
            }
            changed.push(volume.uuid);
        }
        Ok(())
    }

    fn set_user(&self, volume: VolumeId, name: &str, on_backend: bool) -> Result<(), ApiError> {
        let side_data = self.side_data();
        let policy = if on_backend { name } else { "" };
        self.backend.patch_volume(volume, VolumePatch::new().snapshot_policy(policy))?;
        let before = side_data.attributes.volume(volume);
        let mut attributes = before.map_or_else(Attributes::default, |before| (*before).clone());
        if on_backend {
            attributes.unset(ATTRIBUTE);
        } else {
            attributes.set(ATTRIBUTE, Attribute::Text(name.to_owned()));
        }
        side_data.attributes.set_volume(&*self.backend, volume, attributes);
        Ok(())
    }
}

fn has_attribute(attributes: Option<&Attributes>, name: &str) -> bool {
    let found = attributes.and_then(|attributes| attributes.get(ATTRIBUTE));
    matches!(found, Some(Attribute::Text(policy)) if policy == name)
}
