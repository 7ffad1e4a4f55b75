//! Qtrees: directories of a volume with quotas and an export policy of their own.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use serde::{Deserialize, Serialize};

use super::volume::SECURITY;
use super::{FixedLimits, Named, SvmContext, href};
use crate::{DocumentedFields, FieldKind, FieldValue, Schema};

/// A qtree.
#[derive(Clone, Debug)]
pub struct QtreeRecord {
    /// The SVM of its volume.
    pub svm_context: Arc<SvmContext>,
    /// Its volume.
    pub volume: Arc<QtreeVolume>,
    /// Its id in the volume; 0 for the default qtree, which is the volume itself.
    pub id: u64,
    /// Its name; empty for the default qtree.
    pub name: String,
    /// `unix`, `ntfs` or `mixed`.
    pub security_style: String,
    /// Its permissions as a number with their octal digits as decimal digits.
    pub unix_permissions: u64,
    /// The name of its export policy.
    pub export_policy: String,
    /// The number of that policy in the SVM. `None` if the SVM has no policy with that name.
    pub export_policy_number: Option<u64>,
    /// Its owner.
    pub user: UnixIdentity,
    /// The group of its owner.
    pub group: UnixIdentity,
    /// Its `QoS` policy and the limits of that. An adaptive policy has no fixed limits.
    pub qos_policy: Option<(Named, FixedLimits)>,
}

/// The volume of a qtree.
#[derive(Clone, Debug)]
pub struct QtreeVolume {
    /// Its name and its UUID.
    pub volume: Named,
    /// Its junction path; `None` if it is not mounted.
    pub junction_path: Option<String>,
}

/// A user or a group, by name, by id or by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnixIdentity {
    /// The name.
    pub name: Option<String>,
    /// The id, a number as text.
    pub id: Option<String>,
}

impl QtreeRecord {
    /// The path in the namespace of the SVM.
    fn path(&self) -> FieldValue<'_> {
        let Some(junction) = &self.volume.junction_path else { return FieldValue::Unset };
        if self.id == 0 {
            return junction.into();
        }
        format!("{}/{}", junction.trim_end_matches('/'), self.name).into()
    }
}

impl QtreeRecord {
    fn qos_policy(&self) -> Option<&Named> {
        self.qos_policy.as_ref().map(|(policy, _)| policy)
    }

    /// A limit of its `QoS` policy, where 0 means none.
    fn limit(&self, get: fn(&FixedLimits) -> u64) -> FieldValue<'_> {
        let limit = self.qos_policy.as_ref().map(|(_, limits)| get(limits));
        limit.filter(|limit| *limit > 0).into()
    }
}

/// The link to the qtree with that id of a volume.
pub(super) fn qtree_href(volume: Uuid, id: u64) -> String {
    format!("/api/storage/qtrees/{volume}/{id}")
}

/// `/api/storage/qtrees`.
pub static QTREE: Schema<QtreeRecord> = Schema {
    name: "qtree",
    documented: DocumentedFields::of(include_str!("documented/qtree.txt")),
    order: &["svm.number", "volume.uuid", "id"],
    hidden: fields![
        "svm.number" FieldKind::Integer, Expensive, Never => |q| q.svm_context.number.into();
    ],
    fields: fields![
        "export_policy.id" FieldKind::Integer, Default, Both => |q| q.export_policy_number.map(|number| q.svm_context.export_policy_id(number)).into();
        "export_policy.name" FieldKind::Text, Default, Both => |q| (&q.export_policy).into();
        "group.id" FieldKind::Text, Default, Both => |q| q.group.id.as_ref().into();
        "group.name" FieldKind::Text, Default, Both => |q| q.group.name.as_ref().into();
        "id" FieldKind::Integer, Key, Never => |q| q.id.into();
        "name" FieldKind::Text, Key, Both => |q| (&q.name).into();
        "nas.path" FieldKind::Text, Default, Never => |q| q.path();
        "path" FieldKind::Text, Default, Never => |q| q.path();
        "qos_policy.max_throughput_iops" FieldKind::Integer, Expensive, Never => |q| q.limit(|limits| limits.max_iops);
        "qos_policy.max_throughput_mbps" FieldKind::Integer, Expensive, Never => |q| q.limit(|limits| limits.max_mbps);
        "qos_policy.min_throughput_iops" FieldKind::Integer, Expensive, Never => |q| q.limit(|limits| limits.min_iops);
        "qos_policy.min_throughput_mbps" FieldKind::Integer, Expensive, Never => |q| q.limit(|limits| limits.min_mbps);
        "qos_policy.name" FieldKind::Text, Expensive, Both => |q| q.qos_policy().map(|policy| &policy.name).into();
        "qos_policy.uuid" FieldKind::Uuid, Expensive, Both => |q| q.qos_policy().map(|policy| policy.uuid).into();
        "security_style" SECURITY, Default, Both => |q| (&q.security_style).into();
        "svm.name" FieldKind::Text, Key, Post => |q| (&q.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Key, Post => |q| q.svm_context.svm.uuid.into();
        "unix_permissions" FieldKind::Integer, Default, Both => |q| q.unix_permissions.into();
        "user.id" FieldKind::Text, Default, Both => |q| q.user.id.as_ref().into();
        "user.name" FieldKind::Text, Default, Both => |q| q.user.name.as_ref().into();
        "volume.name" FieldKind::Text, Key, Post => |q| (&q.volume.volume.name).into();
        "volume.uuid" FieldKind::Uuid, Key, Post => |q| q.volume.volume.uuid.into();
    ],
    references: references![
        "export_policy" => |q, _| q.export_policy_number.map(|number| q.svm_context.export_policy_href(number));
        "qos_policy" => |q, _| q.qos_policy().map(|policy| href::qos_policy(policy.uuid));
        "svm" => |q, _| Some(q.svm_context.svm_href());
        "volume" => |q, _| Some(href::volume(q.volume.volume.uuid));
    ],
    arrays: &[],
    href: |q| qtree_href(q.volume.volume.uuid, q.id),
};
