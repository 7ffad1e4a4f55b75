//! The creation of volumes and of clones.

use nessie_backend_core::{
    BackendError, Snapshot, Uuid, Volume, VolumeBackend, VolumeId, VolumeSpec, VolumeState,
};
use nessie_ontap_protocol::records::{Attribute, Attributes, Named, VOLUME, VolumeRecord};
use nessie_ontap_protocol::{ApiError, Body, Method};

use super::reference::Reference;
use super::volume_body::{MIN_SIZE, Wanted, normalise};
use crate::call::Call;
use crate::handlers::snapshots::check_room_for_one;
use crate::room::Room;

/// A volume to be.
pub(crate) struct Creation<'a> {
    pub(crate) room: &'a Room,
    name: String,
    wanted: Wanted,
    from: Source,
}

enum Source {
    Nothing {
        /// The aggregate, or why there is none.
        aggregate: Result<Named, ApiError>,
    },
    Snapshot(Origin),
}

/// What a clone is to be made of.
struct Origin {
    volume: Reference,
    snapshot: Option<Reference>,
}

/// What a clone has of its parent beside what the backend gives it.
const INHERITED: &[&str] = &[
    "aggregates.name",
    "aggregates.uuid",
    "encryption.enabled",
    "language",
    "nas.gid",
    "nas.security_style",
    "nas.uid",
    "nas.unix_permissions",
    "snaplock.type",
];

impl<'a> Creation<'a> {
    /// Reads a body and refuses what is wrong with the request.
    pub(crate) fn read(call: &Call<'a>, mut body: Body) -> Result<Self, ApiError> {
        normalise(&mut body)?;
        body.check(&VOLUME, Method::Post)?;
        let room = owner(call, &body, "svm")?;
        let Some(name) = body.text("name")? else {
            let message = "The request does not name the volume.";
            return Err(ApiError::new(400, 262_212, message).about("name"));
        };
        let wanted = Wanted::read(call.cluster, &body, Method::Post)?;
        let is_clone = body.boolean("clone.is_flexclone")? == Some(true);
        check_style(&body)?;
        check_type(&body, is_clone)?;
        let from = if is_clone {
            if body.has("aggregates") {
                let message = "A clone is in the aggregate of its parent.";
                return Err(ApiError::new(400, 918_233, message).about("aggregates"));
            }
            Source::Snapshot(Origin::read(call, &body, room)?)
        } else {
            if ["parent_volume", "parent_snapshot", "parent_svm"]
                .iter()
                .any(|field| body.has(&format!("clone.{field}")))
            {
                let message = "Only a clone has a parent: clone.is_flexclone is not true.";
                return Err(ApiError::new(400, 918_247, message).about("clone"));
            }
            Source::Nothing { aggregate: aggregate(call, &body)? }
        };
        Ok(Self { room, name: name.to_owned(), wanted, from })
    }

    /// Makes the volume, or nothing at all.
    pub(crate) fn run(&self, call: &Call<'_>) -> Result<VolumeRecord, ApiError> {
        let _turn = self.room.turn();
        let kept = self.room.kept();
        self.wanted.check(&self.room.place)?;
        let backend = &*self.room.backend;
        let mut attributes = Attributes::default();
        let volume = match &self.from {
            Source::Nothing { aggregate } => {
                let aggregate = aggregate.clone()?;
                if aggregate.uuid != self.room.place.aggregate.uuid {
                    set_aggregate(&mut attributes, &aggregate);
                }
                let size = self.wanted.size.unwrap_or(MIN_SIZE);
                let spec = VolumeSpec::named(self.name.as_str()).size_bytes(size);
                let volume = backend.create_volume(spec)?;
                self.finish(&volume)?
            }
            Source::Snapshot(origin) => {
                let parent = origin.volume(backend)?;
                if let Some(inherited) = kept.attributes.volume(parent.uuid) {
                    for field in
                        VOLUME.fields.iter().filter(|field| INHERITED.contains(&field.path))
                    {
                        if let Some(value) = inherited.get(field.path) {
                            attributes.set(field.path, value.clone());
                        }
                    }
                }
                self.clone_of(call, origin, &parent)?
            }
        };
        self.wanted.apply(&mut attributes);
        if !attributes.is_empty() {
            kept.attributes.set_volume(backend, volume.uuid, attributes);
        }
        Ok(self.room.record(call.cluster, volume))
    }

