//! SVMs.

use std::sync::Arc;

use nessie_ontap_protocol::records::{
    AggregateRecord, Attribute, Attributes, Named, SVM, SvmRecord, is_nfs_enabled,
};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::dns;
use super::lookup::find_aggregate;
use super::names;
use super::outcome::ObjectKind;
use super::reference::Reference;
use super::resource::{Change, Create, Delete, Resource};
use crate::cluster::Cluster;
use crate::configuration::Stored;
use crate::svm::{Presence, SvmState};
use crate::svms::{SvmList, svm_named, svm_with_uuid};

/// `/api/svm/svms`.
pub(crate) enum Svms {}

impl Resource for Svms {
    type Record = SvmRecord;

    const KIND: ObjectKind<SvmRecord> =
        ObjectKind { schema: &SVM, svm_context: |_| None, is_synchronous: false };
    const KEY: &'static str = "uuid";

    /// Some clients give the number of volumes as a number.
    fn normalise(body: &mut Body) -> Result<(), ApiError> {
        let number = body.value("max_volumes").and_then(serde_json::Value::as_u64);
        if let Some(number) = number {
            body.replace("max_volumes", number.to_string().into());
        }
        Ok(())
    }

    fn list(
        context: &RequestContext<'_>,
        query: &Query<SvmRecord>,
    ) -> Result<Vec<SvmRecord>, ApiError> {
        let svms = context.svms(query, "")?;
        let aggregates: Arc<[_]> = context.cluster.aggregates_now()?.into();
        svms.into_iter().map(|svm| record(context.cluster, svm, &aggregates)).collect()
    }
}

impl Create for Svms {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<SvmRecord>,
        body: &Body,
    ) -> Result<SvmRecord, ApiError> {
        let cluster = context.cluster;
        let Some(name) = body.text("name")? else {
            let message = "The request does not name the SVM.";
            return Err(ApiError::new(400, 262_212, message).about("name"));
        };
        names::check_svm(name)?;
        check_ipspace(cluster, body)?;
        let properties = properties_after(context, &Attributes::default(), body)?;
        let dns = dns::of_new_svm(body)?;
        let Some(new_backend) = &cluster.new_backend else {
            let message = "The server makes no backends for new SVMs: it was not configured to.";
            return Err(ApiError::new(405, 3, message));
        };
        let _lock = cluster.svms.write_lock();
        check_free(cluster, &cluster.svms.list(), name)?;
        let number = cluster.svms.next_number();
        let named = Named { uuid: cluster.ids.next(), name: name.to_owned() };
        let svm = cluster.svms.make(new_backend(name, number)?, named, number);
        if let Some(policy) = Reference::read(body, "snapshot_policy")? {
            check_snapshot_policy(&svm, &policy)?;
        }
        svm.configuration.properties.set(properties.into());
        if body.boolean("nfs.enabled")? == Some(true) {
            svm.configuration.nfs_service.set(Some(Stored::default()));
        }
        svm.configuration.dns.set(dns.map(Stored::from));
        #[cfg(feature = "simulator")]
        cluster.simulator.begin(&svm);
        svm.create_root_volume().inspect_err(|_| {
            #[cfg(feature = "simulator")]
            cluster.simulator.end(&svm);
        })?;
        cluster.svms.add(svm.clone());
        record(cluster, &svm, &cluster.aggregates_now()?.into())
    }
}

impl Change for Svms {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<SvmRecord>,
        found: SvmRecord,
        body: &Body,
    ) -> Result<SvmRecord, ApiError> {
        let cluster = context.cluster;
        let _lock = cluster.svms.write_lock();
        let svms = cluster.svms.list();
        let svm = current(&svms, &found)?;
        let svm = if let Some(name) = body.text("name")? {
            rename(cluster, &svms, svm, name, body)?
        } else {
            let _lock = svm.write_lock()?;
            let properties = properties_after(context, &svm.properties(), body)?;
            if let Some(policy) = Reference::read(body, "snapshot_policy")? {
                check_snapshot_policy(svm, &policy)?;
            }
            svm.configuration.properties.set(properties.into());
            svm.clone()
        };
        record(cluster, &svm, &cluster.aggregates_now()?.into())
    }
}

impl Delete for Svms {
    /// The root volume is deleted with its SVM.
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<SvmRecord>,
        found: &SvmRecord,
    ) -> Result<(), ApiError> {
        let cluster = context.cluster;
        let _lock = cluster.svms.write_lock();
        let svms = cluster.svms.list();
        let svm = current(&svms, found)?;
        let mut presence = svm.write_lock()?;
        let volumes = svm.volumes()?;
        let (roots, others): (Vec<_>, Vec<_>) =
            volumes.into_iter().partition(|volume| svm.is_root_volume(volume));
        if let Some(volume) = others.first() {
            let message = format!(
                "The SVM {name:?} has volumes: {count}, of which {first:?} is the first. Delete its \
                 volumes before it.",
                name = svm.svm_context.svm.name,
                count = others.len(),
                first = volume.name,
            );
            return Err(ApiError::new(409, HAS_VOLUMES, message).about("uuid"));
        }
        let side_data = svm.side_data();
        svm.purge_all(&side_data, side_data.recovery_queue.list())?;
        for root in roots {
            svm.backend.delete_volume(root.uuid)?;
        }
        *presence = Presence::Deleted;
        cluster.svms.remove(svm.svm_context.svm.uuid);
        #[cfg(feature = "simulator")]
        cluster.simulator.end(svm);
        Ok(())
    }
}

