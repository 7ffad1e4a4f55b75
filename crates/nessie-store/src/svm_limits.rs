//! The limits that an SVM sets to its volumes: their number and the sum of their sizes.

use nessie_backend_core::Volume;
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::Attributes;

use crate::space::shown;
use crate::svm::SvmState;

/// ONTAP documents no codes of their own for these limits. This is the one of a failed job.
const LIMIT_REACHED: u32 = 460_770;

impl SvmState {
    /// The sum of the sizes of the volumes in bytes.
    pub(crate) fn allocated(&self) -> Result<u64, ApiError> {
        Ok(sum(&self.volumes()?))
    }

    /// Refuses a new volume of this size, in bytes, that does not fit in the limits.
    pub(crate) fn check_new_volume(&self, size: u64) -> Result<(), ApiError> {
        let properties = self.properties();
        let limits = Limits::of(&properties);
        if limits.volumes.is_none() && limits.bytes.is_none() {
            return Ok(());
        }
        let volumes = self.volumes()?;
        if let Some(most) = limits.volumes.filter(|most| volumes.len() as u64 >= *most) {
            let name = &self.svm_context.svm.name;
            let message = format!(
                "The SVM {name:?} has {} volumes, and its max_volumes is {most}.",
                volumes.len()
            );
            return Err(ApiError::new(409, LIMIT_REACHED, message).about("svm"));
        }
        self.check_bytes(&limits, sum(&volumes).saturating_add(size))
    }

    /// Refuses a new size, in bytes, of a volume that does not fit in the limits.
    pub(crate) fn check_resize(&self, volume: &Volume, size: u64) -> Result<(), ApiError> {
        let before = volume.size_bytes.unwrap_or_default();
        let properties = self.properties();
        let limits = Limits::of(&properties);
        if size <= before || limits.bytes.is_none() {
            return Ok(());
        }
        self.check_bytes(&limits, self.allocated()?.saturating_add(size - before))
    }

    fn check_bytes(&self, limits: &Limits, needed: u64) -> Result<(), ApiError> {
        let Some(most) = limits.bytes.filter(|most| needed > *most) else { return Ok(()) };
        let message = format!(
            "The volumes of the SVM {name:?} would have {needed} ({needed_bytes}B), and its \
             storage.limit is {most} ({most_bytes}B).",
            name = self.svm_context.svm.name,
            needed = shown(needed),
            needed_bytes = needed,
            most = shown(most),
            most_bytes = most,
        );
        Err(ApiError::new(409, LIMIT_REACHED, message).about("size"))
    }
}

/// The limits of an SVM; `None` without one.
struct Limits {
    volumes: Option<u64>,
    bytes: Option<u64>,
}

impl Limits {
    fn of(properties: &Attributes) -> Self {
        Self {
            volumes: properties.text("max_volumes").and_then(|number| number.parse().ok()),
            bytes: properties.integer("storage.limit").filter(|bytes| *bytes > 0),
        }
    }
}

fn sum(volumes: &[Volume]) -> u64 {
    let sizes = volumes.iter().filter_map(|volume| volume.size_bytes);
    sizes.fold(0, u64::saturating_add)
}
