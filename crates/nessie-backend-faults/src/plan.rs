//! Faults that are installed together.

use std::fmt;
use std::sync::Arc;

use nessie_backend_core::{SnapshotId, Timestamp, Uuid, VolumeId};

use crate::error::Failure;
use crate::fault::{Fault, FaultError, When};
use crate::hooks::Effect;
use crate::operation::{Operation, OperationKind, Role};
use crate::selection::Tally;

/// Names of objects, so that a fault finds a call by the name of an object that the call identifies by
/// its identifier.
pub trait Names {
    /// The name of a volume, if it exists.
    fn volume_name(&self, volume: VolumeId) -> Option<String>;
    /// The name of a snapshot, if it exists.
    fn snapshot_name(&self, volume: VolumeId, snapshot: SnapshotId) -> Option<String>;
}

/// A call that a fault has hit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hit {
    /// The position of the fault in its plan, from 0.
    pub fault: usize,
    /// The operation.
    pub operation: OperationKind,
    /// The name or identifier that matched; `None` if the operation is about no object.
    pub name: Option<String>,
    /// When.
    pub time: Timestamp,
}

/// Faults that are installed together, with what they have hit. A clone is another handle.
///
/// It can be read after it was removed.
#[derive(Clone)]
pub struct FaultPlan {
    inner: Arc<Inner>,
}

struct Inner {
    faults: Vec<Fault>,
    tally: Tally<Hit>,
}

impl FaultPlan {
    /// A plan whose faults draw from generators that are made from the seed and their positions.
    pub fn new(faults: impl IntoIterator<Item = Fault>, seed: u64) -> Self {
        let faults: Vec<Fault> = faults.into_iter().collect();
        let tally = Tally::new(faults.iter().map(|fault| fault.selection), seed);
        Self { inner: Arc::new(Inner { faults, tally }) }
    }

    /// The faults, in their order.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.inner.faults
    }

    /// The calls that were hit, in their order.
    #[must_use]
    pub fn hits(&self) -> Vec<Hit> {
        self.inner.tally.hits()
    }

    /// The positions of the faults whose patterns no call has matched.
    #[must_use]
    pub fn unused(&self) -> Vec<usize> {
        self.inner.tally.unused()
    }

    /// Whether it is another handle of the same plan.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Counts a call, and decides what happens to it before or after the operation. Delays add up, the
    /// first error ends it, and later faults do not count the call.
    pub(crate) fn decide(
        &self,
        when: When,
        operation: &Operation,
        names: &(impl Names + ?Sized),
        time: Timestamp,
        effect: &mut Effect,
    ) {
        for (position, fault) in self.inner.faults.iter().enumerate() {
            if effect.error.is_some() {
                return;
            }
            if fault.when != when || !fault.fits_kind(operation.kind) {
                continue;
            }
            // The names may be looked up in the backend, so no lock is held.
            let Some(name) = matching_name(fault, operation, names) else { continue };
            let hit = || Hit { fault: position, operation: operation.kind, name, time };
            if !self.inner.tally.count(position, hit) {
                continue;
            }
            effect.delay = effect.delay.saturating_add(fault.delay.unwrap_or_default());
            effect.error = fault.error.as_ref().map(|error| match error {
                FaultError::Code(code) => Failure::Backend(code.error(operation)),
                FaultError::Custom(custom) => Failure::Custom(custom.clone()),
            });
        }
    }
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan")
            .field("faults", &self.inner.faults)
            .field("hits", &self.hits().len())
            .finish()
    }
}

/// The name or identifier that a fault matches; `None` in it if the operation is about no object.
/// `None` if the fault does not match.
#[expect(clippy::option_option, reason = "a match without a name is still a match")]
fn matching_name(
    fault: &Fault,
    operation: &Operation,
    names: &(impl Names + ?Sized),
) -> Option<Option<String>> {
    if !fault.wants_name() {
        return Some(first_name(operation));
    }
    let fits = |name: &String| fault.fits_name(name);
    let mut volume = Uuid::nil();
    for (role, value) in operation.with_roles() {
        let found = match role {
            Role::Other => None,
            Role::Name => value.texts().map(str::to_owned).find(fits),
            Role::Volume => {
                volume = value.uuid().unwrap_or_default();
                let volumes = || value.uuids();
                let looked_up = |id: Uuid| names.volume_name(id.into());
                let found = volumes().map(|id| id.to_string()).find(fits);
                found.or_else(|| volumes().filter_map(looked_up).find(fits))
            }
            Role::Snapshot => value.uuid().and_then(|id| {
                let by_id = Some(id.to_string()).filter(fits);
                by_id.or_else(|| names.snapshot_name(volume.into(), id.into()).filter(fits))
            }),
        };
        if found.is_some() {
            return Some(found);
        }
    }
    None
}

/// The first name of an operation, or else its first identifier.
fn first_name(operation: &Operation) -> Option<String> {
    let of = |wanted| operation.with_roles().filter(move |(role, _)| *role == wanted);
    let name = of(Role::Name).find_map(|(_, value)| value.texts().next().map(str::to_owned));
    name.or_else(|| {
        of(Role::Volume).find_map(|(_, value)| value.uuids().next()).map(|id| id.to_string())
    })
}
