//! The command `volume`.

use super::cli::{CliCommand, cli_fields};
use super::{VOLUME, VolumeRecord};
use crate::{ArrayField, DocumentedFields, FieldKind, Schema};

type Record = VolumeRecord;

const AUTOSIZE: FieldKind = FieldKind::Enumeration(&["off", "grow", "grow_shrink"]);
const GUARANTEES: FieldKind = FieldKind::Enumeration(&["volume", "none"]);
const SECURITY: FieldKind = FieldKind::Enumeration(&["unix", "ntfs", "mixed", "unified"]);
const SNAPLOCK: FieldKind = FieldKind::Enumeration(&["compliance", "enterprise", "non-snaplock"]);
const STATES: FieldKind =
    FieldKind::Enumeration(&["online", "offline", "restricted", "mixed", "error"]);
const STYLES: FieldKind =
    FieldKind::Enumeration(&["flexvol", "flexgroup", "flexgroup-constituent"]);
const TIERING: FieldKind =
    FieldKind::Enumeration(&["all", "auto", "backup", "none", "snapshot-only"]);
const TYPES: FieldKind = FieldKind::Enumeration(&["RW", "DP", "LS"]);

cli_fields![VOLUME:
    "aggr_list" FieldKind::Text, Default, "aggregates.name" same;
    "aggregate" FieldKind::Text, Default, "aggregates.name" only;
    "autosize_grow_threshold_percent" FieldKind::Integer, Default, "autosize.grow_threshold" same;
    "autosize_mode" AUTOSIZE, Default, "autosize.mode" same;
    "autosize_shrink_threshold_percent" FieldKind::Integer, Default, "autosize.shrink_threshold" same;
    "available" FieldKind::Size, Default, "space.available" same;
    "clone_parent_name" FieldKind::Text, Default, "clone.parent_volume.name" same;
    "clone_parent_vserver" FieldKind::Text, Default, "clone.parent_svm.name" same;
    "clone_volume" FieldKind::Boolean, Default, "clone.is_flexclone" same;
    "comment" FieldKind::Text, Default, "comment" same;
    "compression_space_saved" FieldKind::Size, Default, "size" zero;
    "compression_space_saved_percent" FieldKind::Integer, Default, "size" zero;
    "create_time" FieldKind::Time, Default, "create_time" same;
    "dedupe_space_saved" FieldKind::Size, Default, "size" zero;
    "dedupe_space_saved_percent" FieldKind::Integer, Default, "size" zero;
    "encrypt" FieldKind::Boolean, Default, "encryption.enabled" same;
    "expected_available" FieldKind::Size, Default, "space.expected_available" same;
    "files" FieldKind::Integer, Default, "files.maximum" same;
    "files_used" FieldKind::Integer, Default, "files.used" same;
    "filesystem_size" FieldKind::Size, Default, "space.filesystem_size" same;
    "instance_uuid" FieldKind::Uuid, Default, "uuid" same;
    "is_constituent" FieldKind::Boolean, Default, "is_constituent" same;
    "is_encrypted" FieldKind::Boolean, Default, "encryption.enabled" same;
    "is_sis_volume" FieldKind::Boolean, Default, "efficiency.state" is_enabled;
    "is_space_enforcement_logical" FieldKind::Boolean, Default, "space.logical_space.enforcement" same;
    "is_space_reporting_logical" FieldKind::Boolean, Default, "space.logical_space.reporting" same;
    "junction_parent" FieldKind::Text, Default, "nas.junction_parent.name" same;
    "junction_path" FieldKind::Text, Default, "nas.path" same;
    "logical_available" FieldKind::Size, Default, "space.logical_space.available" same;
    "logical_used" FieldKind::Size, Default, "space.logical_space.used" same;
    "logical_used_by_afs" FieldKind::Size, Default, "space.logical_space.used_by_afs" same;
    "logical_used_by_snapshots" FieldKind::Size, Default, "space.logical_space.used_by_snapshots" same;
    "logical_used_percent" FieldKind::Integer, Default, "space.logical_space.used_percent" same;
    "max_autosize" FieldKind::Size, Default, "autosize.maximum" same;
    "min_autosize" FieldKind::Size, Default, "autosize.minimum" same;
    "node" FieldKind::Text, Default, "nodes.name" only;
    "nodes" FieldKind::Text, Default, "nodes.name" same;
    "overwrite_reserve" FieldKind::Size, Default, "size" zero;
    "overwrite_reserve_used" FieldKind::Size, Default, "size" zero;
    "percent_snapshot_space" FieldKind::Integer, Default, "space.snapshot.reserve_percent" same;
    "percent_used" FieldKind::Integer, Default, "space.percent_used" same;
    "physical_used" FieldKind::Size, Default, "space.physical_used" same;
    "physical_used_percent" FieldKind::Integer, Default, "space.physical_used_percent" same;
    "policy" FieldKind::Text, Default, "nas.export_policy.name" same;
    "qos_policy_group" FieldKind::Text, Default, "qos.policy.name" same;
    "security_style" SECURITY, Default, "nas.security_style" same;
    "sis_space_saved" FieldKind::Size, Default, "size" zero;
    "sis_space_saved_percent" FieldKind::Integer, Default, "size" zero;
    "size" FieldKind::Size, Default, "size" same;
    "size_available_for_snapshots" FieldKind::Size, Default, "space.size_available_for_snapshots" same;
    "size_used_by_snapshots" FieldKind::Size, Default, "space.snapshot.used" same;
    "snaplock_type" SNAPLOCK, Default, "snaplock.type" hyphened;
    "snapshot_count" FieldKind::Integer, Default, "snapshot_count" same;
    "snapshot_policy" FieldKind::Text, Default, "snapshot_policy.name" same;
    "snapshot_reserve_available" FieldKind::Size, Default, "space.snapshot.reserve_available" same;
    "snapshot_reserve_size" FieldKind::Size, Default, "space.snapshot.reserve_size" same;
    "snapshot_space_used" FieldKind::Integer, Default, "space.snapshot.space_used_percent" same;
    "space_guarantee" GUARANTEES, Default, "guarantee.type" same;
    "space_guarantee_enabled" FieldKind::Boolean, Default, "guarantee.honored" same;
    "state" STATES, Default, "state" same;
    "tags" FieldKind::Text, Default, "_tags" same;
    "tiering_minimum_cooling_days" FieldKind::Integer, Default, "tiering.min_cooling_days" same;
    "tiering_policy" TIERING, Default, "tiering.policy" hyphened;
    "total" FieldKind::Size, Default, "space.afs_total" same;
    "type" TYPES, Default, "type" upper;
    "used" FieldKind::Size, Default, "space.used" same;
    "volume" FieldKind::Text, Key, "name" same;
    "volume_style_extended" STYLES, Default, "style" hyphened;
    "vserver" FieldKind::Text, Key, "svm.name" same;
    "vsroot" FieldKind::Boolean, Default, "is_svm_root" same;
];

/// The fields of `/api/private/cli/volume`.
pub static CLI_VOLUME: Schema<VolumeRecord> = Schema {
    name: "cli_volume",
    documented: DocumentedFields::of(include_str!("documented/cli_volume.txt")),
    order: &["vserver", "volume"],
    hidden: &[],
    fields: FIELDS,
    references: &[],
    arrays: &[ArrayField::at("aggr_list"), ArrayField::at("nodes"), ArrayField::at("tags")],
    href: |_| String::new(),
};

/// The command `volume`.
pub static CLI_VOLUME_COMMAND: CliCommand<VolumeRecord> =
    CliCommand { schema: &CLI_VOLUME, rest: &VOLUME, sources: SOURCES };
