//! The backend as indented text.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::results::html;
use crate::results::records::{self, ReusedText};
use crate::runtime::worker;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// Return volumes, their snapshots and the clones of these as a tree.
    ///
    /// Returns:
    ///     str: Indented text, one object per line.
    fn tree<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let (view, records) = self.call(py, |core| (core.view(), worker::count_records(core)));
        let text = worker::run(py, records, move || view.tree())?;
        long_text(py, &text)
    }

    /// What a notebook shows: counts, clock, the first volumes and the first lines of the tree.
    fn _repr_html_<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let view = this.get().view(py);
        let volumes = PyList::empty(py);
        for volume in view.volumes().take(HTML_VOLUMES) {
            if let Ok(row) = view.volume_row(volume.uuid) {
                volumes.append(records::volume(py, &row, &ReusedText::default())?)?;
            }
        }
        let tree = view.first_tree_lines(HTML_LINES);
        html::render(py, "backend", (this.repr()?, volumes, view.len(), tree, view.records()))
    }
}

/// Volumes in the table that a notebook shows.
const HTML_VOLUMES: usize = 10;
/// Lines of the tree that a notebook shows.
const HTML_LINES: usize = 40;

/// A long text as a `str`, built while other threads run.
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

/// The bytes of one part of a long text.
const TEXT_PART: usize = 1 << 20;
