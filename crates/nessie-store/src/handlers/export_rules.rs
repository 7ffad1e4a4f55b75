//! The rules of export policies.

use std::sync::Arc;

use nessie_ontap_protocol::records::{Attribute, EXPORT_RULE, ExportRule, ExportRuleRecord};
use nessie_ontap_protocol::{ApiError, Body, Method, Query};
#[cfg(feature = "simulator")]
use serde_json::json;

use super::context::RequestContext;
use super::export_policies::{Stored, current, policy_of_path, record as policy_record};
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::{ExportPolicy, ExportRules, check_client_match, new_export_rule};
use crate::svm::SvmState;

/// `/api/protocols/nfs/export-policies/{policy.id}/rules`.
pub(crate) enum ExportPolicyRules {}

/// The parameter of a PATCH that moves a rule.
const NEW_INDEX: &str = "new_index";

impl Resource for ExportPolicyRules {
    type Record = ExportRuleRecord;

    const KIND: ObjectKind<ExportRuleRecord> = ObjectKind {
        schema: &EXPORT_RULE,
        svm_context: |record| Some(&record.policy.svm_context),
        is_synchronous: true,
    };
    const KEY: &'static str = "index";

    fn parameters(method: Method) -> &'static [&'static str] {
        if method == Method::Patch { &[NEW_INDEX] } else { &[] }
    }

    fn list(
        context: &RequestContext<'_>,
        query: &Query<ExportRuleRecord>,
    ) -> Result<Vec<ExportRuleRecord>, ApiError> {
        let Stored { svm, number, policy } = known_policy(context, query)?;
        let rules = policy.rules.list().into_iter();
        Ok(rules.map(|(index, rule)| record(svm, number, &policy, index, rule)).collect())
    }

    fn find(
        context: &RequestContext<'_>,
        query: &Query<ExportRuleRecord>,
    ) -> Result<Option<ExportRuleRecord>, ApiError> {
        rule_of_path(context, query)
    }
}

impl Create for ExportPolicyRules {
    fn create(
        context: &RequestContext<'_>,
        query: &Query<ExportRuleRecord>,
        body: &Body,
    ) -> Result<ExportRuleRecord, ApiError> {
        let Stored { svm, number, .. } = known_policy(context, query)?;
        check_svm(context, svm, body)?;
        let (index, rule) = (body.integer("index")?, Arc::new(created(body)?));
        let _lock = svm.write_lock()?;
        let policy = changed(svm, number, |rules| {
            rules.check_new(&rule, 1_704_070)?;
            rules.insert(index, Arc::clone(&rule))
        });
        let (policy, index) = policy?;
        Ok(record(svm, number, &policy, index, rule))
    }
}

impl Change for ExportPolicyRules {
    fn change(
        context: &RequestContext<'_>,
        query: &Query<ExportRuleRecord>,
        found: ExportRuleRecord,
        body: &Body,
    ) -> Result<ExportRuleRecord, ApiError> {
        let svm = context.svm_of(&found.policy.svm_context)?;
        let new_index = new_index(query, body)?.unwrap_or(found.index);
        let _lock = svm.write_lock()?;
        let number = found.policy.number;
        let (policy, rule) = changed(svm, number, |rules| {
            let mut rule = existing(rules, found.index)?.clone();
            apply(body, &mut rule)?;
            let rule = Arc::new(rule);
            if new_index == found.index {
                rules.set(found.index, Arc::clone(&rule));
            } else {
                rules.remove(found.index);
                rules.insert(Some(new_index), Arc::clone(&rule))?;
            }
            Ok(rule)
        })?;
        Ok(record(svm, number, &policy, new_index, rule))
    }
}

impl Delete for ExportPolicyRules {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<ExportRuleRecord>,
        found: &ExportRuleRecord,
    ) -> Result<(), ApiError> {
        let svm = context.svm_of(&found.policy.svm_context)?;
        let _lock = svm.write_lock()?;
        let (_, ()) = changed(svm, found.policy.number, |rules| {
            existing(rules, found.index)?;
            rules.remove(found.index);
            Ok(())
        })?;
        Ok(())
    }
}

