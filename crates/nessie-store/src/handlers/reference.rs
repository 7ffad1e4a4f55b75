//! An object that a body names.

use std::fmt;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::Named;
use nessie_ontap_protocol::{ApiError, Body};

/// An object by name, by identifier or by both. Its text is for messages.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) name: Option<String>,
    pub(super) uuid: Option<Uuid>,
}

impl Reference {
    /// What a body names at `path`; nothing where it names nothing.
    pub(super) fn read(body: &Body, path: &str) -> Result<Option<Self>, ApiError> {
        let name = body.text(&format!("{path}.name"))?.map(str::to_owned);
        let uuid = body.uuid(&format!("{path}.uuid"))?;
        Ok((name.is_some() || uuid.is_some()).then_some(Self { name, uuid }))
    }

    /// The object that has the name or, where none is given, the identifier.
    pub(super) fn find<'n>(
        &self,
        mut objects: impl Iterator<Item = &'n Named>,
    ) -> Option<&'n Named> {
        objects.find(|object| match &self.name {
            Some(name) => object.name == *name,
            None => Some(object.uuid) == self.uuid,
        })
    }

    /// Whether the identifier, if one is given, is that of the object.
    pub(super) fn agrees(&self, object: &Named) -> bool {
        self.uuid.is_none_or(|uuid| uuid == object.uuid)
    }

    /// Whether it names no object: by the word `none` or an empty name.
    pub(super) fn is_none(&self) -> bool {
        self.uuid.is_none() && matches!(self.name.as_deref(), Some("" | "none"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.uuid) {
            (Some(name), _) => {
                let shown: String = name.chars().take(64).collect();
                write!(f, "{shown:?}")
            }
            (None, Some(uuid)) => uuid.fmt(f),
            (None, None) => f.write_str("without a name"),
        }
    }
}
