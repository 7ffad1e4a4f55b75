//! The answers, one file for each kind of object.

pub(crate) mod cli;
pub(crate) mod clusters;
pub(crate) mod counters;
mod fate;
pub(crate) mod jobs;
mod names;
pub(crate) mod nothing;
pub(crate) mod policies;
mod reference;
pub(crate) mod snapshots;
pub(crate) mod svms;
mod volume_body;
mod volume_change;
mod volume_creation;
pub(crate) mod volumes;
pub(crate) mod zapi;
