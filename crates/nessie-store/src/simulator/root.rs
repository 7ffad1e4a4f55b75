//! `GET /simulator`.

use serde_json::{Value as Json, json};

use super::RESOURCES;
use super::clock::clock_of;
use super::exchange::{Answer, Exchange, json};
use crate::svm::SvmState;

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let svms: Vec<_> = exchange.cluster.svms.iter().map(svm).collect();
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

fn svm(svm: &SvmState) -> Json {
    let named = &svm.svm_context.svm;
    let mut record = json!({
        "name": named.name,
        "uuid": named.uuid.to_string(),
        "in_memory": svm.simulated.is_some(),
    });
    if let Some(backend) = &svm.simulated {
        record["seed"] = backend.seed().into();
        record["clock"] = clock_of(backend);
    }
    record
}
