//! The ONTAP REST API without I/O: schemas, requests, records, replies and errors.
//!
//! A [`Schema`] describes a kind of object: its fields with their types, which requests may set
//! them, and how to read them from a record. Filters, selections, orders, bodies and replies are
//! all checked against it or written from it.
//!
//! | Purpose | Items |
//! |---|---|
//! | Describe an object | [`Schema`], [`Field`], [`FieldKind`], [`FieldPresence`], [`WritableBy`], [`FieldValue`], [`ArrayField`], [`ObjectReference`], [`DocumentedFields`] |
//! | Parse a request | [`Url`], [`Method`], [`Query`], [`Body`], [`Bodies`] |
//! | Use its parameters | [`Selection`], [`Filter`], [`OrderBy`], [`Paging`] |
//! | Write a reply | [`Page`], [`reply`] |
//! | Report an error | [`ApiError`] |
//! | ONTAP's own objects | [`records`] |
//!
//! A request passes these steps: [`Url::parse`] splits the request target, [`Query::parse`] reads
//! the parameters, [`Body::parse`] reads the JSON body, [`Page::of`] orders and cuts the matching
//! records, and a function of [`reply`] writes the JSON.
//!
//! `nessie-store` is a server that uses all of it. The records of volumes and snapshots are those of
//! [`nessie_backend_core`].
//!
//! # Your own schema
//!
//! ```
//! use nessie_backend_core::Uuid;
//! use nessie_ontap_protocol::{
//!     DocumentedFields, Field, FieldKind, FieldPresence, FieldValue, Method, Page, Query, Schema,
//!     Url, WritableBy, reply,
//! };
//!
//! struct Disk {
//!     name: String,
//!     uuid: Uuid,
//!     size: u64,
//! }
//!
//! const fn field(
//!     path: &'static str,
//!     kind: FieldKind,
//!     presence: FieldPresence,
//!     get: for<'r> fn(&'r Disk) -> FieldValue<'r>,
//! ) -> Field<Disk> {
//!     Field { path, kind, presence, writable: WritableBy::Never, get }
//! }
//!
//! static DISK: Schema<Disk> = Schema {
//!     name: "disk",
//!     fields: &[
//!         field("name", FieldKind::Text, FieldPresence::Key, |disk| (&disk.name).into()),
//!         field("space.size", FieldKind::Size, FieldPresence::Default, |disk| disk.size.into()),
//!         field("uuid", FieldKind::Uuid, FieldPresence::Key, |disk| disk.uuid.into()),
//!     ],
//!     documented: DocumentedFields::of("name\nouter.diameter number\n"),
//!     order: &["uuid"],
//!     hidden: &[],
//!     references: &[],
//!     arrays: &[],
//!     href: |disk| format!("/api/storage/disks/{}", disk.uuid),
//! };
//!
//! let disk = |i: u32| Disk {
//!     name: format!("disk{i}"),
//!     uuid: Uuid::from_u128(i.into()),
//!     size: u64::from(i) << 30,
//! };
//!
//! let url = Url::parse("/api//storage/disks/?space.size=>1GB&max_records=1")?;
//! let query = Query::parse(&DISK, Method::Get, true, &[], &url)?;
//! let found = (1..=3).map(disk).filter(|disk| query.filter.matches(disk)).collect();
//! let page = Page::of(found, &query);
//! assert_eq!(page.records[0].name, "disk2");
//!
//! let reply = String::from_utf8(reply::collection(&url, &query.selection, &page)).unwrap();
//! assert!(reply.contains(r#""space":{"size":2147483648}"#));
//! assert!(reply.contains(r#""next":{"href":"/api/storage/disks?max_records=1"#));
//! # Ok::<(), nessie_ontap_protocol::ApiError>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod error;
pub mod records;
mod request;
mod response;
mod schema;

pub use error::ApiError;
pub use request::{Bodies, Body, Filter, Method, OrderBy, Paging, Query, Selection, Url};
pub use response::{Page, reply};
pub use schema::{
    ArrayField, DocumentedFields, Field, FieldKind, FieldPresence, FieldValue, ObjectReference,
    Schema, WritableBy,
};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
