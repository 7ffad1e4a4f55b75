//! What names there are, and whose they are.

use super::calls;
use super::values::{bad_names, good_names};
use crate::harness::{Bench, Step};

super::cases! { names, __names_cases:
    /// Volumes take every character of the grammar, and keep the name as it was given.
    of_volumes_are_kept_exactly: Volumes, "2.volume_names" "2.exact";
    /// A volume's name may have 203 characters, of which the last still counts.
    of_volumes_may_be_long: Volumes, "2.volume_names" "2.exact";
    /// A volume's name may be one character.
    of_volumes_may_be_short: Volumes, "2.volume_names";
    /// Names outside the grammar are refused at creation.
    of_volumes_outside_the_grammar_are_refused: Volumes,
        "2.volume_names" "3.create_volume.refuses" "4.no_panic";
    /// Names of volumes that differ in case only are different names.
    of_volumes_are_case_sensitive: Volumes, "2.case";
    /// Names of volumes that look alike are different names.
    of_volumes_that_look_alike_differ: Volumes, "2.exact" "2.volume_name_unique";
    /// A volume's name is free the moment the volume is deleted.
    of_deleted_volumes_are_free: Volumes, "2.free_again" "3.delete_volume";
    /// A volume's former name is free, and its new one is taken.
    of_renamed_volumes_are_free: Volumes [PatchName], "2.free_again" "2.volume_name_unique";
    /// Two volumes swap their names by way of a third one.
    of_volumes_can_be_swapped: Volumes [PatchName], "2.free_again" "3.patch_volume";
    /// A rename takes every name that a creation takes, and keeps it exactly.
    of_renamed_volumes_are_kept_exactly: Volumes [PatchName], "2.volume_names" "2.exact";
    /// A rename refuses every name that a creation refuses.
    of_renamed_volumes_outside_the_grammar_are_refused: Volumes [PatchName],
        "2.volume_names" "3.patch_volume.refuses" "4.no_panic";
    /// A volume may have another's identifier for a name, and neither is mistaken for the other.
    may_be_identifiers: Volumes, "2.exact" "3.get_volume" "3.find_volume";
    /// Snapshots take every character of the grammar, and keep the name as it was given.
    of_snapshots_are_kept_exactly: Snapshots, "2.snapshot_names" "2.exact";
    /// A snapshot's name may have 255 characters, of which the last still counts.
    of_snapshots_may_be_long: Snapshots, "2.snapshot_names" "2.exact";
    /// Names outside the grammar are refused for snapshots.
    of_snapshots_outside_the_grammar_are_refused: Snapshots,
        "2.snapshot_names" "3.create_snapshot.refuses" "4.no_panic";
    /// Names of snapshots that differ in case only are different names.
    of_snapshots_are_case_sensitive: Snapshots, "2.case";
    /// A snapshot's name is taken in its volume and free in every other.
    of_snapshots_are_free_across_volumes: Snapshots, "2.snapshot_name_unique";
    /// A snapshot's name is free the moment the snapshot is deleted, or its volume is.
    of_deleted_snapshots_are_free: Snapshots, "2.free_again" "3.delete_snapshot";
    /// A snapshot's former name is free, and its new one is taken.
    of_renamed_snapshots_are_free: Snapshots [RenameSnapshot],
        "2.free_again" "2.snapshot_name_unique";
    /// A rename of a snapshot takes and refuses what a creation does.
    of_renamed_snapshots_follow_the_grammar: Snapshots [RenameSnapshot],
        "2.snapshot_names" "3.rename_snapshot.refuses" "2.exact";
    /// A snapshot may be called like its volume, and like any other.
    of_snapshots_and_volumes_are_apart: Snapshots, "2.snapshot_name_unique" "2.volume_name_unique";
    /// Clones take the names that volumes take.
    of_clones_are_kept_exactly: Clones, "2.volume_names" "2.exact";
    /// Clones refuse the names that volumes refuse.
    of_clones_outside_the_grammar_are_refused: Clones,
        "2.volume_names" "3.create_clone.refuses" "4.no_panic";
    /// A clone's name is taken like any volume's, and free when the clone is deleted.
    of_clones_are_names_of_volumes: Clones, "2.volume_name_unique" "2.free_again" "2.case";
}

