//! NFS services. An SVM has one at most.

use std::sync::Arc;

use super::{Attributes, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// The NFS service of an SVM.
#[derive(Clone, Debug)]
pub struct NfsServiceRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// The fields that requests have set.
    pub attributes: Arc<Attributes>,
    /// Whether the SVM is running.
    pub is_running: bool,
}

impl NfsServiceRecord {
    fn or<'r>(&'r self, path: &str, default: impl Into<FieldValue<'r>>) -> FieldValue<'r> {
        self.attributes.value_or(path, default)
    }

    fn state(&self) -> &'static str {
        if self.is_running && is_enabled(&self.attributes) { "online" } else { "offline" }
    }
}

/// Whether the NFS service with these attributes is enabled.
#[must_use]
pub fn is_enabled(attributes: &Attributes) -> bool {
    attributes.value_or("enabled", true) == true.into()
}

const STATES: FieldKind = FieldKind::Enumeration(&["online", "offline"]);
const LOOKUPS: FieldKind = FieldKind::Enumeration(&["tcp", "udp"]);
const CHOWN: FieldKind =
    FieldKind::Enumeration(&["restricted", "unrestricted", "use_export_policy"]);
const NTFS: FieldKind = FieldKind::Enumeration(&["fail", "ignore", "use_export_policy"]);
const ENCRYPTION: FieldKind = FieldKind::Enumeration(&["des", "des3", "aes_128", "aes_256"]);

