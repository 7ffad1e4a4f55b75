//! Files, which no volume has.

use nessie_store::Method;

use crate::support::{Lab, UNKNOWN, VOLUMES};

#[test]
fn lists_are_empty_and_each_file_is_missing() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    let files = format!("{volume}/files");
    assert_eq!(lab.get(&format!("{files}?type=file&fields=size,name"))["num_records"], 0);
    for (method, body) in
        [(Method::Get, ""), (Method::Patch, r#"{"path":"b"}"#), (Method::Delete, "")]
    {
        let reply = lab.send(method, &format!("{files}/a%2Fb%2Etxt"), body);
        assert_eq!((reply.status, reply.code()), (404, "6684674"), "{}", reply.json);
    }
    let part = format!("{files}/a?byte_offset=0&length=10&return_metadata=true&recurse=false");
    assert_eq!(lab.send(Method::Get, &part, "").code(), "6684674");
    for (target, code) in [
        (format!("{files}?recurse=x"), "262197"),
        (format!("{files}/a?length=x"), "262197"),
        (format!("{files}?colour=x"), "262179"),
        (format!("{VOLUMES}/{UNKNOWN}/files"), "918235"),
        (format!("{VOLUMES}/x/files/a"), "918235"),
    ] {
        assert_eq!(lab.send(Method::Get, &target, "").code(), code, "{target}");
    }
    assert_eq!(lab.send(Method::Post, &format!("{files}/a"), "{}").status, 405);
}

#[test]
fn a_clone_of_a_file_is_refused() {
    let lab = Lab::new();
    lab.volume("v1", "");
    let clone = "/api/storage/file/clone?return_timeout=5";
    for (body, code) in [
        (r#"{"volume.name":"v1","source_path":"a","destination_path":"b"}"#, "917864"),
        (r#"{"volume":"v1","source_path":"/a","destination_path":"b"}"#, "917812"),
        (r#"{"volume":"v1","source_path":"a"}"#, "262212"),
        (r#"{"volume":"v9","source_path":"a","destination_path":"b"}"#, "917927"),
        (r#"{"source_path":"a","destination_path":"b"}"#, "918232"),
        (r#"{"volume":"v1","source_path":"a","destination_path":"b","range":"1"}"#, "262254"),
    ] {
        assert_eq!(lab.send(Method::Post, clone, body).code(), code, "{body}");
    }
    let body = r#"{"volume":"v1","source_path":"a","destination_path":"b","range":["0:0:1"]}"#;
    let reply = lab.send(Method::Post, "/api/storage/file/clone", body);
    assert_eq!(reply.status, 202);
    let job = format!("/api/cluster/jobs/{}", reply.json["job"]["uuid"].as_str().unwrap());
    assert_eq!(lab.get(&job)["code"], 917_864);
}

#[test]
fn copies_and_moves_of_files_are_refused() {
    let lab = Lab::new();
    lab.volume("v1", "");
    let file = r#""svm":{"name":"svm1"},"volume":{"name":"v1"},"path":"a""#;
    let no_volume = r#""svm":{"name":"svm1"},"path":"a""#;
    let other = r#""svm":{"name":"svm1"},"volume":{"name":"v9"},"path":"a""#;
    let no_svm = r#""volume":{"name":"v1"},"path":"a""#;
    let copies = |source: &str, destination: &str| {
        format!(
            r#"{{"files_to_copy":[{{"source":{{{source}}},"destination":{{{destination}}}}}]}}"#
        )
    };
    let moves = |sources: &str, destinations: &str| {
        format!(r#"{{"files_to_move":{{"sources":[{sources}],"destinations":[{destinations}]}}}}"#)
    };
    let of = |file: &str| format!("{{{file}}}");
    for (path, body, code) in [
        ("copy", copies(file, file), "7012358"),
        ("copy", copies(other, file), "917927"),
        ("copy", copies(no_volume, file), "918232"),
        ("copy", copies(no_svm, file), "2621707"),
        ("copy", copies("", file), "7012358"),
        ("copy", copies(file, ""), "7012359"),
        ("copy", "{}".to_owned(), "7012358"),
        ("copy", r#"{"files_to_copy":[1]}"#.to_owned(), "262220"),
        ("copy", r#"{"files_to_copy":[{"colour":1}]}"#.to_owned(), "262179"),
        ("copy", r#"{"colour":1}"#.to_owned(), "262179"),
        ("moves", moves(&of(file), &of(file)), "7012358"),
        ("moves", moves(&[of(file), of(file)].join(","), &of(no_svm)), "7012358"),
        ("moves", moves(&of(file), ""), "7012354"),
        ("moves", moves("", &of(file)), "7012358"),
        ("moves", moves(&of(other), &of(file)), "917927"),
    ] {
        let target = format!("/api/storage/file/{path}?return_timeout=5");
        let reply = lab.send(Method::Post, &target, &body);
        assert_eq!((reply.status, reply.code()), (400, code), "{body} {}", reply.json);
    }
    let moves = "/api/storage/file/moves";
    assert_eq!(lab.get(&format!("{moves}?fields=**&volume.name=v1"))["num_records"], 0);
    let one = format!("{moves}/{UNKNOWN}/{UNKNOWN}/1");
    assert_eq!(lab.send(Method::Get, &one, "").code(), "4");
}

#[test]
fn a_command_and_the_splits_of_file_clones_know_no_file() {
    let lab = Lab::new();
    let usage = "/api/private/cli/volume/file/show-disk-usage?vserver=svm1";
    assert_eq!(lab.send(Method::Get, &format!("{usage}&path=/vol/v/f"), "").code(), "917806");
    let splits = "/api/storage/file/clone/split-status?volume.name=v&fields=unsplit_size";
    assert_eq!(lab.get(splits)["num_records"], 0);
}
