//! What a request may do with the root volume of an SVM.

use nessie_backend_core::{Volume, VolumeState};
use nessie_ontap_protocol::ApiError;

use super::body::VolumeFields;
use crate::svm::SvmState;

/// Refuses to end the use of a root volume while its SVM has others.
pub(super) fn check_lone(svm: &SvmState, volume: &Volume) -> Result<(), ApiError> {
    if !svm.is_root_volume(volume) || svm.volumes()?.len() <= 1 {
        return Ok(());
    }
    let message = format!(
        "The volume {:?} is the root volume of the SVM {:?}, which has other volumes.",
        volume.name, svm.svm_context.svm.name
    );
    Err(ApiError::new(409, 917_531, message).about("uuid"))
}

/// Refuses to mount a root volume elsewhere, or to take it offline while its SVM has other volumes.
pub(super) fn check_change(
    svm: &SvmState,
    volume: &Volume,
    fields: &VolumeFields,
) -> Result<(), ApiError> {
    if fields.state.is_some_and(|state| state != VolumeState::Online) {
        check_lone(svm, volume)?;
    }
    if fields.path.as_deref().is_some_and(|path| path != "/") && svm.is_root_volume(volume) {
        let message = format!(
            "The volume {:?} is the root volume of the SVM {:?}: it is mounted at \"/\" and nowhere \
             else.",
            volume.name, svm.svm_context.svm.name
        );
        return Err(ApiError::new(400, 918_252, message).about("nas.path"));
    }
    Ok(())
}
