//! How records lie in memory.
//!
//! ```text
//!  Slab<VolumeRecord>                        Index (names of volumes)
//!  ├─ Arc<Chunk> ─ 512 records, their texts  ├─ Arc<Bucket> ─ up to 448 hashes and slots
//!  ├─ Arc<Chunk>                             ├─ Arc<Bucket>
//!  └─ …                                      └─ …
//! ```
//!
//! * A [`slab`] keeps the records of a kind in chunks of 512. The *slot* of a record is the number
//!   of its place, and records refer to each other by slots, which take four bytes. A new record
//!   gets the lowest vacant slot.
//! * [`ids`]: the identifier of a record is its slot and its *serial*, encrypted. A [`serial`] is never
//!   used twice, so neither is an identifier. A record is found from its identifier by decrypting
//!   it: no table from identifiers to slots exists.
//! * A [`list`] links records in order of creation, or the clones of one parent, by the slots of
//!   the neighbours in each record.
//! * An [`index`] finds a record from the hash of its name. It holds hashes and slots; the names are
//!   in the records.
//! * A [`table`] keeps values by slot outside of the records, for data that few backends have.
//! * [`text`]: the names of snapshots and the export policies of a chunk are packed into one
//!   string.
//!
//! Chunks and buckets are shared between copies of a backend. A copy costs one reference count for
//! each, and the first write to a shared chunk or bucket copies that one alone.
//!
//! A *serial* is an epoch and a number. The numbers count the records that were created. The epoch
//! is random and drawn anew in a forked process, where the copy of the backend counts from the same
//! number as its parent. All records of a chunk have one epoch, which is kept once: a chunk with
//! records of another epoch takes no new ones until it is empty. So the slots and serials of the
//! next records follow from the records present, the epoch and the number of the last record, and
//! a dump need not describe the slabs.
//!
//! This module is independent of volumes and snapshots; `state` defines the records.

pub(crate) mod ids;
pub(crate) mod index;
pub(crate) mod list;
pub(crate) mod serial;
pub(crate) mod slab;
pub(crate) mod table;
pub(crate) mod text;