/// `/api/protocols/nfs/services`.
pub static NFS_SERVICE: Schema<NfsServiceRecord> = Schema {
    name: "nfs_service",
    documented: DocumentedFields::of(include_str!("documented/nfs_service.txt")),
    order: &["svm.name"],
    hidden: &[],
    fields: fields![
        "access_cache_config.harvest_timeout" FieldKind::Integer, Default, Both => |n| n.or("access_cache_config.harvest_timeout", 3_600_000_u64);
        "access_cache_config.ttl_failure" FieldKind::Integer, Default, Both => |n| n.or("access_cache_config.ttl_failure", 1_u64);
        "access_cache_config.ttl_negative" FieldKind::Integer, Default, Both => |n| n.or("access_cache_config.ttl_negative", 60_u64);
        "access_cache_config.ttl_positive" FieldKind::Integer, Default, Both => |n| n.or("access_cache_config.ttl_positive", 60_u64);
        "auth_sys_extended_groups_enabled" FieldKind::Boolean, Default, Both => |n| n.or("auth_sys_extended_groups_enabled", false);
        "credential_cache.negative_ttl" FieldKind::Integer, Default, Both => |n| n.or("credential_cache.negative_ttl", 7_200_000_u64);
        "credential_cache.positive_ttl" FieldKind::Integer, Default, Both => |n| n.or("credential_cache.positive_ttl", 86_400_000_u64);
        "credential_cache.transient_error_ttl" FieldKind::Integer, Default, Both => |n| n.or("credential_cache.transient_error_ttl", 30_000_u64);
        "enabled" FieldKind::Boolean, Default, Both => |n| n.or("enabled", true);
        "exports.name_service_lookup_protocol" LOOKUPS, Default, Both => |n| n.or("exports.name_service_lookup_protocol", "udp");
        "exports.netgroup_trust_any_nsswitch_no_match" FieldKind::Boolean, Default, Both => |n| n.or("exports.netgroup_trust_any_nsswitch_no_match", false);
        "extended_groups_limit" FieldKind::Integer, Default, Both => |n| n.or("extended_groups_limit", 32_u64);
        "file_session_io_grouping_count" FieldKind::Integer, Default, Both => |n| n.or("file_session_io_grouping_count", 5000_u64);
        "file_session_io_grouping_duration" FieldKind::Integer, Default, Both => |n| n.or("file_session_io_grouping_duration", 120_u64);
        "protocol.v3_64bit_identifiers_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_64bit_identifiers_enabled", false);
        "protocol.v3_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_enabled", true);
        "protocol.v3_features.connection_drop" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_features.connection_drop", true);
        "protocol.v3_features.ejukebox_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_features.ejukebox_enabled", true);
        "protocol.v3_features.fsid_change" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_features.fsid_change", true);
        "protocol.v3_features.hide_snapshot_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_features.hide_snapshot_enabled", false);
        "protocol.v3_features.mount_daemon_port" FieldKind::Integer, Default, Both => |n| n.or("protocol.v3_features.mount_daemon_port", 635_u64);
        "protocol.v3_features.mount_root_only" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v3_features.mount_root_only", true);
        "protocol.v3_features.network_lock_manager_port" FieldKind::Integer, Default, Both => |n| n.or("protocol.v3_features.network_lock_manager_port", 4045_u64);
        "protocol.v3_features.network_status_monitor_port" FieldKind::Integer, Default, Both => |n| n.or("protocol.v3_features.network_status_monitor_port", 4046_u64);
        "protocol.v3_features.rquota_daemon_port" FieldKind::Integer, Default, Both => |n| n.or("protocol.v3_features.rquota_daemon_port", 4049_u64);
        "protocol.v40_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v40_enabled", false);
        "protocol.v40_features.acl_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v40_features.acl_enabled", false);
        "protocol.v40_features.acl_max_aces" FieldKind::Integer, Default, Both => |n| n.or("protocol.v40_features.acl_max_aces", 400_u64);
        "protocol.v40_features.acl_preserve" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v40_features.acl_preserve", true);
        "protocol.v40_features.read_delegation_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v40_features.read_delegation_enabled", false);
        "protocol.v40_features.referrals_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v40_features.referrals_enabled", false);
        "protocol.v40_features.write_delegation_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v40_features.write_delegation_enabled", false);
        "protocol.v41_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_enabled", true);
        "protocol.v41_features.acl_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_features.acl_enabled", false);
        "protocol.v41_features.implementation_domain" FieldKind::Text, Default, Both => |n| n.or("protocol.v41_features.implementation_domain", "netapp.com");
        "protocol.v41_features.implementation_name" FieldKind::Text, Default, Both => |n| n.or("protocol.v41_features.implementation_name", "NetApp Release 9.15.1");
        "protocol.v41_features.pnfs_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_features.pnfs_enabled", false);
        "protocol.v41_features.read_delegation_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_features.read_delegation_enabled", false);
        "protocol.v41_features.referrals_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_features.referrals_enabled", false);
        "protocol.v41_features.trunking_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_features.trunking_enabled", false);
        "protocol.v41_features.write_delegation_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v41_features.write_delegation_enabled", false);
        "protocol.v42_features.seclabel_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v42_features.seclabel_enabled", false);
        "protocol.v42_features.sparsefile_ops_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v42_features.sparsefile_ops_enabled", true);
        "protocol.v42_features.xattrs_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v42_features.xattrs_enabled", true);
        "protocol.v4_64bit_identifiers_enabled" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v4_64bit_identifiers_enabled", true);
        "protocol.v4_fsid_change" FieldKind::Boolean, Default, Both => |n| n.or("protocol.v4_fsid_change", true);
        "protocol.v4_grace_seconds" FieldKind::Integer, Default, Both => |n| n.or("protocol.v4_grace_seconds", 45_u64);
        "protocol.v4_id_domain" FieldKind::Text, Default, Both => |n| n.or("protocol.v4_id_domain", "defaultv4iddomain.com");
        "protocol.v4_lease_seconds" FieldKind::Integer, Default, Both => |n| n.or("protocol.v4_lease_seconds", 30_u64);
        "protocol.v4_session_slot_reply_cache_size" FieldKind::Integer, Default, Both => |n| n.or("protocol.v4_session_slot_reply_cache_size", 640_u64);
        "protocol.v4_session_slots" FieldKind::Integer, Default, Both => |n| n.or("protocol.v4_session_slots", 180_u64);
        "qtree.export_enabled" FieldKind::Boolean, Default, Both => |n| n.or("qtree.export_enabled", false);
        "qtree.validate_export" FieldKind::Boolean, Default, Both => |n| n.or("qtree.validate_export", true);
        "root.ignore_nt_acl" FieldKind::Boolean, Default, Both => |n| n.or("root.ignore_nt_acl", false);
        "root.skip_write_permission_check" FieldKind::Boolean, Default, Both => |n| n.or("root.skip_write_permission_check", false);
        "rquota_enabled" FieldKind::Boolean, Default, Both => |n| n.or("rquota_enabled", false);
        "security.chown_mode" CHOWN, Default, Both => |n| n.or("security.chown_mode", "use_export_policy");
        "security.nt_acl_display_permission" FieldKind::Boolean, Default, Both => |n| n.or("security.nt_acl_display_permission", false);
        "security.ntfs_unix_security" NTFS, Default, Both => |n| n.or("security.ntfs_unix_security", "use_export_policy");
        "security.permitted_encryption_types" ENCRYPTION, Default, Both => |n| n.or("security.permitted_encryption_types", FieldValue::List(["aes_256", "aes_128"].map(FieldValue::text).to_vec()));
        "security.rpcsec_context_idle" FieldKind::Integer, Default, Both => |n| n.or("security.rpcsec_context_idle", 0_u64);
        "showmount_enabled" FieldKind::Boolean, Default, Both => |n| n.or("showmount_enabled", true);
        "state" STATES, Default, Never => |n| n.state().into();
        "svm.name" FieldKind::Text, Key, Post => |n| (&n.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Key, Post => |n| n.svm_context.svm.uuid.into();
        "transport.rdma_enabled" FieldKind::Boolean, Default, Both => |n| n.or("transport.rdma_enabled", true);
        "transport.tcp_enabled" FieldKind::Boolean, Default, Both => |n| n.or("transport.tcp_enabled", true);
        "transport.tcp_max_transfer_size" FieldKind::Size, Default, Both => |n| n.or("transport.tcp_max_transfer_size", 65_536_u64);
        "transport.udp_enabled" FieldKind::Boolean, Default, Both => |n| n.or("transport.udp_enabled", false);
        "vstorage_enabled" FieldKind::Boolean, Default, Both => |n| n.or("vstorage_enabled", false);
        "windows.default_user" FieldKind::Text, Default, Both => |n| n.or("windows.default_user", FieldValue::Unset);
        "windows.map_unknown_uid_to_default_user" FieldKind::Boolean, Default, Both => |n| n.or("windows.map_unknown_uid_to_default_user", true);
        "windows.v3_ms_dos_client_enabled" FieldKind::Boolean, Default, Both => |n| n.or("windows.v3_ms_dos_client_enabled", false);
    ],
    references: references![
        "svm" => |n, _| Some(n.svm_context.svm_href());
    ],
    arrays: &[ArrayField::at("security.permitted_encryption_types")],
    href: |n| href::nfs_service(n.svm_context.svm.uuid),
};
