//! One test for each case of the suite.

use nessie_backend_conformance::Config;
use outsider::DictVolumes;

fn main() {
    nessie_backend_conformance::main(&Config::default(), DictVolumes::default);
}
