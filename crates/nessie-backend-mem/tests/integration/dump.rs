//! `load` reads the output of `dump`. It refuses other input with the line and the reason: it never
//! panics, and never returns half a backend.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::Hasher;
use std::io;
use std::time::Duration;

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, SnapshotRule, Timestamp, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::{MemBackend, NewData};
use proptest::prelude::*;
use proptest::sample::Index;
use twox_hash::XxHash3_64;

use crate::random_cases::check;
use crate::saved::{dumped, reloaded};

fn empty(seed: u64) -> MemBackend {
    MemBackend::builder().seed(seed).build().unwrap()
}

/// A backend with everything that is dumped: clones of clones, mounts, policies, quotas, states,
/// places that are free and places that were used before.
fn varied() -> MemBackend {
    let backend = empty(42);
    let create = |name: &str| backend.create_volume(VolumeSpec::named(name)).unwrap().uuid;
    let (parent, other, gone) = (create("parent"), create("other"), create("gone"));
    let base = backend.create_snapshot(parent, "base").unwrap().uuid;
    let later = backend.create_snapshot(parent, "later").unwrap().uuid;
    backend.advance(Duration::from_millis(1_500)).unwrap();
    let clone = backend.create_clone(parent, base, "clone").unwrap().uuid;
    let own = backend.create_snapshot(clone, "base").unwrap().uuid;
    backend.create_clone(clone, own, "grandchild").unwrap();
    let patch = VolumePatch::new().size_bytes(1 << 40).junction_path("/é \"x\"").export_policy("o");
    backend.patch_volume(parent, patch).unwrap();
    backend.patch_volume(other, VolumePatch::new().state(VolumeState::Offline)).unwrap();
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

/// A backend whose volumes, snapshots and clones hold data of a limited pool.
fn with_data() -> MemBackend {
    let backend = varied();
    backend.set_capacity(1_000).unwrap();
    let volumes: Vec<VolumeId> = backend.list_volumes().unwrap().iter().map(|v| v.uuid).collect();
    let parent = volumes[0];
    backend.write(parent, 60).unwrap();
    let snapshot = backend.create_snapshot(parent, "full").unwrap().uuid;
    backend.write(parent, NewData::new(20).overwriting(10)).unwrap();
    backend.create_snapshot(parent, "fuller").unwrap();
    let clone = backend.create_clone(parent, snapshot, "heir").unwrap().uuid;
    backend.write(clone, NewData::new(7).overwriting(5)).unwrap();
    let own = backend.create_snapshot(clone, "own").unwrap().uuid;
    backend.create_clone(clone, own, "heir-of-heir").unwrap();
    backend.discard(clone, 9).unwrap();
    backend
}

/// A backend with data, policies that volumes use, and locks.
fn with_policies() -> MemBackend {
    let backend = with_data();
    let rule = |schedule: &str, prefix| SnapshotRule::new(schedule.parse().unwrap(), prefix, 2);
    let rules = [rule("0 */8 * * *", "eight"), rule("0 0 * * mon", "weekly")];
    backend.create_snapshot_policy("busy", rules).unwrap();
    backend.create_snapshot_policy("spare", [rule("30 1 1 1 *", "y")]).unwrap();
    let volumes: Vec<VolumeId> = backend.list_volumes().unwrap().iter().map(|v| v.uuid).collect();
    for volume in &volumes[..2] {
        let patch = VolumePatch::new().snapshot_policy("busy");
        backend.patch_volume(*volume, patch).unwrap();
    }
    backend.create_volume(VolumeSpec::named("used").snapshot_policy("busy")).unwrap();
    let end = "2000-02-01T00:00:00Z".parse::<Timestamp>().unwrap();
    backend.create_snapshot_until(volumes[0], "locked", end).unwrap();
    backend.create_snapshot_until(volumes[0], "for-ever", Timestamp::MAX).unwrap();
    backend.advance(Duration::from_secs(86_400)).unwrap();
    backend
}

fn text(backend: &MemBackend) -> String {
    String::from_utf8(dumped(backend)).unwrap()
}

fn load(text: &str) -> MemBackend {
    MemBackend::load(text.as_bytes()).unwrap()
}

/// The reason why a text is refused.
fn refused(text: &[u8]) -> String {
    let Err(error) = MemBackend::load(text) else {
        panic!("was loaded: {}", String::from_utf8_lossy(text))
    };
    assert_eq!(error.code(), "invalid_argument", "{error}");
    assert_eq!(error.target().as_deref(), Some("dump"), "{error}");
    error.to_string()
}

/// Gives lines the checksum they need.
fn sign(lines: &[&str]) -> String {
    let body = format!("{}\n", lines.join("\n"));
    let mut hasher = XxHash3_64::new();
    hasher.write(body.as_bytes());
    format!("{body}{{\"checksum\":\"{:016x}\"}}\n", hasher.finish())
}

#[test]
fn a_loaded_backend_is_the_same_and_behaves_the_same() {
    let system = MemBackend::new();
    system.create_volume(VolumeSpec::named("v")).unwrap();
    for backend in [empty(0), varied(), with_data(), with_policies(), system] {
        let dumped = text(&backend);
        let loaded = load(&dumped);
        loaded.check_invariants().unwrap();
        assert_eq!(text(&loaded), dumped);
        assert_eq!(loaded.state_digest().unwrap(), backend.state_digest().unwrap());
        for n in 0..1_200 {
            let spec = VolumeSpec::named(format!("next{n}"));
            let (one, two) = (backend.create_volume(spec.clone()), loaded.create_volume(spec));
            assert_eq!(one.unwrap().uuid, two.unwrap().uuid);
        }
        loaded.check_invariants().unwrap();
    }
}

/// The format is promised: a change of it needs another version.
#[test]
fn a_dump_has_this_text() {
    let backend = empty(1);
    let volume = backend.create_volume(VolumeSpec::named("db").size_bytes(9)).unwrap();
    let snapshot = backend.create_snapshot(volume.uuid, "nightly").unwrap();
    let dumped = text(&backend);
    let lines: Vec<&str> = dumped.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with(
            "{\"format\":\"nessie-backend-mem\",\"version\":2,\"volumes\":1,\"snapshots\":1,\
             \"seed\":1,\"clock\":\"standing\",\"now\":\"2000-01-01T00:00:00Z\",\
             \"start\":\"2000-01-01T00:00:00Z\",\"key\":["
        ),
        "{}",
        lines[0]
    );
    assert!(
        lines[0].ends_with("\"],\"epoch\":\"010a2dec89025cc1\",\"created\":2}"),
        "{}",
        lines[0]
    );
    assert_eq!(
        lines[1],
        format!(
            "{{\"volume\":\"{}\",\"name\":\"db\",\"size_bytes\":9,\"state\":\"online\",\
             \"vol_type\":\"rw\",\"create_time\":\"2000-01-01T00:00:00Z\"}}",
            volume.uuid
        )
    );
    assert_eq!(
        lines[2],
        format!(
            "{{\"snapshot\":\"{}\",\"name\":\"nightly\",\"size_bytes\":9,\
             \"create_time\":\"2000-01-01T00:00:00Z\"}}",
            snapshot.uuid
        )
    );
    assert_eq!(sign(&lines[..3]), dumped);
}

