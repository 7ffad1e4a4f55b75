//! Creates volumes and clones.

use std::sync::Arc;

use nessie_backend_core::{
    BackendError, Snapshot, Uuid, Volume, VolumeBackend, VolumeId, VolumeSpace, VolumeSpec,
    VolumeState,
};
use nessie_ontap_protocol::records::{
    Attribute, Attributes, CONSTITUENT_AGGREGATES, Named, VOLUME, VolumeRecord,
    constituent_aggregates,
};
use nessie_ontap_protocol::{ApiError, Body, Method};

use super::assigned::check_assigned;
use super::autosize;
use super::body::{MIN_SIZE, VolumeFields, normalise, set_aggregate, set_snapshot_policy};
use super::expansion::check_complete;
use super::flexgroup;
use super::guarantee::Guaranteed;
use crate::configuration::StoredPolicy;
use crate::handlers::context::RequestContext;
use crate::handlers::lookup::{find_aggregate, find_snapshot, svm_of_body};
use crate::handlers::reference::Reference;
use crate::snapshot_policies::NONE;
use crate::svm::SvmState;

/// A volume to create.
pub(crate) struct Creation<'a> {
    pub(crate) svm: &'a SvmState,
    name: String,
    fields: VolumeFields,
    source: VolumeSource,
}

enum VolumeSource {
    Empty {
        /// The aggregate, or the error if it does not exist.
        aggregate: Result<Named, ApiError>,
    },
    FlexGroup {
        /// The aggregate of each constituent, or the error if one does not exist.
        constituents: Result<Vec<Named>, ApiError>,
    },
    Clone(CloneParent),
}

/// The parent of a new clone.
struct CloneParent {
    volume: Reference,
    snapshot: Option<Reference>,
}

/// The attributes that a clone inherits from its parent.
const INHERITED: &[&str] = &[
    "aggregates.name",
    "aggregates.uuid",
    CONSTITUENT_AGGREGATES,
    "encryption.enabled",
    "language",
    "nas.gid",
    "nas.security_style",
    "nas.uid",
    "nas.unix_permissions",
    "snaplock.type",
    "style",
];

/// The properties of an SVM that new volumes have, and their fields of the volume.
const OF_SVM: &[(&str, &str)] = &[
    ("anti_ransomware_default_volume_state", "anti_ransomware.state"),
    ("is_space_enforcement_logical", "space.logical_space.enforcement"),
    ("is_space_reporting_logical", "space.logical_space.reporting"),
    ("language", "language"),
];

/// Sets the fields of a new volume that its SVM determines.
fn set_defaults(properties: &Attributes, attributes: &mut Attributes) {
    for (of_svm, of_volume) in OF_SVM {
        if let Some(value) = properties.get(of_svm) {
            attributes.set(of_volume, value.clone());
        }
    }
    if properties.is_true("auto_enable_analytics") {
        attributes.set("analytics.state", Attribute::Text("on".to_owned()));
    }
}

impl<'a> Creation<'a> {
    /// Reads a body, and refuses an invalid one.
    pub(crate) fn read(context: &RequestContext<'a>, mut body: Body) -> Result<Self, ApiError> {
        normalise(&mut body)?;
        body.check(&VOLUME, Method::Post)?;
        let svm = svm_of_body(context, &body, "svm")?;
        let Some(name) = body.text("name")? else {
            let message = "The request does not name the volume.";
            return Err(ApiError::new(400, 262_212, message).about("name"));
        };
        let mut fields = VolumeFields::read(context.cluster, &body, Method::Post)?;
        let is_clone = body.boolean("clone.is_flexclone")? == Some(true);
        check_type(&body, is_clone)?;
        let source = if is_clone {
            if body.has("aggregates") {
                let message = "A clone is in the aggregate of its parent.";
                return Err(ApiError::new(400, 918_233, message).about("aggregates"));
            }
            VolumeSource::Clone(CloneParent::read(context, &body, svm)?)
        } else {
            if ["parent_volume", "parent_snapshot", "parent_svm"]
                .iter()
                .any(|field| body.has(&format!("clone.{field}")))
            {
                let message = "Only a clone has a parent: clone.is_flexclone is not true.";
                return Err(ApiError::new(400, 918_247, message).about("clone"));
            }
            let aggregates = aggregates(&body)?;
            match flexgroup::read(context, svm, &body, &aggregates)? {
                Some(constituents) => VolumeSource::FlexGroup { constituents },
                None => VolumeSource::Empty { aggregate: aggregate(context, &aggregates)? },
            }
        };
        fields.is_new_flexgroup = matches!(source, VolumeSource::FlexGroup { .. });
        Ok(Self { svm, name: name.to_owned(), fields, source })
    }

