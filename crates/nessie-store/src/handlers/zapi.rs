//! ZAPI, the older XML interface: only the calls with which clients find out the ONTAP release.

use nessie_ontap_protocol::Method;
use nessie_ontap_protocol::records::release;

use crate::{Request, Response};

/// Answers a call in XML. Errors are in the results, as in ONTAP.
pub(crate) fn answer(request: &Request<'_>) -> Response {
    let results = match (request.method, std::str::from_utf8(request.body).ok().and_then(call)) {
        (Method::Post, Some(call)) => results(call),
        (Method::Post, None) => failure(13_001, "The request holds no call."),
        _ => failure(13_002, "A call is a POST."),
    };
    let body = format!(
        "<?xml version='1.0' encoding='UTF-8' ?>\n\
         <netapp version='1.210' xmlns='http://www.netapp.com/filer/admin'>{results}</netapp>"
    );
    Response::new(200, "text/xml", body.into_bytes())
}

/// The name of the first element in `netapp`.
fn call(body: &str) -> Option<&str> {
    let (_, after) = body.split_once("<netapp")?;
    let (_, inside) = after.split_once('>')?;
    let (_, name) = inside.split_once('<')?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty())
}

fn results(call: &str) -> String {
    let (generation, major, minor) = (release::GENERATION, release::MAJOR, release::MINOR);
    let content = match call {
        "system-get-ontapi-version" => {
            "<major-version>1</major-version><minor-version>210</minor-version>".to_owned()
        }
        "system-get-version" => format!(
            "<build-timestamp>1718668800</build-timestamp><is-clustered>true</is-clustered>\
             <version>{}</version><version-tuple><system-version-tuple>\
             <generation>{generation}</generation><major>{major}</major><minor>{minor}</minor>\
             </system-version-tuple></version-tuple>",
            release::FULL
        ),
        "system-node-get-iter" => "<attributes-list/><num-records>0</num-records>".to_owned(),
        call => return failure(13_005, &format!("Unable to find API: {call}")),
    };
    format!("<results status='passed'>{content}</results>")
}

fn failure(number: u32, reason: &str) -> String {
    format!("<results status='failed' errno='{number}' reason='{reason}'/>")
}
