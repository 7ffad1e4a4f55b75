//! The records in memory: small, and without separate allocations where possible.

use compact_str::CompactString;
use nessie_backend_core::{VolumeState, VolumeType};

use crate::storage::list::{List, Node};
use crate::storage::slab::{Header, Links, NONE, Record, Slot};
use crate::storage::text::TextRef;

/// Marks the lists in order of creation: all volumes, and the snapshots of a volume.
#[derive(Debug)]
pub(crate) enum ByCreation {}
/// Marks the list of a volume's clones, through any of its snapshots.
#[derive(Debug)]
pub(crate) enum OfParentVolume {}
/// Marks the list of a snapshot's clones.
#[derive(Debug)]
pub(crate) enum OfParentSnapshot {}

/// A volume. The fields of a read come first and fill one cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct VolumeRecord {
    pub(crate) header: Header,
    /// The parent snapshot of a clone; `NONE` for other volumes.
    pub(crate) parent_snapshot: Slot,
    /// Quota in bytes; 0 means none.
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) create_time: i64,
    /// Empty means none.
    pub(crate) export_policy: TextRef,
    pub(crate) state: VolumeState,
    pub(crate) vol_type: VolumeType,
    /// Whether there is a junction path. Saves a read of the other cache line.
    pub(crate) is_mounted: bool,
    /// Whether there is or was data: the record shows the used bytes.
    pub(crate) has_data: bool,
    /// In this cache line too if it has at most 24 characters.
    pub(crate) name: CompactString,
    // From here on, another cache line.
    pub(crate) junction: Option<Box<str>>,
    pub(crate) snapshots: List,
    /// The clones of all of this volume's snapshots.
    pub(crate) clones: List,
    /// A clone's links in the list of its parent volume's clones.
    pub(crate) in_volume: Links,
    /// A clone's links in the list of its parent snapshot's clones.
    pub(crate) in_snapshot: Links,
}

impl VolumeRecord {
    pub(crate) const fn is_clone(&self) -> bool {
        self.parent_snapshot != NONE
    }
}

impl Default for VolumeRecord {
    fn default() -> Self {
        Self {
            header: Header::default(),
            parent_snapshot: NONE,
            size: 0,
            create_time: 0,
            export_policy: TextRef::EMPTY,
            state: VolumeState::Online,
            vol_type: VolumeType::Rw,
            is_mounted: false,
            has_data: false,
            name: CompactString::const_new(""),
            junction: None,
            snapshots: List::default(),
            clones: List::default(),
            in_volume: Links::default(),
            in_snapshot: Links::default(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct SnapshotRecord {
    pub(crate) header: Header,
    pub(crate) name: TextRef,
    /// The volume's quota when the snapshot was created; 0 means none.
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) create_time: i64,
    pub(crate) volume: Slot,
    /// The slot of the snapshot's [`CloneList`]; `NONE` if it has no clones.
    pub(crate) clone_list: Slot,
}

impl Default for SnapshotRecord {
    fn default() -> Self {
        Self {
            header: Header::default(),
            name: TextRef::EMPTY,
            size: 0,
            create_time: 0,
            volume: NONE,
            clone_list: NONE,
        }
    }
}

/// The clones of one snapshot. Not in the snapshot's record, because few snapshots have clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct CloneList {
    header: Header,
    pub(crate) clones: List,
}

macro_rules! record {
    ($record:ty $(, $text:ident)?) => {
        impl Record for $record {
            fn header(&self) -> &Header {
                &self.header
            }
            fn header_mut(&mut self) -> &mut Header {
                &mut self.header
            }
            record!(@text $($text)?);
        }
    };
    (@text $text:ident) => {
        fn text(&self) -> TextRef {
            self.$text
        }
        fn set_text(&mut self, at: TextRef) {
            self.$text = at;
        }
    };
    (@text) => {
        fn text(&self) -> TextRef {
            TextRef::EMPTY
        }
        fn set_text(&mut self, _: TextRef) {}
    };
}

record!(VolumeRecord, export_policy);
record!(SnapshotRecord, name);
record!(CloneList);

macro_rules! node {
    ($record:ty, $list:ty, $($links:ident).+) => {
        impl Node<$list> for $record {
            fn links(&self) -> Links {
                self.$($links).+
            }
            fn links_mut(&mut self) -> &mut Links {
                &mut self.$($links).+
            }
        }
    };
}

node!(VolumeRecord, ByCreation, header.links);
node!(SnapshotRecord, ByCreation, header.links);
node!(VolumeRecord, OfParentVolume, in_volume);
node!(VolumeRecord, OfParentSnapshot, in_snapshot);

#[cfg(test)]
mod tests {
    use super::*;

    /// A million volumes with ten million snapshots must fit into a gibibyte.
    #[test]
    fn records_are_small() {
        assert!(size_of::<VolumeRecord>() <= 128, "{}", size_of::<VolumeRecord>());
        assert_eq!(std::mem::offset_of!(VolumeRecord, junction), 64);
        assert!(size_of::<SnapshotRecord>() <= 40, "{}", size_of::<SnapshotRecord>());
    }
}
