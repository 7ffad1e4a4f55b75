//! Quota rules.

use std::sync::Arc;

use nessie_backend_core::{Uuid, Volume, VolumeId};
use nessie_ontap_protocol::records::{
    Named, QUOTA_RULE, QuotaLimits, QuotaRuleRecord, QuotaTarget, UnixIdentity,
};
use nessie_ontap_protocol::{ApiError, Body, Query};
use serde_json::Value;

use super::context::RequestContext;
use super::lookup::{svm_of_body, volume_of_body, volume_of_filter};
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::side_data::{QuotaRule, QuotaRuleTarget, SideData};
use crate::svm::SvmState;

/// `/api/storage/quota/rules`.
pub(crate) enum QuotaRuleResource {}

/// The fields with limits.
const LIMITS: [&str; 4] =
    ["files.hard_limit", "files.soft_limit", "space.hard_limit", "space.soft_limit"];

/// The limit that a body has for none: `-1`, a dash or an empty text.
const NO_LIMIT: u64 = u64::MAX;

/// The largest limit.
const MAX_LIMIT: u64 = 1 << 60;

impl Resource for QuotaRuleResource {
    type Record = QuotaRuleRecord;

    const KIND: ObjectKind<QuotaRuleRecord> = ObjectKind {
        schema: &QUOTA_RULE,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: false,
    };
    const KEY: &'static str = "uuid";

    fn normalise(body: &mut Body) -> Result<(), ApiError> {
        for path in LIMITS {
            let is_none = match body.value(path) {
                Some(Value::String(text)) => matches!(text.as_str(), "" | "-" | "-1"),
                Some(Value::Number(number)) if number.as_u64() == Some(NO_LIMIT) => {
                    return Err(too_large(path, NO_LIMIT));
                }
                Some(Value::Number(number)) => number.as_i64() == Some(-1),
                _ => false,
            };
            if is_none {
                body.replace(path, NO_LIMIT.into());
            }
        }
        Ok(())
    }

    fn list(
        context: &RequestContext<'_>,
        query: &Query<QuotaRuleRecord>,
    ) -> Result<Vec<QuotaRuleRecord>, ApiError> {
        let mut records = Vec::new();
        for svm in context.svms(query, "svm")? {
            let side_data = svm.side_data();
            for volume in volumes(svm, &side_data, query)? {
                let named = named(&volume);
                let rules = side_data.quota_rules.list(volume.uuid).into_iter();
                records.extend(rules.map(|(position, rule)| {
                    record(svm, &side_data, Arc::clone(&named), position, &rule)
                }));
            }
        }
        Ok(records)
    }

    fn find(
        context: &RequestContext<'_>,
        query: &Query<QuotaRuleRecord>,
    ) -> Result<Option<QuotaRuleRecord>, ApiError> {
        let Ok(uuid) = context.path_variable(0).parse::<Uuid>() else { return Ok(None) };
        for svm in context.svms(query, "svm")? {
            let side_data = svm.side_data();
            let Some((volume, position, rule)) = side_data.quota_rules.find(uuid) else { continue };
            // A volume that was deleted on the backend has none.
            let Some(volume) = svm.volume(volume)? else { continue };
            return Ok(Some(record(svm, &side_data, named(&volume), position, &rule)));
        }
        Ok(None)
    }
}

impl Create for QuotaRuleResource {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<QuotaRuleRecord>,
        body: &Body,
    ) -> Result<QuotaRuleRecord, ApiError> {
        let svm = svm_of_body(context, body, "svm")?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let volume = volume_of_body(svm, body)?;
        let target = target(&side_data, volume.uuid, body)?;
        let mut limits = QuotaLimits::default();
        apply(body, &target, &mut limits)?;
        let rules = &side_data.quota_rules;
        if rules.list(volume.uuid).iter().any(|(_, rule)| is_same(&rule.target, &target)) {
            let message = "The volume has a quota rule for this target already.";
            return Err(ApiError::new(409, 1, message).about("type"));
        }
        let rule = Arc::new(QuotaRule { uuid: context.cluster.ids.next(), target, limits });
        let position = rules.add(&*svm.backend, volume.uuid, Arc::clone(&rule));
        Ok(record(svm, &side_data, named(&volume), position, &rule))
    }
}

impl Change for QuotaRuleResource {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<QuotaRuleRecord>,
        found: QuotaRuleRecord,
        body: &Body,
    ) -> Result<QuotaRuleRecord, ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let (volume, position, rule) = current(svm, &side_data, found.uuid)?;
        let mut rule = (*rule).clone();
        apply(body, &rule.target, &mut rule.limits)?;
        let rule = Arc::new(rule);
        side_data.quota_rules.set(&*svm.backend, volume.uuid, position, Arc::clone(&rule));
        Ok(record(svm, &side_data, named(&volume), position, &rule))
    }
}

