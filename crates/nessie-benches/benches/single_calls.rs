//! Single calls of the core on small and large backends:
//!
//! `cargo bench -p nessie-benches --bench single_calls`, with an optional filter after `--`.
//!
//! The cost of a call must not depend on the size of the backend, cache misses included. Only the
//! call is timed: arguments are prepared before it, and its changes are undone after it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may fail by panicking")]

use std::cell::{Cell, RefCell};
use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, Divan};
use nessie_backend_core::{
    CloneBackend, SnapshotBackend, SnapshotId, Volume, VolumeBackend, VolumeId, VolumePatch,
    VolumeSpec,
};
use nessie_backend_mem::MemBackend;

fn main() {
    let most = Duration::from_millis(1_500);
    Divan::default().sample_count(2_000).max_time(most).config_with_args().main();
}

/// Number of calls that are timed together, so that the timer's resolution matters little.
const CALLS: u32 = 64;

/// Number of volumes.
fn fleets() -> Vec<usize> {
    sizes([1_000, 1_000_000])
}

/// Number of snapshots of a volume, or of clones of a snapshot.
fn crowds() -> Vec<usize> {
    sizes([1, 50_000])
}

/// Both sizes in a benchmark run; only the small one if the program runs as a test.
fn sizes([small, large]: [usize; 2]) -> Vec<usize> {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    if is_bench { vec![small, large] } else { vec![small] }
}

/// Items to use in turn. Each is far in memory from the one before.
struct Shuffled<T> {
    items: RefCell<Vec<T>>,
    next: Cell<usize>,
}

impl<T: Copy> Shuffled<T> {
    fn new(mut items: Vec<T>) -> Self {
        // Marsaglia's xorshift: the same order in every run.
        let mut dice = 1_u64;
        for place in (1..items.len()).rev() {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            items.swap(place, usize::try_from(dice % (place as u64 + 1)).unwrap());
        }
        Self { items: RefCell::new(items), next: Cell::new(0) }
    }

    /// The running number of the next item, over all rounds.
    fn count(&self) -> usize {
        self.next.replace(self.next.get() + 1)
    }

    fn take(&self) -> T {
        self.at(self.count())
    }

    fn at(&self, n: usize) -> T {
        let items = self.items.borrow();
        items[n % items.len()]
    }

    fn replace(&self, n: usize, item: T) {
        let mut items = self.items.borrow_mut();
        let place = n % items.len();
        items[place] = item;
    }
}

/// Runs a function when it is dropped. As the result of a timed call, it is dropped after the
/// measurement.
struct Afterwards<F: FnMut()>(F);

impl<F: FnMut()> Drop for Afterwards<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Different names of 14 characters.
fn names() -> impl FnMut() -> String {
    let mut made = 0;
    move || {
        made += 1;
        format!("name-{made:09}")
    }
}

fn create_volume(backend: &MemBackend, name: &str) -> VolumeId {
    backend.create_volume(VolumeSpec::named(name)).unwrap().uuid
}

/// A backend with many volumes, and their identifiers.
fn fleet(size: usize) -> (MemBackend, Vec<VolumeId>) {
    let backend = MemBackend::builder().seed(0).build().unwrap();
    let create = |n| create_volume(&backend, &format!("volume-{n:07}"));
    let volumes = (0..size).map(create).collect();
    (backend, volumes)
}

