//! The filter of a collection.

use nessie_ontap_protocol::Filter;

use crate::thing::{THING, Thing, bare, full};
use crate::{assert_code, query};

/// Whether a record matches a filter.
fn matches(path: &str, value: &str, thing: &Thing) -> bool {
    let mut filter = Filter::none(&THING);
    filter.add(path, value).unwrap_or_else(|error| panic!("{path}={value}: {error}"));
    filter.matches(thing)
}

#[test]
fn text_is_matched_with_wildcards_anywhere() {
    let mut thing = full();
    thing.name = "abcabc".to_owned();
    for value in ["abcabc", "a*", "*c", "*ca*", "a*b*c", "*", "**", "*abc", "abc*abc"] {
        assert!(matches("name", value, &thing), "{value}");
    }
    for value in ["abc", "b*", "*b", "*x*", "abcabc*c", "ABCABC", "a*d*c"] {
        assert!(!matches("name", value, &thing), "{value}");
    }
}

#[test]
fn alternatives_and_negations() {
    for value in ["t1|x", "x|t1", "x,t1", "!x", "!!t1", "x|!y", "a*|t*"] {
        assert!(matches("name", value, &full()), "{value}");
    }
    for value in ["!t1", "x|y", "x,y", "!t*", "!*|x"] {
        assert!(!matches("name", value, &full()), "{value}");
    }
}

#[test]
fn null_matches_unset_fields() {
    for path in ["comment", "is_online", "origin.parent.uuid", "owners", "space.used"] {
        assert!(matches(path, "null", &bare()) && !matches(path, "null", &full()), "{path}");
        assert!(matches(path, "!null", &full()) && !matches(path, "!null", &bare()), "{path}");
        assert!(matches(path, "*", &full()) && !matches(path, "*", &bare()), "{path}");
    }
    for value in ["-", "\"-\""] {
        assert!(matches("space.used", value, &bare()) && !matches("space.used", value, &full()));
        assert!(!matches("comment", value, &bare()), "in text a dash is a dash");
    }
    let mut thing = full();
    thing.comment = Some("null".to_owned());
    assert!(matches("comment", "\"null\"", &thing) && !matches("comment", "null", &thing));
}

#[test]
fn a_blank_value_is_empty_text_or_nothing() {
    let mut thing = bare();
    assert!(matches("comment", "", &thing));
    thing.comment = Some(String::new());
    assert!(matches("comment", "", &thing) && !matches("comment", "", &full()));
    for value in ["\"\"", "{}"] {
        assert!(matches("comment", value, &thing) && !matches("comment", value, &full()));
        let other = format!("!{value}");
        assert!(!matches("comment", &other, &thing) && matches("comment", &other, &full()));
    }
}

#[test]
fn quoted_operators_are_plain_text() {
    let mut thing = full();
    for name in ["a*b", "a|b", "a,b", "!a", "<a", "a..b", "null", "a}b"] {
        name.clone_into(&mut thing.name);
        assert!(matches("name", &format!("\"{name}\""), &thing), "{name}");
    }
    "a\"b".clone_into(&mut thing.name);
    assert!(matches("name", "{a\"b}", &thing));
    "x*yz".clone_into(&mut thing.name);
    assert!(matches("name", "\"x*\"*", &thing) && !matches("name", "\"y*\"*", &thing));
    for open in ["\"a", "a\"", "{a", "a{", "\"{\"{"] {
        assert_code(query(&format!("/t?name={open}")), 262_197, "name");
    }
}

#[test]
fn numbers_compare_and_understand_units() {
    for value in [
        "1073741824",
        "1GB",
        "1024MB",
        "1gb",
        "1g",
        "1024m",
        ">1023m",
        "1m..1t",
        ">1023MB",
        ">=1GB",
        "<2GB",
        "<=1GB",
    ] {
        assert!(matches("size", value, &full()), "{value}");
    }
    for value in ["1MB..2GB", "!<1GB", "1..2|1GB", "1GB..1GB"] {
        assert!(matches("size", value, &full()), "{value}");
    }
    for value in ["0", ">1GB", "<1GB", "2GB..3GB", "!*", "null"] {
        assert!(!matches("size", value, &full()), "{value}");
    }
    for value in ["x", "-1", "1.5GB", "1XB", "20000PB", "1*", ">", "..", "1..", "<=", "1GB GB"] {
        assert_code(query(&format!("/t?size={value}")), 262_197, "size");
    }
    assert_code(query("/t?space.count=1KB"), 262_197, "space.count");
}

#[test]
fn unset_fields_match_no_comparison() {
    for value in ["<5", ">0", "<=5", ">=0", "0..9", "0"] {
        assert!(!matches("space.used", value, &bare()), "{value}");
    }
}

#[test]
fn times_compare_in_whole_seconds() {
    for value in [
        "2026-01-02T03:04:05Z",
        "2026-01-02T04:04:05+01:00",
        "2026-01-02T03:04:05.999Z",
        // The format of Go's `RFC3339Nano`.
        "2026-01-02T03:04:05.123456789Z",
        // The format of Python's `str(datetime)`.
        "2026-01-02 03:04:05.999000+00:00",
        // A plus sign that was not percent-encoded is read as a space.
        "2026-01-02T04:04:05 01:00",
        "2026-01-02 03:04:05 00:00..2026-01-02T03:04:05Z",
        ">2026-01-02T03:04:04Z",
        "<=2026-01-02T03:04:05Z",
        "2026-01-01T00:00:00Z..2026-01-03T00:00:00Z",
    ] {
        assert!(matches("create_time", value, &full()), "{value}");
    }
    assert!(!matches("create_time", ">2026-01-02T03:04:05Z", &full()));
    for value in ["yesterday", "2026-01-02T03:04:05", "2026-01-02 03:04:05"] {
        assert_code(query(&format!("/t?create_time={value}")), 262_197, "create_time");
    }
}

