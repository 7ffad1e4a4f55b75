//! Whole replies, compared with the files `golden/*.json`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p nessie-ontap-protocol` rewrites the files.

use std::path::Path;

use nessie_backend_core::{BackendError, Dependents, SnapshotId, Uuid, VolumeId, VolumeState};
use nessie_ontap_protocol::{
    ApiError, ArrayField, DocumentedFields, Field, FieldKind, FieldPresence, FieldValue, Page,
    Schema, Selection, WritableBy, reply,
};
use serde_json::Value as Json;

use crate::thing::{THING, bare, full};
use crate::{query, url};

/// Compares a reply with its file. The file is indented, the reply is not.
#[track_caller]
pub(crate) fn assert_golden(name: &str, reply: &[u8]) {
    let _: Json = serde_json::from_slice(reply).unwrap();
    let pretty = String::from_utf8(reply::pretty(reply)).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &pretty).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(pretty, expected, "{} differs", path.display());
}

#[test]
fn a_record_with_all_its_fields() {
    let all = Selection::parse(&THING, false, "**").unwrap();
    assert_golden("record.json", &reply::record(&all, &full()));
}

#[test]
fn a_record_with_nothing_set() {
    let all = Selection::parse(&THING, false, "**").unwrap();
    assert_golden("bare_record.json", &reply::record(&all, &bare()));
}

#[test]
fn a_collection() {
    let target = "/api//things/?fields=size&name=t*&max_records=1";
    let query = query(target).unwrap();
    let page = Page::of(vec![full(), bare()], &query);
    assert_golden("page.json", &reply::collection(&url(target), &query.selection, &page));
}

#[test]
fn a_collection_without_records() {
    let query = query("/api/things").unwrap();
    let page = Page::of(Vec::new(), &query);
    let empty = reply::collection(&url("/api/things"), &query.selection, &page);
    assert_golden("empty_collection.json", &empty);
}

#[test]
fn a_number_of_records() {
    assert_eq!(reply::count(7), b"{\"num_records\":7}");
}

#[test]
fn jobs() {
    let keys = Selection::default_of(&THING, true);
    let (url, job) = (url("/api/things?name=t*"), Uuid::from_u128(9));
    let made = [full()];
    assert_golden("job.json", &reply::job::<()>(job, None));
    assert_golden("job_with_records.json", &reply::job(job, Some((&keys, &made))));
    let next = "/api/things?name=t%2A&start.uuid=1";
    assert_golden("jobs.json", &reply::jobs(&url, &[job, Uuid::from_u128(10)], None));
    assert_golden("jobs_of_a_page.json", &reply::jobs(&url, &[job], Some(next)));
    assert_golden("no_jobs.json", &reply::jobs(&url, &[], None));
    assert_golden("changed.json", &reply::changed(&url, Some(&keys), &made, None));
    assert_golden("changed_count.json", &reply::changed(&url, None, &made, Some(next)));
    let url = crate::url("/api/things?return_timeout=0");
    assert_golden("bulk_job.json", &reply::bulk_job(&url, job, Some((&keys, &made))));
    assert_golden("records.json", &reply::records(&keys, &made));
}

#[test]
fn an_error() {
    let error = ApiError::no_such_entry();
    assert_eq!(
        error.to_json().to_string(),
        r#"{"error":{"code":"4","message":"entry doesn't exist","target":"uuid"}}"#
    );
    let error = ApiError::new(500, 917_534, "too small");
    let text = r#"{"error":{"code":"917534","message":"too small"}}"#;
    assert_eq!(error.to_json().to_string(), text);
    assert_eq!(error.to_string(), "too small (917534)");
}

#[test]
fn a_long_value_is_cut_in_an_error() {
    let error = query(&format!("/t?{}=1", "é".repeat(10_000))).unwrap_err();
    assert!(error.to_json().to_string().len() < 600, "{error}");
}

