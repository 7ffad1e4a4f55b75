//! The parts of a body that name objects.

use serde_json::Value as Json;

use super::Body;
use super::body_check::check_value;
use crate::{ApiError, Field, FieldKind, FieldPresence, FieldValue, Schema, WritableBy};

impl Body {
    /// Reads text where the schema has an object with a name as that name: `"svm": "svm1"` as
    /// `"svm.name": "svm1"`, and `"users": ["ann"]` as `"users.name": ["ann"]`.
    pub fn expand_names<R>(&mut self, schema: &Schema<R>) {
        let is_text = |path: &str, value: &Json| match value {
            Json::Array(elements) => {
                schema.in_array(path)
                    && !elements.is_empty()
                    && elements.iter().all(Json::is_string)
            }
            value => value.is_string() && !schema.in_array(path),
        };
        let short: Vec<_> = self
            .values
            .iter()
            .filter(|(path, value)| schema.field(path).is_none() && is_text(path, value))
            .map(|(path, _)| (path.clone(), format!("{path}.name")))
            .filter(|(_, name)| schema.field(name).is_some() && !self.values.contains_key(name))
            .collect();
        for (path, name) in short {
            if let Some(value) = self.values.remove(&path) {
                self.values.insert(name, value);
            }
        }
    }

    /// Removes the fields that identify an object, and returns them: the keys that no PATCH sets, and
    /// the field at `path`.
    ///
    /// # Errors
    /// Those of [`check`](Self::check) about the values.
    pub fn take_keys<R>(&mut self, schema: &Schema<R>, path: &str) -> Result<Self, ApiError> {
        let mut keys = Self::default();
        let is_key = |field: &&Field<R>| field.path == path || is_fixed_key(field);
        for field in schema.fields.iter().filter(is_key) {
            if let Some(value) = self.values.remove(field.path).filter(|value| !value.is_null()) {
                check_value(field, &value)?;
                keys.values.insert(field.path.to_owned(), value);
            }
        }
        Ok(keys)
    }

    /// Whether each field that is given has the record's value.
    #[must_use]
    pub fn identifies<R>(&self, schema: &Schema<R>, record: &R) -> bool {
        self.paths().all(|path| {
            schema.field(path).is_some_and(|field| {
                self.typed(field).is_some_and(|given| given == (field.get)(record))
            })
        })
    }

    /// The value of a field, as a record has it.
    fn typed<R>(&self, field: &Field<R>) -> Option<FieldValue<'_>> {
        let path = field.path;
        match field.kind {
            FieldKind::Uuid => self.uuid(path).ok().flatten().map(Into::into),
            FieldKind::Integer => self.integer(path).ok().flatten().map(Into::into),
            FieldKind::Size => self.size(path).ok().flatten().map(Into::into),
            FieldKind::Boolean => self.boolean(path).ok().flatten().map(Into::into),
            FieldKind::Time => self.time(path).ok().flatten().map(Into::into),
            FieldKind::Text | FieldKind::Enumeration(_) => {
                self.text(path).ok().flatten().map(Into::into)
            }
            FieldKind::Number => None,
        }
    }
}

fn is_fixed_key<R>(field: &Field<R>) -> bool {
    field.presence == FieldPresence::Key
        && matches!(field.writable, WritableBy::Never | WritableBy::Post)
}
