//! A backend that is reset while it is served. Its seed makes the new objects get the same identifiers.
//! Data of the old objects must not appear on the new ones.

use std::sync::{Arc, Mutex};

use nessie_backend_core::{
    AccessHandle, Result, SnapshotBackend, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::MemBackend;
use nessie_store::{JobCompletion, Method};
use serde_json::Value;

use crate::support::{Lab, VOLUMES};

/// A backend that is reset, and gets the volume `new` with the snapshot `s1`, at some of its
/// operations.
struct ResetMeanwhile {
    backend: MemBackend,
    plan: Arc<Mutex<Plan>>,
}

/// The operations that reset the backend.
#[derive(Default)]
struct Plan {
    operation: &'static str,
    /// How many calls of the operation do not reset it.
    skipped: u32,
    /// How many calls after these reset it.
    resets: u32,
}

impl ResetMeanwhile {
    fn reset_at(&self, operation: &str) {
        let mut plan = self.plan.lock().unwrap();
        if plan.operation != operation {
            return;
        }
        if plan.skipped > 0 {
            plan.skipped -= 1;
        } else if plan.resets > 0 {
            plan.resets -= 1;
            self.backend.reset().unwrap();
            let volume = self.backend.create_volume(VolumeSpec::named("new")).unwrap();
            self.backend.create_snapshot(volume.uuid, "s1").unwrap();
        }
    }

    /// A cluster over such a backend, and the backend's plan.
    fn lab() -> (Lab, Arc<Mutex<Plan>>) {
        let plan = Arc::<Mutex<Plan>>::default();
        let lab = Lab::with(|config| {
            let backend = MemBackend::builder().seed(1).build().unwrap();
            config.svms[0].backend = Arc::new(Self { backend, plan: plan.clone() });
        });
        (lab, plan)
    }
}

impl VolumeBackend for ResetMeanwhile {
    fn epoch(&self) -> u64 {
        self.backend.epoch()
    }
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        self.reset_at("create_volume");
        self.backend.create_volume(spec)
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        self.reset_at("list_volumes");
        self.backend.list_volumes()
    }
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.reset_at("get_volume");
        self.backend.get_volume(uuid)
    }
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        let changed = self.backend.patch_volume(uuid, patch);
        self.reset_at("after patch_volume");
        changed
    }
    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.backend.delete_volume(uuid)
    }
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.backend.access_handle(uuid)
    }
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        self.reset_at("snapshot_backend");
        self.backend.snapshot_backend()
    }
}

