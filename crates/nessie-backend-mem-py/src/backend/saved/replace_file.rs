//! Replaces a file once the new content is complete and on disk.
//!
//! The text is written to a temporary file in the same directory, `.NAME.` and 12 letters and
//! digits and `.partial`. A process that is killed leaves its temporary file there. Each one is
//! locked while it is written, so the next dump to the same path recognizes the abandoned ones and
//! deletes them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use nessie_backend_core::{BackendError, Result};
use tempfile::NamedTempFile;

/// Replaces the file at `path` by one that `write` fills. A link stays, and its target is replaced or
/// created. A file that is not regular, such as a pipe, is written to directly.
///
/// A new file has the default permissions. A file that replaces another gets the permissions of the
/// other; until then only its owner can access it.
pub(crate) fn write(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let io = |error| BackendError::substrate("dump", error);
    let (target, permissions) = match fs::metadata(path) {
        Ok(present) if !present.is_file() => {
            // A pipe or a device; a directory refuses.
            return write(&mut OpenOptions::new().write(true).open(path).map_err(io)?);
        }
        Ok(present) => (fs::canonicalize(path).map_err(io)?, Some(present.permissions())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => {
            (behind_links(path), None)
        }
        Err(error) => return Err(io(error)),
    };
    let mut file = temporary(&target, permissions.is_none()).map_err(io)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions).map_err(io)?;
    }
    write(file.as_file_mut())?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(&target).map_err(|error| io(error.error))?;
    // The new name is on disk once its directory is. Not every system can sync a directory.
    if let Ok(directory) = File::open(directory(&target)) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// The target of links to a file that does not exist yet.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    // The links have no cycle: the system has followed them already.
    while let Ok(next) = fs::read_link(&path) {
        path = directory(&path).join(next);
    }
    path
}

fn directory(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

/// Creates a temporary file for a target, and locks it.
fn temporary(target: &Path, is_new: bool) -> io::Result<NamedTempFile> {
    let Some(name) = target.file_name() else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    let directory = directory(target);
    let prefix = prefix(name);
    delete_abandoned(directory, &prefix);
    loop {
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(RANDOM)
            .suffix(SUFFIX)
            .make_in(directory, |path| open_new(path, is_new))?;
        match file.as_file().try_lock() {
            // Before it was locked, another process saw it as abandoned.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !file.path().try_exists()? => {}
            // Without locks, no process sees a file as abandoned.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

fn open_new(path: &Path, is_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if is_new { 0o666 } else { 0o600 });
    }
    #[cfg(not(unix))]
    let _ = is_new;
    options.open(path)
}

const RANDOM: usize = 12;
const SUFFIX: &str = ".partial";

/// The prefix of the names of a target's temporary files.
fn prefix(name: &OsStr) -> OsString {
    // A long name leaves no space for the rest.
    let name: String = name.to_string_lossy().chars().take(40).collect();
    format!(".{name}.").into()
}

/// Deletes temporary files whose process was killed. If that fails, they stay.
fn delete_abandoned(directory: &Path, prefix: &OsStr) {
    let is_temporary = |name: OsString| {
        let random = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
        random.is_some_and(|random| {
            random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
        })
    };
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten().filter(|entry| is_temporary(entry.file_name())) {
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}
