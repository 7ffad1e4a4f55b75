//! Names: which are valid, which are taken, and when they are free.

use nessie_backend_core::{Snapshot, Volume};

use super::calls;
use super::values::{
    NAMES_THAT_LOOK_ALIKE, bad_names, good_names, look_alikes, names_of_every_form,
};
use crate::harness::{CaseResult, Harness, Verify};
use crate::oracle::call::Call;
use crate::spelling::Spelling;
use crate::{Feature, Tier};

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
    /// Names that look alike are different names: of new volumes, of renamed ones and of clones.
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
    /// Names of every form: each character, each first character, each length, digits only, words
    /// of programming languages. Each is in use, renamed away, deleted and used again.
    of_volumes_of_every_form: Volumes, "2.volume_names" "2.exact" "2.free_again" "3.find_volume";
    /// The same for snapshots.
    of_snapshots_of_every_form: Snapshots,
        "2.snapshot_names" "2.exact" "2.free_again" "3.find_snapshot";
    /// The same for clones.
    of_clones_of_every_form: Clones, "2.volume_names" "2.exact" "2.free_again";
    /// Long names that differ in one character are different names, in the same three ways.
    of_volumes_differ_in_one_character: Volumes, "2.exact" "2.volume_name_unique";
    /// The same for snapshots; and names that look alike differ.
    of_snapshots_differ_in_one_character: Snapshots, "2.exact" "2.snapshot_name_unique" "2.case";
    /// A name with a character that looks like an allowed one is refused, finds nothing, and leaves
    /// the name that it looks like free.
    of_volumes_are_not_normalised: Volumes, "2.volume_names" "3.find_volume" "2.exact";
    /// The same for snapshots.
    of_snapshots_are_not_normalised: Snapshots, "2.snapshot_names" "3.find_snapshot" "2.exact";
    /// The same for clones.
    of_clones_are_not_normalised: Clones, "2.volume_names" "3.create_clone.refuses" "2.exact";
    /// Every call by a volume's identifier reaches that volume, and not one with that name.
    of_volumes_that_are_identifiers: Volumes,
        "3.get_volume" "3.patch_volume" "3.delete_volume" "3.access_handle.refuses";
    /// The same for the calls of snapshots.
    of_snapshots_that_are_identifiers: Snapshots,
        "3.get_snapshot" "3.create_snapshot" "3.list_snapshots" "3.delete_snapshot"
        "3.restore_snapshot" "3.rename_snapshot";
    /// The same for the calls of clones.
    of_clones_that_are_identifiers: Clones, "3.create_clone" "3.split_clone" "1.origin";
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
    are_apart(h, |stem| {
        let mut names = NAMES_THAT_LOOK_ALIKE.map(|label| format!("{stem}{label}")).to_vec();
        names.extend(["0", "00", "_", "__", "a", "A"].map(|before| format!("{before}{stem}1")));
        names
    })
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

/// A way to make a volume of a name.
type Make<'f> = &'f dyn Fn(&str) -> Call;

/// Uses a name, renames it away and back, deletes it and uses it again.
fn lives(h: &Harness<'_>, name: &str, make: Make<'_>) -> CaseResult {
    if h.has_volume_named(name) {
        return Ok(());
    }
    let a = h.returns_volume(&make(name))?;
    h.verify_call(&calls::find(name))?;
    h.refused("volume_exists", &make(name))?;
    if h.has(Feature::PatchName) {
        h.patch(&a, calls::name(&h.name("away")))?;
        h.verify_call(&calls::find(name))?;
        let again = h.returns_volume(&make(name))?;
        h.refused("volume_exists", &calls::change(&a, calls::name(name)))?;
        h.delete(&again)?;
        h.patch(&a, calls::name(name))?;
    }
    h.verify_call(&Call::ListVolumes)?;
    h.delete(&a)?;
    h.verify_call(&calls::find(name))?;
    let again = h.returns_volume(&make(name))?;
    h.delete(&again)
}

