//! `POST /simulator/reset`.

use std::sync::Arc;

use nessie_ontap_protocol::ApiError;
use serde_json::json;

use super::exchange::{Answer, Exchange, SVM, json, simulated};
use super::{events, faults};
use crate::svm::Presence;

const CONFIGURATION: &str = "configuration";

pub(super) fn post(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let body = exchange.fields(&[&[CONFIGURATION, SVM]])?;
    let configuration = body.text(CONFIGURATION)?.unwrap_or("keep");
    if !matches!(configuration, "keep" | "drop") {
        let rule = "is not \"keep\" or \"drop\"";
        return Err(ApiError::invalid_value(CONFIGURATION, configuration, rule));
    }
    let drops = configuration == "drop";
    let svms = match exchange.svm_name(&body)? {
        Some(name) => vec![exchange.svm(Some(name))?],
        None => exchange.svms.iter().map(Arc::as_ref).collect(),
    };
    // Before anything changes.
    let backends: Vec<_> =
        svms.iter().map(|svm| Ok((*svm, simulated(svm)?))).collect::<Result<_, ApiError>>()?;
    let drops_all = drops && backends.len() == exchange.svms.len();
    let cluster = exchange.cluster;
    let _lock = cluster.configuration.write_lock();
    let _svms_lock = cluster.svms.write_lock();
    if drops_all {
        cluster.drop_configuration();
    }
    for (svm, backend) in &backends {
        let mut presence = svm.write_lock()?;
        if drops {
            svm.drop_configuration();
        }
        let policies = if drops { Vec::new() } else { backend.snapshot_policies() };
        backend.reset()?;
        if drops {
            faults::remove_of_backend(exchange, svm);
            events::close(&cluster.simulator, svm);
            svm.add_snapshot_policies();
        }
        for policy in policies {
            backend.set_snapshot_policy(policy)?;
        }
        if cluster.root_volumes || !svm.is_configured {
            svm.create_root_volume()?;
        }
        if drops_all && !svm.is_configured {
            *presence = Presence::Deleted;
            cluster.svms.remove(svm.svm_context.svm.uuid);
            cluster.simulator.end(svm);
        }
    }
    if drops_all {
        faults::remove_of_requests(exchange);
    }
    let names: Vec<_> = svms.iter().map(|svm| &svm.svm_context.svm.name).collect();
    Ok(json(200, &json!({"configuration": configuration, "svms": names})))
}