/// The lines that policies and locks add, in a format that is promised too.
#[test]
fn a_dump_with_policies_and_locks_has_this_text() {
    let backend = empty(1);
    let rule = SnapshotRule::new("0 0 * * *".parse().unwrap(), "nightly", 7);
    backend.create_snapshot_policy("p", [rule]).unwrap();
    backend.advance(Duration::from_secs(60)).unwrap();
    let volume = backend.create_volume(VolumeSpec::named("db").snapshot_policy("p")).unwrap().uuid;
    let end = "2000-01-03T00:00:00Z".parse::<Timestamp>().unwrap();
    backend.create_snapshot_until(volume, "s", end).unwrap();
    let dumped = text(&backend);
    let lines: Vec<&str> = dumped.lines().collect();
    assert_eq!(
        lines[1],
        "{\"policy\":\"p\",\"since\":\"2000-01-01T00:00:00Z\",\"rules\":[{\"schedule\":\"0 0 * * *\",\
         \"prefix\":\"nightly\",\"keep\":7}]}"
    );
    let end = ",\"snapshot_policy\":\"p\",\"policy_since\":\"2000-01-01T00:01:00Z\"}";
    assert!(lines[2].ends_with(end), "{}", lines[2]);
    assert!(lines[3].ends_with(",\"expires_at\":\"2000-01-03T00:00:00Z\"}"), "{}", lines[3]);
}

