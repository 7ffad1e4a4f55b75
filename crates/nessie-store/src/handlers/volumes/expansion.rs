//! Expansions of `FlexGroup` volumes: new constituents.

use nessie_backend_core::{Snapshot, Uuid, Volume, VolumeId};
use nessie_ontap_protocol::records::{
    Attribute, Attributes, Named, VolumeRecord, constituent_aggregates,
};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::assigned::check_assigned;
use super::create::aggregates;
use super::flexgroup::{
    PER_AGGREGATE, check_count, check_per_aggregate, in_aggregates, no_aggregates, selected,
};
use crate::handlers::context::RequestContext;
use crate::side_data::SideData;
use crate::space::shown;
use crate::svm::SvmState;

/// The parameter that selects how a `FlexGroup` is resized.
pub(super) const SIZING_METHOD: &str = "sizing_method";

const ADD_NEW: &str = "add_new_resources";
const SIZING_METHODS: [&str; 2] = ["use_existing_resources", ADD_NEW];

/// The most constituents that the system adds in each aggregate.
const NEW_PER_AGGREGATE: usize = 2;

/// The constituents that a change adds to a `FlexGroup`.
pub(super) enum Expansion {
    /// One in each of these aggregates, or the error if one does not exist. Each is as large as the
    /// present ones.
    In(Result<Vec<Named>, ApiError>),
    /// Those for which a larger size has room, in aggregates that the system selects.
    ToSize(u64),
}

impl Expansion {
    /// Reads a change; `None` if it adds no constituents. `size` is the new size of the volume.
    pub(super) fn read(
        context: &RequestContext<'_>,
        query: &Query<VolumeRecord>,
        body: &Body,
        size: Option<u64>,
    ) -> Result<Option<Self>, ApiError> {
        let method = query.parameter_word(SIZING_METHOD, &SIZING_METHODS)?;
        let aggregates = aggregates(body)?;
        let per_aggregate = body.integer(PER_AGGREGATE)?;
        if method == Some(ADD_NEW) {
            let size = size.filter(|_| aggregates.is_empty()).ok_or_else(|| {
                let message = "The sizing method add_new_resources needs a size and no aggregates: \
                               the system selects them.";
                ApiError::new(400, 13_109_187, message).about(SIZING_METHOD)
            })?;
            if per_aggregate.is_some() {
                return Err(no_aggregates());
            }
            return Ok(Some(Self::ToSize(size)));
        }
        if aggregates.is_empty() {
            return if per_aggregate.is_some() { Err(no_aggregates()) } else { Ok(None) };
        }
        if size.is_some() {
            let message = "A request that adds aggregates to a FlexGroup volume does not set its size: \
                           send two requests.";
            return Err(ApiError::new(400, 13_107_404, message).about("size"));
        }
        let per_aggregate = check_per_aggregate(per_aggregate.unwrap_or(1))?;
        in_aggregates(context, &aggregates, per_aggregate).map(|found| Some(Self::In(found)))
    }

    /// The aggregates of all constituents of a volume after the expansion, and its size then.
    pub(super) fn check(
        &self,
        context: &RequestContext<'_>,
        svm: &SvmState,
        volume: &Volume,
        attributes: Option<&Attributes>,
    ) -> Result<(Vec<Uuid>, u64), ApiError> {
        let mut constituents = constituent_aggregates(attributes);
        let count = constituents.len();
        if count == 0 {
            let (code, about) = match self {
                Self::In(_) => (13_107_256, "aggregates"),
                Self::ToSize(_) => (13_109_198, SIZING_METHOD),
            };
            let message = format!(
                "The volume {:?} is not a FlexGroup volume: constituents are added only to those.",
                volume.name
            );
            return Err(ApiError::new(400, code, message).about(about));
        }
        let before = volume.size_bytes.unwrap_or_default();
        let share = before / count as u64;
        let size = match self {
            Self::In(added) => {
                let added = added.clone()?;
                check_assigned(svm, &added)?;
                constituents.extend(added.iter().map(|aggregate| aggregate.uuid));
                before.saturating_add(share.saturating_mul(added.len() as u64))
            }
            Self::ToSize(size) => {
                let Some(more) = size.checked_sub(before).filter(|more| *more > 0) else {
                    return Err(no_growth(*size, before));
                };
                let selected = selected(context, svm);
                let most = NEW_PER_AGGREGATE.saturating_mul(selected.len());
                let added = more.checked_div(share).unwrap_or(1);
                let added = usize::try_from(added).unwrap_or(most).clamp(1, most);
                let uuids = selected.iter().cycle().skip(count).map(|aggregate| aggregate.uuid);
                constituents.extend(uuids.take(added));
                *size
            }
        };
        check_count(constituents.len())?;
        Ok((constituents, size))
    }
}

/// The state of a snapshot, and its value for one that lacks the constituents that were added later.
const STATE: &str = "state";
const PARTIAL: &str = "partial";

/// Sets the state of snapshots that were taken before an expansion of their volume.
pub(super) fn set_partial(
    svm: &SvmState,
    side_data: &SideData,
    volume: VolumeId,
    snapshots: &[Snapshot],
) {
    for snapshot in snapshots {
        let before = side_data.attributes.snapshot(volume, snapshot.uuid);
        let mut attributes = before.map_or_else(Attributes::default, |before| (*before).clone());
        attributes.set(STATE, Attribute::Text(PARTIAL.to_owned()));
        side_data.attributes.set_snapshot(&*svm.backend, volume, snapshot.uuid, attributes);
    }
}

/// Refuses the use of a snapshot that lacks constituents of its volume. `code` is that of the refusal.
pub(super) fn check_complete(
    side_data: &SideData,
    volume: &Volume,
    snapshot: &Snapshot,
    code: u32,
) -> Result<(), ApiError> {
    let attributes = side_data.attributes.snapshot(volume.uuid, snapshot.uuid);
    if attributes.and_then(|found| found.text(STATE).map(|state| state == PARTIAL)) != Some(true) {
        return Ok(());
    }
    let message = format!(
        "The snapshot {:?} is partial: it was taken before constituents were added to the FlexGroup \
         volume {:?}. Use a snapshot that was taken later.",
        snapshot.name, volume.name
    );
    Err(ApiError::new(400, code, message))
}

/// The refusal of a size that leaves no room for new constituents.
fn no_growth(size: u64, before: u64) -> ApiError {
    // The text has no comma, because clients split it at commas.
    let message = format!(
        "Size \"{given}\" (\"{size}B\") is too small. Constituents are added only if it is more than \
         the present size \"{present}\" (\"{before}B\").",
        given = shown(size),
        present = shown(before),
    );
    ApiError::new(500, 917_534, message).about("size")
}
