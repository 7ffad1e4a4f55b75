//! Requests: the URL, its parameters and the JSON body, read and checked against a schema.

mod body;
mod body_arrays;
mod body_check;
mod body_keys;
mod condition;
mod fields;
mod filter;
mod json;
mod method;
mod order;
mod paging;
mod query;
mod size;
pub(crate) mod spelling;
mod time;
mod typed;
mod url;

pub use body::{Bodies, Body};
pub use fields::Selection;
pub use filter::Filter;
pub use method::Method;
pub use order::OrderBy;
pub use paging::Paging;
pub use query::Query;
pub(crate) use url::ENCODED;
pub use url::Url;