/// A dump with one line that is replaced.
fn refused_with(line: usize, from: &str, to: &str) -> String {
    let dumped = text(&with_policies());
    let mut lines: Vec<String> = dumped.lines().map(str::to_owned).collect();
    assert!(lines[line].contains(from), "{}", lines[line]);
    lines[line] = lines[line].replace(from, to);
    lines.pop();
    refused(sign(&lines.iter().map(String::as_str).collect::<Vec<_>>()).as_bytes())
}

#[test]
fn policies_and_locks_that_cannot_be_are_refused() {
    let since = "\"since\":\"2000-01-01";
    for (line, from, to, reason) in [
        (1, "\"keep\":2}]", "\"keep\":0}]", "rules at position 1: keep 0"),
        (1, "0 0 * * mon", "0 0 * * moon", "day of the week"),
        (1, since, "\"since\":\"2001-01-01", "later than that of the dump"),
        (2, "\"spare\"", "\"busy\"", "already exists"),
        (2, "\"spare\"", "\"s p\"", "has the character ' '"),
        (3, "\"busy\"", "\"none\"", "no snapshot policy is named \"none\""),
        (3, ",\"snapshot_policy\":\"busy\"", "", "belong together"),
        (3, "policy_since\":\"2000", "policy_since\":\"2009", "later than that of the dump"),
    ] {
        let error = refused_with(line, from, to);
        assert!(error.contains(reason), "{error}");
    }
    let dumped = text(&with_policies());
    let locked = dumped.lines().position(|line| line.contains("\"locked\"")).unwrap();
    let error = refused_with(locked, "\"expires_at\":\"2000-02-01", "\"expires_at\":\"1999-02-01");
    assert!(error.contains("expires_at is not later than create_time"), "{error}");
    let mut lines: Vec<&str> = dumped.lines().collect();
    lines.pop();
    let policy = lines.remove(2);
    lines.push(policy);
    assert!(refused(sign(&lines).as_bytes()).contains("the policy comes after a volume"));
}

#[test]
fn a_dump_cut_anywhere_is_refused() {
    let dumped = text(&varied());
    // A dump without its last line feed is complete.
    for len in 0..dumped.len() - 1 {
        refused(&dumped.as_bytes()[..len]);
    }
    assert!(refused(b"").contains("it is empty"));
    let without_last = &dumped[..=dumped.trim_end().rfind('\n').unwrap()];
    assert!(refused(without_last.as_bytes()).contains("cut short"));
}

#[test]
fn a_dump_with_any_byte_altered_is_refused() {
    let mut dumped = text(&varied()).into_bytes();
    for place in 0..dumped.len() {
        for change in [1, 0x20, 0xff] {
            dumped[place] ^= change;
            refused(&dumped);
            dumped[place] ^= change;
        }
    }
}

#[test]
fn data_after_the_checksum_is_refused() {
    let dumped = text(&varied());
    for more in ["x", "\n\nx", &dumped] {
        assert!(refused(format!("{dumped}{more}").as_bytes()).contains("must be the last line"));
    }
}

