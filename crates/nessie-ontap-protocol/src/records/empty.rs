//! Collections that are always empty. They exist because clients list them.

use crate::{Documented, Kind, Schema};

/// The record of a collection that is always empty.
#[derive(Clone, Copy, Debug)]
pub enum Nothing {}

macro_rules! nothing {
    ($($(#[$doc:meta])* $name:ident $word:literal, [$($path:literal $kind:ident),+];)+) => {$(
        $(#[$doc])*
        pub static $name: Schema<Nothing> = Schema {
            name: $word,
            documented: Documented::of(include_str!(concat!("documented/", $word, ".txt"))),
            order: &[$($path),+],
            hidden: &[],
            fields: fields![$($path Kind::$kind, Key, Never => |n| match *n {};)+],
            references: &[],
            arrays: &[],
            href: |n| match *n {},
        };
    )+};
}

nothing! {
    /// `/api/svm/peers`.
    SVM_PEER "svm_peer", ["name" Text, "uuid" Uuid];
    /// `/api/storage/luns`.
    LUN "lun", ["name" Text, "uuid" Uuid];
    /// `/api/storage/qtrees`.
    QTREE "qtree", ["id" Integer, "name" Text];
    /// `/api/storage/disks`.
    DISK "disk", ["name" Text];
    /// `/api/snapmirror/relationships`.
    SNAPMIRROR "snapmirror_relationship", ["uuid" Uuid];
    /// `/api/storage/qos/policies`.
    QOS_POLICY "qos_policy", ["name" Text, "uuid" Uuid];
    /// `/api/protocols/nfs/export-policies/{id}/rules`.
    EXPORT_RULE "export_rule", ["index" Integer];
    /// `/api/cluster/peers`.
    CLUSTER_PEER "cluster_peer", ["name" Text, "uuid" Uuid];
    /// `/api/name-services/dns`.
    DNS "dns", ["svm.uuid" Uuid];
    /// `/api/protocols/cifs/services`.
    CIFS_SERVICE "cifs_service", ["svm.uuid" Uuid];
    /// `/api/protocols/cifs/shares`.
    CIFS_SHARE "cifs_share", ["name" Text, "svm.uuid" Uuid];
    /// `/api/protocols/fpolicy/{svm.uuid}/policies`.
    FPOLICY_POLICY "fpolicy_policy", ["name" Text];
    /// `/api/security/key-managers`.
    KEY_MANAGER "security_key_manager", ["uuid" Uuid];
}

/// `/api/support/ems/application-logs`. The fields are those of a message, which can be posted but
/// not read.
pub static APPLICATION_LOG: Schema<Nothing> = Schema {
    name: "ems_application_logs",
    documented: Documented::none(),
    order: &["event_id"],
    hidden: &[],
    fields: fields![
        "app_version" Kind::Text, Default, Post => |n| match *n {};
        "autosupport_required" Kind::Boolean, Default, Post => |n| match *n {};
        "category" Kind::Text, Default, Post => |n| match *n {};
        "computer_name" Kind::Text, Default, Post => |n| match *n {};
        "event_description" Kind::Text, Default, Post => |n| match *n {};
        "event_id" Kind::Integer, Default, Post => |n| match *n {};
        "event_source" Kind::Text, Default, Post => |n| match *n {};
        "severity" Kind::Text, Default, Post => |n| match *n {};
    ],
    references: &[],
    arrays: &[],
    href: |n| match *n {},
};
