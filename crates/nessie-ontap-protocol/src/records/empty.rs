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