#[test]
fn changed_line_ends_of_git_and_editors_are_read() {
    let dumped = text(&varied());
    let with_crlf = dumped.replace('\n', "\r\n");
    for changed in [
        with_crlf.clone(),
        dumped.trim_end().to_owned(),
        with_crlf.trim_end().to_owned(),
        format!("{dumped}\n"),
        format!("{with_crlf} \r\n\t\r\n"),
        format!("\u{feff}{dumped}"),
        format!("\u{feff}{}", with_crlf.trim_end()),
    ] {
        assert_eq!(text(&load(&changed)), dumped, "{changed:?}");
        // Other changes are still detected.
        let altered = changed.replacen("\"online\"", "\"offline\"", 1);
        assert!(refused(altered.as_bytes()).contains("checksum"));
    }
}

#[test]
fn a_file_changed_by_a_tool_is_refused_with_its_kind() {
    let dumped = text(&varied());
    let utf_16: Vec<u8> = dumped.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    tar.extend(dumped.as_bytes());
    let conflict = dumped.replacen("{\"snapshot\":", "<<<<<<< HEAD\n{\"snapshot\":", 1);
    for (changed, what) in [
        (&b"\x1f\x8b\x08\0\0\0\0\0"[..], "compressed by gzip"),
        (b"BZh91AY&SY", "compressed by bzip2"),
        (b"\xfd7zXZ\0\0\x04", "compressed by xz"),
        (b"\x28\xb5\x2f\xfd\x04", "compressed by Zstandard"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (&tar, "a tar archive"),
        (&utf_16, "UTF-16"),
        (&[&b"\xff\xfe"[..], &utf_16].concat(), "UTF-16"),
        (b"NESSIEMB\x01\0\0\0", "to_bytes() of nessie-backend-mem 0.4.0"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"{\n  \"format\": \"nessie-backend-mem\"", "formatted anew"),
        (dumped.replace(':', ": ").as_bytes(), "formatted anew"),
        (dumped.replace('\n', "\r").as_bytes(), "carriage returns alone"),
        (conflict.as_bytes(), "a merge left a conflict"),
    ] {
        let reason = refused(changed);
        assert!(reason.contains(what), "{reason:?} lacks {what:?}");
    }
}

/// As after a process was forked, where the next identifiers have another epoch.
#[test]
fn records_of_two_epochs_are_dumped_and_leave_the_same_slots_to_the_next() {
    let dumped = text(&varied());
    let lines: Vec<&str> = dumped.lines().collect();
    let (before, rest) = lines[0].split_once("\"epoch\":\"").unwrap();
    let header = format!("{before}\"epoch\":\"00000000000000aa{}", &rest[16..]);
    let lines: Vec<&str> =
        [header.as_str()].into_iter().chain(lines[1..lines.len() - 1].iter().copied()).collect();
    let backend = load(&sign(&lines));
    let old: Vec<VolumeId> = backend.list_volumes().unwrap().iter().map(|v| v.uuid).collect();
    let mut given: HashSet<VolumeId> = old.iter().copied().collect();
    let mut create = |backend: &MemBackend, name: &str| {
        let twin = reloaded(backend);
        let spec = VolumeSpec::named(name);
        let uuid = backend.create_volume(spec.clone()).unwrap().uuid;
        assert_eq!(twin.create_volume(spec).unwrap().uuid, uuid);
        assert!(given.insert(uuid), "{uuid} is repeated");
    };
    create(&backend, "beside");
    // Clones follow their parents: in reverse order, no volume is busy.
    for (n, uuid) in old.iter().rev().enumerate() {
        backend.delete_volume(*uuid).unwrap();
        create(&backend, &format!("in-place{n}"));
    }
    backend.check_invariants().unwrap();
}

/// Few of many records are left, so that their slots lie far apart.
#[test]
fn a_dump_of_records_in_scattered_slots_is_read() {
    let backend = empty(5);
    let create = |prefix: &str, count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("{prefix}{number}")).collect();
        backend.create_volumes(names.iter().map(String::as_str)).unwrap()
    };
    let made = create("v", 20 * 512);
    let gone: Vec<VolumeId> =
        (0..made.len()).filter(|nth| nth % 300 != 7).map(|nth| made[nth]).collect();
    backend.delete_volumes(&gone).unwrap();
    create("w", 100);
    backend.delete_volume(made[7]).unwrap();
    let loaded = reloaded(&backend);
    loaded.check_invariants().unwrap();
    assert_eq!(text(&loaded), text(&backend));
    for volume in loaded.list_volumes().unwrap().iter().step_by(3) {
        for backend in [&loaded, &backend] {
            backend.delete_volume(volume.uuid).unwrap();
        }
    }
    for n in 0..12_000 {
        let spec = VolumeSpec::named(format!("x{n}"));
        let (one, two) = (backend.create_volume(spec.clone()), loaded.create_volume(spec));
        assert_eq!(one.unwrap().uuid, two.unwrap().uuid, "after {n} more");
    }
    loaded.check_invariants().unwrap();
    assert_eq!(text(&loaded), text(&backend));
}

