//! A forked process never gives out an identifier that its parent gives out.
//!
//! `fork(2)` copies only one thread. So these tests run in a program with a single thread, without
//! the test harness and its threads.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program fails by panicking and prints what it tested"
)]

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
#[path = "integration/saved.rs"]
mod saved;

#[cfg(unix)]
mod unix {
    use std::collections::HashSet;
    use std::io::{PipeWriter, Read, Write};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process;

    use nessie_backend_core::{
        CloneBackend, SnapshotBackend, SnapshotId, Uuid, VolumeBackend, VolumeId, VolumePatch,
        VolumeSpec,
    };
    use nessie_backend_mem::{MemBackend, MemBackendBuilder};

    use super::saved::reloaded;

    type Test = (&'static str, fn());

    const TESTS: &[Test] = &[
        (
            "parent_children_and_grandchild_give_out_different_identifiers",
            parent_children_and_grandchild_give_out_different_identifiers,
        ),
        (
            "a_child_has_the_records_from_before_the_fork",
            a_child_has_the_records_from_before_the_fork,
        ),
        ("copies_made_in_a_child_agree", copies_made_in_a_child_agree),
        (
            "copies_made_before_the_fork_agree_in_the_child",
            copies_made_before_the_fork_agree_in_the_child,
        ),
        ("a_seed_is_a_seed_in_every_process", a_seed_is_a_seed_in_every_process),
    ];

    /// Accepts the part of the harness's command line that tools for running single tests use.
    pub(super) fn main() {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        if has("--ignored") {
            return;
        }
        if has("--list") {
            for (name, _) in TESTS {
                println!("{name}: test");
            }
            return;
        }
        let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
        let is_chosen = |name: &str| filter.is_none_or(|filter| name.contains(filter.as_str()));
        for (name, test) in TESTS.iter().filter(|(name, _)| is_chosen(name)) {
            test();
            println!("test {name} ... ok");
        }
    }

    /// Runs `work` in a forked process and returns its identifiers.
    fn in_child(work: impl FnOnce() -> Vec<Uuid>) -> Vec<Uuid> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        // SAFETY: this program never starts a second thread. So no other thread holds a lock or is
        // inside the allocator, and the child may run any code.
        #[expect(unsafe_code, reason = "the standard library does not fork")]
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "fork failed");
        if child == 0 {
            drop(reader);
            process::exit(send(work, writer));
        }
        drop(writer);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        let mut status = 0;
        // SAFETY: `status` is valid for a write. This function started the child, and no other code
        // waits for it.
        #[expect(
            unsafe_code,
            reason = "the standard library waits only for processes that it started"
        )]
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((waited, status), (child, 0), "the child failed");
        let (ids, rest) = bytes.as_chunks();
        assert!(rest.is_empty(), "the child sent a part of an identifier");
        ids.iter().copied().map(Uuid::from_bytes).collect()
    }

    /// The child's exit status.
    fn send(work: impl FnOnce() -> Vec<Uuid>, mut writer: PipeWriter) -> i32 {
        let Ok(ids) = catch_unwind(AssertUnwindSafe(work)) else { return 1 };
        let bytes: Vec<u8> = ids.into_iter().flat_map(Uuid::into_bytes).collect();
        writer.write_all(&bytes).map_or(1, |()| 0)
    }

    /// Creates and deletes records of every kind, and returns all their identifiers.
    fn churn(backend: &MemBackend, tag: &str) -> Vec<Uuid> {
        let mut given = Vec::new();
        for n in 0..100 {
            let create = |kind: &str| {
                let name = format!("{kind}-{tag}-{n}");
                backend.create_volume(VolumeSpec::named(name)).unwrap().uuid
            };
            let (kept, gone) = (create("kept"), create("gone"));
            let snapshot = backend.create_snapshot(kept, "s").unwrap().uuid;
            let clone = backend.create_clone(kept, snapshot, &format!("clone-{tag}-{n}")).unwrap();
            backend.delete_volume(gone).unwrap();
            if n % 2 == 0 {
                backend.delete_volume(clone.uuid).unwrap();
                backend.delete_snapshot(kept, snapshot).unwrap();
            }
            given.extend([kept.uuid(), gone.uuid(), snapshot.uuid(), clone.uuid.uuid()]);
        }
        backend.check_invariants().unwrap();
        given
    }

    fn assert_all_different(of_all: &[Vec<Uuid>]) {
        assert!(of_all.iter().all(|ids| !ids.is_empty()));
        let distinct: HashSet<&Uuid> = of_all.iter().flatten().collect();
        let count: usize = of_all.iter().map(Vec::len).sum();
        assert_eq!(distinct.len(), count, "{} identifiers occur twice", count - distinct.len());
    }

    fn unseeded() -> [MemBackend; 2] {
        let start = MemBackend::builder().start(MemBackendBuilder::DEFAULT_START);
        [MemBackend::new(), start.build().unwrap()]
    }

    fn parent_children_and_grandchild_give_out_different_identifiers() {
        for backend in unseeded() {
            let before = churn(&backend, "before");
            let first = in_child(|| churn(&backend, "now"));
            let between = churn(&backend, "between");
            let second = in_child(|| {
                let mut ids = churn(&backend, "now");
                ids.extend(in_child(|| churn(&backend, "then")));
                ids.extend(churn(&backend, "then"));
                ids
            });
            // The parent of this grandchild creates no record itself.
            let third = in_child(|| in_child(|| churn(&backend, "now")));
            let after = churn(&backend, "now");
            assert_all_different(&[before, first, between, second, third, after]);
        }
    }

    fn a_child_has_the_records_from_before_the_fork() {
        for backend in unseeded() {
            let volume = backend.create_volume(VolumeSpec::named("v")).unwrap();
            let snapshot = backend.create_snapshot(volume.uuid, "s").unwrap();
            let of_parent = churn(&backend, "parent");
            let listed = backend.list_volumes().unwrap();
            let of_child = in_child(|| {
                assert_eq!(backend.list_volumes().unwrap(), listed);
                let mut ids = churn(&backend, "child");
                assert_eq!(backend.get_volume(volume.uuid).unwrap(), volume);
                assert_eq!(backend.get_snapshot(volume.uuid, snapshot.uuid).unwrap(), snapshot);
                let patch = VolumePatch::new().name("renamed").size_bytes(1);
                backend.patch_volume(volume.uuid, patch).unwrap();
                ids.push(
                    backend.create_clone(volume.uuid, snapshot.uuid, "c").unwrap().uuid.uuid(),
                );
                for id in &of_parent {
                    let _ = backend.delete_volume(VolumeId::new(*id));
                }
                let gone = |id: &&Uuid| !backend.contains(VolumeId::new(**id));
                assert!(of_parent.iter().filter(gone).count() > 100, "nothing could be deleted");
                ids.extend(churn(&backend, "later"));
                ids
            });
            // The child changed only its own copy.
            assert_eq!(backend.list_volumes().unwrap(), listed);
            for id in &of_child {
                assert!(!backend.contains(VolumeId::new(*id)));
                assert!(backend.get_snapshot(volume.uuid, SnapshotId::new(*id)).is_err());
            }
            assert_all_different(&[of_parent, of_child, churn(&backend, "later")]);
        }
    }

    fn copies_made_in_a_child_agree() {
        for backend in unseeded() {
            let of_child = in_child(|| {
                let copies = [backend.fork(), backend.fork(), reloaded(&backend)];
                let ids = churn(&backend, "x");
                for copy in copies {
                    assert_eq!(churn(&copy, "x"), ids);
                }
                ids
            });
            assert_all_different(&[of_child, churn(&backend, "x")]);
        }
    }

    fn copies_made_before_the_fork_agree_in_the_child() {
        for backend in unseeded() {
            let copy = backend.fork();
            let children = [0, 1].map(|_| {
                in_child(|| {
                    let ids = churn(&backend, "x");
                    assert_eq!(churn(&copy, "x"), ids);
                    ids
                })
            });
            let [first, second] = children;
            assert_all_different(&[first, second, churn(&backend, "x")]);
        }
    }

    fn a_seed_is_a_seed_in_every_process() {
        let backend = MemBackend::builder().seed(7).build().unwrap();
        churn(&backend, "before");
        let of_child = in_child(|| {
            let of_grandchild = in_child(|| churn(&backend, "now"));
            let ids = churn(&backend, "now");
            assert_eq!(ids, of_grandchild);
            ids
        });
        assert_eq!(churn(&backend, "now"), of_child);
    }
}
