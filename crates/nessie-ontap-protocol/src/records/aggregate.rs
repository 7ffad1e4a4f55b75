//! Aggregates.

use nessie_backend_core::Timestamp;

use super::Named;
use crate::{Documented, Kind, Schema};

/// An aggregate. Volumes use none of its space, because no data is stored.
#[derive(Clone, Debug)]
pub struct AggregateRecord {
    /// Its name and UUID.
    pub aggregate: Named,
    /// Its capacity in bytes.
    pub size: u64,
    /// The node it belongs to.
    pub node: Named,
    /// When it was created.
    pub create_time: Timestamp,
}

const STATES: Kind = Kind::Enumeration(&["online", "offline", "restricted", "unknown"]);
const STORAGE: Kind = Kind::Enumeration(&["hdd", "hybrid", "lun", "ssd", "vmdisk"]);
const RAID: Kind = Kind::Enumeration(&["raid_dp", "raid_tec", "raid0", "raid4"]);
const DISKS: Kind = Kind::Enumeration(&[
    "fc", "lun", "nl_sas", "nvme_ssd", "sas", "sata", "scsi", "ssd", "ssd_cap", "ssd_zns",
    "vm_disk",
]);
const CLASSES: Kind = Kind::Enumeration(&["capacity", "performance", "solid_state", "virtual"]);
const SNAPLOCK: Kind = Kind::Enumeration(&["compliance", "enterprise", "non_snaplock"]);

/// `/api/storage/aggregates`.
pub static AGGREGATE: Schema<AggregateRecord> = Schema {
    name: "aggregate",
    documented: Documented::of(include_str!("documented/aggregate.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "block_storage.hybrid_cache.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "block_storage.mirror.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "block_storage.primary.disk_class" CLASSES, Default, Never => |_| "solid_state".into();
        "block_storage.primary.disk_count" Kind::Integer, Default, Never => |_| 24_u64.into();
        "block_storage.primary.disk_type" DISKS, Default, Never => |_| "ssd".into();
        "block_storage.primary.raid_size" Kind::Integer, Default, Never => |_| 24_u64.into();
        "block_storage.primary.raid_type" RAID, Default, Never => |_| "raid_dp".into();
        "block_storage.storage_type" STORAGE, Default, Never => |_| "ssd".into();
        "create_time" Kind::Time, Default, Never => |a| a.create_time.into();
        "data_encryption.drive_protection_enabled" Kind::Boolean, Default, Never => |_| false.into();
        "data_encryption.software_encryption_enabled" Kind::Boolean, Default, Never => |_| false.into();
        "home_node.name" Kind::Text, Default, Never => |a| (&a.node.name).into();
        "home_node.uuid" Kind::Uuid, Default, Never => |a| a.node.uuid.into();
        "name" Kind::Text, Key, Never => |a| (&a.aggregate.name).into();
        "node.name" Kind::Text, Default, Never => |a| (&a.node.name).into();
        "node.uuid" Kind::Uuid, Default, Never => |a| a.node.uuid.into();
        "snaplock_type" SNAPLOCK, Default, Never => |_| "non_snaplock".into();
        "space.block_storage.available" Kind::Size, Default, Never => |a| a.size.into();
        "space.block_storage.full_threshold_percent" Kind::Integer, Default, Never => |_| 98_u64.into();
        "space.block_storage.size" Kind::Size, Default, Never => |a| a.size.into();
        "space.block_storage.used" Kind::Size, Default, Never => |_| 0_u64.into();
        "space.footprint" Kind::Size, Default, Never => |_| 0_u64.into();
        "space.snapshot.used" Kind::Size, Default, Never => |_| 0_u64.into();
        "state" STATES, Default, Never => |_| "online".into();
        "uuid" Kind::Uuid, Key, Never => |a| a.aggregate.uuid.into();
    ],
    references: references![
        "home_node" => |a, _| Some(format!("/api/cluster/nodes/{}", a.node.uuid));
        "node" => |a, _| Some(format!("/api/cluster/nodes/{}", a.node.uuid));
    ],
    arrays: &[],
    href: |a| format!("/api/storage/aggregates/{}", a.aggregate.uuid),
};
