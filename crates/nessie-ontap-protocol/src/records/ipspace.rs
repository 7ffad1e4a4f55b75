//! `IPspaces`.

use super::{Named, href};
use crate::{DocumentedFields, FieldKind, Schema};

/// An `IPspace`: a set of addresses of its own.
#[derive(Clone, Debug)]
pub struct IpspaceRecord {
    /// Its name and UUID.
    pub ipspace: Named,
}

/// `/api/network/ipspaces`.
pub static IPSPACE: Schema<IpspaceRecord> = Schema {
    name: "ipspace",
    documented: DocumentedFields::of(include_str!("documented/ipspace.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "name" FieldKind::Text, Key, Never => |i| (&i.ipspace.name).into();
        "uuid" FieldKind::Uuid, Key, Never => |i| i.ipspace.uuid.into();
    ],
    references: &[],
    arrays: &[],
    href: |i| href::ipspace(i.ipspace.uuid),
};
