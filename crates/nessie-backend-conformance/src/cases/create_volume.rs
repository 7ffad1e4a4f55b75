//! Creating volumes.

use super::calls;
use super::values::SIZES;
use crate::harness::{CaseResult, Harness};

super::cases! { create_volume:
    /// A volume is created with and without a quota, and every way to read it gives the same record.
    makes_a_volume: Volumes, "3.create_volume" "1.volume" "1.unset" "1.state" "1.kind";
    /// Quotas from 1 to 2^64-1 bytes are kept exactly.
    keeps_sizes_exactly: Volumes, "1.size" "3.create_volume";
    /// A second volume of the same name is refused with any size, and the first is unchanged.
    refuses_a_taken_name: Volumes, "2.volume_name_unique" "3.create_volume.refuses";
    /// A quota of zero is refused, and the name stays free.
    refuses_a_size_of_zero: Volumes, "3.create_volume.refuses" "3.atomic" "1.size";
    /// A bad size is reported before a name in use.
    checks_values_before_conflicts: Volumes, "3.order" "3.create_volume.refuses";
    /// A refused creation leaves no volume, and the next one works.
    leaves_nothing_behind_when_refused: Volumes, "3.atomic" "2.free_again";
    /// The name of an offline volume is in use.
    refuses_the_name_of_an_offline_volume: Volumes [PatchState],
        "3.offline_keeps" "3.create_volume.refuses";
    /// The name of a clone is in use.
    refuses_the_name_of_a_clone: Clones, "2.volume_name_unique" "3.create_volume.refuses";
    /// A new volume has no snapshots, although an earlier one of the same name had.
    starts_without_snapshots: Snapshots, "3.create_volume" "3.delete_volume";
}

fn makes_a_volume(h: &Harness<'_>) -> CaseResult {
    h.create("a")?;
    h.create_sized("b", 5)?;
    h.create("c")?;
    Ok(())
}

fn keeps_sizes_exactly(h: &Harness<'_>) -> CaseResult {
    for size in SIZES {
        h.create_sized(&format!("of-{size}"), *size)?;
    }
    Ok(())
}

fn refuses_a_taken_name(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let c = h.create("c")?;
    h.refused("volume_exists", &calls::create(&a.name))?;
    h.refused("volume_exists", &calls::create_sized(&a.name, 7))?;
    h.refused("volume_exists", &calls::create_sized(&c.name, 7))?;
    h.create("d")?;
    h.refused("volume_exists", &calls::create(&c.name))
}

fn refuses_a_size_of_zero(h: &Harness<'_>) -> CaseResult {
    h.refused("invalid_argument", &calls::create_sized(&h.name("a"), 0))?;
    h.create("a")?;
    Ok(())
}

fn checks_values_before_conflicts(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.refused("invalid_argument", &calls::create_sized(&a.name, 0))
}

fn leaves_nothing_behind_when_refused(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.refused("volume_exists", &calls::create_sized(&a.name, 9))?;
    h.refused("invalid_argument", &calls::create(&format!("{} x", a.name)))?;
    h.refused("invalid_argument", &calls::create_sized(&h.name("b"), 0))?;
    h.create("b")?;
    h.delete(&a)?;
    h.create("a")?;
    Ok(())
}

fn refuses_the_name_of_an_offline_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, calls::offline())?;
    h.refused("volume_exists", &calls::create(&a.name))
}

fn refuses_the_name_of_a_clone(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("volume_exists", &calls::create(&clone.name))?;
    h.delete(&clone)?;
    h.create("clone")?;
    Ok(())
}

fn starts_without_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "s")?;
    h.snapshot(&a, "t")?;
    h.delete(&a)?;
    let again = h.create("a")?;
    h.succeeds(&calls::snapshots(&again))?;
    h.snapshot(&again, "s")?;
    Ok(())
}
