//! The words of enumerations, in each spelling that ONTAP accepts.

use std::sync::Arc;

use nessie_ontap_protocol::records::{Attribute, Attributes, VOLUME};
use nessie_ontap_protocol::{Body, Field, FieldKind, Filter, Method, WritableBy};

use crate::records::volume;

/// The word itself, in upper case, with hyphens, and both.
fn spellings(word: &str) -> [String; 4] {
    let hyphens = word.replace('_', "-");
    [word.to_owned(), word.to_ascii_uppercase(), hyphens.clone(), hyphens.to_ascii_uppercase()]
}

fn enumerated<R>(fields: &'static [Field<R>]) -> Vec<(&'static Field<R>, &'static str)> {
    let words = |field: &'static Field<R>| match field.kind {
        FieldKind::Enumeration(words) => words,
        _ => &[],
    };
    fields.iter().flat_map(|field| words(field).iter().map(move |word| (field, *word))).collect()
}

#[test]
fn a_body_accepts_each_and_keeps_the_word_as_arrays_write_it() {
    let mut tried = 0;
    for (field, word) in enumerated(VOLUME.fields) {
        let method = match field.writable {
            WritableBy::Never => continue,
            WritableBy::Patch => Method::Patch,
            WritableBy::Post | WritableBy::Both => Method::Post,
        };
        for given in spellings(word) {
            let body = format!("{{\"{}\": \"{given}\"}}", field.path);
            let body = Body::parse(body.as_bytes()).unwrap();
            assert_eq!(body.check(&VOLUME, method), Ok(()), "{} {given}", field.path);
            let kept = Attribute::from_body(field, false, &body).unwrap();
            assert_eq!(kept, Some(Attribute::Text(word.to_owned())), "{} {given}", field.path);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn a_filter_accepts_each() {
    let mut tried = 0;
    for (field, word) in enumerated(VOLUME.fields) {
        let mut attributes = Attributes::default();
        attributes.set(field.path, Attribute::Text(word.to_owned()));
        let record = nessie_ontap_protocol::records::VolumeRecord {
            attributes: Some(Arc::new(attributes)),
            ..volume()
        };
        // Skip fields whose value does not come from the attributes.
        if (field.get)(&record) != word.into() {
            continue;
        }
        for given in spellings(word) {
            for value in [given.clone(), format!("x|{given}"), format!("*{given}*")] {
                let mut filter = Filter::none(&VOLUME);
                filter.add(field.path, &value).unwrap();
                assert!(filter.matches(&record), "{}={value}", field.path);
                tried += 1;
            }
        }
    }
    assert!(tried > 600, "{tried}");
}
