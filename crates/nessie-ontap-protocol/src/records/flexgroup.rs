//! `FlexGroup` volumes: volumes of several constituents, each in an aggregate.
//!
//! A `FlexGroup` is one volume of the backend. Its attributes have the aggregate of each constituent;
//! all else about a constituent is derived.

use nessie_backend_core::Uuid;

use super::{Attribute, Attributes, Named, VolumeRecord, href};
use crate::FieldValue;

/// The attribute with the UUIDs of the aggregates, one for each constituent.
pub const CONSTITUENT_AGGREGATES: &str = "constituents.aggregates.uuid";

/// The aggregates of the constituents of a volume with these attributes, one for each constituent.
/// Empty if the volume is not a `FlexGroup`.
#[must_use]
pub fn constituent_aggregates(attributes: Option<&Attributes>) -> Vec<Uuid> {
    match attributes.and_then(|attributes| attributes.get(CONSTITUENT_AGGREGATES)) {
        Some(Attribute::Texts(uuids)) => uuids.iter().flat_map(|uuid| uuid.parse()).collect(),
        _ => Vec::new(),
    }
}

/// The share of a number of bytes that the constituent with this index has. The shares are equal, but
/// the first constituents have one byte more if a remainder is left. More bytes make no share smaller.
#[must_use]
pub const fn constituent_share(bytes: u64, constituents: usize, index: usize) -> u64 {
    let count = if constituents == 0 { 1 } else { constituents as u64 };
    let has_more = (index as u64) < bytes % count;
    bytes / count + has_more as u64
}

impl VolumeRecord {
    /// The aggregate of each constituent.
    fn constituents(&self) -> Vec<&Named> {
        let known = |uuid: Uuid| {
            let mut aggregates = self.svm_context.aggregates.iter().map(|record| &record.aggregate);
            aggregates.find(|aggregate| aggregate.uuid == uuid)
        };
        let uuids = constituent_aggregates(self.attributes.as_deref());
        uuids.into_iter().filter_map(known).collect()
    }

    /// One value for each constituent.
    pub(super) fn each_constituent<'r>(
        &'r self,
        get: impl Fn(usize, &'r Named) -> FieldValue<'r>,
    ) -> FieldValue<'r> {
        let constituents = self.constituents().into_iter().enumerate();
        FieldValue::List(constituents.map(|(index, aggregate)| get(index, aggregate)).collect())
    }

    /// The share of a number of bytes that each constituent has.
    pub(super) fn share_of_constituents(&self, bytes: u64) -> FieldValue<'_> {
        let parts = self.constituents().len();
        let shares = (0..parts).map(|index| constituent_share(bytes, parts, index).into());
        FieldValue::List(shares.collect())
    }

    /// The aggregates of a `FlexGroup`, each once. Empty for other volumes.
    pub(super) fn flexgroup_aggregates(&self) -> Vec<&Named> {
        let mut distinct: Vec<&Named> = Vec::new();
        for aggregate in self.constituents() {
            if !distinct.contains(&aggregate) {
                distinct.push(aggregate);
            }
        }
        distinct
    }

    /// The link to the aggregate of a constituent.
    pub(super) fn constituent_aggregate_href(&self, index: usize) -> Option<String> {
        // Only this one is read, because a record has a link for each of its constituents.
        match self.attributes.as_deref()?.get(CONSTITUENT_AGGREGATES) {
            Some(Attribute::Texts(uuids)) => {
                Some(href::aggregate(uuids.get(index)?.parse::<Uuid>().ok()?))
            }
            _ => None,
        }
    }

    /// Whether it is a constituent of a `FlexGroup`.
    #[must_use]
    pub fn is_constituent(&self) -> bool {
        self.attributes.as_deref().is_some_and(|attributes| attributes.is_true("is_constituent"))
    }

    /// Its constituents as volumes. Each has its share of the space that the record shows.
    #[must_use]
    pub fn as_constituents(&self) -> Vec<Self> {
        let aggregates = self.constituents();
        let parts = aggregates.len();
        let mut common = self.attributes.as_deref().map_or_else(Attributes::default, Clone::clone);
        common.unset(CONSTITUENT_AGGREGATES);
        let of_one = |(index, aggregate): (usize, &&Named)| {
            let share = |bytes| constituent_share(bytes, parts, index);
            let mut record = self.clone();
            let mut attributes = common.clone();
            attributes.set("style", Attribute::Text("flexgroup_constituent".to_owned()));
            attributes.set("is_constituent", Attribute::Boolean(true));
            attributes.set("flexgroup.name", Attribute::Text(self.volume.name.clone()));
            attributes.set("flexgroup.uuid", Attribute::Uuid(self.volume.uuid.uuid()));
            attributes.set("aggregates.name", Attribute::Text(aggregate.name.clone()));
            attributes.set("aggregates.uuid", Attribute::Uuid(aggregate.uuid));
            record.attributes = Some(attributes.into());
            let volume = &mut record.volume;
            volume.name = constituent_name(&volume.name, index);
            let number = u128::try_from(index).unwrap_or_default() + 1;
            volume.uuid = Uuid::from_u128(volume.uuid.uuid().as_u128() ^ number).into();
            volume.size_bytes = volume.size_bytes.map(share);
            volume.used_bytes = volume.used_bytes.map(share);
            volume.junction_path = None;
            let space = &mut record.space;
            for bytes in [
                &mut space.used_bytes,
                &mut space.inherited_bytes,
                &mut space.snapshot_bytes,
                &mut space.split_bytes,
            ] {
                *bytes = share(*bytes);
            }
            space.autosize_bytes = space.autosize_bytes.map(share);
            record
        };
        aggregates.iter().enumerate().map(of_one).collect()
    }
}

/// The name of the constituent of a `FlexGroup` with that index.
#[must_use]
pub fn constituent_name(flexgroup: &str, index: usize) -> String {
    format!("{flexgroup}__{:04}", index + 1)
}

/// The `FlexGroup` and the index of which a name would be that of a constituent; `None` for other names.
#[must_use]
pub fn constituent_of_name(name: &str) -> Option<(&str, usize)> {
    let (flexgroup, number) = name.rsplit_once("__")?;
    let index = number.parse::<usize>().ok()?.checked_sub(1)?;
    (!flexgroup.is_empty() && constituent_name(flexgroup, index) == name)
        .then_some((flexgroup, index))
}
