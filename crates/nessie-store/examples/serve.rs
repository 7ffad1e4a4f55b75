//! An ONTAP REST endpoint over a backend, until Enter is pressed.
//!
//! ```sh
//! cargo run -p nessie-store --example serve
//! ```

#![allow(clippy::print_stdout, reason = "it shows where it is")]

use std::io;
use std::sync::Arc;

use nessie_backend_core::{VolumeBackend, VolumeSpec};
use nessie_backend_mem::MemBackend;
use nessie_store::{Cluster, ServerOptions, serve};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let backend = MemBackend::new();
    let cluster = Arc::new(Cluster::builder().svm("svm1", backend.clone()).build()?);

    let mut options = ServerOptions::new("admin", "secret");
    options.tls = false;
    let server = serve(cluster, options)?;

    // A volume that is created in the backend is in the REST API, and the other way round.
    let mut volume = VolumeSpec::named("build_cache");
    volume.size_bytes = Some(50 << 30);
    backend.create_volume(volume)?;
    println!("curl -u admin:secret 'http://{}/api/storage/volumes?fields=*'", server.address());
    io::stdin().read_line(&mut String::new())?;
    println!("{} volumes", backend.counts().volumes);
    server.stop();
    Ok(())
}
