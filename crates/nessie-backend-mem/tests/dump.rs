//! What `dump` writes, `load` reads, and nothing else: a refusal that says what is wrong and where,
//! never a panic, never half a backend.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::hash::Hasher;
use std::io;
use std::time::Duration;

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, VolumeBackend, VolumePatch, VolumeSpec,
    VolumeState,
};
use nessie_backend_mem::MemBackend;
use twox_hash::XxHash3_64;

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

fn text(backend: &MemBackend) -> String {
    let mut text = Vec::new();
    backend.dump(&mut text).unwrap();
    String::from_utf8(text).unwrap()
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
fn what_is_loaded_is_the_same_and_goes_on_the_same() {
    let system = MemBackend::new();
    system.create_volume(VolumeSpec::named("v")).unwrap();
    for backend in [empty(0), varied(), system] {
        let dumped = text(&backend);
        let loaded = load(&dumped);
        loaded.check_invariants().unwrap();
        assert_eq!(text(&loaded), dumped);
        assert_eq!(loaded.to_bytes().unwrap(), backend.to_bytes().unwrap());
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
fn a_dump_looks_like_this() {
    let backend = empty(1);
    let volume = backend.create_volume(VolumeSpec::named("db").size_bytes(9)).unwrap();
    let snapshot = backend.create_snapshot(volume.uuid, "nightly").unwrap();
    let dumped = text(&backend);
    let lines: Vec<&str> = dumped.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with(
            "{\"format\":\"nessie-backend-mem\",\"version\":1,\"volumes\":1,\"snapshots\":1,\
             \"vacant\":0,\"seed\":1,\"clock\":\"standing\",\"now\":\"2000-01-01T00:00:00Z\",\
             \"start\":\"2000-01-01T00:00:00Z\",\"key\":["
        ),
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

#[test]
fn a_dump_cut_anywhere_is_refused() {
    let dumped = text(&varied());
    // What lacks no more than its last line feed is whole.
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
fn more_behind_the_checksum_is_refused() {
    let dumped = text(&varied());
    for more in ["x", "\n\nx", &dumped] {
        assert!(refused(format!("{dumped}{more}").as_bytes()).contains("comes last"));
    }
}

#[test]
fn what_git_and_editors_do_to_the_ends_of_a_text_is_undone() {
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
        // What is altered besides is still found.
        let altered = changed.replacen("\"online\"", "\"offline\"", 1);
        assert!(refused(altered.as_bytes()).contains("checksum"));
    }
}

#[test]
fn a_file_that_a_tool_has_changed_is_refused_with_what_it_is() {
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
        (&empty(1).to_bytes().unwrap(), "from_bytes"),
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

/// Its records come from all over the memory, so nothing bounds what room they need but the
/// length of the text, which is read ahead.
#[test]
fn a_dump_of_volumes_in_scattered_places_is_read() {
    const CHUNKS: usize = 20;
    let count = CHUNKS * 512;
    let backend = empty(5);
    let names: Vec<String> = (0..count).map(|number| format!("v{number}")).collect();
    let create = || backend.create_volumes(names.iter().map(String::as_str)).unwrap();
    let made = create();
    let scattered: Vec<_> = (0..count).map(|nth| made[nth % CHUNKS * 512 + nth / CHUNKS]).collect();
    backend.delete_volumes(&scattered).unwrap();
    create();
    let dumped = text(&backend);
    let loaded = load(&dumped);
    loaded.check_invariants().unwrap();
    assert_eq!(loaded.state_digest().unwrap(), backend.state_digest().unwrap());
    let half = &dumped.as_bytes()[..dumped.len() / 2];
    assert!(refused(half).contains("less than the header announces"));
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
    let newer = dumped.replacen("\"version\":1,", "\"version\":2,\"more\":true,", 1);
    assert!(refused(newer.as_bytes()).contains("version 2, newer than"));
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
    check(&[header, one, s, one], "line 4: the volume's slot does not exist or is taken");
    check(&[header, one, "{}", two], "line 3: ");
    check(&[header, one, &s.replace("null", "0"), two], "line 3: a size is 0");
    check(&[header, one, &s.replace("\"s\"", "\"s/\""), two], "line 3: name \"s/\"");
    check(&[header, one, &s.replace("null", "null,\"x\":1"), two], "line 3: unknown field `x`");
    check(&[header, one, s, &two.replace("\"two\"", "\"one\"")], "\"one\" already exists");
    check(&[header, &one.replace("2000-", "20000-"), s, two], "line 2: timestamp");
    check(&[&header.replace("\"start\":", "\"began\":"), one, s, two], "line 1: ");
    check(&[&header.replace("\"volumes\":2", "\"volumes\":3"), one, s, two], "does not add up");
    // Nothing is set aside for what a header claims alone.
    let huge = header.replace("\"volumes\":2", "\"volumes\":4294967295");
    let huge = huge.replace(",2,1]]}", ",512,8388607],[\"0000000000000000\",511,1]]}");
    refused(sign(&[&huge, one, s, two]).as_bytes());
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
fn a_digest_tells_states_apart_that_go_on_differently() {
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
fn the_digest_of_a_history_is_this_one() {
    assert_eq!(varied().state_digest().unwrap(), "3aacc56b56622a0845b77f8206bf7800");
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
