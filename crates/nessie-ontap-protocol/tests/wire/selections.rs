//! The fields of a reply.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::{Selection, reply};
use serde_json::{Value as Json, json};

use crate::thing::{THING, Thing, bare, full};
use crate::{assert_code, query};

/// The JSON of a record with these fields.
fn written(fields: &str, thing: &Thing) -> Json {
    let selection = Selection::parse(&THING, true, fields).unwrap();
    serde_json::from_slice(&reply::record(&selection, thing)).unwrap()
}

fn keys_of(json: &Json) -> Vec<&str> {
    json.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_collection_shows_the_keys_and_a_record_its_defaults() {
    assert_eq!(keys_of(&written("", &full())), ["_links", "name", "uuid"]);
    let one = Selection::default_of(&THING, false);
    let one: Json = serde_json::from_slice(&reply::record(&one, &full())).unwrap();
    let defaults =
        ["_links", "comment", "create_time", "name", "parts", "size", "space", "state", "uuid"];
    assert_eq!(keys_of(&one), defaults);
    assert_eq!(keys_of(&written("*", &full())), defaults);
    assert_eq!(one["space"], json!({"used": 4096}));
}

#[test]
fn two_stars_show_everything() {
    let everything = written("**", &full());
    assert_eq!(everything["space"], json!({"count": 2, "used": 4096}));
    assert_eq!(everything["owners"], json!(["ann", "bob"]));
    assert_eq!(everything["is_online"], json!(true));
}

#[test]
fn an_object_shows_its_fields_even_expensive_ones() {
    for fields in ["space", "space.*", "space.**", "space.{used,count}", "space,"] {
        assert_eq!(written(fields, &full())["space"], json!({"count": 2, "used": 4096}));
    }
    assert_eq!(written("origin", &full())["origin"]["parent"]["name"], "t0");
}

#[test]
fn braces_nest_and_stand_alone() {
    for fields in ["origin.{parent.{name}}", "{origin.{parent.name}}", " origin . parent.name"] {
        let parent = &written(fields, &full())["origin"]["parent"];
        assert_eq!(parent["name"], "t0", "{fields}");
        assert_eq!(parent.get("uuid"), None, "{fields}");
    }
}

#[test]
fn an_exclusion_removes_named_or_default_fields() {
    assert_eq!(written("space,!space.used", &full())["space"], json!({"count": 2}));
    assert_eq!(written("!space.used,space", &full())["space"], json!({"count": 2}));
    assert_eq!(written("**,!space.{used,count}", &full()).get("space"), None);
    assert_eq!(keys_of(&written("!size", &full())), ["_links", "name", "uuid"]);
    let one = Selection::parse(&THING, false, "!size").unwrap();
    assert!(one.has("state") && !one.has("size"));
    let inner = Selection::parse(&THING, true, "space.{!used},space").unwrap();
    assert!(inner.has("space.count") && !inner.has("space.used"));
}

#[test]
fn keys_are_always_selected() {
    assert_eq!(keys_of(&written("size", &full())), ["_links", "name", "size", "uuid"]);
    assert_eq!(keys_of(&written("!uuid,!name", &full())), ["_links", "name", "uuid"]);
}

#[test]
fn unset_fields_and_empty_objects_are_left_out() {
    assert_eq!(
        written("**", &bare()),
        json!({
            "uuid": "00000000-0000-0000-0000-000000000005",
            "name": "t2",
            "create_time": "1970-01-01T00:00:00+00:00",
            "size": 0,
            "space": {"count": 0},
            "state": "offline",
            "_links": {"self": {"href": "/api/things/00000000-0000-0000-0000-000000000005"}},
        })
    );
}

#[test]
fn the_lists_of_an_array_become_objects() {
    let parts = &written("parts", &full())["parts"];
    let maker = |uuid: u128| {
        let uuid = Uuid::from_u128(uuid).to_string();
        json!({"uuid": uuid, "_links": {"self": {"href": format!("/api/makers/{uuid}")}}})
    };
    assert_eq!(parts, &json!([{"label": "lid", "maker": maker(3)}, {"maker": maker(4)}]));
    // An element without the requested field keeps its index.
    assert_eq!(written("parts.label", &full())["parts"], json!([{"label": "lid"}, {}]));
}

#[test]
fn unknown_fields_are_refused_or_ignored() {
    for fields in
        ["x", "position", "name.x", "space.x", "space.{x}", "x.{name}", "!x", "x.*", "!*", "."]
    {
        assert_code(query(&format!("/t?fields={fields}")), 262_197, "fields");
    }
    let error = query("/t?fields=name,colour").unwrap_err();
    let text = r#"The value "colour" is invalid for field "fields" (<field,...>)"#;
    assert_eq!(error.message, text);
    let query = query("/t?fields=x,size,x.{y,z.{a}},!y&ignore_unknown_fields=True").unwrap();
    assert!(query.selection.has("size") && !query.selection.has("state"));
}

#[test]
fn braces_have_to_match() {
    for fields in
        ["space.{used", "space.used}", "}", "{", "space.{used}x", "space{used}", "{name}{size}"]
    {
        let result = Selection::parse(&THING, true, fields);
        assert_code(result, 262_286, "fields");
    }
    let deep = "{".repeat(100_000);
    assert_code(Selection::parse(&THING, true, &deep), 262_286, "fields");
}

#[test]
fn links_may_be_named() {
    for fields in ["_links", "_links.self.href", "origin.parent._links"] {
        assert!(Selection::parse(&THING, true, fields).is_ok(), "{fields}");
    }
    assert_code(Selection::parse(&THING, true, "space._links"), 262_197, "fields");
}
