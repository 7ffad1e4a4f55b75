//! The values of arguments and results.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::sync::Arc;

use nessie_backend_core::{Timestamp, Uuid};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of an argument or a result. In JSON it is a plain value: an identifier is text, a column
/// of identifiers is an array.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Not given, or nothing.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number. What a caller may pass can be out of the range of its argument.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(Box<str>),
    /// The identifier of a volume or a snapshot.
    Uuid(Uuid),
    /// A column of identifiers.
    Uuids(Arc<[Uuid]>),
    /// A column of snapshots: the identifiers of the volume and of the snapshot.
    Snapshots(Arc<[(Uuid, Uuid)]>),
    /// Any other list.
    List(Arc<[Self]>),
    /// A record.
    Map(Arc<[(Box<str>, Self)]>),
}

impl Value {
    /// Whether it is [`Null`](Self::Null).
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The identifier that it is, or that its text spells.
    #[must_use]
    pub fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Uuid(uuid) => Some(*uuid),
            Self::Text(text) => Uuid::parse_str(text).ok(),
            _ => None,
        }
    }

    /// The text that it is.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The identifiers in it, of volumes if it has snapshots with their volumes.
    pub(crate) fn uuids(&self) -> Box<dyn Iterator<Item = Uuid> + '_> {
        match self {
            Self::Uuid(_) | Self::Text(_) => Box::new(self.uuid().into_iter()),
            Self::Uuids(uuids) => Box::new(uuids.iter().copied()),
            Self::Snapshots(pairs) => Box::new(pairs.iter().map(|(volume, _)| *volume)),
            Self::List(values) => Box::new(values.iter().flat_map(Self::uuids)),
            _ => Box::new(iter::empty()),
        }
    }

    /// The texts and identifiers in it.
    pub(crate) fn names(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        let text = |uuid: &Uuid| Cow::Owned(uuid.to_string());
        match self {
            Self::Text(text) => Box::new(iter::once(Cow::Borrowed(&**text))),
            Self::Uuid(uuid) => Box::new(iter::once(text(uuid))),
            Self::Uuids(uuids) => Box::new(uuids.iter().map(text)),
            Self::Snapshots(pairs) => Box::new(
                pairs.iter().flat_map(move |(volume, snapshot)| [text(volume), text(snapshot)]),
            ),
            Self::List(values) => Box::new(values.iter().flat_map(Self::names)),
            _ => Box::new(iter::empty()),
        }
    }

    /// The texts in it.
    pub(crate) fn texts(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Text(text) => Box::new(iter::once(&**text)),
            Self::List(values) => Box::new(values.iter().flat_map(Self::texts)),
            _ => Box::new(iter::empty()),
        }
    }

    /// A record of these fields.
    pub fn map<K: Into<Box<str>>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Uuid> for Value {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        time.to_string().into()
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i128(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Uuid(uuid) => serializer.collect_str(uuid),
            Self::Uuids(uuids) => {
                serializer.collect_seq(uuids.iter().map(|uuid| Self::Uuid(*uuid)))
            }
            Self::Snapshots(pairs) => {
                let pair = |(volume, snapshot): &(Uuid, Uuid)| {
                    [Self::Uuid(*volume), Self::Uuid(*snapshot)]
                };
                serializer.collect_seq(pairs.iter().map(pair))
            }
            Self::List(values) => serializer.collect_seq(values.iter()),
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields.iter() {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        // A whole number beyond 64 bits is read as a float.
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let whole = value as i128;
        let is_large = value.fract() == 0.0 && value.abs() >= TWO_TO_THE_63;
        Ok(if is_large { Value::Integer(whole) } else { Value::Float(value) })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element::<Value>()? {
            values.push(value);
        }
        Ok(Value::List(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Box<str>, Value>()? {
            fields.push((key, value));
        }
        Ok(Value::Map(fields.into()))
    }
}

const TWO_TO_THE_63: f64 = 9_223_372_036_854_775_808.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn a_value_is_plain_in_json_and_comes_back() {
        for (value, text) in [
            (Value::Null, "null"),
            (true.into(), "true"),
            (u64::MAX.into(), "18446744073709551615"),
            (Value::Integer(1 << 64), "18446744073709551616"),
            (Value::Integer(-5), "-5"),
            (Value::Float(0.5), "0.5"),
            ("é\"".into(), "\"é\\\"\""),
            (Value::List(["a".into(), Value::Null].into()), "[\"a\",null]"),
            (Value::map([("keep", 7_u64.into())]), "{\"keep\":7}"),
        ] {
            assert_eq!(json(&value), text);
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn identifiers_are_text_in_json() {
        let uuid = Uuid::from_u128(7);
        let text = "\"00000000-0000-0000-0000-000000000007\"";
        assert_eq!(json(&uuid.into()), text);
        assert_eq!(json(&Value::Uuids([uuid].into())), format!("[{text}]"));
        assert_eq!(json(&Value::Snapshots([(uuid, uuid)].into())), format!("[[{text},{text}]]"));
        assert_eq!(serde_json::from_str::<Value>(text).unwrap().uuid(), Some(uuid));
    }
}
