//! A cluster for the tests, and its replies.

use std::sync::Arc;

use nessie_backend_mem::{Limits, MemBackend};
use nessie_store::{Cluster, Config, Method, Request, Response, Svm};
use serde_json::Value;

pub(crate) const VOLUMES: &str = "/api/storage/volumes";
pub(crate) const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";
pub(crate) const GIB: u64 = 1 << 30;

/// A cluster with the SVM `svm1`, and its backend.
pub(crate) struct Lab {
    pub(crate) cluster: Cluster,
    pub(crate) backend: MemBackend,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) json: Value,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A cluster whose parts are changed before it is built.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(MemBackend::builder().seed(1).build().unwrap(), change)
    }

    /// A cluster over a backend with limits.
    pub(crate) fn with_limits(limits: Limits) -> Self {
        Self::over(MemBackend::builder().seed(1).limits(limits).build().unwrap(), |_| {})
    }

    fn over(backend: MemBackend, change: impl FnOnce(&mut Config)) -> Self {
        let clock = backend.clone();
        let mut config = Config::default();
        config.seed = Some(1);
        config.clock = Some(Arc::new(move || clock.now()));
        config.svms.push(Svm::new("svm1", Arc::new(backend.clone())));
        change(&mut config);
        Self { cluster: Cluster::new(config).unwrap(), backend }
    }

    pub(crate) fn send(&self, method: Method, target: &str, body: &str) -> Reply {
        let request = Request::new(method, target).body(body.as_bytes());
        Reply::from(self.cluster.handle(&request))
    }

    pub(crate) fn get(&self, target: &str) -> Value {
        let reply = self.send(Method::Get, target, "");
        assert_eq!(reply.status, 200, "GET {target}: {}", reply.json);
        reply.json
    }

    /// Sends a request and waits for its result.
    pub(crate) fn done(&self, method: Method, target: &str, body: &str) -> Reply {
        let mark = if target.contains('?') { '&' } else { '?' };
        let target = format!("{target}{mark}return_timeout=15");
        let reply = self.send(method, &target, body);
        assert!(reply.status < 300, "{target} {body}: {}", reply.json);
        reply
    }

    /// Creates a volume of 1 GiB with further fields, and returns its path.
    pub(crate) fn volume(&self, name: &str, more: &str) -> String {
        let body = format!(
            r#"{{"name":"{name}","svm.name":"svm1","aggregates":[{{"name":"aggr1"}}],"size":{GIB}{more}}}"#
        );
        self.done(Method::Post, VOLUMES, &body).location()
    }

    /// Takes a snapshot and returns its path.
    pub(crate) fn snapshot(&self, volume: &str, name: &str) -> String {
        let target = format!("{volume}/snapshots");
        self.done(Method::Post, &target, &format!(r#"{{"name":"{name}"}}"#)).location()
    }

    /// Creates a clone of a snapshot, or of a new one, and returns its path.
    pub(crate) fn clone_of(&self, parent: &str, snapshot: Option<&str>, name: &str) -> String {
        let snapshot = snapshot.map_or("null".to_owned(), |name| format!("\"{name}\""));
        let body = format!(
            r#"{{"name":"{name}","svm.name":"svm1","clone.is_flexclone":"true",
                "clone.parent_volume.name":"{parent}","clone.parent_snapshot.name":{snapshot}}}"#
        );
        self.done(Method::Post, VOLUMES, &body).location()
    }

    /// The names of a collection's records.
    pub(crate) fn names(&self, target: &str) -> Vec<String> {
        let json = self.get(target);
        let records = json["records"].as_array().unwrap();
        records.iter().map(|record| record["name"].as_str().unwrap().to_owned()).collect()
    }
}

impl Reply {
    pub(crate) fn location(&self) -> String {
        let found = self.headers.iter().find(|(name, _)| *name == "Location");
        found.unwrap().1.clone()
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        let Response { status, body, headers, .. } = response;
        let json =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Self { status, json, headers }
    }
}
