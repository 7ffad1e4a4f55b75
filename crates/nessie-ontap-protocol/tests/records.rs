//! The schemas of the objects.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use nessie_ontap_protocol::records::{
    AGGREGATE, APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLI_AGGREGATE, CLI_NODE,
    CLI_RECOVERY_QUEUE, CLI_SNAPSHOT, CLI_SNAPSHOT_COMMAND, CLI_VERSION, CLI_VOLUME,
    CLI_VOLUME_COMMAND, CLI_VSERVER, CLUSTER, CLUSTER_PEER, COMPLIANCE_CLOCK, COUNTER_ROW,
    COUNTER_TABLE, CliCommand, DISK, DNS, EMS_EVENT, EMS_MESSAGE, EXPORT_CLIENT, EXPORT_POLICY,
    EXPORT_RULE, FILE, FILE_CLONE, FILE_COPY, FILE_MOVE, FPOLICY_POLICY, IP_INTERFACE, IPSPACE,
    JOB, KEY_MANAGER, LICENSE, LUN, NFS_SERVICE, NODE, QOS_POLICY, QTREE, QTREE_METRICS,
    QUOTA_REPORT, QUOTA_RULE, SCHEDULE, SNAPMIRROR, SNAPSHOT, SNAPSHOT_POLICY,
    SNAPSHOT_POLICY_SCHEDULE, SOFTWARE, SPLIT_STATUS, SVM, SVM_PEER, VOLUME, VOLUME_METRICS,
};
use nessie_ontap_protocol::{Method, Query, Schema, Url};

/// The results of a function for every schema.
macro_rules! each_schema {
    ($function:ident) => {
        [
            $function(&VOLUME),
            $function(&VOLUME_METRICS),
            $function(&EMS_EVENT),
            $function(&EMS_MESSAGE),
            $function(&SNAPSHOT),
            $function(&JOB),
            $function(&CLUSTER),
            $function(&NODE),
            $function(&AGGREGATE),
            $function(&SVM),
            $function(&IP_INTERFACE),
            $function(&EXPORT_CLIENT),
            $function(&IPSPACE),
            $function(&EXPORT_POLICY),
            $function(&SNAPSHOT_POLICY),
            $function(&SNAPSHOT_POLICY_SCHEDULE),
            $function(&SCHEDULE),
            $function(&SPLIT_STATUS),
            $function(&SVM_PEER),
            $function(&LUN),
            $function(&QTREE),
            $function(&QUOTA_REPORT),
            $function(&QUOTA_RULE),
            $function(&DISK),
            $function(&SNAPMIRROR),
            $function(&QOS_POLICY),
            $function(&EXPORT_RULE),
            $function(&CIFS_SERVICE),
            $function(&CIFS_SHARE),
            $function(&CLUSTER_PEER),
            $function(&DNS),
            $function(&FPOLICY_POLICY),
            $function(&KEY_MANAGER),
            $function(&CLI_AGGREGATE),
            $function(&CLI_RECOVERY_QUEUE),
            $function(&CLI_NODE),
            $function(&CLI_SNAPSHOT),
            $function(&CLI_VERSION),
            $function(&CLI_VOLUME),
            $function(&CLI_VSERVER),
            $function(&COMPLIANCE_CLOCK),
            $function(&COUNTER_ROW),
            $function(&COUNTER_TABLE),
            $function(&LICENSE),
            $function(&NFS_SERVICE),
            $function(&SOFTWARE),
            $function(&APPLICATION_LOG),
            $function(&FILE),
            $function(&FILE_CLONE),
            $function(&FILE_COPY),
            $function(&FILE_MOVE),
            $function(&QTREE_METRICS),
        ]
    };
}

fn faults<R>(schema: &'static Schema<R>) -> Vec<String> {
    schema.faults()
}

#[test]
fn every_schema_is_sound() {
    let faults = each_schema!(faults).concat();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Names every documented field of a schema in `fields`, filters and `order_by`, as a client may,
/// even if the schema lacks it. Returns their number.
fn name_documented<R>(schema: &'static Schema<R>) -> usize {
    let get = |target: String| {
        let url = Url::parse(&target).unwrap();
        Query::parse(schema, Method::Get, true, &[], &url)
            .unwrap_or_else(|error| panic!("{}: {target}: {error}", schema.name))
    };
    let mut named = 0;
    for field in schema.documented.fields() {
        let path = field.path;
        get(format!("/o?{path}=null"));
        get(format!("/o?{path}=!null&fields={path}"));
        if !schema.in_array(path) {
            get(format!("/o?order_by={path}"));
        }
        for (at, _) in path.match_indices('.') {
            let (object, rest) = path.split_at(at);
            get(format!("/o?fields={object}"));
            get(format!("/o?fields={object}.{{{}}}", &rest[1..]));
        }
        named += 1;
    }
    named
}

const fn name_of<R>(schema: &'static Schema<R>) -> &'static str {
    schema.name
}

#[test]
fn every_documented_field_may_be_named() {
    let named = each_schema!(name_documented);
    let without: Vec<_> =
        each_schema!(name_of).into_iter().zip(&named).filter(|(_, count)| **count == 0).collect();
    // ONTAP's REST documentation has neither the objects of the CLI nor the messages that clients log.
    let is_expected = |name: &str| name.starts_with("cli_") || name == APPLICATION_LOG.name;
    assert!(without.iter().all(|(name, _)| is_expected(name)), "{without:?}");
    assert!(named[0] > 480, "a volume has {} documented fields", named[0]);
}

fn unknown_sources<R>(command: &CliCommand<R>) -> Vec<&'static str> {
    let unknown = |(_, source): &&(&str, &'static str)| command.rest.field(source).is_none();
    command.sources.iter().filter(unknown).map(|(_, source)| *source).collect()
}

#[test]
fn every_field_of_a_command_shows_a_field_of_the_rest_api() {
    assert_eq!(unknown_sources(&CLI_VOLUME_COMMAND), [""; 0]);
    assert_eq!(unknown_sources(&CLI_SNAPSHOT_COMMAND), [""; 0]);
}

#[test]
fn a_query_of_a_command_selects_what_it_needs() {
    let of = |target: &str| {
        let url = Url::parse(target).unwrap();
        let query = Query::parse(&CLI_VOLUME, Method::Get, true, &[], &url).unwrap();
        CLI_VOLUME_COMMAND.rest_query(&query)
    };
    let query = of("/o?fields=snapshot-count&vserver=s&volume=v&order_by=max_autosize&used=>1");
    let needed = ["snapshot_count", "svm.name", "name", "autosize.maximum", "space.used"];
    assert!(needed.iter().all(|path| query.selection.has(path)));
    assert!(!query.selection.has("space.physical_used"));
    assert_eq!(query.filter.exact("svm.name"), Some("s"));
    assert_eq!(query.filter.exact("name"), Some("v"));
    // A pattern is left to the filter of the command.
    assert!(of("/o?volume=v*&vserver=a|b&type=RW").filter.is_empty());
    let quoted = of("/o?volume=%22a*%7Cb%22");
    assert_eq!(quoted.filter.exact("name"), Some("a*|b"));
    assert!(of("/o?volume=%7Ba%22b%7D").filter.is_empty());
}
