//! For language bindings: records in the form that is quickest to turn into other objects, and the
//! calls that return them. Rust callers use the traits of `nessie-backend-core`. This module can
//! change in any release.

pub(crate) mod calls;
pub(crate) mod records;

pub use self::calls::Rows;
pub use self::records::{OptionalFields, RowOrigin, SnapshotRow, VolumeRow};
pub use crate::view::IntoRows;
