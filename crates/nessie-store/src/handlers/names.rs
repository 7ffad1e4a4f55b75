//! ONTAP's rules for names. Backends accept more.

use std::fmt;

use nessie_backend_core::rules::MAX_SNAPSHOT_NAME;
use nessie_backend_core::rules::ontap::{self, NameFault};
use nessie_ontap_protocol::ApiError;

/// Accepts a volume name that ONTAP's rule accepts.
pub(super) fn check_volume(name: &str) -> Result<(), ApiError> {
    ontap::volume_name(name).map_err(|fault| {
        let code = match fault {
            NameFault::Empty | NameFault::FirstCharacter(_) => 917_887,
            NameFault::Character(_) => 917_888,
            NameFault::TooLong => 917_886,
        };
        refusal("volume", name, code, fault)
    })
}

/// Accepts the name of an SVM: 1 to 47 letters, digits, underscores, hyphens and dots, of which the first
/// is a letter or an underscore. `all` is reserved.
pub(crate) fn check_svm(name: &str) -> Result<(), ApiError> {
    let refuse = |code, rule: &str| Err(refusal("SVM", name, code, rule));
    let Some(first) = name.chars().next() else {
        return refuse(2_621_685, "is empty; a name has 1 to 47 characters");
    };
    if name.eq_ignore_ascii_case("all") {
        return refuse(2_621_685, "is reserved");
    }
    if !(first.is_ascii_alphabetic() || first == '_') {
        let rule = format!(
            "begins with {}; the first character is a letter (A-Z, a-z) or \"_\"",
            shown(first)
        );
        return refuse(2_621_685, &rule);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if let Some(wrong) = name.chars().find(|c| !allowed(*c)) {
        let rule = format!("has the character {}; {ALLOWED}, \"_\", \"-\" and \".\"", shown(wrong));
        return refuse(2_621_685, &rule);
    }
    if name.len() > MAX_SVM_NAME {
        return refuse(13_434_911, &format!("has more than {MAX_SVM_NAME} characters"));
    }
    Ok(())
}

/// The longest name of an SVM.
const MAX_SVM_NAME: usize = 47;

/// Accepts a snapshot name: 1 to 255 letters, digits, underscores, hyphens and dots; the first is
/// neither a hyphen nor a dot.
pub(super) fn check_snapshot(name: &str) -> Result<(), ApiError> {
    let refuse = |code, rule: &str| Err(refusal("snapshot", name, code, rule));
    if name.starts_with(RESERVED) {
        return refuse(1_638_477, &format!("begins with {RESERVED:?}, which is reserved"));
    }
    let Some(first) = name.chars().next() else {
        let rule = format!("is empty; a name has 1 to {MAX_SNAPSHOT_NAME} characters");
        return refuse(1_638_518, &rule);
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if let Some(wrong) = name.chars().find(|c| !allowed(*c)) {
        let rule = format!("has the character {}; {ALLOWED}, \"_\", \"-\" and \".\"", shown(wrong));
        return refuse(1_638_518, &rule);
    }
    if !(first.is_ascii_alphanumeric() || first == '_') {
        let rule = format!(
            "begins with {}; the first character is a letter (A-Z, a-z), a digit (0-9) or \"_\"",
            shown(first)
        );
        return refuse(1_638_518, &rule);
    }
    if name.len() > MAX_SNAPSHOT_NAME {
        return refuse(1_638_518, &format!("has more than {MAX_SNAPSHOT_NAME} characters"));
    }
    Ok(())
}

/// The prefix of snapshots that replication creates.
const RESERVED: &str = "snapmirror.";

const ALLOWED: &str = "allowed are letters (A-Z, a-z), digits (0-9)";

fn shown(character: char) -> String {
    format!("{:?}", character.to_string())
}

fn refusal(kind: &str, name: &str, code: u32, rule: impl fmt::Display) -> ApiError {
    let name: String = name.chars().take(64).collect();
    ApiError::new(400, code, format!("The {kind} name {name:?} {rule}.")).about("name")
}