    /// Makes a clone, with a snapshot of its own to stand on if none is named.
    fn clone_of(
        &self,
        call: &Call<'_>,
        origin: &Origin,
        parent: &Volume,
    ) -> Result<Volume, ApiError> {
        let backend = &*self.room.backend;
        let clones = backend.as_clone()?;
        if parent.state != VolumeState::Online {
            let error = BackendError::VolumeOffline { volume: parent.uuid, state: parent.state };
            return Err(error.into());
        }
        if let Some(snapshot) = origin.snapshot(backend, parent.uuid)? {
            let volume = clones.create_clone(parent.uuid, snapshot.uuid, &self.name)?;
            return self.finish(&volume);
        }
        // A snapshot is taken and goes again for nothing where the name is taken.
        if backend.find_volume(&self.name)?.is_some() {
            return Err(BackendError::VolumeExists { name: self.name.clone() }.into());
        }
        let base = self.take_base(call, parent.uuid)?;
        let made = clones
            .create_clone(parent.uuid, base.uuid, &self.name)
            .map_err(ApiError::from)
            .and_then(|volume| self.finish(&volume));
        if made.is_err() {
            // It was made a moment ago, and nobody else was told of it.
            let _ = backend.as_snapshot()?.delete_snapshot(parent.uuid, base.uuid);
        }
        made
    }

