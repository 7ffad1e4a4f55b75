//! IP interfaces (LIFs).

use std::sync::Arc;

use nessie_backend_core::Uuid;

use super::{Named, Place};
use crate::{Array, Documented, Kind, Schema, Value};

/// An IP interface that serves data of an SVM.
#[derive(Clone, Debug)]
pub struct LifRecord {
    /// Its name and UUID.
    pub lif: Named,
    /// Its IP address.
    pub address: String,
    /// Its services, such as `data_nfs`.
    pub services: Vec<String>,
    /// The SVM.
    pub place: Arc<Place>,
    /// The node that hosts it.
    pub node: Named,
    /// The only ipspace of the cluster.
    pub ipspace: Named,
}

impl LifRecord {
    /// The UUID of the node's port.
    fn port(&self) -> Uuid {
        self.node.part(1)
    }
}

/// The only port of a node.
const PORT: &str = "e0a";

const FAILOVER: Kind = Kind::Enumeration(&[
    "home_port_only",
    "default",
    "home_node_only",
    "sfo_partners_only",
    "broadcast_domain_only",
]);
const FAMILIES: Kind = Kind::Enumeration(&["ipv4", "ipv6"]);
const SCOPES: Kind = Kind::Enumeration(&["svm", "cluster"]);
/// The services that ONTAP documents. The configuration of a cluster may name others.
const SERVICES: Kind = Kind::Enumeration(&[
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
const STATES: Kind = Kind::Enumeration(&["up", "down"]);

/// `/api/network/ip/interfaces`.
pub static LIF: Schema<LifRecord> = Schema {
    name: "ip_interface",
    documented: Documented::of(include_str!("documented/ip_interface.txt")),
    order: &["name", "uuid"],
    hidden: &[],
    fields: fields![
        "enabled" Kind::Boolean, Default, Never => |_| true.into();
        "ip.address" Kind::Text, Default, Never => |l| (&l.address).into();
        "ip.family" FAMILIES, Default, Never => |l| if l.address.contains(':') { "ipv6" } else { "ipv4" }.into();
        "ip.netmask" Kind::Text, Default, Never => |l| if l.address.contains(':') { "64" } else { "24" }.into();
        "ipspace.name" Kind::Text, Default, Never => |l| (&l.ipspace.name).into();
        "ipspace.uuid" Kind::Uuid, Default, Never => |l| l.ipspace.uuid.into();
        "location.auto_revert" Kind::Boolean, Default, Never => |_| false.into();
        "location.failover" FAILOVER, Default, Never => |_| "default".into();
        "location.home_node.name" Kind::Text, Default, Never => |l| (&l.node.name).into();
        "location.home_node.uuid" Kind::Uuid, Default, Never => |l| l.node.uuid.into();
        "location.home_port.name" Kind::Text, Default, Never => |_| PORT.into();
        "location.home_port.node.name" Kind::Text, Default, Never => |l| (&l.node.name).into();
        "location.home_port.uuid" Kind::Uuid, Default, Never => |l| l.port().into();
        "location.is_home" Kind::Boolean, Default, Never => |_| true.into();
        "location.node.name" Kind::Text, Default, Never => |l| (&l.node.name).into();
        "location.node.uuid" Kind::Uuid, Default, Never => |l| l.node.uuid.into();
        "location.port.name" Kind::Text, Default, Never => |_| PORT.into();
        "location.port.node.name" Kind::Text, Default, Never => |l| (&l.node.name).into();
        "location.port.uuid" Kind::Uuid, Default, Never => |l| l.port().into();
        "name" Kind::Text, Key, Never => |l| (&l.lif.name).into();
        "scope" SCOPES, Default, Never => |_| "svm".into();
        "service_policy.name" Kind::Text, Default, Never => |_| "default-data-files".into();
        "services" SERVICES, Default, Never => |l| Value::List(l.services.iter().map(Value::from).collect());
        "state" STATES, Default, Never => |_| "up".into();
        "svm.name" Kind::Text, Default, Never => |l| (&l.place.svm.name).into();
        "svm.uuid" Kind::Uuid, Default, Never => |l| l.place.svm.uuid.into();
        "uuid" Kind::Uuid, Key, Never => |l| l.lif.uuid.into();
    ],
    references: references![
        "location.home_node" => |l, _| Some(format!("/api/cluster/nodes/{}", l.node.uuid));
        "location.node" => |l, _| Some(format!("/api/cluster/nodes/{}", l.node.uuid));
        "svm" => |l, _| Some(l.place.svm_href());
    ],
    arrays: &[Array::at("services")],
    href: |l| format!("/api/network/ip/interfaces/{}", l.lif.uuid),
};
