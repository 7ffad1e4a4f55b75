//! The fields of an object that requests have set.

use std::marker::PhantomData;
use std::sync::Arc;

use nessie_ontap_protocol::records::{
    Attributes, DNS, DnsRecord, NFS_SERVICE, NfsServiceRecord, SVM, SvmRecord,
};
#[cfg(feature = "simulator")]
use nessie_ontap_protocol::records::{SNAPSHOT, SnapshotRecord, VOLUME, VolumeRecord};
use nessie_ontap_protocol::{Body, Schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A kind of object whose fields are stored.
pub(crate) trait Kind {
    type Record: 'static;

    const SCHEMA: &'static Schema<Self::Record>;
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $(#[cfg($when:meta)])? $name:ident $record:ident $schema:ident;)+) => {$(
        $(#[doc = $doc])*
        $(#[cfg($when)])?
        #[derive(Debug)]
        pub(crate) enum $name {}

        $(#[cfg($when)])?
        impl Kind for $name {
            type Record = $record;

            const SCHEMA: &'static Schema<$record> = &$schema;
        }
    )+};
}

kinds! {
    /// An SVM.
    OfSvm SvmRecord SVM;
    /// An NFS service.
    OfNfsService NfsServiceRecord NFS_SERVICE;
    /// A DNS configuration.
    OfDns DnsRecord DNS;
    /// A volume.
    #[cfg(feature = "simulator")]
    OfVolume VolumeRecord VOLUME;
    /// A snapshot.
    #[cfg(feature = "simulator")]
    OfSnapshot SnapshotRecord SNAPSHOT;
}

/// The fields that requests have set on an object of a kind. It is stored as a JSON object with a member
/// for each path.
#[derive(Debug)]
pub(crate) struct Stored<K> {
    pub(crate) attributes: Arc<Attributes>,
    kind: PhantomData<fn() -> K>,
}

impl<K> From<Attributes> for Stored<K> {
    fn from(attributes: Attributes) -> Self {
        Self { attributes: Arc::new(attributes), kind: PhantomData }
    }
}

impl<K> Default for Stored<K> {
    fn default() -> Self {
        Attributes::default().into()
    }
}

impl<K> Clone for Stored<K> {
    fn clone(&self) -> Self {
        Self { attributes: Arc::clone(&self.attributes), kind: PhantomData }
    }
}

impl<K> Serialize for Stored<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.attributes.to_json().serialize(serializer)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Stored<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = serde_json::Value::deserialize(deserializer)?.to_string();
        let read = Body::parse(text.as_bytes()).and_then(|body| Attributes::read(K::SCHEMA, &body));
        read.map(Self::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_fields_are_read_again() {
        let text =
            r#"{"comment":"c","nfs.allowed":false,"nsswitch.hosts":["dns"],"storage.limit":9}"#;
        let stored: Stored<OfSvm> = serde_json::from_str(text).unwrap();
        assert_eq!(stored.attributes.integer("storage.limit"), Some(9));
        assert_eq!(serde_json::to_string(&stored).unwrap(), text);
    }

    #[test]
    fn a_field_that_no_svm_has_is_refused_by_name() {
        let read = |text| serde_json::from_str::<Stored<OfSvm>>(text).unwrap_err().to_string();
        assert!(read(r#"{"colour":"red"}"#).contains("colour"));
        assert!(read(r#"{"storage.limit":"much"}"#).contains("storage.limit"));
        assert!(read(r#"{"nsswitch.hosts":[1]}"#).contains("nsswitch.hosts"));
        assert!(read(r#"{"nsswitch.hosts":"dns"}"#).contains("nsswitch.hosts"));
    }
}
