//! Faults of requests.

use std::io;
use std::time::{Duration, Instant};

use nessie_backend_core::VolumeBackend;
use nessie_backend_faults::When;
use nessie_store::HttpFault;

use crate::support::{CLUSTER, Lab, VOLUMES, new_volume};

fn fault(path: &str) -> HttpFault {
    HttpFault::new().path(path).unwrap()
}

#[test]
fn a_status_comes_with_an_error_of_ontap_and_with_the_seconds_to_wait() {
    let lab = Lab::new();
    for (status, code) in [
        (400, "2"),
        (401, "6691623"),
        (403, "6"),
        (404, "4"),
        (409, "1"),
        (429, "262160"),
        (500, "65541"),
        (503, "8"),
        (599, "65541"),
    ] {
        let fault = fault(CLUSTER).status(status).unwrap();
        let plan = lab.cluster.inject([fault.retry_after(Duration::from_millis(2_900)).unwrap()]);
        let reply = lab.get(CLUSTER);
        assert_eq!((reply.status, reply.code().as_str()), (status, code));
        assert!(reply.message().contains(&status.to_string()), "{}", reply.message());
        assert!(reply.has("retry-after: 2"), "{}", reply.head);
        lab.cluster.remove(&plan);
        assert_eq!(lab.get(CLUSTER).status, 200);
    }
    let plan = lab.cluster.inject([fault(CLUSTER).status(503).unwrap()]);
    assert!(!lab.get(CLUSTER).head.contains("retry-after"));
    // The connection stays open, whatever the request sends.
    let mut client = lab.client();
    for body in ["", "{}", "no json"] {
        assert_eq!(client.send("POST", CLUSTER, body).unwrap().status, 503);
    }
    let head = client.send("HEAD", CLUSTER, "").unwrap();
    assert!(head.status == 503 && head.length > 0);
    assert_eq!(client.send("GET", VOLUMES, "").unwrap().status, 200);
    assert_eq!(plan.hits().len(), 5);
}

