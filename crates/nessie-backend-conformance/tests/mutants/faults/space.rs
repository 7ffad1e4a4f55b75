//! Faults of the account of space, and of the bytes that volumes use.

use nessie_backend_core::Space;

use super::*;

/// A `space` that edits its result.
fn account(edit: fn(&mut Space)) -> impl Fn(&Mem) -> Result<Space> {
    move |b| {
        let mut space = b.space()?;
        edit(&mut space);
        Ok(space)
    }
}

/// A `space` that counts one byte too many while the condition holds.
fn wrong_while(holds: fn(&Volume) -> bool) -> impl Fn(&Mem) -> Result<Space> {
    move |b| {
        let mut space = b.space()?;
        space.used_bytes += u64::from(b.list_volumes()?.iter().any(holds));
        Ok(space)
    }
}

/// Uses a byte more than the quota.
fn overfill(volume: &mut Volume) {
    volume.used_bytes = volume.size_bytes.map(|size| size.saturating_add(1));
}

pub(super) fn all() -> Vec<Fault> {
    let mut all = faults! {
        a_volume_uses_more_than_its_quota "8.used_bytes": get_volume = got(overfill);
        a_new_clone_uses_more_than_its_quota "8.used_bytes": create_clone = cloned(overfill);
        a_restored_volume_uses_more_than_its_quota "8.used_bytes":
            restore_snapshot = |b, volume, of| edited(b.restore_snapshot(volume, of), overfill);
        every_volume_uses_three_bytes "8.used_bytes":
            list_volumes = |b| each(b.list_volumes(), |volume| volume.used_bytes = Some(3));
        a_shrink_does_not_reach_the_used_bytes "8.used_bytes": patch_volume = |b, uuid, given| {
            let before = b.get_volume(uuid)?.size_bytes;
            edited(b.patch_volume(uuid, given), |volume| volume.used_bytes = before)
        };
        used_bytes_of_their_own "8.space": space = account(|space| space.used_bytes += 1);
        live_bytes_that_are_not_used "8.space": space = account(|space| space.live_bytes += 1);
        snapshot_bytes_that_are_not_used "8.space":
            space = account(|space| space.snapshot_bytes += 1);
        a_sum_above_all_numbers "8.space": space = account(|space| {
            (space.live_bytes, space.snapshot_bytes) = (u64::MAX, u64::MAX);
            space.used_bytes = u64::MAX;
        });
        a_pool_without_a_size "8.space": space = account(|space| space.capacity_bytes = Some(0));
        a_limit_of_which_nothing_is_available "8.space":
            space = account(|space| space.capacity_bytes = Some(100));
        available_bytes_of_an_unlimited_pool "8.space":
            space = account(|space| space.available_bytes = Some(u64::MAX));
        available_bytes_that_ignore_the_used_ones "8.space": space = account(|space| {
            *space = Space::new(Some(100), 7, 3);
            space.available_bytes = space.capacity_bytes;
        });
        more_bytes_used_than_there_are "8.space":
            space = account(|space| *space = Space::new(Some(9), 7, 3));
        clones_are_counted_twice "8.space": space = wrong_while(|volume| volume.origin.is_some());
        offline_volumes_are_counted_twice "8.space":
            space = wrong_while(|volume| volume.state != VolumeState::Online);
        space_fails_without_an_online_volume "8.space": space = |b| {
            let is_online = |volume: &Volume| volume.state == VolumeState::Online;
            let volumes = b.list_volumes()?;
            let is_any = volumes.is_empty() || volumes.iter().any(is_online);
            refuse_if(!is_any, BackendError::substrate("space", "no volume is online"))?;
            b.space()
        };
        space_sets_a_policy "3.atomic": space = |b| {
            for volume in b.list_volumes()? {
                b.patch_volume(volume.uuid, patch().export_policy("measured"))?;
            }
            b.space()
        };
        space_is_refused_without_a_target "4.target": space = |_| Err(BackendError::not_supported(""));
        space_is_refused_as_a_tier "4.target":
            space = |_| Err(BackendError::not_supported("snapshots"));
        space_is_refused_at_first "3.optional": space = |b| {
            refuse_if(b.counts().volumes < 2, BackendError::not_supported("space"))?;
            b.space()
        };
    };
    all.extend(stateful_faults! {
        space_is_supported_three_times "3.optional", calls: usize: space = move |b| {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            refuse_if(*calls > 3, BackendError::not_supported("space"))?;
            b.space()
        };
    });
    all
}
