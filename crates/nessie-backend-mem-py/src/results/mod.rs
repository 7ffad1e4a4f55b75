//! The results of the core into Python objects.

pub(crate) mod html;
pub(crate) mod records;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod uuids;
