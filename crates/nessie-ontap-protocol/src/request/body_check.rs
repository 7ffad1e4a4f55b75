//! Checks a body: which fields a request may set, and the types of their values.

use serde_json::Value as Json;

use super::{Body, size, spelling, typed};
use crate::schema::path::{is_inside, is_inside_or_same};
use crate::{ApiError, Field, FieldKind, Method, Schema, WritableBy};

impl Body {
    /// Checks that this method may set each field and that each value has the field's type.
    ///
    /// # Errors
    /// The error of the first wrong field, with the field as target:
    ///
    /// | Code | Condition |
    /// |---|---|
    /// | 262179 | the field is unknown |
    /// | 262196 | the field cannot be set, or not by this method |
    /// | 262203 | the field can be set on creation only |
    /// | 262198 | the method accepts no body |
    /// | 262220 | the value has the wrong JSON type |
    /// | 262254 | the value must be an array |
    /// | 262255 | the value must not be an array |
    /// | 262222 | the text is not a number, or too large |
    /// | 262245 | the number is negative, has a fraction or is too large |
    /// | 262197 | the text is not one of the allowed words, not a UUID, or not a time |
    pub fn check<R>(&self, schema: &Schema<R>, method: Method) -> Result<(), ApiError> {
        if !matches!(method, Method::Post | Method::Patch) && !self.is_empty() {
            let message = "This method accepts no body.";
            return Err(ApiError::new(400, 262_198, message));
        }
        for (path, value) in &self.values {
            let array = schema.arrays.iter().any(|array| array.path == path);
            match (schema.field(path), value) {
                (Some(field), _) => check_field(schema, method, field, value)?,
                (None, Json::Null) if schema.is_object(path) => {}
                (None, Json::Array(elements)) if array => {
                    for element in elements {
                        check_element(schema, method, path, element)?;
                    }
                }
                (None, _) if array => return Err(typed::not_an_array(path)),
                (None, Json::Array(_)) if schema.is_object(path) => {
                    return Err(typed::unexpected_array(path));
                }
                (None, _) if schema.is_object(path) => return Err(typed::not_an_object(path)),
                (None, _) => return Err(ApiError::unexpected_argument(path)),
            }
        }
        Ok(())
    }
}

impl Body {
    /// Checks the value of a field that is stored: an array, or the value of one object of an array.
    pub(crate) fn check_stored<R>(
        &self,
        schema: &Schema<R>,
        field: &Field<R>,
        is_array: bool,
    ) -> Result<(), ApiError> {
        let Some(value) = self.value(field.path) else { return Ok(()) };
        let is_plain_array = schema.arrays.iter().any(|array| array.path == field.path);
        if is_array || is_plain_array {
            return check_form(schema, field, value);
        }
        check_value(field, value)
    }
}

fn check_field<R>(
    schema: &Schema<R>,
    method: Method,
    field: &Field<R>,
    value: &Json,
) -> Result<(), ApiError> {
    if value.is_null() {
        return Ok(());
    }
    check_writable(method, field)?;
    check_form(schema, field, value)
}

/// Checks the type of a value that is not `null`.
fn check_form<R>(schema: &Schema<R>, field: &Field<R>, value: &Json) -> Result<(), ApiError> {
    let path = field.path;
    match value {
        // An array of plain values, or of one field of an array's objects, as in
        // `"aggregates.name": ["a"]`.
        Json::Array(elements) if schema.in_array(path) => {
            elements.iter().try_for_each(|element| check_value(field, element))
        }
        Json::Array(_) => Err(typed::unexpected_array(path)),
        _ if schema.in_array(path) => Err(typed::not_an_array(path)),
        value => check_value(field, value),
    }
}

fn check_writable<R>(method: Method, field: &Field<R>) -> Result<(), ApiError> {
    let (code, what) = match (method, field.writable) {
        (Method::Post, WritableBy::Post | WritableBy::Both)
        | (Method::Patch, WritableBy::Patch | WritableBy::Both) => return Ok(()),
        (Method::Patch, WritableBy::Post) => (262_203, "changed by a PATCH"),
        (Method::Post, WritableBy::Patch) => (262_196, "set when the object is created"),
        _ => (262_196, "set"),
    };
    let message = format!("The field \"{}\" cannot be {what}.", field.path);
    Err(ApiError::of_field(code, field.path, message))
}

/// Checks an object of the array at `outer`.
fn check_element<R>(
    schema: &Schema<R>,
    method: Method,
    outer: &str,
    element: &Json,
) -> Result<(), ApiError> {
    let Json::Object(members) = element else { return Err(typed::not_an_object(outer)) };
    for (key, value) in members {
        let path = &*format!("{outer}.{key}");
        let mut arrays = schema.arrays.iter().filter(|array| is_inside(array.path, outer));
        let array = arrays.find(|array| is_inside_or_same(path, array.path));
        match (schema.field(path), value) {
            (Some(_), Json::Null) => {}
            (Some(field), Json::Array(elements)) if array.is_some() => {
                check_writable(method, field)?;
                elements.iter().try_for_each(|element| check_value(field, element))?;
            }
            (Some(_), _) if array.is_some() => return Err(typed::not_an_array(path)),
            (Some(field), _) => {
                check_writable(method, field)?;
                check_value(field, value)?;
            }
            (None, Json::Null) if schema.is_object(path) => {}
            (None, Json::Array(elements)) if array.is_some_and(|array| array.path == path) => {
                for element in elements {
                    check_element(schema, method, path, element)?;
                }
            }
            (None, _) if array.is_some_and(|array| array.path == path) => {
                return Err(typed::not_an_array(path));
            }
            (None, _) if schema.is_object(path) => return Err(typed::not_an_object(path)),
            (None, _) => return Err(ApiError::unexpected_argument(path)),
        }
    }
    Ok(())
}

pub(super) fn check_value<R>(field: &Field<R>, value: &Json) -> Result<(), ApiError> {
    let path = field.path;
    match field.kind {
        FieldKind::Text => typed::text(path, value).map(drop),
        FieldKind::Uuid => typed::uuid(path, value).map(drop),
        FieldKind::Integer => typed::number(path, value, |text| text.parse().ok()).map(drop),
        FieldKind::Size => typed::number(path, value, size::parse).map(drop),
        FieldKind::Number => value
            .is_number()
            .then_some(())
            .ok_or_else(|| typed::wrong_type(path, value, "a number")),
        FieldKind::Boolean => typed::boolean(path, value).map(drop),
        FieldKind::Time => typed::time(path, value).map(drop),
        FieldKind::Enumeration(words) => {
            let text = typed::text(path, value)?;
            if spelling::word(words, text).is_some() {
                return Ok(());
            }
            let rule = format!("is not one of {}", words.join(", "));
            Err(ApiError::invalid_value(path, text, rule))
        }
    }
}
