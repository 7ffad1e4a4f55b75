//! `/simulator/clock`.

use nessie_ontap_protocol::{ApiError, Body};
use serde_json::{Value as Json, json};

use super::backend::SimulatedBackend;
use super::exchange::{Answer, Exchange, SVM, json, simulated};
use crate::http_faults::seconds;

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let svm = exchange.svm(exchange.svm_name(&Body::default())?)?;
    Ok(json(200, &clock_of(simulated(svm)?)))
}

pub(super) fn post(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let body = exchange.fields(&[&["advance", SVM]])?;
    let Some(value) = body.value("advance") else {
        let message = "The body lacks the field advance: a number of seconds.";
        return Err(ApiError::new(400, 262_212, message).about("advance"));
    };
    let time = seconds("advance", value)?;
    let svm = exchange.svm(exchange.svm_name(&body)?)?;
    let backend = simulated(svm)?;
    if !backend.is_standing() {
        let message = "The clock is that of the system and cannot be advanced. A backend with a seed or \
                       a start time has a clock of its own; `serve --seed N` makes one.";
        return Err(ApiError::new(409, 3, message).about("advance"));
    }
    backend.advance(time).map_err(|error| error.for_argument("advance"))?;
    Ok(json(200, &clock_of(backend)))
}

/// The clock of an SVM.
pub(super) fn clock_of(backend: &SimulatedBackend) -> Json {
    json!({
        "kind": if backend.is_standing() { "standing" } else { "system" },
        "now": backend.now().to_string(),
        "next_due": backend.next_due().map(|due| due.to_string()),
    })
}
