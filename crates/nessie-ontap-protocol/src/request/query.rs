//! The query parameters of a request.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::condition::parse_boolean;
use super::fields::UnknownFields;
use super::{Filter, Method, OrderBy, Paging, Selection, Url, spelling};
use crate::{ApiError, FieldPresence, Schema};

/// The query parameters of a request for a collection or for one record.
#[derive(Debug)]
pub struct Query<R: 'static> {
    /// The fields of the reply. They include the fields of the filter.
    pub selection: Selection<R>,
    /// The filter that records must match.
    pub filter: Filter<R>,
    /// The order of a collection.
    pub order: OrderBy<R>,
    /// The requested part of a collection.
    pub paging: Paging,
    /// Whether the selection, the filter or the order has a field that replies contain only on request.
    pub needs_expensive: bool,
    /// Whether the reply contains records: `return_records`. The default is true for methods that
    /// only read.
    pub return_records: bool,
    /// How long to wait for a job: `return_timeout`. `None` if it was not given.
    pub return_timeout: Option<Duration>,
    /// Whether a request for several records continues after one of them failed.
    pub continue_on_failure: bool,
    /// The parameters that belong to the operation (`force`, `action`, `restore_to.snapshot.name`,
    /// …), as they were given.
    pub parameters: Vec<(String, String)>,
}

/// The longest `return_timeout`, in seconds.
const MAX_TIMEOUT: u64 = 120;

impl<R> Query<R> {
    /// Reads the parameters of a request.
    ///
    /// `parameter_names` lists the parameters of the operation. `collection` is true if the
    /// path names a collection: it has other default fields than one record. Paging parameters are
    /// accepted for one record too, because clients send `max_records` there.
    ///
    /// # Errors
    /// An [`ApiError`] that names the parameter and its value: the parameter is unknown or given
    /// twice, its value is invalid, or it is a filter of a `POST`.
    pub fn parse(
        schema: &'static Schema<R>,
        method: Method,
        collection: bool,
        parameter_names: &[&str],
        url: &Url,
    ) -> Result<Self, ApiError> {
        let mut common = CommonParameters::default();
        let mut filter = Filter::none(schema);
        let mut start = Vec::new();
        let mut parameters = Vec::new();
        for (name, value) in &url.parameters {
            let name = spelling::name(name);
            let (name, value) = (&*name, value.as_str());
            if parameter_names.contains(&name) {
                if parameters.iter().any(|(other, _)| other == name) {
                    return Err(ApiError::given_twice(name));
                }
                parameters.push((name.to_owned(), value.to_owned()));
            } else if common.take(name, value)? {
            } else if name.starts_with("start.") {
                start.push((name.to_owned(), value));
            } else if method == Method::Post && filter.field(name).is_some() {
                let message = format!("A POST accepts no filter: give {name} in the body.");
                return Err(ApiError::of_field(262_211, name, message));
            } else {
                filter.add(name, value)?;
            }
        }
        common.add_search(&mut filter)?;
        let mut selection =
            Selection::parse_with(schema, collection, &common.fields, common.unknown_fields()?)?;
        filter.paths().for_each(|path| selection.add(path));
        let order = match common.get("order_by") {
            Some(text) => OrderBy::parse(schema, text)?,
            None => OrderBy::default_of(schema),
        };
        let paging = Paging {
            max_records: common.number("max_records", 1..=u64::MAX)?,
            offset: common.number("offset", 0..=u64::MAX)?.unwrap_or_default(),
            start: order.parse_start(&start)?,
        };
        let is_expensive = |path| {
            schema.field(path).is_some_and(|field| field.presence == FieldPresence::Expensive)
        };
        let timeout = common.number("return_timeout", 0..=MAX_TIMEOUT)?;
        Ok(Self {
            needs_expensive: selection.has_expensive() || order.paths().any(is_expensive),
            selection,
            filter,
            order,
            paging,
            return_records: common.flag("return_records")?.unwrap_or(method.is_read()),
            return_timeout: timeout.map(|seconds: u64| Duration::from_secs(seconds)),
            continue_on_failure: common.continue_on_failure()?,
            parameters,
        })
    }