#[test]
fn a_list_during_a_reset_does_not_mix_before_and_after() {
    let (lab, plan) = ResetMeanwhile::lab();
    let path = lab.volume("old", r#","comment":"from-before""#);
    *plan.lock().unwrap() = Plan { operation: "list_volumes", skipped: 0, resets: 1 };
    let listed = lab.get(&format!("{VOLUMES}?fields=comment"));
    assert_eq!(listed["records"][0]["name"], "new", "{listed}");
    assert!(path.ends_with(listed["records"][0]["uuid"].as_str().unwrap()), "{listed}");
    assert_eq!(listed["records"][0]["comment"], "", "{listed}");

    plan.lock().unwrap().resets = u32::MAX;
    let reply = lab.send(Method::Get, VOLUMES, "");
    assert_eq!((reply.status, reply.code()), (503, "8"), "{}", reply.json);
}

#[test]
fn a_change_of_an_object_of_the_new_epoch_keeps_its_attributes() {
    let (lab, plan) = ResetMeanwhile::lab();
    let reset = |operation, skipped| {
        *plan.lock().unwrap() = Plan { operation, skipped, resets: 1 };
    };
    let path = lab.volume("old", r#","comment":"from-before""#);
    let snapshot = lab.snapshot(&path, "s1");

    reset("get_volume", 1);
    lab.done(Method::Patch, &path, r#"{"snapshot_directory_access_enabled":false}"#);
    let record = lab.get(&format!("{path}?fields=**"));
    assert_eq!(record["name"], "new", "the volume was not reset in time");
    assert_eq!(record["snapshot_directory_access_enabled"], false);
    assert_eq!(record["comment"], "");

    reset("snapshot_backend", 0);
    lab.done(Method::Patch, &snapshot, r#"{"comment":"changed"}"#);
    assert_eq!(lab.get(&snapshot)["comment"], "changed");

    reset("create_volume", 0);
    let created = lab.volume("other", r#","comment":"created""#);
    assert_eq!(plan.lock().unwrap().resets, 0);
    assert_eq!(lab.get(&created)["comment"], "created");
}

#[test]
fn a_change_before_the_reset_leaves_nothing_on_the_new_object() {
    let (lab, plan) = ResetMeanwhile::lab();
    let path = lab.volume("old", "");
    *plan.lock().unwrap() = Plan { operation: "after patch_volume", skipped: 0, resets: 1 };
    lab.send(Method::Patch, &path, r#"{"size":"2GB","comment":"from-before"}"#);
    let record = lab.get(&path);
    assert_eq!((&record["name"], &record["comment"]), (&"new".into(), &"".into()));
}

/// The names of a collection that is read a page of one record at a time.
fn paged(lab: &Lab, target: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(format!("{target}?max_records=1"));
    while let Some(target) = next {
        let page = lab.get(&target);
        let records = page["records"].as_array().unwrap();
        names.extend(records.iter().map(|record| record["name"].as_str().unwrap().to_owned()));
        next = page["_links"]["next"]["href"].as_str().map(str::to_owned);
    }
    names
}

fn job_of(reply: &Value) -> &str {
    reply["job"]["_links"]["self"]["href"].as_str().unwrap()
}

#[test]
fn new_objects_do_not_have_the_attributes_of_those_before_the_reset() {
    let lab = Lab::new();
    let path = lab.volume("old", r#","comment":"from-before","space.snapshot.reserve_percent":7"#);
    let snapshot = lab.snapshot(&path, "s1");
    lab.done(Method::Patch, &snapshot, r#"{"comment":"from-before","snapmirror_label":"old"}"#);

    lab.backend.reset().unwrap();
    let volume = lab.backend.create_volume(VolumeSpec::named("new")).unwrap();
    lab.backend.create_snapshot(volume.uuid, "s1").unwrap();
    assert!(path.ends_with(&volume.uuid.to_string()), "the identifier is another one");
    let after = lab.get(&format!("{path}?fields=**")).to_string();
    assert!(!after.contains("from-before"), "{after}");
    assert!(!after.contains(r#""reserve_percent":7"#), "{after}");
    let listed = lab.get(&format!("{VOLUMES}?fields=**")).to_string();
    assert!(!listed.contains("from-before"), "{listed}");
    let after = lab.get(&format!("{snapshot}?fields=**")).to_string();
    assert!(!after.contains("from-before"), "{after}");

    lab.done(Method::Patch, &path, r#"{"comment":"new"}"#);
    assert_eq!(lab.get(&path)["comment"], "new");
}

#[test]
fn a_new_clone_does_not_show_the_split_of_one_before_the_reset() {
    let lab = Lab::with(|config| config.jobs = JobCompletion::Polls(100));
    let make = |lab: &Lab| {
        let volume = r#"{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
        lab.send(Method::Post, VOLUMES, volume);
        let clone = r#"{"name":"c1","svm.name":"svm1","clone":{"is_flexclone":true,"parent_volume":{"name":"v1"}}}"#;
        lab.send(Method::Post, VOLUMES, clone).location()
    };
    let split_of = |clone: &str| lab.get(&format!("{clone}?fields=clone"))["clone"].clone();
    let clone = make(&lab);
    lab.send(Method::Patch, &clone, r#"{"clone":{"split_initiated":true}}"#);
    assert_eq!(split_of(&clone)["split_initiated"], true);

    lab.backend.reset().unwrap();
    assert_eq!(make(&lab), clone, "the identifier is another one");
    assert_eq!(split_of(&clone)["split_initiated"], false);
    assert_eq!(split_of(&clone).get("split_complete_percent"), None);
}

#[test]
fn pages_after_a_reset_are_in_the_new_order_of_creation() {
    let lab = Lab::new();
    let create = |name: &str| lab.backend.create_volume(VolumeSpec::named(name)).unwrap().uuid;
    let forget = |uuid| lab.backend.delete_volume(uuid).unwrap();
    forget(create("a"));
    create("b");
    create("c");
    assert_eq!(paged(&lab, VOLUMES), ["b", "c"]);

    lab.backend.reset().unwrap();
    // The identifiers of `c` and then of `b`.
    let first = create("d");
    create("e");
    forget(first);
    create("f");
    assert_eq!(paged(&lab, VOLUMES), ["e", "f"]);
}

#[test]
fn pages_of_snapshots_after_a_reset_are_in_the_new_order_of_creation() {
    let lab = Lab::new();
    let backend = &lab.backend;
    let volume = || backend.create_volume(VolumeSpec::named("v1")).unwrap().uuid;
    let before = volume();
    let snapshots = format!("{VOLUMES}/{before}/snapshots");
    let take = |name: &str| backend.create_snapshot(before, name).unwrap().uuid;
    let forget = |uuid| backend.delete_snapshot(before, uuid).unwrap();
    forget(take("a"));
    take("b");
    take("c");
    assert_eq!(paged(&lab, &snapshots), ["b", "c"]);

    backend.reset().unwrap();
    assert_eq!(volume(), before);
    let first = take("d");
    take("e");
    forget(first);
    take("f");
    assert_eq!(paged(&lab, &snapshots), ["e", "f"]);
}

#[test]
fn jobs_from_before_a_reset_are_not_shown() {
    let lab = Lab::new();
    let bulk = r#"{"records":[{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}]}"#;
    let reply = lab.send(Method::Post, VOLUMES, bulk);
    assert_eq!(reply.status, 202, "{}", reply.json);
    let job = job_of(&reply.json);
    let results = format!("{VOLUMES}?job_results_uuid={}", job.rsplit('/').next().unwrap());
    assert_eq!(lab.names(&results), ["v1"]);
    let other = MemBackend::builder().seed(2).build().unwrap();
    other.reset().unwrap();
    assert_eq!(lab.get("/api/cluster/jobs")["num_records"], 1, "another backend was reset");

    lab.backend.reset().unwrap();
    lab.backend.create_volume(VolumeSpec::named("other")).unwrap();
    assert_eq!(lab.get("/api/cluster/jobs")["num_records"], 0);
    assert_eq!(lab.send(Method::Get, job, "").status, 404);
    assert_eq!(lab.send(Method::Get, &results, "").status, 404);
}
