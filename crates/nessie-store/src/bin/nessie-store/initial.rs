//! `--load`: the dumps and seed files that the server starts with.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use nessie_backend_mem::MemBackend;

use crate::seed_file::SeedFile;
use crate::{Failure, usage};

const OPTION: &str = "--load";

/// Loads each file, `PATH` or `SVM=PATH`. A dump replaces the backend of an SVM; seed files are loaded
/// after all dumps.
pub(crate) fn load(svms: &mut [(String, MemBackend)], files: &[String]) -> Result<(), Failure> {
    let mut loaded: HashMap<String, String> = HashMap::new();
    let mut seeds = Vec::new();
    for argument in files {
        let (svm, path) = split(OPTION, argument, svms)?;
        let failed = |error: &dyn std::fmt::Display| usage(OPTION, format!("{path}: {error}"));
        let mut reader = BufReader::new(File::open(path).map_err(|error| failed(&error))?);
        let beginning = reader.fill_buf().map_err(|error| failed(&error))?;
        match Kind::of(beginning) {
            Kind::Inventory => {
                let reason = "it is an inventory; nessie-backend-mem serve of the Python package \
                              loads it";
                return Err(failed(&reason));
            }
            Kind::Seed if svm.is_some() => {
                return Err(failed(&"a seed file names its SVMs itself; leave out SVM="));
            }
            Kind::Seed => seeds.push(path),
            Kind::Dump => {
                let name = svm_of(OPTION, svm, path, svms)?;
                if let Some(before) = loaded.insert(name.clone(), path.to_owned()) {
                    let reason = format!("the SVM {name:?} was already loaded from {before}");
                    return Err(failed(&reason));
                }
                let backend = MemBackend::load(reader).map_err(|error| failed(&error))?;
                for (_, of_svm) in svms.iter_mut().filter(|(other, _)| *other == name) {
                    *of_svm = backend.clone();
                }
            }
        }
    }
    for path in seeds {
        let failed = |error: &dyn std::fmt::Display| usage(OPTION, format!("{path}: {error}"));
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let text = text.trim_start_matches('\u{feff}').trim_start();
        // Serde would read a list as the fields in order.
        if !text.starts_with('{') {
            let reason =
                "it is neither a dump nor a seed file, which is an object with the key \"volumes\"";
            return Err(failed(&reason));
        }
        let document: SeedFile = serde_json::from_str(text)
            .map_err(|error| failed(&format!("it is neither a dump nor a seed file: {error}")))?;
        document.create(svms).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The kind of a file.
enum Kind {
    Dump,
    Inventory,
    Seed,
}

impl Kind {
    /// The kind of a file with this beginning. Dumps and inventories begin with their format.
    fn of(beginning: &[u8]) -> Self {
        let compact: Vec<_> =
            beginning.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(80).collect();
        let text = String::from_utf8_lossy(&compact);
        let text = text.trim_start_matches('\u{feff}');
        if text.starts_with("{\"format\":\"nessie-inventory\"") {
            Self::Inventory
        } else if text.starts_with("{\"format\":") {
            Self::Dump
        } else {
            Self::Seed
        }
    }
}

/// Splits `SVM=PATH`. The part before the sign is an SVM only if one has this name.
pub(crate) fn split<'a>(
    option: &str,
    argument: &'a str,
    svms: &[(String, MemBackend)],
) -> Result<(Option<&'a str>, &'a str), Failure> {
    let is_svm = |name: &str| svms.iter().any(|(other, _)| other == name);
    let parts = match argument.split_once('=') {
        Some((svm, path)) if is_svm(svm) => (Some(svm), path),
        _ => (None, argument),
    };
    if parts.1.is_empty() {
        return Err(usage(option, format!("{argument:?} names no file")));
    }
    Ok(parts)
}

/// The SVM of a dump: the named one, or the only one.
pub(crate) fn svm_of(
    option: &str,
    svm: Option<&str>,
    path: &str,
    svms: &[(String, MemBackend)],
) -> Result<String, Failure> {
    match (svm, svms) {
        (Some(svm), _) => Ok(svm.to_owned()),
        (None, [(only, _)]) => Ok(only.clone()),
        (None, _) => {
            let names: Vec<_> = svms.iter().map(|(name, _)| name.as_str()).collect();
            let choice = names.join(" or ");
            let reason =
                format!("{path}: a dump is of one SVM; write SVM=PATH, where SVM is {choice}");
            Err(usage(option, reason))
        }
    }
}
