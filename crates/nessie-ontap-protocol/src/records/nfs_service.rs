//! NFS services. Each SVM has one.

use std::sync::Arc;

use super::SvmContext;
use crate::{DocumentedFields, FieldKind, Schema};

/// The NFS service of an SVM.
#[derive(Clone, Debug)]
pub struct NfsServiceRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
}

const STATES: FieldKind = FieldKind::Enumeration(&["online", "offline"]);

/// `/api/protocols/nfs/services`.
pub static NFS_SERVICE: Schema<NfsServiceRecord> = Schema {
    name: "nfs_service",
    documented: DocumentedFields::of(include_str!("documented/nfs_service.txt")),
    order: &["svm.name"],
    hidden: &[],
    fields: fields![
        "enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "protocol.v3_enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "protocol.v40_enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "protocol.v41_enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "rquota_enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "showmount_enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "state" STATES, Default, Never => |_| "online".into();
        "svm.name" FieldKind::Text, Key, Never => |n| (&n.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Key, Never => |n| n.svm_context.svm.uuid.into();
        "transport.tcp_enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "transport.tcp_max_transfer_size" FieldKind::Size, Default, Never => |_| 65_536_u64.into();
        "transport.udp_enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "vstorage_enabled" FieldKind::Boolean, Default, Never => |_| false.into();
    ],
    references: references![
        "svm" => |n, _| Some(n.svm_context.svm_href());
    ],
    arrays: &[],
    href: |n| format!("/api/protocols/nfs/services/{}", n.svm_context.svm.uuid),
};
