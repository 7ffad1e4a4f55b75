//! Which path and method is answered by what: one table, from which the refusals of all others
//! and the table of what is implemented come too.

use nessie_ontap_protocol::records::{
    AGGREGATE, APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLI_AGGREGATE, CLUSTER, CLUSTER_PEER,
    COMPLIANCE_CLOCK, COUNTER_ROW, COUNTER_TABLE, DISK, DNS, EXPORT_POLICY, EXPORT_RULE,
    FPOLICY_POLICY, IP_INTERFACE, JOB, KEY_MANAGER, LICENSE, LUN, NFS_SERVICE, NODE, QOS_POLICY,
    QTREE, SNAPMIRROR, SNAPSHOT, SNAPSHOT_POLICY, SOFTWARE, SVM, SVM_PEER, VOLUME,
};
use nessie_ontap_protocol::{ApiError, Method, Url};

use crate::call::{Answer, Call};
use crate::cluster::Cluster;
use crate::coverage::{Fields, documented_of, fields_of};
use crate::handlers::{
    cli, clusters, counters, jobs, nothing, policies, snapshots, svms, volumes, zapi,
};
use crate::{Request, Response};

/// A path and what answers its methods.
pub(crate) struct Route {
    /// Its segments; a variable stands in braces.
    pub(crate) path: &'static str,
    pub(crate) methods: &'static [(Method, Handler)],
    /// What its objects are called.
    pub(crate) object: fn() -> &'static str,
    /// The fields of its objects.
    pub(crate) fields: fn() -> Fields,
    /// The other fields that ONTAP documents for them.
    pub(crate) documented: fn() -> Vec<&'static str>,
}

