//! Attributes: fields that clients set on an object and that are stored as they are given, such as those
//! of volumes and snapshots that the backend does not store.

use std::collections::BTreeMap;

use nessie_backend_core::{Timestamp, Uuid};

use crate::request::spelling;
use crate::{ApiError, Body, Field, FieldKind, FieldValue, Schema};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is named after the type of its value")]
#[non_exhaustive]
pub enum Attribute {
    Boolean(bool),
    Integer(u64),
    Text(String),
    Uuid(Uuid),
    Time(Timestamp),
    Texts(Vec<String>),
}

impl From<bool> for Attribute {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl Attribute {
    /// The attribute as the value of a field.
    #[must_use]
    pub fn value(&self) -> FieldValue<'_> {
        match self {
            Self::Boolean(flag) => (*flag).into(),
            Self::Integer(number) => (*number).into(),
            Self::Text(text) => text.into(),
            Self::Uuid(uuid) => (*uuid).into(),
            Self::Time(time) => (*time).into(),
            Self::Texts(texts) => FieldValue::List(texts.iter().map(FieldValue::from).collect()),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(flag) => (*flag).into(),
            Self::Integer(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Uuid(uuid) => uuid.to_string().into(),
            Self::Time(time) => time.to_string().into(),
            Self::Texts(texts) => texts.as_slice().into(),
        }
    }

    /// The value of the field in `body`, if there is one. Words of an enumeration get the schema's
    /// spelling.
    ///
    /// # Errors
    /// The value does not have the field's type.
    pub fn from_body<R>(
        field: &Field<R>,
        in_array: bool,
        body: &Body,
    ) -> Result<Option<Self>, ApiError> {
        let path = field.path;
        if in_array {
            let Some(value) = body.value(path) else { return Ok(None) };
            let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let texts = elements.iter().filter_map(|element| element.as_str());
            let spelled = |text| match field.kind {
                FieldKind::Enumeration(words) => spelling::word(words, text).unwrap_or(text),
                _ => text,
            };
            let texts = texts.map(|text| spelled(text).to_owned());
            return Ok(Some(Self::Texts(texts.collect())));
        }
        Ok(match field.kind {
            FieldKind::Text => body.text(path)?.map(|text| Self::Text(text.to_owned())),
            FieldKind::Enumeration(words) => body
                .text(path)?
                .map(|text| Self::Text(spelling::word(words, text).unwrap_or(text).to_owned())),
            FieldKind::Uuid => body.uuid(path)?.map(Self::Uuid),
            FieldKind::Integer => body.integer(path)?.map(Self::Integer),
            FieldKind::Size => body.size(path)?.map(Self::Integer),
            FieldKind::Boolean => body.boolean(path)?.map(Self::Boolean),
            FieldKind::Time => body.time(path)?.map(Self::Time),
            // Only documented fields have this type, and requests cannot set them.
            FieldKind::Number => None,
        })
    }
}

/// Attributes by the paths of their fields. A missing attribute has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    values: BTreeMap<&'static str, Attribute>,
}

impl Attributes {
    /// The value of the field at `path`, if it was set.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Attribute> {
        self.values.get(path)
    }

    /// The value of the field at `path`, or its default.
    pub fn value_or<'r>(
        &'r self,
        path: &str,
        default: impl Into<FieldValue<'r>>,
    ) -> FieldValue<'r> {
        self.get(path).map_or_else(|| default.into(), Attribute::value)
    }

    /// The text at `path`, if it was set.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.get(path)? {
            Attribute::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of the array at `path`, if it was set.
    #[must_use]
    pub fn texts(&self, path: &str) -> Option<&[String]> {
        match self.get(path)? {
            Attribute::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The number at `path`, if it was set.
    #[must_use]
    pub fn integer(&self, path: &str) -> Option<u64> {
        match self.get(path)? {
            Attribute::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether the field at `path` was set to true.
    #[must_use]
    pub fn is_true(&self, path: &str) -> bool {
        self.get(path) == Some(&Attribute::Boolean(true))
    }

    /// Sets the fields of `body` for which `is_stored` holds. The body has been
    /// [checked](Body::check).
    ///
    /// # Errors
    /// A value does not have its field's type.
    pub fn set_from<R>(
        &mut self,
        schema: &'static Schema<R>,
        body: &Body,
        is_stored: impl Fn(&str) -> bool,
    ) -> Result<(), ApiError> {
        for path in body.paths().filter(|path| is_stored(path)) {
            // An array of objects has no field of its own.
            let Some(field) = schema.field(path) else { continue };
            if let Some(value) = Attribute::from_body(field, schema.in_array(path), body)? {
                self.set(field.path, value);
            }
        }
        Ok(())
    }

    /// The attributes as a JSON object with a member for each path, which [`read`](Self::read) reads.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let members = self.values.iter().map(|(path, value)| ((*path).to_owned(), value.to_json()));
        serde_json::Value::Object(members.collect())
    }

    /// Reads the attributes of an object, as [`to_json`](Self::to_json) has written them.
    ///
    /// # Errors
    /// - 262179: the schema has no such field.
    /// - A value does not have its field's type.
    pub fn read<R>(schema: &'static Schema<R>, body: &Body) -> Result<Self, ApiError> {
        let mut attributes = Self::default();
        for path in body.paths() {
            let field = schema.field(path).ok_or_else(|| ApiError::unexpected_argument(path))?;
            let is_array = body.value(path).is_some_and(serde_json::Value::is_array);
            body.check_stored(schema, field, is_array)?;
            if let Some(value) = Attribute::from_body(field, is_array, body)? {
                attributes.set(field.path, value);
            }
        }
        Ok(attributes)
    }

    /// Sets the value of the field at `path`.
    pub fn set(&mut self, path: &'static str, value: Attribute) {
        self.values.insert(path, value);
    }

    /// Removes the value of the field at `path`.
    pub fn unset(&mut self, path: &str) {
        self.values.remove(path);
    }

    /// Whether all attributes have their defaults.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
