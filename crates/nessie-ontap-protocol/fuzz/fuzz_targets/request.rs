//! A request as bytes: its method, the rest of the first line as the target, and the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nessie_ontap_protocol::{Body, Method, Page, Query, Url, reply};
use thing::{THING, bare, full};

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/wire/thing.rs"]
mod thing;

fuzz_target!(|bytes: &[u8]| {
    let Some((method, rest)) = bytes.split_first() else { return };
    let method = [Method::Get, Method::Post, Method::Patch, Method::Delete][*method as usize % 4];
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let target = parts.next().and_then(|line| std::str::from_utf8(line).ok());
    if let Some(target) = target {
        answer(method, target);
    }
    if let Some(body) = parts.next() {
        read(method, body);
    }
});

fn answer(method: Method, target: &str) {
    let Ok(url) = Url::parse(target) else { return };
    let href = url.href();
    assert_eq!(Url::parse(&href).map(|url| url.href()), Ok(href));
    let Ok(query) = Query::parse(&THING, method, true, &["force"], &url) else { return };
    let mut things = vec![full(), bare()];
    things.retain(|thing| query.filter.matches(thing));
    let page = Page::of(things, &query);
    let reply = reply::collection(&url, &query.selection, &page);
    let json: serde_json::Value = serde_json::from_slice(&reply).expect("a reply is JSON");
    if let Some(next) = json["_links"]["next"]["href"].as_str() {
        let url = Url::parse(next).expect("a link is a URL");
        Query::parse(&THING, method, true, &["force"], &url).expect("a link is a request");
    }
}

fn read(method: Method, bytes: &[u8]) {
    let _ = Body::parse_records(bytes);
    let Ok(body) = Body::parse(bytes) else { return };
    if body.check(&THING, method).is_ok() && method != Method::Delete {
        for field in THING.fields.iter().filter(|field| !THING.in_array(field.path)) {
            let text = body.text(field.path).is_ok();
            let number = body.size(field.path).is_ok();
            assert!(text || number || body.boolean(field.path).is_ok(), "{}", field.path);
        }
        body.texts("parts", "label").expect("the body was checked");
    }
}
