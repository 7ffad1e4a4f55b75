//! Quota reports.

use std::sync::Arc;

use nessie_backend_core::{Uuid, Volume};
use nessie_ontap_protocol::records::{
    Attribute, QUOTA_REPORT, QuotaLimits, QuotaReportRecord, QuotaTarget,
};
use nessie_ontap_protocol::{ApiError, Method, Query};

use super::context::RequestContext;
use super::lookup::volume_of_filter;
use super::outcome::ObjectKind;
use super::quota_rules::{named, shown_target, with_rules};
use super::resource::Resource;
use crate::side_data::{MAX_QTREE_ID, QuotaRule, QuotaRuleTarget, SideData};
use crate::svm::SvmState;

/// `/api/storage/quota/reports`.
pub(crate) enum QuotaReports {}

/// The parameter that leaves out the reports of default rules.
const SHOW_DEFAULT: &str = "show_default_records";

impl Resource for QuotaReports {
    type Record = QuotaReportRecord;

    const KIND: ObjectKind<QuotaReportRecord> = ObjectKind {
        schema: &QUOTA_REPORT,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: true,
    };
    const KEY: &'static str = "index";

    fn parameters(_: Method) -> &'static [&'static str] {
        &[SHOW_DEFAULT]
    }

    fn list(
        context: &RequestContext<'_>,
        query: &Query<QuotaReportRecord>,
    ) -> Result<Vec<QuotaReportRecord>, ApiError> {
        let shows_default = query.parameter_flag(SHOW_DEFAULT)?.unwrap_or(true);
        let mut records = Vec::new();
        for svm in context.svms(query, "svm")? {
            let side_data = svm.side_data();
            let volumes = match volume_of_filter(svm, query)? {
                Some(volumes) => volumes,
                None => with_rules(svm, &side_data)?,
            };
            for volume in &volumes {
                append(svm, &side_data, volume, shows_default, &mut records);
            }
        }
        Ok(records)
    }

    fn find(
        context: &RequestContext<'_>,
        query: &Query<QuotaReportRecord>,
    ) -> Result<Option<QuotaReportRecord>, ApiError> {
        if query.parameter(SHOW_DEFAULT).is_some() {
            let message = "The reports of default rules are left out of collections only.";
            return Err(ApiError::new(400, 5_308_576, message).about(SHOW_DEFAULT));
        }
        let unknown = || ApiError::no_such_entry().about("volume.uuid");
        let uuid = context.path_variable(0).parse::<Uuid>().map_err(|_| unknown())?;
        for svm in context.svms(query, "svm")? {
            let Some(volume) = svm.volume(uuid.into())? else { continue };
            let mut records = Vec::new();
            append(svm, &svm.side_data(), &volume, true, &mut records);
            let index = context.path_variable(1).parse::<u64>().ok();
            return Ok(records.into_iter().find(|record| Some(record.index) == index));
        }
        Err(unknown())
    }
}

/// Appends the reports of a volume; none if its quotas are off.
fn append(
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    shows_default: bool,
    records: &mut Vec<QuotaReportRecord>,
) {
    let attributes = side_data.attributes.volume(volume.uuid);
    let enabled = attributes.as_ref().and_then(|attributes| attributes.get("quota.enabled"));
    if enabled != Some(&Attribute::Boolean(true)) {
        return;
    }
    let name = named(volume);
    let mut report = |index, target, limits: &QuotaLimits| {
        records.push(QuotaReportRecord {
            svm_context: Arc::clone(&svm.svm_context),
            volume: Arc::clone(&name),
            index,
            target,
            limits: limits.clone(),
        });
    };
    let rules = side_data.quota_rules.list(volume.uuid);
    for (position, rule) in &rules {
        if shows_default || !is_default(rule) {
            let target = shown_target(side_data, volume.uuid, &rule.target);
            report(index(*position, rule), target, &rule.limits);
        }
    }
    let of_each = rules.iter().find(|(_, rule)| rule.target == QuotaRuleTarget::Tree(None));
    let Some((_, of_each)) = of_each else { return };
    for (id, qtree) in side_data.qtrees.list(volume.uuid) {
        let has_own = |rule: &QuotaRule| rule.target == QuotaRuleTarget::Tree(Some(id));
        if !rules.iter().any(|(_, rule)| has_own(rule)) {
            let target = QuotaTarget {
                kind: "tree",
                qtree: Some((Some(id), qtree.name.clone())),
                users: Vec::new(),
                group: None,
            };
            report(TREES | of_qtree(Some(id)), target, &of_each.limits);
        }
    }
}

/// The first index of each type of quota. That of a qtree is in bits 32 to 59.
const USERS: u64 = 0;
const GROUPS: u64 = 1 << 60;
const TREES: u64 = 2 << 60;

/// The index of the report of a rule. Those of users and groups have the position of the rule in
/// their lower half; 0 for a default rule.
fn index(position: u64, rule: &QuotaRule) -> u64 {
    let first = match rule.target {
        QuotaRuleTarget::User(..) => USERS,
        QuotaRuleTarget::Group(..) => GROUPS,
        QuotaRuleTarget::Tree(_) => TREES,
    };
    let of_all = first | of_qtree(rule.target.qtree());
    let is_of_one = !is_default(rule) && !matches!(rule.target, QuotaRuleTarget::Tree(_));
    if is_of_one { of_all | (position & u64::from(u32::MAX)) } else { of_all }
}

/// The part of an index that is about a qtree.
fn of_qtree(id: Option<u64>) -> u64 {
    (id.unwrap_or(0) & MAX_QTREE_ID) << 32
}

/// Whether a rule is for each qtree, user or group.
fn is_default(rule: &QuotaRule) -> bool {
    match &rule.target {
        QuotaRuleTarget::Tree(id) => id.is_none(),
        QuotaRuleTarget::User(_, users) => {
            users.iter().any(|user| user.name.as_deref() == Some(""))
        }
        QuotaRuleTarget::Group(_, group) => group.name.as_deref() == Some(""),
    }
}
