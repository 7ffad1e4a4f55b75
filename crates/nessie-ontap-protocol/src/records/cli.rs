//! What the commands of ONTAP's command line have in common.
//!
//! The fields of a command have the names of the command line. They are not nested, and records have
//! no link. Where a field shows the same as a field of the REST API, its row in the table of the
//! command names that field.

use crate::{FieldValue, Filter, OrderBy, Paging, Query, Schema, Selection};

/// A command that shows the objects of a schema of the REST API.
#[derive(Debug)]
pub struct CliCommand<R: 'static> {
    /// The fields of the command.
    pub schema: &'static Schema<R>,
    /// The fields of the same objects in the REST API.
    pub rest: &'static Schema<R>,
    /// The field of the REST API that each field of the command shows.
    pub sources: &'static [(&'static str, &'static str)],
}

impl<R> CliCommand<R> {
    /// The query of the REST API for the objects that a query of the command may match. It selects
    /// the fields that the command's query needs, and filters by exact names.
    #[must_use]
    pub fn rest_query(&self, query: &Query<R>) -> Query<R> {
        let mut selection = Selection::default_of(self.rest, true);
        let mut filter = Filter::none(self.rest);
        for (field, source) in self.sources {
            if query.selection.has(field) || query.order.paths().any(|path| path == *field) {
                selection.add(source);
            }
            let is_key = self.schema.order.contains(field);
            // A name with a quote is not looked up: the command's own filter finds it.
            if let Some(name) =
                query.filter.exact(field).filter(|name| is_key && !name.contains('"'))
            {
                // Only a second condition on the same field is refused.
                let _ = filter.add(source, &format!("\"{name}\""));
            }
        }
        Query {
            needs_expensive: selection.has_expensive(),
            selection,
            filter,
            order: OrderBy::default_of(self.rest),
            paging: Paging::default(),
            return_records: true,
            return_timeout: None,
            continue_on_failure: false,
            parameters: Vec::new(),
        }
    }
}

/// The value of a field of the REST API.
pub(super) fn value<'r, R>(rest: &Schema<R>, record: &'r R, path: &str) -> FieldValue<'r> {
    rest.field(path).map_or(FieldValue::Unset, |field| (field.get)(record))
}

/// The same value.
pub(super) const fn same(value: FieldValue<'_>) -> FieldValue<'_> {
    value
}

/// The word in upper case.
pub(super) fn upper(value: FieldValue<'_>) -> FieldValue<'_> {
    word(value, str::to_ascii_uppercase)
}

/// The word with hyphens.
pub(super) fn hyphened(value: FieldValue<'_>) -> FieldValue<'_> {
    word(value, |word| word.replace('_', "-"))
}

/// The words with spaces.
pub(super) fn spaced(value: FieldValue<'_>) -> FieldValue<'_> {
    match value {
        FieldValue::List(values) => FieldValue::List(values.into_iter().map(spaced).collect()),
        value => word(value, |word| word.replace('_', " ")),
    }
}

/// The value of a list that has one.
pub(super) fn only(value: FieldValue<'_>) -> FieldValue<'_> {
    match value {
        FieldValue::List(mut values) if values.len() == 1 => {
            values.pop().unwrap_or(FieldValue::Unset)
        }
        _ => FieldValue::Unset,
    }
}

/// Whether the word is `enabled`.
pub(super) fn is_enabled(value: FieldValue<'_>) -> FieldValue<'_> {
    matches!(value, FieldValue::Text(word) if word == "enabled").into()
}

/// Whether a list has values.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the rows of a table call each of these the same way"
)]
pub(super) fn has_values(value: FieldValue<'_>) -> FieldValue<'_> {
    (!value.is_unset()).into()
}

/// 0: nothing is compressed, deduplicated or reserved for overwrites.
pub(super) fn zero(_: FieldValue<'_>) -> FieldValue<'_> {
    0_u64.into()
}

fn word(value: FieldValue<'_>, write: impl Fn(&str) -> String) -> FieldValue<'_> {
    match value {
        FieldValue::Text(word) => write(&word).into(),
        value => value,
    }
}

/// The tables of a command: its fields, and their sources in a schema of the REST API. A row has path, type,
/// presence, source, and how the value of the source is written.
macro_rules! cli_fields {
    ($rest:ident: $($path:literal $kind:expr, $presence:ident, $source:literal $write:ident;)+) => {
        const FIELDS: &[crate::Field<Record>] = &[$(crate::Field {
            path: $path,
            kind: $kind,
            presence: crate::FieldPresence::$presence,
            writable: crate::WritableBy::Never,
            get: |record| super::cli::$write(super::cli::value(&$rest, record, $source)),
        }),+];
        const SOURCES: &[(&str, &str)] = &[$(($path, $source)),+];
    };
}
pub(super) use cli_fields;
