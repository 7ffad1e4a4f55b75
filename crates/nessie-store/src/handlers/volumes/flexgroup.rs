//! `FlexGroup` volumes: their constituents, and their rules.

use nessie_backend_core::{BackendError, Uuid, Volume, VolumeId};
use nessie_ontap_protocol::records::{
    Attribute, Attributes, CONSTITUENT_AGGREGATES, Named, constituent_aggregates, constituent_name,
    constituent_of_name,
};
use nessie_ontap_protocol::{ApiError, Body};

use super::assigned::is_assigned;
use super::body::{MAX_SIZE, set_aggregate};
use crate::handlers::context::RequestContext;
use crate::handlers::lookup::find_aggregate;
use crate::handlers::reference::Reference;
use crate::side_data::SideData;
use crate::space::shown;
use crate::svm::SvmState;

/// The smallest constituent, in bytes: 200 MB.
const MIN_CONSTITUENT: u64 = 200 << 20;

/// The constituents in each aggregate, if the request does not set their number.
const DEFAULT_PER_AGGREGATE: u64 = 4;

/// The aggregates that the system selects on each node.
const AGGREGATES_PER_NODE: usize = 2;

/// The most constituents of one volume.
const MAX_CONSTITUENTS: usize = 1_000;

/// The longest name, because that of a constituent has five characters more.
const MAX_NAME: usize = 197;

const STYLE: &str = "style";
pub(super) const PER_AGGREGATE: &str = "constituents_per_aggregate";

/// The aggregate of each constituent of a new `FlexGroup`. `None` if the body creates a `FlexVol`. An
/// unknown aggregate is the inner error, which ONTAP reports when the job runs.
pub(super) fn read(
    context: &RequestContext<'_>,
    svm: &SvmState,
    body: &Body,
    aggregates: &[Reference],
) -> Result<Option<Result<Vec<Named>, ApiError>>, ApiError> {
    let style = body.text(STYLE)?.map(str::to_ascii_lowercase);
    let per_aggregate = body.integer(PER_AGGREGATE)?;
    let is_flexgroup = match style.as_deref() {
        Some("flexgroup") => true,
        Some("flexvol") => false,
        Some(style) => {
            let message = format!("A volume of the style {style:?} is not created by itself.");
            return Err(ApiError::new(400, 918_241, message).about(STYLE));
        }
        None => aggregates.len() > 1 || per_aggregate.is_some(),
    };
    if !is_flexgroup && per_aggregate.is_some() {
        let message = "Only a volume of the style flexgroup has constituents.";
        return Err(ApiError::new(400, 918_233, message).about(PER_AGGREGATE));
    }
    if !is_flexgroup {
        return Ok(None);
    }
    if style.is_none() && aggregates.is_empty() {
        return Err(no_aggregates());
    }
    let per_aggregate = check_per_aggregate(per_aggregate.unwrap_or(DEFAULT_PER_AGGREGATE))?;
    if aggregates.is_empty() {
        let selected = selected(context, svm);
        check_count(selected.len().saturating_mul(per_aggregate))?;
        return Ok(Some(Ok(spread(&selected, per_aggregate))));
    }
    in_aggregates(context, aggregates, per_aggregate).map(Some)
}

/// Refuses a number of constituents of each aggregate that is out of range.
pub(super) fn check_per_aggregate(given: u64) -> Result<usize, ApiError> {
    let in_range = usize::try_from(given).ok().filter(|number| (1..=1_000).contains(number));
    in_range.ok_or_else(|| {
        ApiError::invalid_value(PER_AGGREGATE, &given.to_string(), "is not 1 to 1000")
    })
}

/// The aggregate of each of that many constituents in each of the given aggregates. An unknown aggregate
/// is the inner error, which ONTAP reports when the job runs.
pub(super) fn in_aggregates(
    context: &RequestContext<'_>,
    aggregates: &[Reference],
    per_aggregate: usize,
) -> Result<Result<Vec<Named>, ApiError>, ApiError> {
    check_count(aggregates.len().saturating_mul(per_aggregate))?;
    let found = aggregates.iter().map(|given| find_aggregate(context, given));
    let found: Result<Vec<Named>, ApiError> =
        found.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    Ok(found.map(|found| spread(&found, per_aggregate)))
}

/// The aggregate of each constituent: the aggregates in turn.
fn spread(aggregates: &[Named], per_aggregate: usize) -> Vec<Named> {
    (0..per_aggregate).flat_map(|_| aggregates).cloned().collect()
}

/// Refuses more constituents than a `FlexGroup` can have.
pub(super) fn check_count(constituents: usize) -> Result<(), ApiError> {
    if constituents <= MAX_CONSTITUENTS {
        return Ok(());
    }
    let message = format!(
        "The FlexGroup volume would have {constituents} constituents. At most {MAX_CONSTITUENTS} are \
         possible."
    );
    Err(ApiError::new(400, 13_107_245, message).about("aggregates"))
}

