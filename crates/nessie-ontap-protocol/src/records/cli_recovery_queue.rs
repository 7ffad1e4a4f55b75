//! The recovery queue in the format of ONTAP's command line.

use std::sync::Arc;

use nessie_backend_core::Timestamp;

use super::SvmContext;
use crate::{DocumentedFields, FieldKind, Schema};

/// A deleted volume in the format of the command line.
#[derive(Clone, Debug)]
pub struct CliDeletedVolumeRecord {
    /// Its SVM.
    pub svm_context: Arc<SvmContext>,
    /// Its name, which ends with a number.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// How long it is kept.
    pub retention_hours: u64,
}

/// `/api/private/cli/volume/recovery-queue`.
pub static CLI_RECOVERY_QUEUE: Schema<CliDeletedVolumeRecord> = Schema {
    name: "cli_recovery_queue",
    documented: DocumentedFields::none(),
    order: &["vserver", "volume"],
    hidden: &[],
    fields: fields![
        "deletion_request_time" FieldKind::Time, Default, Never => |v| v.deleted_at.into();
        "retention_hours" FieldKind::Integer, Default, Patch => |v| v.retention_hours.into();
        "volume" FieldKind::Text, Key, Post => |v| (&v.name).into();
        "vserver" FieldKind::Text, Key, Post => |v| (&v.svm_context.svm.name).into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};
