//! `--dump`: the files to which SVMs are written at the end.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use nessie_backend_mem::MemBackend;
use tempfile::NamedTempFile;

use crate::initial::{split, svm_of};
use crate::{Failure, usage};

const OPTION: &str = "--dump";

/// The files, with the SVM of each.
#[derive(Debug)]
pub(crate) struct Dumps(BTreeMap<PathBuf, String>);

impl Dumps {
    /// Reads each argument, `PATH` or `SVM=PATH`. At the end, the user could not correct it.
    pub(crate) fn read(svms: &[(String, MemBackend)], files: &[String]) -> Result<Self, Failure> {
        let mut dumps = BTreeMap::new();
        for argument in files {
            let (svm, given) = split(OPTION, argument, svms)?;
            let refuse =
                |reason: &dyn std::fmt::Display| usage(OPTION, format!("{given}: {reason}"));
            let svm = svm_of(OPTION, svm, given, svms)?;
            let path = std::path::absolute(given).map_err(|error| refuse(&error))?;
            if path.is_dir() {
                return Err(refuse(&"it is a directory"));
            }
            let parent = path.parent().filter(|parent| parent.is_dir());
            let Some(parent) = parent else { return Err(refuse(&"its directory does not exist")) };
            // The same as at the end: a new file in the directory.
            NamedTempFile::new_in(parent).map_err(|error| refuse(&error))?;
            if dumps.insert(path, svm).is_some() {
                return Err(refuse(&"it is given twice"));
            }
        }
        Ok(Self(dumps))
    }

    /// Writes all files, each in one step.
    pub(crate) fn write(&self, svms: &[(String, MemBackend)]) -> Result<(), Failure> {
        let mut errors = Vec::new();
        for (path, svm) in &self.0 {
            let backends = svms.iter().filter(|(name, _)| name == svm);
            for (_, backend) in backends {
                if let Err(error) = write(path, backend) {
                    errors.push(format!("{OPTION}: {}: {error}", path.display()));
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Failure::Run(errors.join("; "))) }
    }
}

fn write(path: &PathBuf, backend: &MemBackend) -> Result<(), Box<dyn std::error::Error>> {
    let parent = path.parent().unwrap_or_else(|| std::path::Path::new("."));
    let mut file = NamedTempFile::new_in(parent)?;
    backend.dump(&mut file)?;
    file.flush()?;
    file.as_file().sync_all()?;
    if let Ok(existing) = fs::metadata(path) {
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.persist(path)?;
    Ok(())
}
