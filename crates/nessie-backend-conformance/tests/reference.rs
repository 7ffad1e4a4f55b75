//! The reference backend keeps the contract.
#![allow(clippy::print_stdout, reason = "a test shows what it found")]

use nessie_backend_conformance::{Config, run};
use nessie_backend_mem::MemBackend;

#[test]
fn the_reference_backend_passes_every_case() {
    let report = run(&MemBackend::new(), &Config::default());
    let mut slow: Vec<_> = report.cases.iter().map(|case| (case.time, case.name)).collect();
    slow.sort();
    println!("the slowest: {:?}", &slow[slow.len() - 3..]);
    println!("{report}");
    assert!(report.is_success());
    assert!(report.counts().passed > 100);
}
