//! `/simulator/configuration`: one document with everything that requests create, except volumes.

use std::collections::HashSet;
use std::sync::Arc;

use nessie_backend_core::{Uuid, VolumeBackend};
use nessie_backend_mem::MemBackend;
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::Named;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::configuration_check::{check_cluster, check_side_data, check_svm, refusal};
use super::exchange::{Answer, Exchange, json, simulated};
use crate::Response;
use crate::configuration::{ClusterConfiguration, SvmConfiguration};
use crate::handlers::check_svm as check_svm_name;
use crate::side_data::StoredSideData;
use crate::svm::SvmState;
use crate::svms::svm_named;

const FORMAT: &str = "nessie-store configuration";
const VERSION: u64 = 1;

/// The query parameter that adds the dumps of the SVMs.
const STATE: &str = "state";

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u64,
    cluster: &'a ClusterConfiguration,
    svms: Vec<WrittenSvm<'a>>,
}

#[derive(Serialize)]
struct WrittenSvm<'a> {
    name: &'a str,
    uuid: Uuid,
    configuration: &'a SvmConfiguration,
    side_data: StoredSideData,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: String,
    version: u64,
    cluster: ClusterConfiguration,
    svms: Vec<ReadSvm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadSvm {
    name: String,
    uuid: Uuid,
    configuration: SvmConfiguration,
    side_data: StoredSideData,
    state: Option<String>,
}

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[STATE])?;
    let with_state = match exchange.parameter(STATE) {
        None | Some("false") => false,
        Some("true") => true,
        Some(word) => {
            return Err(ApiError::invalid_value(STATE, word, "is neither true nor false"));
        }
    };
    let cluster = exchange.cluster;
    // So that no request changes anything between two SVMs.
    let _lock = cluster.configuration.write_lock();
    let mut svms = Vec::new();
    for svm in exchange.svms {
        let _lock = svm.write_lock()?;
        let state = match &svm.simulated {
            Some(backend) if with_state => {
                // A dump is text.
                Some(String::from_utf8_lossy(&backend.dump()?).into_owned())
            }
            _ => None,
        };
        svms.push(WrittenSvm {
            name: &svm.svm_context.svm.name,
            uuid: svm.svm_context.svm.uuid,
            configuration: &svm.configuration,
            side_data: svm.side_data().store(|movement| svm.is_moving(movement)),
            state,
        });
    }
    let document =
        Written { format: FORMAT, version: VERSION, cluster: &cluster.configuration, svms };
    let mut text = serde_json::to_vec(&document)
        .map_err(|error| ApiError::new(500, 65_541, error.to_string()))?;
    text.push(b'\n');
    Ok(Response::new(200, "application/json", text))
}

/// An SVM of the document, and what becomes of it.
struct Change {
    svm: ReadSvm,
    /// The dump, which has been read.
    loaded: Option<MemBackend>,
}

