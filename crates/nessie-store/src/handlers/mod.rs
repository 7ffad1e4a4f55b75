//! The operations, one file for each kind of object, and shared code.
//!
//! * [`context`]: the request and the replies that every operation can give;
//! * [`collection`]: the operations that all kinds of objects share;
//! * [`resource`]: the operations on objects other than volumes and snapshots;
//! * [`lookup`]: finds the SVMs, volumes, snapshots and aggregates that requests name;
//! * [`operation_query`]: the query parameters of an operation;
//! * [`outcome`]: the replies to changes, and their jobs;
//! * [`names`], [`permissions`], [`reference`]: parts of request bodies.

mod collection;
mod context;
mod lookup;
mod names;
mod operation_query;
mod outcome;
mod permissions;
mod reference;

pub(crate) mod cli;
pub(crate) mod cluster;
pub(crate) mod counters;
pub(crate) mod dns;
pub(crate) mod empty;
pub(crate) mod ems;
pub(crate) mod export_clients;
pub(crate) mod export_policies;
pub(crate) mod export_rules;
pub(crate) mod files;
pub(crate) mod jobs;
pub(crate) mod metrics;
pub(crate) mod nfs_services;
pub(crate) mod qos_policies;
pub(crate) mod qtrees;
pub(crate) mod quota_reports;
pub(crate) mod quota_rules;
pub(crate) mod recovery_queue;
pub(crate) mod resource;
pub(crate) mod schedules;
pub(crate) mod snapshot_policies;
pub(crate) mod snapshot_policy_schedules;
pub(crate) mod snapshots;
pub(crate) mod svm;
pub(crate) mod svms;
pub(crate) mod volumes;
pub(crate) mod zapi;

pub(crate) use context::{HandlerResult, RequestContext};
#[cfg(feature = "simulator")]
pub(crate) use names::check_svm;
pub(crate) use reference::Reference;