/// So `diff` of two dumps shows what changed.
#[test]
fn a_dump_has_no_trace_of_deleted_records_but_their_number() {
    let (backend, untouched) = (varied(), varied());
    let volume = backend.create_volume(VolumeSpec::named("x")).unwrap().uuid;
    for n in 0..1_000 {
        backend.create_snapshot(volume, &format!("s{n}")).unwrap();
    }
    backend.delete_volume(volume).unwrap();
    let (one, other) = (text(&backend), text(&untouched));
    let differing: Vec<&str> =
        one.lines().zip(other.lines()).filter(|(one, other)| one != other).map(|p| p.0).collect();
    assert_eq!(one.lines().count(), other.lines().count());
    assert!(differing.len() == 2 && differing[0].contains("\"created\":"), "{differing:?}");
    assert!(differing[1].starts_with("{\"checksum\":"), "{differing:?}");
}

/// An epoch numbers 2³² records. No test can create so many, so the dump is changed to claim it.
#[test]
fn no_identifier_is_repeated_when_the_numbers_of_an_epoch_are_used_up() {
    let dumped = text(&varied());
    let (header, rest) = dumped.split_once('\n').unwrap();
    let (start, _) = header.split_once("\"created\":").unwrap();
    let header = format!("{start}\"created\":4294967290}}");
    let lines: Vec<&str> = [header.as_str()].into_iter().chain(rest.lines()).collect();
    let mut backend = load(&sign(&lines[..lines.len() - 1]));
    let mut given: HashSet<VolumeId> =
        backend.list_volumes().unwrap().iter().map(|volume| volume.uuid).collect();
    for n in 0..12 {
        let names = [format!("one{n}"), format!("two{n}")];
        let specs = names.iter().map(String::as_str);
        let twin = reloaded(&backend);
        let made = backend.create_volumes(specs.clone()).unwrap();
        assert_eq!(twin.create_volumes(specs).unwrap(), made);
        assert!(made.iter().all(|uuid| given.insert(*uuid)), "{n}: {made:?} is repeated");
        backend.check_invariants().unwrap();
        backend.delete_volume(made[0]).unwrap();
        backend = twin;
        backend.delete_volume(made[0]).unwrap();
        assert!(!backend.contains(made[0]) && backend.contains(made[1]));
    }
}

#[test]
fn foreign_text_is_refused_in_its_first_line() {
    for foreign in
        ["{}\n", "[1, 2]\n", "\n", "PK\u{3}\u{4}", "{\"format\":\"other\",\"version\":1}\n"]
    {
        let reason = refused(foreign.as_bytes());
        assert!(reason.contains("line 1") && reason.contains("not the beginning"), "{reason}");
    }
    refused(&vec![b'x'; 20_000_000]);
}

#[test]
fn another_version_is_named() {
    let dumped = text(&varied());
    let other = |version| dumped.replacen("\"version\":2,", version, 1);
    let newer = other("\"version\":3,\"more\":true,");
    assert!(refused(newer.as_bytes()).contains("version 3, newer than"));
    let older = other("\"version\":1,\"vacant\":0,");
    assert!(refused(older.as_bytes()).contains("written by nessie-backend-mem 0.4.0"));
}

