//! The table of paths, methods and handlers. The errors for all other requests and the coverage
//! table come from it too.

use nessie_ontap_protocol::records::{
    AGGREGATE, APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLI_AGGREGATE, CLI_NODE,
    CLI_RECOVERY_QUEUE, CLI_SNAPSHOT, CLI_VERSION, CLI_VOLUME, CLI_VSERVER, CLUSTER, CLUSTER_PEER,
    COMPLIANCE_CLOCK, COUNTER_ROW, COUNTER_TABLE, DISK, DNS, EMS_EVENT, EMS_MESSAGE, EXPORT_CLIENT,
    EXPORT_POLICY, EXPORT_RULE, FILE, FILE_CLONE, FILE_COPY, FILE_MOVE, FPOLICY_POLICY,
    IP_INTERFACE, IPSPACE, JOB, KEY_MANAGER, LICENSE, LUN, NFS_SERVICE, NODE, QOS_POLICY, QTREE,
    QTREE_METRICS, QUOTA_REPORT, QUOTA_RULE, SCHEDULE, SNAPMIRROR, SNAPSHOT, SNAPSHOT_POLICY,
    SNAPSHOT_POLICY_SCHEDULE, SOFTWARE, SPLIT_STATUS, SVM, SVM_PEER, VOLUME, VOLUME_METRICS,
};
use nessie_ontap_protocol::{ApiError, Method, Url};

use crate::cluster::Cluster;
use crate::fields::{FieldInfo, documented_of, fields_of};
use crate::handlers::dns::DnsConfigurations;
use crate::handlers::export_clients::ExportClients;
use crate::handlers::export_policies::ExportPolicies;
use crate::handlers::export_rules::ExportPolicyRules;
use crate::handlers::files::{FileClones, FileCopies, FileMoves};
use crate::handlers::nfs_services::NfsServices;
use crate::handlers::qos_policies::QosPolicies;
use crate::handlers::qtrees::QtreeResource;
use crate::handlers::quota_reports::QuotaReports;
use crate::handlers::quota_rules::QuotaRuleResource;
use crate::handlers::recovery_queue::RecoveryQueue;
use crate::handlers::schedules::Schedules;
use crate::handlers::snapshot_policies::SnapshotPolicies;
use crate::handlers::snapshot_policy_schedules::SnapshotPolicySchedules;
use crate::handlers::svms::Svms;
use crate::handlers::{
    HandlerResult, RequestContext, cli, cluster, counters, empty, ems, files, jobs, metrics,
    recovery_queue, resource, snapshots, svm, volumes, zapi,
};
use crate::http::{Request, Response, method_name};
use crate::svms::Epochs;

/// A path and the handlers of its methods.
pub(crate) struct Route {
    /// The path, with its variables in braces.
    pub(crate) path: &'static str,
    pub(crate) methods: &'static [(Method, Handler)],
    /// The name of its objects.
    pub(crate) object: fn() -> &'static str,
    /// The fields of its objects.
    pub(crate) fields: fn() -> Vec<FieldInfo>,
    /// The other fields that ONTAP documents for them.
    pub(crate) documented: fn() -> Vec<&'static str>,
}

