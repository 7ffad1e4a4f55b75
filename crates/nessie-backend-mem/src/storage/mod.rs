//! How records lie in memory: slots in copy-on-write chunks, lists through them, and indexes.

pub(crate) mod ids;
pub(crate) mod index;
pub(crate) mod list;
pub(crate) mod slab;
pub(crate) mod text;
