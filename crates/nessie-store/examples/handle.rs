//! Sends requests to a cluster without a server: creates a volume and lists the volumes.

use nessie_backend_mem::MemBackend;
use nessie_store::{Cluster, ConfigError, Method, Request, Response};

fn main() -> Result<(), ConfigError> {
    let backend = MemBackend::new();
    let cluster = Cluster::builder().svm("svm1", backend.clone()).build()?;

    let body = br#"{
        "name": "build_cache",
        "svm": {"name": "svm1"},
        "aggregates": [{"name": "aggr1"}],
        "size": "50GB",
        "nas": {"path": "/build_cache"}
    }"#;
    show(&ask(&cluster, Method::Post, "/api/storage/volumes?return_timeout=15", body));
    show(&ask(&cluster, Method::Get, "/api/storage/volumes?fields=size,nas.path&pretty=true", b""));
    // The volume is in the backend, for every user of the backend.
    assert!(backend.contains_name("build_cache"));
    Ok(())
}

fn ask(cluster: &Cluster, method: Method, target: &str, body: &[u8]) -> Response {
    cluster.handle(&Request::new(method, target).body(body))
}

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn show(response: &Response) {
    println!("{} {}", response.status, String::from_utf8_lossy(&response.body));
}
