//! The clients of the rules of export policies.

use std::sync::Arc;

use nessie_ontap_protocol::records::{EXPORT_CLIENT, ExportClientRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::export_rules::{changed, clients, existing, known_rule};
use super::outcome::ObjectKind;
use super::resource::{Create, Delete, Resource};

/// `/api/protocols/nfs/export-policies/{policy.id}/rules/{index}/clients`.
pub(crate) enum ExportClients {}

impl Resource for ExportClients {
    type Record = ExportClientRecord;

    const KIND: ObjectKind<ExportClientRecord> = ObjectKind {
        schema: &EXPORT_CLIENT,
        svm_context: |record| Some(&record.rule.policy.svm_context),
        is_synchronous: true,
    };
    const KEY: &'static str = "match";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<ExportClientRecord>,
    ) -> Result<Vec<ExportClientRecord>, ApiError> {
        let rule = known_rule(context, query)?;
        let clients = rule.rule.clients.clone().into_iter();
        let record = |match_text| ExportClientRecord { rule: rule.clone(), match_text };
        Ok(clients.map(record).collect())
    }

    fn find(
        context: &RequestContext<'_>,
        query: &Query<ExportClientRecord>,
    ) -> Result<Option<ExportClientRecord>, ApiError> {
        let wanted = context.path_variable(2);
        let records = Self::list(context, query)?;
        Ok(records.into_iter().find(|record| record.match_text == wanted))
    }
}

impl Create for ExportClients {
    fn create(
        context: &RequestContext<'_>,
        query: &Query<ExportClientRecord>,
        body: &Body,
    ) -> Result<ExportClientRecord, ApiError> {
        let mut rule = known_rule(context, query)?;
        let match_text = body.text("match")?.unwrap_or_default().to_owned();
        let svm = context.svm_of(&rule.policy.svm_context)?;
        let _lock = svm.write_lock()?;
        let (_, after) = changed(svm, rule.policy.number, |rules| {
            let mut after = existing(rules, rule.index)?.clone();
            let all = after.clients.iter().map(String::as_str).chain([match_text.as_str()]);
            after.clients = clients(all.map(Some).collect())?;
            let after = Arc::new(after);
            rules.set(rule.index, Arc::clone(&after));
            Ok(after)
        })?;
        rule.rule = after;
        Ok(ExportClientRecord { rule, match_text })
    }
}

impl Delete for ExportClients {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<ExportClientRecord>,
        found: &ExportClientRecord,
    ) -> Result<(), ApiError> {
        let rule = &found.rule;
        let svm = context.svm_of(&rule.policy.svm_context)?;
        let _lock = svm.write_lock()?;
        let (_, ()) = changed(svm, rule.policy.number, |rules| {
            let mut after = existing(rules, rule.index)?.clone();
            after.clients.retain(|other| *other != found.match_text);
            if after.clients.is_empty() {
                let message = "The rule has no other client match. Delete the rule instead.";
                return Err(ApiError::new(409, 1_704_039, message).about(Self::KEY));
            }
            rules.set(rule.index, Arc::new(after));
            Ok(())
        })?;
        Ok(())
    }
}
