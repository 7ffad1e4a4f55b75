//! Frees much memory while other Python threads run.

use std::mem;
use std::ops::{Deref, DerefMut};

use nessie_backend_mem::binding::IntoRows;
use nessie_backend_mem::columns::{RowKind, Table};
use nessie_backend_mem::{self as core, View};
use pyo3::prelude::*;

/// This many records are freed in well under a millisecond.
const FEW: usize = 4096;

/// A value that holds records in memory.
pub(crate) trait Records: Send + Sized {
    /// The most records that are freed when it is dropped.
    fn records(&self) -> usize;

    /// A value without records.
    fn empty() -> Option<Self>;
}

/// A value whose records are freed without the interpreter if they are many. It must be dropped on
/// a thread that is attached to the interpreter.
#[derive(Clone)]
pub(crate) struct Freed<T: Records>(T);

impl<T: Records> Freed<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T: Records> Drop for Freed<T> {
    fn drop(&mut self) {
        if self.0.records() <= FEW {
            return;
        }
        let Some(empty) = T::empty() else { return };
        let mut full = Some(mem::replace(&mut self.0, empty));
        // A thread cannot detach from an interpreter that exits. The records are then freed here.
        #[expect(clippy::disallowed_methods, reason = "it calls no Python code")]
        let _ = Python::try_attach(|py| {
            let full = full.take();
            py.detach(|| drop(full));
        });
    }
}

impl<T: Records> Deref for Freed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Records> DerefMut for Freed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Records + Iterator> Iterator for Freed<T> {
    type Item = T::Item;

    fn next(&mut self) -> Option<T::Item> {
        self.0.next()
    }
}

impl Records for core::MemBackend {
    fn records(&self) -> usize {
        if self.is_in_use() {
            // Another handle holds the records, and a count would wait for its lock.
            return 0;
        }
        let core::Counts { volumes, snapshots, .. } = self.counts();
        volumes as usize + snapshots as usize
    }

    fn empty() -> Option<Self> {
        // With a seed, no randomness of the system is needed.
        Self::builder().seed(0).build().ok()
    }
}

impl Records for View {
    fn records(&self) -> usize {
        Self::records(self)
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

impl Records for IntoRows {
    fn records(&self) -> usize {
        Self::records(self)
    }

    fn empty() -> Option<Self> {
        View::empty().map(View::into_rows)
    }
}

impl<K: RowKind> Records for Table<K>
where
    Self: Send,
{
    fn records(&self) -> usize {
        Self::records(self)
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}
