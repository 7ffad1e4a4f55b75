//! Dumps to and from paths and Python's file objects.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;

use nessie_backend_core::BackendError;
use nessie_backend_mem::MemBackend;
use pyo3::exceptions::{PyBlockingIOError, PyOSError, PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::args::scalars::{shown, wrong_type};
use crate::errors::{Error, Result};
use crate::runtime::exit::{Calling, attach_again};

use super::replace_file;

const ARGUMENT: &str = "path_or_file";
/// The bytes of one read.
const BLOCK: usize = 1 << 18;

/// Writes a backend to a path or a file object.
pub(crate) fn dump(
    backend: &MemBackend,
    target: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> Result<()> {
    let py = target.py();
    let mut progress = Progress::new(progress)?;
    match path_or_file(target, "write")? {
        Target::Path(path) => {
            let done = py.detach(|| {
                replace_file::write(&path, |file| {
                    backend.dump_with_progress(file, |done, total| progress.call(done, total))
                })
            });
            done.map_err(|error| from_core(py, error, Some(target)))
        }
        Target::File(file) => {
            let done = py.detach(|| {
                backend.dump_with_progress(file, |done, total| progress.call(done, total))
            });
            done.map_err(|error| from_core(py, error, None))
        }
    }
}

/// Reads a backend from a path or a file object.
pub(crate) fn load(
    origin: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> Result<MemBackend> {
    let py = origin.py();
    let mut progress = Progress::new(progress)?;
    match path_or_file(origin, "read")? {
        Target::Path(path) => {
            let loaded = py.detach(|| {
                let file = File::open(&path).map_err(|error| failed("load", error))?;
                let reader = BufReader::with_capacity(BLOCK, file);
                MemBackend::load_with_progress(reader, |done, total| progress.call(done, total))
            });
            loaded.map_err(|error| from_core(py, error, Some(origin)))
        }
        Target::File(file) => {
            let loaded = py.detach(|| {
                let reader = BufReader::with_capacity(BLOCK, file);
                MemBackend::load_with_progress(reader, |done, total| progress.call(done, total))
            });
            loaded.map_err(|error| from_core(py, error, None))
        }
    }
}

/// Writes bytes to a path, whose file is replaced as a whole, or to a file object.
pub(crate) fn write_bytes(target: &Bound<'_, PyAny>, bytes: &[u8]) -> Result<()> {
    let py = target.py();
    let (done, path) = match path_or_file(target, "write")? {
        Target::Path(path) => {
            let write = || replace_file::write(&path, |file| write_all("write", file, bytes));
            (py.detach(write), Some(target))
        }
        Target::File(file) => (py.detach(|| write_all("write", file, bytes)), None),
    };
    done.map_err(|error| from_core(py, error, path))
}

fn write_all(
    operation: &'static str,
    mut file: impl Write,
    bytes: &[u8],
) -> nessie_backend_core::Result<()> {
    file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| failed(operation, error))
}

/// Reads the bytes of a path or a file object.
pub(crate) fn read_bytes(origin: &Bound<'_, PyAny>) -> Result<Vec<u8>> {
    let py = origin.py();
    let read = |mut file: Box<dyn Read + Send>| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes).map_err(|error| failed("read", error))
    };
    let (done, path) = match path_or_file(origin, "read")? {
        Target::Path(path) => {
            let open = || File::open(&path).map_err(|error| failed("read", error));
            (py.detach(|| open().and_then(|file| read(Box::new(file)))), Some(origin))
        }
        Target::File(file) => (py.detach(|| read(Box::new(file))), None),
    };
    done.map_err(|error| from_core(py, error, path))
}

/// The path or file of a dump.
enum Target {
    Path(PathBuf),
    File(PyFile),
}

/// Reads the argument: a path, or an object with the method `write` or `read`.
fn path_or_file(argument: &Bound<'_, PyAny>, method: &str) -> Result<Target> {
    let py = argument.py();
    let _calling = Calling::python(py);
    if argument.hasattr(method)? {
        if argument.is_instance(&py.import("io")?.getattr("TextIOBase")?)? {
            let rule = "must be a file opened in binary mode, not one of text";
            return Err(PyTypeError::new_err(format!("{ARGUMENT} {rule}")).into());
        }
        return Ok(Target::File(PyFile(argument.clone().unbind())));
    }
    match argument.extract::<PathBuf>() {
        Ok(path) if path.as_os_str().as_encoded_bytes().contains(&0) => {
            Err(bad_path("it has a null character"))
        }
        Ok(path) => Ok(Target::Path(path)),
        // Exceptions of an object's own `__fspath__` are not changed.
        Err(error)
            if !argument.is_instance_of::<PyString>()
                && !error.is_instance_of::<PyTypeError>(py) =>
        {
            Err(error.into())
        }
        Err(error) if error.is_instance_of::<PyTypeError>(py) => {
            Err(wrong_type(ARGUMENT, "a str, an os.PathLike or a binary file", argument))
        }
        Err(_) => Err(bad_path("it has a lone surrogate")),
    }
}

