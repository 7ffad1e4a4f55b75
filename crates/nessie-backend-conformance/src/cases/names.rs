//! Names: which are valid, which are taken, and when they are free.

use super::calls;
use super::values::{bad_names, good_names};
use crate::harness::{CaseResult, Harness};

super::cases! { names:
    /// Volumes accept every character of the grammar, and keep the name unchanged.
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
    /// A volume's former name is free, and its new one is in use.
    of_renamed_volumes_are_free: Volumes [PatchName], "2.free_again" "2.volume_name_unique";
    /// Two volumes swap their names through a third name.
    of_volumes_can_be_swapped: Volumes [PatchName], "2.free_again" "3.patch_volume";
    /// A rename accepts every name that a creation accepts, and keeps it unchanged.
    of_renamed_volumes_are_kept_exactly: Volumes [PatchName], "2.volume_names" "2.exact";
    /// A rename refuses every name that a creation refuses.
    of_renamed_volumes_outside_the_grammar_are_refused: Volumes [PatchName],
        "2.volume_names" "3.patch_volume.refuses" "4.no_panic";
    /// A volume's name may be another volume's identifier, and the two are not confused.
    may_be_identifiers: Volumes, "2.exact" "3.get_volume" "3.find_volume";
    /// Snapshots accept every character of the grammar, and keep the name unchanged.
    of_snapshots_are_kept_exactly: Snapshots, "2.snapshot_names" "2.exact";
    /// A snapshot's name may have 255 characters, of which the last still counts.
    of_snapshots_may_be_long: Snapshots, "2.snapshot_names" "2.exact";
    /// Names outside the grammar are refused for snapshots.
    of_snapshots_outside_the_grammar_are_refused: Snapshots,
        "2.snapshot_names" "3.create_snapshot.refuses" "4.no_panic";
    /// Names of snapshots that differ in case only are different names.
    of_snapshots_are_case_sensitive: Snapshots, "2.case";
    /// A snapshot's name is in use in its volume and free in every other.
    of_snapshots_are_free_across_volumes: Snapshots, "2.snapshot_name_unique";
    /// A snapshot's name is free the moment the snapshot is deleted, or its volume is.
    of_deleted_snapshots_are_free: Snapshots, "2.free_again" "3.delete_snapshot";
    /// A snapshot's former name is free, and its new one is in use.
    of_renamed_snapshots_are_free: Snapshots [RenameSnapshot],
        "2.free_again" "2.snapshot_name_unique";
    /// A rename of a snapshot accepts and refuses the same names as a creation.
    of_renamed_snapshots_follow_the_grammar: Snapshots [RenameSnapshot],
        "2.snapshot_names" "3.rename_snapshot.refuses" "2.exact";
    /// A snapshot may have the name of its volume or of any other.
    of_snapshots_and_volumes_are_apart: Snapshots, "2.snapshot_name_unique" "2.volume_name_unique";
    /// Clones accept the same names as volumes.
    of_clones_are_kept_exactly: Clones, "2.volume_names" "2.exact";
    /// Clones refuse the names that volumes refuse.
    of_clones_outside_the_grammar_are_refused: Clones,
        "2.volume_names" "3.create_clone.refuses" "4.no_panic";
    /// A clone's name is in use like any volume's, and free after the clone is deleted.
    of_clones_are_names_of_volumes: Clones, "2.volume_name_unique" "2.free_again" "2.case";
}

fn of_volumes_are_kept_exactly(h: &Harness<'_>) -> CaseResult {
    for name in good_names(&h.name("")) {
        h.create_named(&name, None)?;
    }
    Ok(())
}

fn of_volumes_may_be_long(h: &Harness<'_>) -> CaseResult {
    let stem = h.long_name("", 202);
    for ending in ["x", "X", "y", "."] {
        h.create_named(&format!("{stem}{ending}"), None)?;
    }
    h.create_named(&stem, None)?;
    h.refused("invalid_argument", &calls::create(&format!("{stem}xx")))?;
    h.refused("volume_exists", &calls::create(&format!("{stem}x")))
}

