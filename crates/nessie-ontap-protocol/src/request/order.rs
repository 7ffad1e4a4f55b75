//! The order of a collection: `order_by=size desc,name`.

use std::cmp::Ordering;

use super::spelling;
use crate::{ApiError, Field, FieldKind, FieldValue, Schema};

/// The fields that a collection is ordered by: those of the request, then those of the schema. With
/// the schema's fields no two records compare equal.
#[derive(Debug)]
pub struct OrderBy<R: 'static> {
    fields: Vec<(&'static Field<R>, Direction)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl<R> OrderBy<R> {
    /// The order if the request has no `order_by`.
    #[must_use]
    pub fn default_of(schema: &Schema<R>) -> Self {
        let mut order = Self { fields: Vec::new() };
        order.complete(schema);
        order
    }

    /// Reads the value of `order_by`.
    ///
    /// # Errors
    /// - 262268: collections cannot be ordered by the field.
    /// - 262197: ONTAP has no such field, or the direction is not `asc` or `desc`.
    /// - 262186: a field is named twice.
    pub fn parse(schema: &'static Schema<R>, text: &str) -> Result<Self, ApiError> {
        let mut order = Self { fields: Vec::new() };
        for item in text.split(',') {
            let mut words = item.split_whitespace();
            let Some(path) = words.next() else { continue };
            let path = &*spelling::name(path);
            let refuse = |rule| Err(ApiError::invalid_value("order_by", item.trim(), rule));
            let direction = match words.next() {
                None => Direction::Ascending,
                Some(word) if word.eq_ignore_ascii_case("asc") => Direction::Ascending,
                Some(word) if word.eq_ignore_ascii_case("desc") => Direction::Descending,
                Some(_) => return refuse("has a direction other than asc or desc"),
            };
            if words.next().is_some() {
                return refuse("has more words than a field and a direction");
            }
            let Some(field) = schema.field_or_documented(path) else {
                if schema.is_object_or_documented(path) {
                    return Err(unorderable(path, "is an object"));
                }
                return refuse("is not a field");
            };
            if schema.in_array(path) {
                return Err(unorderable(path, "is in an array"));
            }
            if order.has(field) {
                return Err(ApiError::given_twice("order_by"));
            }
            order.fields.push((field, direction));
        }
        order.complete(schema);
        Ok(order)
    }

    fn complete(&mut self, schema: &Schema<R>) {
        for field in schema.order.iter().filter_map(|path| schema.order_field(path)) {
            if !self.has(field) {
                self.fields.push((field, Direction::Ascending));
            }
        }
    }

    fn has(&self, field: &Field<R>) -> bool {
        self.fields.iter().any(|(other, _)| other.path == field.path)
    }

    /// The paths of the fields.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.fields.iter().map(|(field, _)| field.path)
    }

    /// Compares two records. Unset values are last in either direction.
    #[must_use]
    pub fn compare(&self, left: &R, right: &R) -> Ordering {
        self.fields
            .iter()
            .map(|(field, direction)| direction.compare(&(field.get)(left), &(field.get)(right)))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Compares a record with the values at the end of a page.
    pub(crate) fn compare_with(&self, record: &R, end: &[FieldValue<'static>]) -> Ordering {
        self.fields
            .iter()
            .zip(end)
            .map(|((field, direction), end)| direction.compare(&(field.get)(record), end))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// The `start.*` parameters of the page after `last`.
    pub(crate) fn start_after(&self, last: &R) -> Vec<(String, String)> {
        self.fields
            .iter()
            .map(|(field, _)| (format!("start.{}", field.path), start_text(&(field.get)(last))))
            .collect()
    }

    /// Reads the `start.*` parameters: the values of the previous page's last record, in the order of
    /// the fields. `None` without parameters.
    pub(crate) fn parse_start(
        &self,
        parameters: &[(String, &str)],
    ) -> Result<Option<Vec<FieldValue<'static>>>, ApiError> {
        if parameters.is_empty() {
            return Ok(None);
        }
        for (i, (name, _)) in parameters.iter().enumerate() {
            if !self.fields.iter().any(|(field, _)| is_start_of(name, field.path)) {
                return Err(ApiError::unexpected_argument(name));
            }
            if parameters.iter().skip(i + 1).any(|(other, _)| other == name) {
                return Err(ApiError::given_twice(name));
            }
        }
        let end = self.fields.iter().map(|(field, _)| {
            let given = parameters.iter().find(|(name, _)| is_start_of(name, field.path));
            let Some((name, text)) = given else {
                let name = format!("start.{}", field.path);
                let message = format!("Missing parameter {name}.");
                return Err(ApiError::of_field(262_212, &name, message));
            };
            parse_start_text(field.kind, text)
                .ok_or_else(|| ApiError::invalid_value(name, text, "is not a value of this field"))
        });
        end.collect::<Result<_, _>>().map(Some)
    }
}

fn unorderable(path: &str, why: &str) -> ApiError {
    let message = format!("Collections cannot be ordered by the field \"{path}\": it {why}.");
    ApiError::of_field(262_268, "order_by", message)
}

fn is_start_of(parameter: &str, path: &str) -> bool {
    parameter.strip_prefix("start.") == Some(path)
}

impl Direction {
    fn compare(self, left: &FieldValue<'_>, right: &FieldValue<'_>) -> Ordering {
        match (left.is_unset(), right.is_unset()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let ordering = left.compare(right).unwrap_or(Ordering::Equal);
                if self == Self::Descending { ordering.reverse() } else { ordering }
            }
        }
    }
}

/// The text of a value in a `start.*` parameter. It is never empty, because some clients drop empty
/// parameters.
fn start_text(value: &FieldValue<'_>) -> String {
    match value {
        FieldValue::Unset | FieldValue::List(_) => NULL.to_owned(),
        FieldValue::Boolean(flag) => flag.to_string(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Uuid(uuid) => uuid.to_string(),
        // With fractions of a second, unlike in a record.
        FieldValue::Time(time) => time.to_string(),
        FieldValue::Text(text) if text.is_empty() || text.starts_with('"') || text == NULL => {
            format!("\"{text}")
        }
        FieldValue::Text(text) => text.clone().into_owned(),
    }
}

const NULL: &str = "null";

fn parse_start_text(kind: FieldKind, text: &str) -> Option<FieldValue<'static>> {
    if text == NULL {
        return Some(FieldValue::Unset);
    }
    Some(match kind {
        FieldKind::Text | FieldKind::Enumeration(_) => {
            FieldValue::Text(text.strip_prefix('"').unwrap_or(text).to_owned().into())
        }
        FieldKind::Uuid => FieldValue::Uuid(text.parse().ok()?),
        FieldKind::Number => return None,
        FieldKind::Integer | FieldKind::Size => FieldValue::Integer(text.parse().ok()?),
        FieldKind::Boolean => FieldValue::Boolean(text.parse().ok()?),
        FieldKind::Time => FieldValue::Time(text.parse().ok()?),
    })
}
