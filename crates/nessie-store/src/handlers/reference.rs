//! A reference to an object in a request body.

use std::fmt;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::Named;
use nessie_ontap_protocol::{ApiError, Body};

/// A reference by name, by UUID or by both. `Display` is for error messages.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) name: Option<String>,
    pub(crate) uuid: Option<Uuid>,
}

impl Reference {
    /// The reference at `path`; `None` if the body has none.
    pub(crate) fn read(body: &Body, path: &str) -> Result<Option<Self>, ApiError> {
        let name = body.text(&format!("{path}.name"))?.map(str::to_owned);
        let uuid = body.uuid(&format!("{path}.uuid"))?;
        Ok((name.is_some() || uuid.is_some()).then_some(Self { name, uuid }))
    }

    /// The object with the name or, if none is given, the UUID.
    pub(crate) fn find<'n>(
        &self,
        mut objects: impl Iterator<Item = &'n Named>,
    ) -> Option<&'n Named> {
        objects.find(|object| match &self.name {
            Some(name) => object.name == *name,
            None => Some(object.uuid) == self.uuid,
        })
    }

    /// Whether the object has the UUID, if one is given.
    pub(crate) fn agrees(&self, object: &Named) -> bool {
        self.uuid.is_none_or(|uuid| uuid == object.uuid)
    }

    /// Whether it means that there is no object: the name is `none` or empty.
    pub(crate) fn is_none(&self) -> bool {
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
