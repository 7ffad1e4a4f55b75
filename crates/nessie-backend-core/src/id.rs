//! Identifiers of volumes and snapshots.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::BackendError;

/// Defines an identifier type: a UUID that cannot be mistaken for another kind's.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $argument:literal) => {
        $(#[$doc])*
        ///
        /// Parses every standard spelling of a UUID: canonical, upper case, without hyphens,
        /// `urn:uuid:`, in braces. Prints the canonical one in lower case.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier with this UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<Uuid> for $name {
            fn as_ref(&self) -> &Uuid {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BackendError;

            /// # Errors
            /// [`BackendError::InvalidArgument`] if `text` is not a UUID.
            fn from_str(text: &str) -> Result<Self, BackendError> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| BackendError::invalid($argument, text, "is not a UUID"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

identifier!(
    /// The identifier of a volume. A backend never uses one twice, not even after a delete.
    VolumeId,
    "vol_uuid"
);
identifier!(
    /// The identifier of a snapshot. A backend never uses one twice, not even after a delete.
    SnapshotId,
    "snap_uuid"
);

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

    #[test]
    fn every_standard_spelling_reads_as_the_canonical_one() {
        for text in [
            CANONICAL,
            "67E55044-10B1-426F-9247-BB680E5FE0C8",
            "67e5504410b1426f9247bb680e5fe0c8",
            "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
        ] {
            let id: VolumeId = text.parse().unwrap();
            assert_eq!(id.to_string(), CANONICAL, "read from {text}");
        }
    }

    #[test]
    fn text_that_is_not_a_uuid_is_refused_with_argument_and_value() {
        let error = "67e55044".parse::<SnapshotId>().unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
        assert_eq!(error.target().as_deref(), Some("snap_uuid"));
        assert!(error.to_string().contains("67e55044"), "{error}");
    }

    #[test]
    fn an_identifier_converts_to_its_uuid_and_back() {
        let uuid = Uuid::parse_str(CANONICAL).unwrap();
        let id = VolumeId::from(uuid);
        assert_eq!((Uuid::from(id), *id.as_ref(), id.uuid()), (uuid, uuid, uuid));
        assert_eq!(Uuid::from(SnapshotId::from(uuid)), uuid);
    }

    #[test]
    fn serde_text_is_the_canonical_spelling() {
        let id: VolumeId = CANONICAL.parse().unwrap();
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, format!("\"{CANONICAL}\""));
        assert_eq!(serde_json::from_str::<VolumeId>(&text).unwrap(), id);
    }
}