    /// Creates the volume. After an error, nothing is left of it.
    pub(crate) fn run(&self, context: &RequestContext<'_>) -> Result<VolumeRecord, ApiError> {
        let _lock = self.svm.write_lock()?;
        let side_data = self.svm.side_data();
        self.fields.check(self.svm, None)?;
        let policy = self.snapshot_policy()?;
        let backend = &*self.svm.backend;
        let mut attributes = Attributes::default();
        let volume = match &self.source {
            VolumeSource::Empty { aggregate } => {
                let aggregate = aggregate.clone()?;
                check_assigned(self.svm, std::slice::from_ref(&aggregate))?;
                if aggregate.uuid != self.svm.svm_context.aggregate.uuid {
                    set_aggregate(&mut attributes, &aggregate);
                }
                let size = self.fields.size.unwrap_or(MIN_SIZE);
                self.create(context, &mut attributes, size, policy)?
            }
            VolumeSource::FlexGroup { constituents } => {
                let constituents = constituents.clone()?;
                check_assigned(self.svm, &constituents)?;
                flexgroup::check_name(&self.name)?;
                let smallest = flexgroup::min_size(constituents.len());
                let size = self.fields.size.unwrap_or(smallest);
                flexgroup::check_size(size, constituents.len())?;
                flexgroup::set(&mut attributes, &constituents);
                self.create(context, &mut attributes, size, policy)?
            }
            VolumeSource::Clone(parent_ref) => {
                let parent = parent_ref.volume(self.svm)?;
                if let Some(inherited) = side_data.attributes.volume(parent.uuid) {
                    for field in
                        VOLUME.fields.iter().filter(|field| INHERITED.contains(&field.path))
                    {
                        if let Some(value) = inherited.get(field.path) {
                            attributes.set(field.path, value.clone());
                        }
                    }
                }
                let size = self.fields.size.or(parent.size_bytes);
                let constituents = constituent_aggregates(Some(&attributes)).len();
                flexgroup::check_free(self.svm, &side_data, None, &self.name, constituents)?;
                if let (1.., Some(size)) = (constituents, size) {
                    flexgroup::check_name(&self.name)?;
                    flexgroup::check_size(size, constituents)?;
                }
                self.svm.check_new_volume(size.unwrap_or_default())?;
                self.check_guarantee(context, &attributes, size)?;
                let clone = self.clone_of(context, parent_ref, &parent, policy)?;
                side_data.qtrees.copy(backend, parent.uuid, clone.uuid);
                clone
            }
        };
        self.fields.apply(self.svm, Some(volume.uuid), &mut attributes);
        if let (false, Some(default)) = (self.fields.sets_snapshot_policy(), self.default_policy())
            && self.svm.svm_context.has_snapshot_policies
        {
            set_snapshot_policy(self.svm, &default, &mut attributes);
        }
        if !attributes.is_empty() {
            let side_data = self.svm.side_data_of_volume(side_data, &volume);
            side_data.attributes.set_volume(backend, volume.uuid, attributes);
        }
        Ok(self.svm.record(volume))
    }

    /// Creates a volume that is not a clone.
    fn create(
        &self,
        context: &RequestContext<'_>,
        attributes: &mut Attributes,
        size: u64,
        policy: Option<String>,
    ) -> Result<Volume, ApiError> {
        let constituents = constituent_aggregates(Some(attributes)).len();
        flexgroup::check_free(self.svm, &self.svm.side_data(), None, &self.name, constituents)?;
        self.svm.check_new_volume(size)?;
        set_defaults(&self.svm.properties(), attributes);
        self.check_guarantee(context, attributes, Some(size))?;
        let mut spec = VolumeSpec::named(self.name.as_str()).size_bytes(size);
        spec.snapshot_policy = policy;
        let volume = self.svm.backend.create_volume(spec)?;
        self.finish(&volume, None)
    }

    /// Refuses a volume of this size that is to have a guarantee for which there is too little space.
    fn check_guarantee(
        &self,
        context: &RequestContext<'_>,
        inherited: &Attributes,
        size: Option<u64>,
    ) -> Result<(), ApiError> {
        let mut attributes = inherited.clone();
        self.fields.apply(self.svm, None, &mut attributes);
        let mut volume = Volume::new(Uuid::nil().into(), self.name.as_str());
        volume.size_bytes = size;
        volume.state = self.fields.state.unwrap_or(volume.state);
        let guaranteed = Guaranteed {
            svm: self.svm,
            volume: &volume,
            attributes: &attributes,
            space: VolumeSpace::default(),
            before: None,
        };
        guaranteed.check(context.cluster)
    }

