//! Qtrees.

use std::sync::Arc;

use nessie_backend_core::{BackendError, Uuid, Volume, VolumeId, VolumeState};
use nessie_ontap_protocol::records::{
    Attribute, FixedLimits, Named, QTREE, QosLimits, QtreeRecord, QtreeVolume, UnixIdentity,
};
use nessie_ontap_protocol::{ApiError, Body, Method, Query};

use super::context::RequestContext;
use super::export_policies::ExportPolicyReference;
use super::lookup::{svm_of_body, volume_of_body, volume_of_filter};
use super::outcome::ObjectKind;
use super::permissions;
use super::reference::Reference;
use super::resource::{Change, Create, Delete, Resource, SYNCHRONOUS};
use crate::configuration::DEFAULT_EXPORT_POLICY;
use crate::side_data::{Qtree, SideData};
use crate::svm::SvmState;

/// `/api/storage/qtrees`.
pub(crate) enum QtreeResource {}

/// The id of the default qtree of a volume, which is the volume itself.
const DEFAULT: u64 = 0;

impl Resource for QtreeResource {
    type Record = QtreeRecord;

    const KIND: ObjectKind<QtreeRecord> = ObjectKind {
        schema: &QTREE,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: false,
    };
    const KEY: &'static str = "id";

    fn parameters(method: Method) -> &'static [&'static str] {
        if method == Method::Post { &[SYNCHRONOUS] } else { &[] }
    }

    fn normalise(body: &mut Body) -> Result<(), ApiError> {
        permissions::normalise(body, "unix_permissions")
    }

    fn list(
        context: &RequestContext<'_>,
        query: &Query<QtreeRecord>,
    ) -> Result<Vec<QtreeRecord>, ApiError> {
        let mut records = Vec::new();
        let name = query.filter.exact("name").filter(|name| !name.is_empty());
        for svm in context.svms(query, "svm")? {
            let side_data = svm.side_data();
            for volume in volumes(svm, &side_data, query, name)? {
                let qtrees = &side_data.qtrees;
                let parent = Parent::of(svm, &side_data, &volume);
                if let Some(name) = name {
                    let id = qtrees.id(volume.uuid, name);
                    let found = id.and_then(|id| Some((id, qtrees.get(volume.uuid, id)?)));
                    records.extend(found.map(|(id, qtree)| parent.record(svm, id, &qtree)));
                } else {
                    records.push(parent.default_qtree(svm));
                    let list = qtrees.list(volume.uuid);
                    records.extend(list.iter().map(|(id, qtree)| parent.record(svm, *id, qtree)));
                }
            }
        }
        Ok(records)
    }

    fn find(
        context: &RequestContext<'_>,
        query: &Query<QtreeRecord>,
    ) -> Result<Option<QtreeRecord>, ApiError> {
        find(context, query).map(|(_, found)| found)
    }
}

impl Create for QtreeResource {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<QtreeRecord>,
        body: &Body,
    ) -> Result<QtreeRecord, ApiError> {
        let svm = svm_of_body(context, body, "svm")?;
        let Some(name) = body.text("name")? else {
            let message = "The request does not name the qtree.";
            return Err(ApiError::new(400, 5_242_953, message).about("name"));
        };
        check_name(name, 5_242_886)?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let volume = volume_of_body(svm, body)?;
        check_online(&volume)?;
        check_free(&side_data, volume.uuid, name, 5_242_886)?;
        let parent = Parent::of(svm, &side_data, &volume);
        let mut qtree = parent.new_qtree(name);
        apply(svm, body, &mut qtree)?;
        let id = side_data.qtrees.add(&*svm.backend, volume.uuid, qtree.clone());
        Ok(parent.record(svm, id, &qtree))
    }
}

impl Change for QtreeResource {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<QtreeRecord>,
        found: QtreeRecord,
        body: &Body,
    ) -> Result<QtreeRecord, ApiError> {
        if found.id == DEFAULT {
            let message = "The default qtree has the fields of its volume: change the volume.";
            return Err(ApiError::new(400, 5_242_945, message).about(Self::KEY));
        }
        let name = body.text("name")?;
        name.map_or(Ok(()), |name| check_name(name, 5_242_958))?;
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let (volume, stored) = current(svm, &side_data, &found)?;
        let mut qtree = (*stored).clone();
        if let Some(name) = name.filter(|name| *name != qtree.name) {
            check_free(&side_data, volume.uuid, name, 5_242_972)?;
            name.clone_into(&mut qtree.name);
        }
        apply(svm, body, &mut qtree)?;
        let qtree = Arc::new(qtree);
        side_data.qtrees.set(&*svm.backend, volume.uuid, found.id, Arc::clone(&qtree));
        Ok(Parent::of(svm, &side_data, &volume).record(svm, found.id, &qtree))
    }
}

