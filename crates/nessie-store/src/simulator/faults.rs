//! `/simulator/faults`.

use nessie_backend_core::Uuid;
use nessie_backend_faults::{Fault, FaultPlan, When};
use nessie_ontap_protocol::{ApiError, Body};
use serde_json::{Value as Json, json};

use super::SimulatorState;
use super::exchange::{Answer, Exchange, SVM, json, simulated};
use crate::http_faults::{
    HTTP_FIELDS, HttpFaultPlan, SELECTION_FIELDS, check_fields, delay, http_fault, selection,
};
use crate::side_data::lock;
use crate::svm::SvmState;
use crate::svms::svm_with_uuid;

/// The fields that only faults of backends have.
const BACKEND_FIELDS: &[&str] = &["operation", "name", "error"];

/// The faults that requests to the simulator have added.
#[derive(Debug, Default)]
pub(super) struct InstalledFaults {
    last: u64,
    faults: Vec<Installed>,
}

#[derive(Debug)]
struct Installed {
    id: u64,
    /// The body of the request that has added it.
    given: Json,
    plan: Plan,
}

#[derive(Debug)]
enum Plan {
    Requests(HttpFaultPlan),
    /// Of the SVM with this UUID.
    Backend(Uuid, FaultPlan),
}

pub(super) fn list(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let installed = lock(&exchange.cluster.simulator.faults);
    let records: Vec<_> = installed.faults.iter().map(|fault| fault.record(exchange)).collect();
    Ok(json(200, &json!({"num_records": records.len(), "records": records})))
}

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let installed = lock(&exchange.cluster.simulator.faults);
    let position = installed.position(exchange.id)?;
    let fault = installed.faults.get(position).ok_or_else(ApiError::no_such_entry)?;
    Ok(json(200, &fault.record(exchange)))
}

pub(super) fn post(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let body = exchange.fields(&[HTTP_FIELDS, BACKEND_FIELDS, SELECTION_FIELDS, &[SVM]])?;
    let cluster = exchange.cluster;
    let given =
        |fields: &[&str]| body.paths().find(|path| fields.contains(path)).map(str::to_owned);
    let plan = match (given(HTTP_FIELDS), given(BACKEND_FIELDS)) {
        (Some(one), Some(other)) => {
            let message = format!(
                "The fields {other:?} and {one:?} are exclusive: a fault is one of a backend or one of \
                 requests."
            );
            return Err(ApiError::new(400, 262_185, message).about(other));
        }
        (None, None) => {
            let message = "The fault has no field that says what it hits: operation for the operations \
                           of a backend, path or method for requests.";
            return Err(ApiError::new(400, 262_212, message).about("operation"));
        }
        (Some(_), None) => {
            if exchange.svm_name(&body)?.is_some() {
                let message = "A fault of requests has no SVM: it is one of the whole server.";
                return Err(ApiError::new(400, 262_185, message).about(SVM));
            }
            Plan::Requests(cluster.inject([http_fault(&body)?]))
        }
        (None, Some(_)) => {
            let fault = backend_fault(&body)?;
            let svm = exchange.svm(exchange.svm_name(&body)?)?;
            let plan = simulated(svm)?.inject(fault, cluster.faults.seed());
            Plan::Backend(svm.svm_context.svm.uuid, plan)
        }
    };
    let given = body.paths().filter_map(|path| Some((path.to_owned(), body.value(path)?.clone())));
    let given = given.filter(|(path, _)| path != SVM).collect();
    let mut installed = lock(&cluster.simulator.faults);
    installed.last += 1;
    let fault = Installed { id: installed.last, given: Json::Object(given), plan };
    let mut response = json(201, &fault.record(exchange));
    response.headers.push(("location", format!("/simulator/faults/{}", fault.id)));
    installed.faults.push(fault);
    Ok(response)
}

pub(super) fn delete(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let mut installed = lock(&exchange.cluster.simulator.faults);
    let position = installed.position(exchange.id)?;
    let fault = installed.faults.remove(position);
    fault.remove(exchange);
    let record = fault.record(exchange);
    Ok(json(200, &record))
}

