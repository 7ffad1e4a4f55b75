//! Arguments from Python as values of the core.

pub(crate) mod columns;
pub(crate) mod items;
pub(crate) mod limits;
pub(crate) mod policies;
pub(crate) mod restrictions;
pub(crate) mod scalars;
pub(crate) mod time;