    /// Creates a clone, and a base snapshot if the request names none.
    fn clone_of(
        &self,
        context: &RequestContext<'_>,
        parent_ref: &CloneParent,
        parent: &Volume,
        policy: Option<String>,
    ) -> Result<Volume, ApiError> {
        let backend = &*self.svm.backend;
        let clones = backend.clone_backend()?;
        if parent.state != VolumeState::Online {
            let error = BackendError::VolumeOffline { volume: parent.uuid, state: parent.state };
            return Err(error.into());
        }
        if let Some(snapshot) = parent_ref.snapshot(backend, parent.uuid)? {
            check_complete(&self.svm.side_data(), parent, &snapshot, 524_819)
                .map_err(|error| error.about("clone.parent_snapshot"))?;
            let volume = clones.create_clone(parent.uuid, snapshot.uuid, &self.name)?;
            return self.finish(&volume, policy);
        }
        // Checked first, so that no base snapshot is created in vain.
        if backend.find_volume(&self.name)?.is_some() {
            return Err(BackendError::VolumeExists { name: self.name.clone() }.into());
        }
        let base = self.take_base(context, parent.uuid)?;
        let made = clones
            .create_clone(parent.uuid, base.uuid, &self.name)
            .map_err(ApiError::from)
            .and_then(|volume| self.finish(&volume, policy));
        if made.is_err() {
            // The base snapshot is new, so no other client uses it.
            let _ = backend.snapshot_backend()?.delete_snapshot(parent.uuid, base.uuid);
        }
        made
    }

    fn take_base(
        &self,
        context: &RequestContext<'_>,
        parent: VolumeId,
    ) -> Result<Snapshot, ApiError> {
        let snapshots = self.svm.backend.snapshot_backend()?;
        // As 2000-01-01T00:00:00Z, with or without a fraction.
        let now = context.cluster.now().to_string();
        let date = now.get(..10).unwrap_or_default();
        let time = now.get(11..19).unwrap_or_default().replace(':', "");
        let mut number = 0_u32;
        loop {
            let name = format!("clone_{}.{date}_{time}.{number}", self.name);
            match snapshots.create_snapshot(parent, &name) {
                Err(BackendError::SnapshotExists { .. }) => number += 1,
                Err(error) => return Err(error.into()),
                Ok(snapshot) => return Ok(snapshot),
            }
        }
    }

    /// The name of the volume's snapshot policy on the backend; `None` for none.
    fn snapshot_policy(&self) -> Result<Option<String>, ApiError> {
        if !self.svm.svm_context.has_snapshot_policies {
            return Ok(None);
        }
        let policy = if let Some(given) = self.fields.snapshot_policy_of(self.svm)? {
            given
        } else {
            let name = self.svm.default_snapshot_policy();
            let stored = self.svm.stored_snapshot_policy(Some(&name), None);
            if name == NONE || stored.is_some_and(|policy| !policy.enabled) {
                return Ok(None);
            }
            // Adds the policy if the backend lacks it.
            self.svm.find_snapshot_policy(&name)?;
            name
        };
        Ok(Some(policy).filter(|policy| !policy.is_empty()))
    }

    /// The snapshot policy of a volume for which a request names none.
    fn default_policy(&self) -> Option<Arc<StoredPolicy>> {
        self.svm.stored_snapshot_policy(Some(&self.svm.default_snapshot_policy()), None)
    }

    /// Sets the fields that can only be set after the creation, and the snapshot policy of a clone. If
    /// that fails, the volume is deleted.
    fn finish(&self, volume: &Volume, policy: Option<String>) -> Result<Volume, ApiError> {
        let backend = &*self.svm.backend;
        let mut patch = self.fields.patch();
        patch.name = None;
        patch.export_policy = self.fields.export_policy_of(self.svm)?;
        patch.snapshot_policy = policy;
        patch.state = patch.state.filter(|state| *state != volume.state);
        patch.size_bytes = patch.size_bytes.filter(|size| Some(*size) != volume.size_bytes);
        patch.junction_path = patch.junction_path.filter(|path| !path.is_empty());
        if volume.export_policy.is_none() {
            patch.export_policy = patch.export_policy.filter(|policy| policy != "default");
        }
        let finished = if patch.is_empty() {
            Ok(volume.clone())
        } else {
            backend.patch_volume(volume.uuid, patch).map_err(ApiError::from)
        };
        let finished = finished.and_then(|volume| {
            let mut attributes = Attributes::default();
            self.fields.apply(self.svm, None, &mut attributes);
            autosize::set(self.svm, &volume, &self.fields, &attributes).map(|()| volume)
        });
        finished.inspect_err(|_| {
            let _ = backend.delete_volume(volume.uuid);
        })
    }
}

