//! What `from_bytes` makes of bytes that `to_bytes` did not write: a refusal, never a panic, and
//! never a backend that breaks an invariant.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::HashSet;
use std::ops::Range;

use nessie_backend_core::{
    CloneBackend, SnapshotBackend, VolumeBackend, VolumeId, VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::MemBackend;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use twox_hash::XxHash3_64;

const VERSION: Range<usize> = 8..12;
const CHECKSUM: Range<usize> = 12..20;
const BODY: usize = 20;

/// A backend with everything that is saved: clones of clones, mounts, policies, quotas, states,
/// slots that are free and slots that were used before.
fn varied() -> MemBackend {
    let backend = empty(42);
    let create = |name: &str| backend.create_volume(VolumeSpec::named(name)).unwrap().uuid;
    let (parent, other, gone) = (create("parent"), create("other"), create("gone"));
    let base = backend.create_snapshot(parent, "base").unwrap().uuid;
    let later = backend.create_snapshot(parent, "later").unwrap().uuid;
    let clone = backend.create_clone(parent, base, "clone").unwrap().uuid;
    let own = backend.create_snapshot(clone, "base").unwrap().uuid;
    backend.create_clone(clone, own, "grandchild").unwrap();
    backend.create_clone(parent, base, &"long".repeat(20)).unwrap();
    let patch = VolumePatch::new().size_bytes(1 << 40).junction_path("/é").export_policy("ours");
    backend.patch_volume(parent, patch).unwrap();
    let offline = VolumePatch::new().state(VolumeState::Offline).junction_path("/b");
    backend.patch_volume(other, offline).unwrap();
    backend.delete_volume(gone).unwrap();
    backend.delete_snapshot(parent, later).unwrap();
    for n in 0..3 {
        create(&format!("again{n}"));
    }
    let free = create("free");
    backend.create_snapshot(free, "free").unwrap();
    backend.delete_volume(free).unwrap();
    backend
}

/// A backend whose every slot is in use.
fn dense() -> MemBackend {
    let backend = empty(43);
    let parent = backend.create_volume(VolumeSpec::named("parent")).unwrap().uuid;
    let base = backend.create_snapshot(parent, "base").unwrap().uuid;
    backend.create_clone(parent, base, "clone").unwrap();
    backend
}

/// Seeded, so that these tests do the same on every run.
fn empty(seed: u64) -> MemBackend {
    MemBackend::builder().seed(seed).build().unwrap()
}

fn samples() -> [Vec<u8>; 3] {
    [empty(0), dense(), varied()].map(|backend| backend.to_bytes().unwrap())
}

/// Gives bytes with another body the checksum of that body.
fn sign(bytes: &mut [u8]) {
    let checksum = XxHash3_64::oneshot(&bytes[BODY..]);
    bytes[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
}

fn assert_refused(bytes: &[u8], what: &str) {
    let Err(error) = MemBackend::from_bytes(bytes) else { panic!("{what}: were read") };
    assert_eq!(error.code(), "invalid_argument", "{what}: {error}");
    assert_eq!(error.target().as_deref(), Some("bytes"), "{what}: {error}");
}

#[test]
fn bytes_as_they_were_written_are_read() {
    for bytes in samples() {
        let backend = MemBackend::from_bytes(&bytes).unwrap();
        backend.check_invariants().unwrap();
        assert_eq!(backend.to_bytes().unwrap(), bytes);
        let mut signed = bytes.clone();
        sign(&mut signed);
        assert_eq!(signed, bytes, "the checksum is not the one that these tests recompute");
    }
}

#[test]
fn bytes_cut_anywhere_are_refused() {
    for bytes in samples() {
        for len in 0..bytes.len() {
            assert_refused(&bytes[..len], &format!("cut to {len} bytes"));
        }
        for len in BODY..bytes.len() {
            let mut cut = bytes[..len].to_vec();
            sign(&mut cut);
            assert_refused(&cut, &format!("cut to {len} bytes and signed again"));
        }
    }
}

#[test]
fn bytes_with_more_behind_them_are_refused() {
    for mut bytes in samples() {
        bytes.push(0);
        assert_refused(&bytes, "one byte more");
        sign(&mut bytes);
        assert_refused(&bytes, "one byte more, signed again");
    }
}

#[test]
fn bytes_with_any_one_altered_are_refused() {
    for mut bytes in samples() {
        for place in 0..bytes.len() {
            for change in (0..8).map(|bit| 1 << bit).chain([u8::MAX]) {
                bytes[place] ^= change;
                assert_refused(&bytes, &format!("byte {place} altered by {change:#x}"));
                bytes[place] ^= change;
            }
        }
    }
}

/// A few bytes could otherwise claim gibibytes of empty records.
#[test]
fn a_header_that_announces_more_than_follows_is_refused_before_room_is_made() {
    let mut bytes = empty(0).to_bytes().unwrap();
    // Counts and layouts of nothing at all.
    let tail = bytes.split_off(bytes.len() - 10);
    assert_eq!(tail, [0; 10]);
    let chunks = vec![(0_u64, 512_u32); 1_000];
    let volumes = 512_000_u32;
    let nothing: [u8; 3] = [0; 3];
    let forged = postcard::to_allocvec(&(volumes, 0_u32, chunks, nothing, [0_u8; 4])).unwrap();
    bytes.extend(forged);
    sign(&mut bytes);
    let error = MemBackend::from_bytes(&bytes).unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    assert!(error.to_string().contains("less than the header announces"), "{error}");
}

#[test]
fn bytes_of_another_version_are_refused_and_the_reason_says_so() {
    for mut bytes in samples() {
        for version in [0_u32, 2, 256, u32::MAX] {
            bytes[VERSION].copy_from_slice(&version.to_le_bytes());
            assert_refused(&bytes, &format!("version {version}"));
            let error = MemBackend::from_bytes(&bytes).unwrap_err();
            assert!(error.to_string().contains("version"), "{error}");
        }
    }
}

/// A place for a record counts its uses in 32 bits and is given up when they run out. Nobody waits
/// for that, so the count of one is set near its end in the bytes.
#[test]
fn a_place_that_is_worn_out_is_never_used_again() {
    let backend = dense();
    let mut bytes = backend.to_bytes().unwrap();
    let (slot, first_use) = (1, 1);
    let head = [&[slot, first_use, 5], &b"clone"[..]].concat();
    let place = bytes.windows(head.len()).position(|bytes| bytes == head).unwrap();
    let nearly_last_use = [0xfd, 0xff, 0xff, 0xff, 0x0f]; // 2³²−3, as a varint
    bytes.splice(place + 1..place + 2, nearly_last_use);
    sign(&mut bytes);

    let mut backend = MemBackend::from_bytes(&bytes).unwrap();
    let mut clone = backend.find_volume("clone").unwrap().unwrap().uuid;
    let mut given = HashSet::from([clone]);
    for round in 0..5 {
        backend.delete_volume(clone).unwrap();
        assert!(!backend.contains(clone));
        backend.check_invariants().unwrap();
        backend = MemBackend::from_bytes(&backend.to_bytes().unwrap()).unwrap();
        clone = backend.create_volume(VolumeSpec::named("clone")).unwrap().uuid;
        assert!(given.insert(clone), "round {round}: {clone} was given out before");
        assert!(backend.contains(clone));
        backend.check_invariants().unwrap();
    }
}

/// Takes the same random cases on every run; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` choose
/// others.
fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let environment = Config::default();
    let seed = match environment.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 0x6e65_7373_6965,
    };
    let is_set = |variable| std::env::var_os(variable).is_some();
    let cases = if is_set("PROPTEST_CASES") { environment.cases } else { cases };
    let rng_seed = RngSeed::Fixed(seed);
    let config = Config { cases, rng_seed, failure_persistence: None, ..environment };
    let result = TestRunner::new(config).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("with PROPTEST_RNG_SEED={seed} and PROPTEST_CASES={cases}: {failure}");
    }
}

