//! Properties of all requests and records: nothing panics, and each fast algorithm gives the result
//! of a simple one.

use std::collections::BTreeSet;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::{
    Body, Field, FieldKind, FieldPresence, Filter, Method, Query, Selection, Url, reply,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json};

use crate::pages::walk;
use crate::strategies::{check, text, thing};
use crate::thing::{THING, Thing, full};
use crate::url;

// Nothing panics.

/// Text in which the tokens of the grammar are frequent.
fn noise() -> impl Strategy<Value = String> {
    let words = "/api/t ? & = fields= name= size= order_by= start.uuid= max_records= \
                  space.{ } { , ! * ** | < >= .. null %2A % %C3 1GB name space parts.label \
                  _links . true create_time= 2026-01-01T00:00:00Z query= query_fields= \
                  uuid= 0";
    let pieces = words.split(' ').chain(["\"", " desc"]).collect::<Vec<_>>();
    let piece = prop_oneof![
        8 => select(pieces).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_request_line_is_read_or_refused() {
    let methods = [Method::Get, Method::Post, Method::Patch, Method::Delete];
    let case = (noise(), select(methods.to_vec()), any::<bool>(), thing());
    check(2_000, &case, |(target, method, collection, thing)| {
        let Ok(url) = Url::parse(&target) else { return };
        assert_eq!(Url::parse(&url.href()).unwrap().href(), url.href());
        let _ = url.pretty();
        let Ok(query) = Query::parse(&THING, method, collection, &["force"], &url) else { return };
        let _ = query.filter.matches(&thing);
        let _: Json = serde_json::from_slice(&reply::record(&query.selection, &thing)).unwrap();
    });
}

#[test]
fn any_value_of_a_parameter_is_read_or_refused() {
    let names: Vec<_> = THING.fields.iter().map(|field| field.path).collect();
    let name = prop_oneof![4 => select(names), 1 => select(vec!["fields", "order_by", "query"])];
    check(2_000, &(name, noise(), thing()), |(name, value, thing)| {
        let parameters = vec![(name.to_owned(), value)];
        let url = Url::new(Vec::new(), parameters);
        assert_eq!(Url::parse(&url.href()), Ok(url.clone()));
        if let Ok(query) = Query::parse(&THING, Method::Get, true, &[], &url) {
            let _ = query.filter.matches(&thing);
        }
    });
}

/// A JSON value whose objects have the schema's keys, nested and dotted.
fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text().prop_map(Json::from),
        select(vec!["1GB", "true", "online"]).prop_map(Json::from),
    ];
    let keys: BTreeSet<String> = THING
        .fields
        .iter()
        .flat_map(|field| field.path.split('.').chain([field.path]))
        .chain(["records", "x", "", "."])
        .map(str::to_owned)
        .collect();
    let key = select(keys.into_iter().collect::<Vec<_>>());
    leaf.prop_recursive(5, 24, 4, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Json::from),
            3 => vec((key.clone(), inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn any_body_is_read_or_refused() {
    let bytes = prop_oneof![
        1 => vec(any::<u8>(), 0..60),
        1 => "[{}\\[\\]\":,0-9a-z. ntrue-]{0,40}".prop_map(String::into_bytes),
        6 => json().prop_map(|json| json.to_string().into_bytes()),
    ];
    check(2_000, &bytes, |bytes| {
        let _ = Body::parse_records(&bytes);
        let Ok(body) = Body::parse(&bytes) else { return };
        for method in [Method::Post, Method::Patch, Method::Delete] {
            let _ = body.check(&THING, method);
        }
        for field in THING.fields {
            let _ = (body.text(field.path), body.integer(field.path), body.size(field.path));
            let _ = (body.boolean(field.path), body.time(field.path), body.uuid(field.path));
        }
        let _ = body.texts("parts", "label");
    });
}

/// A value that `check` accepts can be read with the field's type.
#[test]
fn a_checked_body_has_values_of_the_right_types() {
    check(2_000, &json(), |json| {
        let Ok(body) = Body::parse(json.to_string().as_bytes()) else { return };
        if body.check(&THING, Method::Post).is_err() {
            return;
        }
        for field in THING.fields.iter().filter(|field| !THING.in_array(field.path)) {
            let read = match field.kind {
                FieldKind::Text | FieldKind::Enumeration(_) => body.text(field.path).map(drop),
                FieldKind::Integer => body.integer(field.path).map(drop),
                FieldKind::Size => body.size(field.path).map(drop),
                FieldKind::Boolean => body.boolean(field.path).map(drop),
                FieldKind::Time => body.time(field.path).map(drop),
                FieldKind::Uuid => body.uuid(field.path).map(drop),
                kind => panic!("{kind:?} is not in the test"),
            };
            assert_eq!(read, Ok(()), "{} in {json}", field.path);
        }
        assert!(body.texts("parts", "label").is_ok(), "{json}");
    });
}

/// Replaces nesting by dotted keys, at all levels or at none.
fn dotted(prefix: &str, json: &Json, out: &mut Map<String, Json>) {
    match json {
        Json::Object(members) => {
            for (key, value) in members {
                let separator = if prefix.is_empty() { "" } else { "." };
                dotted(&format!("{prefix}{separator}{key}"), value, out);
            }
        }
        value => _ = out.insert(prefix.to_owned(), value.clone()),
    }
}

#[test]
fn a_body_may_be_nested_or_dotted() {
    check(1_000, &json(), |json| {
        if !json.is_object() {
            return;
        }
        let Ok(nested) = Body::parse(json.to_string().as_bytes()) else { return };
        let mut flat = Map::new();
        dotted("", &json, &mut flat);
        let flat = Json::Object(flat).to_string();
        // An empty key is lost between two dots, together with its siblings.
        if !flat.contains("\"\"") && !flat.contains("..") && !flat.contains("\".") {
            assert_eq!(Body::parse(flat.as_bytes()).unwrap(), nested, "{json} and {flat}");
        }
    });
}

// Filters.

/// A condition as a tree, with its text.
#[derive(Clone, Debug)]
enum Condition {
    Null,
    Set,
    Equal(String),
    Below(String),
    AtLeast(String),
    Between(String, String),
    /// The texts between stars.
    Pattern(Vec<String>),
}

fn condition() -> impl Strategy<Value = (bool, Condition)> {
    let condition = prop_oneof![
        Just(Condition::Null),
        Just(Condition::Set),
        text()
            .prop_filter("a blank means unset, too", |text| !text.is_empty())
            .prop_map(Condition::Equal),
        "[ab]{1,3}".prop_map(Condition::Below),
        "[ab]{1,3}".prop_map(Condition::AtLeast),
        ("[ab]{1,3}", "[ab]{1,3}").prop_map(|(low, high)| Condition::Between(low, high)),
        vec(text(), 2..5)
            .prop_filter("a single star is another condition", |runs| runs.concat() != "")
            .prop_map(Condition::Pattern),
    ];
    (any::<bool>(), condition)
}

/// Quotes text so that no character is an operator.
fn quoted(text: &str) -> String {
    let quote = |part: &str| if part.is_empty() { String::new() } else { format!("\"{part}\"") };
    text.split('"').map(quote).collect::<Vec<_>>().join("{\"}")
}

fn written((negated, condition): &(bool, Condition)) -> String {
    let text = match condition {
        Condition::Null => "null".to_owned(),
        Condition::Set => "*".to_owned(),
        Condition::Equal(text) => quoted(text),
        Condition::Below(text) => format!("<{}", quoted(text)),
        Condition::AtLeast(text) => format!(">={}", quoted(text)),
        Condition::Between(low, high) => format!("{}..{}", quoted(low), quoted(high)),
        Condition::Pattern(runs) => {
            runs.iter().map(|run| quoted(run)).collect::<Vec<_>>().join("*")
        }
    };
    format!("{}{text}", if *negated { "!" } else { "" })
}

/// Whether text consists of these runs with any characters between them, by trying all splits.
fn fits(runs: &[String], text: &str) -> bool {
    match runs {
        [] => false,
        [last] => last == text,
        [first, rest @ ..] => text.strip_prefix(first.as_str()).is_some_and(|after| {
            (0..=after.len())
                .filter(|at| after.is_char_boundary(*at))
                .any(|at| fits(rest, &after[at..]))
        }),
    }
}

fn holds((negated, condition): &(bool, Condition), values: &[&str]) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
    let holds = match condition {
        Condition::Null => values.is_empty(),
        Condition::Set => !values.is_empty(),
        Condition::Equal(text) => any(&|value| value == text),
        Condition::Below(text) => any(&|value| value < text.as_str()),
        Condition::AtLeast(text) => any(&|value| value >= text.as_str()),
        Condition::Between(low, high) => {
            any(&|value| low.as_str() <= value && value <= high.as_str())
        }
        Condition::Pattern(runs) => any(&|value| fits(runs, value)),
    };
    holds != *negated
}

#[test]
fn filters_on_text_agree_with_a_simple_program() {
    let case = (vec(condition(), 1..4), vec(thing(), 1..8));
    check(1_000, &case, |(alternatives, things)| {
        let value = alternatives.iter().map(written).collect::<Vec<_>>().join("|");
        for path in ["name", "comment", "owners"] {
            let mut filter = Filter::none(&THING);
            filter.add(path, &value).unwrap_or_else(|error| panic!("{value}: {error}"));
            for thing in &things {
                let values: Vec<&str> = match path {
                    "name" => vec![&thing.name],
                    "comment" => thing.comment.as_deref().into_iter().collect(),
                    _ => thing.owners.iter().map(String::as_str).collect(),
                };
                let expected = alternatives.iter().any(|condition| holds(condition, &values));
                assert_eq!(filter.matches(thing), expected, "{path}={value} of {values:?}");
            }
        }
    });
}

/// An operator and its operands.
type Comparison = (&'static str, u64, u64);

fn comparison() -> impl Strategy<Value = Comparison> {
    let number = || prop_oneof![4 => 0_u64..6, 1 => any::<u64>()];
    let operators = vec!["", "<", ">", "<=", ">=", "..", "null", "*", "!", "!null", "!<"];
    (select(operators), number(), number())
}

fn compared((operator, low, high): &Comparison) -> String {
    match *operator {
        ".." => format!("{low}..{high}"),
        "null" | "*" | "!null" => (*operator).to_owned(),
        operator => format!("{operator}{low}"),
    }
}

fn compares((operator, low, high): &Comparison, value: Option<u64>) -> bool {
    match *operator {
        "" => value == Some(*low),
        "!" => value != Some(*low),
        "<" => value.is_some_and(|value| value < *low),
        "!<" => value.is_none_or(|value| value >= *low),
        ">" => value.is_some_and(|value| value > *low),
        "<=" => value.is_some_and(|value| value <= *low),
        ">=" => value.is_some_and(|value| value >= *low),
        ".." => value.is_some_and(|value| (*low..=*high).contains(&value)),
        "null" => value.is_none(),
        _ => value.is_some(),
    }
}

#[test]
fn filters_on_numbers_agree_with_a_simple_program() {
    let case = (vec(comparison(), 1..4), vec(thing(), 1..8));
    check(1_000, &case, |(alternatives, things)| {
        let value = alternatives.iter().map(compared).collect::<Vec<_>>().join("|");
        let mut filter = Filter::none(&THING);
        filter.add("space.used", &value).unwrap();
        for Thing { used, .. } in &things {
            let expected = alternatives.iter().any(|comparison| compares(comparison, *used));
            let thing = Thing { used: *used, ..full() };
            assert_eq!(filter.matches(&thing), expected, "{value} of {used:?}");
        }
    });
}

#[test]
fn an_exact_filter_matches_that_text_alone() {
    check(1_000, &(noise(), vec(thing(), 1..8)), |(value, things)| {
        let mut filter = Filter::none(&THING);
        if filter.add("name", &value).is_err() {
            return;
        }
        if let Some(exact) = filter.exact("name") {
            for mut thing in things {
                assert_eq!(filter.matches(&thing), thing.name == exact, "{value}");
                exact.clone_into(&mut thing.name);
                assert!(filter.matches(&thing), "{value}");
            }
        }
    });
}

// Selections.

/// An item of `fields`: a field or an object that contains it, excluded or not.
fn item() -> impl Strategy<Value = (bool, String)> {
    let paths: BTreeSet<String> = THING
        .fields
        .iter()
        .flat_map(|field| {
            let ends = field.path.match_indices('.').map(|(at, _)| at);
            ends.chain([field.path.len()]).map(|end| field.path[..end].to_owned())
        })
        .collect();
    let path = select(paths.into_iter().collect::<Vec<_>>());
    let path = prop_oneof![8 => path, 1 => Just("*".to_owned()), 1 => Just("**".to_owned())];
    (prop::bool::weighted(0.3), path)
        .prop_map(|(excluded, path)| (excluded && !path.starts_with('*'), path))
}

fn names(item: &str, field: &Field<Thing>) -> bool {
    match item {
        "*" => field.presence <= FieldPresence::Default,
        "**" => true,
        item => field.path == item || field.path.starts_with(&format!("{item}.")),
    }
}

fn is_chosen(items: &[(bool, String)], collection: bool, field: &Field<Thing>) -> bool {
    let named =
        |excluded| items.iter().any(|(other, item)| *other == excluded && names(item, field));
    let default = items.iter().all(|(excluded, _)| *excluded)
        && !collection
        && field.presence == FieldPresence::Default;
    field.presence == FieldPresence::Key || ((named(false) || default) && !named(true))
}

/// Removes the fields that are not selected from a whole record, then the empty objects.
fn pruned(path: &str, json: &Json, chosen: &dyn Fn(&str) -> bool) -> Option<Json> {
    match json {
        Json::Object(members) => {
            let mut kept = Map::new();
            for (key, value) in members.iter().filter(|(key, _)| *key != "_links") {
                let separator = if path.is_empty() { "" } else { "." };
                if let Some(value) = pruned(&format!("{path}{separator}{key}"), value, chosen) {
                    kept.insert(key.clone(), value);
                }
            }
            if kept.is_empty() {
                return None;
            }
            if let Some(links) = members.get("_links") {
                kept.insert("_links".to_owned(), links.clone());
            }
            Some(Json::Object(kept))
        }
        Json::Array(elements) if elements.iter().any(Json::is_object) => {
            if !THING.inside(path).any(|field| chosen(field.path)) {
                return None;
            }
            let element =
                |element| pruned(path, element, chosen).unwrap_or_else(|| Json::Object(Map::new()));
            Some(elements.iter().map(element).collect())
        }
        value => chosen(path).then(|| value.clone()),
    }
}

#[test]
fn selections_agree_with_a_pruned_tree() {
    let everything = Selection::parse(&THING, false, "**").unwrap();
    let case = (vec(item(), 0..6), any::<bool>(), thing());
    check(1_000, &case, |(items, collection, thing)| {
        let text: Vec<_> = items
            .iter()
            .map(|(excluded, path)| format!("{}{path}", if *excluded { "!" } else { "" }))
            .collect();
        let text = text.join(",");
        let selection = Selection::parse(&THING, collection, &text).unwrap();
        let read = |selection| -> Json {
            serde_json::from_slice(&reply::record(selection, &thing)).unwrap()
        };
        let chosen = |path: &str| is_chosen(&items, collection, THING.field(path).unwrap());
        let expected = pruned("", &read(&everything), &chosen).unwrap();
        assert_eq!(read(&selection), expected, "fields={text}");
        for field in THING.fields {
            assert_eq!(selection.has(field.path), chosen(field.path), "{text}: {}", field.path);
        }
    });
}

/// Braces select the same fields as the paths that they expand to.
#[test]
fn braces_mean_the_paths_they_expand_to() {
    let case = (vec(select(vec!["used", "count"]), 0..4), any::<bool>(), any::<bool>());
    check(200, &case, |(names, excluded, nested)| {
        let sign = if excluded { "!" } else { "" };
        let long: Vec<_> = names.iter().map(|name| format!("{sign}space.{name}")).collect();
        let inner = names.join(",");
        let short = if nested {
            format!("{{{sign}space.{{{inner}}}}}")
        } else {
            format!("{sign}space.{{{inner}}}")
        };
        let read = |fields: &str| {
            let fields = format!("size,space,{fields}");
            reply::record(&Selection::parse(&THING, true, &fields).unwrap(), &full())
        };
        assert_eq!(read(&short), read(&long.join(",")), "{short}");
    });
}

// Pages.

#[derive(Clone, Debug)]
enum Change {
    Add(Box<Thing>),
    Remove(prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let change = prop_oneof![
        thing().prop_map(|thing| Change::Add(Box::new(thing))),
        any::<prop::sample::Index>().prop_map(Change::Remove),
    ];
    vec(vec(change, 0..4), 0..8)
}

#[test]
fn pages_of_a_changing_collection_neither_repeat_nor_skip_records() {
    let orders = ["", "name", "comment desc", "size,name desc", "space.used", "create_time desc"];
    let case = (vec(thing(), 0..20), changes(), select(orders.to_vec()), 1_usize..6);
    check(400, &case, |(mut shelf, changes, order, max)| {
        let order = order.replace(' ', "%20");
        let target = format!("/t?max_records={max}&order_by={order}");
        let mut lasting: BTreeSet<Uuid> = shelf.iter().map(|thing| thing.uuid).collect();
        let mut changes = changes.into_iter();
        let pages = walk(&target, |_| {
            let listed = shelf.clone();
            for change in changes.next().unwrap_or_default() {
                match change {
                    Change::Add(thing) => shelf.push(*thing),
                    Change::Remove(_) if shelf.is_empty() => {}
                    Change::Remove(index) => {
                        let gone = shelf.swap_remove(index.index(shelf.len()));
                        lasting.remove(&gone.uuid);
                    }
                }
            }
            listed
        });
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == max), "{target}");
        let found = pages.concat();
        let distinct: BTreeSet<Uuid> = found.iter().map(|thing| thing.uuid).collect();
        assert_eq!(distinct.len(), found.len(), "{target} repeats");
        assert!(lasting.is_subset(&distinct), "{target} skips");
        let order = crate::query(&target).unwrap().order;
        assert!(found.is_sorted_by(|left, right| order.compare(left, right).is_lt()), "{target}");
    });
}

#[test]
fn a_link_names_the_same_request() {
    check(1_000, &vec((noise(), noise()), 0..5), |parameters| {
        let mut given = Url::new(vec!["api".to_owned()], parameters);
        given.parameters.retain(|(name, value)| !(name.is_empty() && value.is_empty()));
        let mut read = url(&given.href());
        read.parameters.sort();
        given.parameters.sort();
        assert_eq!(read, given);
    });
}
