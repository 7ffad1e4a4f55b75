//! The interpreter and the process: its lock, signals, forks, exit, memory and files.

pub(crate) mod exit;
pub(crate) mod files;
pub(crate) mod fork;
pub(crate) mod freed;
pub(crate) mod interrupt;
pub(crate) mod long;
pub(crate) mod whole_file;
