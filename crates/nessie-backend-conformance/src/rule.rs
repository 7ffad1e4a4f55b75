//! The rules of the contract.

/// A rule of the contract: a sentence that a backend can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The number of the section, a dot and a word, such as `2.volume_names`.
    pub id: &'static str,
    /// The title of its section.
    pub section: &'static str,
    /// The promise of a backend.
    pub text: &'static str,
}

/// Lists the rules by section.
macro_rules! rules {
    ($($section:literal: { $($id:literal: $text:literal,)+ })+) => {
        const RULES: &[Rule] = &[$($(Rule { id: $id, section: $section, text: $text },)+)+];
    };
}

rules! {
    "Records": {
        "1.volume": "A volume has every field, each of its kind and within its rule.",
        "1.size": "`size_bytes` is the quota, 1 to 2^64-1 bytes kept exactly, or none.",
        "1.state": "A volume is online at creation, then in the state last set.",
        "1.kind": "A volume's style is flexvol; volumes and clones are rw.",
        "1.create_time": "A record's `create_time` is when it was created, and never changes.",
        "1.unset": "The keys of mount, policy and origin are each absent while there is none.",
        "1.origin": "A clone, and only a clone, names its parent volume and snapshot and their \
                     identifiers.",
        "1.origin_names": "The names in a clone's origin are the parents' present names.",
        "1.snapshot": "A snapshot has every field, each of its kind and within its rule.",
        "1.fresh": "Results are fresh: changing one changes neither the backend nor another.",
        "1.capabilities": "Clones and replication each imply snapshots.",
        "1.honest": "An advertised tier works; the operations of any other answer \
                     feature_not_supported.",
        "1.tier_object": "A tier object is the same backend: it offers the same tiers, and each of \
                          its operations does what the backend's does.",
        "1.access": "An access handle describes how a client reaches the data.",
    }
    "Values": {
        "2.volume_names": "A volume name has 1 to 203 of A-Z a-z 0-9 _ - . :, the first a letter, \
                           digit or _.",
        "2.snapshot_names": "A snapshot name has 1 to 255 of the same characters.",
        "2.case": "Names are case-sensitive.",
        "2.volume_name_unique": "A volume's name is unique in the backend.",
        "2.snapshot_name_unique": "A snapshot's name is unique in its volume, free across volumes.",
        "2.exact": "A name is kept exactly as given.",
        "2.free_again": "A name is free again the moment its owner is deleted or renamed.",
        "2.junction_path": "A junction path starts with /, is not /, has no empty, . or .. \
                            component, no trailing / and no control character, and at most 4096 \
                            bytes.",
        "2.junction_unique": "A junction path is unique among volumes, ignoring ASCII case.",
        "2.unmount": "The empty junction path in a patch unmounts.",
        "2.export_policy": "An export policy has 1 to 256 characters, none a control character.",
        "2.uuid_form": "Identifiers have the form of RFC 9562 version 4.",
        "2.uuid_once": "An identifier is never used twice in one backend, not even after a delete.",
    }
    "Operations": {
        "3.atomic": "An operation succeeds completely, or it fails and changes nothing.",
        "3.independent": "Two backends share nothing: a call on one neither changes the other nor \
                          takes a name or path there.",
        "3.linearizable": "Operations on one backend from many threads are linearizable.",
        "3.order": "Checks run in order: existence (volume before snapshot), value, state, \
                    conflict.",
        "3.create_volume": "create_volume creates an online rw volume without snapshots.",
        "3.create_volume.refuses": "create_volume refuses bad values and a taken name.",
        "3.list_volumes": "list_volumes gives all volumes in order of creation.",
        "3.get_volume": "get_volume gives one volume.",
        "3.get_volume.refuses": "get_volume refuses an identifier that no volume has.",
        "3.find_volume": "find_volume gives the volume of a name, or nothing.",
        "3.patch_volume": "patch_volume changes the given fields and nothing else.",
        "3.patch_volume.resize": "Growing and shrinking both work; clone and parent are \
                                  independent.",
        "3.patch_volume.refuses": "patch_volume refuses a missing volume, bad values, a taken name \
                                   or path, and a resize of a volume that is not online unless \
                                   the same patch brings it online.",
        "3.delete_volume": "delete_volume deletes a volume in any state, with its snapshots.",
        "3.delete_volume.refuses": "delete_volume refuses a missing volume, and one with a \
                                    snapshot that a clone depends on.",
        "3.access_handle": "access_handle answers for an online volume.",
        "3.access_handle.refuses": "access_handle refuses a missing volume and one not online.",
        "3.create_snapshot": "create_snapshot takes a point-in-time snapshot.",
        "3.create_snapshot.refuses": "create_snapshot refuses a missing volume, a bad or taken \
                                      name, and a volume that is not online.",
        "3.list_snapshots": "list_snapshots gives a volume's snapshots in order of creation.",
        "3.list_snapshots.refuses": "list_snapshots refuses a missing volume.",
        "3.get_snapshot": "get_snapshot gives one snapshot of that volume.",
        "3.get_snapshot.refuses": "get_snapshot refuses a missing volume, and a snapshot that is \
                                   missing or another volume's.",
        "3.find_snapshot": "find_snapshot gives the snapshot of a name in that volume, or nothing.",
        "3.find_snapshot.refuses": "find_snapshot refuses a missing volume.",
        "3.rename_snapshot": "rename_snapshot changes the name and keeps the identifier; clones' \
                              origins follow.",
        "3.rename_snapshot.refuses": "rename_snapshot refuses a missing volume or snapshot and a \
                                      bad or taken name.",
        "3.delete_snapshot": "delete_snapshot deletes one snapshot.",
        "3.delete_snapshot.refuses": "delete_snapshot refuses a missing volume or snapshot, and a \
                                      snapshot that a clone depends on.",
        "3.restore_snapshot": "restore_snapshot restores the volume to the snapshot, its size \
                               too; newer snapshots are deleted.",
        "3.restore_snapshot.refuses": "restore_snapshot refuses a missing volume or snapshot, a \
                                       volume that is not online, and a newer snapshot with a \
                                       clone.",
        "3.create_clone": "create_clone creates an online rw volume with the parent's size and \
                           export policy, no junction, no snapshots, and its origin.",
        "3.create_clone.refuses": "create_clone refuses a missing parent or snapshot, a bad or \
                                   taken name, and a parent that is not online.",
        "3.split_clone": "split_clone makes the clone a plain volume; its parent's snapshot is \
                          free.",
        "3.split_clone.refuses": "split_clone refuses a missing volume and one that is not a clone.",
        "3.optional": "An optional operation works, or answers feature_not_supported naming \
                       itself, and does so every time.",
        "3.offline_keeps": "An offline volume keeps its snapshots, clones, junction and name.",
    }
    "Errors": {
        "4.code": "A refusal has the kind that the contract names.",
        "4.target": "A refusal says which argument or object it is about.",
        "4.fields": "Every field of a refusal describes the object it is about.",
        "4.dependents": "A busy refusal names the first 16 dependent clones and counts them all.",
        "4.no_panic": "No input panics, aborts or poisons a backend.",
    }
    "Time": {
        "5.time": "Time never runs backwards.",
    }
    "Space": {
        "8.used_bytes": "A record with used_bytes has the size of the volume's live data there, \
                         which is at most its size_bytes.",
        "8.space": "space gives the capacity or none, the used bytes as a sum of live and snapshot \
                    bytes, and the rest of the capacity as available.",
    }
}

