//! The object on which a call is made: the backend itself, or one of its tier objects.

use std::fmt;

use nessie_backend_core::{CloneBackend, Result, SnapshotBackend, VolumeBackend};

use crate::feature::Tier;
use crate::sequences::rng::Rng;

/// The accessors that lead from the backend to the object on which a call is made:
/// [`Tier::Snapshots`] for `snapshot_backend`, [`Tier::Clones`] for `clone_backend`.
///
/// A tier object has the operations of its own tier and of the lower ones. It also has accessors, so
/// a route can have two steps. If the object lacks the tier of the operation, the call uses the
/// accessor of that tier as the last step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route(&'static [Tier]);

impl Route {
    /// No accessor before the operation's own tier.
    pub const DIRECT: Self = Self(&[]);

    /// Every route of up to two steps.
    const ALL: &'static [Self] = &[
        Self::DIRECT,
        Self(&[Tier::Snapshots]),
        Self(&[Tier::Clones]),
        Self(&[Tier::Snapshots, Tier::Snapshots]),
        Self(&[Tier::Snapshots, Tier::Clones]),
        Self(&[Tier::Clones, Tier::Snapshots]),
        Self(&[Tier::Clones, Tier::Clones]),
    ];

    /// The routes to all objects that have an operation of the tier, in a backend that has the
    /// tiers up to `highest`.
    pub fn to(tier: Tier, highest: Tier) -> impl Iterator<Item = Self> {
        let leads = move |route: &&Self| {
            let end = route.0.last().copied().unwrap_or(Tier::Volumes);
            end >= tier && route.0.iter().all(|step| *step <= highest)
        };
        Self::ALL.iter().filter(leads).copied()
    }

    /// One of these routes. The same number gives the same route.
    pub(crate) fn draw(number: u64, tier: Tier, highest: Tier) -> Self {
        let at = Rng::new(number).below(Self::to(tier, highest).count());
        Self::to(tier, highest).nth(at).unwrap_or_default()
    }

    /// The accessors, in the order of the calls.
    #[must_use]
    pub const fn steps(self) -> &'static [Tier] {
        self.0
    }

    /// The object at the end of the route.
    pub(crate) fn follow(self, backend: &dyn VolumeBackend) -> Result<Receiver<'_>> {
        self.0.iter().try_fold(Receiver::Volumes(backend), |receiver, step| {
            let from = receiver.volumes();
            Ok(match step {
                Tier::Volumes => Receiver::Volumes(from),
                Tier::Snapshots => Receiver::Snapshots(from.snapshot_backend()?),
                Tier::Clones => Receiver::Clones(from.clone_backend()?),
            })
        })
    }
}

/// The route as code.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("b")?;
        self.0.iter().try_for_each(|step| match step {
            Tier::Volumes => Ok(()),
            Tier::Snapshots => f.write_str(".snapshot_backend()"),
            Tier::Clones => f.write_str(".clone_backend()"),
        })
    }
}

/// The object on which a call is made.
#[derive(Clone, Copy)]
pub(crate) enum Receiver<'a> {
    Volumes(&'a dyn VolumeBackend),
    Snapshots(&'a dyn SnapshotBackend),
    Clones(&'a dyn CloneBackend),
}

impl<'a> Receiver<'a> {
    /// The object, for an operation on volumes.
    pub(crate) fn volumes(self) -> &'a dyn VolumeBackend {
        match self {
            Self::Volumes(backend) => backend,
            Self::Snapshots(tier) => tier,
            Self::Clones(tier) => tier,
        }
    }

    /// The object, or the one that its accessor returns, for an operation on snapshots.
    pub(crate) fn snapshots(self) -> Result<&'a dyn SnapshotBackend> {
        match self {
            Self::Volumes(backend) => backend.snapshot_backend(),
            Self::Snapshots(tier) => Ok(tier),
            Self::Clones(tier) => Ok(tier),
        }
    }

    /// The object, or the one that its accessor returns, for an operation on clones.
    pub(crate) fn clones(self) -> Result<&'a dyn CloneBackend> {
        match self {
            Self::Clones(tier) => Ok(tier),
            other => other.volumes().clone_backend(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_has_a_route_to_every_object_that_has_it() {
        let count = |tier, highest| Route::to(tier, highest).count();
        assert_eq!(count(Tier::Volumes, Tier::Volumes), 1);
        assert_eq!(count(Tier::Volumes, Tier::Snapshots), 3);
        assert_eq!(count(Tier::Snapshots, Tier::Snapshots), 2);
        assert_eq!(count(Tier::Volumes, Tier::Clones), 7);
        assert_eq!(count(Tier::Snapshots, Tier::Clones), 6);
        assert_eq!(count(Tier::Clones, Tier::Clones), 3);
    }
}
