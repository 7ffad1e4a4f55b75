//! Results of the core as Python objects.

pub(crate) mod html;
pub(crate) mod records;
pub(crate) mod table;
mod templates;
pub(crate) mod time;
pub(crate) mod uuids;