impl Delete for QuotaRuleResource {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<QuotaRuleRecord>,
        found: &QuotaRuleRecord,
    ) -> Result<(), ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        current(svm, &side_data, found.uuid)?;
        side_data.quota_rules.remove(&*svm.backend, found.uuid);
        Ok(())
    }
}

/// The volumes whose rules may match.
fn volumes(
    svm: &SvmState,
    side_data: &SideData,
    query: &Query<QuotaRuleRecord>,
) -> Result<Vec<Volume>, ApiError> {
    match volume_of_filter(svm, query)? {
        Some(volumes) => Ok(volumes),
        None => with_rules(svm, side_data),
    }
}

/// The volumes with rules.
pub(super) fn with_rules(svm: &SvmState, side_data: &SideData) -> Result<Vec<Volume>, ApiError> {
    let volumes = side_data.quota_rules.volumes().into_iter();
    // A volume that was deleted on the backend has none.
    volumes.filter_map(|volume| svm.volume(volume).transpose()).collect()
}

/// The volume and the rule with that UUID, which another request may have deleted.
fn current(
    svm: &SvmState,
    side_data: &SideData,
    uuid: Uuid,
) -> Result<(Volume, u64, Arc<QuotaRule>), ApiError> {
    let unknown = || ApiError::no_such_entry().about(QuotaRuleResource::KEY);
    let (volume, position, rule) = side_data.quota_rules.find(uuid).ok_or_else(unknown)?;
    Ok((svm.volume(volume)?.ok_or_else(unknown)?, position, rule))
}

pub(super) fn named(volume: &Volume) -> Arc<Named> {
    Arc::new(Named { uuid: volume.uuid.uuid(), name: volume.name.clone() })
}

fn record(
    svm: &SvmState,
    side_data: &SideData,
    volume: Arc<Named>,
    position: u64,
    rule: &QuotaRule,
) -> QuotaRuleRecord {
    QuotaRuleRecord {
        svm_context: Arc::clone(&svm.svm_context),
        target: shown_target(side_data, volume.uuid.into(), &rule.target),
        volume,
        position: svm.position(position),
        uuid: rule.uuid,
        limits: rule.limits.clone(),
    }
}

/// A target as a record has it, with the present name of its qtree.
pub(super) fn shown_target(
    side_data: &SideData,
    volume: VolumeId,
    target: &QuotaRuleTarget,
) -> QuotaTarget {
    let id = target.qtree();
    let qtree = id.and_then(|id| side_data.qtrees.get(volume, id));
    let qtree = qtree.map(|qtree| (id, qtree.name.clone()));
    match target {
        QuotaRuleTarget::Tree(_) => QuotaTarget {
            kind: "tree",
            qtree: Some(qtree.unwrap_or_default()),
            users: Vec::new(),
            group: None,
        },
        QuotaRuleTarget::User(_, users) => {
            QuotaTarget { kind: "user", qtree, users: users.clone(), group: None }
        }
        QuotaRuleTarget::Group(_, group) => {
            QuotaTarget { kind: "group", qtree, users: Vec::new(), group: Some(group.clone()) }
        }
    }
}

/// Whether two targets differ at most in the order of their users.
fn is_same(left: &QuotaRuleTarget, right: &QuotaRuleTarget) -> bool {
    match (left, right) {
        (QuotaRuleTarget::User(tree, users), QuotaRuleTarget::User(other, others)) => {
            tree == other
                && users.len() == others.len()
                && users.iter().all(|user| others.contains(user))
        }
        (left, right) => left == right,
    }
}

/// The target that a body names.
fn target(
    side_data: &SideData,
    volume: VolumeId,
    body: &Body,
) -> Result<QuotaRuleTarget, ApiError> {
    let Some(kind) = body.text("type")? else {
        let message = "The request names no type of quota: tree, user or group.";
        return Err(ApiError::new(400, 262_212, message).about("type"));
    };
    let kind = kind.to_ascii_lowercase();
    let (code, needed, other) = match kind.as_str() {
        "tree" => (5_308_564, "qtree", &["users", "group"][..]),
        "user" => (5_308_562, "users", &["group"][..]),
        _ => (5_308_563, "group", &["users"][..]),
    };
    if !body.has(needed) {
        let message = format!("A quota rule of the type {kind} needs the field {needed:?}.");
        return Err(ApiError::new(400, code, message).about(needed));
    }
    if let Some(other) = other.iter().find(|other| body.has(other)) {
        let message = format!("A quota rule of the type {kind} has no field {other:?}.");
        return Err(ApiError::new(400, code, message).about(*other));
    }
    let qtree = qtree(side_data, volume, body)?;
    Ok(match kind.as_str() {
        "tree" => QuotaRuleTarget::Tree(qtree),
        "user" => QuotaRuleTarget::User(qtree, users(body)?),
        _ => QuotaRuleTarget::Group(qtree, identity(body, "group.name", "group.id", 5_308_566)?),
    })
}