#[test]
fn booleans_words_and_identifiers_match_in_any_case() {
    for value in ["true", "True", "TRUE", "!false"] {
        assert!(matches("is_online", value, &full()), "{value}");
    }
    assert_code(query("/t?is_online=yes"), 262_197, "is_online");
    assert_code(query("/t?is_online=>true"), 262_197, "is_online");
    assert!(matches("state", "ONLINE", &full()) && matches("state", "on*", &full()));
    assert!(!matches("state", "unknown", &full()));
    let uuid = "00000000-0000-0000-0000-0000000000AB";
    let mut thing = full();
    thing.uuid = uuid.parse().unwrap();
    assert!(matches("uuid", uuid, &thing) && matches("uuid", "*AB", &thing));
    assert!(!matches("uuid", "ab", &thing));
}

#[test]
fn an_array_matches_if_one_of_its_values_does() {
    assert!(matches("owners", "bob", &full()) && matches("owners", "x|a*", &full()));
    assert!(!matches("owners", "eve", &full()));
    assert!(matches("owners", "!eve", &full()) && !matches("owners", "!bob", &full()));
    assert!(matches("parts.label", "lid", &full()));
}

#[test]
fn text_with_dots_is_not_a_range() {
    let mut thing = full();
    for name in ["a...", "..a", "a.."] {
        name.clone_into(&mut thing.name);
        assert!(matches("name", name, &thing), "{name}");
    }
    assert!(matches("name", "a..b", &thing));
}

#[test]
fn an_object_means_its_name() {
    assert!(matches("origin.parent", "t0", &full()));
    let query = query("/t?origin.parent=t0").unwrap();
    assert_eq!(query.filter.exact("origin.parent.name"), Some("t0"));
    assert!(query.selection.has("origin.parent.name"));
}

#[test]
fn a_path_may_begin_with_the_schema_s_name() {
    let query = query("/t?thing.name=t1&thing.origin.parent=t0&thing.state=online").unwrap();
    assert!(query.filter.matches(&full()) && !query.filter.matches(&bare()));
    assert_eq!(query.filter.exact("name"), Some("t1"));
    assert!(query.selection.has("state") && query.selection.has("origin.parent.name"));
    assert!(matches("thing", "t1", &full()) && !matches("thing", "t2", &full()));
    assert_code(crate::query("/t?thing.x=1"), 262_179, "thing.x");
    assert_code(crate::query("/t?thing.=1"), 262_179, "thing.");
    assert_code(crate::query("/t?things.name=1"), 262_179, "things.name");
    assert_code(crate::query("/t?name=a&thing.name=b"), 262_186, "thing.name");
}

#[test]
fn a_hyphen_in_a_name_is_an_underscore() {
    for target in [
        "/t?is-online=true&fields=create-time,space.{used}&order-by=create-time+desc&max-records=3",
        "/t?is_online=true&fields=create_time,space.used&order_by=create_time%20desc&max_records=3",
    ] {
        let query = query(target).unwrap();
        assert!(query.filter.matches(&full()) && !query.filter.matches(&bare()), "{target}");
        assert!(query.selection.has("create_time") && query.selection.has("space.used"));
        assert_eq!(query.order.paths().next(), Some("create_time"));
        assert_eq!(query.paging.max_records, Some(3));
    }
    assert!(
        query("/t?query=a&query_fields=create-time")
            .is_err_and(|error| { error.target.as_deref() == Some("query") })
    );
    assert_code(query("/t?not-here=1"), 262_179, "not_here");
    assert_code(query("/t?fields=not-here"), 262_197, "fields");
    // Hyphens in values stay hyphens.
    let mut thing = full();
    thing.name = "a-b".to_owned();
    assert!(matches("name", "a-b", &thing) && !matches("name", "a_b", &thing));
}

#[test]
fn an_exact_text_is_known_as_such() {
    for (value, exact) in [
        ("a", Some("a")),
        ("\"a*\"", Some("a*")),
        ("a*", None),
        ("!a", None),
        ("a|b", None),
        ("null", None),
        ("", None),
        ("<a", None),
    ] {
        let query = query(&format!("/t?name={value}")).unwrap();
        assert_eq!(query.filter.exact("name"), exact, "{value}");
    }
}

#[test]
fn unknown_and_repeated_filters_are_refused() {
    assert_code(query("/t?x=1"), 262_179, "x");
    assert_code(query("/t?space=1"), 262_179, "space");
    assert_code(query("/t?position=1"), 262_179, "position");
    assert_code(query("/t?name=a&name=b"), 262_186, "name");
    assert_code(query("/t?origin.parent=a&origin.parent.name=b"), 262_186, "origin.parent.name");
}

#[test]
fn a_search_covers_several_fields() {
    let query = query("/t?query=*word*&query_fields=name,comment").unwrap();
    assert!(query.filter.matches(&full()) && !query.filter.matches(&bare()));
    assert_code(crate::query("/t?query=a"), 262_212, "query_fields");
    assert_code(crate::query("/t?query_fields=name"), 262_212, "query");
    assert_code(crate::query("/t?query=a&query_fields=x"), 262_197, "query_fields");
    assert_code(crate::query("/t?query=a&query_fields="), 262_197, "query_fields");
    assert_code(crate::query("/t?query=1&query_fields=name,size"), 262_197, "query_fields");
}

#[test]
fn a_pattern_of_many_stars_is_matched_quickly() {
    let mut thing = full();
    thing.name = "a".repeat(10_000);
    assert!(!matches("name", &format!("{}b", "a*".repeat(5_000)), &thing));
}