fn bad_path(reason: &str) -> Error {
    let reason = format!("is not a path: {reason}");
    BackendError::InvalidArgument { argument: ARGUMENT.into(), reason }.into()
}

/// A file object of Python.
struct PyFile(Py<PyAny>);

impl Write for PyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        attach_again(|py| {
            let file = self.0.bind(py);
            let count = file.call_method1(intern!(py, "write"), (PyBytes::new(py, bytes),))?;
            if count.is_none() {
                if file.is_instance(&py.import("io")?.getattr("RawIOBase")?)? {
                    let text = "the file is non-blocking and accepts no bytes now";
                    return Err(PyBlockingIOError::new_err(text));
                }
                // Simple file objects return `None` after they have written everything.
                return Ok(bytes.len());
            }
            written(&count, bytes.len())
        })
        .map_err(|error: PyErr| io::Error::other(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        attach_again(|py| {
            let file = self.0.bind(py);
            if file.hasattr(intern!(py, "flush"))? {
                file.call_method0(intern!(py, "flush"))?;
            }
            Ok(())
        })
        .map_err(|error: PyErr| io::Error::other(error))
    }
}

/// Reads the result of `write`: how many of `given` bytes were written.
fn written(count: &Bound<'_, PyAny>, given: usize) -> PyResult<usize> {
    let out_of_range = || {
        let count = shown(count);
        PyOSError::new_err(format!("write() of {given} bytes returned {count}"))
    };
    match count.extract::<usize>() {
        Ok(count) if count <= given => Ok(count),
        Ok(_) => Err(out_of_range()),
        Err(error) if error.is_instance_of::<PyOverflowError>(count.py()) => Err(out_of_range()),
        Err(error) if error.is_instance_of::<PyTypeError>(count.py()) => {
            let found = count.get_type().name()?;
            let rule = "must be a file whose write() returns an int or None";
            Err(PyTypeError::new_err(format!("{ARGUMENT} {rule}, not {found}")))
        }
        Err(error) => Err(error),
    }
}

impl Read for PyFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        attach_again(|py| {
            let read = self.0.bind(py).call_method1(intern!(py, "read"), (buffer.len(),))?;
            let Ok(bytes) = read.cast::<PyBytes>() else {
                let rule = "must be a file whose read(n) returns bytes";
                return Err(PyTypeError::new_err(format!("{ARGUMENT} {rule}")));
            };
            let bytes = bytes.as_bytes();
            let Some(room) = buffer.get_mut(..bytes.len()) else {
                let rule = "must be a file whose read(n) returns at most n bytes";
                return Err(PyTypeError::new_err(format!("{ARGUMENT} {rule}")));
            };
            room.copy_from_slice(bytes);
            Ok(bytes.len())
        })
        .map_err(|error: PyErr| io::Error::other(error))
    }
}

/// The callback for progress. A call of it also checks for signals.
struct Progress(Option<Py<PyAny>>);

impl Progress {
    fn new(callback: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        match callback {
            Some(callback) if !callback.is_callable() => {
                Err(wrong_type("progress", "callable", callback))
            }
            callback => Ok(Self(callback.map(|callback| callback.clone().unbind()))),
        }
    }

    fn call(&mut self, done: u64, total: u64) -> io::Result<()> {
        attach_again(|py| {
            py.check_signals()?;
            if let Some(callback) = &self.0 {
                callback.bind(py).call1((done, total))?;
            }
            Ok(())
        })
        .map_err(|error: PyErr| io::Error::other(error))
    }
}

fn failed(operation: &'static str, error: io::Error) -> BackendError {
    BackendError::substrate(operation, error)
}

/// The exception for an error of the core: the one that Python raised, an `OSError` with the path as
/// it was given, or an error of the content.
fn from_core(py: Python<'_>, error: BackendError, path: Option<&Bound<'_, PyAny>>) -> Error {
    let BackendError::Substrate { operation, source } = error else {
        return error.for_argument(ARGUMENT).into();
    };
    let error = match source.downcast::<io::Error>() {
        Ok(error) => *error,
        Err(source) => return BackendError::Substrate { operation, source }.into(),
    };
    let Some(number) = error.raw_os_error() else {
        return match error.downcast::<PyErr>() {
            Ok(raised) => raised.into(),
            Err(error) => PyOSError::new_err(error.to_string()).into(),
        };
    };
    match os_error(py, number, path) {
        Ok(error) | Err(error) => error.into(),
    }
}

/// The exception that Python has for an error of the operating system.
fn os_error(py: Python<'_>, number: i32, path: Option<&Bound<'_, PyAny>>) -> PyResult<PyErr> {
    let text: String = py.import("os")?.call_method1("strerror", (number,))?.extract()?;
    Ok(match path {
        Some(path) => PyOSError::new_err((number, text, path.clone().unbind())),
        None => PyOSError::new_err((number, text)),
    })
}
