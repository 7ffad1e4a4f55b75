//! The rules of values, as functions with which a backend checks its arguments.
//!
//! A function fails with a [`BackendError::InvalidArgument`] that names the argument, the value and
//! the rule. It only checks the value: whether a name is free, only the backend knows.
//!
//! The rules of [`ontap`] are stricter.

pub mod ontap;

use std::collections::HashSet;

use crate::{BackendError, Result, SnapshotPolicy, SnapshotRule, VolumePatch, VolumeSpec};

/// The longest volume name, in characters: ONTAP's limit for a `FlexVol`.
pub const MAX_VOLUME_NAME: usize = 203;
/// The longest snapshot name, in characters: ONTAP's limit.
pub const MAX_SNAPSHOT_NAME: usize = 255;
/// The longest junction path, in bytes of UTF-8.
pub const MAX_JUNCTION_PATH: usize = 4096;
/// The longest export policy name, in characters: ONTAP's limit.
pub const MAX_EXPORT_POLICY: usize = 256;

/// The longest prefix of a snapshot rule, in characters: a dot and the time make it the longest
/// snapshot name.
pub const MAX_SNAPSHOT_PREFIX: usize = MAX_SNAPSHOT_NAME - ".YYYY-MM-DD_HHMM".len();

/// A volume name: 1 to 203 of `A–Z a–z 0–9 _ - . :`, the first a letter, digit or `_`.
///
/// ONTAP does not allow `-`, `.` and `:` (see [`ontap::volume_name`]); other storage systems do.
pub fn volume_name(name: &str) -> Result<()> {
    object_name("name", name, MAX_VOLUME_NAME)
}

/// A snapshot name: 1 to 255 of `A–Z a–z 0–9 _ - . :`, the first a letter, digit or `_`.
pub fn snapshot_name(name: &str) -> Result<()> {
    object_name("name", name, MAX_SNAPSHOT_NAME)
}

/// The prefix of a snapshot rule: 1 to 239 of `A–Z a–z 0–9 _ - . :`, the first a letter, digit or
/// `_`.
pub fn snapshot_prefix(prefix: &str) -> Result<()> {
    object_name("prefix", prefix, MAX_SNAPSHOT_PREFIX)
}

/// The rules of a snapshot policy: at least one, each with a valid prefix of its own and with at least
/// one snapshot to keep.
pub fn snapshot_rules(rules: &[SnapshotRule]) -> Result<()> {
    let refuse =
        |reason: String| Err(BackendError::InvalidArgument { argument: "rules".into(), reason });
    if rules.is_empty() {
        return refuse("are empty; a policy has at least one rule".to_owned());
    }
    let mut prefixes = HashSet::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        if let Err(error) = snapshot_prefix(&rule.prefix) {
            return refuse(format!("at position {index}: {error}"));
        }
        if rule.keep == 0 {
            return refuse(format!("at position {index}: keep 0 {KEEP}"));
        }
        if !prefixes.insert(rule.prefix.as_str()) {
            let prefix = &rule.prefix;
            let rule = "is that of another rule; each rule has its own";
            return refuse(format!("at position {index}: prefix {prefix:?} {rule}"));
        }
    }
    Ok(())
}

/// The name and the rules of a snapshot policy.
pub fn snapshot_policy(policy: &SnapshotPolicy) -> Result<()> {
    volume_name(&policy.name)?;
    snapshot_rules(&policy.rules)
}

/// The rule of the number of kept snapshots, for messages; the number precedes it.
pub const KEEP: &str = "is out of range; a rule keeps 1 to 2^64-1 snapshots";

/// Which bytes are valid in a name.
#[expect(clippy::indexing_slicing, reason = "128 is within 256, and this runs in the compiler")]
const IN_NAMES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        allowed[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        byte += 1;
    }
    allowed
};

fn object_name(argument: &'static str, name: &str, longest: usize) -> Result<()> {
    let refuse = |rule: String| Err(BackendError::invalid(argument, name, rule));
    let allowed = |byte: u8| IN_NAMES.get(usize::from(byte)) == Some(&true);
    let Some(&first) = name.as_bytes().first() else {
        return refuse(format!("is empty; a {argument} has 1 to {longest} characters"));
    };
    // Without an early exit, because hardly any name has an invalid byte.
    if !name.bytes().fold(true, |all, byte| all & allowed(byte)) {
        let culprit =
            name.chars().find(|c| !u8::try_from(*c).is_ok_and(allowed)).unwrap_or_default();
        return refuse(format!("has the character {culprit:?}; allowed are A-Z a-z 0-9 _ - . :"));
    }
    if name.len() > longest {
        return refuse(format!("is too long; a {argument} has at most {longest} characters"));
    }
    if !(first.is_ascii_alphanumeric() || first == b'_') {
        return refuse(format!(
            "starts with {:?}; the first character is a letter, digit or _",
            char::from(first)
        ));
    }
    Ok(())
}

/// The rule of sizes, for messages; the number precedes it.
pub const SIZE_BYTES: &str = "is out of range; a size is from 1 to 2^64-1 bytes";

/// A quota: at least one byte.
pub fn size_bytes(size: u64) -> Result<()> {
    if size == 0 {
        return Err(BackendError::InvalidArgument {
            argument: "size_bytes".into(),
            reason: format!("0 {SIZE_BYTES}"),
        });
    }
    Ok(())
}