pub(super) fn put(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[])?;
    let document: Read = serde_json::from_slice(exchange.body)
        .map_err(|error| refusal(&format!("The document is invalid: {error}.")))?;
    if document.format != FORMAT {
        let rule = format!("is not {FORMAT:?}");
        return Err(ApiError::invalid_value("format", &document.format, rule));
    }
    if document.version != VERSION {
        let rule = format!("is not {VERSION}, the version that this server reads");
        return Err(ApiError::invalid_value("version", &document.version.to_string(), rule));
    }
    let cluster = exchange.cluster;
    check_cluster(&document.cluster)?;
    let mut names = HashSet::new();
    let mut changes = Vec::new();
    for svm in document.svms {
        if !names.insert(svm.name.clone()) {
            return Err(refusal(&format!("The document has the SVM {:?} twice.", svm.name)));
        }
        if cluster.recovery_queue_hours.is_none() && svm.side_data.has_deleted() {
            return Err(refusal(&format!(
                "The SVM {:?} has deleted volumes, and the server keeps none: start it with a recovery \
                 queue.",
                svm.name
            )));
        }
        check_svm(&svm.name, &svm.configuration, &document.cluster)?;
        let loaded = svm.state.as_ref().map(|state| MemBackend::load(state.as_bytes()));
        let loaded = loaded.transpose().map_err(|error| error.for_argument("state"))?;
        changes.push(Change { svm, loaded });
    }
    let _lock = cluster.configuration.write_lock();
    let _svms_lock = cluster.svms.write_lock();
    // Before anything changes.
    let mut created = Vec::new();
    if let Err(error) = prepare(exchange, &changes, &mut created) {
        for svm in &created {
            cluster.simulator.end(svm);
        }
        return Err(error);
    }
    cluster.configuration.replace(document.cluster);
    let policies = cluster.configuration.snapshot_policies.list();
    let policies = policies.into_iter().map(|(_, stored)| stored.policy.clone());
    cluster.snapshot_policies.set(policies.collect());
    for svm in created {
        cluster.svms.add(svm);
    }
    let mut replaced = Vec::new();
    let svms = cluster.svms.list();
    for Change { svm, loaded } in changes {
        let Some(found) = svm_named(&svms, &svm.name) else { continue };
        replaced.push(apply(exchange, found, svm, loaded.as_ref())?);
    }
    Ok(json(200, &json!({"svms": replaced})))
}

/// Makes the SVMs that the cluster lacks, and refuses what the others cannot become.
fn prepare(
    exchange: &Exchange<'_>,
    changes: &[Change],
    created: &mut Vec<SvmState>,
) -> Result<(), ApiError> {
    let existing = exchange.cluster.svms.list();
    for Change { svm, loaded } in changes {
        let backend = if let Some(found) = svm_named(&existing, &svm.name) {
            if loaded.is_some() {
                simulated(found)?;
            }
            Arc::clone(&found.backend)
        } else {
            let made = create(exchange, svm)?;
            let backend = Arc::clone(&made.backend);
            created.push(made);
            backend
        };
        let volumes = match loaded {
            Some(loaded) => loaded.list_volumes()?,
            None => backend.list_volumes()?,
        };
        let present = volumes.into_iter().map(|volume| volume.uuid).collect();
        check_side_data(&svm.name, &svm.side_data, &present)?;
    }
    Ok(())
}

/// Makes an SVM that the document has and the cluster lacks.
fn create(exchange: &Exchange<'_>, svm: &ReadSvm) -> Result<SvmState, ApiError> {
    let cluster = exchange.cluster;
    check_svm_name(&svm.name)?;
    let Some(new_backend) = &cluster.new_backend else {
        let message = format!(
            "The cluster has no SVM {:?}, and the server makes no backends for new SVMs.",
            svm.name
        );
        return Err(ApiError::new(404, 2_621_462, message).about("svms"));
    };
    let number = cluster.svms.next_number();
    let named = Named { uuid: svm.uuid, name: svm.name.clone() };
    let made = cluster.svms.make(new_backend(&svm.name, number)?, named, number);
    if svm.state.is_some() {
        simulated(&made)?;
    } else {
        made.create_root_volume()?;
    }
    cluster.simulator.begin(&made);
    Ok(made)
}

/// Gives an SVM its state and its configuration. Returns what the reply says of it.
fn apply(
    exchange: &Exchange<'_>,
    found: &Arc<SvmState>,
    svm: ReadSvm,
    loaded: Option<&MemBackend>,
) -> Result<serde_json::Value, ApiError> {
    let _lock = found.write_lock()?;
    if let Some(loaded) = loaded {
        simulated(found)?.replace(loaded)?;
    }
    found.configuration.replace(svm.configuration);
    let volumes = found.backend.list_volumes()?;
    let present = volumes.into_iter().map(|volume| volume.uuid).collect();
    let mut side_data = svm.side_data;
    let absent = side_data.retain(&present);
    found.side_data().restore(&*found.backend, side_data, &exchange.cluster.aggregates);
    found.add_snapshot_policies();
    let absent: Vec<_> = absent.iter().map(ToString::to_string).collect();
    Ok(json!({"name": svm.name, "absent_volumes": absent}))
}