    /// The value of the operation's parameter `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The value of the operation's parameter `name` as a boolean, in upper or lower case.
    ///
    /// # Errors
    /// An [`ApiError`] that names the parameter and its value.
    pub fn parameter_flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        flag(name, self.parameter(name))
    }

    /// The value of the operation's parameter `name` as one of `words`. Case does not matter, and a
    /// hyphen is read as an underscore.
    ///
    /// # Errors
    /// An [`ApiError`] that names the parameter, its value and the words.
    pub fn parameter_word(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, ApiError> {
        let Some(given) = self.parameter(name) else { return Ok(None) };
        spelling::word(words, given).map(Some).ok_or_else(|| {
            ApiError::invalid_value(name, given, format!("is not one of {}", words.join(", ")))
        })
    }
}

impl Url {
    /// Whether the request selects indented JSON: `pretty=true`.
    ///
    /// # Errors
    /// 262197: the value is neither `true` nor `false`.
    pub fn pretty(&self) -> Result<bool, ApiError> {
        let given = self.parameters.iter().find(|(name, _)| name == "pretty");
        Ok(flag("pretty", given.map(|(_, value)| value.as_str()))?.unwrap_or(false))
    }
}

/// The parameters that every operation accepts, besides `fields`.
const COMMON: &[&str] = &[
    "continue_on_failure",
    "ignore_unknown_fields",
    "max_records",
    "offset",
    "order_by",
    "pretty",
    "query",
    "query_fields",
    "return_records",
    "return_timeout",
    "serial_records",
];

/// The common parameters of a request, as they were given.
#[derive(Default)]
struct CommonParameters<'u> {
    /// The values of all `fields` parameters, each after a comma.
    fields: String,
    /// The others.
    given: Vec<(&'static str, &'u str)>,
}

impl<'u> CommonParameters<'u> {
    /// Stores the parameter if it is a common one, and returns whether it is.
    fn take(&mut self, given: &str, value: &'u str) -> Result<bool, ApiError> {
        let name = if given == "$orderBy" { "order_by" } else { given };
        if name == "fields" {
            self.fields.push(',');
            self.fields.push_str(value);
            return Ok(true);
        }
        let Some(name) = COMMON.iter().find(|other| **other == name) else { return Ok(false) };
        if self.get(name).is_some() {
            return Err(ApiError::given_twice(given));
        }
        self.given.push((name, value));
        Ok(true)
    }

    fn get(&self, name: &str) -> Option<&'u str> {
        self.given.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        flag(name, self.get(name))
    }

    fn number<N: TryFrom<u64>>(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<N>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let refuse = |rule: String| ApiError::invalid_value(name, text, rule);
        let number: u64 = text.parse().map_err(|_| refuse("is not a whole number".to_owned()))?;
        let (low, high) = (range.start(), range.end());
        let valid = N::try_from(number).ok().filter(|_| range.contains(&number));
        valid.map(Some).ok_or_else(|| refuse(format!("is outside {low} to {high}")))
    }

    fn unknown_fields(&self) -> Result<UnknownFields, ApiError> {
        let ignored = self.flag("ignore_unknown_fields")?;
        Ok(if ignored == Some(true) { UnknownFields::Ignored } else { UnknownFields::Refused })
    }

    /// `serial_records` requests one record at a time. Records are always handled one at a time, so
    /// only the value is checked.
    fn continue_on_failure(&self) -> Result<bool, ApiError> {
        self.flag("serial_records")?;
        self.flag("pretty")?;
        Ok(self.flag("continue_on_failure")?.unwrap_or(false))
    }

    fn add_search<R>(&self, filter: &mut Filter<R>) -> Result<(), ApiError> {
        let missing = |name: &str, other: &str| {
            let message = format!("The parameter {other} requires the parameter {name}.");
            Err(ApiError::of_field(262_212, name, message))
        };
        match (self.get("query"), self.get("query_fields")) {
            (None, None) => Ok(()),
            (Some(query), Some(fields)) => filter.add_any(fields, query),
            (Some(_), None) => missing("query_fields", "query"),
            (None, Some(_)) => missing("query", "query_fields"),
        }
    }
}

/// Reads a boolean. A name without a value, as in `?pretty`, means `true`.
fn flag(name: &str, given: Option<&str>) -> Result<Option<bool>, ApiError> {
    match given {
        None => Ok(None),
        Some("") => Ok(Some(true)),
        Some(text) => parse_boolean(text)
            .map(Some)
            .ok_or_else(|| ApiError::invalid_value(name, text, "is neither true nor false")),
    }
}
