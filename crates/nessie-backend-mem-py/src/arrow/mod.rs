//! The Arrow `PyCapsule` interface: columns from other libraries and columns for them.

pub(crate) mod cast;
pub(crate) mod export;
pub(crate) mod import;
