//! The parameters that every operation accepts.

use std::time::Duration;

use nessie_ontap_protocol::{Method, Query};

use crate::thing::THING;
use crate::{assert_code, query, url};

#[test]
fn the_defaults() {
    let query = query("/t").unwrap();
    assert!(query.return_records && query.filter.is_empty());
    assert_eq!((query.return_timeout, query.paging.max_records), (None, None));
    for method in [Method::Post, Method::Patch, Method::Delete] {
        let query = Query::parse(&THING, method, true, &[], &url("/t")).unwrap();
        assert!(!query.return_records && !query.continue_on_failure);
    }
}

#[test]
fn values_are_read_and_bounded() {
    let query = query(
        "/t?max_records=7&return_records=False&return_timeout=120&continue_on_failure=true\
         &serial_records=true&pretty&offset=3",
    )
    .unwrap();
    assert!(!query.return_records && query.continue_on_failure);
    assert_eq!(query.return_timeout, Some(Duration::from_secs(120)));
    assert_eq!((query.paging.max_records, query.paging.offset), (Some(7), 3));
    for bad in [
        "max_records=0",
        "max_records=x",
        "max_records=-1",
        "max_records=",
        "offset=x",
        "return_timeout=121",
        "return_timeout=x",
        "return_records=maybe",
        "pretty=2",
        "continue_on_failure=x",
        "serial_records=x",
        "ignore_unknown_fields=x",
    ] {
        let (name, _) = bad.split_once('=').unwrap();
        assert_code(crate::query(&format!("/t?{bad}")), 262_197, name);
    }
    assert_code(crate::query("/t?max_records=1&max_records=2"), 262_186, "max_records");
}

#[test]
fn fields_add_up() {
    let query = query("/t?fields=size,&fields=state").unwrap();
    assert!(query.selection.has("size") && query.selection.has("state"));
}

#[test]
fn fields_of_the_filter_are_selected() {
    let query = query("/t?fields=name&space.used=null&is_online=true").unwrap();
    assert!(query.selection.has("space.used") && query.selection.has("is_online"));
    assert!(!query.selection.has("space.count"));
}

#[test]
fn an_operation_has_its_own_parameters() {
    let url = url("/t?force=True&origin.parent.name=a&name=b");
    let own = ["force", "origin.parent.name"];
    let query = Query::parse(&THING, Method::Patch, true, &own, &url).unwrap();
    assert_eq!(query.parameter_flag("force"), Ok(Some(true)));
    assert_eq!(query.parameter("origin.parent.name"), Some("a"));
    assert_eq!(query.parameter_flag("other"), Ok(None));
    assert_eq!(query.filter.paths().collect::<Vec<_>>(), ["name"]);
    assert_code(query.parameter_flag("origin.parent.name"), 262_197, "origin.parent.name");
    assert_code(crate::query("/t?force=true"), 262_179, "force");
}

#[test]
fn a_post_refuses_filters() {
    let post = |target| Query::parse(&THING, Method::Post, true, &[], &url(target));
    assert_code(post("/t?name=a"), 262_211, "name");
    assert_code(post("/t?x=a"), 262_179, "x");
    assert!(post("/t?return_records=true&fields=**&return_timeout=0").is_ok());
}