#[test]
fn errors_of_a_backend_have_codes_of_ontap() {
    let volume = VolumeId::new(Uuid::from_u128(1));
    let snapshot = SnapshotId::new(Uuid::from_u128(2));
    let dependents = Dependents::new(vec!["c".to_owned()], 1);
    let name = || "a".to_owned();
    let exceeded =
        |limit: &'static str| BackendError::LimitExceeded { limit: limit.into(), max: 5 };
    for (error, status, code) in [
        (BackendError::VolumeNotFound { volume }, 404, 4),
        (BackendError::SnapshotNotFound { volume, snapshot }, 404, 4),
        (BackendError::SnapshotNameNotFound { volume, name: name() }, 404, 1_638_600),
        (BackendError::VolumeExists { name: name() }, 409, 917_526),
        (BackendError::SnapshotExists { volume, name: name() }, 409, 525_059),
        (BackendError::JunctionPathExists { path: name() }, 409, 918_252),
        (BackendError::VolumeBusy { volume, dependents: dependents.clone() }, 409, 524_615),
        (BackendError::SnapshotBusy { snapshot, dependents }, 409, 1_638_555),
        (BackendError::VolumeOffline { volume, state: VolumeState::Offline }, 409, 917_775),
        (exceeded("snapshots"), 409, 525_062),
        (exceeded("snapshots_per_volume"), 409, 525_062),
        (exceeded("clones_per_snapshot"), 409, 524_819),
        (exceeded("clone_depth"), 409, 524_819),
        (exceeded("volumes"), 409, 460_770),
        (BackendError::invalid("name", "a", "is bad"), 400, 2),
        (BackendError::not_supported("clones"), 405, 3),
        (BackendError::Timeout { operation: "x".into(), source: None }, 503, 8),
        (BackendError::substrate("x", std::io::Error::other("fire")), 500, 65_541),
    ] {
        let text = error.to_string();
        let error = ApiError::from(error);
        assert_eq!((error.status, error.code), (status, code), "{text}");
        assert!(code == 4 || error.message == text, "{error}");
    }
}

#[test]
fn pretty_json_means_the_same() {
    let all = Selection::parse(&THING, false, "**").unwrap();
    let plain = reply::record(&all, &full());
    let pretty = reply::pretty(&plain);
    let read = |json: &[u8]| serde_json::from_slice::<Json>(json).unwrap();
    assert_eq!(read(&pretty), read(&plain));
    assert_eq!(
        reply::pretty(b"{\"a\":[],\"b\":\"{,\\\"\"}"),
        b"{\n  \"a\": [],\n  \"b\": \"{,\\\"\"\n}\n"
    );
}

#[test]
fn pretty_json_keeps_the_order_escapes_and_large_numbers() {
    assert_eq!(
        reply::pretty(br#"{"b":18446744073709551615,"a":{},"c":[{"d":"\n\u0001"},null,true]}"#),
        br#"{
  "b": 18446744073709551615,
  "a": {},
  "c": [
    {
      "d": "\n\u0001"
    },
    null,
    true
  ]
}
"#
    );
    for not_json in [&b""[..], b"<a/>", b"{} {}", b"{\"a\":"] {
        assert_eq!(reply::pretty(not_json), not_json);
    }
}

/// An object with two arrays of objects, whose records have no path.
static SHELF: Schema<Vec<String>> = Schema {
    name: "shelf",
    fields: &[
        Field {
            path: "boxes.label",
            kind: FieldKind::Text,
            presence: FieldPresence::Default,
            writable: WritableBy::Never,
            get: |shelf| FieldValue::List(shelf.iter().map(Into::into).collect()),
        },
        Field {
            path: "jars.label",
            kind: FieldKind::Text,
            presence: FieldPresence::Default,
            writable: WritableBy::Never,
            get: |shelf| FieldValue::List(shelf.iter().map(Into::into).collect()),
        },
    ],
    documented: DocumentedFields::none(),
    order: &["boxes.label"],
    hidden: &[],
    references: &[],
    arrays: &[ArrayField { path: "boxes", shown_empty: true }, ArrayField::at("jars")],
    href: |_| String::new(),
};

#[test]
fn a_record_without_a_path_has_no_links() {
    let all = Selection::parse(&SHELF, true, "**").unwrap();
    let written = reply::record(&all, &vec!["nails".to_owned()]);
    let expected = br#"{"boxes":[{"label":"nails"}],"jars":[{"label":"nails"}]}"#;
    assert_eq!(written, expected);
    assert_eq!(reply::record(&Selection::parse(&SHELF, true, "").unwrap(), &Vec::new()), b"{}");
}

#[test]
fn an_empty_array_of_objects_is_shown_if_the_schema_requires_it() {
    let all = Selection::parse(&SHELF, true, "**").unwrap();
    assert_eq!(reply::record(&all, &Vec::new()), br#"{"boxes":[]}"#);
}