fn of_volumes_are_kept_exactly(b: &Bench<'_>) -> Step {
    for name in good_names(&b.name("")) {
        b.create_named(&name, None)?;
    }
    Ok(())
}

fn of_volumes_may_be_long(b: &Bench<'_>) -> Step {
    let stem = b.long_name("", 202);
    for ending in ["x", "X", "y", "."] {
        b.create_named(&format!("{stem}{ending}"), None)?;
    }
    b.create_named(&stem, None)?;
    b.refused("invalid_argument", &calls::create(&format!("{stem}xx")))?;
    b.refused("volume_exists", &calls::create(&format!("{stem}x")))
}

fn of_volumes_may_be_short(b: &Bench<'_>) -> Step {
    let mut taken = 0;
    for name in ["q", "_", "7", "Q"] {
        if b.is_known(name) {
            taken += 1;
        } else {
            b.create_named(name, None)?;
        }
    }
    b.ensure_or_skip(taken < 4, "the backend holds volumes of all the short names there are")
}

fn of_volumes_outside_the_grammar_are_refused(b: &Bench<'_>) -> Step {
    for name in bad_names(&b.name("a"), 203) {
        b.refused("invalid_argument", &calls::create(&name))?;
    }
    Ok(())
}

fn of_volumes_are_case_sensitive(b: &Bench<'_>) -> Step {
    for label in ["aBc", "abc", "ABC"] {
        b.create(label)?;
    }
    b.fine(&calls::find(&b.name("AbC")))?;
    b.create("AbC")?;
    b.refused("volume_exists", &calls::create(&b.name("abc")))
}

fn of_volumes_that_look_alike_differ(b: &Bench<'_>) -> Step {
    for label in ["a", "a.", "a..", "a-", "a_", "a:", "1", "01", "1.0", "_a", "aa", "a.b", "a_b"] {
        b.create(label)?;
    }
    Ok(())
}

fn of_deleted_volumes_are_free(b: &Bench<'_>) -> Step {
    for _ in 0..3 {
        let a = b.create("a")?;
        b.delete(&a)?;
    }
    let a = b.create_sized("a", 5)?;
    b.refused("volume_exists", &calls::create(&a.name))
}

fn of_renamed_volumes_are_free(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let c = b.patch(&a, calls::name(&b.name("c")))?;
    b.refused("volume_exists", &calls::create(&c.name))?;
    b.create("a")?;
    b.refused("volume_exists", &calls::change(&c, calls::name(&a.name)))?;
    b.patch(&c, calls::name(&b.name("d")))?;
    b.create("c")?;
    b.delete(&c)?;
    b.create("d")?;
    b.refused("volume_exists", &calls::create(&a.name))
}

fn of_volumes_can_be_swapped(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.refused("volume_exists", &calls::change(&a, calls::name(&c.name)))?;
    b.patch(&a, calls::name(&b.name("aside")))?;
    b.patch(&c, calls::name(&a.name))?;
    b.patch(&a, calls::name(&c.name))?;
    b.create("aside")?;
    Ok(())
}

fn of_renamed_volumes_are_kept_exactly(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for name in good_names(&b.name("")) {
        b.patch(&a, calls::name(&name))?;
    }
    b.patch(&a, calls::name(&b.long_name("", 203)))?;
    b.patch(&a, calls::name(&b.name("abc")))?;
    b.patch(&a, calls::name(&b.name("ABC")))?;
    b.create("abc")?;
    Ok(())
}

fn of_renamed_volumes_outside_the_grammar_are_refused(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for name in bad_names(&b.name("a"), 203) {
        b.refused("invalid_argument", &calls::change(&a, calls::name(&name)))?;
    }
    Ok(())
}

fn may_be_identifiers(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let named = b.create_named(&a.uuid.to_string(), None)?;
    b.fine(&calls::get(&a))?;
    b.delete(&named)?;
    b.fine(&calls::find(&a.uuid.to_string()))
}

fn of_snapshots_are_kept_exactly(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for name in good_names("s") {
        b.snapshot(&a, &name)?;
    }
    for name in ["_", "0", "Z", "hourly.2026-01-01_0005", "s:1"] {
        b.snapshot(&a, name)?;
    }
    Ok(())
}

