//! Collections that are always empty. They exist because clients list them.

use crate::{ArrayField, DocumentedFields, FieldKind, Schema};

/// The record of a collection that is always empty.
#[derive(Clone, Copy, Debug)]
pub enum NoRecord {}

macro_rules! always_empty {
    ($($(#[$doc:meta])* $name:ident $word:literal, [$($path:literal $kind:ident),+];)+) => {$(
        $(#[$doc])*
        pub static $name: Schema<NoRecord> = Schema {
            name: $word,
            documented: DocumentedFields::of(include_str!(concat!("documented/", $word, ".txt"))),
            order: &[$($path),+],
            hidden: &[],
            fields: fields![$($path FieldKind::$kind, Key, Never => |n| match *n {};)+],
            references: &[],
            arrays: &[],
            href: |n| match *n {},
        };
    )+};
}

always_empty! {
    /// `/api/svm/peers`.
    SVM_PEER "svm_peer", ["name" Text, "uuid" Uuid];
    /// `/api/storage/luns`.
    LUN "lun", ["name" Text, "uuid" Uuid];
    /// `/api/storage/disks`.
    DISK "disk", ["name" Text];
    /// `/api/snapmirror/relationships`.
    SNAPMIRROR "snapmirror_relationship", ["uuid" Uuid];
    /// `/api/cluster/peers`.
    CLUSTER_PEER "cluster_peer", ["name" Text, "uuid" Uuid];
    /// `/api/protocols/cifs/services`.
    CIFS_SERVICE "cifs_service", ["svm.uuid" Uuid];
    /// `/api/protocols/cifs/shares`.
    CIFS_SHARE "cifs_share", ["name" Text, "svm.uuid" Uuid];
    /// `/api/storage/volumes/{volume.uuid}/files`.
    FILE "file_info", ["name" Text, "path" Text];
    /// `/api/protocols/fpolicy/{svm.uuid}/policies`.
    FPOLICY_POLICY "fpolicy_policy", ["name" Text];
    /// `/api/storage/file/clone/split-status`.
    SPLIT_STATUS "split_status", ["volume.uuid" Uuid];
    /// `/api/security/key-managers`.
    KEY_MANAGER "security_key_manager", ["uuid" Uuid];
}

/// `/api/storage/file/clone`. A POST names a file to clone.
pub static FILE_CLONE: Schema<NoRecord> = Schema {
    name: "file_clone",
    documented: DocumentedFields::of(include_str!("documented/file_clone.txt")),
    order: &["destination_path"],
    hidden: &[],
    fields: fields![
        "autodelete" FieldKind::Boolean, Default, Post => |n| match *n {};
        "destination_path" FieldKind::Text, Default, Post => |n| match *n {};
        "is_backup" FieldKind::Boolean, Default, Post => |n| match *n {};
        "overwrite_destination" FieldKind::Boolean, Default, Post => |n| match *n {};
        "range" FieldKind::Text, Default, Post => |n| match *n {};
        "source_path" FieldKind::Text, Default, Post => |n| match *n {};
        "token_uuid" FieldKind::Text, Default, Post => |n| match *n {};
        "volume.name" FieldKind::Text, Default, Post => |n| match *n {};
        "volume.uuid" FieldKind::Uuid, Default, Post => |n| match *n {};
    ],
    references: &[],
    arrays: &[ArrayField::at("range")],
    href: |n| match *n {},
};

/// `/api/storage/file/copy`. A POST names files to copy.
pub static FILE_COPY: Schema<NoRecord> = Schema {
    name: "file_copy",
    documented: DocumentedFields::of(include_str!("documented/file_copy.txt")),
    order: &["reference_path"],
    hidden: &[],
    fields: fields![
        "cutover_time" FieldKind::Integer, Default, Post => |n| match *n {};
        "files_to_copy.destination.path" FieldKind::Text, Default, Post => |n| match *n {};
        "files_to_copy.destination.svm.name" FieldKind::Text, Default, Post => |n| match *n {};
        "files_to_copy.destination.svm.uuid" FieldKind::Uuid, Default, Post => |n| match *n {};
        "files_to_copy.destination.volume.name" FieldKind::Text, Default, Post => |n| match *n {};
        "files_to_copy.destination.volume.uuid" FieldKind::Uuid, Default, Post => |n| match *n {};
        "files_to_copy.source.path" FieldKind::Text, Default, Post => |n| match *n {};
        "files_to_copy.source.svm.name" FieldKind::Text, Default, Post => |n| match *n {};
        "files_to_copy.source.svm.uuid" FieldKind::Uuid, Default, Post => |n| match *n {};
        "files_to_copy.source.volume.name" FieldKind::Text, Default, Post => |n| match *n {};
        "files_to_copy.source.volume.uuid" FieldKind::Uuid, Default, Post => |n| match *n {};
        "hold_quiescence" FieldKind::Boolean, Default, Post => |n| match *n {};
        "max_throughput" FieldKind::Integer, Default, Post => |n| match *n {};
        "reference_cutover_time" FieldKind::Integer, Default, Post => |n| match *n {};
        "reference_path" FieldKind::Text, Default, Post => |n| match *n {};
    ],
    references: &[],
    arrays: &[ArrayField::at("files_to_copy")],
    href: |n| match *n {},
};

/// `/api/storage/file/moves`. A POST names files to move.
pub static FILE_MOVE: Schema<NoRecord> = Schema {
    name: "file_move",
    documented: DocumentedFields::of(include_str!("documented/file_move.txt")),
    order: &["node.uuid", "uuid", "index"],
    hidden: &[],
    fields: fields![
        "files_to_move.destinations.path" FieldKind::Text, Expensive, Post => |n| match *n {};
        "files_to_move.destinations.svm.name" FieldKind::Text, Expensive, Post => |n| match *n {};
        "files_to_move.destinations.svm.uuid" FieldKind::Uuid, Expensive, Post => |n| match *n {};
        "files_to_move.destinations.volume.name" FieldKind::Text, Expensive, Post => |n| match *n {};
        "files_to_move.destinations.volume.uuid" FieldKind::Uuid, Expensive, Post => |n| match *n {};
        "files_to_move.sources.path" FieldKind::Text, Expensive, Post => |n| match *n {};
        "files_to_move.sources.svm.name" FieldKind::Text, Expensive, Post => |n| match *n {};
        "files_to_move.sources.svm.uuid" FieldKind::Uuid, Expensive, Post => |n| match *n {};
        "files_to_move.sources.volume.name" FieldKind::Text, Expensive, Post => |n| match *n {};
        "files_to_move.sources.volume.uuid" FieldKind::Uuid, Expensive, Post => |n| match *n {};
        "index" FieldKind::Integer, Key, Never => |n| match *n {};
        "max_cutover_time" FieldKind::Integer, Default, Post => |n| match *n {};
        "max_throughput" FieldKind::Integer, Default, Post => |n| match *n {};
        "node.uuid" FieldKind::Uuid, Key, Never => |n| match *n {};
        "reference.path" FieldKind::Text, Expensive, Post => |n| match *n {};
        "reference.svm.name" FieldKind::Text, Expensive, Post => |n| match *n {};
        "reference.svm.uuid" FieldKind::Uuid, Expensive, Post => |n| match *n {};
        "reference.volume.name" FieldKind::Text, Expensive, Post => |n| match *n {};
        "reference.volume.uuid" FieldKind::Uuid, Expensive, Post => |n| match *n {};
        "uuid" FieldKind::Uuid, Key, Never => |n| match *n {};
    ],
    references: &[],
    arrays: &[
        ArrayField::at("files_to_move.destinations"),
        ArrayField::at("files_to_move.sources"),
    ],
    href: |n| match *n {},
};

/// `/api/support/ems/application-logs`. The fields are those of a message, which can be posted but
/// not read.
pub static APPLICATION_LOG: Schema<NoRecord> = Schema {
    name: "ems_application_logs",
    documented: DocumentedFields::none(),
    order: &["event_id"],
    hidden: &[],
    fields: fields![
        "app_version" FieldKind::Text, Default, Post => |n| match *n {};
        "autosupport_required" FieldKind::Boolean, Default, Post => |n| match *n {};
        "category" FieldKind::Text, Default, Post => |n| match *n {};
        "computer_name" FieldKind::Text, Default, Post => |n| match *n {};
        "event_description" FieldKind::Text, Default, Post => |n| match *n {};
        "event_id" FieldKind::Integer, Default, Post => |n| match *n {};
        "event_source" FieldKind::Text, Default, Post => |n| match *n {};
        "severity" FieldKind::Text, Default, Post => |n| match *n {};
    ],
    references: &[],
    arrays: &[],
    href: |n| match *n {},
};
