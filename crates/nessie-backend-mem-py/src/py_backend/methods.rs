//! The methods of a backend that a Python object has.

use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;

/// The operations that every backend has.
const VOLUMES: &[&str] = &[
    "capabilities",
    "create_volume",
    "list_volumes",
    "get_volume",
    "patch_volume",
    "delete_volume",
    "access_handle",
];

/// A tier above the first.
#[derive(Clone, Copy)]
pub(super) enum Tier {
    Snapshots,
    Clones,
}

impl Tier {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Snapshots => "snapshots",
            Self::Clones => "clones",
        }
    }

    /// The operations that this tier adds to the tiers below.
    const fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Snapshots => {
                &["create_snapshot", "list_snapshots", "get_snapshot", "delete_snapshot"]
            }
            Self::Clones => &["create_clone"],
        }
    }
}

/// The operations that a backend may lack.
const OPTIONAL: &[&str] = &[
    "find_volume",
    "find_snapshot",
    "rename_snapshot",
    "restore_snapshot",
    "split_clone",
    "space",
];

/// The keyword of a snapshot policy.
const POLICY: &str = "snapshot_policy";

/// The methods of an object.
pub(super) struct Methods {
    operations: Vec<&'static str>,
    /// The keywords among `name`, `state` and `snapshot_policy` that `patch_volume` accepts.
    patches: Vec<&'static str>,
    /// Whether `create_volume` accepts the keyword `snapshot_policy`.
    creates_with_policy: bool,
}

impl Methods {
    /// # Errors
    /// `TypeError` if a method of the first tier is missing.
    pub(super) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let tiers = [Tier::Snapshots, Tier::Clones].map(Tier::operations);
        let known = [VOLUMES, OPTIONAL].into_iter().chain(tiers).flatten();
        let mut operations = Vec::new();
        for name in known {
            match object.getattr(*name) {
                Ok(method) if method.is_callable() => operations.push(*name),
                Ok(_) => {}
                Err(error) => check_exception(object.py(), error)?,
            }
        }
        let missing: Vec<&str> =
            VOLUMES.iter().copied().filter(|name| !operations.contains(name)).collect();
        if !missing.is_empty() {
            let kind = object.get_type().qualname()?;
            let plural = if missing.len() == 1 { "" } else { "s" };
            let missing = missing.join(", ");
            let message = format!("{kind} is not a backend: missing method{plural} {missing}");
            return Err(PyTypeError::new_err(message));
        }
        let patches = taken(object, "patch_volume", &["name", "state", POLICY])?;
        let creates_with_policy = !taken(object, "create_volume", &[POLICY])?.is_empty();
        Ok(Self { operations, patches, creates_with_policy })
    }

    /// Whether it has all methods of the tier and of the tiers below.
    pub(super) fn has_tier(&self, tier: Tier) -> bool {
        tier.operations().iter().all(|operation| self.has(operation))
            && match tier {
                Tier::Snapshots => true,
                Tier::Clones => self.has_tier(Tier::Snapshots),
            }
    }

    /// Whether it has this method.
    pub(super) fn has(&self, operation: &str) -> bool {
        self.operations.contains(&operation)
    }

    /// Whether `create_volume` accepts the keyword `snapshot_policy`.
    pub(super) const fn creates_with_policy(&self) -> bool {
        self.creates_with_policy
    }

    /// Whether `patch_volume` accepts this keyword.
    pub(super) fn patches(&self, keyword: &str) -> bool {
        self.patches.contains(&keyword)
    }
}

/// Ignores an `Exception`, which means that the attribute is missing. Others, such as
/// `KeyboardInterrupt`, are returned.
fn check_exception(py: Python<'_>, error: PyErr) -> PyResult<()> {
    if error.is_instance_of::<PyException>(py) { Ok(()) } else { Err(error) }
}

/// Those of `names` that a method accepts as keywords. A method without a readable signature is assumed
/// to accept them all.
fn taken(
    object: &Bound<'_, PyAny>,
    method: &str,
    names: &[&'static str],
) -> PyResult<Vec<&'static str>> {
    match try_taken(object, method, names) {
        Ok(taken) => Ok(taken),
        Err(error) => {
            check_exception(object.py(), error)?;
            Ok(names.to_vec())
        }
    }
}

fn try_taken(
    object: &Bound<'_, PyAny>,
    method: &str,
    names: &[&'static str],
) -> PyResult<Vec<&'static str>> {
    let inspect = object.py().import("inspect")?;
    let signature = inspect.call_method1("signature", (object.getattr(method)?,))?;
    let mut taken = Vec::new();
    for parameter in signature.getattr("parameters")?.call_method0("values")?.try_iter()? {
        let parameter = parameter?;
        let kind: String = parameter.getattr("kind")?.getattr("name")?.extract()?;
        let parameter: String = parameter.getattr("name")?.extract()?;
        match kind.as_str() {
            "VAR_KEYWORD" => return Ok(names.to_vec()),
            "POSITIONAL_OR_KEYWORD" | "KEYWORD_ONLY" => {
                taken.extend(names.iter().copied().filter(|name| *name == parameter));
            }
            _ => {}
        }
    }
    Ok(taken)
}
