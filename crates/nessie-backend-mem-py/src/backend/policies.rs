//! Methods on snapshot policies.

use nessie_backend_core::SnapshotPolicy;
use nessie_backend_faults::{OperationKind, mem};
use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::args::policies::RuleArgs;
use crate::args::scalars;
use crate::errors::Result;
use crate::results::{records, time};
use crate::runtime::interrupt;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// Create a snapshot policy.
    ///
    /// Volumes use a policy through `snapshot_policy` of `create_volume()` and
    /// `patch_volume()`. When one of its rules is due, the rule deletes its
    /// oldest snapshots of each online volume, so that one less than `keep` is
    /// left, and takes one, named by the prefix and the time, such as
    /// nightly.2000-01-02_0000. It passes over what it cannot do: a volume that
    /// is not online, a name that is taken, a snapshot that a clone depends on
    /// or that is locked. `advance()` runs the rules that are due;
    /// on the system's clock `run_due()` does.
    ///
    /// Args:
    ///     name (str): Name of the policy, as of a volume. Unique in the backend.
    ///     rules (Iterable[SnapshotRule]): At least one dict with these keys:
    ///         "schedule", the five fields of crontab(5), in UTC; "prefix", 1 to
    ///         239 characters of a snapshot's name, different in each rule;
    ///         "keep", 1 to 2**64 - 1, how many of its snapshots a volume keeps.
    ///
    /// Returns:
    ///     SnapshotPolicy: The new policy.
    ///
    /// Raises:
    ///     InvalidArgumentError: The name or a rule is invalid, or a schedule is
    ///         never due.
    ///     SnapshotPolicyExistsError: Another policy has this name.
    ///
    /// Example:
    ///     >>> backend = MemBackend(seed=1)
    ///     >>> rule = {"schedule": "0 0 * * *", "prefix": "nightly", "keep": 7}
    ///     >>> policy = backend.create_snapshot_policy("default", [rule])
    ///     >>> db = backend.create_volume("db", snapshot_policy="default")["uuid"]
    ///     >>> backend.advance(365 * 86400)
    ///     '2000-12-31T00:00:00Z'
    ///     >>> [s["name"] for s in backend.list_snapshots(db)][0]
    ///     'nightly.2000-12-25_0000'
    fn create_snapshot_policy<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        rules: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        let rules = &self.reusable(rules)?;
        self.operation(
            name.py(),
            OperationKind::CreateSnapshotPolicy,
            &[Some(name), Some(rules)],
            |step| {
                let py = name.py();
                let name = scalars::name(scalars::string("name", name)?);
                let rules = RuleArgs::read(rules)?.rules()?;
                let policy = step.try_call(py, |core| core.create_snapshot_policy(&name, rules))?;
                Ok(records::snapshot_policy(py, &policy)?)
            },
        )
    }

    /// Return one snapshot policy.
    ///
    /// Args:
    ///     name (str): The policy's name. Case matters.
    ///
    /// Returns:
    ///     SnapshotPolicy: The policy.
    ///
    /// Raises:
    ///     SnapshotPolicyNotFoundError: No policy has this name.
    fn get_snapshot_policy<'py>(&self, name: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
        self.operation(name.py(), OperationKind::GetSnapshotPolicy, &[Some(name)], |_| {
            let py = name.py();
            let name = scalars::name(scalars::string("name", name)?);
            let policy = self.try_call(py, |core| core.get_snapshot_policy(&name))?;
            Ok(records::snapshot_policy(py, &policy)?)
        })
    }

    /// Return all snapshot policies in order of creation.
    ///
    /// Returns:
    ///     list[SnapshotPolicy]: All policies.
    fn list_snapshot_policies<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>> {
        let policies = self.call(py, core::MemBackend::list_snapshot_policies);
        Ok(interrupt::list(py, policies.into_iter(), |policy: SnapshotPolicy| {
            records::snapshot_policy(py, &policy)
        })?)
    }

    /// Give a snapshot policy other rules.
    ///
    /// Snapshots with a prefix that no rule has any more are kept.
    ///
    /// Args:
    ///     name (str): The policy's name. Case matters.
    ///     rules (Iterable[SnapshotRule]): The rules, as in
    ///         `create_snapshot_policy()`.
    ///
    /// Returns:
    ///     SnapshotPolicy: The changed policy.
    ///
    /// Raises:
    ///     SnapshotPolicyNotFoundError: No policy has this name.
    ///     InvalidArgumentError: A rule is invalid, or a schedule is never due.
    fn replace_snapshot_policy<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        rules: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        let rules = &self.reusable(rules)?;
        self.operation(
            name.py(),
            OperationKind::ReplaceSnapshotPolicy,
            &[Some(name), Some(rules)],
            |step| {
                let py = name.py();
                let name = scalars::name(scalars::string("name", name)?);
                let rules = RuleArgs::read(rules)?.rules().map_err(|error| {
                    // A missing policy is reported before an invalid value.
                    self.call(py, |core| core.get_snapshot_policy(&name)).err().unwrap_or(error)
                })?;
                let policy =
                    step.try_call(py, |core| core.replace_snapshot_policy(&name, rules))?;
                Ok(records::snapshot_policy(py, &policy)?)
            },
        )
    }

    /// Delete a snapshot policy that no volume uses.
    ///
    /// The snapshots that it took are kept.
    ///
    /// Args:
    ///     name (str): The policy's name. Case matters.
    ///
    /// Raises:
    ///     SnapshotPolicyNotFoundError: No policy has this name.
    ///     SnapshotPolicyBusyError: A volume uses the policy.
    fn delete_snapshot_policy(&self, name: &Bound<'_, PyAny>) -> Result<()> {
        self.operation(name.py(), OperationKind::DeleteSnapshotPolicy, &[Some(name)], |step| {
            let py = name.py();
            let name = scalars::name(scalars::string("name", name)?);
            step.try_call(py, |core| core.delete_snapshot_policy(&name))
        })
    }

    /// Return when the next rule of a snapshot policy that a volume uses is due.
    ///
    /// Returns:
    ///     str | None: The time, as from `now()`, or None if no volume uses a
    ///     policy.
    fn next_due<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        self.call(py, core::MemBackend::next_due).map(|due| time::text(py, due))
    }

    /// Run the rules of snapshot policies that became due, on the system's clock.
    ///
    /// Each rule that became due since the last call, and since a volume uses
    /// its policy, runs once. The names of its snapshots have the latest time
    /// when it was due, their records have the present time. On a clock that
    /// `advance()` moves, it does nothing, because `advance()` runs the rules.
    ///
    /// Returns:
    ///     int: The number of snapshots that were taken.
    fn run_due(&self, py: Python<'_>) -> Result<usize> {
        self.try_bulk(py, |core| mem::run_due(core, &self.hooks))
    }
}