/// Changes the rules of a policy, and returns it after the change. After an error they are as before.
pub(super) fn changed<T>(
    svm: &SvmState,
    number: u64,
    change: impl FnOnce(&mut ExportRules) -> Result<T, ApiError>,
) -> Result<(ExportPolicy, T), ApiError> {
    let mut policy = (*current(svm, number)?).clone();
    let result = change(&mut policy.rules)?;
    svm.configuration.export_policies.set(number, policy.clone());
    Ok((policy, result))
}

/// The rule with that index, which another request may have deleted.
pub(super) fn existing(rules: &ExportRules, index: u64) -> Result<&ExportRule, ApiError> {
    let unknown = || ApiError::no_such_entry().about(ExportPolicyRules::KEY);
    rules.get(index).map(|rule| &**rule).ok_or_else(unknown)
}

/// The policy that the path names.
fn known_policy<'a, R>(
    context: &RequestContext<'a>,
    query: &Query<R>,
) -> Result<Stored<'a>, ApiError> {
    let found = policy_of_path(context, query)?;
    found.ok_or_else(|| ApiError::no_such_entry().about("policy.id"))
}

fn rule_of_path<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
) -> Result<Option<ExportRuleRecord>, ApiError> {
    let Stored { svm, number, policy } = known_policy(context, query)?;
    let Ok(index) = context.path_variable(1).parse() else { return Ok(None) };
    let rule = policy.rules.get(index).cloned();
    Ok(rule.map(|rule| record(svm, number, &policy, index, rule)))
}

/// The rule that the path names.
pub(super) fn known_rule<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
) -> Result<ExportRuleRecord, ApiError> {
    let unknown = || ApiError::no_such_entry().about(ExportPolicyRules::KEY);
    rule_of_path(context, query)?.ok_or_else(unknown)
}

fn record(
    svm: &SvmState,
    number: u64,
    policy: &ExportPolicy,
    index: u64,
    rule: Arc<ExportRule>,
) -> ExportRuleRecord {
    let mut policy = policy_record(svm, number, policy);
    policy.rules = Vec::new();
    ExportRuleRecord { policy, index, rule }
}

/// Refuses a body that names another SVM than that of the policy.
fn check_svm(context: &RequestContext<'_>, svm: &SvmState, body: &Body) -> Result<(), ApiError> {
    let uuid = svm.svm_context.svm.uuid;
    if body.has("svm") && svm_of_body(context, body, "svm")?.svm_context.svm.uuid != uuid {
        let message = "The body and the path name different SVMs.";
        return Err(ApiError::new(400, 262_185, message).about("svm"));
    }
    Ok(())
}

/// The index that a PATCH moves a rule to.
fn new_index(query: &Query<ExportRuleRecord>, body: &Body) -> Result<Option<u64>, ApiError> {
    let of_body = body.integer("index")?;
    let Some(text) = query.parameter(NEW_INDEX) else { return Ok(of_body) };
    let refuse = |_| ApiError::invalid_value(NEW_INDEX, text, "is not a whole number");
    let index = text.parse().map_err(refuse)?;
    match of_body {
        Some(other) if other != index => Err(ApiError::given_twice(NEW_INDEX)),
        _ => Ok(Some(index)),
    }
}

/// The rules that the body of a policy sets; `None` if it sets none.
pub(super) fn all(body: &Body) -> Result<Option<ExportRules>, ApiError> {
    let Some(bodies) = body.objects("rules")? else { return Ok(None) };
    let mut rules = ExportRules::default();
    for body in bodies {
        let rule = created(&body)?;
        rules.check_new(&rule, 1_704_071)?;
        rules.insert(body.integer("index")?, Arc::new(rule))?;
    }
    Ok(Some(rules))
}

/// The rule that a body describes.
fn created(body: &Body) -> Result<ExportRule, ApiError> {
    for path in ["clients", "ro_rule", "rw_rule"] {
        if !body.has(path) {
            let message = format!("An export rule needs the field {path:?}.");
            return Err(ApiError::new(400, 262_212, message).about(path));
        }
    }
    let mut rule = new_export_rule();
    apply(body, &mut rule)?;
    Ok(rule)
}