/// Every rule that the suite checks, in the order of the contract.
#[must_use]
pub fn rules() -> &'static [Rule] {
    RULES
}

/// The rule with this identifier.
pub(crate) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// The rule about the effect of an operation.
pub(crate) fn rule_of(operation: &str) -> &'static str {
    let is_it = |rule: &&Rule| {
        let id = rule.id.strip_prefix("3.").or_else(|| rule.id.strip_prefix("8."));
        id == Some(operation)
    };
    RULES.iter().find(is_it).map_or("3.atomic", |rule| rule.id)
}

/// The rule about the errors of an operation.
pub(crate) fn rule_of_refusals(operation: &str) -> &'static str {
    let is_it = |rule: &&Rule| {
        rule.id.strip_prefix("3.").and_then(|id| id.strip_suffix(".refuses")) == Some(operation)
    };
    RULES.iter().find(is_it).map_or("4.code", |rule| rule.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_identifier_is_used_twice_and_every_text_is_a_sentence() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(RULES[..at].iter().all(|other| other.id != rule.id), "{}", rule.id);
            assert!(rule.text.ends_with('.'), "{}", rule.id);
        }
    }

    #[test]
    fn the_rules_of_an_operation_are_found() {
        assert_eq!(rule_of("create_clone"), "3.create_clone");
        assert_eq!(rule_of("space"), "8.space");
        assert_eq!(rule_of_refusals("create_clone"), "3.create_clone.refuses");
    }
}
