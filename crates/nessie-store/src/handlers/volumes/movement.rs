//! Moves of volumes to other aggregates.
//!
//! The attributes of the volume have its new aggregate from the start. Until the job of the move
//! completes, the records of the volume show the aggregate that it came from.

use nessie_backend_core::{Uuid, Volume};
use nessie_ontap_protocol::records::Named;
use nessie_ontap_protocol::{ApiError, Body};

use super::body::set_aggregate;
use crate::handlers::context::RequestContext;
use crate::handlers::lookup::find_aggregate;
use crate::handlers::reference::Reference;
use crate::side_data::{Move, SideData};
use crate::space::aggregate_of;
use crate::svm::SvmState;

/// A move that a request begins.
pub(crate) struct NewMove {
    /// The aggregate, or the error if it does not exist, which ONTAP reports when the job runs.
    destination: Result<Named, ApiError>,
    cutover_window: u64,
    /// Whether it waits before the cutover until a client requests that.
    waits: bool,
}

/// The change of a move that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoveChange {
    Abort,
    Cutover,
    WaitBeforeCutover,
    Pause,
    Resume,
}

/// The least, the default and the greatest time for a cutover, in seconds.
const CUTOVER_WINDOW: [u64; 3] = [30, 30, 300];

const STATE: &str = "movement.state";

/// Replaces the words that Manila sends for the action at the cutover by those of states.
pub(super) fn normalise(body: &mut Body) {
    match body.value(STATE).and_then(|value| value.as_str()) {
        Some("wait") => body.replace(STATE, "cutover_wait".into()),
        // At the end of the cutover window, a cutover that did not succeed is forced or abandoned. Here
        // each succeeds.
        Some("force" | "abort_on_failure") if body.has("movement.destination_aggregate") => {
            body.remove(STATE);
        }
        Some("force") => body.replace(STATE, "cutover".into()),
        _ => {}
    }
}

impl NewMove {
    /// Reads a body; `None` if it names no destination.
    pub(super) fn read(
        context: &RequestContext<'_>,
        body: &Body,
    ) -> Result<Option<Self>, ApiError> {
        let Some(given) = Reference::read(body, "movement.destination_aggregate")? else {
            return Ok(None);
        };
        let [least, default, greatest] = CUTOVER_WINDOW;
        let cutover_window = body.integer("movement.cutover_window")?.unwrap_or(default);
        if !(least..=greatest).contains(&cutover_window) {
            let rule = format!("is outside {least} to {greatest} seconds");
            let path = "movement.cutover_window";
            return Err(ApiError::invalid_value(path, &cutover_window.to_string(), rule));
        }
        let waits = match body.text(STATE)? {
            None => false,
            Some(word) if is_word(word, "cutover_wait") => true,
            Some(word) => {
                let message = format!(
                    "The request names a destination aggregate and the state {word:?}: a new move \
                     takes the state \"cutover_wait\" or none."
                );
                return Err(ApiError::new(400, 918_266, message).about(STATE));
            }
        };
        Ok(Some(Self { destination: find_aggregate(context, &given)?, cutover_window, waits }))
    }

    /// Returns the destination. Refuses one that does not exist or that the volume is in.
    pub(super) fn check(
        &self,
        svm: &SvmState,
        side_data: &SideData,
        volume: &Volume,
    ) -> Result<Named, ApiError> {
        let destination = self.destination.clone()?;
        let last = side_data.operations.last_move(volume.uuid);
        if last.is_some_and(|last| svm.is_moving(&last)) {
            let message = format!("The volume {:?} is being moved already.", volume.name);
            return Err(ApiError::new(409, 918_266, message).about("movement"));
        }
        if destination.uuid == source_of(svm, side_data, volume).uuid {
            let message = format!(
                "The volume {:?} is in the aggregate {:?} already.",
                volume.name, destination.name
            );
            let about = "movement.destination_aggregate";
            return Err(ApiError::new(400, 918_265, message).about(about));
        }
        Ok(destination)
    }

