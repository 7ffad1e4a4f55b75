//! Snapshot policies and locks of the backend as clients see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nessie_backend_core::forward::Forward;
use nessie_backend_core::{
    PolicyBackend, Result, Snapshot, SnapshotBackend, SnapshotId, SnapshotPolicy, SnapshotRule,
    Timestamp, Uuid, VolumeBackend, VolumeId, VolumePatch, forward_snapshots, forward_volumes,
};
use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::{Value, json};

use crate::support::{Lab, UNKNOWN, VOLUMES};

const POLICIES: &str = "/api/storage/snapshot-policies";
const DAY: Duration = Duration::from_secs(86_400);

/// The identifier at the end of a path.
fn id(path: &str) -> VolumeId {
    VolumeId::new(path.rsplit('/').next().unwrap().parse::<Uuid>().unwrap())
}

fn rule(schedule: &str, prefix: &str) -> SnapshotRule {
    SnapshotRule::new(schedule.parse().unwrap(), prefix, 3)
}

/// The policies of the backend and their rules, as text.
fn policies(backend: &MemBackend) -> Vec<(String, Vec<String>)> {
    let text = |rule: &SnapshotRule| format!("{} {} {}", rule.schedule, rule.prefix, rule.keep);
    let policies = backend.list_snapshot_policies().into_iter();
    policies.map(|policy| (policy.name, policy.rules.iter().map(text).collect())).collect()
}

fn policy_of(lab: &Lab, path: &str) -> Value {
    let record = lab.get(&format!("{path}?fields=snapshot_policy"));
    let shown = record["snapshot_policy"].clone();
    let stored = lab.backend.get_volume(id(path)).unwrap().snapshot_policy;
    assert_eq!(shown["name"], json!(stored.as_deref().unwrap_or("none")));
    let found = lab.get(&format!("{POLICIES}/{}", shown["uuid"].as_str().unwrap()));
    assert_eq!(found["name"], shown["name"], "the UUID is that of the policy");
    shown["name"].clone()
}

fn refused(lab: &Lab, method: Method, target: &str, body: &str, status: u16, code: &str) {
    let mark = if target.contains('?') { '&' } else { '?' };
    let reply = lab.send(method, &format!("{target}{mark}return_timeout=15"), body);
    assert_eq!((reply.status, reply.code()), (status, code), "{target} {body}: {}", reply.json);
}

#[test]
fn a_backend_gets_the_policies_of_ontap_that_it_lacks() {
    let hourly = "5 * * * * hourly 6".to_owned();
    let daily = "10 0 * * * daily 2".to_owned();
    let expected = |weekly: &str| vec![hourly.clone(), daily.clone(), weekly.to_owned()];
    let lab = Lab::new();
    let builtin = [
        ("default".to_owned(), expected("15 0 * * 0 weekly 2")),
        ("default-1weekly".to_owned(), expected("15 0 * * 0 weekly 1")),
    ];
    assert_eq!(policies(&lab.backend), builtin);
    lab.backend.reset().unwrap();
    assert!(policies(&lab.backend).is_empty());
    let path = lab.volume("v1", "");
    assert_eq!(policies(&lab.backend), builtin, "a new volume needs them");
    assert_eq!(policy_of(&lab, &path), "default");

    let backend = MemBackend::builder().seed(1).build().unwrap();
    backend.create_snapshot_policy("default", [rule("0 0 * * *", "mine")]).unwrap();
    let served = backend.clone();
    let lab = Lab::with(|config| config.svms[0].backend = Arc::new(served));
    assert_eq!(backend.list_snapshot_policies().len(), 2);
    let shown = lab.get(&format!("{POLICIES}?name=default&fields=copies"));
    let copies = &shown["records"][0]["copies"];
    assert_eq!(
        *copies,
        json!([{"count": 3, "prefix": "mine", "retention_period": "PT0S", "snapmirror_label": "-",
                "schedule": {"name": "0 0 * * *", "uuid": copies[0]["schedule"]["uuid"]}}])
    );
}