/// Removes the faults of the backend of an SVM.
pub(super) fn remove_of_backend(exchange: &Exchange<'_>, svm: &SvmState) {
    let svm = svm.svm_context.svm.uuid;
    remove(exchange, |plan| matches!(plan, Plan::Backend(of, _) if *of == svm));
}

/// Forgets the faults of the backend of a deleted SVM.
pub(super) fn end(simulator: &SimulatorState, svm: &SvmState) {
    let svm = svm.svm_context.svm.uuid;
    let is_other = |fault: &Installed| !matches!(&fault.plan, Plan::Backend(of, _) if *of == svm);
    lock(&simulator.faults).faults.retain(is_other);
}

/// Removes the faults of requests.
pub(super) fn remove_of_requests(exchange: &Exchange<'_>) {
    remove(exchange, |plan| matches!(plan, Plan::Requests(_)));
}

fn remove(exchange: &Exchange<'_>, is_one: impl Fn(&Plan) -> bool) {
    let mut installed = lock(&exchange.cluster.simulator.faults);
    installed.faults.retain(|fault| {
        let is_one = is_one(&fault.plan);
        if is_one {
            fault.remove(exchange);
        }
        !is_one
    });
}

/// Reads a fault of a backend, whose fields have the names of the methods of [`Fault`].
fn backend_fault(body: &Body) -> Result<Fault, ApiError> {
    check_fields(body, &[BACKEND_FIELDS, SELECTION_FIELDS, &[SVM]])?;
    let mut fault = Fault::new(body.text("operation")?.unwrap_or("*"))?;
    fault = fault.selection(selection(body)?);
    if let Some(pattern) = body.text("name")? {
        fault = fault.name(pattern)?;
    }
    if let Some(code) = body.text("error")? {
        fault = fault.error(code)?;
    }
    if let Some(delay) = delay(body)? {
        fault = fault.delay(delay);
    }
    if let Some(word) = body.text("when")? {
        fault = fault.when(When::from_word(word)?);
    }
    Ok(fault)
}

impl InstalledFaults {
    fn position(&self, id: &str) -> Result<usize, ApiError> {
        let number = id.parse::<u64>().ok();
        let found = self.faults.iter().position(|fault| Some(fault.id) == number);
        found.ok_or_else(|| {
            let message =
                format!("There is no fault {id:?}. GET /simulator/faults lists them all.");
            ApiError::new(404, 4, message).about("id")
        })
    }
}

impl Installed {
    fn remove(&self, exchange: &Exchange<'_>) {
        match &self.plan {
            Plan::Requests(plan) => exchange.cluster.remove(plan),
            Plan::Backend(uuid, plan) => {
                let svm = svm_with_uuid(exchange.svms, *uuid);
                if let Some(backend) = svm.and_then(|svm| svm.simulated.as_ref()) {
                    backend.remove(plan);
                }
            }
        }
    }

    fn record(&self, exchange: &Exchange<'_>) -> Json {
        let (svm, hits, unused) = match &self.plan {
            Plan::Requests(plan) => {
                let hit = |hit: crate::HttpHit| json!({"method": hit.method, "path": hit.path, "time": hit.time.to_string()});
                (None, plan.hits().into_iter().map(hit).collect(), plan.unused())
            }
            Plan::Backend(uuid, plan) => {
                let hit = |hit: nessie_backend_faults::Hit| {
                    let (operation, time) = (hit.operation.name(), hit.time.to_string());
                    json!({"operation": operation, "name": hit.name, "time": time})
                };
                let svm = svm_with_uuid(exchange.svms, *uuid);
                let svm = svm.map(|svm| svm.svm_context.svm.name.as_str());
                (svm, plan.hits().into_iter().map(hit).collect::<Vec<Json>>(), plan.unused())
            }
        };
        json!({
            "id": self.id,
            "svm": svm,
            "fault": self.given,
            "hits": hits,
            "is_unused": !unused.is_empty(),
        })
    }
}
