//! For language bindings: records in the form that is fastest to convert, and the calls that return
//! them. Rust callers use the traits of `nessie-backend-core`. Any release can change this module.

pub(crate) mod calls;
pub(crate) mod records;
mod times;
mod view;

pub use self::calls::Rows;
pub use self::records::{OptionalFields, RowOrigin, SnapshotRow, VolumeRow};
pub use self::view::IntoRows;
