//! A simulated ONTAP cluster over any backend of the trait stack.
//!
//! [`Cluster`] answers ONTAP REST requests from the volumes of its SVMs, each of which is a backend
//! of its own. [`Cluster::handle`] needs no socket; `serve` puts an HTTP server in front of it
//! (feature `server`, on by default).
//!
//! ```
//! # #[cfg(feature = "server")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use nessie_backend_mem::MemBackend;
//! use nessie_store::{Cluster, Config, ServerOptions, Svm, serve};
//!
//! let backend = MemBackend::new();
//! let mut config = Config::default();
//! config.svms.push(Svm { name: "svm1".to_owned(), backend: Arc::new(backend.clone()) });
//!
//! let server = serve(Arc::new(Cluster::new(config)?), ServerOptions::new("admin", "secret"))?;
//! println!("https://{}/api/storage/volumes", server.address());
//! let verify_against = server.ca_pem();
//! # assert!(verify_against.is_some());
//! server.stop();
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "server"))]
//! # fn main() {}
//! ```
//!
//! Without a server:
//!
//! ```
#![doc = include_str!("../examples/handle.rs")]
//! ```
//!
//! # What is simulated, and how
//!
//! * What a request changes is changed, or refused, before it is answered. A job only tells of it;
//!   [`JobPace`] says how long it claims to be at work. Jobs are kept for 300 seconds after their
//!   end, the last 100 000 at most.
//! * What ONTAP keeps of a volume and the domain has no word for (comment, policies, guarantee,
//!   tiering, …) is kept beside the backend, given back, and gone with the volume. It changes
//!   nothing else: no bytes are stored, moved, compressed or encrypted.
//! * When the [epoch](nessie_backend_core::VolumeBackend::epoch) of a backend changes, as by
//!   `MemBackend::reset`, what was kept beside it and the jobs about its objects are deleted.
//! * ONTAP's rules of names and sizes hold for requests. What was made without this face is listed
//!   and served whatever it is called; a volume without a quota is shown as large as its aggregate.
//! * A deleted volume is gone at once: there is no recovery queue. A volume that is offline keeps
//!   its junction path.
//! * There is one export policy, `default`, in every SVM, and there are ONTAP's three snapshot
//!   policies and its three efficiency policies. There are no `QoS` policies. A request that names
//!   an object that is not there is refused. Nothing takes snapshots on its own.
//! * Nothing is measured. Metrics and statistics of volumes are zero, and the performance counters
//!   of the nodes grow by a small, fixed part of the time.
//! * A field that ONTAP 9.15.1 documents and that is not simulated may be asked for, filtered and
//!   ordered by. No record has it.
//! * A change of a collection changes `max_records` objects at most and links to the rest.
//! * What a backend does not offer is refused with code 3.
//! * Collections come in order of creation, page by page, whatever is made and deleted meanwhile.
#![forbid(unsafe_code)]

mod attributes;
mod call;
mod cluster;
mod config;
mod coverage;
mod handlers;
mod http;
mod ids;
mod jobs;
mod parameters;
mod positions;
mod room;
mod router;
#[cfg(feature = "server")]
mod server;

pub use cluster::Cluster;
pub use config::{Aggregate, Clock, Config, JobPace, Lif, Svm};
pub use coverage::{Endpoint, FieldInfo, Fields, coverage};
pub use http::{Request, Response};
pub use nessie_ontap_protocol::{ApiError, FieldKind, FieldPresence, Method, WritableBy};
#[cfg(feature = "server")]
pub use server::{Entry, Handler, Identity, Limits, Log, Server, ServerOptions, serve};
