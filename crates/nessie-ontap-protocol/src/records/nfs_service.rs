//! NFS services. Each SVM has one.

use std::sync::Arc;

use super::Place;
use crate::{Documented, Kind, Schema};

/// The NFS service of an SVM.
#[derive(Clone, Debug)]
pub struct NfsServiceRecord {
    /// The SVM.
    pub place: Arc<Place>,
}

const STATES: Kind = Kind::Enumeration(&["online", "offline"]);

/// `/api/protocols/nfs/services`.
pub static NFS_SERVICE: Schema<NfsServiceRecord> = Schema {
    name: "nfs_service",
    documented: Documented::of(include_str!("documented/nfs_service.txt")),
    order: &["svm.name"],
    hidden: &[],
    fields: fields![
        "enabled" Kind::Boolean, Default, Never => |_| true.into();
        "protocol.v3_enabled" Kind::Boolean, Default, Never => |_| true.into();
        "protocol.v40_enabled" Kind::Boolean, Default, Never => |_| false.into();
        "protocol.v41_enabled" Kind::Boolean, Default, Never => |_| true.into();
        "rquota_enabled" Kind::Boolean, Default, Never => |_| false.into();
        "showmount_enabled" Kind::Boolean, Default, Never => |_| true.into();
        "state" STATES, Default, Never => |_| "online".into();
        "svm.name" Kind::Text, Key, Never => |n| (&n.place.svm.name).into();
        "svm.uuid" Kind::Uuid, Key, Never => |n| n.place.svm.uuid.into();
        "transport.tcp_enabled" Kind::Boolean, Default, Never => |_| true.into();
        "transport.tcp_max_transfer_size" Kind::Size, Default, Never => |_| 65_536_u64.into();
        "transport.udp_enabled" Kind::Boolean, Default, Never => |_| false.into();
        "vstorage_enabled" Kind::Boolean, Default, Never => |_| false.into();
    ],
    references: references![
        "svm" => |n, _| Some(n.place.svm_href());
    ],
    arrays: &[],
    href: |n| format!("/api/protocols/nfs/services/{}", n.place.svm.uuid),
};