/// A mount point: starts with `/`, is not `/`, has no empty, `.` or `..` component, no trailing
/// `/` and no control character, and is at most 4096 bytes long.
pub fn junction_path(path: &str) -> Result<()> {
    let refuse = |rule: &str| Err(BackendError::invalid("junction_path", path, rule));
    let Some(components) = path.strip_prefix('/') else {
        return refuse("does not start with /");
    };
    if components.is_empty() {
        return refuse("is the root, where no volume can be mounted");
    }
    if path.len() > MAX_JUNCTION_PATH {
        return refuse("is longer than 4096 bytes");
    }
    if path.contains(char::is_control) {
        return refuse("has a control character");
    }
    if components.ends_with('/') {
        return refuse("ends with /");
    }
    if components.split('/').any(|component| matches!(component, "" | "." | "..")) {
        return refuse("has an empty, . or .. component");
    }
    Ok(())
}

/// The name of an export policy: 1 to 256 characters, none a control character.
pub fn export_policy(name: &str) -> Result<()> {
    let refuse = |rule: &str| Err(BackendError::invalid("export_policy", name, rule));
    if name.is_empty() {
        return refuse("is empty; a policy name has 1 to 256 characters");
    }
    if name.chars().count() > MAX_EXPORT_POLICY {
        return refuse("is longer than 256 characters");
    }
    if name.contains(char::is_control) {
        return refuse("has a control character");
    }
    Ok(())
}

/// All values of a specification.
pub fn volume_spec(spec: &VolumeSpec) -> Result<()> {
    volume_name(&spec.name)?;
    spec.size_bytes.map_or(Ok(()), size_bytes)
}

/// All values of a patch.
pub fn volume_patch(patch: &VolumePatch) -> Result<()> {
    if let Some(size) = patch.size_bytes {
        size_bytes(size)?;
    }
    if let Some(path) = patch.junction_path.as_deref().filter(|path| !path.is_empty()) {
        junction_path(path)?;
    }
    if let Some(policy) = &patch.export_policy {
        export_policy(policy)?;
    }
    if let Some(name) = &patch.name {
        volume_name(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<()>, because: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
        assert!(error.to_string().contains(because), "{error}");
    }

    #[test]
    fn names_of_the_grammar_pass() {
        for name in ["a", "_", "0", "Z-9.b:c_", "build-cache-pr1234", &"x".repeat(203)] {
            volume_name(name).unwrap();
        }
        snapshot_name(&"x".repeat(255)).unwrap();
    }

    #[test]
    fn names_outside_the_grammar_are_refused() {
        refused(volume_name(""), "is empty");
        refused(volume_name(&"x".repeat(204)), "at most 203");
        refused(snapshot_name(&"x".repeat(256)), "at most 255");
        for (name, culprit) in [("a b", "' '"), ("a/b", "'/'"), ("é", "'é'"), ("a\0", "'\\0'")] {
            refused(volume_name(name), culprit);
        }
        for name in ["-a", ".a", ":a"] {
            refused(volume_name(name), "starts with");
        }
    }

    #[test]
    fn junction_paths_follow_their_rules() {
        for path in ["/a", "/a/b.c", "/...", "/with space/é", &format!("/{}", "x".repeat(4095))] {
            junction_path(path).unwrap();
        }
        refused(junction_path(""), "does not start");
        refused(junction_path("a"), "does not start");
        refused(junction_path("/"), "is the root");
        refused(junction_path("/a/"), "ends with");
        for path in ["//a", "/a//b", "/.", "/a/../b"] {
            refused(junction_path(path), "component");
        }
        for path in ["/a\n", "/\u{7f}", "/\u{85}"] {
            refused(junction_path(path), "control");
        }
        refused(junction_path(&format!("/{}", "é".repeat(2048))), "4096");
    }

    #[test]
    fn policies_and_sizes_follow_their_rules() {
        export_policy(&"é".repeat(256)).unwrap();
        refused(export_policy(""), "is empty");
        refused(export_policy(&"é".repeat(257)), "256");
        refused(export_policy("a\tb"), "control");
        size_bytes(1).unwrap();
        size_bytes(u64::MAX).unwrap();
        refused(size_bytes(0), "from 1 to 2^64-1");
    }

    #[test]
    fn policies_have_rules_with_distinct_valid_prefixes() {
        let rule =
            |prefix: &str, keep| SnapshotRule::new("0 0 * * *".parse().unwrap(), prefix, keep);
        let longest = "x".repeat(MAX_SNAPSHOT_PREFIX);
        let good = [rule("a", 1), rule(&longest, u64::MAX)];
        snapshot_policy(&SnapshotPolicy::new("p", good.clone())).unwrap();
        snapshot_name(&good[1].snapshot_name(crate::Timestamp::MAX)).unwrap();
        refused(snapshot_policy(&SnapshotPolicy::new("p q", good)), "name");
        refused(snapshot_rules(&[]), "rules are empty");
        refused(
            snapshot_rules(&[rule("a", 1), rule("", 1)]),
            "rules at position 1: prefix \"\" is",
        );
        refused(snapshot_rules(&[rule("a/b", 1)]), "'/'");
        refused(snapshot_rules(&[rule("-a", 1)]), "starts with");
        refused(snapshot_rules(&[rule(&format!("{longest}x"), 1)]), "at most 239");
        refused(snapshot_rules(&[rule("a", 0)]), "keep 0 is out of range");
        refused(snapshot_rules(&[rule("a", 1), rule("a", 2)]), "that of another rule");
    }

    #[test]
    fn a_patch_is_checked_field_by_field_and_the_empty_junction_path_passes() {
        volume_patch(&VolumePatch::new()).unwrap();
        volume_patch(&VolumePatch::new().junction_path("")).unwrap();
        refused(volume_patch(&VolumePatch::new().size_bytes(0)), "size_bytes");
        refused(volume_patch(&VolumePatch::new().junction_path("a")), "junction_path");
        refused(volume_patch(&VolumePatch::new().export_policy("")), "export_policy");
        refused(volume_patch(&VolumePatch::new().name("")), "name");
    }
}
