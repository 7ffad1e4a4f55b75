//! The objects that requests create beside volumes and snapshots, as policies.
//!
//! They outlast the epochs of backends. What belongs to a volume is in
//! [`side_data`](crate::side_data).

mod export_policy;
mod table;

use serde::{Deserialize, Serialize};

pub(crate) use export_policy::{DEFAULT as DEFAULT_EXPORT_POLICY, ExportPolicy};
pub(crate) use table::Table;

/// The configuration of one SVM. Changes hold the SVM's write lock.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SvmConfiguration {
    pub(crate) export_policies: Table<ExportPolicy>,
}

impl Default for SvmConfiguration {
    /// The configuration of a new SVM.
    fn default() -> Self {
        Self { export_policies: [ExportPolicy::default()].into_iter().collect() }
    }
}
