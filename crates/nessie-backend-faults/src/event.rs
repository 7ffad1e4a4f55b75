//! Events: what happened to a backend.

use std::borrow::Cow;
use std::fmt;

use nessie_backend_core::Timestamp;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fault::When;
use crate::operation::{Arguments, Operation, OperationKind, Role};
use crate::value::Value;

/// Why an operation was performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A caller called it.
    Call,
    /// A rule of a snapshot policy was due.
    Policy,
    /// A fault delayed a call.
    Delay,
}

impl Cause {
    const ALL: [Self; 3] = [Self::Call, Self::Policy, Self::Delay];

    /// Its word: `call`, `policy` or `delay`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Policy => "policy",
            Self::Delay => "delay",
        }
    }
}

/// An operation that has changed something or was refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// The operation.
    pub operation: Operation,
    /// The identifiers of what it has created, or of what it has kept.
    pub result: Value,
    /// The code of the error that the caller got.
    pub error: Option<Cow<'static, str>>,
    /// Why it was performed.
    pub cause: Cause,
    /// Whether the error comes from a fault, before or after the operation.
    pub fault: Option<When>,
}

impl Event {
    /// An operation that a caller called, and that has succeeded.
    #[must_use]
    pub const fn new(time: Timestamp, operation: Operation, result: Value) -> Self {
        Self { time, operation, result, error: None, cause: Cause::Call, fault: None }
    }

    /// The names and identifiers of objects in its arguments and in its result.
    pub(crate) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let of_objects = self.operation.with_roles().filter(|(role, _)| *role != Role::Other);
        let values = of_objects.map(|(_, value)| value).chain([&self.result]);
        values.flat_map(Value::names)
    }
}

/// An event with its number, as one JSON object.
#[derive(Debug)]
pub(crate) struct Numbered<'a> {
    pub(crate) seq: u64,
    pub(crate) event: &'a Event,
}

impl Serialize for Numbered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Event { time, operation, result, error, cause, fault } = self.event;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("time", time)?;
        map.serialize_entry("operation", operation.kind.name())?;
        map.serialize_entry("arguments", &Arguments(operation))?;
        map.serialize_entry("result", result)?;
        map.serialize_entry("error", error)?;
        map.serialize_entry("cause", cause.word())?;
        if let Some(when) = fault {
            map.serialize_entry("fault", when.word())?;
        }
        map.end()
    }
}

/// An event as it is read, with its number.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) seq: u64,
    pub(crate) event: Event,
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadVisitor)
    }
}

struct ReadVisitor;

impl<'de> Visitor<'de> for ReadVisitor {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let (mut seq, mut time, mut kind, mut arguments) = (None, None, None, None);
        let (mut result, mut error, mut cause, mut fault) = (Value::Null, None, None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "seq" => seq = Some(map.next_value()?),
                "time" => time = Some(map.next_value()?),
                "operation" => {
                    let name = map.next_value::<Cow<'de, str>>()?;
                    let found = OperationKind::named(&name);
                    let unknown = || de::Error::custom(format!("operation {name:?} is unknown"));
                    kind = Some(found.ok_or_else(unknown)?);
                }
                "arguments" => arguments = Some(map.next_value::<Value>()?),
                "result" => result = map.next_value()?,
                "error" => error = map.next_value::<Option<String>>()?,
                "cause" => {
                    let word = map.next_value::<Cow<'de, str>>()?;
                    let found = Cause::ALL.into_iter().find(|cause| cause.word() == word);
                    let unknown = || de::Error::custom(format!("cause {word:?} is unknown"));
                    cause = Some(found.ok_or_else(unknown)?);
                }
                "fault" => {
                    let word = map.next_value::<Cow<'de, str>>()?;
                    fault = Some(When::from_word(&word).map_err(de::Error::custom)?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let lacks = |key| move || de::Error::missing_field(key);
        let kind = kind.ok_or_else(lacks("operation"))?;
        let Some(Value::Map(given)) = arguments else {
            return Err(de::Error::custom("arguments are not an object"));
        };
        if let Some((name, _)) =
            given.iter().find(|(name, _)| !kind.parameters().contains(&&**name))
        {
            return Err(de::Error::custom(format!("{kind} has no argument {name:?}")));
        }
        let value = |parameter: &&str| {
            let found = given.iter().find(|(name, _)| **name == **parameter);
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        let event = Event {
            time: time.ok_or_else(lacks("time"))?,
            operation: Operation::new(kind, kind.parameters().iter().map(value)),
            result,
            error: error.map(Cow::Owned),
            cause: cause.ok_or_else(lacks("cause"))?,
            fault,
        };
        Ok(Read { seq: seq.ok_or_else(lacks("seq"))?, event })
    }
}

/// The arguments of an event and its result as JSON, for tables of events. A result of nothing is
/// `None`.
#[must_use]
pub fn event_json(event: &Event) -> (String, Option<String>) {
    // A value cannot fail to be written, because its keys are text.
    let arguments = serde_json::to_string(&Arguments(&event.operation)).unwrap_or_default();
    let result = (!event.result.is_null()).then(|| serde_json::to_string(&event.result).ok());
    (arguments, result.flatten())
}
