//! The backend as indented text.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::runtime::long;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// Return volumes, their snapshots and the clones of these as a tree.
    ///
    /// Returns:
    ///     str: Indented text, one object per line.
    fn tree<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let (view, records) = self.call(py, |core| (core.view(), long::records(core)));
        let text = long::work(py, records, move || view.tree())?;
        long_text(py, &text)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let (view, records) = self.call(py, |core| (core.view(), long::records(core)));
        long::work(py, records, move || html(&view.tree()))
    }
}

/// Lines of the tree that a notebook shows.
const HTML_LINES: usize = 1000;

/// The beginning of a tree for a notebook.
fn html(tree: &str) -> String {
    let mut lines = tree.lines();
    let mut shown: Vec<&str> = lines.by_ref().take(HTML_LINES).collect();
    let more = lines.count();
    let rest = format!("… and {more} more lines; see tree()");
    if more > 0 {
        shown.push(&rest);
    }
    let text = shown.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<pre>{text}</pre>")
}

/// A text of any length, built so that other threads run meanwhile.
fn long_text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyString>> {
    let parts = PyList::empty(py);
    let mut rest = text;
    while !rest.is_empty() {
        // A character takes four bytes at most.
        let end = (TEXT_PART..TEXT_PART + 4).find(|end| rest.is_char_boundary(*end));
        let (part, others) = rest.split_at(end.unwrap_or(rest.len()));
        parts.append(part)?;
        rest = others;
        py.check_signals()?;
        py.detach(|| ());
    }
    Ok(PyString::new(py, "").call_method1("join", (parts,))?.cast_into()?)
}

/// Bytes that are made a part of a text at once.
const TEXT_PART: usize = 1 << 20;
