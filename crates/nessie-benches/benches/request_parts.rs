//! The parts of a request's time, without a socket, for a GET of one volume and a POST of one:
//!
//! `cargo bench -p nessie-benches --bench request_parts`, with an optional filter after `--`.
//!
//! `whole` is all of `Cluster::handle`. Its other parts are the route, the SVM, the attributes and,
//! for the POST, the job. The bench `requests` measures the server and the socket.
#![allow(clippy::unwrap_used, reason = "a bench may fail by panicking")]

mod common;

use std::sync::Arc;

use divan::{Bencher, black_box};
use nessie_backend_mem::MemBackend;
use nessie_ontap_protocol::records::{VOLUME, VolumeRecord};
use nessie_ontap_protocol::{Method, Query, Url};
use nessie_store::{Cluster, Config, Svm};

fn main() {
    divan::main();
}

fn cluster(backend: &MemBackend) -> Cluster {
    let mut config = Config::default();
    config.svms.push(Svm::new("svm1", Arc::new(backend.clone())));
    Cluster::new(config).unwrap()
}

fn query(method: Method, is_collection: bool, target: &str) -> Query<VolumeRecord> {
    let url = Url::parse(target).unwrap();
    Query::parse(&VOLUME, method, is_collection, &[], &url).unwrap()
}

mod get {
    use nessie_backend_core::{Volume, VolumeBackend, VolumeSpec};
    use nessie_ontap_protocol::reply;
    use nessie_store::Request;

    use super::{Bencher, MemBackend, Method, black_box, cluster, common, query};

    fn volume() -> (MemBackend, Volume) {
        let backend = MemBackend::new();
        let volume = backend.create_volume(VolumeSpec::named("v").size_bytes(1 << 30)).unwrap();
        (backend, volume)
    }

    fn target(volume: &Volume) -> String {
        format!("/api/storage/volumes/{}", volume.uuid)
    }

    #[divan::bench]
    fn parse(bencher: Bencher<'_, '_>) {
        let target = target(&volume().1);
        bencher.bench(|| query(Method::Get, false, black_box(&target)));
    }

    #[divan::bench]
    fn backend(bencher: Bencher<'_, '_>) {
        let (backend, volume) = volume();
        bencher.bench(|| backend.get_volume(black_box(volume.uuid)).unwrap());
    }

    #[divan::bench]
    fn write(bencher: Bencher<'_, '_>) {
        let record = common::volumes(1).remove(0);
        let query = || query(Method::Get, false, "/api/storage/volumes/x");
        bencher.with_inputs(query).bench_refs(|query| reply::record(&query.selection, &record));
    }

    #[divan::bench]
    fn whole(bencher: Bencher<'_, '_>) {
        let (backend, volume) = volume();
        let (cluster, target) = (cluster(&backend), target(&volume));
        bencher.bench(|| cluster.handle(&Request::new(Method::Get, black_box(&target))));
    }
}

mod post {
    use std::sync::atomic::{AtomicU64, Ordering};

    use nessie_backend_core::{Uuid, VolumeBackend, VolumeSpec};
    use nessie_ontap_protocol::{Body, reply};
    use nessie_store::Request;

    use super::{Bencher, MemBackend, Method, VOLUME, VolumeRecord, black_box, cluster, query};

    const TARGET: &str = "/api/storage/volumes";

    /// A name that no volume has.
    fn name() -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        format!("v{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn body() -> String {
        let name = name();
        format!(
            r#"{{"name":"{name}","size":1073741824,"svm":{{"name":"svm1"}},"aggregates":[{{"name":"aggr1"}}]}}"#
        )
    }

    #[divan::bench]
    fn parse(bencher: Bencher<'_, '_>) {
        bencher.with_inputs(body).bench_refs(|body| {
            let query = query(Method::Post, true, TARGET);
            let body = Body::parse(body.as_bytes()).unwrap();
            body.check(&VOLUME, Method::Post).unwrap();
            (query, body)
        });
    }

    #[divan::bench]
    fn backend(bencher: Bencher<'_, '_>) {
        let backend = MemBackend::new();
        bencher.with_inputs(name).bench_values(|name| {
            backend.create_volume(VolumeSpec::named(name).size_bytes(1 << 30)).unwrap()
        });
    }

    #[divan::bench]
    fn write() -> Vec<u8> {
        reply::job::<VolumeRecord>(black_box(Uuid::max()), None)
    }

    #[divan::bench]
    fn whole(bencher: Bencher<'_, '_>) {
        let cluster = cluster(&MemBackend::new());
        bencher.with_inputs(body).bench_refs(|body| {
            let request = Request::new(Method::Post, TARGET).body(body.as_bytes());
            let response = cluster.handle(&request);
            assert_eq!(response.status, 202);
            response
        });
    }
}