#[test]
fn random_bytes_are_refused() {
    let bytes = || prop::collection::vec(any::<u8>(), 0..200);
    check(1_000, &bytes(), |bytes| assert_refused(&bytes, "random bytes"));
    let preamble = samples()[0][..BODY].to_vec();
    check(4_000, &bytes(), |body| {
        let mut bytes = [&preamble[..], &body].concat();
        sign(&mut bytes);
        assert_refused(&bytes, "a random body");
    });
}

/// A change of a body.
#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Add(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Copies some bytes to another place, over what is there.
    Copy(Index, Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    // In postcard's encoding, the ends of a number's range, and the start of a longer one.
    let telling = prop::sample::select(vec![0, 1, 2, 3, 0x7f, 0x80, 0xff]);
    let byte = || prop_oneof![telling.clone(), any::<u8>()];
    prop_oneof![
        4 => (place(), byte()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        4 => (place(), prop::sample::select(vec![1, 2, 0xfe, 0xff]))
            .prop_map(|(at, by)| Edit::Add(at, by)),
        1 => (place(), prop::collection::vec(byte(), 1..9))
            .prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => (place(), 1..9_usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        1 => (place(), place(), 1..20_usize)
            .prop_map(|(from, to, len)| Edit::Copy(from, to, len)),
    ]
}

impl Edit {
    fn apply(&self, body: &mut Vec<u8>) {
        if body.is_empty() {
            return;
        }
        let end = body.len();
        let range = |at: &Index, len: usize| at.index(end)..end.min(at.index(end) + len);
        match self {
            Self::Set(at, byte) => body[range(at, 1)].fill(*byte),
            Self::Add(at, by) => {
                let place = at.index(end);
                body[place] = body[place].wrapping_add(*by);
            }
            Self::Insert(at, bytes) => {
                let place = at.index(end);
                body.splice(place..place, bytes.iter().copied());
            }
            Self::Remove(at, len) => drop(body.drain(range(at, *len))),
            Self::Copy(from, to, len) => {
                let copied = body[range(from, *len)].to_vec();
                let onto = range(to, copied.len());
                let copied = &copied[..onto.len()];
                body[onto].copy_from_slice(copied);
            }
        }
    }
}

/// A backend that was read must be as good as any other.
fn use_up(backend: &MemBackend) {
    backend.check_invariants().unwrap();
    let saved = backend.to_bytes().unwrap();
    let again = MemBackend::from_bytes(&saved).unwrap();
    assert_eq!(again.to_bytes().unwrap(), saved);
    assert_eq!(again.list_volumes().unwrap(), backend.list_volumes().unwrap());
    assert_eq!(backend.tree(), again.tree());
    for n in 0..3 {
        let created = backend.create_volume(VolumeSpec::named(format!("new{n}"))).unwrap();
        let snapshot = backend.create_snapshot(created.uuid, "new").unwrap().uuid;
        backend.create_clone(created.uuid, snapshot, &format!("newer{n}")).unwrap();
    }
    backend.check_invariants().unwrap();
    // Clones come after their parents, so that in this order nothing is busy.
    let volumes: Vec<VolumeId> =
        backend.list_volumes().unwrap().iter().map(|volume| volume.uuid).collect();
    for volume in volumes.into_iter().rev() {
        backend.delete_volume(volume).unwrap();
    }
    assert_eq!(backend.counts(), nessie_backend_mem::Counts::default());
    backend.check_invariants().unwrap();
}

#[test]
fn an_altered_body_is_refused_or_makes_a_sound_backend() {
    let read = Cell::new(0_u32);
    let bases = samples();
    let edits = prop::collection::vec(edit(), 1..5);
    check(20_000, &(0..bases.len(), edits), |(base, edits)| {
        let mut body = bases[base][BODY..].to_vec();
        for edit in edits {
            edit.apply(&mut body);
        }
        let mut bytes = [&bases[base][..BODY], &body].concat();
        sign(&mut bytes);
        match MemBackend::from_bytes(&bytes) {
            Ok(backend) => {
                read.set(read.get() + 1);
                use_up(&backend);
            }
            Err(error) => assert_eq!(error.code(), "invalid_argument"),
        }
    });
    assert!(read.get() > 1_000, "only {} altered bodies were read", read.get());
}