/// ONTAP documents no code of its own for the deletion of an SVM that has volumes.
const HAS_VOLUMES: u32 = 460_770;

pub(super) fn record(
    cluster: &Cluster,
    svm: &SvmState,
    aggregates: &Arc<[AggregateRecord]>,
) -> Result<SvmRecord, ApiError> {
    let attributes = svm.properties();
    let own = attributes.texts("aggregates.name");
    let is_own = |aggregate: &&AggregateRecord| {
        own.is_some_and(|names| names.contains(&aggregate.aggregate.name))
    };
    let has_limit = attributes.integer("storage.limit").is_some_and(|limit| limit > 0);
    Ok(SvmRecord {
        svm_context: Arc::clone(&svm.svm_context),
        aggregates: match own {
            Some(_) => aggregates.iter().filter(is_own).cloned().collect(),
            None => Arc::clone(aggregates),
        },
        has_own_aggregates: own.is_some() || svm.is_configured,
        ipspace: cluster.ipspace.clone(),
        nfs_enabled: svm.configuration.nfs_service.get().map(|nfs| is_nfs_enabled(&nfs.attributes)),
        dns: svm.configuration.dns.get().map(|dns| dns.attributes),
        in_recovery_queue: svm.side_data().recovery_queue.list().into_iter().fold(
            (0, 0),
            |(count, bytes): (u64, u64), deleted| {
                (count + 1, bytes.saturating_add(deleted.size_bytes))
            },
        ),
        allocated: has_limit.then(|| svm.allocated()).transpose()?,
        attributes,
    })
}

/// The SVM as it is now, which another request may have changed or deleted.
fn current<'s>(svms: &'s SvmList, found: &SvmRecord) -> Result<&'s SvmState, ApiError> {
    let found = svm_with_uuid(svms, found.svm_context.svm.uuid);
    found.map(Arc::as_ref).ok_or_else(|| ApiError::no_such_entry().about(Svms::KEY))
}

fn rename(
    cluster: &Cluster,
    svms: &SvmList,
    svm: &SvmState,
    name: &str,
    body: &Body,
) -> Result<SvmState, ApiError> {
    if let Some(other) = body.paths().find(|path| *path != "name") {
        let message =
            format!("A PATCH that renames an SVM changes nothing else, but has {other:?}.");
        return Err(ApiError::new(400, 13_434_883, message).about("name"));
    }
    names::check_svm(name)?;
    if name != svm.svm_context.svm.name {
        check_free(cluster, svms, name)?;
    }
    let svm = svm.renamed(name.to_owned());
    cluster.svms.replace(svm.clone());
    Ok(svm)
}

/// Refuses a name that another SVM, an `IPspace` or the cluster has.
fn check_free(cluster: &Cluster, svms: &SvmList, name: &str) -> Result<(), ApiError> {
    let owner = if svm_named(svms, name).is_some() {
        "an SVM"
    } else if cluster.ipspaces.iter().any(|ipspace| ipspace.name == name) {
        "an IPspace"
    } else if cluster.name.name == name {
        "the cluster"
    } else {
        return Ok(());
    };
    let message = format!("The name {name:?} is that of {owner} already.");
    Err(ApiError::new(409, 13_434_908, message).about("name"))
}

/// Refuses an `IPspace` other than that of all SVMs.
fn check_ipspace(cluster: &Cluster, body: &Body) -> Result<(), ApiError> {
    let Some(given) = Reference::read(body, "ipspace")? else { return Ok(()) };
    let Some(found) = given.find(cluster.ipspaces.iter()) else {
        let message = format!("The IPspace {given} does not exist.");
        return Err(ApiError::new(400, 13_434_912, message).about("ipspace"));
    };
    if !given.agrees(found) {
        let message = "The name and the UUID of the IPspace do not agree.";
        return Err(ApiError::new(400, 13_434_888, message).about("ipspace"));
    }
    if *found != cluster.ipspace {
        let message = format!("The IPspace {given} is that of the nodes: it has no SVMs.");
        return Err(ApiError::new(400, 13_434_912, message).about("ipspace"));
    }
    Ok(())
}

