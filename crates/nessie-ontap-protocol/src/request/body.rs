//! The JSON body of a request.

use std::collections::BTreeMap;

use nessie_backend_core::{Timestamp, Uuid};
use serde_json::Value as Json;

use super::json::{self, Tree};
use super::{size, spelling, typed};
use crate::ApiError;
use crate::error::Quoted;
use crate::schema::path::is_inside_or_same;

/// A JSON object with its nested objects flattened to dotted paths.
///
/// `{"space": {"size": 1}}` and `{"space.size": 1}` are equal. A hyphen in a key is read as an
/// underscore.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Values by dotted path. An array stays an array; each object in it is flattened by itself.
    /// `null` means that the field is not set.
    pub(super) values: BTreeMap<String, Json>,
}

impl Body {
    /// Reads a body. Without bytes it is the same as `{}`.
    ///
    /// # Errors
    /// - 262199: not JSON.
    /// - 262201: not an object, or nested too deep.
    /// - 262186: a field is given twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        Self::flatten(read(bytes)?)
    }

    /// Reads the bodies of a bulk request, `{"records": [{…}, …]}`. `None` if the body has no
    /// `records`.
    ///
    /// # Errors
    /// - Those of [`parse`](Self::parse).
    /// - 262287: there is another member next to `records`.
    /// - 262288: an element is not an object.
    /// - 262289: `records` is empty.
    /// - 262254: `records` is not an array.
    pub fn parse_records(bytes: &[u8]) -> Result<Option<Vec<Self>>, ApiError> {
        let members = read(bytes)?;
        if has_records(&members) { Self::records(members).map(Some) } else { Ok(None) }
    }

    /// The bodies in `members`, which include `records`.
    fn records(members: Members) -> Result<Vec<Self>, ApiError> {
        if let Some((other, _)) = members.iter().find(|(key, _)| key != RECORDS) {
            let message =
                format!("The field {} is not allowed next to \"records\".", Quoted(other));
            return Err(ApiError::of_field(262_287, other, message));
        }
        let mut records = Vec::new();
        for (i, (_, value)) in members.into_iter().enumerate() {
            if i > 0 {
                return Err(ApiError::given_twice(RECORDS));
            }
            let Tree::Array(elements) = value else {
                return Err(typed::not_an_array(RECORDS));
            };
            for element in elements {
                let Tree::Object(members) = element else {
                    let message = "Each element of \"records\" must be an object.".to_owned();
                    return Err(ApiError::of_field(262_288, RECORDS, message));
                };
                records.push(Self::flatten(members)?);
            }
        }
        if records.is_empty() {
            let message = "The request has no records.".to_owned();
            return Err(ApiError::of_field(262_289, RECORDS, message));
        }
        Ok(records)
    }

    fn flatten(members: Members) -> Result<Self, ApiError> {
        let mut values = BTreeMap::new();
        flatten_into("", members, &mut |path, value| match values.insert(path, value) {
            None => Ok(()),
            Some(_) => Err(()),
        })?;
        let body = Self { values };
        body.check_overlaps()?;
        Ok(body)
    }

    /// Rejects a path that is both a value and an object, as in `{"svm": "a", "svm.name": "a"}`.
    fn check_overlaps(&self) -> Result<(), ApiError> {
        for (path, value) in &self.values {
            let inside = format!("{path}.");
            let mut after = self.values.range(inside.clone()..);
            let overlaps = after.next().is_some_and(|(next, _)| next.starts_with(&inside));
            if overlaps && !value.is_null() {
                return Err(ApiError::given_twice(path));
            }
        }
        Ok(())
    }

    /// Replaces the value at `path`, if there is one. For fields that accept more forms than their
    /// type has.
    pub fn replace(&mut self, path: &str, value: Json) {
        if let Some(given) = self.values.get_mut(path) {
            *given = value;
        }
    }

    /// Adds a value at `path`.
    ///
    /// # Errors
    /// 262186: a value is given at `path` or inside it already.
    pub fn add(&mut self, path: &str, value: Json) -> Result<(), ApiError> {
        if self.has(path) {
            return Err(ApiError::given_twice(path));
        }
        self.values.insert(path.to_owned(), value);
        Ok(())
    }

    /// Removes the values at `path` and inside it.
    pub fn remove(&mut self, path: &str) {
        self.values.retain(|key, _| !is_inside_or_same(key, path));
    }

    /// Whether no value other than `null` is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.values().all(Json::is_null)
    }

    /// The paths with a value other than `null`, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let given = self.values.iter().filter(|(_, value)| !value.is_null());
        given.map(|(path, _)| path.as_str())
    }

    /// Whether a value other than `null` is given at `path` or inside it.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        // Other paths may sort between `path` and those inside it, as `a!` between `a` and `a.b`. So
        // both are looked up.
        let inside = format!("{path}.");
        let mut within =
            self.values.range(inside.clone()..).take_while(|(key, _)| key.starts_with(&inside));
        self.value(path).is_some() || within.any(|(_, value)| !value.is_null())
    }

    /// The value at `path`, as it was given. `None` if it is missing or `null`.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Json> {
        self.values.get(path).filter(|value| !value.is_null())
    }

    /// The text at `path`. For a field of an array, such as `aggregates.name`, use
    /// [`texts`](Self::texts).
    ///
    /// # Errors
    /// This and the following methods return an [`ApiError`] that names the field and its value if
    /// the value has another type.
    pub fn text(&self, path: &str) -> Result<Option<&str>, ApiError> {
        self.value(path).map(|value| typed::text(path, value)).transpose()
    }

    /// The UUID at `path`.
    pub fn uuid(&self, path: &str) -> Result<Option<Uuid>, ApiError> {
        self.value(path).map(|value| typed::uuid(path, value)).transpose()
    }

    /// The whole number at `path`, given as a number or as text.
    pub fn integer(&self, path: &str) -> Result<Option<u64>, ApiError> {
        self.value(path)
            .map(|value| typed::number(path, value, |text| text.parse().ok()))
            .transpose()
    }

    /// The size at `path` in bytes, given as a number or as text with a unit, such as `"20MB"`.
    pub fn size(&self, path: &str) -> Result<Option<u64>, ApiError> {
        self.value(path).map(|value| typed::number(path, value, size::parse)).transpose()
    }

    /// The boolean at `path`, also given as text in upper or lower case.
    pub fn boolean(&self, path: &str) -> Result<Option<bool>, ApiError> {
        self.value(path).map(|value| typed::boolean(path, value)).transpose()
    }

    /// The time at `path`, given in RFC 3339.
    pub fn time(&self, path: &str) -> Result<Option<Timestamp>, ApiError> {
        self.value(path).map(|value| typed::time(path, value)).transpose()
    }

    /// The texts of one field of an array's objects, in order; an element is `None` if its object
    /// lacks the field. `{"aggregates": [{"name": "aggr1"}]}` and `{"aggregates.name": ["aggr1"]}`
    /// give the same.
    pub fn texts(&self, array: &str, field: &str) -> Result<Option<Vec<Option<&str>>>, ApiError> {
        let path = format!("{array}.{field}");
        let elements = match (self.value(array), self.value(&path)) {
            (None, None) => return Ok(None),
            (None, Some(Json::Array(values))) => values.iter().map(Some).collect(),
            (None, Some(_)) => return Err(typed::not_an_array(&path)),
            (Some(Json::Array(elements)), None) => {
                elements.iter().map(|element| element.get(field)).collect::<Vec<_>>()
            }
            (Some(_), None) => return Err(typed::not_an_array(array)),
            (Some(_), Some(_)) => return Err(ApiError::given_twice(&path)),
        };
        let given = elements.into_iter().map(|value| match value {
            None | Some(Json::Null) => Ok(None),
            Some(value) => typed::text(&path, value).map(Some),
        });
        given.collect::<Result<_, _>>().map(Some)
    }
}

