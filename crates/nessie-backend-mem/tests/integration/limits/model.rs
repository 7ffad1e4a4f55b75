//! A naive model of limits: it counts by looking at everything.

use std::collections::BTreeMap;

use nessie_backend_mem::Limits;

/// A refusal: the code, and the target where the model knows it.
pub(crate) type Refusal = (&'static str, Option<String>);

#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub(crate) name: String,
    /// Numbers and names, in order of creation.
    pub(crate) snapshots: Vec<(usize, String)>,
    /// The numbers of a clone's parent volume and snapshot.
    parent: Option<(usize, usize)>,
    pub(crate) is_offline: bool,
}

/// The volumes by their numbers, which are in the order of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) limits: Limits,
    pub(crate) volumes: BTreeMap<usize, Volume>,
    /// The number of the last volume or snapshot.
    last: usize,
}

fn refused<T>(code: &'static str) -> Result<T, Refusal> {
    Err((code, None))
}

fn check(limit: &str, max: Option<u64>, existing: usize) -> Result<(), Refusal> {
    match max {
        Some(max) if existing as u64 >= max => Err(("limit_exceeded", Some(limit.to_owned()))),
        _ => Ok(()),
    }
}

fn check_name(argument: &str, name: &str) -> Result<(), Refusal> {
    if name.starts_with('-') {
        return Err(("invalid_argument", Some(argument.to_owned())));
    }
    Ok(())
}

impl Model {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn next(&mut self) -> usize {
        self.last += 1;
        self.last
    }

    fn add(&mut self, name: &str, parent: Option<(usize, usize)>) -> usize {
        let number = self.next();
        let (name, snapshots) = (name.to_owned(), Vec::new());
        self.volumes.insert(number, Volume { name, snapshots, parent, is_offline: false });
        number
    }

    fn check_free(&self, name: &str) -> Result<(), Refusal> {
        if self.volumes.values().any(|volume| volume.name == name) {
            return Err(("volume_exists", Some(name.to_owned())));
        }
        Ok(())
    }

    fn clones(&self, snapshot: usize) -> usize {
        let parents = self.volumes.values().filter_map(|volume| volume.parent);
        parents.filter(|(_, of)| *of == snapshot).count()
    }

    pub(crate) fn depth(&self, of: usize) -> usize {
        self.volumes[&of].parent.map_or(0, |(parent, _)| 1 + self.depth(parent))
    }

    pub(crate) fn snapshot_count(&self) -> usize {
        self.volumes.values().map(|volume| volume.snapshots.len()).sum()
    }

    pub(crate) fn create(&mut self, name: &str) -> Result<usize, Refusal> {
        check_name("name", name)?;
        self.check_free(name)?;
        check("volumes", self.limits.volumes, self.volumes.len())?;
        Ok(self.add(name, None))
    }

    pub(crate) fn snapshot(&mut self, of: usize, name: &str) -> Result<usize, Refusal> {
        let Some(volume) = self.volumes.get(&of) else { return refused("volume_not_found") };
        check_name("name", name)?;
        if volume.is_offline {
            return refused("volume_offline");
        }
        if volume.snapshots.iter().any(|(_, other)| other == name) {
            return Err(("snapshot_exists", Some(name.to_owned())));
        }
        check("snapshots", self.limits.snapshots, self.snapshot_count())?;
        let max = self.limits.snapshots_per_volume;
        check("snapshots_per_volume", max, volume.snapshots.len())?;
        let number = self.next();
        self.volumes.get_mut(&of).unwrap().snapshots.push((number, name.to_owned()));
        Ok(number)
    }

    pub(crate) fn clone_of(
        &mut self,
        of: usize,
        snapshot: usize,
        name: &str,
    ) -> Result<usize, Refusal> {
        check_name("new_name", name)?;
        if self.volumes[&of].is_offline {
            return refused("volume_offline");
        }
        self.check_free(name)?;
        check("volumes", self.limits.volumes, self.volumes.len())?;
        check("clones_per_snapshot", self.limits.clones_per_snapshot, self.clones(snapshot))?;
        check("clone_depth", self.limits.clone_depth, self.depth(of))?;
        Ok(self.add(name, Some((of, snapshot))))
    }

    pub(crate) fn split(&mut self, of: usize) -> Result<(), Refusal> {
        match self.volumes.get_mut(&of).unwrap().parent.take() {
            None => refused("invalid_argument"),
            Some(_) => Ok(()),
        }
    }

    pub(crate) fn delete(&mut self, of: usize) -> Result<(), Refusal> {
        if self.volumes.values().any(|other| other.parent.is_some_and(|(parent, _)| parent == of)) {
            return refused("volume_busy");
        }
        self.volumes.remove(&of);
        Ok(())
    }

    pub(crate) fn delete_snapshot(&mut self, of: usize, snapshot: usize) -> Result<(), Refusal> {
        if self.clones(snapshot) > 0 {
            return refused("snapshot_busy");
        }
        self.volumes.get_mut(&of).unwrap().snapshots.retain(|(number, _)| *number != snapshot);
        Ok(())
    }

    pub(crate) fn restore(&mut self, of: usize, snapshot: usize) -> Result<(), Refusal> {
        let volume = &self.volumes[&of];
        if volume.is_offline {
            return refused("volume_offline");
        }
        let mut newer = volume.snapshots.iter().filter(|(number, _)| *number > snapshot);
        if newer.any(|(number, _)| self.clones(*number) > 0) {
            return refused("snapshot_busy");
        }
        self.volumes.get_mut(&of).unwrap().snapshots.retain(|(number, _)| *number <= snapshot);
        Ok(())
    }
}
