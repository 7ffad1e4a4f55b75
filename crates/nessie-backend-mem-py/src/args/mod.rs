//! Python arguments into the types of the core.

pub(crate) mod batch;
pub(crate) mod columns;
pub(crate) mod scalars;
