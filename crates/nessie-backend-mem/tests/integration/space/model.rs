//! A naive model of space: it keeps every unit of data that was ever written.

use std::collections::{HashMap, HashSet};

use nessie_backend_core::VolumeSpace;

/// A unit of data. Every unit that is written is a new one.
type Unit = u64;

/// What the model expects of an operation: nothing, or the code of a refusal with, for a lack of
/// space, the bytes that are needed and those that are available.
pub(crate) type Expected = Result<(), Refusal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Invalid(&'static str),
    Offline,
    Busy,
    NoSpace { in_pool: bool, needed: u64, available: u64 },
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelVolume {
    pub(crate) quota: Option<u64>,
    /// The size up to which it grows by itself.
    pub(crate) autosize: Option<u64>,
    pub(crate) is_offline: bool,
    /// The live data, in the order in which it was written.
    pub(crate) live: Vec<Unit>,
    pub(crate) has_data: bool,
    pub(crate) snapshots: Vec<ModelSnapshot>,
    /// The volume and the snapshot of a clone.
    pub(crate) parent: Option<(usize, usize)>,
    /// What the clone began with.
    inherited: HashSet<Unit>,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelSnapshot {
    pub(crate) number: usize,
    quota: Option<u64>,
    pub(crate) units: Vec<Unit>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) capacity: Option<u64>,
    /// The volumes by number.
    pub(crate) volumes: HashMap<usize, ModelVolume>,
    last_unit: Unit,
    last_number: usize,
}

impl Model {
    /// The number of a new object.
    fn number(&mut self) -> usize {
        self.last_number += 1;
        self.last_number
    }

    fn new_units(&mut self, count: u64) -> Vec<Unit> {
        let first = self.last_unit + 1;
        self.last_unit += count;
        (first..=self.last_unit).collect()
    }

    fn allocated(&self) -> HashSet<Unit> {
        let volumes = self.volumes.values();
        let all = volumes.flat_map(|volume| {
            let kept = volume.snapshots.iter().flat_map(|snapshot| &snapshot.units);
            volume.live.iter().chain(kept).copied()
        });
        all.collect()
    }

    pub(crate) fn used(&self) -> u64 {
        self.allocated().len() as u64
    }

    pub(crate) fn live(&self) -> u64 {
        let own = |volume: &ModelVolume| {
            volume.live.iter().filter(|unit| !volume.inherited.contains(unit)).count() as u64
        };
        self.volumes.values().map(own).sum()
    }

    /// What a volume and its snapshots use.
    pub(crate) fn volume_space(&self, of: usize) -> VolumeSpace {
        let volume = &self.volumes[&of];
        let live: HashSet<Unit> = volume.live.iter().copied().collect();
        let kept = volume.snapshots.iter().flat_map(|kept| &kept.units).copied();
        let held: HashSet<Unit> = kept.chain(live.iter().copied()).collect();
        let count = |units: usize| units as u64;
        let mut space = VolumeSpace::new(count(live.len()));
        space.inherited_bytes = count(live.intersection(&volume.inherited).count());
        let only_kept = held.difference(&live).filter(|unit| !volume.inherited.contains(unit));
        space.snapshot_bytes = count(only_kept.count());
        space.split_bytes = count(held.intersection(&volume.inherited).count());
        space.autosize_bytes = volume.autosize;
        space
    }

    /// The bytes of the volume's live data that a snapshot of it lacks.
    pub(crate) fn changed(&self, of: usize, kept: &ModelSnapshot) -> u64 {
        let live = self.volumes[&of].live.iter();
        live.filter(|unit| !kept.units.contains(unit)).count() as u64
    }

    /// The units that only this snapshot has, of those of its volume.
    pub(crate) fn consumed(&self, volume: usize, snapshot: usize) -> u64 {
        let volume = &self.volumes[&volume];
        let others = volume.snapshots.iter().filter(|other| other.number != snapshot);
        let mut held: HashSet<Unit> = others.flat_map(|other| other.units.clone()).collect();
        held.extend(&volume.live);
        held.extend(&volume.inherited);
        let of = volume.snapshots.iter().find(|other| other.number == snapshot).unwrap();
        of.units.iter().filter(|unit| !held.contains(unit)).count() as u64
    }

    /// Refuses a change after which more is used than the pool has.
    fn check_pool(&self, before: &Self) -> Expected {
        let limit = self.capacity.unwrap_or(u64::MAX);
        let (used, was) = (self.used(), before.used());
        if used > limit {
            let (needed, available) = (used - was, limit - was);
            return Err(Refusal::NoSpace { in_pool: true, needed, available });
        }
        Ok(())
    }

    /// Makes a change that may be refused, which leaves everything as it was.
    fn attempt(&mut self, change: impl FnOnce(&mut Self) -> Expected) -> Expected {
        let before = self.clone();
        let result = change(self).and_then(|()| self.check_pool(&before));
        if result.is_err() {
            *self = before;
        }
        result
    }

    pub(crate) fn create(&mut self, quota: Option<u64>) -> usize {
        let number = self.number();
        self.volumes.insert(number, ModelVolume { quota, ..ModelVolume::default() });
        number
    }

    pub(crate) fn write(&mut self, of: usize, size: u64, overwrite: u64) -> Expected {
        self.attempt(|model| {
            let used = model.volumes[&of].live.len() as u64;
            if overwrite > size || overwrite > used {
                return Err(Refusal::Invalid("overwrite_bytes"));
            }
            if model.volumes[&of].is_offline {
                return Err(Refusal::Offline);
            }
            let quota = model.volumes[&of].quota.unwrap_or(u64::MAX);
            let largest = quota.max(model.volumes[&of].autosize.unwrap_or(0));
            let needed = size - overwrite;
            if needed > largest - used {
                return Err(Refusal::NoSpace { in_pool: false, needed, available: largest - used });
            }
            let units = model.new_units(size);
            let volume = model.volumes.get_mut(&of).unwrap();
            volume.quota = volume.quota.map(|quota| quota.max(used + needed));
            volume.live.drain(..usize::try_from(overwrite).unwrap());
            volume.live.extend(units);
            volume.has_data |= size > 0;
            Ok(())
        })
    }

    pub(crate) fn discard(&mut self, of: usize, size: u64) -> Expected {
        let volume = self.volumes.get_mut(&of).unwrap();
        if size > volume.live.len() as u64 {
            return Err(Refusal::Invalid("size_bytes"));
        }
        if volume.is_offline {
            return Err(Refusal::Offline);
        }
        volume.live.drain(..usize::try_from(size).unwrap());
        Ok(())
    }

    pub(crate) fn resize(&mut self, of: usize, size: u64) -> Expected {
        let volume = self.volumes.get_mut(&of).unwrap();
        if size < volume.live.len() as u64 {
            return Err(Refusal::Invalid("size_bytes"));
        }
        if volume.is_offline {
            return Err(Refusal::Offline);
        }
        volume.quota = Some(size);
        Ok(())
    }

    pub(crate) fn snapshot(&mut self, of: usize) -> Result<usize, Refusal> {
        let number = self.number();
        let volume = self.volumes.get_mut(&of).unwrap();
        if volume.is_offline {
            return Err(Refusal::Offline);
        }
        let (quota, units) = (volume.quota, volume.live.clone());
        volume.snapshots.push(ModelSnapshot { number, quota, units });
        Ok(number)
    }

    fn has_clones(&self, of: usize, snapshot: usize) -> bool {
        self.volumes.values().any(|volume| volume.parent == Some((of, snapshot)))
    }

    pub(crate) fn delete_snapshot(&mut self, of: usize, snapshot: usize) -> Expected {
        if self.has_clones(of, snapshot) {
            return Err(Refusal::Busy);
        }
        let volume = self.volumes.get_mut(&of).unwrap();
        volume.snapshots.retain(|kept| kept.number != snapshot);
        Ok(())
    }

    pub(crate) fn restore(&mut self, of: usize, snapshot: usize) -> Expected {
        let volume = &self.volumes[&of];
        if volume.is_offline {
            return Err(Refusal::Offline);
        }
        let at = volume.snapshots.iter().position(|kept| kept.number == snapshot).unwrap();
        let mut newer = volume.snapshots[at + 1..].iter();
        if newer.any(|kept| self.has_clones(of, kept.number)) {
            return Err(Refusal::Busy);
        }
        let volume = self.volumes.get_mut(&of).unwrap();
        volume.snapshots.truncate(at + 1);
        let kept = volume.snapshots[at].clone();
        (volume.live, volume.quota) = (kept.units, kept.quota);
        Ok(())
    }

    pub(crate) fn clone_of(&mut self, of: usize, snapshot: usize) -> Result<usize, Refusal> {
        let parent = &self.volumes[&of];
        if parent.is_offline {
            return Err(Refusal::Offline);
        }
        let kept = parent.snapshots.iter().find(|kept| kept.number == snapshot).unwrap().clone();
        let held = kept.units.len() as u64;
        let fits = parent.quota.is_none_or(|quota| quota >= held);
        let quota = if fits { parent.quota } else { kept.quota };
        let number = self.number();
        let clone = ModelVolume {
            quota,
            has_data: held > 0,
            inherited: kept.units.iter().copied().collect(),
            live: kept.units,
            parent: Some((of, snapshot)),
            ..ModelVolume::default()
        };
        self.volumes.insert(number, clone);
        Ok(number)
    }

    pub(crate) fn split(&mut self, of: usize) -> Expected {
        self.attempt(|model| {
            let clone = &model.volumes[&of];
            if clone.parent.is_none() {
                return Err(Refusal::Invalid("vol_uuid"));
            }
            let kept = clone.snapshots.iter().flat_map(|kept| &kept.units);
            let held: HashSet<Unit> = clone.live.iter().chain(kept).copied().collect();
            let mut originals: Vec<Unit> = held.intersection(&clone.inherited).copied().collect();
            originals.sort_unstable();
            let copies = model.new_units(originals.len() as u64);
            let copy_of: HashMap<Unit, Unit> = originals.into_iter().zip(copies).collect();
            for descendant in model.descendants(of) {
                let volume = model.volumes.get_mut(&descendant).unwrap();
                let kept = volume.snapshots.iter_mut().flat_map(|kept| &mut kept.units);
                for unit in volume.live.iter_mut().chain(kept) {
                    *unit = *copy_of.get(unit).unwrap_or(unit);
                }
                let copy = |unit: &Unit| *copy_of.get(unit).unwrap_or(unit);
                volume.inherited = volume.inherited.iter().map(copy).collect();
            }
            let clone = model.volumes.get_mut(&of).unwrap();
            clone.inherited.clear();
            clone.parent = None;
            Ok(())
        })
    }

    /// A volume, its clones, their clones.
    fn descendants(&self, of: usize) -> Vec<usize> {
        let mut found = vec![of];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let is_child = |volume: &ModelVolume| volume.parent.is_some_and(|(id, _)| id == parent);
            let children = self.volumes.iter().filter(|(_, volume)| is_child(volume));
            found.extend(children.map(|(number, _)| *number));
            next += 1;
        }
        found
    }

    pub(crate) fn delete(&mut self, of: usize) -> Expected {
        if self.volumes.values().any(|volume| volume.parent.is_some_and(|(id, _)| id == of)) {
            return Err(Refusal::Busy);
        }
        self.volumes.remove(&of);
        Ok(())
    }

    pub(crate) fn set_capacity(&mut self, capacity: Option<u64>) -> Expected {
        if capacity.is_some_and(|capacity| capacity < self.used() || capacity == 0) {
            return Err(Refusal::Invalid("capacity_bytes"));
        }
        self.capacity = capacity;
        Ok(())
    }
}