fn of_volumes_of_every_form(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    for name in names_of_every_form(&h.name(""), 203) {
        lives(h, &name, &calls::create)?;
    }
    Ok(())
}

fn of_clones_of_every_form(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.set_verify(Verify::Never);
    for name in names_of_every_form(&h.name("c"), 203) {
        lives(h, &name, &|name| calls::clone(&a, &s, name))?;
    }
    Ok(())
}

fn of_snapshots_of_every_form(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.set_verify(Verify::Never);
    for name in names_of_every_form("s", 255) {
        let s = h.snapshot(&a, &name)?;
        h.verify_call(&calls::find_snapshot(&a, &name))?;
        h.refused("snapshot_exists", &calls::snapshot(&a, &name))?;
        if h.has(Feature::RenameSnapshot) {
            h.succeeds(&calls::rename_snapshot(&a, &s, "away"))?;
            h.verify_call(&calls::find_snapshot(&a, &name))?;
            let again = h.snapshot(&a, &name)?;
            h.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, &name))?;
            h.succeeds(&calls::delete_snapshot(&a, &again))?;
            h.succeeds(&calls::rename_snapshot(&a, &s, &name))?;
        }
        h.verify_call(&calls::snapshots(&a))?;
        h.succeeds(&calls::delete_snapshot(&a, &s))?;
        let again = h.snapshot(&a, &name)?;
        h.succeeds(&calls::delete_snapshot(&a, &again))?;
    }
    Ok(())
}

/// Names of this length; each differs from the first in one character after the stem.
fn one_character_apart(stem: &str, length: usize) -> impl Iterator<Item = String> {
    let base = format!("{stem}{}", "x".repeat(length - stem.len()));
    let changed = base.clone();
    let each = (stem.len()..length).map(move |at| {
        let mut name = changed.clone();
        name.replace_range(at..=at, "y");
        name
    });
    std::iter::once(base).chain(each)
}

fn of_volumes_differ_in_one_character(h: &Harness<'_>) -> CaseResult {
    are_apart(h, |stem| one_character_apart(stem, 203).collect())
}

/// The ways in which a volume takes a name.
#[derive(Clone, Copy, Debug)]
enum Way {
    Creation,
    Rename,
    Clone,
}

impl Way {
    const ALL: [Self; 3] = [Self::Creation, Self::Rename, Self::Clone];

    fn is_supported(self, h: &Harness<'_>) -> bool {
        match self {
            Self::Creation => true,
            Self::Rename => h.has(Feature::PatchName),
            Self::Clone => h.probe.tier >= Tier::Clones,
        }
    }

    /// The call in which a volume takes the name. Creates the objects that it needs.
    fn take(self, h: &Harness<'_>, name: &str) -> CaseResult<Call> {
        let spare = || match h.own_volume(&h.name("spare")) {
            Some(spare) => Ok(spare),
            None => h.create("spare"),
        };
        Ok(match self {
            Self::Creation => calls::create(name),
            Self::Rename => calls::change(&spare()?, calls::name(name)),
            Self::Clone => {
                let parent = spare()?;
                let known = h.snapshots_of(&parent).into_iter().next();
                let snapshot = known.map_or_else(|| h.snapshot(&parent, "s"), Ok)?;
                calls::clone(&parent, &snapshot, name)
            }
        })
    }
}

/// Volumes take all these names, in each way. Then each name is found and cannot be taken. `names`
/// gets the stem of the names.
fn are_apart(h: &Harness<'_>, names: impl Fn(&str) -> Vec<String>) -> CaseResult {
    for (number, way) in Way::ALL.into_iter().filter(|way| way.is_supported(h)).enumerate() {
        h.set_verify(Verify::Never);
        let names = names(&h.name(&format!("{number}-")));
        for name in &names {
            h.returns_volume(&way.take(h, name)?)?;
        }
        for name in &names {
            h.verify_call(&calls::find(name))?;
            h.refused("volume_exists", &way.take(h, name)?)?;
        }
        h.verify_call(&Call::ListVolumes)?;
        h.start_again()?;
    }
    Ok(())
}

