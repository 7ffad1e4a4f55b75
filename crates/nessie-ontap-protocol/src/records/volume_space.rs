//! The space of a volume: what its fields show of the backend's account.

use nessie_backend_core::{Volume, VolumeSpace, VolumeState};

use super::{Attribute, Attributes, VolumeRecord};
use crate::FieldValue;

/// The pool that contains a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its size in bytes, which is also the size of a volume without a quota.
    pub size: u64,
    /// The bytes that are left in it; `u64::MAX` if it is unlimited.
    pub available: u64,
}

/// The snapshot reserve of a new volume in percent.
pub(super) const RESERVE_PERCENT: u64 = 5;

/// The bytes that are reserved in the aggregate for future writes to a volume: those that an online
/// volume with a guarantee does not use yet. 0 for a volume without a quota.
#[must_use]
pub fn guaranteed_bytes(
    volume: &Volume,
    attributes: Option<&Attributes>,
    space: &VolumeSpace,
) -> u64 {
    match volume.size_bytes {
        Some(size) if volume.state == VolumeState::Online && is_guaranteed(attributes) => {
            size.saturating_sub(space.footprint_bytes())
        }
        _ => 0,
    }
}

/// Whether the attributes of a volume guarantee its size. By default they do not.
#[must_use]
pub fn is_guaranteed(attributes: Option<&Attributes>) -> bool {
    let set = attributes.and_then(|attributes| attributes.get("guarantee.type"));
    matches!(set, Some(Attribute::Text(word)) if word == "volume")
}

impl VolumeRecord {
    /// Its size in bytes: its quota or, without one, the size of its pool.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.volume.size_bytes.unwrap_or(self.pool.size)
    }

    /// The bytes of its live data.
    pub(super) fn used(&self) -> u64 {
        self.volume.used_bytes.unwrap_or(0)
    }

    /// The size without the snapshot reserve.
    pub(super) fn afs_total(&self) -> u64 {
        let reserve = self.integer("space.snapshot.reserve_percent", RESERVE_PERCENT);
        percent(self.size(), 100_u64.saturating_sub(reserve))
    }

    pub(super) fn reserve(&self) -> u64 {
        self.size() - self.afs_total()
    }

    /// What clients can still write, if the pool has room for it.
    pub(super) fn expected_available(&self) -> u64 {
        self.afs_total().saturating_sub(self.used())
    }

    pub(super) fn available(&self) -> u64 {
        self.expected_available().min(self.pool.available)
    }

    /// The part of the size that neither live data nor snapshots use.
    fn unused(&self) -> u64 {
        self.size().saturating_sub(self.used()).saturating_sub(self.space.snapshot_bytes)
    }

    pub(super) fn over_provisioned(&self) -> u64 {
        self.unused().saturating_sub(self.pool.available)
    }

    pub(super) fn available_for_snapshots(&self) -> u64 {
        self.unused().min(self.pool.available)
    }

    pub(super) fn reserve_available(&self) -> u64 {
        let left = self.reserve().saturating_sub(self.space.snapshot_bytes);
        left.min(self.available_for_snapshots().saturating_sub(self.available()))
    }

    /// The bytes of its snapshots that the reserve has no room for.
    pub(super) fn snapshot_spill(&self) -> u64 {
        self.space.snapshot_bytes.saturating_sub(self.reserve())
    }

    pub(super) fn guarantee_footprint(&self) -> u64 {
        guaranteed_bytes(&self.volume, self.attributes.as_deref(), &self.space)
    }

    /// What the aggregate's used space contains of this volume.
    pub(super) fn total_footprint(&self) -> u64 {
        self.space.footprint_bytes().saturating_add(self.guarantee_footprint())
    }

    pub(super) fn autosize_mode(&self) -> FieldValue<'_> {
        let set = self.attribute_or("autosize.mode", "off");
        match (self.space.autosize_bytes, &set) {
            // It was set directly on the backend.
            (Some(_), FieldValue::Text(word)) if word == "off" => "grow".into(),
            _ => set,
        }
    }

    pub(super) fn autosize_maximum(&self) -> FieldValue<'_> {
        match self.space.autosize_bytes {
            Some(maximum) => maximum.into(),
            None => self.attribute_or("autosize.maximum", default_autosize_maximum(self.size())),
        }
    }
}

/// The autosize maximum of a volume of this size, if none is set: 120 percent of the size.
#[must_use]
pub const fn default_autosize_maximum(size: u64) -> u64 {
    size.saturating_add(size / 5)
}

fn percent(size: u64, percent: u64) -> u64 {
    size / 100 * percent + size % 100 * percent / 100
}

/// `part` in percent of `whole`, rounded down as ONTAP does for used and available space. At most
/// 100, and 0 of nothing.
pub(super) fn percent_of(part: u64, whole: u64) -> u64 {
    share(part, whole, 0).min(100)
}

/// `part` in percent of `whole`, rounded to the nearest whole number as ONTAP does for physically
/// used space and for the reserve. It may be more than 100, and is 0 of nothing.
pub(super) fn rounded_percent_of(part: u64, whole: u64) -> u64 {
    share(part, whole, whole / 2)
}

fn share(part: u64, whole: u64, added: u64) -> u64 {
    let hundredths = u128::from(part) * 100 + u128::from(added);
    let percent = hundredths.checked_div(whole.into()).unwrap_or(0);
    u64::try_from(percent).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_and_limited() {
        assert_eq!((percent_of(199, 200), percent_of(3, 0), percent_of(5, 4)), (99, 0, 100));
        assert_eq!((rounded_percent_of(1, 200), rounded_percent_of(99, 20_000)), (1, 0));
        assert_eq!((rounded_percent_of(5, 4), rounded_percent_of(u64::MAX, 1)), (125, u64::MAX));
        assert_eq!(percent_of(u64::MAX, u64::MAX), 100);
        assert_eq!((percent(1_073_741_824, 95), percent(u64::MAX, 100)), (1_020_054_732, u64::MAX));
    }
}
