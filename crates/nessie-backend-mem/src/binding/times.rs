//! Times of creation, as the records of another storage system have them.

use nessie_backend_core::{BackendError, Result, SnapshotId, Timestamp, VolumeId};

use crate::backend::MemBackend;

#[doc(hidden)]
impl MemBackend {
    /// Sets when a volume or, if one is given, a snapshot of it was created. The order of creation
    /// in lists stays. The time may be later than that of the clock.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument) if the lock of the snapshot ends before.
    pub fn set_create_time(
        &self,
        volume: VolumeId,
        snapshot: Option<SnapshotId>,
        time: Timestamp,
    ) -> Result<()> {
        let mut inner = self.lock();
        let state = &mut inner.state;
        let Some(snapshot) = snapshot else {
            let slot = state.find(volume)?;
            state.volumes.get_mut(slot).create_time = time.unix_micros();
            return Ok(());
        };
        let (_, slot) = state.find_pair(volume, snapshot)?;
        if let Some(end) = state.locks.get(slot)
            && end <= time
            && !end.is_never()
        {
            let rule = format!("is not before the end of the snapshot's lock, {end}");
            return Err(BackendError::invalid("create_time", &time.to_string(), rule));
        }
        state.snapshots.get_mut(slot).create_time = time.unix_micros();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::{SnapshotBackend, Uuid, VolumeBackend, VolumeSpec};

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_of_creation_are_set_and_saved() {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
        let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
        let (first, second) = (time("1999-01-01T00:00:00Z"), time("1998-01-01T00:00:00.5Z"));
        backend.set_create_time(volume, None, first).unwrap();
        backend.set_create_time(volume, Some(snapshot), second).unwrap();
        assert_eq!(backend.get_volume(volume).unwrap().create_time, Some(first));
        assert_eq!(backend.get_snapshot(volume, snapshot).unwrap().create_time, Some(second));
        backend.check_invariants().unwrap();
        let mut text = Vec::new();
        backend.dump(&mut text).unwrap();
        let loaded = MemBackend::load(text.as_slice()).unwrap();
        assert_eq!(loaded.state_digest().unwrap(), backend.state_digest().unwrap());
    }

    #[test]
    fn a_time_of_nothing_or_after_the_end_of_a_lock_is_refused() {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
        let end = time("2001-01-01T00:00:00Z");
        let snapshot = backend.create_snapshot_until(volume, "s", end).unwrap().uuid;
        let before = backend.state_digest().unwrap();
        let unknown = Uuid::nil();
        assert!(backend.set_create_time(unknown.into(), None, end).is_err());
        assert!(backend.set_create_time(volume, Some(unknown.into()), end).is_err());
        assert!(backend.set_create_time(volume, Some(snapshot), end).is_err());
        assert_eq!(backend.state_digest().unwrap(), before);
    }
}
