//! Files that clients read while the server runs. They are removed at the end.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A published file.
#[derive(Debug)]
pub(crate) struct Published {
    path: PathBuf,
    content: String,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    Everyone,
    Owner,
}

impl Published {
    /// Writes a file in one step. An existing file is replaced only if `is_one` accepts its content.
    pub(crate) fn at(
        path: &Path,
        content: String,
        readers: Readers,
        is_one: impl Fn(&str) -> bool,
    ) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        if path.exists() && !fs::read_to_string(&path).is_ok_and(|found| is_one(&found)) {
            let reason = "it was not written by a server like this one; remove it or choose another \
                          path";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
        }
        let parent = path.parent().unwrap_or_else(|| Path::new("."));
        let mut file = NamedTempFile::new_in(parent)?;
        file.write_all(content.as_bytes())?;
        permit(&file, readers)?;
        file.persist(&path)?;
        Ok(Self { path, content })
    }

    /// Writes a temporary file.
    pub(crate) fn temporary(content: String) -> io::Result<Self> {
        let mut file =
            tempfile::Builder::new().prefix("nessie-ontap-").suffix(".pem").tempfile()?;
        file.write_all(content.as_bytes())?;
        let (_, path) = file.keep()?;
        Ok(Self { path, content })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Published {
    /// Removes the file, unless another file has replaced it.
    fn drop(&mut self) {
        if fs::read_to_string(&self.path).is_ok_and(|found| found == self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn permit(file: &NamedTempFile, readers: Readers) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = if readers == Readers::Everyone { 0o644 } else { 0o600 };
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn permit(_: &NamedTempFile, _: Readers) -> io::Result<()> {
    Ok(())
}