type Handler = fn(&RequestContext<'_>) -> HandlerResult;

macro_rules! routes {
    ($($path:literal, $schema:ident: $($method:ident $handler:expr),+;)+) => {
        &[$(Route {
            path: $path,
            methods: &[$((Method::$method, $handler)),+],
            object: || $schema.name,
            fields: || fields_of(&$schema),
            documented: || documented_of(&$schema),
        }),+]
    };
}

/// For each schema, the paths of the collection and of one object.
macro_rules! empty_routes {
    ($($schema:ident: $collection:literal, $instance:literal;)+) => {
        routes![$(
            $collection, $schema: Get |context| empty::collection(context, &$schema);
            $instance, $schema: Get |context| empty::instance(context, &$schema, last_variable($instance));
        )+]
    };
}

/// For each schema and resource, the paths of the collection and of one object, with all methods.
macro_rules! resource_routes {
    ($($schema:ident $resource:ident: $collection:literal, $instance:literal;)+) => {
        routes![$(
            $collection, $schema:
                Get resource::list::<$resource>, Post resource::post::<$resource>,
                Patch resource::patch_many::<$resource>, Delete resource::delete_many::<$resource>;
            $instance, $schema:
                Get resource::get::<$resource>, Patch resource::patch::<$resource>,
                Delete resource::delete::<$resource>;
        )+]
    };
}

/// The most frequent ones are first.
static ROUTES: &[Route] = routes![
    "/api/storage/volumes/{uuid}", VOLUME: Get volumes::get, Patch volumes::patch, Delete volumes::delete;
    "/api/storage/volumes", VOLUME: Get volumes::list, Post volumes::post, Patch volumes::patch_many, Delete volumes::delete_many;
    "/api/cluster/jobs/{uuid}", JOB: Get jobs::get, Patch jobs::patch;
    "/api/storage/volumes/{volume.uuid}/snapshots/{uuid}", SNAPSHOT: Get snapshots::get, Patch snapshots::patch, Delete snapshots::delete;
    "/api/storage/volumes/{volume.uuid}/snapshots", SNAPSHOT: Get snapshots::list, Post snapshots::post, Patch snapshots::patch_many, Delete snapshots::delete_many;
    "/api/cluster", CLUSTER: Get cluster::cluster;
    "/api/cluster/jobs", JOB: Get jobs::list;
    "/api/cluster/counter/tables", COUNTER_TABLE: Get counters::tables;
    "/api/cluster/counter/tables/{name}", COUNTER_TABLE: Get counters::table;
    "/api/cluster/counter/tables/{counter_table.name}/rows", COUNTER_ROW: Get counters::rows;
    "/api/cluster/counter/tables/{counter_table.name}/rows/{id}", COUNTER_ROW: Get counters::row;
    "/api/cluster/licensing/licenses", LICENSE: Get cluster::licenses;
    "/api/cluster/licensing/licenses/{name}", LICENSE: Get cluster::license_of;
    "/api/cluster/nodes", NODE: Get cluster::nodes;
    "/api/cluster/nodes/{uuid}", NODE: Get cluster::node;
    "/api/cluster/software", SOFTWARE: Get cluster::software;
    "/api/network/ip/interfaces", IP_INTERFACE: Get svm::lifs;
    "/api/network/ip/interfaces/{uuid}", IP_INTERFACE: Get svm::lif;
    "/api/network/ipspaces", IPSPACE: Get cluster::ipspaces;
    "/api/network/ipspaces/{uuid}", IPSPACE: Get cluster::ipspace;
    "/api/protocols/fpolicy/{svm.uuid}/policies", FPOLICY_POLICY: Get svm::fpolicy_policies;
    "/api/protocols/fpolicy/{svm.uuid}/policies/{name}", FPOLICY_POLICY: Get svm::fpolicy_policy;
    "/api/protocols/nfs/export-policies/{policy.id}/rules/{index}/clients", EXPORT_CLIENT: Get resource::list::<ExportClients>, Post resource::post::<ExportClients>, Delete resource::delete_many::<ExportClients>;
    "/api/protocols/nfs/export-policies/{policy.id}/rules/{index}/clients/{match}", EXPORT_CLIENT: Get resource::get::<ExportClients>, Delete resource::delete::<ExportClients>;
    "/api/private/cli/aggr", CLI_AGGREGATE: Get cli::aggregates;
    "/api/private/cli/volume/recovery-queue", CLI_RECOVERY_QUEUE: Get recovery_queue::list, Patch resource::patch_many::<RecoveryQueue>, Delete resource::delete_many::<RecoveryQueue>;
    "/api/private/cli/volume/recovery-queue/purge", CLI_RECOVERY_QUEUE: Post recovery_queue::purge;
    "/api/private/cli/volume/recovery-queue/purge-all", CLI_RECOVERY_QUEUE: Post recovery_queue::purge_all;
    "/api/private/cli/volume/recovery-queue/recover", CLI_RECOVERY_QUEUE: Post recovery_queue::recover;
    "/api/private/cli/volume/recovery-queue/recover-all", CLI_RECOVERY_QUEUE: Post recovery_queue::recover_all;
    "/api/private/cli/node", CLI_NODE: Get cli::nodes;
    "/api/private/cli/snapshot", CLI_SNAPSHOT: Get cli::snapshots, Delete cli::delete_snapshots;
    "/api/private/cli/version", CLI_VERSION: Get cli::version;
    "/api/private/cli/volume", CLI_VOLUME: Get cli::volumes;
    "/api/private/cli/volume/snapshot", CLI_SNAPSHOT: Get cli::snapshots, Delete cli::delete_snapshots;
    "/api/private/cli/vserver", CLI_VSERVER: Get cli::vservers;
    "/api/storage/aggregates", AGGREGATE: Get cluster::aggregates;
    "/api/storage/aggregates/{uuid}", AGGREGATE: Get cluster::aggregate;
    "/api/storage/file/clone", FILE_CLONE: Post resource::post::<FileClones>;
    "/api/storage/volumes/{volume.uuid}/files", FILE: Get files::list;
    "/api/storage/volumes/{volume.uuid}/files/{path}", FILE: Get files::missing, Patch files::missing, Delete files::missing;
    "/api/storage/quota/reports", QUOTA_REPORT: Get resource::list::<QuotaReports>;
    "/api/storage/quota/reports/{volume.uuid}/{index}", QUOTA_REPORT: Get resource::get::<QuotaReports>;
    "/api/storage/snaplock/compliance-clocks", COMPLIANCE_CLOCK: Get cluster::compliance_clocks;
    "/api/storage/snaplock/compliance-clocks/{node.uuid}", COMPLIANCE_CLOCK: Get cluster::compliance_clock;
    "/api/support/ems/application-logs", APPLICATION_LOG: Post empty::application_log;
    "/api/support/ems/events", EMS_EVENT: Get ems::events;
    "/api/support/ems/events/{node.name}/{index}", EMS_EVENT: Get ems::event;
    "/api/support/ems/messages", EMS_MESSAGE: Get ems::messages;
    "/api/storage/volumes/{volume.uuid}/metrics", VOLUME_METRICS: Get metrics::of_volume;
    "/api/storage/volumes/{volume.uuid}/metrics/{timestamp}", VOLUME_METRICS: Get metrics::one_of_volume;
    "/api/storage/qtrees/{volume.uuid}/{qtree.id}/metrics", QTREE_METRICS: Get metrics::of_qtree;
    "/api/storage/file/copy", FILE_COPY: Post resource::post::<FileCopies>;
    "/api/storage/file/moves", FILE_MOVE: Get resource::list::<FileMoves>, Post resource::post::<FileMoves>;
    "/api/storage/file/moves/{node.uuid}/{uuid}/{index}", FILE_MOVE: Get resource::get::<FileMoves>;
];

/// The objects that requests create, change and delete in the same ways.
static RESOURCE_ROUTES: &[Route] = resource_routes![
    SCHEDULE Schedules: "/api/cluster/schedules", "/api/cluster/schedules/{uuid}";
    DNS DnsConfigurations: "/api/name-services/dns", "/api/name-services/dns/{svm.uuid}";
    EXPORT_POLICY ExportPolicies: "/api/protocols/nfs/export-policies", "/api/protocols/nfs/export-policies/{id}";
    EXPORT_RULE ExportPolicyRules: "/api/protocols/nfs/export-policies/{policy.id}/rules", "/api/protocols/nfs/export-policies/{policy.id}/rules/{index}";
    NFS_SERVICE NfsServices: "/api/protocols/nfs/services", "/api/protocols/nfs/services/{svm.uuid}";
    QOS_POLICY QosPolicies: "/api/storage/qos/policies", "/api/storage/qos/policies/{uuid}";
    QTREE QtreeResource: "/api/storage/qtrees", "/api/storage/qtrees/{volume.uuid}/{id}";
    QUOTA_RULE QuotaRuleResource: "/api/storage/quota/rules", "/api/storage/quota/rules/{uuid}";
    SNAPSHOT_POLICY SnapshotPolicies: "/api/storage/snapshot-policies", "/api/storage/snapshot-policies/{uuid}";
    SNAPSHOT_POLICY_SCHEDULE SnapshotPolicySchedules: "/api/storage/snapshot-policies/{snapshot_policy.uuid}/schedules", "/api/storage/snapshot-policies/{snapshot_policy.uuid}/schedules/{schedule.uuid}";
    SVM Svms: "/api/svm/svms", "/api/svm/svms/{uuid}";
];

/// The collections that are always empty.
static EMPTY_ROUTES: &[Route] = empty_routes![
    CLUSTER_PEER: "/api/cluster/peers", "/api/cluster/peers/{uuid}";
    CIFS_SERVICE: "/api/protocols/cifs/services", "/api/protocols/cifs/services/{svm.uuid}";
    CIFS_SHARE: "/api/protocols/cifs/shares", "/api/protocols/cifs/shares/{svm.uuid}/{name}";
    KEY_MANAGER: "/api/security/key-managers", "/api/security/key-managers/{uuid}";
    SNAPMIRROR: "/api/snapmirror/relationships", "/api/snapmirror/relationships/{uuid}";
    SPLIT_STATUS: "/api/storage/file/clone/split-status", "/api/storage/file/clone/split-status/{volume.uuid}";
    DISK: "/api/storage/disks", "/api/storage/disks/{name}";
    LUN: "/api/storage/luns", "/api/storage/luns/{uuid}";
    SVM_PEER: "/api/svm/peers", "/api/svm/peers/{uuid}";
];

/// The path of ZAPI, the older XML interface.
const ZAPI: [&str; 2] = ["servlets", "netapp.servlets.admin.XMLrequest_filer"];

/// The start of the paths of commands.
const COMMANDS: &str = "/api/private/cli/";

/// How often a GET is carried out again because a backend was reset meanwhile.
const MAX_READS: u32 = 16;

pub(crate) fn answer(cluster: &Cluster, request: &Request<'_>, url: &Url) -> Response {
    if url.segments == ZAPI {
        return zapi::answer(request);
    }
    let found =
        routes().find_map(|route| Some((route, path_variables(route.path, &url.segments)?)));
    let Some((route, path_variables)) = found else {
        return Response::refusal(&unknown_path(&url.segments));
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
    let svms = cluster.svms.list();
    if let Err(error) = cluster.run_policies(&svms) {
        return Response::refusal(&error);
    }
    cluster.purge_expired(&svms);
    let mut context = RequestContext {
        cluster,
        svm_list: &svms,
        request,
        url,
        path_variables,
        epochs: Epochs::of(&svms),
    };
    for _ in 0..MAX_READS {
        let response = handler(&context).unwrap_or_else(|error| Response::refusal(&error));
        if method != Method::Get || context.epochs.are_current(&svms) {
            return response;
        }
        // A backend was reset meanwhile: the response may have objects of after the reset with data
        // of before it.
        context.epochs = Epochs::of(&svms);
    }
    let message = "A backend was reset each time that it was read. Send the request again.";
    Response::refusal(&ApiError::new(503, 8, message))
}

/// The refusal of a path without a route.
fn unknown_path(segments: &[String]) -> ApiError {
    match segments {
        [api, private, cli, words @ ..] if [api, private, cli] == ["api", "private", "cli"] => {
            let simulated = routes().filter_map(|route| route.path.strip_prefix(COMMANDS));
            cli::unknown_command(words, &simulated.collect::<Vec<_>>())
        }
        _ => {
            let path: String = format!("/{}", segments.join("/")).chars().take(64).collect();
            ApiError::new(404, 3, format!("API not found: {path:?} is not simulated."))
        }
    }
}

/// All routes.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(RESOURCE_ROUTES).chain(EMPTY_ROUTES)
}

/// The name of the last variable of a path.
fn last_variable(path: &'static str) -> &'static str {
    path.rsplit('{').next().unwrap_or_default().trim_end_matches('}')
}

/// The values of a path's variables, if the segments match the path.
fn path_variables<'u>(path: &str, segments: &'u [String]) -> Option<Vec<&'u str>> {
    let mut path_variables = Vec::new();
    let mut segments = segments.iter();
    // As bytes: the search for a `char` is slow in short segments.
    for part in path.as_bytes().split(|byte| *byte == b'/').skip(1) {
        let segment = segments.next()?.as_str();
        if part.starts_with(b"{") {
            path_variables.push(segment);
        } else if part != segment.as_bytes() {
            return None;
        }
    }
    segments.next().is_none().then_some(path_variables)
}

