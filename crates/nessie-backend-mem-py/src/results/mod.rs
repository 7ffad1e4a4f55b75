//! Results of the core as Python objects.

pub(crate) mod html;
pub(crate) mod records;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod uuids;
