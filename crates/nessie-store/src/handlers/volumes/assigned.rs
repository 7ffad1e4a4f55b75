//! The aggregates that are assigned to an SVM: its new volumes are in those.

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::Named;

use crate::svm::SvmState;

/// Whether an SVM to which these aggregates are assigned may use an aggregate. If none are assigned, it
/// may use all.
pub(super) fn is_assigned(own: &[Named], aggregate: &Named) -> bool {
    own.is_empty() || own.contains(aggregate)
}

/// Refuses aggregates that the SVM may not use.
pub(super) fn check_assigned(svm: &SvmState, aggregates: &[Named]) -> Result<(), ApiError> {
    let own = svm.own_aggregates();
    match aggregates.iter().find(|aggregate| !is_assigned(&own, aggregate)) {
        None => Ok(()),
        Some(other) => {
            let message = format!(
                "The aggregate {:?} is not assigned to the SVM {:?}. Use one of its aggregates, or add \
                 this one to them.",
                other.name, svm.svm_context.svm.name
            );
            // ONTAP documents no code of its own.
            Err(ApiError::new(400, 917_508, message).about("aggregates"))
        }
    }
}