type Handler = fn(&Call<'_>) -> Answer;

macro_rules! routes {
    ($($path:literal, $schema:ident: $($method:ident $handler:path),+;)+) => {
        &[$(Route {
            path: $path,
            methods: &[$((Method::$method, $handler)),+],
            object: || $schema.name,
            fields: || fields_of(&$schema),
            documented: || documented_of(&$schema),
        }),+]
    };
}

/// Those that are asked for most come first.
pub(crate) static ROUTES: &[Route] = routes![
    "/api/storage/volumes/{uuid}", VOLUME: Get volumes::get, Patch volumes::patch, Delete volumes::delete;
    "/api/storage/volumes", VOLUME: Get volumes::list, Post volumes::post, Patch volumes::patch_many, Delete volumes::delete_many;
    "/api/cluster/jobs/{uuid}", JOB: Get jobs::get, Patch jobs::patch;
    "/api/storage/volumes/{volume.uuid}/snapshots/{uuid}", SNAPSHOT: Get snapshots::get, Patch snapshots::patch, Delete snapshots::delete;
    "/api/storage/volumes/{volume.uuid}/snapshots", SNAPSHOT: Get snapshots::list, Post snapshots::post, Patch snapshots::patch_many, Delete snapshots::delete_many;
    "/api/cluster", CLUSTER: Get clusters::cluster;
    "/api/cluster/jobs", JOB: Get jobs::list;
    "/api/cluster/counter/tables", COUNTER_TABLE: Get counters::tables;
    "/api/cluster/counter/tables/{name}", COUNTER_TABLE: Get counters::table;
    "/api/cluster/counter/tables/{counter_table.name}/rows", COUNTER_ROW: Get counters::rows;
    "/api/cluster/counter/tables/{counter_table.name}/rows/{id}", COUNTER_ROW: Get counters::row;
    "/api/cluster/licensing/licenses", LICENSE: Get clusters::licenses;
    "/api/cluster/licensing/licenses/{name}", LICENSE: Get clusters::license_of;
    "/api/cluster/nodes", NODE: Get clusters::nodes;
    "/api/cluster/nodes/{uuid}", NODE: Get clusters::node;
    "/api/cluster/peers", CLUSTER_PEER: Get nothing::cluster_peers;
    "/api/cluster/peers/{uuid}", CLUSTER_PEER: Get nothing::cluster_peer;
    "/api/cluster/software", SOFTWARE: Get clusters::software;
    "/api/name-services/dns", DNS: Get nothing::dns;
    "/api/name-services/dns/{svm.uuid}", DNS: Get nothing::dns_of_svm;
    "/api/network/ip/interfaces", IP_INTERFACE: Get svms::lifs;
    "/api/network/ip/interfaces/{uuid}", IP_INTERFACE: Get svms::lif;
    "/api/protocols/cifs/services", CIFS_SERVICE: Get nothing::cifs_services;
    "/api/protocols/cifs/services/{svm.uuid}", CIFS_SERVICE: Get nothing::cifs_service;
    "/api/protocols/cifs/shares", CIFS_SHARE: Get nothing::cifs_shares;
    "/api/protocols/cifs/shares/{svm.uuid}/{name}", CIFS_SHARE: Get nothing::cifs_share;
    "/api/protocols/fpolicy/{svm.uuid}/policies", FPOLICY_POLICY: Get svms::fpolicy_policies;
    "/api/protocols/fpolicy/{svm.uuid}/policies/{name}", FPOLICY_POLICY: Get svms::fpolicy_policy;
    "/api/protocols/nfs/export-policies", EXPORT_POLICY: Get policies::export_policies;
    "/api/protocols/nfs/export-policies/{id}", EXPORT_POLICY: Get policies::export_policy;
    "/api/protocols/nfs/export-policies/{id}/rules", EXPORT_RULE: Get policies::export_rules;
    "/api/protocols/nfs/export-policies/{id}/rules/{index}", EXPORT_RULE: Get policies::export_rule;
    "/api/protocols/nfs/services", NFS_SERVICE: Get svms::nfs_services;
    "/api/protocols/nfs/services/{svm.uuid}", NFS_SERVICE: Get svms::nfs_service;
    "/api/private/cli/aggr", CLI_AGGREGATE: Get cli::aggregates;
    "/api/security/key-managers", KEY_MANAGER: Get nothing::key_managers;
    "/api/security/key-managers/{uuid}", KEY_MANAGER: Get nothing::key_manager;
    "/api/snapmirror/relationships", SNAPMIRROR: Get nothing::relationships;
    "/api/snapmirror/relationships/{uuid}", SNAPMIRROR: Get nothing::relationship;
    "/api/storage/aggregates", AGGREGATE: Get clusters::aggregates;
    "/api/storage/aggregates/{uuid}", AGGREGATE: Get clusters::aggregate;
    "/api/storage/disks", DISK: Get nothing::disks;
    "/api/storage/disks/{name}", DISK: Get nothing::disk;
    "/api/storage/luns", LUN: Get nothing::luns;
    "/api/storage/luns/{uuid}", LUN: Get nothing::lun;
    "/api/storage/qos/policies", QOS_POLICY: Get nothing::qos_policies;
    "/api/storage/qos/policies/{uuid}", QOS_POLICY: Get nothing::qos_policy;
    "/api/storage/qtrees", QTREE: Get nothing::qtrees;
    "/api/storage/qtrees/{volume.uuid}/{id}", QTREE: Get nothing::qtree;
    "/api/storage/snaplock/compliance-clocks", COMPLIANCE_CLOCK: Get clusters::compliance_clocks;
    "/api/storage/snaplock/compliance-clocks/{node.uuid}", COMPLIANCE_CLOCK: Get clusters::compliance_clock;
    "/api/storage/snapshot-policies", SNAPSHOT_POLICY: Get policies::snapshot_policies;
    "/api/storage/snapshot-policies/{uuid}", SNAPSHOT_POLICY: Get policies::snapshot_policy;
    "/api/support/ems/application-logs", APPLICATION_LOG: Post nothing::application_log;
    "/api/svm/peers", SVM_PEER: Get nothing::peers;
    "/api/svm/peers/{uuid}", SVM_PEER: Get nothing::peer;
    "/api/svm/svms", SVM: Get svms::list;
    "/api/svm/svms/{uuid}", SVM: Get svms::get;
];

/// The path of the older interface, which speaks XML.
const ZAPI: [&str; 2] = ["servlets", "netapp.servlets.admin.XMLrequest_filer"];

/// How often a GET is carried out anew because a backend was reset meanwhile.
const MOST_READS: u32 = 16;

pub(crate) fn answer(cluster: &Cluster, request: &Request<'_>, url: &Url) -> Response {
    if url.segments == ZAPI {
        return zapi::answer(request);
    }
    let found =
        ROUTES.iter().find_map(|route| Some((route, arguments(route.path, &url.segments)?)));
    let Some((route, arguments)) = found else {
        return Response::refusal(&ApiError::new(404, 3, "API not found"));
    };
    let method = match request.method {
        Method::Head => Method::Get,
        method => method,
    };
    let handler = route.methods.iter().find(|(other, _)| *other == method);
    let Some((_, handler)) = handler else {
        let mut response = if method == Method::Options {
            Response::json(200, b"{}".to_vec())
        } else {
            let message = "The method is not implemented for this path.";
            Response::refusal(&ApiError::new(405, 3, message))
        };
        response.headers.push(("Allow", allowed(route)));
        return response;
    };
    let mut call = Call { cluster, request, url, arguments, epochs: epochs(cluster) };
    for _ in 0..MOST_READS {
        let response = handler(&call).unwrap_or_else(|error| Response::refusal(&error));
        let after = epochs(cluster);
        if method != Method::Get || after == call.epochs {
            return response;
        }
        // A backend was reset meanwhile: the reply may have objects of after the reset with data of
        // before it.
        call.epochs = after;
    }
    let message = "A backend was reset each time that it was read. Send the request again.";
    Response::refusal(&ApiError::new(503, 8, message))
}

/// The epochs of the SVMs' backends, in the order of the SVMs.
fn epochs(cluster: &Cluster) -> Vec<u64> {
    cluster.rooms.iter().map(|room| room.backend.epoch()).collect()
}

/// What stands in the place of a path's variables, if the segments are of that path.
fn arguments<'u>(path: &str, segments: &'u [String]) -> Option<Vec<&'u str>> {
    let mut arguments = Vec::new();
    let mut segments = segments.iter();
    for part in path.split('/').skip(1) {
        let segment = segments.next()?.as_str();
        if part.starts_with('{') {
            arguments.push(segment);
        } else if part != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(arguments)
}

