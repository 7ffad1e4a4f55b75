//! What a record has to match: `name=vol*&size=>1GB&state=!offline`.

use super::condition::Condition;
use super::spelling;
use crate::{ApiError, Field, Schema, Value};

/// Conditions on fields, all of which have to hold.
#[derive(Debug)]
pub struct Filter<R: 'static> {
    schema: &'static Schema<R>,
    /// Each holds when one of its fields meets it.
    conditions: Vec<(Vec<&'static Field<R>>, Condition)>,
}

impl<R> Filter<R> {
    /// No condition.
    #[must_use]
    pub const fn none(schema: &'static Schema<R>) -> Self {
        Self { schema, conditions: Vec::new() }
    }

    /// Adds a condition, as `size` and `>1GB`. The name of an object with a `name` in it stands
    /// for that, as in `svm=svm1`.
    ///
    /// # Errors
    /// 262179 for a field that ONTAP lacks, 262197 for a value that is none of its type,
    /// 262186 for a field that has a condition already.
    pub fn add(&mut self, path: &str, value: &str) -> Result<(), ApiError> {
        let field = self.field(path).ok_or_else(|| ApiError::unexpected_argument(path))?;
        if self.paths().any(|other| other == field.path) {
            return Err(ApiError::given_twice(path));
        }
        self.conditions.push((vec![field], Condition::parse(path, field.kind, value)?));
        Ok(())
    }

    /// Adds a condition that one of several fields has to meet, as
    /// `query=vol*&query_fields=name,comment`.
    pub(crate) fn add_any(&mut self, paths: &str, value: &str) -> Result<(), ApiError> {
        let refuse = |path, rule: &str| Err(ApiError::invalid_value("query_fields", path, rule));
        let mut fields: Vec<&'static Field<R>> = Vec::new();
        let paths = &*spelling::name(paths);
        for path in paths.split(',').map(str::trim).filter(|path| !path.is_empty()) {
            let Some(field) = self.field(path) else {
                return refuse(path, "names no field");
            };
            if fields.first().is_some_and(|first| first.kind != field.kind) {
                return refuse(path, "is of another type than the first");
            }
            fields.push(field);
        }
        let Some(first) = fields.first() else {
            return refuse(paths, "names no field");
        };
        let condition = Condition::parse("query", first.kind, value)?;
        self.conditions.push((fields, condition));
        Ok(())
    }

    /// The field at `path`, or the name of the object there. The schema's own name may stand in
    /// front, as in `volume.name` for the name of a volume.
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

    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The paths with a condition.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.conditions.iter().flat_map(|(fields, _)| fields).map(|field| field.path)
    }

    /// The one text that the field at `path` has to equal, if a condition says so without an
    /// operator: then a look-up can stand for a search.
    #[must_use]
    pub fn exact(&self, path: &str) -> Option<&str> {
        self.conditions.iter().find_map(|(fields, condition)| match fields.as_slice() {
            [field] if field.path == path => condition.exact(),
            _ => None,
        })
    }

    /// Whether `value` meets the conditions on the field at `path`: which elements of an array a
    /// reply has, where it has only those that are filtered by.
    #[must_use]
    pub fn admits(&self, path: &str, value: &Value<'_>) -> bool {
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
