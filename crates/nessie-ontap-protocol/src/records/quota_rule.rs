//! Quota rules: limits of the space and the files of a qtree, a user or a group in a volume.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use serde::{Deserialize, Serialize};

use super::qtree::qtree_href;
use super::{Named, SvmContext, UnixIdentity, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A quota rule.
#[derive(Clone, Debug)]
pub struct QuotaRuleRecord {
    /// The SVM of its volume.
    pub svm_context: Arc<SvmContext>,
    /// Its volume.
    pub volume: Arc<Named>,
    /// Its position in the order of creation.
    pub position: u64,
    /// Its UUID.
    pub uuid: Uuid,
    /// What it limits.
    pub target: QuotaTarget,
    /// Its limits.
    pub limits: QuotaLimits,
}

/// What a quota rule limits.
#[derive(Clone, Debug)]
pub struct QuotaTarget {
    /// `tree`, `user` or `group`.
    pub kind: &'static str,
    /// The id and the name of a qtree; an empty name without an id for each qtree. `None` for the
    /// whole volume.
    pub qtree: Option<(Option<u64>, String)>,
    /// The users; one with an empty name for each user.
    pub users: Vec<UnixIdentity>,
    /// The group; one with an empty name for each group.
    pub group: Option<UnixIdentity>,
}

/// Limits in bytes and in numbers of files. `None` means unlimited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is named as the field of the record")]
pub struct QuotaLimits {
    pub space_hard: Option<u64>,
    pub space_soft: Option<u64>,
    pub files_hard: Option<u64>,
    pub files_soft: Option<u64>,
    /// Whether the names of UNIX and of Windows users are mapped; for rules of one user.
    pub user_mapping: Option<bool>,
}

impl QuotaTarget {
    pub(super) fn qtree_id(&self) -> FieldValue<'_> {
        self.qtree.as_ref().and_then(|(id, _)| *id).into()
    }

    pub(super) fn qtree_name(&self) -> FieldValue<'_> {
        self.qtree.as_ref().map(|(_, name)| name).into()
    }

    pub(super) fn qtree_href(&self, volume: &Named) -> Option<String> {
        let (id, _) = self.qtree.as_ref()?;
        id.map(|id| qtree_href(volume.uuid, id))
    }

    pub(super) fn users<'r>(
        &'r self,
        get: fn(&'r UnixIdentity) -> Option<&'r String>,
    ) -> FieldValue<'r> {
        FieldValue::List(self.users.iter().map(|user| get(user).into()).collect())
    }

    pub(super) fn group<'r>(
        &'r self,
        get: fn(&'r UnixIdentity) -> Option<&'r String>,
    ) -> FieldValue<'r> {
        self.group.as_ref().and_then(get).into()
    }
}

pub(super) const TARGETS: FieldKind = FieldKind::Enumeration(&["group", "tree", "user"]);

/// `/api/storage/quota/rules`.
pub static QUOTA_RULE: Schema<QuotaRuleRecord> = Schema {
    name: "quota_rule",
    documented: DocumentedFields::of(include_str!("documented/quota_rule.txt")),
    order: &["position", "uuid"],
    hidden: fields![
        "position" FieldKind::Integer, Expensive, Never => |q| q.position.into();
    ],
    fields: fields![
        "files.hard_limit" FieldKind::Integer, Default, Both => |q| q.limits.files_hard.into();
        "files.soft_limit" FieldKind::Integer, Default, Both => |q| q.limits.files_soft.into();
        "group.id" FieldKind::Text, Default, Post => |q| q.target.group(|group| group.id.as_ref());
        "group.name" FieldKind::Text, Default, Post => |q| q.target.group(|group| group.name.as_ref());
        "qtree.id" FieldKind::Integer, Default, Never => |q| q.target.qtree_id();
        "qtree.name" FieldKind::Text, Default, Post => |q| q.target.qtree_name();
        "space.hard_limit" FieldKind::Size, Default, Both => |q| q.limits.space_hard.into();
        "space.soft_limit" FieldKind::Size, Default, Both => |q| q.limits.space_soft.into();
        "svm.name" FieldKind::Text, Key, Post => |q| (&q.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Key, Post => |q| q.svm_context.svm.uuid.into();
        "type" TARGETS, Default, Post => |q| q.target.kind.into();
        "user_mapping" FieldKind::Boolean, Default, Both => |q| q.limits.user_mapping.into();
        "users.id" FieldKind::Text, Default, Post => |q| q.target.users(|user| user.id.as_ref());
        "users.name" FieldKind::Text, Default, Post => |q| q.target.users(|user| user.name.as_ref());
        "uuid" FieldKind::Uuid, Key, Never => |q| q.uuid.into();
        "volume.name" FieldKind::Text, Key, Post => |q| (&q.volume.name).into();
        "volume.uuid" FieldKind::Uuid, Key, Post => |q| q.volume.uuid.into();
    ],
    references: references![
        "qtree" => |q, _| q.target.qtree_href(&q.volume);
        "svm" => |q, _| Some(q.svm_context.svm_href());
        "volume" => |q, _| Some(href::volume(q.volume.uuid));
    ],
    arrays: &[ArrayField::at("users")],
    href: |q| href::quota_rule(q.uuid),
};
