//! Fields that ONTAP documents and the schema lacks.

use nessie_ontap_protocol::{Filter, Method, Page, Query, Selection, reply};
use serde_json::{Value as Json, json};

use crate::thing::{THING, Thing, bare, full};
use crate::{assert_code, query, url};

fn written(fields: &str, thing: &Thing) -> Json {
    let selection = Selection::parse(&THING, true, fields).unwrap();
    serde_json::from_slice(&reply::record(&selection, thing)).unwrap()
}

#[test]
fn a_documented_field_may_be_named_and_is_absent() {
    let keys = written("name", &full());
    for fields in [
        "metric.iops",
        "metric",
        "metric.*",
        "metric.**",
        "metric.{iops,timestamp}",
        "{metric.{iops}}",
        "labels",
        "space.lost",
        "owner",
    ] {
        assert_eq!(written(fields, &full()), keys, "{fields}");
    }
    let mixed = written("space.{used,lost},metric", &full());
    assert_eq!(mixed["space"], json!({"used": 4096}));
    assert_eq!(mixed.get("metric"), None);
    assert_eq!(written("space,!space.lost,!metric", &full())["space"]["used"], 4096);
    assert_eq!(written("!metric", &full())["size"], json!(null), "the keys are the defaults");
}

#[test]
fn a_name_that_no_release_has_is_refused() {
    for fields in ["metrics", "metric.iops.read", "metric.{nonsense}", "owner.uuid", "labels.name"]
    {
        assert_code(query(&format!("/t?fields={fields}")), 262_197, "fields");
    }
    query("/t?fields=metrics,metric.nonsense&ignore_unknown_fields=true").unwrap();
    assert_code(query("/t?metric=1"), 262_179, "metric");
    assert_code(query("/t?metric.nonsense=1"), 262_179, "metric.nonsense");
    assert_code(query("/t?order_by=metric.nonsense"), 262_197, "order_by");
}

#[test]
fn a_documented_field_is_unset_for_a_filter() {
    for value in ["null", "!5", "!*", "", "!1..9", "null|7"] {
        assert!(
            query(&format!("/t?metric.iops={value}")).unwrap().filter.matches(&full()),
            "{value}"
        );
    }
    for value in ["5", "!null", "*", "<5", ">=0", "1..9", "5|6"] {
        assert!(
            !query(&format!("/t?metric.iops={value}")).unwrap().filter.matches(&full()),
            "{value}"
        );
    }
    // The path of an object means its field `name`.
    assert!(!query("/t?owner=ann").unwrap().filter.matches(&full()));
    assert!(query("/t?owner=!ann").unwrap().filter.matches(&full()));
    assert!(!query("/t?query=a*&query_fields=comment,owner.name").unwrap().filter.matches(&bare()));
}

#[test]
fn the_documented_type_checks_a_filter() {
    for good in [
        "metric.iops=5",
        "metric.ratio=>1.5",
        "metric.timestamp=>2026-01-01T00:00:00Z",
        "space.lost=>1GB",
        "space.thin=True",
        "labels=a*",
    ] {
        query(&format!("/t?{good}")).unwrap();
    }
    for bad in [
        "metric.iops=x",
        "metric.iops=1.5",
        "metric.ratio=x",
        "metric.ratio=nan",
        "metric.timestamp=yesterday",
        "space.lost=many",
        "space.thin=perhaps",
        "space.thin=>true",
    ] {
        let (path, _) = bad.split_once('=').unwrap();
        assert_code(query(&format!("/t?{bad}")), 262_197, path);
    }
    assert_code(query("/t?metric.iops=1&metric.iops=2"), 262_186, "metric.iops");
}

#[test]
fn a_collection_may_be_ordered_by_a_documented_field() {
    let things = vec![full(), bare()];
    let query = query("/t?order_by=metric.iops%20desc,owner.name&max_records=1").unwrap();
    let page = Page::of(things, &query);
    assert_eq!(page.records, [bare()], "the order of creation decides");
    let next = page.next.unwrap();
    assert_eq!(next[0], ("start.metric.iops".to_owned(), "null".to_owned()));
    let next: Vec<_> = next.iter().map(|(name, value)| format!("&{name}={value}")).collect();
    let next = next.concat();
    let more = crate::query(&format!("/t?order_by=metric.iops%20desc,owner.name{next}")).unwrap();
    assert_eq!(Page::of(vec![full(), bare()], &more).records, [full()]);
    assert_code(crate::query("/t?order_by=metric"), 262_268, "order_by");
    assert_code(crate::query("/t?order_by=labels"), 262_268, "order_by");
}

#[test]
fn a_documented_field_is_not_a_parameter_of_a_post() {
    let made = Query::parse(&THING, Method::Post, true, &[], &url("/t?metric.iops=5"));
    assert_code(made, 262_211, "metric.iops");
}

#[test]
fn a_filter_selects_the_elements_of_an_array() {
    let mut filter = Filter::none(&THING);
    filter.add("parts.label", "lid|b*").unwrap();
    for (label, admitted) in [("lid", true), ("box", true), ("top", false)] {
        assert_eq!(filter.admits("parts.label", &label.into()), admitted, "{label}");
        assert!(filter.admits("owners", &label.into()), "{label}");
    }
}
