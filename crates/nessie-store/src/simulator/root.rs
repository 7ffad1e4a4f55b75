//! `GET /simulator`.

use serde_json::{Value as Json, json};

use super::RESOURCES;
use super::backend::SimulatedBackend;
use super::clock::clock_of;
use super::exchange::{Answer, Exchange, json};
use crate::svm::SvmState;

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let svms: Vec<_> = exchange.svms.iter().map(|svm| of_svm(svm)).collect();
    let resources: Vec<_> = RESOURCES
        .iter()
        .flat_map(|resource| {
            resource.methods.iter().map(|(method, _, does)| {
                let path = format!("/simulator/{}", resource.path);
                json!({"method": method, "path": path.trim_end_matches('/'), "does": does})
            })
        })
        .collect();
    Ok(json(
        200,
        &json!({
            "product": "nessie-store, a simulated ONTAP cluster",
            "version": env!("CARGO_PKG_VERSION"),
            "cluster": exchange.cluster.name.name,
            "seed": exchange.cluster.simulator.seed,
            "svms": svms,
            "resources": resources,
        }),
    ))
}

fn of_svm(svm: &SvmState) -> Json {
    let named = &svm.svm_context.svm;
    let backend = svm.simulated.as_ref();
    json!({
        "name": named.name,
        "uuid": named.uuid.to_string(),
        "in_memory": backend.is_some(),
        "seed": backend.and_then(SimulatedBackend::seed),
        "clock": backend.map(clock_of),
    })
}
