//! How a client reaches a volume's data.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How a client reaches the data of a volume. In text the first field is `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccessHandle {
    /// No access: the backend stores records and no data.
    InMemory,
    /// An NFS export.
    NfsExport {
        /// Host name or address.
        server: String,
        /// Path of the export on the server.
        path: String,
    },
    /// A presigned S3 URL.
    S3Presigned {
        /// The URL, signature included.
        url: String,
        /// When the signature stops working.
        expires_at: Timestamp,
    },
    /// A reference in a Git repository.
    GitRef {
        /// The repository's URL.
        remote: String,
        /// The full name of the reference.
        ref_name: String,
    },
    /// A Perforce stream.
    P4Stream {
        /// The server, as `P4PORT` names it.
        p4port: String,
        /// The stream's depot path.
        stream: String,
    },
    /// A volume on a real ONTAP system.
    OntapPassthrough {
        /// Address of the management interface.
        mgmt_lif: String,
        /// Address of the data interface.
        data_lif: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word() {
        let text = |handle: &AccessHandle| serde_json::to_string(handle).unwrap();
        let (a, b) = (String::new, String::new);
        let handles = [
            (AccessHandle::InMemory, r#"{"kind":"in_memory"}"#),
            (
                AccessHandle::NfsExport { server: a(), path: b() },
                r#"{"kind":"nfs_export","server":"","path":""}"#,
            ),
            (
                AccessHandle::S3Presigned { url: a(), expires_at: Timestamp::UNIX_EPOCH },
                r#"{"kind":"s3_presigned","url":"","expires_at":"1970-01-01T00:00:00Z"}"#,
            ),
            (
                AccessHandle::GitRef { remote: a(), ref_name: b() },
                r#"{"kind":"git_ref","remote":"","ref_name":""}"#,
            ),
            (
                AccessHandle::P4Stream { p4port: a(), stream: b() },
                r#"{"kind":"p4_stream","p4port":"","stream":""}"#,
            ),
            (
                AccessHandle::OntapPassthrough { mgmt_lif: a(), data_lif: b() },
                r#"{"kind":"ontap_passthrough","mgmt_lif":"","data_lif":""}"#,
            ),
        ];
        for (handle, expected) in handles {
            assert_eq!(text(&handle), expected);
            assert_eq!(serde_json::from_str::<AccessHandle>(expected).unwrap(), handle);
        }
    }
}
