//! `/simulator/state`.

use nessie_ontap_protocol::Body;
use serde_json::json;

use super::exchange::{Answer, Exchange, SVM, json, json_lines, simulated};

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let svm = exchange.svm(exchange.svm_name(&Body::default())?)?;
    Ok(json_lines(simulated(svm)?.dump()?))
}

pub(super) fn put(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let svm = exchange.svm(exchange.svm_name(&Body::default())?)?;
    let backend = simulated(svm)?;
    let _lock = svm.write_lock()?;
    let digest = backend.load(exchange.body).map_err(|error| error.for_argument("body"))?;
    Ok(json(200, &json!({"digest": digest})))
}

pub(super) fn digest(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let svm = exchange.svm(exchange.svm_name(&Body::default())?)?;
    Ok(json(200, &json!({"digest": simulated(svm)?.digest()?})))
}