/// Lines that are signed rightly and wrong in themselves.
#[test]
fn a_wrong_line_is_refused_with_its_number() {
    let backend = empty(3);
    let volume = backend.create_volume(VolumeSpec::named("one")).unwrap().uuid;
    let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
    backend.create_clone(volume, snapshot, "two").unwrap();
    let dumped = text(&backend);
    let lines: Vec<&str> = dumped.lines().collect();
    let [header, one, s, two, _] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(sign(&[header, one, s, two]), dumped);

    let check = |lines: &[&str], reason: &str| {
        let found = refused(sign(lines).as_bytes());
        assert!(found.contains(reason), "{found:?} lacks {reason:?}");
    };
    check(&[header, one, s], "fewer volumes than announced");
    check(&[header, one, two, s], "line 3: the clone's snapshot is not above it");
    check(&[header, s, one, two], "line 2: the snapshot comes before any volume");
    check(&[header, one, s, two, two], "line 5: there are more volumes");
    check(&[header, one, s, one], "line 4: the identifier is that of a record above");
    let of_volume = s.replace(&snapshot.to_string(), &volume.to_string());
    check(&[header, one, &of_volume, two], "line 3: the identifier is");
    let foreign = one.replace(&volume.to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
    check(&[header, &foreign, s, two], "line 2: the identifier is");
    let fewer = header.replace("\"created\":3", "\"created\":2");
    check(&[&fewer, one, s, two], "line 4: the identifier is");
    let endless = header.replace("\"created\":3", "\"created\":18446744073709551615");
    check(&[&endless, one, s, two], "line 1: the epoch or the number of records");
    check(&[header, one, "{}", two], "line 3: column 2: missing field `volume`");
    check(&[header, one, &s.replace("null", "0"), two], "line 3: a size is 0");
    check(&[header, one, &s.replace("\"s\"", "\"s/\""), two], "line 3: name \"s/\"");
    check(
        &[header, one, &s.replace("null", "null,\"x\":1"), two],
        "line 3: column 83: unknown field `x`",
    );
    check(&[header, one, s, &two.replace("\"two\"", "\"one\"")], "\"one\" already exists");
    check(&[header, &one.replace("2000-", "20000-"), s, two], "line 2: timestamp");
    check(&[&header.replace("\"start\":", "\"began\":"), one, s, two], "line 1: ");
    let eof = format!("line 3: column {}: EOF while parsing an object", s.len() - 1);
    check(&[header, one, &s[..s.len() - 1], two], &eof);
    // Memory is not allocated by the header's counts.
    let huge = header.replace("\"volumes\":2", "\"volumes\":4294967295");
    check(&[&huge, one, s, two], "fewer volumes than announced");
}

#[test]
fn data_that_no_history_gives_is_refused() {
    let backend = empty(1);
    backend.set_capacity(100).unwrap();
    let spec = VolumeSpec::named("a").size_bytes(50);
    let volume = backend.create_volume(spec).unwrap().uuid;
    backend.write(volume, 30).unwrap();
    backend.create_snapshot(volume, "s").unwrap();
    backend.write(volume, NewData::new(5).overwriting(5)).unwrap();
    let dumped = text(&backend);
    let lines: Vec<&str> = dumped.lines().collect();
    for (before, after, reason) in [
        ("\"used_bytes\":30,\"shared_bytes\":25", "\"used_bytes\":51", "more than size_bytes"),
        ("\"used_bytes\":30}", "\"used_bytes\":51}", "more than size_bytes"),
        ("\"shared_bytes\":25", "\"shared_bytes\":31", "shared_bytes are more"),
        ("\"used_bytes\":30}", "\"used_bytes\":30,\"shared_bytes\":1}", "shared_bytes are more"),
        ("\"used_bytes\":30,\"shared_bytes\":25", "\"shared_bytes\":25", "no used_bytes"),
        (",\"used_bytes\":30,\"shared_bytes\":25", "", "no used_bytes"),
        ("\"capacity_bytes\":100", "\"capacity_bytes\":34", "more bytes are used"),
        ("\"capacity_bytes\":100", "\"capacity_bytes\":0", "capacity_bytes"),
    ] {
        let altered: Vec<String> = lines.iter().map(|line| line.replace(before, after)).collect();
        let altered: Vec<&str> = altered.iter().map(String::as_str).collect();
        assert_ne!(altered, lines, "{before}");
        let refusal = refused(sign(&altered[..altered.len() - 1]).as_bytes());
        assert!(refusal.contains(reason), "{before} to {after}: {refusal}");
    }
}

/// A change of the lines before the checksum.
#[derive(Clone, Debug)]
enum Edit {
    /// Writes a character over another.
    Set(Index, char),
    Remove(Index),
    Repeat(Index),
    Swap(Index, Index),
    /// Copies the value of one line to another line: the text between two quotes.
    Copy(Index, Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let line = any::<Index>;
    prop_oneof![
        4 => (line(), prop::sample::select("0123456789abcdef\"{}:,-TZ/ ".chars().collect::<Vec<_>>()))
            .prop_map(|(at, to)| Edit::Set(at, to)),
        1 => line().prop_map(Edit::Remove),
        1 => line().prop_map(Edit::Repeat),
        2 => (line(), line()).prop_map(|(one, other)| Edit::Swap(one, other)),
        2 => (line(), line(), 0..20_usize).prop_map(|(from, to, nth)| Edit::Copy(from, to, nth)),
    ]
}

impl Edit {
    fn apply(&self, lines: &mut Vec<String>) {
        let end = lines.len();
        match self {
            Self::Set(at, to) => {
                let line = at.index(end);
                let place = at.index(lines[line].len());
                if lines[line].is_char_boundary(place) && lines[line].is_char_boundary(place + 1) {
                    lines[line].replace_range(place..=place, to.encode_utf8(&mut [0; 4]));
                }
            }
            Self::Remove(at) if end > 1 => drop(lines.remove(at.index(end))),
            Self::Remove(_) => {}
            Self::Repeat(at) => lines.push(lines[at.index(end)].clone()),
            Self::Swap(one, other) => lines.swap(one.index(end), other.index(end)),
            Self::Copy(from, to, nth) => {
                let value = lines[from.index(end)].split('"').nth(*nth).map(str::to_owned);
                let mut parts: Vec<&str> = lines[to.index(end)].split('"').collect();
                if let (Some(value), Some(part)) = (&value, parts.get_mut(*nth)) {
                    *part = value;
                }
                lines[to.index(end)] = parts.join("\"");
            }
        }
    }
}

/// A backend that was loaded must be as good as any other.
fn use_up(backend: &MemBackend) {
    backend.check_invariants().unwrap();
    let again = reloaded(backend);
    assert_eq!(text(&again), text(backend));
    let days = Duration::from_secs(9 * 86_400);
    assert_eq!(backend.advance(days).ok(), again.advance(days).ok());
    assert_eq!(text(&again), text(backend));
    for n in 0..3 {
        let created = backend.create_volume(VolumeSpec::named(format!("new{n}"))).unwrap();
        let snapshot = backend.create_snapshot(created.uuid, "new").unwrap().uuid;
        backend.create_clone(created.uuid, snapshot, &format!("newer{n}")).unwrap();
    }
    backend.check_invariants().unwrap();
    // Clones follow their parents: in reverse order, no volume is busy.
    let volumes: Vec<VolumeId> =
        backend.list_volumes().unwrap().iter().map(|volume| volume.uuid).collect();
    for volume in volumes.into_iter().rev() {
        match backend.delete_volume(volume) {
            // Its parents are busy then.
            Err(BackendError::SnapshotLocked { .. }) => return,
            deleted => deleted.unwrap(),
        }
    }
    assert_eq!(backend.counts(), nessie_backend_mem::Counts::default());
    backend.check_invariants().unwrap();
}

#[test]
fn an_altered_dump_with_the_right_checksum_is_refused_or_makes_a_sound_backend() {
    let loaded = Cell::new(0_u32);
    let dumped = text(&with_policies());
    let lines: Vec<String> = dumped.lines().map(str::to_owned).collect();
    check(5_000, &prop::collection::vec(edit(), 1..5), |edits| {
        let mut lines = lines[..lines.len() - 1].to_vec();
        for edit in edits {
            edit.apply(&mut lines);
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        match MemBackend::load(sign(&lines).as_bytes()) {
            Ok(backend) => {
                loaded.set(loaded.get() + 1);
                use_up(&backend);
            }
            Err(error) => assert_eq!(error.code(), "invalid_argument", "{error}"),
        }
    });
    assert!(loaded.get() > 250, "only {} altered dumps were loaded", loaded.get());
}

struct Failing;

impl io::Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("disk on fire"))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failing_writer_and_a_refusing_progress_end_the_work() {
    let failed = |error: BackendError| {
        assert_eq!(error.code(), "substrate");
        error.to_string()
    };
    assert!(failed(varied().dump(Failing).unwrap_err()).contains("disk on fire"));
    let stop = |_, _| Err(io::Error::other("enough"));
    let dumped = text(&varied());
    assert!(failed(varied().dump_with_progress(io::sink(), stop).unwrap_err()).contains("enough"));
    let load = MemBackend::load_with_progress(dumped.as_bytes(), stop);
    assert!(failed(load.unwrap_err()).contains("enough"));
}

#[test]
fn progress_ends_at_the_total() {
    let mut calls = Vec::new();
    let dumped = text(&varied());
    MemBackend::load_with_progress(dumped.as_bytes(), |done, total| {
        calls.push((done, total));
        Ok(())
    })
    .unwrap();
    assert_eq!(calls, [(9, 9)]);
}

#[test]
fn a_digest_distinguishes_states_with_different_behaviour() {
    let digest = |backend: &MemBackend| backend.state_digest().unwrap();
    let base = varied();
    assert_eq!(digest(&base).len(), 32);
    assert_eq!(digest(&base), digest(&varied()));
    assert_eq!(digest(&base), digest(&base.fork()));

    let moved = varied();
    moved.advance(Duration::from_secs(1)).unwrap();
    let churned = varied();
    let volume = churned.create_volume(VolumeSpec::named("x")).unwrap().uuid;
    churned.delete_volume(volume).unwrap();
    let renamed = varied();
    let volume = renamed.list_volumes().unwrap()[1].uuid;
    renamed.patch_volume(volume, VolumePatch::new().name("renamed")).unwrap();
    let digests = [&base, &moved, &churned, &renamed, &empty(42), &empty(43)].map(digest);
    for (index, one) in digests.iter().enumerate() {
        assert!(!digests[index + 1..].contains(one), "{index}: {digests:?}");
    }

    let system = MemBackend::new();
    let before = digest(&system);
    let _ = system.now();
    assert_eq!(digest(&system), before, "reading the time changed the digest");
}

/// The same on every machine and from version to version of the 128-bit format.
#[test]
fn the_digest_of_a_history_never_changes() {
    assert_eq!(varied().state_digest().unwrap(), "0697a5ddd2ec57a901af2c158421f879");
}

#[test]
fn a_reset_backend_repeats_itself_if_it_is_seeded() {
    let backend = varied();
    backend.reset().unwrap();
    backend.check_invariants().unwrap();
    assert_eq!(text(&backend), text(&empty(42)));

    let system = MemBackend::new();
    let before = system.create_volume(VolumeSpec::named("v")).unwrap().uuid;
    system.reset().unwrap();
    assert!(system.list_volumes().unwrap().is_empty());
    assert!(!system.contains(before));
    assert_ne!(system.create_volume(VolumeSpec::named("v")).unwrap().uuid, before);
}
