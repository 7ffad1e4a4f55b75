//! The filter of a collection: `name=vol*&size=>1GB&state=!offline`.

use super::condition::Condition;
use super::spelling;
use crate::{ApiError, Field, FieldValue, Schema};

/// Conditions on fields. A record matches if it meets all of them.
#[derive(Debug)]
pub struct Filter<R: 'static> {
    schema: &'static Schema<R>,
    /// Each condition is met if one of its fields matches.
    conditions: Vec<(Vec<&'static Field<R>>, Condition)>,
}

impl<R> Filter<R> {
    /// A filter without conditions: every record matches.
    #[must_use]
    pub const fn none(schema: &'static Schema<R>) -> Self {
        Self { schema, conditions: Vec::new() }
    }

    /// Adds a condition, such as `size` and `>1GB`. The path of an object with a field `name` means
    /// that field, as in `svm=svm1`.
    ///
    /// # Errors
    /// - 262179: ONTAP has no such field.
    /// - 262197: the value does not have the field's type.
    /// - 262186: the field has a condition already.
    pub fn add(&mut self, path: &str, value: &str) -> Result<(), ApiError> {
        let field = self.field(path).ok_or_else(|| ApiError::unexpected_argument(path))?;
        if self.paths().any(|other| other == field.path) {
            return Err(ApiError::given_twice(path));
        }
        self.conditions.push((vec![field], Condition::parse(path, field.kind, value)?));
        Ok(())
    }

    /// Adds a condition that one of several fields must meet, as in
    /// `query=vol*&query_fields=name,comment`.
    pub(crate) fn add_any(&mut self, paths: &str, value: &str) -> Result<(), ApiError> {
        let refuse = |path, rule: &str| Err(ApiError::invalid_value("query_fields", path, rule));
        let mut fields: Vec<&'static Field<R>> = Vec::new();
        let paths = &*spelling::name(paths);
        for path in paths.split(',').map(str::trim).filter(|path| !path.is_empty()) {
            let Some(field) = self.field(path) else {
                return refuse(path, "is not a field");
            };
            if fields.first().is_some_and(|first| first.kind != field.kind) {
                return refuse(path, "has another type than the first field");
            }
            fields.push(field);
        }
        let Some(first) = fields.first() else {
            return refuse(paths, "is not a field");
        };
        let condition = Condition::parse("query", first.kind, value)?;
        self.conditions.push((fields, condition));
        Ok(())
    }

    /// The field at `path`, or the field `name` of the object at `path`. The path may start with the
    /// schema's name, as in `volume.name` for the name of a volume.
    pub(crate) fn field(&self, path: &str) -> Option<&'static Field<R>> {
        let known = |path: &str| {
            self.schema
                .field_or_documented(path)
                .or_else(|| self.schema.field_or_documented(&format!("{path}.name")))
        };
        let of_itself = || {
            let inside = path.strip_prefix(self.schema.name)?;
            match inside.strip_prefix('.') {
                Some(path) => known(path),
                None if inside.is_empty() => self.schema.field("name"),
                None => None,
            }
        };
        known(path).or_else(of_itself)
    }

    /// Whether there are no conditions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The paths of the fields with a condition.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.conditions.iter().flat_map(|(fields, _)| fields).map(|field| field.path)
    }

    /// The text that the field at `path` must equal, if its condition is a single text without an
    /// operator. Then the record can be looked up instead of searched for.
    #[must_use]
    pub fn exact(&self, path: &str) -> Option<&str> {
        self.conditions.iter().find_map(|(fields, condition)| match fields.as_slice() {
            [field] if field.path == path => condition.exact(),
            _ => None,
        })
    }

    /// Whether `value` meets the conditions on the field at `path`. For arrays of which a reply
    /// contains only the matching elements.
    #[must_use]
    pub fn admits(&self, path: &str, value: &FieldValue<'_>) -> bool {
        let mut of_path = self.conditions.iter().filter(|(fields, _)| match fields.as_slice() {
            [field] => field.path == path,
            _ => false,
        });
        of_path.all(|(_, condition)| condition.matches(value))
    }

    /// Whether the record meets every condition.
    #[must_use]
    pub fn matches(&self, record: &R) -> bool {
        self.conditions.iter().all(|(fields, condition)| {
            fields.iter().any(|field| condition.matches(&(field.get)(record)))
        })
    }
}