fn check_snapshot_policy(svm: &SvmState, given: &Reference) -> Result<(), ApiError> {
    let refuse = |why: &str| {
        let message = format!("The snapshot policy {given} {why}.");
        Err(ApiError::new(400, 13_434_886, message).about("snapshot_policy"))
    };
    if let Some(policy) = given.find(svm.svm_context.snapshot_policies.list().iter()) {
        return if given.agrees(policy) { Ok(()) } else { refuse("has another UUID") };
    }
    let own = match &given.name {
        Some(name) => svm.find_snapshot_policy(name)?,
        None => None,
    };
    let Some(policy) = own else { return refuse("does not exist") };
    let uuid = svm.svm_context.snapshot_policy_uuid(&policy.name);
    if given.uuid.is_none_or(|other| other == uuid) { Ok(()) } else { refuse("has another UUID") }
}

/// Fields that are not stored as they are given.
const OTHERS: &[&str] = &["aggregates", "dns", "ipspace", "name", "nfs.enabled", "snapshot_policy"];

fn is_stored(path: &str) -> bool {
    !OTHERS.iter().any(|other| {
        path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The properties of an SVM after a request.
fn properties_after(
    context: &RequestContext<'_>,
    before: &Attributes,
    body: &Body,
) -> Result<Attributes, ApiError> {
    let mut properties = before.clone();
    properties.set_from(&SVM, body, is_stored)?;
    check(&properties)?;
    if let Some(aggregates) = aggregates(context, body)? {
        properties.set("aggregates.name", Attribute::Texts(aggregates));
    }
    if let Some(policy) = Reference::read(body, "snapshot_policy")? {
        let of_cluster = context.cluster.snapshot_policies.list();
        let of_cluster = policy.find(of_cluster.iter());
        let name = of_cluster.map(|policy| &policy.name).or(policy.name.as_ref());
        if let Some(name) = name {
            properties.set("snapshot_policy.name", Attribute::Text(name.clone()));
        }
    }
    Ok(properties)
}

/// Refuses values that break a rule other than those of their type.
pub(crate) fn check(properties: &Attributes) -> Result<(), ApiError> {
    if let Some(state) = properties.text("state")
        && !matches!(state, "running" | "stopped")
    {
        let rule = "is neither \"running\" nor \"stopped\"";
        return Err(ApiError::invalid_value("state", state, rule));
    }
    if let Some(language) = properties.text("language")
        && !language.ends_with("utf_8")
        && language != "utf8mb4"
    {
        let message =
            format!("The language {language:?} is not one with UTF-8, such as \"c.utf_8\".");
        return Err(ApiError::new(400, 13_434_885, message).about("language"));
    }
    if let Some(number) = properties.text("max_volumes")
        && number != UNLIMITED
        && number.parse::<u32>().is_err()
    {
        let rule = format!("is neither {UNLIMITED:?} nor a number of volumes");
        return Err(ApiError::invalid_value("max_volumes", number, rule));
    }
    if let Some(percent) =
        properties.integer("storage.limit_threshold_alert").filter(|percent| *percent > 100)
    {
        let field = "storage.limit_threshold_alert";
        return Err(ApiError::invalid_value(
            field,
            &percent.to_string(),
            "is more than 100 percent",
        ));
    }
    let comment = properties.text("comment").unwrap_or_default();
    if comment.chars().count() > 1023 {
        return Err(ApiError::invalid_value("comment", comment, "is longer than 1023 characters"));
    }
    for (path, allowed) in SOURCES {
        let given = properties.texts(path).unwrap_or_default();
        if let Some(source) = given.iter().find(|source| !allowed.contains(&source.as_str())) {
            let message = format!(
                "The source {source:?} is invalid for {path:?}: it is not one of {}.",
                allowed.join(", ")
            );
            return Err(ApiError::new(400, 23_724_038, message).about(*path));
        }
    }
    Ok(())
}

/// No limit of the number of volumes.
pub(crate) const UNLIMITED: &str = "unlimited";

/// The sources of each database of the name services.
const SOURCES: &[(&str, &[&str])] = &[
    ("nsswitch.group", &["files", "ldap", "nis"]),
    ("nsswitch.hosts", &["files", "dns"]),
    ("nsswitch.namemap", &["files", "ldap"]),
    ("nsswitch.netgroup", &["files", "ldap", "nis"]),
    ("nsswitch.passwd", &["files", "ldap", "nis"]),
];

/// The names of the aggregates that a body assigns.
fn aggregates(context: &RequestContext<'_>, body: &Body) -> Result<Option<Vec<String>>, ApiError> {
    let names = body.texts("aggregates", "name")?;
    let uuids = body.texts("aggregates", "uuid")?;
    if names.is_none() && uuids.is_none() {
        return Ok(None);
    }
    let (names, uuids) = (names.unwrap_or_default(), uuids.unwrap_or_default());
    let mut found = Vec::new();
    for index in 0..names.len().max(uuids.len()) {
        let name = names.get(index).copied().flatten().map(str::to_owned);
        let uuid = uuids.get(index).copied().flatten().and_then(|text| text.parse().ok());
        let aggregate = find_aggregate(context, &Reference { name, uuid })??;
        if !found.contains(&aggregate.name) {
            found.push(aggregate.name);
        }
    }
    Ok(Some(found))
}