    fn take_base(&self, call: &Call<'_>, parent: VolumeId) -> Result<Snapshot, ApiError> {
        let snapshots = self.room.backend.as_snapshot()?;
        check_room_for_one(snapshots, parent)?;
        // As 2000-01-01T00:00:00Z, with or without a fraction.
        let now = call.cluster.now().to_string();
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

    /// Gives a new volume what can be given only then. If that is refused, the volume goes again.
    fn finish(&self, volume: &Volume) -> Result<Volume, ApiError> {
        let backend = &*self.room.backend;
        let mut patch = self.wanted.patch();
        patch.name = None;
        patch.state = patch.state.filter(|state| *state != volume.state);
        patch.size_bytes = patch.size_bytes.filter(|size| Some(*size) != volume.size_bytes);
        patch.junction_path = patch.junction_path.filter(|path| !path.is_empty());
        if volume.export_policy.is_none() {
            patch.export_policy = patch.export_policy.filter(|policy| policy != "default");
        }
        if patch.is_empty() {
            return Ok(volume.clone());
        }
        backend.patch_volume(volume.uuid, patch).map_err(|error| {
            let _ = backend.delete_volume(volume.uuid);
            error.into()
        })
    }
}

impl Origin {
    fn read(call: &Call<'_>, body: &Body, room: &Room) -> Result<Self, ApiError> {
        if body.has("clone.parent_svm") {
            let parent = call
                .cluster
                .svm(body.text("clone.parent_svm.name")?, body.uuid("clone.parent_svm.uuid")?)?;
            if parent.place.svm.uuid != room.place.svm.uuid {
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

    fn volume(&self, backend: &dyn VolumeBackend) -> Result<Volume, ApiError> {
        let Reference { name, uuid } = &self.volume;
        let unknown = || {
            let message = format!("The parent volume {} does not exist.", self.volume);
            ApiError::new(400, 524_601, message).about("clone.parent_volume")
        };
        let found = match (name, uuid) {
            (Some(name), _) => backend.find_volume(name)?.ok_or_else(unknown)?,
            (None, Some(uuid)) => match backend.get_volume((*uuid).into()) {
                Err(BackendError::VolumeNotFound { .. }) => return Err(unknown()),
                found => found?,
            },
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

/// The snapshot of that name, that identifier or both.
pub(super) fn find_snapshot(
    backend: &dyn VolumeBackend,
    volume: VolumeId,
    given: &Reference,
    about: &'static str,
) -> Result<Snapshot, ApiError> {
    let snapshots = backend.as_snapshot()?;
    let unknown = || {
        let message = format!("The snapshot {given} does not exist.");
        ApiError::new(400, 1_638_600, message).about(about)
    };
    let uuid = given.uuid;
    let found = match (&given.name, uuid) {
        (Some(name), _) => snapshots.find_snapshot(volume, name)?.ok_or_else(unknown)?,
        (None, Some(uuid)) => match snapshots.get_snapshot(volume, uuid.into()) {
            Err(BackendError::SnapshotNotFound { .. }) => return Err(unknown()),
            found => found?,
        },
        (None, None) => return Err(unknown()),
    };
    if uuid.is_some_and(|uuid| uuid != found.uuid.uuid()) {
        let message = "The name and the UUID of the snapshot do not agree.";
        return Err(ApiError::new(400, 918_243, message).about(about));
    }
    Ok(found)
}

/// The SVM that a body names at `path`, or else the header.
pub(super) fn owner<'a>(call: &Call<'a>, body: &Body, path: &str) -> Result<&'a Room, ApiError> {
    let (name, uuid) = (body.text(&format!("{path}.name"))?, body.uuid(&format!("{path}.uuid"))?);
    let tunnel = call.tunnel()?;
    if let (Some(room), None, None) = (tunnel, name, uuid) {
        return Ok(room);
    }
    let named = call.cluster.svm(name, uuid)?;
    if tunnel.is_some_and(|room| room.place.svm.uuid != named.place.svm.uuid) {
        let message = "The body and the header name different SVMs.";
        return Err(ApiError::new(400, 262_185, message).about("svm"));
    }
    Ok(named)
}

fn check_style(body: &Body) -> Result<(), ApiError> {
    if let Some(style) = body.text("style")?
        && !style.eq_ignore_ascii_case("flexvol")
    {
        let message = format!("Volumes of the style {style:?} are not supported.");
        return Err(ApiError::new(400, 918_241, message).about("style"));
    }
    if body.has("constituents_per_aggregate") {
        let message = "Only a volume of the style flexgroup has constituents.";
        return Err(ApiError::new(400, 918_233, message).about("constituents_per_aggregate"));
    }
    Ok(())
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

/// The aggregate that a body names. One that does not exist is for storage to refuse.
fn aggregate(call: &Call<'_>, body: &Body) -> Result<Result<Named, ApiError>, ApiError> {
    let names = body.texts("aggregates", "name")?.unwrap_or_default();
    let uuids = body.texts("aggregates", "uuid")?.unwrap_or_default();
    let refuse = |code, message: &str| Err(ApiError::new(400, code, message).about("aggregates"));
    match names.len().max(uuids.len()) {
        0 => return refuse(787_140, "The request names no aggregate."),
        1 => {}
        _ => return refuse(918_242, "A volume is in exactly one aggregate."),
    }
    let name = names.first().copied().flatten().map(str::to_owned);
    let uuid = uuids.first().copied().flatten().and_then(|text| text.parse::<Uuid>().ok());
    if name.is_none() && uuid.is_none() {
        return refuse(787_140, "The request names no aggregate.");
    }
    named_aggregate(call, &Reference { name, uuid })
}

/// The aggregate of that name, that identifier or both.
pub(super) fn named_aggregate(
    call: &Call<'_>,
    given: &Reference,
) -> Result<Result<Named, ApiError>, ApiError> {
    let aggregates = call.cluster.aggregates.iter().map(|record| &record.aggregate);
    let Some(found) = given.find(aggregates) else {
        let message = format!("The aggregate {given} does not exist.");
        return Ok(Err(ApiError::new(400, 917_508, message).about("aggregates")));
    };
    if !given.agrees(found) {
        let message = "The name and the UUID of the aggregate do not agree.";
        return Err(ApiError::new(400, 787_141, message).about("aggregates"));
    }
    Ok(Ok(found.clone()))
}

pub(super) fn set_aggregate(attributes: &mut Attributes, aggregate: &Named) {
    attributes.set("aggregates.name", Attribute::Text(aggregate.name.clone()));
    attributes.set("aggregates.uuid", Attribute::Uuid(aggregate.uuid));
}
