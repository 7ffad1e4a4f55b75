//! Writing a listing as JSON, and parsing a request:
//!
//! `cargo bench -p nessie-benches --bench listing`, with an optional filter after `--`.
#![allow(clippy::unwrap_used, reason = "a bench may fail by panicking")]

mod common;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::{VOLUME, VolumeRecord};
use nessie_ontap_protocol::{Method, Page, Query, Url, reply};

use common::volumes;

fn main() {
    divan::main();
}

fn request(target: &str) -> (Url, Query<VolumeRecord>) {
    let url = Url::parse(target).unwrap();
    let query = Query::parse(&VOLUME, Method::Get, true, &[], &url).unwrap();
    (url, query)
}

/// Throughput of writing a whole listing, in bytes of JSON per second.
#[divan::bench]
fn write_10_000_records(bencher: Bencher<'_, '_>) {
    let (url, query) = request("/api/storage/volumes?fields=*");
    let page = Page::of(volumes(10_000), &query);
    let bytes = reply::collection(&url, &query.selection, &page).len();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| reply::collection(black_box(&url), &query.selection, &page));
}

/// Filtering and ordering, without writing.
#[divan::bench(args = ["", "name=vol_00*", "order_by=name desc", "max_records=100"])]
fn page_of_10_000_records(bencher: Bencher<'_, '_>, parameters: &str) {
    let (_, query) = request(&format!("/api/storage/volumes?{parameters}"));
    let volumes = volumes(10_000);
    bencher.counter(ItemsCount::new(volumes.len())).with_inputs(|| volumes.clone()).bench_values(
        |mut volumes| {
            volumes.retain(|volume| query.filter.matches(volume));
            Page::of(volumes, &query)
        },
    );
}

/// The parameters of a request for one record.
const PARAMETERS: [&str; 3] = ["", "?fields=%2A", "?fields=name%2Csize%2Cspace"];

/// A request for one record and its reply.
#[divan::bench(args = PARAMETERS)]
fn one_record(bencher: Bencher<'_, '_>, parameters: &str) {
    let volume = volumes(1).remove(0);
    let target = format!("/api/storage/volumes/{}{parameters}", volume.volume.uuid);
    bencher.counter(ItemsCount::new(1_u64)).bench(|| {
        let url = Url::parse(black_box(&target)).unwrap();
        let query = Query::parse(&VOLUME, Method::Get, false, &[], &url).unwrap();
        reply::record(&query.selection, &volume)
    });
}

/// Parsing of the same request, without the reply.
#[divan::bench(args = PARAMETERS)]
fn one_request(bencher: Bencher<'_, '_>, parameters: &str) {
    let target = format!("/api/storage/volumes/{}{parameters}", Uuid::nil());
    bencher.counter(ItemsCount::new(1_u64)).bench(|| {
        let url = Url::parse(black_box(&target)).unwrap();
        Query::parse(&VOLUME, Method::Get, false, &[], &url).unwrap()
    });
}
