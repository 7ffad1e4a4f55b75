//! The root volume of an SVM, in which all others are mounted.
//!
//! The backend does not mount it: the attribute [`IS_ROOT`] marks it, and the endpoint reports that it
//! is mounted at `/`.

use nessie_backend_core::{Volume, VolumeSpec};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Attribute, Named, is_svm_root};

use crate::svm::SvmState;

/// The attribute of a root volume.
const IS_ROOT: &str = "is_svm_root";

/// The size of a root volume in bytes.
const SIZE: u64 = 1 << 30;

impl SvmState {
    /// Creates the root volume. A volume that has its name already becomes the root volume.
    pub(crate) fn create_root_volume(&self) -> Result<(), ApiError> {
        let name = name_of(&self.svm_context.svm.name);
        let side_data = self.side_data();
        let volume = match self.backend.find_volume(&name)? {
            Some(volume) => volume,
            None => {
                self.backend.create_volume(VolumeSpec::named(name.as_str()).size_bytes(SIZE))?
            }
        };
        let before = side_data.attributes.volume(volume.uuid);
        let mut attributes = before.map_or_else(Default::default, |before| (*before).clone());
        attributes.set(IS_ROOT, Attribute::Boolean(true));
        if let Some(aggregate) = self.own_aggregates().into_iter().next()
            && aggregate.uuid != self.svm_context.aggregate.uuid
        {
            attributes.set("aggregates.name", Attribute::Text(aggregate.name));
            attributes.set("aggregates.uuid", Attribute::Uuid(aggregate.uuid));
        }
        side_data.attributes.set_volume(&*self.backend, volume.uuid, attributes);
        Ok(())
    }

    /// Whether a volume is the root volume.
    pub(crate) fn is_root_volume(&self, volume: &Volume) -> bool {
        is_svm_root(self.side_data().attributes.volume(volume.uuid).as_deref())
    }

    /// The aggregates that were assigned to the SVM.
    pub(crate) fn own_aggregates(&self) -> Vec<Named> {
        let properties = self.properties();
        let names = properties.texts("aggregates.name").unwrap_or_default();
        let all = self.svm_context.aggregates.iter().map(|record| &record.aggregate);
        all.filter(|aggregate| names.contains(&aggregate.name)).cloned().collect()
    }
}

/// The name of the root volume of an SVM: names of volumes have neither `-` nor `.`.
fn name_of(svm: &str) -> String {
    let part: String =
        svm.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{part}_root")
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_root_volume_has_the_name_of_its_svm() {
        assert_eq!(name_of("svm-1.a"), "svm_1_a_root");
    }
}