fn of_snapshots_differ_in_one_character(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    let long = one_character_apart("s", 255).collect::<Vec<_>>();
    let alike = NAMES_THAT_LOOK_ALIKE.map(str::to_owned);
    for (label, names) in [("long", &*long), ("alike", &alike)] {
        let (a, c) = (h.create(label)?, h.create(&format!("{label}-renamed"))?);
        for (number, name) in names.iter().enumerate() {
            h.snapshot(&a, name)?;
            if h.has(Feature::RenameSnapshot) {
                let made = h.snapshot(&c, &format!("made-{number}"))?;
                h.succeeds(&calls::rename_snapshot(&c, &made, name))?;
            }
        }
        for name in names {
            h.verify_call(&calls::find_snapshot(&a, name))?;
            h.refused("snapshot_exists", &calls::snapshot(&a, name))?;
        }
        h.verify_call(&calls::snapshots(&a))?;
        h.verify_call(&calls::snapshots(&c))?;
    }
    Ok(())
}

fn of_volumes_are_not_normalised(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.set_verify(Verify::Never);
    for (number, (strange, plain)) in look_alikes(&h.name("n")).into_iter().enumerate() {
        h.refused("invalid_argument", &calls::create(&strange))?;
        if h.has(Feature::PatchName) {
            h.refused("invalid_argument", &calls::change(&a, calls::name(&strange)))?;
        }
        h.verify_call(&calls::find(&plain))?;
        let made = h.create_named(&plain, Some(1 + number as u64))?;
        h.verify_call(&calls::find(&strange))?;
        h.verify_call(&Call::ListVolumes)?;
        h.delete(&made)?;
    }
    Ok(())
}

fn of_snapshots_are_not_normalised(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.set_verify(Verify::Never);
    for (strange, plain) in look_alikes("t") {
        h.refused("invalid_argument", &calls::snapshot(&a, &strange))?;
        if h.has(Feature::RenameSnapshot) {
            h.refused("invalid_argument", &calls::rename_snapshot(&a, &s, &strange))?;
        }
        h.verify_call(&calls::find_snapshot(&a, &plain))?;
        let made = h.snapshot(&a, &plain)?;
        h.verify_call(&calls::find_snapshot(&a, &strange))?;
        h.verify_call(&calls::snapshots(&a))?;
        h.succeeds(&calls::delete_snapshot(&a, &made))?;
    }
    Ok(())
}

fn of_clones_are_not_normalised(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.set_verify(Verify::Never);
    for (strange, plain) in look_alikes(&h.name("n")) {
        h.refused("invalid_argument", &calls::clone(&a, &s, &strange))?;
        let made = h.returns_volume(&calls::clone(&a, &s, &plain))?;
        h.verify_call(&Call::ListVolumes)?;
        h.delete(&made)?;
    }
    Ok(())
}

/// Makes volumes whose names are the identifier of another, each with other fields.
fn namesakes(h: &Harness<'_>, of: &Volume) -> CaseResult<Vec<Volume>> {
    let mut made = Vec::new();
    for (number, name) in Spelling::each(of.uuid.uuid()).into_iter().enumerate() {
        let namesake = h.create_named(&name, Some(50 + number as u64))?;
        h.patch(&namesake, calls::junction(&h.path(&format!("namesake-{number}"))))?;
        made.push(namesake);
    }
    Ok(made)
}

