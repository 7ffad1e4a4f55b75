//! The order of a collection, and its pages.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::{Page, Query, Url, reply};
use serde_json::Value as Json;

use crate::thing::{Thing, bare, full};
use crate::{assert_code, query, url};

/// Things with these names, created in this order.
fn things(names: &[&str]) -> Vec<Thing> {
    let make = |(i, name): (u32, &&str)| Thing {
        uuid: Uuid::from_u128(1_000 - u128::from(i)),
        name: (*name).to_owned(),
        position: i.into(),
        size: name.len() as u64,
        ..bare()
    };
    (0..).zip(names).map(make).collect()
}

fn names(page: &Page<Thing>) -> Vec<&str> {
    page.records.iter().map(|thing| thing.name.as_str()).collect()
}

#[track_caller]
fn assert_order(order_by: &str, things: Vec<Thing>, expected: &[&str]) {
    let query = query(&format!("/t?order_by={order_by}")).unwrap();
    assert_eq!(names(&Page::of(things, &query)), expected, "{order_by}");
}

/// Follows the links from page to page, like a client.
pub(crate) fn walk(
    target: &str,
    mut list: impl FnMut(&Query<Thing>) -> Vec<Thing>,
) -> Vec<Vec<Thing>> {
    let mut target = target.to_owned();
    let mut pages = Vec::new();
    loop {
        let url = Url::parse(&target).unwrap();
        let query = query(&target).unwrap();
        let page = Page::of(list(&query), &query);
        let reply: Json =
            serde_json::from_slice(&reply::collection(&url, &query.selection, &page)).unwrap();
        let next = reply["_links"]["next"]["href"].as_str();
        let header = next.map(|href| format!("<{href}>; rel=\"next\""));
        assert_eq!(reply::next_link(&url, &page), header);
        pages.push(page.records);
        match next {
            Some(href) => href.clone_into(&mut target),
            None => return pages,
        }
    }
}

#[test]
fn a_collection_is_in_the_order_of_its_schema() {
    assert_order("", things(&["b", "a", "c"]), &["b", "a", "c"]);
    let mut reversed = things(&["b", "a", "c"]);
    reversed.reverse();
    assert_order("", reversed, &["b", "a", "c"]);
}

#[test]
fn a_request_orders_by_fields_and_directions() {
    let given = || things(&["bb", "a", "c", "dd"]);
    assert_order("name", given(), &["a", "bb", "c", "dd"]);
    assert_order("name%20DESC", given(), &["dd", "c", "bb", "a"]);
    assert_order("size,name%20desc", given(), &["c", "a", "dd", "bb"]);
    assert_order("size%20desc,name%20asc,", given(), &["bb", "dd", "a", "c"]);
    // If the fields are equal, the schema's order decides.
    assert_order("size", given(), &["a", "c", "bb", "dd"]);
}

#[test]
fn unset_fields_are_last_in_both_directions() {
    let mut given = things(&["a", "b", "c"]);
    given[0].used = None;
    given[1].used = Some(1);
    given[2].used = Some(2);
    assert_order("space.used", given.clone(), &["b", "c", "a"]);
    assert_order("space.used%20desc", given, &["c", "b", "a"]);
}

#[test]
fn fields_without_an_order_are_refused() {
    assert_code(query("/t?order_by=x"), 262_197, "order_by");
    assert_code(query("/t?order_by=name%20up"), 262_197, "order_by");
    assert_code(query("/t?order_by=name%20asc%20x"), 262_197, "order_by");
    // A request cannot name a hidden field.
    assert_code(query("/t?order_by=position"), 262_197, "order_by");
    assert_code(query("/t?order_by=owners"), 262_268, "order_by");
    assert_code(query("/t?order_by=parts.label"), 262_268, "order_by");
    assert_code(query("/t?order_by=space"), 262_268, "order_by");
    assert_code(query("/t?order_by=name,name"), 262_186, "order_by");
    assert_code(query("/t?order_by=name&$orderBy=size"), 262_186, "$orderBy");
    assert!(query("/t?$orderBy=name").is_ok());
}

