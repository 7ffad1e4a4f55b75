//! The command `volume snapshot`.

use super::cli::{CliCommand, cli_fields};
use super::{SNAPSHOT, SnapshotRecord};
use crate::{ArrayField, DocumentedFields, FieldKind, Schema};

type Record = SnapshotRecord;

const STATES: FieldKind =
    FieldKind::Enumeration(&["valid", "invalid", "partial", "unknown", "pre-conversion"]);

cli_fields![SNAPSHOT:
    "afs_used" FieldKind::Size, Default, "logical_size" same;
    "busy" FieldKind::Boolean, Default, "owners" has_values;
    "comment" FieldKind::Text, Default, "comment" same;
    "create_time" FieldKind::Time, Default, "create_time" same;
    "expiry_time" FieldKind::Time, Default, "expiry_time" same;
    "instance_uuid" FieldKind::Uuid, Default, "uuid" same;
    "owners" FieldKind::Text, Default, "owners" spaced;
    "size" FieldKind::Size, Default, "reclaimable_space" same;
    "snapmirror_label" FieldKind::Text, Default, "snapmirror_label" same;
    "snapshot" FieldKind::Text, Key, "name" same;
    "state" STATES, Default, "state" hyphened;
    "version_uuid" FieldKind::Uuid, Default, "version_uuid" same;
    "volume" FieldKind::Text, Key, "volume.name" same;
    "vserver" FieldKind::Text, Key, "svm.name" same;
];

/// The fields of `/api/private/cli/volume/snapshot`.
pub static CLI_SNAPSHOT: Schema<SnapshotRecord> = Schema {
    name: "cli_snapshot",
    documented: DocumentedFields::of(include_str!("documented/cli_snapshot.txt")),
    order: &["vserver", "volume", "snapshot"],
    hidden: &[],
    fields: FIELDS,
    references: &[],
    arrays: &[ArrayField::at("owners")],
    href: |_| String::new(),
};

/// The command `volume snapshot`.
pub static CLI_SNAPSHOT_COMMAND: CliCommand<SnapshotRecord> =
    CliCommand { schema: &CLI_SNAPSHOT, rest: &SNAPSHOT, sources: SOURCES };
