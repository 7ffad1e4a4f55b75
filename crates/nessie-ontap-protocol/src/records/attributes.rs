//! Attributes: fields that clients set on volumes and snapshots and that the backend does not store.

use std::collections::BTreeMap;

use nessie_backend_core::{Timestamp, Uuid};

use crate::request::spelling;
use crate::{ApiError, Body, Field, FieldKind, FieldValue};

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