#[test]
fn policies_of_the_backend_are_shown() {
    let lab = Lab::new();
    lab.backend.create_snapshot_policy("p", [rule("10 0 * * *", "daily")]).unwrap();
    assert_eq!(lab.names(POLICIES), ["default", "default-1weekly", "none", "p"]);
    let record = lab.get(&format!("{POLICIES}?name=p&fields=**"))["records"][0].clone();
    assert_eq!(record["scope"], "svm");
    assert_eq!(record["svm"]["name"], "svm1");
    let schedule = &record["copies"][0]["schedule"];
    assert_eq!(lab.get(schedule["_links"]["self"]["href"].as_str().unwrap())["name"], "daily");
    assert_eq!(
        record["copies"],
        json!([{"count": 3, "prefix": "daily", "retention_period": "PT0S", "schedule": schedule,
                "snapmirror_label": "-"}])
    );
    assert_eq!(lab.names(&format!("{POLICIES}?scope=svm")), ["p"]);
    assert_eq!(lab.names(&format!("{POLICIES}?scope=cluster")).len(), 3);
    assert_eq!(lab.send(Method::Get, &format!("{POLICIES}/{UNKNOWN}"), "").code(), "4");
}

#[test]
fn a_volume_uses_the_policy_that_a_request_names() {
    let lab = Lab::new();
    lab.backend.create_snapshot_policy("p", [rule("0 0 * * *", "p")]).unwrap();
    let uuid = lab.get(&format!("{POLICIES}?name=p"))["records"][0]["uuid"].clone();
    let named = [
        (String::new(), "default"),
        (r#","snapshot_policy":{"name":"none"}"#.to_owned(), "none"),
        (r#","snapshot_policy.name":"p""#.to_owned(), "p"),
        (format!(r#","snapshot_policy":{{"uuid":{uuid}}}"#), "p"),
        (format!(r#","snapshot_policy":{{"name":"p","uuid":{uuid}}}"#), "p"),
    ];
    for (number, (more, expected)) in named.iter().enumerate() {
        let path = lab.volume(&format!("v{number}"), more);
        assert_eq!(policy_of(&lab, &path), *expected, "{more}");
    }
    let path = format!("{VOLUMES}/{}", lab.backend.find_volume("v0").unwrap().unwrap().uuid);
    for (_, name) in &named {
        lab.done(Method::Patch, &path, &format!(r#"{{"snapshot_policy.name":"{name}"}}"#));
        assert_eq!(policy_of(&lab, &path), *name);
    }
    lab.backend.patch_volume(id(&path), VolumePatch::new().snapshot_policy("")).unwrap();
    assert_eq!(policy_of(&lab, &path), "none", "a change on the backend shows");
    assert_eq!(lab.names(&format!("{VOLUMES}?snapshot_policy.name=none")), ["v0", "v1"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?snapshot_policy.name=p")), ["v2", "v3", "v4"]);
    let clone = lab.clone_of("v2", None, "c1");
    assert_eq!(policy_of(&lab, &clone), "default");
}

#[test]
fn an_unknown_policy_changes_nothing() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let before = lab.backend.state_digest().unwrap();
    let unknown = r#"{"snapshot_policy.name":"p","comment":"x","size":"2GB"}"#;
    refused(&lab, Method::Patch, &path, unknown, 400, "917551");
    refused(&lab, Method::Patch, &format!("{path}?validate_only=true"), unknown, 400, "917551");
    let body = r#"{"name":"v2","svm.name":"svm1","aggregates":[{"name":"aggr1"}],"#;
    let other = format!(r#"{body}"snapshot_policy":{{"name":"p"}}}}"#);
    refused(&lab, Method::Post, VOLUMES, &other, 400, "917551");
    lab.backend.create_snapshot_policy("p", [rule("0 0 * * *", "p")]).unwrap();
    let uuid = lab.get(&format!("{POLICIES}?name=default"))["records"][0]["uuid"].clone();
    let other = format!(r#"{{"snapshot_policy":{{"name":"p","uuid":{uuid}}}}}"#);
    refused(&lab, Method::Patch, &path, &other, 400, "1638587");
    lab.backend.delete_snapshot_policy("p").unwrap();
    assert_eq!(lab.backend.state_digest().unwrap(), before);
    assert_eq!(lab.get(&path)["comment"], "");
}

#[test]
fn schedules_run_when_the_clock_is_advanced() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let quiet = lab.volume("v2", r#","snapshot_policy.name":"none""#);
    lab.backend.advance(DAY * 61 / 4).unwrap();
    // It began on a Saturday.
    let mut expected: Vec<_> = (0..6).map(|hour| format!("hourly.2000-01-16_0{hour}05")).collect();
    expected.extend([
        "weekly.2000-01-09_0015".to_owned(),
        "daily.2000-01-15_0010".to_owned(),
        "daily.2000-01-16_0010".to_owned(),
        "weekly.2000-01-16_0015".to_owned(),
    ]);
    expected.sort();
    let mut names = lab.names(&format!("{path}/snapshots"));
    names.sort();
    assert_eq!(names, expected);
    assert!(lab.names(&format!("{quiet}/snapshots")).is_empty());
}

/// A backend that takes a snapshot of each volume when the rules that are due run. It counts how often
/// all policies are listed, and refuses to replace and to delete one.
#[derive(Clone)]
pub(crate) struct AlwaysDue {
    pub(crate) backend: MemBackend,
    lists: Arc<AtomicU32>,
}

impl AlwaysDue {
    pub(crate) fn new() -> Self {
        Self { backend: MemBackend::new(), lists: Arc::default() }
    }
}

impl Forward for AlwaysDue {
    type Backend = MemBackend;

    fn forward<R>(&self, operation: impl FnOnce(&MemBackend) -> R) -> R {
        operation(&self.backend)
    }
}

impl VolumeBackend for AlwaysDue {
    forward_volumes!();
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(self)
    }
    fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
        Ok(self)
    }
}

impl SnapshotBackend for AlwaysDue {
    forward_snapshots!();
}

impl PolicyBackend for AlwaysDue {
    fn create_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        PolicyBackend::create_snapshot_policy(&self.backend, policy)
    }
    fn list_snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        PolicyBackend::list_snapshot_policies(&self.backend)
    }
    fn find_snapshot_policy(&self, name: &str) -> Result<Option<SnapshotPolicy>> {
        self.backend.find_snapshot_policy(name)
    }
    fn run_due(&self) -> Result<usize> {
        let volumes = self.backend.list_volumes()?;
        for volume in &volumes {
            let count = self.backend.list_snapshots(volume.uuid)?.len();
            self.backend.create_snapshot(volume.uuid, &format!("s{count}"))?;
        }
        Ok(volumes.len())
    }
    fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        self.backend.create_snapshot_until(volume, name, expires_at)
    }
    fn lock_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        self.backend.lock_snapshot(volume, snapshot, expires_at)
    }
}

#[test]
fn a_request_runs_what_is_due_only_if_the_cluster_runs_policies() {
    for (run_policies, expected) in [(false, 0), (true, 2)] {
        let backend = AlwaysDue::new();
        let lab = Lab::with(|config| {
            config.svms[0].backend = Arc::new(backend.clone());
            config.run_policies = run_policies;
        });
        let path = lab.volume("v1", "");
        lab.get(VOLUMES);
        assert_eq!(lab.names(&format!("{path}/snapshots")).len(), expected);
        lab.send(Method::Get, "/api/unknown", "");
        assert_eq!(backend.list_snapshots(id(&path)).unwrap().len(), expected);
    }
}

#[test]
fn a_request_that_names_a_policy_does_not_list_all() {
    let backend = AlwaysDue::new();
    let lab = Lab::with(|config| config.svms[0].backend = Arc::new(backend.clone()));
    backend.backend.create_snapshot_policy("p", [rule("0 0 * * *", "p")]).unwrap();
    let before = backend.lists.load(Ordering::Relaxed);
    let path = lab.volume("v0", "");
    for name in ["p", "none", "default-1weekly"] {
        lab.volume(
            &format!("v-{name}").replace('-', "_"),
            &format!(r#","snapshot_policy.name":"{name}""#),
        );
        lab.done(Method::Patch, &path, &format!(r#"{{"snapshot_policy.name":"{name}"}}"#));
    }
    assert_eq!(backend.lists.load(Ordering::Relaxed), before);
}

#[test]
fn an_expiry_time_is_a_lock_of_the_backend() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let snapshots = format!("{path}/snapshots");
    let first = lab.snapshot(&path, "s1");
    let body = r#"{"name":"s2","expiry_time":"2000-01-02T01:00:00+01:00","comment":"c"}"#;
    let second = lab.done(Method::Post, &snapshots, body).location();
    let end = |name: &str| {
        let found = lab.backend.find_snapshot(id(&path), name).unwrap().unwrap();
        found.expires_at.map(|end| end.to_string())
    };
    assert_eq!((end("s1"), end("s2")), (None, Some("2000-01-02T00:00:00Z".to_owned())));
    let shown = lab.get(&second);
    assert_eq!(
        (&shown["expiry_time"], &shown["comment"]),
        (&json!("2000-01-02T00:00:00+00:00"), &json!("c"))
    );
    assert_eq!(lab.names(&format!("{snapshots}?expiry_time=%3E2000-01-01T12:00:00Z")), ["s2"]);

    refused(&lab, Method::Delete, &second, "", 409, "1638555");
    let restore = format!("{path}?restore_to.snapshot.name=s1");
    refused(&lab, Method::Patch, &restore, "", 409, "9437886");
    refused(&lab, Method::Patch, &format!("{restore}&validate_only=true"), "", 409, "9437886");
    refused(&lab, Method::Delete, &path, "", 409, "460770");
    lab.backend
        .create_snapshot_until(
            id(&path),
            "s3",
            "2000-01-03T00:00:00Z".parse::<Timestamp>().unwrap(),
        )
        .unwrap();
    assert_eq!(lab.names(&format!("{snapshots}?expiry_time=%3E2000-01-02T12:00:00Z")), ["s3"]);

    lab.done(Method::Patch, &first, r#"{"expiry_time":"2000-01-01T12:00:00Z","name":"s0"}"#);
    assert_eq!(end("s0").as_deref(), Some("2000-01-01T12:00:00Z"));
    refused(&lab, Method::Delete, &first, "", 409, "1638555");
    lab.backend.advance(DAY * 2).unwrap();
    for snapshot in [&first, &second] {
        lab.done(Method::Delete, snapshot, "");
    }
    lab.done(Method::Delete, &path, "");
    lab.backend.check_invariants().unwrap();
}

#[test]
fn an_expiry_time_that_has_passed_changes_nothing() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let snapshot = lab.snapshot(&path, "s1");
    let before = lab.backend.state_digest().unwrap();
    for time in ["2000-01-01T00:00:00Z", "1999-12-31T00:00:00Z"] {
        let body = format!(r#"{{"name":"s2","expiry_time":"{time}"}}"#);
        refused(&lab, Method::Post, &format!("{path}/snapshots"), &body, 400, "262197");
        refused(&lab, Method::Patch, &snapshot, &body, 400, "1638554");
    }
    assert_eq!(lab.backend.state_digest().unwrap(), before);
    assert_eq!(lab.get(&snapshot)["name"], "s1");
}

#[test]
fn policies_of_two_backends_differ_in_their_svm() {
    let second = MemBackend::builder().seed(2).build().unwrap();
    let served = second.clone();
    let lab = Lab::with(|config| config.svms.push(Svm::new("svm2", Arc::new(served))));
    for backend in [&lab.backend, &second] {
        backend.create_snapshot_policy("p", [rule("0 0 * * *", "p")]).unwrap();
    }
    let found = lab.get(&format!("{POLICIES}?name=p&fields=svm.name"));
    let (one, other) = (&found["records"][0], &found["records"][1]);
    assert_eq!((&one["svm"]["name"], &other["svm"]["name"]), (&json!("svm1"), &json!("svm2")));
    assert_ne!(one["uuid"], other["uuid"]);
    let foreign = format!(r#"{{"snapshot_policy.uuid":{}}}"#, other["uuid"]);
    let path = lab.volume("v1", "");
    refused(&lab, Method::Patch, &path, &foreign, 400, "917551");
    assert_eq!(lab.names(&format!("{POLICIES}?svm.name=svm2")), ["p"]);
}
