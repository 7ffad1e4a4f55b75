//! The JSON body of a request.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::{ApiError, Bodies, Body, Method};
use serde_json::json;

use crate::assert_code;
use crate::thing::THING;

fn parse(json: &str) -> Body {
    Body::parse(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn check(method: Method, json: &str) -> Result<(), ApiError> {
    parse(json).check(&THING, method)
}

#[track_caller]
fn assert_refused(method: Method, json: &str, code: u32, target: &str) {
    let result = Body::parse(json.as_bytes()).and_then(|body| body.check(&THING, method));
    assert_code(result, code, target);
}

#[test]
fn nested_and_dotted_mean_the_same() {
    let nested = parse(r#"{"origin": {"parent": {"name": "a"}}, "size": 1}"#);
    for json in [
        r#"{"origin.parent.name": "a", "size": 1}"#,
        r#"{"origin.parent": {"name": "a"}, "size": 1}"#,
        r#"{"size": 1, "origin": {"parent.name": "a"}}"#,
        r#"{"size": 1, "origin": {"parent.name": "a"}, "space": {}, "parts": {"x": {}}}"#,
    ] {
        assert_eq!(parse(json), nested, "{json}");
    }
    assert_eq!(nested.text("origin.parent.name"), Ok(Some("a")));
    assert_eq!(nested.paths().collect::<Vec<_>>(), ["origin.parent.name", "size"]);
}

#[test]
fn a_hyphen_in_a_key_is_an_underscore() {
    let body = parse(r#"{"is-online": true, "parts": [{"maker-x": {"uuid-y": 1}}]}"#);
    assert_eq!(body.paths().collect::<Vec<_>>(), ["is_online", "parts"]);
    assert_eq!(body.value("parts"), Some(&json!([{"maker_x.uuid_y": 1}])));
    assert_eq!(check(Method::Patch, r#"{"is-online": "True"}"#), Ok(()));
    assert_refused(Method::Patch, r#"{"is-off": true}"#, 262_179, "is_off");
    let twice = r#"{"is-online": true, "is_online": true}"#;
    assert_code(Body::parse(twice.as_bytes()), 262_186, "is_online");
}

#[test]
fn an_empty_body_and_nulls_set_nothing() {
    for json in ["", " \n", "{}", r#"{"name": null}"#, r#"{"origin": {"parent": null}}"#] {
        let body = parse(json);
        assert!(body.is_empty() && !body.has("name") && !body.has("origin"), "{json}");
        assert_eq!(body.paths().count(), 0, "{json}");
        assert_eq!(body.text("name"), Ok(None), "{json}");
        assert_eq!(body.check(&THING, Method::Delete), Ok(()), "{json}");
    }
}

#[test]
fn given_fields_are_known() {
    let body = parse(r#"{"space": {"used": 1}, "space_x": 2, "name": null, "space!x": 1}"#);
    assert!(body.has("space") && body.has("space.used") && body.has("space_x"));
    assert!(!body.has("spac") && !body.has("name") && !body.has("space.used.x"));
}

#[test]
fn one_field_given_twice_is_refused() {
    for json in [
        r#"{"name": "a", "name": "a"}"#,
        r#"{"origin": {"parent": {"name": "a"}}, "origin.parent.name": "a"}"#,
        r#"{"name": null, "name": "a"}"#,
        r#"{"parts": [{"label": "a", "label": "b"}]}"#,
    ] {
        let error = Body::parse(json.as_bytes()).unwrap_err();
        assert_eq!((error.status, error.code), (400, 262_186), "{json}");
    }
    let both = r#"{"origin": "a", "origin.parent.name": "a"}"#;
    assert_code(Body::parse(both.as_bytes()), 262_186, "origin");
    let spread = r#"{"origin": {"parent.name": "a"}, "origin.parent": {"uuid": "b"}}"#;
    assert_eq!(parse(spread).paths().count(), 2);
}

#[test]
fn a_body_that_is_not_a_json_object_is_refused() {
    for (json, code) in [
        ("{", 262_199),
        ("{]", 262_199),
        ("{\"a\": 1} x", 262_199),
        ("{\"a\": 01}", 262_199),
        ("{\"a\": \"\u{1}\"}", 262_199),
        ("{a: 1}", 262_199),
        ("{\"a\": 1,}", 262_199),
        ("[]", 262_201),
        ("1", 262_201),
        ("null", 262_201),
        ("\"a\"", 262_201),
    ] {
        for parse in
            [|b: &[u8]| Body::parse(b).map(drop), |b: &[u8]| Body::parse_records(b).map(drop)]
        {
            let error = parse(json.as_bytes()).unwrap_err();
            assert_eq!((error.status, error.code), (400, code), "{json}: {error}");
        }
    }
    assert_eq!(Body::parse(b"{\"a\": \"\xff\"}").unwrap_err().code, 262_199);
}

#[test]
fn deep_nesting_and_long_paths_are_refused() {
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        for depth in [40, 100, 100_000] {
            let json = format!("{{\"a\":{}1{}}}", open.repeat(depth), close.repeat(depth));
            let error = Body::parse(json.as_bytes()).unwrap_err();
            assert!(matches!(error.code, 262_199 | 262_201), "{depth} × {open}: {error}");
        }
    }
    let long = format!("{{\"{}\": {{\"b\": 1}}}}", "a".repeat(1_000));
    assert_eq!(Body::parse(long.as_bytes()).unwrap_err().code, 262_179);
}

#[test]
fn numbers_and_booleans_may_be_text() {
    let body = parse(
        r#"{"a": "5", "b": 5, "c": "true", "d": false, "e": "FALSE", "f": "20MB", "g": "x",
            "h": -1, "i": 1.5, "j": [1], "k": "2026-01-01T01:00:00+01:00",
            "l": "00000000-0000-0000-0000-00000000000A", "m": "99999999999999999999", "n": 1e3}"#,
    );
    assert_eq!((body.integer("a"), body.integer("b")), (Ok(Some(5)), Ok(Some(5))));
    assert_eq!((body.boolean("c"), body.boolean("d")), (Ok(Some(true)), Ok(Some(false))));
    assert_eq!(body.boolean("e"), Ok(Some(false)));
    assert_eq!((body.size("f"), body.size("b")), (Ok(Some(20 << 20)), Ok(Some(5))));
    assert_eq!(body.time("k"), Ok(Some("2026-01-01T00:00:00Z".parse().unwrap())));
    assert_eq!(body.uuid("l"), Ok(Some(Uuid::from_u128(10))));
    assert_eq!(body.integer("missing"), Ok(None));
    for (text, size) in [("2g", 2 << 30), ("500m", 500 << 20), ("1t", 1 << 40), ("3K", 3 << 10)] {
        let body = parse(&format!(r#"{{"size": "{text}"}}"#));
        assert_eq!(body.size("size"), Ok(Some(size)), "{text}");
    }
    for text in ["", "g", "2gg", "2 g", "1.5g", "-2g", "0x2", "2gib", "17179869184g"] {
        let body = parse(&format!(r#"{{"size": "{text}"}}"#));
        assert_code(body.size("size"), 262_222, "size");
    }
    assert_code(body.integer("f"), 262_222, "f");
    assert_code(body.size("g"), 262_222, "g");
    assert_code(body.integer("m"), 262_222, "m");
    assert_code(body.integer("h"), 262_245, "h");
    assert_code(body.integer("i"), 262_245, "i");
    assert_code(body.size("d"), 262_220, "d");
    assert_code(body.integer("j"), 262_255, "j");
    assert_code(body.boolean("g"), 262_197, "g");
    assert_code(body.boolean("b"), 262_220, "b");
    assert_code(body.text("b"), 262_220, "b");
    assert_code(body.time("g"), 262_197, "g");
    assert_code(body.uuid("g"), 262_197, "g");
}

#[test]
fn the_texts_of_an_array_are_read_from_any_form() {
    for (json, expected) in [
        (r#"{"parts": [{"label": "a"}, {"x": 1}, {"label": null}]}"#, vec![Some("a"), None, None]),
        (r#"{"parts.label": ["a", "b"]}"#, vec![Some("a"), Some("b")]),
        (r#"{"parts": []}"#, vec![]),
    ] {
        assert_eq!(parse(json).texts("parts", "label"), Ok(Some(expected)), "{json}");
    }
    let nested = parse(r#"{"parts": [{"maker": {"uuid": "a"}}, {"maker.uuid": "b"}]}"#);
    assert_eq!(nested.texts("parts", "maker.uuid"), Ok(Some(vec![Some("a"), Some("b")])));
    assert_eq!(parse("{}").texts("parts", "label"), Ok(None));
    assert_code(parse(r#"{"parts": 1}"#).texts("parts", "label"), 262_254, "parts");
    assert_code(parse(r#"{"parts.label": "a"}"#).texts("parts", "label"), 262_254, "parts.label");
    let number = parse(r#"{"parts": [{"label": 1}]}"#);
    assert_code(number.texts("parts", "label"), 262_220, "parts.label");
}

#[test]
fn fields_that_a_method_may_set_pass() {
    let post = r#"{"name": "a", "comment": "", "size": "1GB", "origin": {"parent": {"name": "b"}},
        "parts": [{"label": "x", "maker.uuid": "00000000-0000-0000-0000-000000000001"}],
        "owners": ["a"], "space.count": "3", "origin.parent.uuid": null, "state": null}"#;
    assert_eq!(check(Method::Post, post), Ok(()));
    let patch = r#"{"state": "ONLINE", "is_online": "True", "parts.label": ["a"], "parts": null}"#;
    assert_eq!(check(Method::Patch, patch), Ok(()));
    assert_eq!(check(Method::Patch, r#"{"parts.label": null, "origin": null}"#), Ok(()));
}

#[test]
fn unknown_fields_are_refused() {
    assert_refused(Method::Post, r#"{"x": 1}"#, 262_179, "x");
    assert_refused(Method::Post, r#"{"space": {"x": 1}}"#, 262_179, "space.x");
    assert_refused(Method::Patch, r#"{"name.x": null}"#, 262_179, "name.x");
    assert_refused(Method::Post, r#"{"": 1}"#, 262_179, "");
    assert_refused(Method::Post, r#"{"parts": [{"x": 1}]}"#, 262_179, "parts.x");
}

#[test]
fn fields_that_a_method_may_not_set_are_refused() {
    assert_refused(Method::Post, r#"{"uuid": "x"}"#, 262_196, "uuid");
    assert_refused(Method::Patch, r#"{"uuid": "x"}"#, 262_196, "uuid");
    assert_refused(Method::Post, r#"{"state": "online"}"#, 262_196, "state");
    assert_refused(Method::Patch, r#"{"origin.parent.name": "a"}"#, 262_203, "origin.parent.name");
    let element = r#"{"parts": [{"maker": {"uuid": "a"}}]}"#;
    assert_refused(Method::Patch, element, 262_203, "parts.maker.uuid");
    let error = check(Method::Delete, r#"{"name": "a"}"#).unwrap_err();
    assert_eq!(error.code, 262_198);
}

#[test]
fn values_of_another_type_are_refused() {
    for (json, code, target) in [
        (r#"{"name": 1}"#, 262_220, "name"),
        (r#"{"name": true}"#, 262_220, "name"),
        (r#"{"name": ["a"]}"#, 262_255, "name"),
        (r#"{"name": {"x": 1}}"#, 262_179, "name.x"),
        (r#"{"size": true}"#, 262_220, "size"),
        (r#"{"size": "big"}"#, 262_222, "size"),
        (r#"{"size": -1}"#, 262_245, "size"),
        (r#"{"space": 1}"#, 262_220, "space"),
        (r#"{"space": [1]}"#, 262_255, "space"),
        (r#"{"owners": "a"}"#, 262_254, "owners"),
        (r#"{"owners": [1]}"#, 262_220, "owners"),
        (r#"{"owners": [["a"]]}"#, 262_255, "owners"),
        (r#"{"parts": "a"}"#, 262_254, "parts"),
        (r#"{"parts": ["a"]}"#, 262_220, "parts"),
        (r#"{"parts": {"label": "a"}}"#, 262_254, "parts.label"),
        (r#"{"parts.label": "a"}"#, 262_254, "parts.label"),
        (r#"{"parts": [{"label": ["a"]}]}"#, 262_255, "parts.label"),
        (r#"{"parts": [{"label": 1}]}"#, 262_220, "parts.label"),
        (r#"{"parts": [{"maker": 1}]}"#, 262_220, "parts.maker"),
        (r#"{"parts": [{"maker": {"uuid": "x"}}]}"#, 262_197, "parts.maker.uuid"),
    ] {
        assert_refused(Method::Post, json, code, target);
    }
    assert_refused(Method::Patch, r#"{"state": "broken"}"#, 262_197, "state");
    assert_refused(Method::Patch, r#"{"is_online": "yes"}"#, 262_197, "is_online");
}

#[test]
fn a_bulk_request_has_records_and_nothing_else() {
    let parse = |json: &str| Body::parse_records(json.as_bytes());
    assert_eq!(parse(""), Ok(None));
    assert_eq!(parse(r#"{"name": "a"}"#), Ok(None));
    let bodies =
        parse(r#"{"records": [{"name": "a"}, {"space": {"count": 1}}]}"#).unwrap().unwrap();
    assert_eq!(bodies[0].text("name"), Ok(Some("a")));
    assert_eq!(bodies[1].value("space.count"), Some(&json!(1)));
    assert_code(parse(r#"{"records": [{}], "name": "a"}"#), 262_287, "name");
    assert_code(parse(r#"{"records": [1]}"#), 262_288, "records");
    assert_code(parse(r#"{"records": []}"#), 262_289, "records");
    assert_code(parse(r#"{"records": {}}"#), 262_254, "records");
    assert_code(parse(r#"{"records": [{}], "records": [{}]}"#), 262_186, "records");
    assert_code(parse(r#"{"records": [{"a": 1, "a": 2}]}"#), 262_186, "a");
}

#[test]
fn a_body_is_one_object_or_records() {
    for json in [
        "",
        "{}",
        r#"{"name": "a", "space": {"count": 1}}"#,
        r#"{"space": {"records": [{}]}}"#,
        r#"{"records": [{"name": "a"}, {"name": "b"}]}"#,
        r#"{"\u0072ecords": [{"name": "a"}]}"#,
        r#"{"records": [], "name": "a"}"#,
        r#"{"records": 1}"#,
        r#"{"records": []}"#,
        r#"{"a": 1, "a": 2}"#,
        "[]",
        "{",
    ] {
        let bytes = json.as_bytes();
        let expected = match Body::parse_records(bytes) {
            Ok(Some(bodies)) => Ok(Bodies::Records(bodies)),
            Ok(None) => Body::parse(bytes).map(Bodies::One),
            Err(error) => Err(error),
        };
        assert_eq!(Bodies::parse(bytes), expected, "{json}");
    }
}

#[test]
fn the_refusal_of_a_large_number_names_the_limit() {
    for (number, rule) in [
        ("18446744073709551616", "is larger than 2^64-1"),
        ("1e300", "is larger than 2^64-1"),
        ("-18446744073709551616", "is not a whole number of 0 or more"),
        ("1.5", "is not a whole number of 0 or more"),
    ] {
        let body = Body::parse(format!(r#"{{"size":{number}}}"#).as_bytes()).unwrap();
        for error in [body.integer("size").unwrap_err(), body.size("size").unwrap_err()] {
            assert_eq!(error.code, 262_245);
            assert!(error.message.contains(rule), "{}", error.message);
        }
    }
    let body = Body::parse(br#"{"size":18446744073709551615}"#).unwrap();
    assert_eq!(body.integer("size"), Ok(Some(u64::MAX)));
}