#[test]
fn a_fault_comes_before_the_login_and_never_to_the_simulator() {
    let lab = Lab::new();
    let plan = lab.cluster.inject([HttpFault::new().status(503).unwrap()]);
    let mut client = lab.client();
    client.write_raw("GET /api/cluster HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read(true).unwrap().status, 503);
    for target in ["/simulator", "/simulator/", "/simulator/clock?svm=svm1", "//simulator"] {
        assert_ne!(lab.get(target).status, 503, "{target}");
    }
    assert_eq!(lab.get("/simulators").status, 503);
    assert_eq!(plan.hits().len(), 2);
}

#[test]
fn patterns_are_of_the_method_and_of_the_path_without_the_query() {
    let lab = Lab::new();
    let of = |method: &str, path: &str| fault(path).method(method).unwrap().status(503).unwrap();
    let plan = lab.cluster.inject([
        of("PATCH", "/api/cluster"),
        of("?ET", "/api/storage/volume?"),
        of("GET", "/api/cluster/jobs/*"),
    ]);
    let mut client = lab.client();
    assert_eq!(client.status("GET", "/api/storage/volumes?name=cluster"), 503);
    assert_eq!(client.status("GET", "/api/storage/volumes/"), 200);
    assert_eq!(client.status("GET", "/api/cluster?fields=version"), 200);
    assert_eq!(client.status("GET", "/api/cluster/jobs"), 200);
    let hit = &plan.hits()[0];
    assert_eq!((hit.fault, hit.method.as_str(), hit.path.as_str()), (1, "GET", VOLUMES));
    assert_eq!(hit.time, lab.backend.backend().now());
    assert_eq!(plan.unused(), [0, 2]);
}

#[test]
fn the_selection_counts_as_that_of_a_backends_faults() {
    let lab = Lab::new();
    let hits = |fault: HttpFault| {
        let plan = lab.cluster.inject([fault.status(503).unwrap()]);
        let mut client = lab.client();
        let hit = (0..12).filter(|_| client.status("OPTIONS", CLUSTER) == 503).count();
        lab.cluster.remove(&plan);
        (hit, plan.hits().len())
    };
    assert_eq!(hits(fault("*")), (12, 12));
    assert_eq!(hits(fault("*").after(5)), (7, 7));
    assert_eq!(hits(fault("*").after(1).every(3).unwrap().times(2)), (2, 2));
    let half = || fault("*").probability(0.5).unwrap();
    assert_eq!(hits(half()), hits(half()));
    let few = hits(half()).0;
    assert!((2..=10).contains(&few), "{few}");
}

#[test]
fn a_reset_comes_before_or_after_the_request_is_handled() {
    let lab = Lab::new();
    let reset = |when| fault(VOLUMES).method("POST").unwrap().reset().unwrap().when(when).unwrap();
    for (when, volumes) in [(When::Before, 0), (When::After, 1)] {
        let plan = lab.cluster.inject([reset(when).times(1)]);
        let mut client = lab.client();
        // An earlier reply is not lost.
        client.write("GET", CLUSTER, "");
        assert_eq!(client.read(true).unwrap().status, 200);
        let error = client.send("POST", VOLUMES, &new_volume("v1")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(plan.hits().len(), 1);
        assert_eq!(lab.backend.list_volumes().unwrap().len(), volumes);
        lab.cluster.remove(&plan);
    }
    // Refused requests are not hit after they were handled.
    let plan = lab.cluster.inject([reset(When::After)]);
    assert_eq!(lab.send("POST", VOLUMES, "{}").status, 400);
    assert!(plan.hits().is_empty());
    assert_eq!(plan.unused(), [0]);
}

#[test]
fn a_status_after_the_request_hides_its_success() {
    let lab = Lab::new();
    let lost = fault(VOLUMES).status(504).unwrap().when(When::After).unwrap();
    let _plan = lab.cluster.inject([lost]);
    assert_eq!(lab.send("POST", VOLUMES, &new_volume("v1")).status, 504);
    assert_eq!(lab.backend.list_volumes().unwrap().len(), 1);
}

#[test]
fn a_truncated_reply_has_its_whole_length_in_the_head() {
    let lab = Lab::new();
    let whole = lab.get(CLUSTER);
    for (bytes, sent) in [(0, 0), (7, 7), (u64::MAX, whole.length)] {
        let plan = lab.cluster.inject([fault(CLUSTER).truncate(bytes).unwrap()]);
        let mut client = lab.client();
        let reply = client.send("GET", CLUSTER, "").unwrap();
        assert_eq!((reply.status, reply.length), (200, whole.length));
        assert_eq!(reply.body, whole.body[..sent]);
        assert!(!reply.head.contains("connection: close"));
        let closed = client.send("GET", CLUSTER, "").unwrap_err().kind();
        assert!(matches!(
            closed,
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
        ));
        lab.cluster.remove(&plan);
    }
}

#[test]
fn a_delay_does_not_block_other_connections_and_ends_with_the_server() {
    let lab = Lab::new();
    let hour = Duration::from_secs(3_600);
    for when in [When::Before, When::After] {
        let slow = fault("/api/cluster/nodes").delay(hour).unwrap().when(when).unwrap();
        let _plan = lab.cluster.inject([slow]);
        // More than the server has threads.
        let mut slow: Vec<_> = (0..40).map(|_| lab.client()).collect();
        for client in &mut slow {
            client.write("GET", "/api/cluster/nodes", "");
        }
        assert_eq!(lab.get(CLUSTER).status, 200);
    }
    let mut slow = lab.client();
    slow.write("GET", "/api/cluster/nodes", "");
    let begin = Instant::now();
    lab.server.stop();
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    let short = Lab::new();
    let wait = Duration::from_millis(20);
    let _plan = short.cluster.inject([fault("*").delay(wait).unwrap().status(503).unwrap()]);
    let begin = Instant::now();
    assert_eq!(short.get(CLUSTER).status, 503);
    assert!(begin.elapsed() >= wait);
}

#[test]
fn plans_apply_in_order_and_the_first_effect_ends_them() {
    let lab = Lab::new();
    let first = lab.cluster.inject([
        fault("*").delay(Duration::from_millis(1)).unwrap(),
        fault("*").status(429).unwrap().times(1),
        fault("*"),
    ]);
    let last = lab.cluster.inject([fault("*").status(500).unwrap()]);
    let mut client = lab.client();
    assert_eq!(client.status("GET", CLUSTER), 429);
    assert_eq!(client.status("GET", CLUSTER), 500);
    let faults: Vec<_> = first.hits().iter().map(|hit| hit.fault).collect();
    assert_eq!((faults, last.hits().len()), (vec![0, 1, 0, 2], 1));
}

#[test]
fn values_that_break_a_rule_are_refused_with_their_name() {
    let error = |json: &str| HttpFault::from_json(json.as_bytes()).unwrap_err();
    for (json, target, text) in [
        (r#"{"path": "api"}"#, "path", "begins with /"),
        (r#"{"path": ""}"#, "path", "begins with /"),
        (r#"{"path": "/simulator/*"}"#, "path", "no fault hits"),
        (r#"{"method": "get"}"#, "method", "GET, HEAD, POST"),
        (r#"{"status": 399}"#, "status", "400 to 599"),
        (r#"{"status": 65939}"#, "status", "400 to 599"),
        (r#"{"status": "x"}"#, "status", "\"x\""),
        (r#"{"status": 503, "retry_after": -1}"#, "retry_after", "-1"),
        (r#"{"retry_after": 1}"#, "retry_after", "without a status"),
        (r#"{"status": 503, "reset": true}"#, "reset", "exclusive"),
        (r#"{"truncate": 1, "job": "failure"}"#, "job", "exclusive"),
        (r#"{"truncate": 1, "when": "before"}"#, "when", "truncate"),
        (r#"{"job": "failure", "when": "before"}"#, "when", "job"),
        (r#"{"job": "failure", "delay": 1}"#, "delay", "job"),
        (r#"{"job": "success"}"#, "job", "\"running\""),
        (r#"{"when": "during"}"#, "when", "\"before\""),
        (r#"{"delay": -1}"#, "delay", "negative"),
        (r#"{"delay": 1e300}"#, "delay", "too large"),
        (r#"{"delay": 1e9}"#, "delay", "a year"),
        (r#"{"delay": "soon"}"#, "delay", "not a number"),
        (r#"{"every": 0}"#, "every", "less than 1"),
        (r#"{"times": -1}"#, "times", "-1"),
        (r#"{"probability": 1.5}"#, "probability", "0 to 1"),
        (r#"{"operation": "*"}"#, "operation", "Unexpected"),
    ] {
        let found = error(json);
        assert_eq!(found.target.as_deref(), Some(target), "{json}: {found}");
        assert!(found.message.contains(text), "{json}: {found}");
    }
    for json in ["", "[]", "{"] {
        assert_eq!(HttpFault::from_json(json.as_bytes()).is_ok(), json.is_empty());
    }
}
