//! The labels of the snapshots that policies take.
//!
//! Backends store no labels. A snapshot has the label of the schedule that has made it, as the policy of
//! its volume is at present.

use nessie_backend_core::{SnapshotRule, Volume};
use nessie_ontap_protocol::records::Attribute;

use super::users::ATTRIBUTE;
use crate::svm::SvmState;

/// The labels of the snapshots of one volume.
#[derive(Debug, Default)]
pub(crate) struct SnapshotLabels {
    labels: Vec<(SnapshotRule, String)>,
}

impl SnapshotLabels {
    pub(crate) fn of(svm: &SvmState, volume: &Volume) -> Self {
        let stored = match &volume.snapshot_policy {
            Some(name) => svm.stored_snapshot_policy(Some(name), None),
            // The policy may not be enabled.
            None => svm.side_data().attributes.volume(volume.uuid).and_then(|attributes| {
                let Some(Attribute::Text(name)) = attributes.get(ATTRIBUTE) else { return None };
                svm.stored_snapshot_policy(Some(name), None)
            }),
        };
        let Some(stored) = stored else { return Self::default() };
        let labels = stored.copies.iter().filter_map(|copies| {
            let label = copies.snapmirror_label.clone()?;
            let schedule = copies.times.parse().ok()?;
            Some((SnapshotRule::new(schedule, copies.prefix.as_str(), copies.count), label))
        });
        Self { labels: labels.collect() }
    }

    /// The label of the snapshot with this name.
    pub(crate) fn of_snapshot(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(rule, _)| rule.has_made(name));
        found.map(|(_, label)| label.as_str())
    }
}
