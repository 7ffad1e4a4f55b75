//! A backend that is reset while it is served. It has a seed, so the identifiers are given again;
//! nothing that the cluster kept of the objects before may appear on those after.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nessie_backend_core::{
    AccessHandle, Result, SnapshotBackend, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::MemBackend;
use nessie_store::{JobCompletion, Method};
use serde_json::Value;

use crate::support::{Lab, VOLUMES};

/// A backend that somebody resets, and gives the volume `new`, while its volumes are listed.
struct ResetMeanwhile {
    backend: MemBackend,
    /// How many more times.
    resets: Arc<AtomicU32>,
}

impl VolumeBackend for ResetMeanwhile {
    fn epoch(&self) -> u64 {
        self.backend.epoch()
    }
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        self.backend.create_volume(spec)
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        let next = |resets: u32| resets.checked_sub(1);
        if self.resets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).is_ok() {
            self.backend.reset()?;
            self.backend.create_volume(VolumeSpec::named("new"))?;
        }
        self.backend.list_volumes()
    }
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.backend.get_volume(uuid)
    }
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        self.backend.patch_volume(uuid, patch)
    }
    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.backend.delete_volume(uuid)
    }
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.backend.access_handle(uuid)
    }
}

#[test]
fn a_list_during_a_reset_does_not_mix_before_and_after() {
    let resets = Arc::<AtomicU32>::default();
    let lab = Lab::with(|config| {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        config.svms[0].backend = Arc::new(ResetMeanwhile { backend, resets: resets.clone() });
    });
    let path = lab.volume("old", r#","comment":"from-before""#);
    resets.store(1, Ordering::SeqCst);
    let listed = lab.get(&format!("{VOLUMES}?fields=comment"));
    assert_eq!(listed["records"][0]["name"], "new", "{listed}");
    assert!(path.ends_with(listed["records"][0]["uuid"].as_str().unwrap()), "{listed}");
    assert_eq!(listed["records"][0]["comment"], "", "{listed}");

    resets.store(u32::MAX, Ordering::SeqCst);
    let reply = lab.send(Method::Get, VOLUMES, "");
    assert_eq!((reply.status, reply.code()), (503, "8"), "{}", reply.json);
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
    assert!(path.ends_with(&volume.uuid.to_string()), "the identifier is not given again");
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
fn a_new_clone_is_not_under_the_split_of_one_before_the_reset() {
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
    assert_eq!(make(&lab), clone, "the identifier is not given again");
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
fn jobs_of_before_a_reset_are_not_shown() {
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