/// The value of the header `Allow`.
fn allowed(route: &Route) -> String {
    let words = route.methods.iter().map(|(method, _)| word(*method));
    let mut words: Vec<_> = words.collect();
    if words.contains(&"GET") {
        words.push("HEAD");
    }
    words.push("OPTIONS");
    words.join(", ")
}

/// A method as HTTP writes it.
pub(crate) const fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Options => "OPTIONS",
    }
}

/// Judges by the looks of a request: it need not be right, but it has to be quick.
pub(crate) fn may_take_long(request: &Request<'_>) -> bool {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    // With a `*`, encoded or not, it is about any volume.
    if path.bytes().any(|byte| matches!(byte, b'*' | b'%')) {
        return true;
    }
    // What is searched for among all volumes, or counted.
    let searches = ["owners", "has_flexclone", "snapshot_count", "**", "%2A%2A", "%2a%2a"];
    if searches.iter().any(|word| query.contains(word)) {
        return true;
    }
    match request.method {
        Method::Options => false,
        // Many in one request.
        Method::Post => request.body.len() > 16 << 10,
        Method::Get | Method::Head | Method::Patch | Method::Delete => {
            let is_many = matches!(last, "volumes" | "snapshots" | "jobs");
            is_many && !query.split('&').any(names_one)
        }
    }
}

/// Whether a parameter lets a look-up stand for a search.
fn names_one(parameter: &str) -> bool {
    let value = parameter.strip_prefix("name=").or_else(|| parameter.strip_prefix("uuid="));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    value.is_some_and(|value| !value.is_empty() && value.bytes().all(is_plain))
}
