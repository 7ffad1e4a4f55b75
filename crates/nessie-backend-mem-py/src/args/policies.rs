//! The rules of snapshot policies as arguments.

use nessie_backend_core::{BackendError, Schedule, SnapshotRule, rules};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::args::items::{items, wrong_item};
use crate::args::limits::{self, MAX_ITEMS};
use crate::args::scalars;
use crate::errors::{Error, Result};
use crate::runtime::interrupt;

const RULES: &str = "rules";
const KEYS: [&str; 3] = ["schedule", "prefix", "keep"];

/// The rules as Python passes them. Their types are right, their values need not be.
pub(crate) struct RuleArgs(Vec<RuleArg>);

struct RuleArg {
    schedule: String,
    prefix: String,
    keep: std::result::Result<u64, BackendError>,
}

impl RuleArgs {
    /// # Errors
    /// `TypeError` if a rule is not a dict with exactly the keys of a rule, or a value has a wrong type.
    pub(crate) fn read(value: &Bound<'_, PyAny>) -> Result<Self> {
        const RULE: &str = "dicts with schedule, prefix and keep";
        if value.cast::<PyDict>().is_ok() {
            let message =
                format!("{RULES} must be an iterable of {RULE}; put a single one into a list");
            return Err(PyTypeError::new_err(message).into());
        }
        let mut read = Vec::new();
        for item in items(RULES, RULE, value)? {
            let item = item?;
            let index = read.len();
            let rule = item.cast::<PyDict>();
            let rule = rule.map_err(|_| wrong_item(RULES, index, "a dict", &item))?;
            read.push(RuleArg::read(index, rule)?);
            limits::check(RULES, read.len(), MAX_ITEMS, "items")?;
            interrupt::check(value.py(), read.len())?;
        }
        Ok(Self(read))
    }

    /// The rules, if their values are valid as far as single rules are concerned.
    pub(crate) fn rules(self) -> std::result::Result<Vec<SnapshotRule>, BackendError> {
        let rules = self.0.into_iter().enumerate();
        rules.map(|(index, rule)| rule.rule().map_err(|error| at(index, &error))).collect()
    }
}

impl RuleArg {
    fn read(index: usize, rule: &Bound<'_, PyDict>) -> Result<Self> {
        let refuse =
            |what: String| Error::from(PyTypeError::new_err(format!("{RULES}[{index}] {what}")));
        let value = |key: &str| -> Result<Bound<'_, PyAny>> {
            rule.get_item(key)?.ok_or_else(|| refuse(format!("is a dict without {key:?}")))
        };
        let name = |key: &str| format!("{RULES}[{index}][{key:?}]");
        let text = |key: &str| -> Result<String> {
            let value = value(key)?;
            Ok(scalars::name(scalars::string(&name(key), &value)?).into_owned())
        };
        let [schedule, prefix, keep] = KEYS;
        let (schedule, prefix, number) = (text(schedule)?, text(prefix)?, value(keep)?);
        let keep = match scalars::unsigned(RULES, rules::KEEP, &number) {
            Ok(keep) => Ok(keep),
            Err(Error::Backend(error)) => Err(error),
            Err(Error::Python(error)) if error.is_instance_of::<PyTypeError>(rule.py()) => {
                return Err(scalars::wrong_type(&name(keep), "an int", &number));
            }
            Err(other) => return Err(other),
        };
        let is_unknown = |key: &Bound<'_, PyAny>| {
            let key = key.cast::<PyString>().ok().map(scalars::name);
            !key.is_some_and(|key| KEYS.contains(&&*key))
        };
        if let Some(key) = rule.keys().iter().find(is_unknown) {
            let keys = KEYS.join(", ");
            return Err(refuse(format!("has the key {}; a rule has {keys}", key.repr()?)));
        }
        Ok(Self { schedule, prefix, keep })
    }

    fn rule(self) -> std::result::Result<SnapshotRule, BackendError> {
        let schedule = self.schedule.parse::<Schedule>()?;
        Ok(SnapshotRule::new(schedule, self.prefix, self.keep?))
    }
}

/// The error of a rule, under the name of the argument.
fn at(index: usize, error: &BackendError) -> BackendError {
    let text = error.to_string();
    // A number that is out of range has the name of the argument already.
    let text =
        text.strip_prefix(RULES).map_or_else(|| text.clone(), |number| format!("keep{number}"));
    BackendError::InvalidArgument {
        argument: RULES.into(),
        reason: format!("at position {index}: {text}"),
    }
}
