//! The path and the query of a request.

use nessie_ontap_protocol::Url;

use crate::url;

#[test]
fn extra_slashes_name_the_same_path() {
    for target in ["/api/a/b", "/api//a/b", "/api/a/b/", "//api///a//b//", "api/a/b"] {
        assert_eq!(url(target).segments, ["api", "a", "b"], "{target}");
    }
    assert_eq!(url("").segments, [""; 0]);
}

#[test]
fn a_plus_is_a_space_in_the_query_and_a_plus_in_the_path() {
    let url = url("/api/a+b/c%2Bd?order_by=name+desc&a+b=%2B+%2b++");
    assert_eq!(url.segments, ["api", "a+b", "c+d"]);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(url.parameters, [pair("order_by", "name desc"), pair("a b", "+ +  ")]);
    assert_eq!(url.href(), "/api/a%2Bb/c%2Bd?a%20b=%2B%20%2B%20%20&order_by=name%20desc");
    assert_eq!(
        Url::parse(&url.href()).unwrap(),
        crate::url("/api/a+b/c+d?a+b=%2B+%2b++&order_by=name+desc")
    );
}

#[test]
fn names_and_values_are_decoded() {
    let url = url("/api/a%2Fb/%2A?n%61me=a%20b%2Bc+d&x=1=2&flag&&blank=");
    assert_eq!(url.segments, ["api", "a/b", "*"]);
    let pairs: Vec<_> =
        url.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("name", "a b+c d"), ("x", "1=2"), ("flag", ""), ("blank", "")]);
}

#[test]
fn raw_values_are_accepted_unchanged() {
    let url = url("/api/v?nas.path=/m1/*&name=svm1:ä|b");
    assert_eq!(url.parameters[0].1, "/m1/*");
    assert_eq!(url.parameters[1].1, "svm1:ä|b");
}

#[test]
fn a_second_question_mark_is_part_of_a_value_but_for_an_appended_page_size() {
    assert_eq!(url("/v?a=b?c").parameters, [("a".to_owned(), "b?c".to_owned())]);
    let appended = url("/v?return_records=false?max_records=10000");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        appended.parameters,
        [pair("return_records", "false"), pair("max_records", "10000")]
    );
    let twice = url("/v?max_records=5&start.uuid=x?max_records=10");
    assert_eq!(twice.parameters, [pair("max_records", "5"), pair("start.uuid", "x")]);
}

#[test]
fn broken_percent_encoding_is_refused() {
    for target in ["/%", "/%2", "/a?b=%zz", "/a?%=1", "/a?b=%+1", "/%ff", "/a?b=%c3%28"] {
        let error = Url::parse(target).unwrap_err();
        assert_eq!((error.status, error.code), (400, 2), "{target}");
    }
}

#[test]
fn a_link_is_encoded_and_sorted() {
    let url = url("/api//v/*/?name=v*&fields=a,b&max_records=1&$orderBy=a b&x=ä/");
    assert_eq!(
        url.href(),
        "/api/v/%2A?%24orderBy=a%20b&fields=a%2Cb&max_records=1&name=v%2A&x=%C3%A4%2F"
    );
    assert_eq!(Url::parse(&url.href()).unwrap().href(), url.href());
}
