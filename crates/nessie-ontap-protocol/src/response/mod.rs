//! Replies: one page of a collection, and the JSON around records and jobs.

mod page;
pub mod reply;

pub use page::Page;
