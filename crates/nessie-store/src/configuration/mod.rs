//! The objects that requests create beside volumes and snapshots, as policies.
//!
//! They outlast the epochs of backends. What belongs to a volume is in
//! [`side_data`](crate::side_data).

mod client_match;
mod export_policy;
mod export_rules;
mod named_table;
mod table;

use serde::{Deserialize, Serialize};

pub(crate) use client_match::check as check_client_match;
pub(crate) use export_policy::{
    DEFAULT as DEFAULT_EXPORT_POLICY, DEFAULT_NUMBER as DEFAULT_EXPORT_POLICY_NUMBER, ExportPolicy,
};
pub(crate) use export_rules::{ExportRules, new_export_rule};
pub(crate) use named_table::{HasName, NamedTable};
pub(crate) use table::Table;

/// The configuration of one SVM. Changes hold the SVM's write lock.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SvmConfiguration {
    pub(crate) export_policies: NamedTable<ExportPolicy>,
}

impl Default for SvmConfiguration {
    /// The configuration of a new SVM.
    fn default() -> Self {
        Self { export_policies: [ExportPolicy::default()].into_iter().collect() }
    }
}