    /// Begins the move of a volume, whose attributes are still those of before. `job` reports it.
    pub(super) fn begin(
        &self,
        context: &RequestContext<'_>,
        svm: &SvmState,
        side_data: &SideData,
        volume: &Volume,
        destination: Named,
        job: Uuid,
    ) {
        let movement = Move {
            source: source_of(svm, side_data, volume),
            destination,
            start_time: context.cluster.now(),
            cutover_window: self.cutover_window,
            job: (!context.cluster.jobs.are_immediate()).then_some(job),
            waits: self.waits,
            is_paused: false,
            is_aborted: false,
        };
        side_data.operations.begin_move(volume.uuid, movement);
    }
}

/// The change of a move that a body has; `None` if it has none.
pub(super) fn read_change(body: &Body) -> Result<Option<MoveChange>, ApiError> {
    let Some(word) = body.text(STATE)? else {
        let Some(path) = body.paths().find(|path| path.starts_with("movement.")) else {
            return Ok(None);
        };
        return Err(no_destination(&format!("The field {path:?} needs a destination aggregate.")));
    };
    let changes = [
        ("aborted", MoveChange::Abort),
        ("cutover", MoveChange::Cutover),
        ("cutover_wait", MoveChange::WaitBeforeCutover),
        ("paused", MoveChange::Pause),
        ("replicating", MoveChange::Resume),
    ];
    let found = changes.iter().find(|(other, _)| is_word(word, other));
    found.map(|(_, change)| Some(*change)).ok_or_else(|| {
        let words = changes.map(|(word, _)| word).join(", ");
        let message = format!("A move cannot be set to the state {word:?}, only to {words}.");
        ApiError::new(400, 918_786, message).about(STATE)
    })
}

/// The move of a volume that is under way.
pub(super) fn under_way(
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
) -> Result<Move, ApiError> {
    let found = side_data.operations.last_move(volume.uuid);
    found.filter(|movement| svm.is_moving(movement)).ok_or_else(|| {
        no_destination(&format!(
            "The volume {:?} is not being moved, and the request names no destination aggregate.",
            volume.name
        ))
    })
}

/// Changes a move that is under way. An aborted one leaves the volume in its source, and its job fails.
pub(super) fn change(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    change: MoveChange,
) -> Result<(), ApiError> {
    let mut movement = under_way(svm, side_data, volume)?;
    match change {
        MoveChange::Abort => movement.is_aborted = true,
        MoveChange::Cutover => (movement.waits, movement.is_paused) = (false, false),
        MoveChange::WaitBeforeCutover => movement.waits = true,
        MoveChange::Pause => movement.is_paused = true,
        MoveChange::Resume => movement.is_paused = false,
    }
    if movement.is_aborted {
        let before = side_data.attributes.volume(volume.uuid);
        let mut attributes = before.map_or_else(Default::default, |before| (*before).clone());
        set_aggregate(&mut attributes, &movement.source);
        side_data.attributes.set_volume(&*svm.backend, volume.uuid, attributes);
        if let Some(job) = movement.job {
            let message = format!("The move of the volume {:?} was aborted.", volume.name);
            context.cluster.jobs.fail(
                job,
                ApiError::new(500, 917_536, message),
                context.cluster.now(),
            );
        }
    }
    side_data.operations.begin_move(volume.uuid, movement);
    Ok(())
}

/// The aggregate of a volume.
fn source_of(svm: &SvmState, side_data: &SideData, volume: &Volume) -> Named {
    let uuid = aggregate_of(svm, side_data.attributes.volume(volume.uuid).as_deref());
    let mut aggregates = svm.svm_context.aggregates.iter();
    let found = aggregates.find(|record| record.aggregate.uuid == uuid);
    found.map_or_else(|| (*svm.svm_context.aggregate).clone(), |found| found.aggregate.clone())
}

fn no_destination(why: &str) -> ApiError {
    ApiError::new(400, 918_267, why).about("movement.destination_aggregate")
}

/// Whether a word of a body is this one, in any spelling that fields accept.
fn is_word(given: &str, word: &str) -> bool {
    given.to_ascii_lowercase().replace('-', "_") == word
}