impl CloneParent {
    fn read(context: &RequestContext<'_>, body: &Body, svm: &SvmState) -> Result<Self, ApiError> {
        if body.has("clone.parent_svm") {
            let parent = context
                .svm(body.text("clone.parent_svm.name")?, body.uuid("clone.parent_svm.uuid")?)?;
            if parent.svm_context.svm.uuid != svm.svm_context.svm.uuid {
                if body.text("nas.path")?.is_some_and(|path| !path.is_empty()) {
                    let message = "A clone of a volume in another SVM cannot be mounted at once.";
                    return Err(ApiError::new(400, 1_520_442, message).about("nas.path"));
                }
                let message = "Clones of volumes in another SVM are not supported.";
                return Err(ApiError::new(400, 918_247, message).about("clone.parent_svm"));
            }
        }
        let volume = Reference::read(body, "clone.parent_volume")?;
        let volume = volume.ok_or_else(|| {
            let message = "The request does not name the clone's parent.";
            ApiError::new(400, 918_246, message).about("clone.parent_volume")
        })?;
        Ok(Self { volume, snapshot: Reference::read(body, "clone.parent_snapshot")? })
    }

    fn volume(&self, svm: &SvmState) -> Result<Volume, ApiError> {
        let Reference { name, uuid } = &self.volume;
        let unknown = || {
            let message = format!("The parent volume {} does not exist.", self.volume);
            ApiError::new(400, 524_601, message).about("clone.parent_volume")
        };
        let found = match (name, uuid) {
            (Some(name), _) => svm.find_volume(name)?.ok_or_else(unknown)?,
            (None, Some(uuid)) => svm.volume((*uuid).into())?.ok_or_else(unknown)?,
            (None, None) => return Err(unknown()),
        };
        if uuid.is_some_and(|uuid| uuid != found.uuid.uuid()) {
            let message = "The name and the UUID of the parent volume do not agree.";
            return Err(ApiError::new(400, 918_236, message).about("clone.parent_volume"));
        }
        Ok(found)
    }

    fn snapshot(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
    ) -> Result<Option<Snapshot>, ApiError> {
        let Some(given) = &self.snapshot else { return Ok(None) };
        find_snapshot(backend, volume, given, "clone.parent_snapshot").map(Some)
    }
}

fn check_type(body: &Body, is_clone: bool) -> Result<(), ApiError> {
    match body.text("type")? {
        None => Ok(()),
        Some(word) if word.eq_ignore_ascii_case("rw") => Ok(()),
        Some(word) if is_clone => {
            let message = format!("A clone cannot be of the type {word:?}.");
            Err(ApiError::new(400, 918_244, message).about("type"))
        }
        Some(word) => {
            let message =
                format!("Volumes of the type {word:?} are not supported: there is no replication.");
            Err(ApiError::new(400, 917_628, message).about("type"))
        }
    }
}

/// The aggregates that a body names.
pub(super) fn aggregates(body: &Body) -> Result<Vec<Reference>, ApiError> {
    let names = body.texts("aggregates", "name")?.unwrap_or_default();
    let uuids = body.texts("aggregates", "uuid")?.unwrap_or_default();
    let read = |index: usize| {
        let name = names.get(index).copied().flatten().map(str::to_owned);
        let uuid =
            uuids.get(index).copied().flatten().and_then(|text: &str| text.parse::<Uuid>().ok());
        if name.is_none() && uuid.is_none() {
            Err(no_aggregate())
        } else {
            Ok(Reference { name, uuid })
        }
    };
    (0..names.len().max(uuids.len())).map(read).collect()
}

fn no_aggregate() -> ApiError {
    ApiError::new(400, 787_140, "The request names no aggregate.").about("aggregates")
}

/// The aggregate of a `FlexVol`. An unknown aggregate is the inner error, which ONTAP reports when the
/// job runs.
fn aggregate(
    context: &RequestContext<'_>,
    aggregates: &[Reference],
) -> Result<Result<Named, ApiError>, ApiError> {
    match aggregates {
        [] => Err(no_aggregate()),
        [given] => find_aggregate(context, given),
        _ => {
            let message = "A volume of the style flexvol is in exactly one aggregate.";
            Err(ApiError::new(400, 918_242, message).about("aggregates"))
        }
    }
}