/// Accepts a rule that a request can create.
#[cfg(feature = "simulator")]
pub(crate) fn check(rule: &ExportRule) -> Result<(), ApiError> {
    let clients: Vec<_> = rule.clients.iter().map(|client| json!({"match": client})).collect();
    let body = json!({
        "clients": clients,
        "protocols": rule.protocols,
        "ro_rule": rule.ro_rule,
        "rw_rule": rule.rw_rule,
        "superuser": rule.superuser,
        "anonymous_user": rule.anonymous_user,
        "chown_mode": rule.chown_mode,
        "ntfs_unix_security": rule.ntfs_unix_security,
    });
    created(&Body::parse(body.to_string().as_bytes())?).map(drop)
}

/// Sets the fields of a rule that a body has.
fn apply(body: &Body, rule: &mut ExportRule) -> Result<(), ApiError> {
    if let Some(given) = body.texts("clients", "match")? {
        rule.clients = clients(given)?;
    }
    for (path, words) in [
        ("protocols", &mut rule.protocols),
        ("ro_rule", &mut rule.ro_rule),
        ("rw_rule", &mut rule.rw_rule),
        ("superuser", &mut rule.superuser),
    ] {
        if let Some(Attribute::Texts(given)) = value(body, path)? {
            if given.is_empty() {
                return Err(ApiError::invalid_value(path, "[]", "is empty"));
            }
            words.clear();
            for word in given {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
    }
    for (path, word) in [
        ("anonymous_user", &mut rule.anonymous_user),
        ("chown_mode", &mut rule.chown_mode),
        ("ntfs_unix_security", &mut rule.ntfs_unix_security),
    ] {
        if let Some(Attribute::Text(given)) = value(body, path)? {
            *word = given;
        }
    }
    check_user(&rule.anonymous_user)?;
    rule.allow_suid = body.boolean("allow_suid")?.unwrap_or(rule.allow_suid);
    let allows_devices = body.boolean("allow_device_creation")?;
    rule.allow_device_creation = allows_devices.unwrap_or(rule.allow_device_creation);
    Ok(())
}

/// The value of a field in its own spelling.
fn value(body: &Body, path: &str) -> Result<Option<Attribute>, ApiError> {
    let Some(field) = EXPORT_RULE.field(path) else { return Ok(None) };
    Attribute::from_body(field, EXPORT_RULE.in_array(path), body)
}

/// The clients of a rule. One text may name several, with commas between them.
pub(super) fn clients(given: Vec<Option<&str>>) -> Result<Vec<String>, ApiError> {
    let mut clients: Vec<String> = Vec::new();
    for text in given.into_iter().flat_map(|text| text.unwrap_or_default().split(',')) {
        let text = text.trim();
        check_client_match(text)?;
        if clients.iter().any(|other| other == text) {
            let message = format!("The client match {text:?} is given twice.");
            return Err(ApiError::new(400, 1_704_050, message).about("clients.match"));
        }
        clients.push(text.to_owned());
    }
    if clients.is_empty() {
        let message = "An export rule needs at least one client match.";
        return Err(ApiError::new(400, 1_704_039, message).about("clients"));
    }
    Ok(clients)
}

fn check_user(user: &str) -> Result<(), ApiError> {
    let refuse = |code, message| Err(ApiError::new(400, code, message).about("anonymous_user"));
    if user.is_empty() {
        return refuse(3_277_149, "The anonymous user is empty.".to_owned());
    }
    let is_number = user.strip_prefix('-').unwrap_or(user).bytes().all(|c| c.is_ascii_digit());
    if is_number && user.parse::<u32>().is_err() {
        let shown: String = user.chars().take(64).collect();
        let message = format!("The anonymous user {shown} is not an id of 0 to {}.", u32::MAX);
        return refuse(3_277_083, message);
    }
    Ok(())
}
