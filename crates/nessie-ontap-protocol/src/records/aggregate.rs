//! Aggregates.

use nessie_backend_core::Timestamp;

use super::volume_space::rounded_percent_of;
use super::{Named, href};
use crate::{DocumentedFields, FieldKind, Schema};

/// An aggregate.
#[derive(Clone, Debug)]
pub struct AggregateRecord {
    /// Its name and UUID.
    pub aggregate: Named,
    /// Its size, and what its volumes use of it.
    pub space: AggregateSpace,
    /// The node it belongs to.
    pub node: Named,
    /// When it was created.
    pub create_time: Timestamp,
}

/// The space of an aggregate, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AggregateSpace {
    /// Its size.
    pub size: u64,
    /// The data of its volumes and of their snapshots.
    pub data: u64,
    /// What is reserved for future writes to volumes with a guarantee.
    pub guaranteed: u64,
}

impl AggregateSpace {
    /// An aggregate of this size without data.
    #[must_use]
    pub const fn empty(size: u64) -> Self {
        Self { size, data: 0, guaranteed: 0 }
    }

    /// What is used or reserved: the sum of the total footprints of its volumes.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.data.saturating_add(self.guaranteed)
    }

    /// What is left.
    #[must_use]
    pub const fn available(&self) -> u64 {
        self.size.saturating_sub(self.used())
    }

    /// Whether more is used and reserved than there is.
    #[must_use]
    pub const fn is_overcommitted(&self) -> bool {
        self.used() > self.size
    }
}

const STATES: FieldKind = FieldKind::Enumeration(&["online", "offline", "restricted", "unknown"]);
const STORAGE: FieldKind = FieldKind::Enumeration(&["hdd", "hybrid", "lun", "ssd", "vmdisk"]);
const RAID: FieldKind = FieldKind::Enumeration(&["raid_dp", "raid_tec", "raid0", "raid4"]);
const DISKS: FieldKind = FieldKind::Enumeration(&[
    "fc", "lun", "nl_sas", "nvme_ssd", "sas", "sata", "scsi", "ssd", "ssd_cap", "ssd_zns",
    "vm_disk",
]);
const CLASSES: FieldKind =
    FieldKind::Enumeration(&["capacity", "performance", "solid_state", "virtual"]);
const SNAPLOCK: FieldKind = FieldKind::Enumeration(&["compliance", "enterprise", "non_snaplock"]);

/// `/api/storage/aggregates`.
pub static AGGREGATE: Schema<AggregateRecord> = Schema {
    name: "aggregate",
    documented: DocumentedFields::of(include_str!("documented/aggregate.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "block_storage.hybrid_cache.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "block_storage.mirror.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "block_storage.primary.disk_class" CLASSES, Default, Never => |_| "solid_state".into();
        "block_storage.primary.disk_count" FieldKind::Integer, Default, Never => |_| 24_u64.into();
        "block_storage.primary.disk_type" DISKS, Default, Never => |_| "ssd".into();
        "block_storage.primary.raid_size" FieldKind::Integer, Default, Never => |_| 24_u64.into();
        "block_storage.primary.raid_type" RAID, Default, Never => |_| "raid_dp".into();
        "block_storage.storage_type" STORAGE, Default, Never => |_| "ssd".into();
        "create_time" FieldKind::Time, Default, Never => |a| a.create_time.into();
        "data_encryption.drive_protection_enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "data_encryption.software_encryption_enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "home_node.name" FieldKind::Text, Default, Never => |a| (&a.node.name).into();
        "home_node.uuid" FieldKind::Uuid, Default, Never => |a| a.node.uuid.into();
        "name" FieldKind::Text, Key, Never => |a| (&a.aggregate.name).into();
        "node.name" FieldKind::Text, Default, Never => |a| (&a.node.name).into();
        "node.uuid" FieldKind::Uuid, Default, Never => |a| a.node.uuid.into();
        "snaplock_type" SNAPLOCK, Default, Never => |_| "non_snaplock".into();
        "space.block_storage.available" FieldKind::Size, Default, Never => |a| a.space.available().into();
        "space.block_storage.full_threshold_percent" FieldKind::Integer, Default, Never => |_| 98_u64.into();
        "space.block_storage.physical_used" FieldKind::Size, Default, Never => |a| a.space.data.into();
        "space.block_storage.physical_used_percent" FieldKind::Integer, Default, Never => |a| rounded_percent_of(a.space.data, a.space.size).into();
        "space.block_storage.size" FieldKind::Size, Default, Never => |a| a.space.size.into();
        "space.block_storage.used" FieldKind::Size, Default, Never => |a| a.space.used().into();
        "space.block_storage.used_including_snapshot_reserve" FieldKind::Size, Default, Never => |a| a.space.used().into();
        "space.block_storage.used_including_snapshot_reserve_percent" FieldKind::Integer, Default, Never => |a| rounded_percent_of(a.space.used(), a.space.size).into();
        "space.block_storage.used_percent" FieldKind::Integer, Default, Never => |a| rounded_percent_of(a.space.used(), a.space.size).into();
        "space.block_storage.volume_footprints_percent" FieldKind::Integer, Default, Never => |a| rounded_percent_of(a.space.used(), a.space.size).into();
        "space.footprint" FieldKind::Size, Expensive, Never => |a| a.space.used().into();
        "space.snapshot.used" FieldKind::Size, Default, Never => |_| 0_u64.into();
        "state" STATES, Default, Never => |_| "online".into();
        "uuid" FieldKind::Uuid, Key, Never => |a| a.aggregate.uuid.into();
    ],
    references: references![
        "home_node" => |a, _| Some(href::node(a.node.uuid));
        "node" => |a, _| Some(href::node(a.node.uuid));
    ],
    arrays: &[],
    href: |a| href::aggregate(a.aggregate.uuid),
};