/// The refusal of a number of constituents without aggregates.
pub(super) fn no_aggregates() -> ApiError {
    let message = "The number of constituents of an aggregate needs aggregates.";
    ApiError::new(400, 13_109_291, message).about(PER_AGGREGATE)
}

/// The aggregates that the system selects: the first ones of each node that the SVM may use.
pub(super) fn selected(context: &RequestContext<'_>, svm: &SvmState) -> Vec<Named> {
    let own = svm.own_aggregates();
    let mut selected: Vec<(&Named, &Named)> = Vec::new();
    let all = context.cluster.aggregates.iter();
    for record in all.filter(|record| is_assigned(&own, &record.aggregate)) {
        let of_node = selected.iter().filter(|(_, node)| **node == record.node).count();
        if of_node < AGGREGATES_PER_NODE {
            selected.push((&record.aggregate, &record.node));
        }
    }
    selected.into_iter().map(|(aggregate, _)| aggregate.clone()).collect()
}

/// Sets the attributes of a `FlexGroup` with these constituents.
pub(super) fn set(attributes: &mut Attributes, constituents: &[Named]) {
    if let Some(first) = constituents.first() {
        set_aggregate(attributes, first);
    }
    let uuids = constituents.iter().map(|aggregate| aggregate.uuid);
    attributes.set(CONSTITUENT_AGGREGATES, stored(uuids));
    attributes.set(STYLE, Attribute::Text("flexgroup".to_owned()));
}

/// The aggregates of the constituents, as an attribute has them.
pub(super) fn stored(aggregates: impl Iterator<Item = Uuid>) -> Attribute {
    Attribute::Texts(aggregates.map(|uuid| uuid.to_string()).collect())
}

/// The smallest size of a `FlexGroup` with that many constituents.
pub(super) const fn min_size(constituents: usize) -> u64 {
    MIN_CONSTITUENT.saturating_mul(constituents as u64)
}

/// Refuses a name that is too long for those of the constituents.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    if name.len() <= MAX_NAME {
        return Ok(());
    }
    let message = format!("The name of a FlexGroup volume has more than {MAX_NAME} characters.");
    Err(ApiError::new(400, 917_886, message).about("name"))
}

/// Refuses a name that a constituent of another `FlexGroup` has, and one that gives a constituent the
/// name of another volume. `volume` is the volume with that name; `None` for a new one.
pub(super) fn check_free(
    svm: &SvmState,
    side_data: &SideData,
    volume: Option<VolumeId>,
    name: &str,
    constituents: usize,
) -> Result<(), ApiError> {
    let is_other = |found: &Volume| Some(found.uuid) != volume;
    let taken = |name: String| Err(BackendError::VolumeExists { name }.into());
    if let Some((flexgroup, index)) = constituent_of_name(name)
        && let Some(found) = svm.find_volume(flexgroup)?.filter(is_other)
    {
        let attributes = side_data.attributes.volume(found.uuid);
        if index < constituent_aggregates(attributes.as_deref()).len() {
            return taken(name.to_owned());
        }
    }
    for index in 0..constituents {
        let name = constituent_name(name, index);
        if svm.backend.find_volume(&name)?.is_some_and(|found| is_other(&found)) {
            return taken(name);
        }
    }
    Ok(())
}

/// Refuses a size that is too small or too large for that many constituents.
pub(super) fn check_size(size: u64, constituents: usize) -> Result<(), ApiError> {
    let (min, max) = (min_size(constituents), MAX_SIZE.saturating_mul(constituents as u64));
    if size < min {
        // The text has no comma, because clients split it at commas.
        let message = format!(
            "Size \"{given}\" (\"{size}B\") is too small. Minimum size is \"{least}\" (\"{min}B\").",
            given = shown(size),
            least = shown(min),
        );
        return Err(ApiError::new(500, 917_534, message).about("size"));
    }
    if size > max {
        let message = format!(
            "Size \"{size}B\" is too large. Maximum size is \"{most}\" (\"{max}B\").",
            most = shown(max),
        );
        return Err(ApiError::new(500, 13_107_326, message).about("size"));
    }
    Ok(())
}

/// Refuses changes that a `FlexGroup` with these attributes does not allow.
pub(super) fn check_change(
    volume: &Volume,
    attributes: Option<&Attributes>,
    name: Option<&str>,
    is_moved: bool,
) -> Result<(), ApiError> {
    if constituent_aggregates(attributes).is_empty() {
        return Ok(());
    }
    if is_moved {
        let message =
            format!("The FlexGroup volume {:?} is not moved: its constituents are.", volume.name);
        return Err(ApiError::new(400, 13_107_349, message).about("movement.destination_aggregate"));
    }
    name.map_or(Ok(()), check_name)
}
