//! Kinds of objects of which there are none: clients look whether there are.

use crate::{Kind, Schema};

/// An object that does not exist.
#[derive(Clone, Copy, Debug)]
pub enum Nothing {}

macro_rules! nothing {
    ($($(#[$doc:meta])* $name:ident $word:literal, [$($path:literal),+];)+) => {$(
        $(#[$doc])*
        pub static $name: Schema<Nothing> = Schema {
            name: $word,
            order: &["name"],
            hidden: &[],
            fields: fields![$($path Kind::Text, Default, Never => |n| match *n {};)+],
            references: &[],
            arrays: &[],
            href: |n| match *n {},
        };
    )+};
}

nothing! {
    /// `/api/svm/peers`.
    SVM_PEER "svm_peer", [
        "applications", "name", "peer.cluster.name", "peer.svm.name", "peer.svm.uuid", "state",
        "svm.name", "svm.uuid", "uuid"
    ];
    /// `/api/storage/luns`.
    LUN "lun", [
        "comment", "location.logical_unit", "location.qtree.name", "location.volume.name",
        "location.volume.uuid", "name", "os_type", "serial_number", "space.size",
        "status.mapped", "svm.name", "svm.uuid", "uuid"
    ];
    /// `/api/storage/qtrees`.
    QTREE "qtree", [
        "export_policy.name", "id", "name", "path", "security_style", "svm.name", "svm.uuid",
        "unix_permissions", "volume.name", "volume.uuid"
    ];
    /// `/api/storage/disks`.
    DISK "disk", [
        "aggregates.name", "class", "effective_type", "home_node.name", "name", "node.name",
        "rpm", "serial_number", "state", "type", "uid", "usable_size"
    ];
    /// `/api/snapmirror/relationships`.
    SNAPMIRROR "snapmirror_relationship", [
        "destination.path", "destination.svm.name", "destination.svm.uuid", "healthy", "name",
        "policy.name", "policy.type", "source.path", "source.svm.name", "source.svm.uuid",
        "state", "uuid"
    ];
    /// `/api/storage/qos/policies`.
    QOS_POLICY "qos_policy", [
        "adaptive.expected_iops", "fixed.max_throughput_iops", "fixed.max_throughput_mbps",
        "fixed.min_throughput_iops", "name", "scope", "svm.name", "svm.uuid", "uuid"
    ];
    /// `/api/protocols/nfs/export-policies/{id}/rules`.
    EXPORT_RULE "export_rule", [
        "anonymous_user", "clients.match", "index", "name", "policy.id", "policy.name",
        "protocols", "ro_rule", "rw_rule", "superuser", "svm.name", "svm.uuid"
    ];
    /// `/api/support/ems/application-logs`.
    APPLICATION_LOG "ems_application_logs", [
        "app_version", "autosupport_required", "category", "computer_name", "event_description",
        "event_id", "event_source", "name", "severity"
    ];
}
