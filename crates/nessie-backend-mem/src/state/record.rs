//! The records as they are kept: small, without allocations of their own where that is possible.

use compact_str::CompactString;
use nessie_backend_core::{VolumeState, VolumeType};

use crate::storage::list::{List, Node};
use crate::storage::slab::{Header, Links, NONE, Record, Slot};
use crate::storage::text::TextRef;

/// Names the lists in order of creation: of all volumes, and of a volume's snapshots.
#[derive(Debug)]
pub(crate) enum ByCreation {}
/// Names the list of a volume's clones, of any of its snapshots.
#[derive(Debug)]
pub(crate) enum OfParentVolume {}
/// Names the list of a snapshot's clones.
#[derive(Debug)]
pub(crate) enum OfParentSnapshot {}

/// A volume. What a read needs comes first and fills one cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct VolumeRecord {
    pub(crate) header: Header,
    /// The snapshot that a clone was made from.
    pub(crate) parent_snapshot: Slot,
    /// Quota in bytes; 0 for none.
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) create_time: i64,
    /// Empty for none.
    pub(crate) export_policy: TextRef,
    pub(crate) state: VolumeState,
    pub(crate) vol_type: VolumeType,
    /// Whether there is a junction, known without a look at the other line.
    pub(crate) is_mounted: bool,
    /// In this line too, while it has no more than 24 characters.
    pub(crate) name: CompactString,
    // From here on, another cache line.
    pub(crate) junction: Option<Box<str>>,
    pub(crate) snapshots: List,
    /// The clones of all of this volume's snapshots.
    pub(crate) clones: List,
    /// A clone's place among the clones of its parent volume.
    pub(crate) in_volume: Links,
    /// A clone's place among the clones of its parent snapshot.
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
    /// The volume's quota when the snapshot was taken; 0 for none.
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) create_time: i64,
    pub(crate) volume: Slot,
    /// The list of the snapshot's clones, while there are any.
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

/// The clones of one snapshot. Apart from the snapshot, because few have any.
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

    /// A million volumes with ten million snapshots are to fit into a gibibyte.
    #[test]
    fn records_are_small() {
        assert!(size_of::<VolumeRecord>() <= 128, "{}", size_of::<VolumeRecord>());
        assert_eq!(std::mem::offset_of!(VolumeRecord, junction), 64);
        assert!(size_of::<SnapshotRecord>() <= 40, "{}", size_of::<SnapshotRecord>());
    }
}