/// The value of the header `Allow`.
fn allowed(route: &Route) -> String {
    let words = route.methods.iter().map(|(method, _)| method_name(*method));
    let mut words: Vec<_> = words.collect();
    if words.contains(&"GET") {
        words.push("HEAD");
    }
    words.push("OPTIONS");
    words.join(", ")
}

/// A quick guess from the text of a request. It need not be right.
pub(crate) fn may_take_long(request: &Request<'_>) -> bool {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    // With a `*`, encoded or not, the request searches all volumes.
    if path.bytes().any(|byte| matches!(byte, b'*' | b'%')) {
        return true;
    }
    // Fields that need a search in all volumes, or a count.
    let searches = ["owners", "has_flexclone", "snapshot_count", "**", "%2A%2A", "%2a%2a"];
    if searches.iter().any(|word| query.contains(word)) {
        return true;
    }
    match request.method {
        Method::Options => false,
        // Many objects in one request.
        Method::Post => request.body.len() > 16 << 10,
        Method::Get | Method::Head | Method::Patch | Method::Delete => {
            let is_many =
                matches!(last, "volumes" | "snapshots" | "jobs" | "qtrees" | "rules" | "reports");
            let is_command = path.starts_with(COMMANDS);
            is_command || is_many && !query.split('&').any(names_one)
        }
    }
}

/// Whether a parameter names one object, so that no search is needed.
fn names_one(parameter: &str) -> bool {
    let value = parameter.strip_prefix("name=").or_else(|| parameter.strip_prefix("uuid="));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    value.is_some_and(|value| !value.is_empty() && value.bytes().all(is_plain))
}
