//! A simulated ONTAP cluster over any backend of the trait stack.
//!
//! [`Cluster`] answers ONTAP REST requests from the volumes of its SVMs, each of which has its own
//! backend. [`Cluster::handle`] needs no socket; `serve` puts an HTTP server in front of it
//! (feature `server`, on by default).
//!
//! ```
//! # #[cfg(feature = "server")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use nessie_backend_mem::MemBackend;
//! use nessie_store::{Cluster, ServerOptions, serve};
//!
//! let backend = MemBackend::new();
//! let cluster = Cluster::builder().svm("svm1", backend.clone()).build()?;
//!
//! let server = serve(Arc::new(cluster), ServerOptions::new("admin", "secret"))?;
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
//! # Overview
//!
//! | item | for what |
//! |---|---|
//! | [`Cluster`] | the cluster; answers a [`Request`] with a [`Response`] |
//! | [`ClusterBuilder`], [`Config`], [`ConfigError`] | build a cluster |
//! | [`Svm`], [`Aggregate`], [`Lif`], [`Clock`], [`NewBackend`], [`JobCompletion`] | the parts of a configuration |
//! | [`coverage()`], [`Endpoint`], [`FieldInfo`] | the implemented paths, methods and fields |
//! | [`ApiError`] | an error with ONTAP's code |
//! | [`HttpFault`], [`HttpFaultPlan`], [`HttpHit`], [`JobFault`] | faults of requests, see [`Cluster::inject`] |
//! | `/ui` (feature `server`) | a page of a server that shows the cluster to people and changes nothing |
//! | module `simulator` (feature `simulator`) | the resources of `/simulator` |
//! | `serve`, `Server`, `ServerOptions`, `Identity`, `Limits` | the HTTP server |
//! | `RequestHandler` | what a server calls; a wrapper around a cluster can implement it |
//! | `AccessLog`, `AccessLogEntry` | the access log of a server |
//!
//! The program `nessie-store` (feature `cli`) serves a cluster to programs in any language:
//! `nessie-store serve --help`.
//!
//! # What is simulated, and how
//!
//! * A change succeeds or fails before its request is answered. A job only reports the result;
//!   [`JobCompletion`] sets how long it reports that it is not complete. Jobs are kept for 300 seconds
//!   after they complete, and at most 100 000 of them.
//! * Fields of a volume that the backend does not store (comment, policies, tiering, …) are stored
//!   in the cluster, returned by later requests and deleted with the volume. They have no other
//!   effect: no data is stored, moved, compressed or encrypted.
//! * When the [epoch](nessie_backend_core::VolumeBackend::epoch) of a backend changes, as by
//!   `MemBackend::reset`, these fields and the jobs of its objects are deleted.
//! * ONTAP's rules for names and sizes apply to requests. Volumes created directly on the backend
//!   are served even if ONTAP would reject their names. A volume without a quota reports the size
//!   of its pool: the capacity of the backend or, without one, the configured size of the first
//!   aggregate.
//! * How many volumes, snapshots and clones there can be, only the backend decides. A `MemBackend`
//!   that is built with the limits `Profile::Ontap.limits()` has those of ONTAP. An exceeded limit
//!   is refused with ONTAP's code.
//! * Volumes are deleted immediately, unless there is a recovery queue; see below. A volume that is
//!   offline keeps its junction path.
//! * Each SVM has the export policy `default`, without rules, which can be neither deleted nor
//!   renamed. Rules are stored, and no client is checked against them. A volume that names, on its
//!   backend, a policy that its SVM lacks is served with the name alone.
//! * No volume has files: lists of files and of moves of files are empty, and a request that names a file,
//!   such as a clone, a copy or a move of one or the command that shows its disk usage, is refused with
//!   the code for a missing file.
//! * A `FlexGroup` volume is one volume of the backend. Its constituents are derived from it: each has
//!   an equal part of its size and its data, which its aggregates account for. It has at most 1000. Only
//!   the whole volume is changed, and its snapshots do not expire. A change of its `aggregates` adds
//!   constituents of the present size, in each aggregate as many as `constituents_per_aggregate`. With
//!   the sizing method `add_new_resources`, a larger size adds at least one and at most two in each
//!   aggregate that the system selects.
//! * Qtrees and quota rules are deleted with their volume. A clone has the qtrees that its parent has
//!   when it is created, and no quota rules. A restore leaves qtrees as they are. The default qtree of
//!   a volume cannot be changed. Quotas limit nothing, and reports show nothing as used. They are
//!   initialized until the job that turns them on completes.
//! * The cluster has three efficiency policies. A request that refers to an object that does not exist
//!   is refused.
//! * `QoS` policies are stored and limit nothing. Volumes that use a policy which is changed or deleted
//!   follow it. Limits of a volume without a policy are a policy of the class `autovolume`.
//! * Snapshot policies and locks are those of the backends; see below.
//! * Space is that of the backends' account
//!   ([`space`](nessie_backend_core::VolumeBackend::space)); see below.
//! * `/support/ems/events` has the operations that an open log of the simulator has recorded. The name of
//!   a message is `nessie.` and the operation; a refused operation has the severity `error`.
//! * Nothing is measured. Metrics of volumes and qtrees and statistics of volumes are zero, and the performance counters
//!   of the nodes grow at a small, fixed rate.
//! * `/private/cli` has the commands that show volumes, snapshots, aggregates, SVMs, nodes and the
//!   version, the deletion of snapshots, and those of the recovery queue. Every other command is refused
//!   with code 3. The privilege level has no effect. `ignore-owners` does not delete a snapshot that a
//!   clone depends on.
//! * A request may select, filter and order by fields that ONTAP 9.15.1 documents and that are not
//!   simulated. No record has them.
//! * A change of a collection changes at most `max_records` objects and links to the rest.
//! * A feature that the backend does not support is refused with code 3. So is every path that is not
//!   simulated, such as those of igroups, S3 buckets or `/api/application/containers`; the error names
//!   the path.
//! * Collections are in order of creation, except that qtrees and quota reports are in the order of the
//!   UUIDs of their volumes. Pages stay consistent when objects are created and deleted between
//!   requests.
//!
//! # SVMs
//!
//! * A request creates an SVM if the configuration has a [`NewBackend`], which makes its backend. The
//!   SVM has a root volume of 1 GB, `<svm>_root`, mounted at `/`, the export policy `default`, no LIF,
//!   and an NFS service and a DNS configuration only if the request has them. With
//!   [`Config::root_volumes`] the SVMs of the configuration have a root volume too.
//! * A new volume has its SVM's language, snapshot policy and space reporting. `max_volumes` and
//!   `storage.limit` refuse further volumes and larger sizes. The aggregates and the allowed protocols
//!   of an SVM are only reported; without `nfs.allowed` it gets no NFS service.
//! * The LIFs and the NFS service of a stopped SVM are down, the service cannot be changed, and the SVM
//!   reports no protocols. Its volumes stay online.
//! * An SVM is deleted only without volumes other than its root volume. A root volume can be taken offline and
//!   deleted only if it is the last volume. A change in an SVM that another request has just deleted
//!   is refused with 2621462. Jobs stay.
//! * Services and name services are only stored: no client connects, no name is looked up.
//!
//! # Recovery queue
//!
//! * With [`Config::recovery_queue_hours`], a deleted volume is kept that long on the cluster's clock.
//!   The first request after that deletes it. The deletion of a volume with clones or with locked
//!   snapshots is refused as ever, and a root volume, or a volume that is deleted with `force=true`, is
//!   deleted at once.
//! * Meanwhile it is an offline volume of the backend with a number after its name. Requests find it
//!   only in `/api/private/cli/volume/recovery-queue`, which purges and recovers it. It keeps its space
//!   and the snapshot that it was cloned from, and loses its junction and its policies.
//! * An SVM is deleted with its queue.
//!
//! # Snapshot policies and locks
//!
//! * A backend with [snapshot policies](nessie_backend_core::PolicyBackend) that lacks ONTAP's
//!   predefined ones gets them: `default` and `default-1weekly`, each with the schedules `hourly` (five
//!   minutes after each hour, 6 kept), `daily` (at 00:10, 2 kept) and `weekly` (Sundays at 00:15, 2 or
//!   1 kept), in UTC. They are policies of the cluster. A policy that is created directly on a
//!   backend is one of its SVM.
//! * `snapshot_policy` of a volume is the policy that the volume uses on the backend. The policy `none`
//!   means that it uses none. A volume or clone that a request creates without a policy uses `default`.
//! * The schedules take snapshots when a standing clock is advanced. On the system's clock
//!   they do so only with [`Config::run_policies`]: then each request first runs what became due.
//! * `expiry_time` of a snapshot is its lock on the backend. Before that time a request that would
//!   delete the snapshot is refused with 1638555, a restore to an older one with 9437886, the deletion
//!   of its volume with 460770.
//! * A policy that a request creates without an SVM is one of the cluster: it is on the backend of each
//!   SVM. One with an SVM is on the backend of its SVM. A backend that is reset gets both again when a
//!   request needs them. Where the rules on the backend differ, those count.
//! * Comments, labels, retention periods and the names of schedules are stored in the cluster. A
//!   snapshot without a label of its own has that of the schedule with its prefix in the present policy
//!   of its volume. Retention periods have no effect.
//! * Volumes with a policy that is not enabled do not use it on the backend until it is enabled.
//! * `/cluster/schedules` has the schedules that ONTAP documents for snapshots, and those that requests
//!   create. Policies use cron schedules, and follow their changes. Interval schedules are stored and
//!   have no effect: a policy that names one is refused with 1638413.
//! * On a backend without snapshot policies and locks, `snapshot_policy` is only a name, and
//!   `expiry_time` is only looked at by requests.
//!
//! # Space
//!
//! * `space.used` of a volume is its live data, `space.snapshot.used` what only its snapshots hold,
//!   `space.footprint` what was written to the volume itself: a clone's `clone.inherited_physical_used`
//!   belongs to its parent. So `footprint = used - inherited_physical_used + snapshot.used`.
//! * `space.block_storage.used` of an aggregate is the sum of `space.total_footprint` of its volumes:
//!   their footprints, and what volumes with `guarantee.type=volume` do not use of their size yet.
//!   The default is `none`, as on arrays with solid-state disks.
//! * If every backend has a capacity, the size of the aggregate is the sum of the capacities, one
//!   for each SVM. Several aggregates share it: the size of each is what the others do not use.
//!   If a backend has no capacity, the size is the configured one and limits only guarantees.
//! * A move to another aggregate completes with its job, or with the cutover that a client requests.
//!   Until then the volume is reported in its source. Its space counts in the destination from the
//!   start. A clone stays a clone.
//! * A guarantee, or a new size of a volume with one, is refused if the aggregate has less space
//!   left. The backend does not keep the guaranteed space free: other volumes can use it, and then
//!   `guarantee.honored` is false.
//! * The backend limits live data to the size of the volume. Snapshots take no space from it, and
//!   the snapshot reserve only lowers `space.available`.
//! * With `autosize.mode` `grow` or `grow_shrink`, a write that does not fit makes a volume of
//!   `MemBackend` grow to what it needs, up to `autosize.maximum`. No volume shrinks by itself, and
//!   the thresholds have no effect.
//! * `size` of a snapshot is the live data when it was taken, `reclaimable_space` what its deletion
//!   frees, `delta.size_consumed` the live data that was written since.
//! * A backend that reports its whole space and not that of single volumes, as one written in Python,
//!   has it in the aggregate; its volumes show their live data alone, and its snapshots what they
//!   consume.
//! * What does not fit is refused with 917536, the code of a job that completed with an error.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod api;
mod builder;
mod clock;
mod cluster;
mod config;
mod configuration;
mod coverage;
mod fields;
mod handlers;
mod http;
mod http_faults;
mod ids;
mod jobs;
mod parameters;
mod qos;
mod recovery_queue;
mod root_volume;
mod router;
#[cfg(feature = "server")]
mod server;
mod side_data;
#[cfg(feature = "simulator")]
pub mod simulator;
mod snapshot_policies;
mod space;
mod svm;
mod svm_limits;
mod svms;

pub use builder::ClusterBuilder;
pub use cluster::Cluster;
pub use config::{Aggregate, Clock, Config, ConfigError, JobCompletion, Lif, NewBackend, Svm};
pub use coverage::{Endpoint, coverage};
pub use fields::FieldInfo;
pub use http::{Request, Response};
pub use http_faults::{HttpAction, HttpEffect, HttpFault, HttpFaultPlan, HttpHit, JobFault};
pub use nessie_backend_core;
pub use nessie_backend_faults;
pub use nessie_ontap_protocol::{ApiError, FieldKind, FieldPresence, Method, WritableBy};
#[cfg(feature = "server")]
pub use server::{
    AccessLog, AccessLogEntry, Identity, Limits, RequestHandler, Server, ServerOptions, serve,
};
#[cfg(feature = "simulator")]
pub use simulator::SimulatedBackend;

#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
