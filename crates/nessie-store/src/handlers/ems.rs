//! Events of the event management system: the operations on the backends that a log has recorded.

use nessie_backend_faults::OperationKind;
use nessie_ontap_protocol::records::{EMS_EVENT, EMS_MESSAGE, EmsEventRecord, EmsMessageRecord};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext, instance};

/// The parameter with the name of a filter.
const FILTER: &str = "filter.name";

/// The filters that every array has, and the severities that they let through.
const FILTERS: [(&str, &[&str]); 3] = [
    ("default-trap-events", &["emergency", "alert", "error"]),
    ("important-events", &["emergency", "alert", "error"]),
    ("no-info-debug-events", &["emergency", "alert", "error", "notice"]),
];

pub(crate) fn events(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&EMS_EVENT, true, &[FILTER])?;
    let mut events = recorded(context);
    if let Some(severities) = filter(&query)? {
        events.retain(|event| severities.contains(&event.severity));
    }
    Ok(context.collection(&query, events))
}

pub(crate) fn event(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&EMS_EVENT, false, &[])?;
    let index = context.path_variable(1).parse().ok();
    let mut events = recorded(context).into_iter();
    let found = events
        .find(|event| event.node.name == context.path_variable(0) && Some(event.index) == index);
    instance(&query, found).map_err(|error| error.about("index"))
}

pub(crate) fn messages(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&EMS_MESSAGE, true, &[FILTER])?;
    filter_of(query.parameter(FILTER))?;
    let message = |kind: &OperationKind| EmsMessageRecord {
        name: message_name(*kind),
        severity: "notice",
        description: format!("The operation {} on the backend of an SVM.", kind.name()),
    };
    Ok(context.collection(&query, OperationKind::ALL.iter().map(message).collect()))
}

/// The name of the message about an operation.
fn message_name(kind: OperationKind) -> String {
    format!("nessie.{}", kind.name())
}

fn filter(query: &Query<EmsEventRecord>) -> Result<Option<&'static [&'static str]>, ApiError> {
    filter_of(query.parameter(FILTER))
}

/// The severities that a filter lets through.
fn filter_of(name: Option<&str>) -> Result<Option<&'static [&'static str]>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    let found = FILTERS.iter().find(|(filter, _)| *filter == name);
    found.map(|(_, severities)| Some(*severities)).ok_or_else(|| {
        let known = FILTERS.map(|(filter, _)| filter).join(", ");
        let shown: String = name.chars().take(64).collect();
        let message = format!("The event filter {shown:?} does not exist; there are {known}.");
        ApiError::new(400, 983_093, message).about(FILTER)
    })
}

/// The events that the logs of the SVMs have; none without a log.
#[cfg(feature = "simulator")]
fn recorded(context: &RequestContext<'_>) -> Vec<EmsEventRecord> {
    let Some(node) = context.cluster.nodes.first() else { return Vec::new() };
    let mut events = Vec::new();
    for svm in context.svm_list {
        // The numbers of the events of one SVM; each SVM has its own.
        let first = u64::from(svm.svm_context.number) << 32;
        for (seq, event) in crate::simulator::recorded_events(context.cluster, svm) {
            let operation = &event.operation;
            let name = operation.kind.name();
            let mut parameters = vec![("svm".to_owned(), svm.svm_context.svm.name.clone())];
            parameters.extend(operation.arguments().map(|(name, value)| {
                let text = serde_json::to_value(value).unwrap_or_default();
                let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
                (name.to_owned(), text)
            }));
            let log_message = match &event.error {
                None => format!("{name} has succeeded."),
                Some(error) => {
                    parameters.push(("error".to_owned(), error.to_string()));
                    format!("{name} was refused: {error}.")
                }
            };
            events.push(EmsEventRecord {
                node: node.node.clone(),
                index: first + seq,
                time: event.time,
                name: message_name(operation.kind),
                severity: if event.error.is_some() { "error" } else { "notice" },
                log_message,
                parameters,
            });
        }
    }
    events
}

/// Only a backend that the simulator controls has a log.
#[cfg(not(feature = "simulator"))]
const fn recorded(_: &RequestContext<'_>) -> Vec<EmsEventRecord> {
    Vec::new()
}
