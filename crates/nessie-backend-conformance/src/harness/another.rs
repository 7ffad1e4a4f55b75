//! A second backend beside that of the case.

use super::{Abort, CallLog, CaseResult, Harness, Violation};

impl Harness<'_> {
    /// Runs a part of the case with another backend, which is made for it. Skips the case if the run
    /// has only one backend.
    pub(crate) fn with_another(&self, body: impl FnOnce(&Harness<'_>) -> CaseResult) -> CaseResult {
        let Some(make) = self.factory else {
            let reason = "the run has only one backend, and no factory that makes another";
            return Err(Abort::Skipped(reason.to_owned()));
        };
        let backend = make().map_err(|error| {
            Abort::violation("1.honest", format!("no second backend could be made: {error}"))
        })?;
        let log = CallLog::default();
        let another = Harness::open(&*backend, self.number, self.probe, self.config, &log, None)?;
        let result = body(&another).and_then(|()| another.verify_at_end());
        if result.is_err() {
            another.mark_out_of_sync();
        }
        let cleaned = another.clean_up();
        result.and(cleaned).map_err(|abort| match abort {
            Abort::Violation(violation) => Abort::Violation(Box::new(Violation {
                message: format!("with a second backend, made by the case: {}", violation.message),
                ..*violation
            })),
            other => other,
        })
    }
}