impl Delete for QtreeResource {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<QtreeRecord>,
        found: &QtreeRecord,
    ) -> Result<(), ApiError> {
        if found.id == DEFAULT {
            return Err(no_name("The default qtree exists as long as its volume."));
        }
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let (volume, _) = current(svm, &side_data, found)?;
        side_data.qtrees.remove(&*svm.backend, volume.uuid, found.id);
        side_data.quota_rules.remove_qtree(&*svm.backend, volume.uuid, found.id);
        Ok(())
    }
}

/// The volume and, if it exists, the qtree that a path names.
pub(super) fn find<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
) -> Result<(Volume, Option<QtreeRecord>), ApiError> {
    let unknown = || ApiError::no_such_entry().about("volume.uuid");
    let uuid = context.path_variable(0).parse::<Uuid>().map_err(|_| unknown())?;
    for svm in context.svms(query, "svm")? {
        let side_data = svm.side_data();
        let Some(volume) = svm.volume(uuid.into())? else { continue };
        let parent = Parent::of(svm, &side_data, &volume);
        let found = match context.path_variable(1).parse() {
            Err(_) => None,
            Ok(DEFAULT) => Some(parent.default_qtree(svm)),
            Ok(id) => {
                let found = side_data.qtrees.get(volume.uuid, id);
                found.map(|qtree| parent.record(svm, id, &qtree))
            }
        };
        return Ok((volume, found));
    }
    Err(unknown())
}

/// The volumes whose qtrees may match.
fn volumes(
    svm: &SvmState,
    side_data: &SideData,
    query: &Query<QtreeRecord>,
    name: Option<&str>,
) -> Result<Vec<Volume>, ApiError> {
    if let Some(volumes) = volume_of_filter(svm, query)? {
        return Ok(volumes);
    }
    let Some(name) = name else { return svm.volumes() };
    let found = side_data.qtrees.volumes_with(name).into_iter();
    // A volume that was deleted on the backend has none.
    found.filter_map(|volume| svm.volume(volume).transpose()).collect()
}

/// What qtrees have from their volume.
struct Parent {
    volume: Arc<QtreeVolume>,
    security_style: String,
    unix_permissions: u64,
    export_policy: String,
    export_policy_number: Option<u64>,
}

impl Parent {
    fn of(svm: &SvmState, side_data: &SideData, volume: &Volume) -> Self {
        let attributes = side_data.attributes.volume(volume.uuid);
        let attribute = |path| attributes.as_ref().and_then(|attributes| attributes.get(path));
        Self {
            volume: Arc::new(QtreeVolume {
                volume: Named { uuid: volume.uuid.uuid(), name: volume.name.clone() },
                junction_path: volume.junction_path.clone(),
            }),
            security_style: match attribute("nas.security_style") {
                Some(Attribute::Text(style)) => style.clone(),
                _ => "unix".to_owned(),
            },
            unix_permissions: match attribute("nas.unix_permissions") {
                Some(Attribute::Integer(permissions)) => *permissions,
                _ => 755,
            },
            export_policy: volume
                .export_policy
                .clone()
                .unwrap_or_else(|| DEFAULT_EXPORT_POLICY.to_owned()),
            export_policy_number: svm.export_policy_number(volume),
        }
    }

    fn record(&self, svm: &SvmState, id: u64, qtree: &Qtree) -> QtreeRecord {
        let own = qtree.export_policy.and_then(|number| {
            let policy = svm.configuration.export_policies.get(number)?;
            Some((policy.name.clone(), Some(number)))
        });
        let (export_policy, export_policy_number) =
            own.unwrap_or_else(|| (self.export_policy.clone(), self.export_policy_number));
        QtreeRecord {
            svm_context: Arc::clone(&svm.svm_context),
            volume: Arc::clone(&self.volume),
            id,
            name: qtree.name.clone(),
            security_style: qtree.security_style.clone(),
            unix_permissions: qtree.unix_permissions,
            export_policy,
            export_policy_number,
            qos_policy: qtree.qos_policy.and_then(|uuid| qos_policy(svm, uuid)),
            user: qtree.user.clone(),
            group: qtree.group.clone(),
        }
    }

    fn default_qtree(&self, svm: &SvmState) -> QtreeRecord {
        self.record(svm, DEFAULT, &self.new_qtree(""))
    }

    /// A qtree for which a request sets only the name.
    fn new_qtree(&self, name: &str) -> Qtree {
        let root = UnixIdentity { name: Some("root".to_owned()), id: Some("0".to_owned()) };
        Qtree {
            name: name.to_owned(),
            security_style: self.security_style.clone(),
            unix_permissions: self.unix_permissions,
            export_policy: None,
            qos_policy: None,
            user: root.clone(),
            group: root,
        }
    }
}

