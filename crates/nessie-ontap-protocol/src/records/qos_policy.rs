//! `QoS` policies.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Named, SvmContext, href};
use crate::{DocumentedFields, FieldKind, FieldValue, Schema};

/// A `QoS` policy.
#[derive(Clone, Debug)]
pub struct QosPolicyRecord {
    /// Its name and UUID.
    pub policy: Named,
    /// The SVM that owns it; `None` for a policy of the cluster.
    pub svm_context: Option<Arc<SvmContext>>,
    /// The origin of the policy: `user_defined`, `preset` or, with the limits of one volume,
    /// `autovolume`.
    pub class: &'static str,
    /// The number of objects that use it. 0 if that was not requested.
    pub object_count: u64,
    /// Its limits.
    pub limits: QosLimits,
}

/// The limits of a `QoS` policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QosLimits {
    /// Numbers for each object, or for all together.
    Fixed(FixedLimits),
    /// Numbers for each terabyte of an object.
    Adaptive(AdaptiveLimits),
}

/// Fixed limits. 0 means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedLimits {
    /// The maximum of operations in a second.
    pub max_iops: u64,
    /// The maximum of megabytes in a second.
    pub max_mbps: u64,
    /// The minimum of operations in a second.
    pub min_iops: u64,
    /// The minimum of megabytes in a second.
    pub min_mbps: u64,
    /// Whether the objects share the limits.
    pub is_shared: bool,
}

/// Adaptive limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdaptiveLimits {
    /// The operations in a second for each terabyte that are expected.
    pub expected_iops: u64,
    /// The maximum of operations in a second for each terabyte.
    pub peak_iops: u64,
    /// The minimum of operations in a second of an object.
    pub absolute_min_iops: u64,
    /// The size that `expected_iops` is about: `used_space` or `allocated_space`.
    pub expected_iops_allocation: String,
    /// The size that `peak_iops` is about.
    pub peak_iops_allocation: String,
    /// The size of an operation: `any`, `4k`, …, `128k`.
    pub block_size: String,
}

impl QosPolicyRecord {
    fn fixed<'r>(&'r self, get: fn(&'r FixedLimits) -> FieldValue<'r>) -> FieldValue<'r> {
        match &self.limits {
            QosLimits::Fixed(limits) => get(limits),
            QosLimits::Adaptive(_) => FieldValue::Unset,
        }
    }

    fn adaptive<'r>(&'r self, get: fn(&'r AdaptiveLimits) -> FieldValue<'r>) -> FieldValue<'r> {
        match &self.limits {
            QosLimits::Adaptive(limits) => get(limits),
            QosLimits::Fixed(_) => FieldValue::Unset,
        }
    }
}

const ALLOCATIONS: FieldKind = FieldKind::Enumeration(&["used_space", "allocated_space"]);
const BLOCK_SIZES: FieldKind =
    FieldKind::Enumeration(&["any", "4k", "8k", "16k", "32k", "64k", "128k"]);
const CLASSES: FieldKind = FieldKind::Enumeration(&[
    "undefined",
    "preset",
    "user_defined",
    "system_defined",
    "autovolume",
    "load_control",
]);

/// `/api/storage/qos/policies`.
pub static QOS_POLICY: Schema<QosPolicyRecord> = Schema {
    name: "qos_policy",
    documented: DocumentedFields::of(include_str!("documented/qos_policy.txt")),
    order: &["uuid"],
    hidden: &[],
    fields: fields![
        "adaptive.absolute_min_iops" FieldKind::Integer, Default, Both => |q| q.adaptive(|limits| limits.absolute_min_iops.into());
        "adaptive.block_size" BLOCK_SIZES, Default, Both => |q| q.adaptive(|limits| (&limits.block_size).into());
        "adaptive.expected_iops" FieldKind::Integer, Default, Both => |q| q.adaptive(|limits| limits.expected_iops.into());
        "adaptive.expected_iops_allocation" ALLOCATIONS, Default, Both => |q| q.adaptive(|limits| (&limits.expected_iops_allocation).into());
        "adaptive.peak_iops" FieldKind::Integer, Default, Both => |q| q.adaptive(|limits| limits.peak_iops.into());
        "adaptive.peak_iops_allocation" ALLOCATIONS, Default, Both => |q| q.adaptive(|limits| (&limits.peak_iops_allocation).into());
        "fixed.capacity_shared" FieldKind::Boolean, Default, Post => |q| q.fixed(|limits| limits.is_shared.into());
        "fixed.max_throughput_iops" FieldKind::Integer, Default, Both => |q| q.fixed(|limits| limits.max_iops.into());
        "fixed.max_throughput_mbps" FieldKind::Integer, Default, Both => |q| q.fixed(|limits| limits.max_mbps.into());
        "fixed.min_throughput_iops" FieldKind::Integer, Default, Both => |q| q.fixed(|limits| limits.min_iops.into());
        "fixed.min_throughput_mbps" FieldKind::Integer, Default, Both => |q| q.fixed(|limits| limits.min_mbps.into());
        "name" FieldKind::Text, Key, Both => |q| (&q.policy.name).into();
        "object_count" FieldKind::Integer, Default, Never => |q| q.object_count.into();
        "pgid" FieldKind::Integer, Default, Never => |q| (q.policy.uuid.as_u64_pair().0 >> 33).into();
        "policy_class" CLASSES, Default, Never => |q| q.class.into();
        "scope" FieldKind::Text, Default, Never => |q| if q.svm_context.is_some() { "svm" } else { "cluster" }.into();
        "svm.name" FieldKind::Text, Default, Post => |q| q.svm_context.as_ref().map(|of| &of.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |q| q.svm_context.as_ref().map(|of| of.svm.uuid).into();
        "uuid" FieldKind::Uuid, Key, Never => |q| q.policy.uuid.into();
    ],
    references: references![
        "svm" => |q, _| q.svm_context.as_ref().map(|of| of.svm_href());
    ],
    arrays: &[],
    href: |q| href::qos_policy(q.policy.uuid),
};