fn of_volumes_may_be_short(h: &Harness<'_>) -> CaseResult {
    let mut taken = 0;
    for name in ["q", "_", "7", "Q"] {
        if h.has_volume_named(name) {
            taken += 1;
        } else {
            h.create_named(name, None)?;
        }
    }
    h.ensure_or_skip(taken < 4, "the backend holds volumes of all the short names there are")
}

fn of_volumes_outside_the_grammar_are_refused(h: &Harness<'_>) -> CaseResult {
    for name in bad_names(&h.name("a"), 203) {
        h.refused("invalid_argument", &calls::create(&name))?;
    }
    Ok(())
}

fn of_volumes_are_case_sensitive(h: &Harness<'_>) -> CaseResult {
    for label in ["aBc", "abc", "ABC"] {
        h.create(label)?;
    }
    h.succeeds(&calls::find(&h.name("AbC")))?;
    h.create("AbC")?;
    h.refused("volume_exists", &calls::create(&h.name("abc")))
}

fn of_volumes_that_look_alike_differ(h: &Harness<'_>) -> CaseResult {
    for label in ["a", "a.", "a..", "a-", "a_", "a:", "1", "01", "1.0", "_a", "aa", "a.b", "a_b"] {
        h.create(label)?;
    }
    Ok(())
}

fn of_deleted_volumes_are_free(h: &Harness<'_>) -> CaseResult {
    for _ in 0..3 {
        let a = h.create("a")?;
        h.delete(&a)?;
    }
    let a = h.create_sized("a", 5)?;
    h.refused("volume_exists", &calls::create(&a.name))
}

fn of_renamed_volumes_are_free(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let c = h.patch(&a, calls::name(&h.name("c")))?;
    h.refused("volume_exists", &calls::create(&c.name))?;
    h.create("a")?;
    h.refused("volume_exists", &calls::change(&c, calls::name(&a.name)))?;
    h.patch(&c, calls::name(&h.name("d")))?;
    h.create("c")?;
    h.delete(&c)?;
    h.create("d")?;
    h.refused("volume_exists", &calls::create(&a.name))
}

fn of_volumes_can_be_swapped(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.refused("volume_exists", &calls::change(&a, calls::name(&c.name)))?;
    h.patch(&a, calls::name(&h.name("aside")))?;
    h.patch(&c, calls::name(&a.name))?;
    h.patch(&a, calls::name(&c.name))?;
    h.create("aside")?;
    Ok(())
}

fn of_renamed_volumes_are_kept_exactly(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for name in good_names(&h.name("")) {
        h.patch(&a, calls::name(&name))?;
    }
    h.patch(&a, calls::name(&h.long_name("", 203)))?;
    h.patch(&a, calls::name(&h.name("abc")))?;
    h.patch(&a, calls::name(&h.name("ABC")))?;
    h.create("abc")?;
    Ok(())
}

fn of_renamed_volumes_outside_the_grammar_are_refused(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for name in bad_names(&h.name("a"), 203) {
        h.refused("invalid_argument", &calls::change(&a, calls::name(&name)))?;
    }
    Ok(())
}

fn may_be_identifiers(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let named = h.create_named(&a.uuid.to_string(), None)?;
    h.succeeds(&calls::get(&a))?;
    h.delete(&named)?;
    h.succeeds(&calls::find(&a.uuid.to_string()))
}

fn of_snapshots_are_kept_exactly(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for name in good_names("s") {
        h.snapshot(&a, &name)?;
    }
    for name in ["_", "0", "Z", "hourly.2026-01-01_0005", "s:1"] {
        h.snapshot(&a, name)?;
    }
    Ok(())
}

