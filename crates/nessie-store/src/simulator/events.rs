//! `GET /simulator/events`.

use std::num::NonZeroUsize;

use nessie_backend_core::BackendError;
use nessie_backend_faults::{Event, EventLog, write_event};
use nessie_ontap_protocol::{ApiError, Body};

use super::SimulatorState;
use super::exchange::{Answer, Exchange, SVM, json_lines, simulated};
use crate::Cluster;
use crate::side_data::lock;
use crate::svm::SvmState;

/// The number of events that a log keeps, unless the server was started with another one.
const KEEP: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
/// The number of events in a reply, unless the request has another one.
const PAGE: u64 = 1_000;
const MAX_PAGE: u64 = 100_000;

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&["since", "max", SVM])?;
    let since = exchange.number("since")?;
    let most = exchange.number("max")?.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&most) {
        let rule = format!("is outside 1 to {MAX_PAGE}");
        return Err(ApiError::invalid_value("max", &most.to_string(), rule));
    }
    let svm = exchange.svm(exchange.svm_name(&Body::default())?)?;
    let backend = simulated(svm)?;
    let log = log_of(&exchange.cluster.simulator, svm, KEEP)?;
    let (lost, events) = backend.read_log(&log, since.unwrap_or(0));
    if let Some(since) = since.filter(|since| *since < lost) {
        let message = format!(
            "The events from {since} to {} are not kept any more. Continue with since={lost}.",
            lost - 1
        );
        return Err(ApiError::new(410, 4, message).about("since"));
    }
    let next = events.first().map_or(since.unwrap_or(lost), |(seq, _)| *seq);
    if events.is_empty()
        && let Some(since) = since
        && let (_, all) = backend.read_log(&log, 0)
        && let end = all.last().map_or(lost, |(seq, _)| seq + 1)
        && since > end
    {
        let message = format!("There is no event {since} yet: the next one is {end}.");
        return Err(ApiError::new(400, 262_197, message).about("since"));
    }
    let shown = usize::try_from(most).unwrap_or(usize::MAX).min(events.len());
    let mut text = Vec::new();
    for (seq, event) in events.iter().take(shown) {
        write_event(&mut text, *seq, event)
            .map_err(|error| BackendError::substrate("events", error))?;
    }
    let mut response = json_lines(text);
    response.headers.push(("x-events-next", (next + shown as u64).to_string()));
    response.headers.push(("x-events-lost", lost.to_string()));
    Ok(response)
}

/// Opens the log of each SVM whose backend is in memory, and from now on that of each new SVM.
pub(super) fn open_all(cluster: &Cluster, keep: NonZeroUsize) {
    // It is set once: the first number counts.
    let keep = *cluster.simulator.keep.get_or_init(|| keep);
    for svm in &*cluster.svms.list() {
        // Without a backend in memory, the SVM has no events.
        let _ = log_of(&cluster.simulator, svm, keep);
    }
}

/// Opens the log of a new SVM, if the others were opened from their start.
pub(super) fn begin(simulator: &SimulatorState, svm: &SvmState) {
    if let Some(keep) = simulator.keep.get() {
        let _ = log_of(simulator, svm, *keep);
    }
}

/// The events that the log of an SVM keeps; none if no log is open.
pub(crate) fn recorded(simulator: &SimulatorState, svm: &SvmState) -> Vec<(u64, Event)> {
    let Ok(backend) = simulated(svm) else { return Vec::new() };
    let log = lock(&simulator.logs).get(&svm.svm_context.svm.uuid).cloned();
    log.map(|log| backend.read_log(&log, 0).1).unwrap_or_default()
}

/// Closes the log of an SVM. The next request opens another one.
pub(super) fn close(simulator: &SimulatorState, svm: &SvmState) {
    lock(&simulator.logs).remove(&svm.svm_context.svm.uuid);
}

/// The log of an SVM, which is opened if there is none.
fn log_of(
    simulator: &SimulatorState,
    svm: &SvmState,
    keep: NonZeroUsize,
) -> Result<EventLog, ApiError> {
    let backend = simulated(svm)?;
    let mut logs = lock(&simulator.logs);
    let log = logs.entry(svm.svm_context.svm.uuid).or_insert_with(|| backend.open_log(keep));
    Ok(log.clone())
}
