//! The lookups and the checks of a schema.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::{
    ArrayField, DocumentedFields, Field, FieldKind, FieldPresence, FieldValue, ObjectReference,
    Schema, WritableBy,
};

use crate::thing::THING;

const fn field(path: &'static str) -> Field<()> {
    let (presence, writable) = (FieldPresence::Default, WritableBy::Never);
    Field { path, kind: FieldKind::Text, presence, writable, get: |()| FieldValue::Unset }
}

static UNSOUND: Schema<()> = Schema {
    name: "unsound",
    fields: &[
        field("b"),
        field("a"),
        field("a"),
        field("c"),
        field("c.d"),
        field("e."),
        field("f g"),
    ],
    documented: DocumentedFields::of("a.b\nc boolean\nd whole\nc.e\nx\nx.y\n"),
    order: &["z"],
    hidden: &[],
    references: &[ObjectReference { path: "b", href: |(), _| None }],
    arrays: &[ArrayField::at("y")],
    href: |()| String::new(),
};

#[test]
fn the_faults_of_a_table_are_found() {
    assert_eq!(THING.faults(), [""; 0]);
    let faults = UNSOUND.faults();
    for fault in [
        "unsound: a does not sort after the field before it",
        "unsound: c is a field and an object",
        "unsound: e. is not a valid path",
        "unsound: f g is not a valid path",
        "unsound: z is in the order, but is not a field",
        "unsound: b is a reference, but not an object",
        "unsound: y is an array without fields",
        "unsound: a is documented as an object",
        "unsound: c is an object, but documented as a field",
        "unsound: c has another type than the documented one",
        "unsound: c.e does not sort after the documented field before it",
        "unsound: d whole has an unknown type",
        "unsound: x is documented as a field and as an object",
    ] {
        assert!(faults.iter().any(|found| found == fault), "{fault:?} is not in {faults:#?}");
    }
}

#[test]
fn a_field_is_found_by_its_path_and_an_object_by_its_fields() {
    for field in THING.fields {
        assert_eq!(THING.field(field.path).map(|found| found.path), Some(field.path));
    }
    assert!(THING.field("space").is_none() && THING.is_object("space"));
    assert!(!THING.is_object("size") && !THING.is_object("spac") && !THING.is_object(""));
    let inside: Vec<_> = THING.inside("origin").map(|field| field.path).collect();
    assert_eq!(inside, ["origin.parent.name", "origin.parent.uuid"]);
    assert!(THING.in_array("owners") && THING.in_array("parts.label") && !THING.in_array("size"));
}

#[test]
fn values_are_read_from_the_records() {
    assert_eq!(FieldValue::from(None::<u64>), FieldValue::Unset);
    assert_eq!(FieldValue::from(Some("a")), FieldValue::text("a"));
    assert_eq!(FieldValue::from(Uuid::nil()), FieldValue::Uuid(Uuid::nil()));
    assert!(FieldValue::List(Vec::new()).is_unset() && !FieldValue::text("").is_unset());
}
