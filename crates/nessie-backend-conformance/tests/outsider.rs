//! A crate outside the workspace uses the suite as its readers will: by the macro, in its tests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

#[test]
fn a_crate_of_somebody_else_tests_its_backend() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outsider/Cargo.toml");
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    // What the workspace has built is not built again.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    // The versions of the workspace, so that nothing is fetched that is not there already.
    std::fs::copy(lock, manifest.with_file_name("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--offline", "--manifest-path"])
        .arg(&manifest)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("0 failed"), "{text}");
}
