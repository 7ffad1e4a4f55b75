//! Requests of any kind: none panics or breaks an invariant.

use nessie_store::{Method, Request, coverage};
use proptest::prelude::*;

use crate::support::{Lab, VOLUMES};

const METHODS: [Method; 6] =
    [Method::Get, Method::Head, Method::Post, Method::Patch, Method::Delete, Method::Options];

fn path() -> impl Strategy<Value = String> {
    let known: Vec<_> = coverage().iter().map(|endpoint| endpoint.path.to_owned()).collect();
    prop_oneof![
        3 => prop::sample::select(known),
        2 => Just(VOLUMES.to_owned()),
        1 => "/[a-z/%{}*]{0,20}",
    ]
}

fn field() -> impl Strategy<Value = String> {
    let fields: Vec<_> = coverage()
        .into_iter()
        .flat_map(|endpoint| endpoint.fields)
        .map(|field| field.path.to_owned())
        .collect();
    prop_oneof![4 => prop::sample::select(fields), 1 => "[a-z_.]{1,12}"]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("v1".to_owned()),
        Just("svm1".to_owned()),
        Just("true".to_owned()),
        Just("1GB".to_owned()),
        "[!*<>=|.0-9a-z\"{}]{0,8}",
    ]
}

fn body() -> impl Strategy<Value = String> {
    let member = (
        field(),
        prop_oneof![
            value().prop_map(|text| serde_json::json!(text).to_string()),
            Just("null".to_owned()),
            Just("1073741824".to_owned()),
            Just("true".to_owned()),
            Just("[{\"name\":\"aggr1\"}]".to_owned()),
            Just("{}".to_owned()),
        ],
    );
    let object = prop::collection::vec(member, 0..4).prop_map(|members| {
        let members: Vec<_> =
            members.iter().map(|(field, value)| format!("\"{field}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    });
    let good = "[a-z]{1,2}".prop_map(|name| {
        format!(r#"{{"name":"{name}","svm.name":"svm1","aggregates":[{{"name":"aggr1"}}]}}"#)
    });
    let clone = "[a-z]{1,2}".prop_map(|name| {
        format!(
            r#"{{"name":"{name}","svm.name":"svm1","clone":{{"is_flexclone":true,"parent_volume":{{"name":"v1"}}}}}}"#
        )
    });
    prop_oneof![4 => object, 2 => good, 2 => clone, 1 => "[{}\\[\\]:,\"a1]{0,12}"]
}

fn request() -> impl Strategy<Value = (Method, String, String)> {
    let parameter = (
        prop_oneof![
            3 => field(),
            1 => Just("fields".to_owned()),
            1 => Just("order_by".to_owned()),
            1 => Just("max_records".to_owned()),
            1 => Just("return_timeout".to_owned()),
            1 => Just("return_records".to_owned()),
        ],
        prop_oneof![value(), field()],
    );
    let query = prop::collection::vec(parameter, 0..3).prop_map(|parameters| {
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        parameters.join("&")
    });
    (prop::sample::select(METHODS.to_vec()), path(), query, body())
        .prop_map(|(method, path, query, body)| (method, format!("{path}?{query}"), body))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_requests_are_answered_and_keep_the_invariants(
        requests in prop::collection::vec(request(), 1..40)
    ) {
        let lab = Lab::new();
        let volume = lab.volume("v1", "");
        for (method, target, body) in requests {
            let target = target
                .replace("{volume.uuid}", volume.rsplit('/').next().unwrap())
                .replace("{uuid}", volume.rsplit('/').next().unwrap())
                .replace("{id}", "1");
            let request = Request::new(method, &target).body(body.as_bytes());
            let _ = lab.cluster.may_take_long(&request);
            let reply = lab.cluster.handle(&request);
            prop_assert!((200..=503).contains(&reply.status), "{target} {body}");
            if !reply.body.is_empty() {
                let json: Result<serde_json::Value, _> = serde_json::from_slice(&reply.body);
                prop_assert!(json.is_ok(), "{target}");
            }
            if reply.status >= 400 {
                let is_refusal = reply.body.starts_with(b"{\"error\"");
                prop_assert!(reply.body.is_empty() || is_refusal, "{target}");
            }
        }
        prop_assert_eq!(lab.backend.check_invariants(), Ok(()));
    }
}