mod volume {
    use super::{
        Afterwards, Bencher, CALLS, ItemsCount, Shuffled, Volume, VolumeBackend, VolumePatch,
        create_volume, fleet, fleets, names,
    };

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn create(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        let backend = &backend;
        bencher.with_inputs(names()).bench_local_values(|name| {
            let volume = create_volume(backend, &name);
            Afterwards(move || backend.delete_volume(volume).unwrap())
        });
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn delete(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volumes) = fleet(size);
        let (backend, volumes) = (&backend, &Shuffled::new(volumes));
        let mut name = names();
        let doomed = || {
            let n = volumes.count();
            (n, volumes.at(n), name())
        };
        bencher.with_inputs(doomed).bench_local_values(|(n, volume, name)| {
            backend.delete_volume(volume).unwrap();
            Afterwards(move || volumes.replace(n, create_volume(backend, &name)))
        });
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn get_in_creation_order(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volumes) = fleet(size);
        let mut volumes = volumes.iter().cycle();
        bencher
            .with_inputs(|| *volumes.next().unwrap())
            .bench_local_values(|volume| backend.get_volume(volume).unwrap());
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn get(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volumes) = fleet(size);
        let volumes = Shuffled::new(volumes);
        bencher
            .with_inputs(|| volumes.take())
            .bench_local_values(|volume| backend.get_volume(volume).unwrap());
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn find(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        let numbers = Shuffled::new((0..size).collect());
        bencher
            .with_inputs(|| format!("volume-{:07}", numbers.take()))
            .bench_local_refs(|name| backend.find_volume(name).unwrap().unwrap());
    }

    /// Patches volumes, each far in memory from the one before.
    fn patch(bencher: Bencher<'_, '_>, size: usize, mut patch: impl FnMut() -> VolumePatch) {
        let (backend, volumes) = fleet(size);
        let volumes = Shuffled::new(volumes);
        bencher
            .with_inputs(|| (volumes.take(), patch()))
            .bench_local_values(|(volume, patch)| backend.patch_volume(volume, patch).unwrap());
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn resize(bencher: Bencher<'_, '_>, size: usize) {
        patch(bencher, size, || VolumePatch::new().size_bytes(7));
    }

    /// Writes to volumes that have a snapshot of earlier data, in the order of `patch`.
    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn write(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volumes) = fleet(size);
        backend.write_volumes(volumes.iter().map(|volume| (volume, 1 << 20))).unwrap();
        backend.create_snapshots(&volumes, "nightly").unwrap();
        let volumes = Shuffled::new(volumes);
        bencher
            .with_inputs(|| volumes.take())
            .bench_local_values(|volume| backend.write(volume, 4096).unwrap());
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn rename(bencher: Bencher<'_, '_>, size: usize) {
        let mut name = names();
        patch(bencher, size, || VolumePatch::new().name(name()));
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn mount(bencher: Bencher<'_, '_>, size: usize) {
        let mut name = names();
        patch(bencher, size, || VolumePatch::new().junction_path(format!("/{}", name())));
    }

    #[divan::bench(args = fleets())]
    fn list(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        bencher.counter(ItemsCount::new(size)).bench_local(|| backend.list_volumes().unwrap());
    }

    #[divan::bench(args = fleets())]
    fn list_as_rows(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        let volumes = || backend.view().into_rows().map(Volume::from).count();
        bencher.counter(ItemsCount::new(size)).bench_local(volumes);
    }
}

mod snapshot {
    use super::{
        Afterwards, Bencher, CALLS, MemBackend, Shuffled, SnapshotBackend, SnapshotId, VolumeId,
        create_volume, crowds, names,
    };

    /// A backend with a volume that has many snapshots.
    pub(super) fn crowd(size: usize) -> (MemBackend, VolumeId, Vec<SnapshotId>) {
        let backend = MemBackend::builder().seed(0).build().unwrap();
        let volume = create_volume(&backend, "volume");
        let create = |n| backend.create_snapshot(volume, &format!("snapshot-{n:06}")).unwrap().uuid;
        let snapshots = (0..size).map(create).collect();
        (backend, volume, snapshots)
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn create(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, _) = crowd(size);
        let backend = &backend;
        bencher.with_inputs(names()).bench_local_values(|name| {
            let snapshot = backend.create_snapshot(volume, &name).unwrap().uuid;
            Afterwards(move || backend.delete_snapshot(volume, snapshot).unwrap())
        });
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn delete(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, snapshots) = crowd(size);
        let snapshots = Shuffled::new(snapshots);
        let mut name = names();
        let create = |name: &str| backend.create_snapshot(volume, name).unwrap().uuid;
        let doomed = || {
            let n = snapshots.count();
            let snapshot = snapshots.at(n);
            snapshots.replace(n, create(&name()));
            snapshot
        };
        bencher
            .with_inputs(doomed)
            .bench_local_values(|snapshot| backend.delete_snapshot(volume, snapshot).unwrap());
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn get(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, snapshots) = crowd(size);
        let snapshots = Shuffled::new(snapshots);
        bencher
            .with_inputs(|| snapshots.take())
            .bench_local_values(|snapshot| backend.get_snapshot(volume, snapshot).unwrap());
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn find(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, _) = crowd(size);
        let numbers = Shuffled::new((0..size).collect());
        bencher
            .with_inputs(|| format!("snapshot-{:06}", numbers.take()))
            .bench_local_refs(|name| backend.find_snapshot(volume, name).unwrap().unwrap());
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn restore_the_latest(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, snapshots) = crowd(size);
        let latest = snapshots[size - 1];
        bencher.bench_local(|| backend.restore_snapshot(volume, latest).unwrap());
    }
}

mod clone {
    use super::{
        Afterwards, Bencher, CALLS, CloneBackend, MemBackend, SnapshotId, VolumeBackend, VolumeId,
        crowds, names, snapshot,
    };

    /// A backend with a snapshot that has many clones.
    fn crowd(size: usize) -> (MemBackend, VolumeId, SnapshotId) {
        let (backend, volume, snapshots) = snapshot::crowd(1);
        for n in 0..size {
            backend.create_clone(volume, snapshots[0], &format!("clone-{n:06}")).unwrap();
        }
        (backend, volume, snapshots[0])
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn create(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, snapshot) = crowd(size);
        let backend = &backend;
        bencher.with_inputs(names()).bench_local_values(|name| {
            let clone = backend.create_clone(volume, snapshot, &name).unwrap().uuid;
            Afterwards(move || backend.delete_volume(clone).unwrap())
        });
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn split(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, snapshot) = crowd(size);
        let backend = &backend;
        let mut name = names();
        let create = || backend.create_clone(volume, snapshot, &name()).unwrap().uuid;
        bencher.with_inputs(create).bench_local_values(|clone| {
            backend.split_clone(clone).unwrap();
            Afterwards(move || backend.delete_volume(clone).unwrap())
        });
    }

    #[divan::bench(args = crowds(), sample_size = CALLS)]
    fn delete(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volume, snapshot) = crowd(size);
        let mut name = names();
        let create = || backend.create_clone(volume, snapshot, &name()).unwrap().uuid;
        bencher
            .with_inputs(create)
            .bench_local_values(|clone| backend.delete_volume(clone).unwrap());
    }
}

mod whole {
    use super::{
        Bencher, CALLS, ItemsCount, MemBackend, Shuffled, VolumeBackend, VolumePatch, fleet, fleets,
    };

    #[divan::bench(args = fleets())]
    fn fork(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        bencher.bench_local(|| backend.fork());
    }

    #[divan::bench(args = fleets(), sample_size = CALLS)]
    fn first_write_after_fork(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, volumes) = fleet(size);
        let volumes = Shuffled::new(volumes);
        bencher.with_inputs(|| (backend.fork(), volumes.take())).bench_local_refs(
            |(fork, volume)| {
                fork.patch_volume(*volume, VolumePatch::new().size_bytes(7)).unwrap();
            },
        );
    }

    #[divan::bench(args = fleets())]
    fn dump(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        bencher.counter(ItemsCount::new(size)).bench_local(|| dumped(&backend));
    }

    #[divan::bench(args = fleets())]
    fn load(bencher: Bencher<'_, '_>, size: usize) {
        let (backend, _) = fleet(size);
        let text = dumped(&backend);
        bencher
            .counter(ItemsCount::new(size))
            .bench_local(|| MemBackend::load(text.as_slice()).unwrap());
    }

    fn dumped(backend: &MemBackend) -> Vec<u8> {
        let mut text = Vec::new();
        backend.dump(&mut text).unwrap();
        text
    }
}
