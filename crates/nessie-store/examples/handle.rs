//! Asks a cluster without a server: makes a volume and lists what there is.

use std::sync::Arc;

use nessie_backend_mem::MemBackend;
use nessie_store::{ApiError, Cluster, Config, Method, Request, Response, Svm};

fn main() -> Result<(), ApiError> {
    let backend = MemBackend::new();
    let mut config = Config::default();
    config.svms.push(Svm { name: "svm1".to_owned(), backend: Arc::new(backend.clone()) });
    let cluster = Cluster::new(config)?;

    let body = br#"{
        "name": "build_cache",
        "svm": {"name": "svm1"},
        "aggregates": [{"name": "aggr1"}],
        "size": "50GB",
        "nas": {"path": "/build_cache"}
    }"#;
    show(&ask(&cluster, Method::Post, "/api/storage/volumes?return_timeout=15", body));
    show(&ask(&cluster, Method::Get, "/api/storage/volumes?fields=size,nas.path&pretty=true", b""));
    // The volume is the backend's: whoever holds it sees it too.
    assert!(backend.contains_name("build_cache"));
    Ok(())
}

fn ask(cluster: &Cluster, method: Method, target: &str, body: &[u8]) -> Response {
    cluster.handle(&Request { method, target, svm_name: None, svm_uuid: None, body })
}

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn show(response: &Response) {
    println!("{} {}", response.status, String::from_utf8_lossy(&response.body));
}
