//! The JSON of replies: records, collections and jobs.

use nessie_backend_core::Uuid;

use crate::records::job_href;
use crate::schema::write::{write_links, write_text, write_uuid};
use crate::{Page, Selection, Url};

/// A collection: `records`, `num_records`, `_links.self` and, unless this is the last page,
/// `_links.next`.
#[must_use]
pub fn collection<R>(url: &Url, selection: &Selection<R>, page: &Page<R>) -> Vec<u8> {
    let mut out = b"{".to_vec();
    write_records(selection, &page.records, &mut out);
    out.push(b',');
    write_page_links(url, next_href(url, page).as_deref(), &mut out);
    out.push(b'}');
    out
}

/// The value of the header `Link` with the link to the next page, if there is one.
#[must_use]
pub fn next_link<R>(url: &Url, page: &Page<R>) -> Option<String> {
    next_href(url, page).map(|next| link(&next))
}

/// The value of the header `Link` for a link to the next page.
#[must_use]
pub fn link(next: &str) -> String {
    format!("<{next}>; rel=\"next\"")
}

/// The link to the next page, if there is one.
#[must_use]
pub fn next_href<R>(url: &Url, page: &Page<R>) -> Option<String> {
    page.next.as_ref().map(|start| url.next_href(start))
}

/// Appends `"_links":{…}` with the links to this page and the next.
fn write_page_links(url: &Url, next: Option<&str>, out: &mut Vec<u8>) {
    write_links(&url.href(), out);
    if let Some(next) = next {
        // Reopen the object `_links`.
        out.pop();
        out.extend_from_slice(b",\"next\":{\"href\":");
        write_text(next, out);
        out.extend_from_slice(b"}}");
    }
}

/// The reply to `return_records=false`.
#[must_use]
pub fn count(total: u64) -> Vec<u8> {
    format!("{{\"num_records\":{total}}}").into_bytes()
}

/// The initial capacity in bytes. Most records are shorter.
const RECORD_CAPACITY: usize = 2_048;

/// One record.
#[must_use]
pub fn record<R>(selection: &Selection<R>, record: &R) -> Vec<u8> {
    let mut out = Vec::with_capacity(RECORD_CAPACITY);
    selection.write(record, &mut out);
    out
}

/// The objects that a request without a job created, changed or deleted: `records` and
/// `num_records`.
#[must_use]
pub fn records<R>(selection: &Selection<R>, records: &[R]) -> Vec<u8> {
    let mut out = b"{".to_vec();
    write_records(selection, records, &mut out);
    out.push(b'}');
    out
}

/// The job of a request. With `return_records=true` also the created objects.
#[must_use]
pub fn job<R>(job: Uuid, records: Option<(&Selection<R>, &[R])>) -> Vec<u8> {
    job_and_records(job, None, records)
}

/// The job of a bulk request. The link `results` leads to the created objects.
#[must_use]
pub fn bulk_job<R>(url: &Url, job: Uuid, records: Option<(&Selection<R>, &[R])>) -> Vec<u8> {
    let results = Url {
        segments: url.segments.clone(),
        parameters: vec![("job_results_uuid".to_owned(), job.to_string())],
    };
    job_and_records(job, Some(&results), records)
}

fn job_and_records<R>(
    job: Uuid,
    results: Option<&Url>,
    records: Option<(&Selection<R>, &[R])>,
) -> Vec<u8> {
    let mut out = b"{\"job\":".to_vec();
    write_job(job, results, &mut out);
    if let Some((selection, records)) = records {
        out.push(b',');
        write_records(selection, records, &mut out);
    }
    out.push(b'}');
    out
}

/// The jobs of a request that changes several objects: `jobs` has all of them. `job` is the first,
/// because some clients read only that. `next` is the link to the remaining objects.
#[must_use]
pub fn jobs(url: &Url, jobs: &[Uuid], next: Option<&str>) -> Vec<u8> {
    let mut out = b"{".to_vec();
    if let Some(first) = jobs.first() {
        out.extend_from_slice(b"\"job\":");
        write_job(*first, None, &mut out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"jobs\":[");
    for (i, job) in jobs.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_job(*job, None, &mut out);
    }
    out.extend_from_slice(format!("],\"num_records\":{},", jobs.len()).as_bytes());
    write_page_links(url, next, &mut out);
    out.push(b'}');
    out
}

/// The result of a request that changed several objects: their number and, with
/// `return_records=true`, the objects. `next` is the link to the remaining objects.
#[must_use]
pub fn changed<R>(
    url: &Url,
    selection: Option<&Selection<R>>,
    records: &[R],
    next: Option<&str>,
) -> Vec<u8> {
    let mut out = b"{".to_vec();
    match selection {
        Some(selection) => write_records(selection, records, &mut out),
        None => out.extend_from_slice(format!("\"num_records\":{}", records.len()).as_bytes()),
    }
    out.push(b',');
    write_page_links(url, next, &mut out);
    out.push(b'}');
    out
}

/// The same JSON with each member on a separate line, indented by two spaces: `pretty=true`.
///
/// Bytes that are not one JSON value are returned unchanged.
#[must_use]
pub fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let mut writer = serde_json::Serializer::pretty(&mut out);
    let result = serde_transcode::transcode(&mut reader, &mut writer).and_then(|()| reader.end());
    if result.is_err() {
        return json.to_vec();
    }
    out.push(b'\n');
    out
}

/// Appends `"records":[…],"num_records":N`.
fn write_records<R>(selection: &Selection<R>, records: &[R], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"records\":[");
    for (i, record) in records.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let before = out.len();
        selection.write(record, out);
        if i == 0 {
            // The others are about as long.
            out.reserve((out.len() - before + 16) * records.len());
        }
    }
    out.extend_from_slice(format!("],\"num_records\":{}", records.len()).as_bytes());
}

/// Appends `{"uuid":"…","_links":{…}}`.
fn write_job(job: Uuid, results: Option<&Url>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"uuid\":");
    write_uuid(job, out);
    out.extend_from_slice(b",\"_links\":{\"self\":{\"href\":");
    write_text(&job_href(job), out);
    if let Some(results) = results {
        out.extend_from_slice(b"},\"results\":{\"href\":");
        write_text(&results.href(), out);
    }
    out.extend_from_slice(b"}}}");
}