/// The id of the qtree that a body names; `None` for an empty name.
fn qtree(side_data: &SideData, volume: VolumeId, body: &Body) -> Result<Option<u64>, ApiError> {
    let path = "qtree.name";
    let Some(name) = body.text(path)?.filter(|name| !name.is_empty()) else { return Ok(None) };
    let unknown = || {
        let shown: String = name.chars().take(64).collect();
        let message = format!("The qtree {shown:?} does not exist in the volume.");
        ApiError::new(400, 5_242_927, message).about(path)
    };
    side_data.qtrees.id(volume, name).map(Some).ok_or_else(unknown)
}

fn users(body: &Body) -> Result<Vec<UnixIdentity>, ApiError> {
    let mut users = Vec::new();
    for user in body.objects("users")?.unwrap_or_default() {
        let user = identity(&user, "name", "id", 5_308_565)?;
        if !users.contains(&user) {
            users.push(user);
        }
    }
    if users.is_empty() {
        let message = "A quota rule of the type user needs a user.";
        return Err(ApiError::new(400, 5_308_562, message).about("users"));
    }
    Ok(users)
}

/// A user or a group by its name or by its id. `code` is that of the refusal of both.
fn identity(body: &Body, name: &str, id: &str, code: u32) -> Result<UnixIdentity, ApiError> {
    let (name_given, id_given) = (body.text(name)?, body.text(id)?);
    if name_given.is_some() == id_given.is_some() {
        let message = format!("Each user and each group has either a name or an id: {name}, {id}.");
        return Err(ApiError::new(400, code, message).about(name.to_owned()));
    }
    Ok(UnixIdentity { name: name_given.map(str::to_owned), id: id_given.map(str::to_owned) })
}

/// Sets the limits that a body has.
fn apply(body: &Body, target: &QuotaRuleTarget, limits: &mut QuotaLimits) -> Result<(), ApiError> {
    for (path, limit) in LIMITS.into_iter().zip([
        &mut limits.files_hard,
        &mut limits.files_soft,
        &mut limits.space_hard,
        &mut limits.space_soft,
    ]) {
        match body.size(path)? {
            None => {}
            Some(NO_LIMIT) => *limit = None,
            Some(given) if path.starts_with("space") => *limit = Some(given.max(1_024)),
            given => *limit = given,
        }
    }
    check_limits(limits)?;
    let is_user = matches!(target, QuotaRuleTarget::User(..));
    if let Some(is_mapped) = body.boolean("user_mapping")? {
        let refuse = |code, message| Err(ApiError::new(400, code, message).about("user_mapping"));
        match target {
            QuotaRuleTarget::User(_, users) if is_mapped && users.len() > 1 => {
                return refuse(5_308_478, "A quota rule of several users maps no users.");
            }
            QuotaRuleTarget::User(..) => limits.user_mapping = Some(is_mapped),
            _ => return refuse(5_308_469, "Only a quota rule of a user maps users."),
        }
    }
    if is_user && limits.user_mapping.is_none() {
        limits.user_mapping = Some(false);
    }
    Ok(())
}

/// Refuses limits that are too large, and a soft one that is above its hard one.
pub(crate) fn check_limits(limits: &QuotaLimits) -> Result<(), ApiError> {
    let QuotaLimits { files_hard, files_soft, space_hard, space_soft, .. } = *limits;
    for (path, limit) in LIMITS.into_iter().zip([files_hard, files_soft, space_hard, space_soft]) {
        if let Some(limit) = limit.filter(|limit| *limit > MAX_LIMIT) {
            return Err(too_large(path, limit));
        }
    }
    for (path, soft, hard) in
        [("files.soft_limit", files_soft, files_hard), ("space.soft_limit", space_soft, space_hard)]
    {
        if let (Some(soft), Some(hard)) = (soft, hard)
            && soft > hard
        {
            let message = format!("The soft limit {soft} is above the hard limit {hard}.");
            return Err(ApiError::new(400, 5_308_575, message).about(path));
        }
    }
    Ok(())
}

fn too_large(path: &'static str, limit: u64) -> ApiError {
    let message = format!("The quota limit {limit} is above the largest, {MAX_LIMIT}.");
    ApiError::new(400, 5_308_573, message).about(path)
}
