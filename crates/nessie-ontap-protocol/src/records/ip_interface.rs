//! IP interfaces (LIFs).

use std::sync::Arc;

use nessie_backend_core::Uuid;

use super::{Named, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// An IP interface that serves data of an SVM.
#[derive(Clone, Debug)]
pub struct IpInterfaceRecord {
    /// Its name and UUID.
    pub interface: Named,
    /// Its IP address.
    pub address: String,
    /// Its services, such as `data_nfs`.
    pub services: Vec<String>,
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// The node that hosts it.
    pub node: Named,
    /// Its `IPspace`.
    pub ipspace: Named,
    /// Whether it serves: its SVM is not stopped.
    pub is_up: bool,
}

impl IpInterfaceRecord {
    /// The UUID of the node's port.
    fn port(&self) -> Uuid {
        self.node.part(1)
    }
}

/// The only port of a node.
const PORT: &str = "e0a";

const FAILOVER: FieldKind = FieldKind::Enumeration(&[
    "home_port_only",
    "default",
    "home_node_only",
    "sfo_partners_only",
    "broadcast_domain_only",
]);
const FAMILIES: FieldKind = FieldKind::Enumeration(&["ipv4", "ipv6"]);
const SCOPES: FieldKind = FieldKind::Enumeration(&["svm", "cluster"]);
/// The services that ONTAP documents. The configuration of a cluster may name others.
const SERVICES: FieldKind = FieldKind::Enumeration(&[
    "data_cifs",
    "data_core",
    "data_dns_server",
    "data_fcp",
    "data_flexcache",
    "data_fpolicy_client",
    "data_iscsi",
    "data_nfs",
    "data_nvme_tcp",
    "data_s3_server",
    "intercluster_core",
    "management_core",
    "management_http",
    "management_https",
    "management_ssh",
]);
const STATES: FieldKind = FieldKind::Enumeration(&["up", "down"]);

/// `/api/network/ip/interfaces`.
pub static IP_INTERFACE: Schema<IpInterfaceRecord> = Schema {
    name: "ip_interface",
    documented: DocumentedFields::of(include_str!("documented/ip_interface.txt")),
    order: &["name", "uuid"],
    hidden: &[],
    fields: fields![
        "enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "ip.address" FieldKind::Text, Default, Never => |l| (&l.address).into();
        "ip.family" FAMILIES, Default, Never => |l| if l.address.contains(':') { "ipv6" } else { "ipv4" }.into();
        "ip.netmask" FieldKind::Text, Default, Never => |l| if l.address.contains(':') { "64" } else { "24" }.into();
        "ipspace.name" FieldKind::Text, Default, Never => |l| (&l.ipspace.name).into();
        "ipspace.uuid" FieldKind::Uuid, Default, Never => |l| l.ipspace.uuid.into();
        "location.auto_revert" FieldKind::Boolean, Default, Never => |_| false.into();
        "location.failover" FAILOVER, Default, Never => |_| "default".into();
        "location.home_node.name" FieldKind::Text, Default, Never => |l| (&l.node.name).into();
        "location.home_node.uuid" FieldKind::Uuid, Default, Never => |l| l.node.uuid.into();
        "location.home_port.name" FieldKind::Text, Default, Never => |_| PORT.into();
        "location.home_port.node.name" FieldKind::Text, Default, Never => |l| (&l.node.name).into();
        "location.home_port.uuid" FieldKind::Uuid, Default, Never => |l| l.port().into();
        "location.is_home" FieldKind::Boolean, Default, Never => |_| true.into();
        "location.node.name" FieldKind::Text, Default, Never => |l| (&l.node.name).into();
        "location.node.uuid" FieldKind::Uuid, Default, Never => |l| l.node.uuid.into();
        "location.port.name" FieldKind::Text, Default, Never => |_| PORT.into();
        "location.port.node.name" FieldKind::Text, Default, Never => |l| (&l.node.name).into();
        "location.port.uuid" FieldKind::Uuid, Default, Never => |l| l.port().into();
        "name" FieldKind::Text, Key, Never => |l| (&l.interface.name).into();
        "scope" SCOPES, Default, Never => |_| "svm".into();
        "service_policy.name" FieldKind::Text, Default, Never => |_| "default-data-files".into();
        "services" SERVICES, Default, Never => |l| FieldValue::List(l.services.iter().map(FieldValue::from).collect());
        "state" STATES, Default, Never => |l| if l.is_up { "up" } else { "down" }.into();
        "svm.name" FieldKind::Text, Default, Never => |l| (&l.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Never => |l| l.svm_context.svm.uuid.into();
        "uuid" FieldKind::Uuid, Key, Never => |l| l.interface.uuid.into();
    ],
    references: references![
        "location.home_node" => |l, _| Some(href::node(l.node.uuid));
        "location.node" => |l, _| Some(href::node(l.node.uuid));
        "svm" => |l, _| Some(l.svm_context.svm_href());
    ],
    arrays: &[ArrayField::at("services")],
    href: |l| href::interface(l.interface.uuid),
};
