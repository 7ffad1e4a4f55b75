//! `GET /simulator/requests`.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;

use super::exchange::{Answer, Exchange, json};
use crate::AccessLogEntry;
use crate::side_data::lock;

/// How many requests are kept.
const KEEP: usize = 100;
/// The most bytes of a target that are kept.
const TARGET_BYTES: usize = 1_000;

/// The last requests that servers have answered.
#[derive(Debug, Default)]
pub(super) struct LastRequests {
    /// How many were answered.
    count: u64,
    /// The oldest is first.
    kept: VecDeque<AnsweredRequest>,
}

#[derive(Debug, Default)]
struct AnsweredRequest {
    number: u64,
    method: String,
    target: String,
    status: u16,
    time: Duration,
}

impl LastRequests {
    pub(super) fn add(&mut self, request: &AccessLogEntry<'_>) {
        self.count += 1;
        // The oldest one gives its memory to the newest.
        let oldest = if self.kept.len() < KEEP { None } else { self.kept.pop_front() };
        let AnsweredRequest { mut method, mut target, .. } = oldest.unwrap_or_default();
        method.clear();
        method.push_str(request.method);
        target.clear();
        // It is ASCII.
        target.push_str(request.target.get(..TARGET_BYTES).unwrap_or(request.target));
        let AccessLogEntry { status, time, .. } = *request;
        self.kept.push_back(AnsweredRequest { number: self.count, method, target, status, time });
    }
}

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let requests = lock(&exchange.cluster.simulator.requests);
    let records: Vec<_> = requests.kept.iter().rev().map(record).collect();
    Ok(json(200, &json!({"num_records": records.len(), "records": records})))
}

fn record(request: &AnsweredRequest) -> serde_json::Value {
    json!({
        "number": request.number,
        "method": request.method,
        "target": request.target,
        "status": request.status,
        "microseconds": u64::try_from(request.time.as_micros()).unwrap_or(u64::MAX),
    })
}
