//! Export policies.

use nessie_ontap_protocol::ApiError;
use serde::{Deserialize, Serialize};

use super::{ExportRules, HasName};

/// An export policy. Its number in the table is the lower half of its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ExportPolicy {
    pub(crate) name: String,
    pub(crate) rules: ExportRules,
}

/// The policy that every SVM has.
pub(crate) const DEFAULT: &str = "default";

/// Its number.
pub(crate) const DEFAULT_NUMBER: u64 = 1;

impl Default for ExportPolicy {
    fn default() -> Self {
        Self { name: DEFAULT.to_owned(), rules: ExportRules::default() }
    }
}

impl HasName for ExportPolicy {
    fn name(&self) -> &str {
        &self.name
    }
}

impl ExportPolicy {
    /// Accepts a name of 1 to 256 characters without spaces and control characters.
    pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
        let refuse = |code, rule| {
            let shown: String = name.chars().take(64).collect();
            let message = format!("The export policy name {shown:?} {rule}.");
            Err(ApiError::new(400, code, message).about("name"))
        };
        if name.is_empty() {
            return refuse(1_703_950, "is empty");
        }
        if name.contains(' ') {
            return refuse(1_703_952, "has a space");
        }
        if name.chars().any(char::is_control) {
            return refuse(1_703_950, "has a control character");
        }
        if name.chars().count() > 256 {
            return refuse(1_704_047, "has more than 256 characters");
        }
        Ok(())
    }
}