fn of_volumes_that_are_identifiers(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let namesakes = namesakes(h, &a)?;
    for is_deleted in [false, true] {
        if is_deleted {
            h.delete(&a)?;
        }
        let mut patches =
            vec![calls::patch(), calls::size(7), calls::junction(&h.path("a")), calls::policy("p")];
        if h.has(Feature::PatchName) {
            patches.push(calls::name(&h.name("b")));
        }
        if h.has(Feature::PatchState) {
            patches.extend([calls::offline(), calls::online()]);
        }
        for call in [calls::get(&a), calls::access(&a)] {
            let _ = h.call(&call)?;
        }
        for patch in patches {
            let _ = h.call(&calls::change(&a, patch))?;
            let _ = h.call(&calls::access(&a))?;
        }
        for namesake in &namesakes {
            h.verify_call(&calls::find(&namesake.name))?;
        }
    }
    h.refused("volume_not_found", &calls::delete(&a))
}

fn of_snapshots_that_are_identifiers(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    for namesake in namesakes(h, &a)? {
        h.snapshot(&namesake, "of-namesake")?;
    }
    let s = h.snapshot(&a, "s")?;
    h.patch(&a, calls::size(7))?;
    // Snapshots whose names are the identifiers of another and of their volume.
    for name in Spelling::each(s.uuid.uuid()).into_iter().chain(Spelling::each(a.uuid.uuid())) {
        h.snapshot(&a, &name)?;
    }
    h.create_named(&s.uuid.to_string(), None)?;
    let all = |of: &Snapshot| -> CaseResult {
        let _ = h.call(&calls::get_snapshot(&a, of))?;
        if h.has(Feature::RenameSnapshot) {
            let _ = h.call(&calls::rename_snapshot(&a, of, "t"))?;
            let _ = h.call(&calls::rename_snapshot(&a, of, "s"))?;
        }
        let _ = h.call(&calls::find_snapshot(&a, &of.uuid.to_string()))?;
        Ok(())
    };
    let _ = h.call(&calls::snapshots(&a))?;
    all(&s)?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    all(&s)?;
    h.refused("snapshot_not_found", &calls::delete_snapshot(&a, &s))?;
    if h.has(Feature::RestoreSnapshot) {
        let t = h.snapshot(&a, "t")?;
        h.patch(&a, calls::size(9))?;
        h.snapshot(&a, &t.uuid.to_string())?;
        h.returns_volume(&calls::restore(&a, &t))?;
        h.snapshot(&a, &t.uuid.to_string())?;
        h.succeeds(&calls::delete_snapshot(&a, &t))?;
        h.refused("snapshot_not_found", &calls::restore(&a, &t))?;
    }
    h.delete(&a)?;
    all(&s)?;
    let _ = h.call(&calls::snapshots(&a))?;
    h.refused("volume_not_found", &calls::snapshot(&a, "u"))
}

fn of_clones_that_are_identifiers(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let (r, s) = (h.snapshot(&a, "r")?, h.snapshot(&a, "s")?);
    // A snapshot, a clone and a volume whose names are identifiers of others.
    let of_name = h.snapshot(&a, &s.uuid.to_string())?;
    let clone = h.clone(&a, &s, "clone")?;
    let namesake = h.returns_volume(&calls::clone(&a, &r, &clone.uuid.to_string()))?;
    h.returns_volume(&calls::clone(&a, &of_name, &a.uuid.to_string()))?;
    // Another clone, now that a volume has the name of its parent's identifier.
    h.clone(&a, &s, "late").and_then(|late| h.delete(&late))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    if h.has(Feature::SplitClone) {
        h.returns_volume(&calls::split(&clone))?;
        h.refused("invalid_argument", &calls::split(&clone))?;
    }
    h.delete(&clone)?;
    h.refused("volume_not_found", &calls::delete(&clone))?;
    if h.has(Feature::SplitClone) {
        h.refused("volume_not_found", &calls::split(&clone))?;
    }
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.refused("snapshot_not_found", &calls::clone(&a, &s, &h.name("d")))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.succeeds(&calls::get(&namesake))
}