/// The body of a request that accepts one object or several.
#[derive(Clone, Debug, PartialEq)]
pub enum Bodies {
    /// One object.
    One(Body),
    /// The objects of a bulk request, `{"records": [{…}, …]}`.
    Records(Vec<Body>),
}

impl Bodies {
    /// Reads a body once, as [`Body::parse_records`] or else as [`Body::parse`].
    ///
    /// # Errors
    /// Those of the two.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        let members = read(bytes)?;
        if has_records(&members) {
            Body::records(members).map(Self::Records)
        } else {
            Body::flatten(members).map(Self::One)
        }
    }
}

const RECORDS: &str = "records";

/// The members of a JSON object.
type Members = Vec<(String, Tree)>;

fn has_records(members: &Members) -> bool {
    members.iter().any(|(key, _)| key == RECORDS)
}

/// The longest path of a field, in bytes. The limit bounds memory: a long key around many short
/// keys would repeat the long key in each path.
const MAX_PATH: usize = 255;

/// The members of a body; none if it has no bytes.
fn read(bytes: &[u8]) -> Result<Members, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    match json::parse(bytes)? {
        Tree::Object(members) => Ok(members),
        Tree::Array(_) | Tree::Value(_) => {
            Err(ApiError::new(400, 262_201, "The body is not a JSON object."))
        }
    }
}

fn flatten_into(
    prefix: &str,
    members: Members,
    insert: &mut dyn FnMut(String, Json) -> Result<(), ()>,
) -> Result<(), ApiError> {
    for (key, value) in members {
        if prefix.len() + key.len() > MAX_PATH {
            return Err(ApiError::unexpected_argument(&key));
        }
        let key = spelling::name(&key);
        let path = if prefix.is_empty() { key.into_owned() } else { format!("{prefix}.{key}") };
        let value = match value {
            Tree::Object(members) => {
                flatten_into(&path, members, insert)?;
                continue;
            }
            Tree::Array(elements) => {
                Json::Array(elements.into_iter().map(flatten_element).collect::<Result<_, _>>()?)
            }
            Tree::Value(value) => value,
        };
        insert(path.clone(), value).map_err(|()| ApiError::given_twice(&path))?;
    }
    Ok(())
}

fn flatten_element(element: Tree) -> Result<Json, ApiError> {
    match element {
        Tree::Value(value) => Ok(value),
        Tree::Array(elements) => {
            elements.into_iter().map(flatten_element).collect::<Result<_, _>>().map(Json::Array)
        }
        Tree::Object(members) => {
            let mut values = serde_json::Map::new();
            flatten_into("", members, &mut |path, value| match values.insert(path, value) {
                None => Ok(()),
                Some(_) => Err(()),
            })?;
            Ok(Json::Object(values))
        }
    }
}
