//! Making volumes.

use super::calls;
use super::values::SIZES;
use crate::harness::{Bench, Step};

super::cases! { create_volume, __create_volume_cases:
    /// A volume is made, with a quota and without, and every way to read it shows the same.
    makes_a_volume: Volumes, "3.create_volume" "1.volume" "1.unset" "1.state" "1.kind";
    /// Quotas from 1 to 2^64-1 bytes are kept exactly.
    keeps_sizes_exactly: Volumes, "1.size" "3.create_volume";
    /// A second volume of the same name is refused, whatever its size, and the first stays as it was.
    refuses_a_taken_name: Volumes, "2.volume_name_unique" "3.create_volume.refuses";
    /// A quota of nothing is refused, and the name is not taken by it.
    refuses_a_size_of_zero: Volumes, "3.create_volume.refuses" "3.atomic" "1.size";
    /// A bad size is refused as such although the name is taken too.
    checks_values_before_conflicts: Volumes, "3.order" "3.create_volume.refuses";
    /// What is refused leaves no volume behind, and the next creation works as ever.
    leaves_nothing_behind_when_refused: Volumes, "3.atomic" "2.free_again";
    /// The name of an offline volume is taken.
    refuses_the_name_of_an_offline_volume: Volumes [PatchState],
        "3.offline_keeps" "3.create_volume.refuses";
    /// The name of a clone is taken.
    refuses_the_name_of_a_clone: Clones, "2.volume_name_unique" "3.create_volume.refuses";
    /// A new volume has no snapshots, although one of the same name before it had.
    starts_without_snapshots: Snapshots, "3.create_volume" "3.delete_volume";
}

fn makes_a_volume(b: &Bench<'_>) -> Step {
    b.create("a")?;
    b.create_sized("b", 5)?;
    b.create("c")?;
    Ok(())
}

fn keeps_sizes_exactly(b: &Bench<'_>) -> Step {
    for size in SIZES {
        b.create_sized(&format!("of-{size}"), *size)?;
    }
    Ok(())
}

fn refuses_a_taken_name(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let c = b.create("c")?;
    b.refused("volume_exists", &calls::create(&a.name))?;
    b.refused("volume_exists", &calls::create_sized(&a.name, 7))?;
    b.refused("volume_exists", &calls::create_sized(&c.name, 7))?;
    b.create("d")?;
    b.refused("volume_exists", &calls::create(&c.name))
}

fn refuses_a_size_of_zero(b: &Bench<'_>) -> Step {
    b.refused("invalid_argument", &calls::create_sized(&b.name("a"), 0))?;
    b.create("a")?;
    Ok(())
}

fn checks_values_before_conflicts(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.refused("invalid_argument", &calls::create_sized(&a.name, 0))
}

fn leaves_nothing_behind_when_refused(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.refused("volume_exists", &calls::create_sized(&a.name, 9))?;
    b.refused("invalid_argument", &calls::create(&format!("{} x", a.name)))?;
    b.refused("invalid_argument", &calls::create_sized(&b.name("b"), 0))?;
    b.create("b")?;
    b.delete(&a)?;
    b.create("a")?;
    Ok(())
}

fn refuses_the_name_of_an_offline_volume(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, calls::offline())?;
    b.refused("volume_exists", &calls::create(&a.name))
}

fn refuses_the_name_of_a_clone(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("volume_exists", &calls::create(&clone.name))?;
    b.delete(&clone)?;
    b.create("clone")?;
    Ok(())
}

fn starts_without_snapshots(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "s")?;
    b.snapshot(&a, "t")?;
    b.delete(&a)?;
    let again = b.create("a")?;
    b.fine(&calls::snapshots(&again))?;
    b.snapshot(&again, "s")?;
    Ok(())
}