/// The `QoS` policy with that UUID, if it still exists.
fn qos_policy(svm: &SvmState, uuid: Uuid) -> Option<(Named, FixedLimits)> {
    let found = svm.find_qos_policy(&Reference { name: None, uuid: Some(uuid) })?;
    let limits = match &found.limits {
        QosLimits::Fixed(limits) => *limits,
        QosLimits::Adaptive(_) => FixedLimits::default(),
    };
    Some((found.policy.clone(), limits))
}

/// The volume and the qtree of a record, which another request may have deleted.
fn current(
    svm: &SvmState,
    side_data: &SideData,
    found: &QtreeRecord,
) -> Result<(Volume, Arc<Qtree>), ApiError> {
    let unknown = || ApiError::no_such_entry().about(QtreeResource::KEY);
    let volume = svm.volume(found.volume.volume.uuid.into())?.ok_or_else(unknown)?;
    check_online(&volume)?;
    let qtree = side_data.qtrees.get(volume.uuid, found.id).ok_or_else(unknown)?;
    Ok((volume, qtree))
}

fn check_online(volume: &Volume) -> Result<(), ApiError> {
    if volume.state == VolumeState::Online {
        return Ok(());
    }
    Err(BackendError::VolumeOffline { volume: volume.uuid, state: volume.state }.into())
}

/// Sets the fields of a qtree that a body has, except the name.
fn apply(svm: &SvmState, body: &Body, qtree: &mut Qtree) -> Result<(), ApiError> {
    if let Some(field) = QTREE.field("security_style")
        && let Some(Attribute::Text(style)) = Attribute::from_body(field, false, body)?
    {
        if style == "unified" {
            let message = "A qtree cannot have the security style \"unified\".";
            return Err(ApiError::new(400, 9_437_324, message).about("security_style"));
        }
        qtree.security_style = style;
    }
    if let Some(permissions) = body.integer("unix_permissions")? {
        qtree.unix_permissions = permissions;
    }
    if let Some(policy) = ExportPolicyReference::read(body, "export_policy")? {
        qtree.export_policy = Some(policy.of_qtree(svm)?);
    }
    if let Some(given) = Reference::read(body, "qos_policy")? {
        qtree.qos_policy = if given.is_none() {
            None
        } else {
            Some(svm.known_qos_policy(&given, "qos_policy")?.policy.uuid)
        };
    }
    for (path, owner) in [("user", &mut qtree.user), ("group", &mut qtree.group)] {
        if let Some(given) = identity(body, path)? {
            *owner = given;
        }
    }
    Ok(())
}

/// The user or the group at `path`; `None` if the body has none.
fn identity(body: &Body, path: &str) -> Result<Option<UnixIdentity>, ApiError> {
    let name = body.text(&format!("{path}.name"))?;
    let id = body.text(&format!("{path}.id"))?;
    if let Some(id) = id.filter(|id| id.parse::<u32>().is_err()) {
        let shown: String = id.chars().take(64).collect();
        let message = format!("The id {shown:?} is not a number of 0 to {}.", u32::MAX);
        return Err(ApiError::new(400, 5_242_967, message).about(format!("{path}.id")));
    }
    let (name, id) = match (name, id) {
        (None, None) => return Ok(None),
        (Some("root"), None) | (None, Some("0")) => (Some("root"), Some("0")),
        given => given,
    };
    Ok(Some(UnixIdentity { name: name.map(str::to_owned), id: id.map(str::to_owned) }))
}

/// Accepts a name of 1 to 64 characters without slashes and control characters.
pub(crate) fn check_name(name: &str, code: u32) -> Result<(), ApiError> {
    let refuse = |rule| {
        let shown: String = name.chars().take(64).collect();
        let message = format!("The qtree name {shown:?} {rule}.");
        Err(ApiError::new(400, code, message).about("name"))
    };
    if name.is_empty() {
        return Err(no_name("The qtree name is empty, as that of the default qtree."));
    }
    if matches!(name, "." | "..") {
        return refuse("is that of a directory that exists always");
    }
    if name.chars().any(|character| character == '/' || character.is_control()) {
        return refuse("has a slash or a control character");
    }
    if name.chars().count() > 64 {
        return refuse("has more than 64 characters");
    }
    Ok(())
}

fn no_name(message: &str) -> ApiError {
    ApiError::new(400, 5_242_894, message).about("name")
}

/// Refuses a name that another qtree of the volume has.
fn check_free(
    side_data: &SideData,
    volume: VolumeId,
    name: &str,
    code: u32,
) -> Result<(), ApiError> {
    if side_data.qtrees.id(volume, name).is_none() {
        return Ok(());
    }
    let message = format!("The volume has a qtree with the name {name:?} already.");
    Err(ApiError::new(409, code, message).about("name"))
}