fn of_snapshots_may_be_long(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let stem = "s".repeat(254);
    b.snapshot(&a, &stem)?;
    for ending in ["x", "X", "y", "."] {
        b.snapshot(&a, &format!("{stem}{ending}"))?;
    }
    b.snapshot(&a, &"s".repeat(204))?;
    b.refused("invalid_argument", &calls::snapshot(&a, &format!("{stem}xx")))
}

fn of_snapshots_outside_the_grammar_are_refused(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for name in bad_names("s", 255) {
        b.refused("invalid_argument", &calls::snapshot(&a, &name))?;
    }
    Ok(())
}

fn of_snapshots_are_case_sensitive(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for name in ["aBc", "abc", "ABC"] {
        b.snapshot(&a, name)?;
    }
    b.fine(&calls::find_snapshot(&a, "AbC"))?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "abc"))
}

fn of_snapshots_are_free_across_volumes(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.snapshot(&a, "s")?;
    b.snapshot(&c, "s")?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    b.refused("snapshot_exists", &calls::snapshot(&c, "s"))?;
    b.snapshot(&a, "t")?;
    b.fine(&calls::find_snapshot(&c, "t"))
}

fn of_deleted_snapshots_are_free(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    for _ in 0..3 {
        let s = b.snapshot(&a, "s")?;
        b.fine(&calls::delete_snapshot(&a, &s))?;
    }
    b.snapshot(&a, "s")?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    b.snapshot(&c, "s")?;
    b.delete(&a)?;
    b.refused("snapshot_exists", &calls::snapshot(&c, "s"))
}

fn of_renamed_snapshots_are_free(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.fine(&calls::rename_snapshot(&a, &s, "t"))?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "t"))?;
    let again = b.snapshot(&a, "s")?;
    b.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, "s"))?;
    b.fine(&calls::rename_snapshot(&a, &s, "u"))?;
    b.fine(&calls::rename_snapshot(&a, &again, "t"))?;
    b.fine(&calls::rename_snapshot(&a, &s, "s"))?;
    b.snapshot(&a, "u")?;
    Ok(())
}

fn of_renamed_snapshots_follow_the_grammar(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for name in good_names("s") {
        b.fine(&calls::rename_snapshot(&a, &s, &name))?;
    }
    b.fine(&calls::rename_snapshot(&a, &s, &"s".repeat(255)))?;
    for name in bad_names("s", 255) {
        b.refused("invalid_argument", &calls::rename_snapshot(&a, &s, &name))?;
    }
    Ok(())
}

fn of_snapshots_and_volumes_are_apart(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.snapshot(&a, &a.name)?;
    b.snapshot(&a, &c.name)?;
    b.snapshot(&c, "s")?;
    b.create_named(&b.name("s"), None)?;
    b.fine(&calls::find(&a.name))
}

fn of_clones_are_kept_exactly(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for name in good_names(&b.name("c")) {
        b.volume(&calls::clone(&a, &s, &name))?;
    }
    b.volume(&calls::clone(&a, &s, &b.long_name("c", 203)))?;
    Ok(())
}

fn of_clones_outside_the_grammar_are_refused(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for name in bad_names(&b.name("c"), 203) {
        b.refused("invalid_argument", &calls::clone(&a, &s, &name))?;
    }
    b.fine(&calls::delete_snapshot(&a, &s))
}

fn of_clones_are_names_of_volumes(b: &Bench<'_>) -> Step {
    let (a, other) = (b.create("a")?, b.create("other")?);
    let s = b.snapshot(&a, "s")?;
    b.refused("volume_exists", &calls::clone(&a, &s, &a.name))?;
    b.refused("volume_exists", &calls::clone(&a, &s, &other.name))?;
    let clone = b.clone(&a, &s, "c")?;
    b.refused("volume_exists", &calls::clone(&a, &s, &clone.name))?;
    b.refused("volume_exists", &calls::create(&clone.name))?;
    b.clone(&a, &s, "C")?;
    b.delete(&clone)?;
    b.clone(&a, &s, "c")?;
    Ok(())
}