fn of_snapshots_may_be_long(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let stem = "s".repeat(254);
    h.snapshot(&a, &stem)?;
    for ending in ["x", "X", "y", "."] {
        h.snapshot(&a, &format!("{stem}{ending}"))?;
    }
    h.snapshot(&a, &"s".repeat(204))?;
    h.refused("invalid_argument", &calls::snapshot(&a, &format!("{stem}xx")))
}

fn of_snapshots_outside_the_grammar_are_refused(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for name in bad_names("s", 255) {
        h.refused("invalid_argument", &calls::snapshot(&a, &name))?;
    }
    Ok(())
}

fn of_snapshots_are_case_sensitive(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for name in ["aBc", "abc", "ABC"] {
        h.snapshot(&a, name)?;
    }
    h.succeeds(&calls::find_snapshot(&a, "AbC"))?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "abc"))
}

fn of_snapshots_are_free_across_volumes(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.snapshot(&a, "s")?;
    h.snapshot(&c, "s")?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    h.refused("snapshot_exists", &calls::snapshot(&c, "s"))?;
    h.snapshot(&a, "t")?;
    h.succeeds(&calls::find_snapshot(&c, "t"))
}

fn of_deleted_snapshots_are_free(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    for _ in 0..3 {
        let s = h.snapshot(&a, "s")?;
        h.succeeds(&calls::delete_snapshot(&a, &s))?;
    }
    h.snapshot(&a, "s")?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    h.snapshot(&c, "s")?;
    h.delete(&a)?;
    h.refused("snapshot_exists", &calls::snapshot(&c, "s"))
}

fn of_renamed_snapshots_are_free(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "t"))?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "t"))?;
    let again = h.snapshot(&a, "s")?;
    h.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, "s"))?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "u"))?;
    h.succeeds(&calls::rename_snapshot(&a, &again, "t"))?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "s"))?;
    h.snapshot(&a, "u")?;
    Ok(())
}

fn of_renamed_snapshots_follow_the_grammar(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for name in good_names("s") {
        h.succeeds(&calls::rename_snapshot(&a, &s, &name))?;
    }
    h.succeeds(&calls::rename_snapshot(&a, &s, &"s".repeat(255)))?;
    for name in bad_names("s", 255) {
        h.refused("invalid_argument", &calls::rename_snapshot(&a, &s, &name))?;
    }
    Ok(())
}

fn of_snapshots_and_volumes_are_apart(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.snapshot(&a, &a.name)?;
    h.snapshot(&a, &c.name)?;
    h.snapshot(&c, "s")?;
    h.create_named(&h.name("s"), None)?;
    h.succeeds(&calls::find(&a.name))
}

fn of_clones_are_kept_exactly(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for name in good_names(&h.name("c")) {
        h.returns_volume(&calls::clone(&a, &s, &name))?;
    }
    h.returns_volume(&calls::clone(&a, &s, &h.long_name("c", 203)))?;
    Ok(())
}

fn of_clones_outside_the_grammar_are_refused(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for name in bad_names(&h.name("c"), 203) {
        h.refused("invalid_argument", &calls::clone(&a, &s, &name))?;
    }
    h.succeeds(&calls::delete_snapshot(&a, &s))
}

fn of_clones_are_names_of_volumes(h: &Harness<'_>) -> CaseResult {
    let (a, other) = (h.create("a")?, h.create("other")?);
    let s = h.snapshot(&a, "s")?;
    h.refused("volume_exists", &calls::clone(&a, &s, &a.name))?;
    h.refused("volume_exists", &calls::clone(&a, &s, &other.name))?;
    let clone = h.clone(&a, &s, "c")?;
    h.refused("volume_exists", &calls::clone(&a, &s, &clone.name))?;
    h.refused("volume_exists", &calls::create(&clone.name))?;
    h.clone(&a, &s, "C")?;
    h.delete(&clone)?;
    h.clone(&a, &s, "c")?;
    Ok(())
}