#[test]
fn pages_follow_each_other() {
    let given = || things(&["a", "b", "c", "d", "e"]);
    let sizes = |max| {
        let pages = walk(&format!("/t?max_records={max}"), |_| given());
        assert_eq!(pages.concat(), given());
        pages.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(sizes(1), [1, 1, 1, 1, 1]);
    assert_eq!(sizes(2), [2, 2, 1]);
    assert_eq!(sizes(5), [5]);
    assert_eq!(sizes(9), [5]);
    assert_eq!(walk("/t?max_records=2", |_| Vec::new()), [[]]);
}

#[test]
fn an_offset_counts_once() {
    let given = || things(&["a", "b", "c", "d", "e"]);
    let pages = walk("/t?max_records=2&offset=1", |_| given());
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(pages.concat(), given()[1..]);
    assert_eq!(walk("/t?offset=7", |_| given()), [[]]);
    assert_eq!(walk(&format!("/t?max_records=1&offset={}", u64::MAX), |_| given()), [[]]);
}

#[test]
fn the_next_page_starts_after_a_deleted_record() {
    let mut shelf = things(&["a", "b", "c", "d"]);
    let pages = walk("/t?max_records=2", |_| {
        let listed = shelf.clone();
        shelf.retain(|thing| thing.name != "b");
        listed
    });
    assert_eq!(pages.concat(), things(&["a", "b", "c", "d"]));
}

#[test]
fn any_value_can_start_a_page() {
    let comments =
        [None, Some(""), Some("null"), Some("\"null"), Some("\"\""), Some(" a&b=c%/ü+"), Some("z")];
    let mut shelf = things(&["a", "b", "c", "d", "e", "f", "g"]);
    for (thing, comment) in shelf.iter_mut().zip(comments) {
        thing.comment = comment.map(str::to_owned);
        thing.online = comment.map(str::is_empty);
        thing.parent =
            comment.map(|comment| (Uuid::from_u128(comment.len() as u128), comment.into()));
    }
    for order in ["comment", "comment desc", "is_online", "origin.parent.uuid", "state", "name"] {
        let pages = walk(&format!("/t?max_records=1&order_by={order}"), |_| shelf.clone());
        let mut found = pages.concat();
        assert_eq!(found.len(), shelf.len(), "{order}");
        found.sort_by_key(|thing| thing.position);
        assert_eq!(found, shelf, "{order}");
    }
}

#[test]
fn a_link_to_the_next_page_keeps_the_query_and_replaces_the_start() {
    let target = "/api/t/?name=*&fields=**&order_by=name&max_records=1&offset=0";
    let query = query(target).unwrap();
    let page = Page::of(things(&["a", "b"]), &query);
    let next = reply::next_link(&url(target), &page).unwrap();
    assert_eq!(
        next,
        "</api/t?fields=%2A%2A&max_records=1&name=%2A&order_by=name\
         &start.name=a&start.position=0\
         &start.uuid=00000000-0000-0000-0000-0000000003e8>; rel=\"next\""
    );
    let target = next.trim_start_matches('<').split_once('>').unwrap().0;
    let query = crate::query(target).unwrap();
    let page = Page::of(things(&["a", "b"]), &query);
    assert_eq!((names(&page), reply::next_link(&url(target), &page)), (vec!["b"], None));
}

#[test]
fn a_start_that_no_link_gave_is_refused() {
    let uuid = full().uuid;
    assert!(query(&format!("/t?start.uuid={uuid}&start.position=7")).is_ok());
    for (start, code, name) in [
        (format!("start.uuid={uuid}"), 262_212, "start.position"),
        ("start.name=a&start.position=7".to_owned(), 262_179, "start.name"),
        ("start.uuid=x&start.position=7".to_owned(), 262_197, "start.uuid"),
        (format!("start.uuid={uuid}&start.position=x"), 262_197, "start.position"),
        (format!("start.uuid={uuid}&start.uuid={uuid}"), 262_186, "start.uuid"),
    ] {
        assert_code(query(&format!("/t?{start}")), code, name);
    }
}
