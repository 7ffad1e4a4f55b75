//! A kind of object with each type of field, to test the grammar with.

use nessie_backend_core::{Timestamp, Uuid};
use nessie_ontap_protocol::{
    ArrayField, DocumentedFields, Field, FieldKind, FieldPresence, FieldValue, ObjectReference,
    Schema, WritableBy,
};

/// The record of the test object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Thing {
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    pub(crate) comment: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) state: &'static str,
    pub(crate) online: Option<bool>,
    pub(crate) size: u64,
    pub(crate) used: Option<u64>,
    pub(crate) parent: Option<(Uuid, String)>,
    pub(crate) owners: Vec<String>,
    pub(crate) parts: Vec<(Uuid, Option<String>)>,
    /// Its position in the order of creation, which is hidden.
    pub(crate) position: u64,
}

pub(crate) const STATES: &[&str] = &["offline", "online", "restricted"];

const fn field(
    path: &'static str,
    kind: FieldKind,
    presence: FieldPresence,
    writable: WritableBy,
    get: for<'r> fn(&'r Thing) -> FieldValue<'r>,
) -> Field<Thing> {
    Field { path, kind, presence, writable, get }
}

pub(crate) static THING: Schema<Thing> = {
    use FieldPresence::{Default, Expensive, Key};
    use WritableBy::{Both, Never, Patch, Post};
    Schema {
        name: "thing",
        fields: &[
            field("comment", FieldKind::Text, Default, Both, |thing| thing.comment.as_ref().into()),
            field("create_time", FieldKind::Time, Default, Never, |thing| thing.created.into()),
            field("is_online", FieldKind::Boolean, Expensive, Patch, |thing| thing.online.into()),
            field("name", FieldKind::Text, Key, Both, |thing| (&thing.name).into()),
            field("origin.parent.name", FieldKind::Text, Expensive, Post, |thing| {
                thing.parent.as_ref().map(|(_, name)| name).into()
            }),
            field("origin.parent.uuid", FieldKind::Uuid, Expensive, Post, |thing| {
                thing.parent.as_ref().map(|(uuid, _)| *uuid).into()
            }),
            field("owners", FieldKind::Text, Expensive, Both, |thing| {
                FieldValue::List(thing.owners.iter().map(Into::into).collect())
            }),
            field("parts.label", FieldKind::Text, Default, Both, |thing| {
                FieldValue::List(
                    thing.parts.iter().map(|(_, label)| label.as_ref().into()).collect(),
                )
            }),
            field("parts.maker.uuid", FieldKind::Uuid, Default, Post, |thing| {
                FieldValue::List(
                    thing.parts.iter().map(|(uuid, _)| FieldValue::Uuid(*uuid)).collect(),
                )
            }),
            field("size", FieldKind::Size, Default, Both, |thing| thing.size.into()),
            field("space.count", FieldKind::Integer, Expensive, Both, |thing| {
                (thing.parts.len() as u64).into()
            }),
            field("space.used", FieldKind::Size, Default, Never, |thing| thing.used.into()),
            field("state", FieldKind::Enumeration(STATES), Default, Patch, |thing| {
                thing.state.into()
            }),
            field("uuid", FieldKind::Uuid, Key, Never, |thing| thing.uuid.into()),
        ],
        documented: DocumentedFields::of(
            "comment\nlabels []\nmetric.iops integer\nmetric.ratio number\n\
             metric.timestamp time\nowner.name\nspace.lost size\nspace.thin boolean\n",
        ),
        order: &["position", "uuid"],
        hidden: &[field("position", FieldKind::Integer, Expensive, Never, |thing| {
            thing.position.into()
        })],
        references: &[
            ObjectReference {
                path: "origin.parent",
                href: |thing, _| {
                    thing.parent.as_ref().map(|(uuid, _)| format!("/api/things/{uuid}"))
                },
            },
            ObjectReference {
                path: "parts.maker",
                href: |thing, index| {
                    thing.parts.get(index).map(|(uuid, _)| format!("/api/makers/{uuid}"))
                },
            },
        ],
        arrays: &[ArrayField::at("owners"), ArrayField::at("parts")],
        href: |thing| format!("/api/things/{}", thing.uuid),
    }
};

/// A thing with all fields set.
pub(crate) fn full() -> Thing {
    Thing {
        uuid: Uuid::from_u128(1),
        name: "t1".to_owned(),
        comment: Some("a \"quoted\" word,\nand a line".to_owned()),
        created: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        state: "online",
        online: Some(true),
        size: 1 << 30,
        used: Some(4096),
        parent: Some((Uuid::from_u128(2), "t0".to_owned())),
        owners: vec!["ann".to_owned(), "bob".to_owned()],
        parts: vec![(Uuid::from_u128(3), Some("lid".to_owned())), (Uuid::from_u128(4), None)],
        position: 1,
    }
}

/// A thing with all optional fields unset.
pub(crate) fn bare() -> Thing {
    Thing {
        uuid: Uuid::from_u128(5),
        name: "t2".to_owned(),
        comment: None,
        created: Timestamp::UNIX_EPOCH,
        state: "offline",
        online: None,
        size: 0,
        used: None,
        parent: None,
        owners: Vec::new(),
        parts: Vec::new(),
        position: 0,
    }
}
