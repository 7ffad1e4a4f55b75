//! The fields of a volume that a request body sets.

use std::sync::Arc;

use nessie_backend_core::{
    BackendError, SnapshotPolicy, Uuid, VolumeId, VolumePatch, VolumeState, rules,
};
use nessie_ontap_protocol::records::{
    Attribute, Attributes, CONSTITUENT_AGGREGATES, Named, VOLUME, constituent_aggregates,
};
use nessie_ontap_protocol::{ApiError, Body, Method};

use super::flexgroup;
use crate::cluster::Cluster;
use crate::configuration::StoredPolicy;
use crate::handlers::export_policies::ExportPolicyReference;
use crate::handlers::reference::Reference;
use crate::handlers::{names, permissions};
use crate::qos::QosChange;
use crate::snapshot_policies::{ATTRIBUTE as SNAPSHOT_POLICY, NONE};
use crate::svm::SvmState;

/// The smallest volume, in bytes: ONTAP's 20 MB.
pub(crate) const MIN_SIZE: u64 = rules::ontap::MIN_VOLUME_SIZE;

/// The largest volume, in bytes: ONTAP's 300 TB.
pub(super) const MAX_SIZE: u64 = 300 << 40;

/// The fields of a volume that a request sets. Absent fields are `None` or missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct VolumeFields {
    pub(crate) name: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) state: Option<VolumeState>,
    /// The junction path; empty to unmount.
    pub(crate) path: Option<String>,
    export_policy: Option<ExportPolicyReference>,
    snapshot_policy: Option<Reference>,
    /// Whether the request creates a `FlexGroup`, which has limits of its own for the size.
    pub(super) is_new_flexgroup: bool,
    attributes: Vec<(&'static str, Attribute)>,
    qos: Option<QosChange>,
    /// Objects whose attributes are reset to their defaults.
    removed: Vec<&'static str>,
    /// The error for a reference to an unknown policy other than a snapshot policy.
    /// [`check`](Self::check) returns it.
    unknown: Option<ApiError>,
}

/// Fields that are not stored as attributes as they are given.
const OTHERS: &[&str] = &[
    "aggregates",
    "clone",
    "constituents_per_aggregate",
    "efficiency.policy",
    "movement",
    "name",
    "nas.export_policy",
    "nas.path",
    "qos.policy",
    "restore_to",
    "size",
    "snapshot_policy",
    "space.size",
    "state",
    "style",
    "svm",
    "type",
];

const EFFICIENCY_POLICIES: &[&str] = &["auto", "default", "inline-only"];

fn is_kept(path: &str) -> bool {
    !OTHERS.iter().any(|other| {
        path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Refuses a name and a UUID of different snapshot policies.
fn agreeing(given: &Reference, policy: &Named) -> Result<(), ApiError> {
    if given.agrees(policy) {
        return Ok(());
    }
    let message = "The name and the UUID of the snapshot policy do not agree.";
    Err(ApiError::new(400, 1_638_587, message).about("snapshot_policy"))
}

impl VolumeFields {
    /// Reads a body. Errors of the request itself are returned here; those that ONTAP reports when
    /// the job runs are left to [`check`](Self::check).
    pub(crate) fn read(cluster: &Cluster, body: &Body, method: Method) -> Result<Self, ApiError> {
        let mut fields = Self {
            name: body.text("name")?.map(str::to_owned),
            size: size(body)?,
            state: body.text("state")?.map(state).transpose()?,
            path: body.text("nas.path")?.map(str::to_owned),
            export_policy: ExportPolicyReference::read(body, "nas.export_policy")?,
            ..Self::default()
        };
        for path in body.paths().filter(|path| is_kept(path)) {
            // Of an array of objects, such as `aggregates`, no field is kept.
            let Some(field) = VOLUME.field(path) else { continue };
            if let Some(value) = Attribute::from_body(field, VOLUME.in_array(path), body)? {
                check_value(field.path, &value, method)?;
                fields.attributes.push((field.path, value));
            }
        }
        fields.read_snapshot_policy(cluster, body)?;
        fields.qos = QosChange::read(body)?;
        fields.read_efficiency_policy(body)?;
        Ok(fields)
    }

    fn read_snapshot_policy(&mut self, cluster: &Cluster, body: &Body) -> Result<(), ApiError> {
        let Some(given) = Reference::read(body, "snapshot_policy")? else { return Ok(()) };
        if let Some(policy) = given.find(cluster.snapshot_policies.list().iter()) {
            agreeing(&given, policy)?;
        }
        self.snapshot_policy = Some(given);
        Ok(())
    }

    /// The name of the snapshot policy that the request sets, for the backend: empty for none. `None`
    /// if the request sets none or if the backend has no policies.
    pub(crate) fn snapshot_policy_of(&self, svm: &SvmState) -> Result<Option<String>, ApiError> {
        let Some(given) = &self.snapshot_policy else { return Ok(None) };
        let named = |policy: SnapshotPolicy| Named {
            uuid: svm.svm_context.snapshot_policy_uuid(&policy.name),
            name: policy.name,
        };
        let stored = self.stored_snapshot_policy(svm);
        let name = stored.as_ref().map(|stored| &stored.policy.name).or(given.name.as_ref());
        // A policy of the configuration is looked up too, which adds it if the backend lacks it.
        let own = match name {
            Some(name) => svm.find_snapshot_policy(name)?.map(named),
            None => svm.snapshot_policies()?.into_iter().map(named).find(|own| given.agrees(own)),
        };
        let is_used = stored.as_ref().is_none_or(|stored| stored.enabled);
        let Some(policy) = stored.map(|stored| stored.policy.clone()).or(own) else {
            let message = format!("The snapshot policy {given} does not exist.");
            return Err(ApiError::new(400, 917_551, message).about("snapshot_policy"));
        };
        agreeing(given, &policy)?;
        let name = if policy.name == NONE || !is_used { "" } else { policy.name.as_str() };
        Ok(svm.svm_context.has_snapshot_policies.then(|| name.to_owned()))
    }

    /// The name of the export policy that the request sets, for the backend.
    pub(crate) fn export_policy_of(&self, svm: &SvmState) -> Result<Option<String>, ApiError> {
        let Some(given) = &self.export_policy else { return Ok(None) };
        let Some((_, policy)) = given.find(svm) else {
            let message = format!("The export policy {given} does not exist in the volume's SVM.");
            return Err(ApiError::new(400, 918_271, message).about("nas.export_policy"));
        };
        Ok(Some(policy.name.clone()))
    }

    /// Whether the request sets a snapshot policy.
    pub(crate) const fn sets_snapshot_policy(&self) -> bool {
        self.snapshot_policy.is_some()
    }

    /// The snapshot policy of the configuration that the request sets.
    fn stored_snapshot_policy(&self, svm: &SvmState) -> Option<Arc<StoredPolicy>> {
        let given = self.snapshot_policy.as_ref()?;
        svm.stored_snapshot_policy(given.name.as_deref(), given.uuid)
    }

    /// Only ONTAP's predefined efficiency policies exist. `none` or a hyphen removes the policy.
    fn read_efficiency_policy(&mut self, body: &Body) -> Result<(), ApiError> {
        let path = "efficiency.policy.name";
        match body.text(path)? {
            None => {}
            Some("" | "-" | "none") => self.removed.push("efficiency.policy"),
            Some(name) if EFFICIENCY_POLICIES.contains(&name) => {
                self.attributes.push((path, Attribute::Text(name.to_owned())));
            }
            Some(name) => {
                let known = EFFICIENCY_POLICIES.join(", ");
                let message =
                    format!("The efficiency policy {name:?} does not exist; there are {known}.");
                self.unknown = Some(ApiError::new(400, 262_197, message).about(path));
            }
        }
        Ok(())
    }

    /// Whether the request changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.patch().is_empty()
            && !self.has_attributes()
            && self.export_policy.is_none()
            && self.snapshot_policy.is_none()
            && self.unknown.is_none()
    }

    /// Returns the errors that ONTAP reports when the job runs: invalid names, sizes and paths, and
    /// unknown policies. `stored` are the attributes of the volume before the request.
    pub(crate) fn check(
        &self,
        svm: &SvmState,
        stored: Option<&Attributes>,
    ) -> Result<(), ApiError> {
        if let Some(name) = &self.name {
            names::check_volume(name)?;
        }
        if let Some(size) = self.size.filter(|size| *size < MIN_SIZE) {
            return Err(too_small(size));
        }
        let constituents = self.constituents(stored);
        if let (Some(size), 1..) = (self.size, constituents) {
            flexgroup::check_size(size, constituents)?;
        }
        let is_flexvol = constituents == 0 && !self.is_new_flexgroup;
        if let Some(size) = self.size.filter(|size| is_flexvol && *size > MAX_SIZE) {
            let message = format!(
                "Size \"{size}B\" is too large. Maximum size is \"300TB\" (\"{MAX_SIZE}B\")."
            );
            return Err(ApiError::new(500, 917_534, message).about("size"));
        }
        if let Some(path) = self.path.as_deref().filter(|path| !path.is_empty()) {
            let refuse = |error: BackendError| {
                ApiError::new(400, 918_252, error.to_string()).about("nas.path")
            };
            rules::junction_path(path).map_err(refuse)?;
        }
        self.check_autosize(stored)?;
        self.export_policy_of(svm)?;
        if let Some(change) = &self.qos {
            change.check(svm, stored)?;
        }
        self.snapshot_policy_of(svm)?;
        self.unknown.clone().map_or(Ok(()), Err)
    }

    /// The number of constituents that a volume with these attributes has after the request.
    pub(super) fn constituents(&self, stored: Option<&Attributes>) -> usize {
        match self.given(CONSTITUENT_AGGREGATES) {
            Some(Attribute::Texts(aggregates)) => aggregates.len(),
            _ => constituent_aggregates(stored).len(),
        }
    }

    /// Refuses limits of the size where the maximum is below the minimum, if both were set, by this
    /// request or before.
    fn check_autosize(&self, stored: Option<&Attributes>) -> Result<(), ApiError> {
        let limit = |path: &str| self.given(path).or_else(|| stored?.get(path));
        let (minimum, maximum) = (limit("autosize.minimum"), limit("autosize.maximum"));
        if let (Some(Attribute::Integer(minimum)), Some(Attribute::Integer(maximum))) =
            (minimum, maximum)
            && maximum < minimum
        {
            let message = format!(
                "The autosize maximum, {maximum} bytes, is below the minimum, {minimum} bytes."
            );
            return Err(ApiError::new(400, 917_829, message).about("autosize.maximum"));
        }
        Ok(())
    }

    /// The value of the attribute at `path`, if the request sets it.
    pub(crate) fn given(&self, path: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(other, _)| *other == path).map(|(_, value)| value)
    }

    /// The changes for the backend, without the policies.
    pub(crate) fn patch(&self) -> VolumePatch {
        let mut patch = VolumePatch::new();
        patch.name.clone_from(&self.name);
        patch.size_bytes = self.size;
        patch.state = self.state;
        patch.junction_path.clone_from(&self.path);
        patch
    }

    /// The same fields, with the aggregates of the constituents and the size after an expansion.
    pub(super) fn expanded(&self, constituents: Vec<Uuid>, size: u64) -> Self {
        let mut fields = self.clone();
        let stored = flexgroup::stored(constituents.into_iter());
        fields.attributes.push((CONSTITUENT_AGGREGATES, stored));
        fields.size = Some(size);
        fields
    }

    /// Writes the fields that the SVM's backend does not store to the attributes of a volume. Without a
    /// volume that exists, those that need its UUID are left out.
    pub(crate) fn apply(
        &self,
        svm: &SvmState,
        volume: Option<VolumeId>,
        attributes: &mut Attributes,
    ) {
        for path in &self.removed {
            for field in VOLUME.inside(path) {
                attributes.unset(field.path);
            }
        }
        for (path, value) in &self.attributes {
            attributes.set(path, value.clone());
        }
        if let (Some(change), Some(volume)) = (&self.qos, volume) {
            change.apply(svm, volume, attributes);
        }
        if self.snapshot_policy.is_some() {
            attributes.unset(SNAPSHOT_POLICY);
            if let Some(stored) = self.stored_snapshot_policy(svm) {
                set_snapshot_policy(svm, &stored, attributes);
            }
        }
    }

    /// Whether there are fields that a backend may not store.
    pub(crate) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
            || !self.removed.is_empty()
            || self.qos.is_some()
            || self.snapshot_policy.is_some()
    }
}

/// Sets the snapshot policy of a volume that does not use the policy on the backend: because it is not
/// enabled, or because the backend has no policies.
pub(super) fn set_snapshot_policy(
    svm: &SvmState,
    policy: &StoredPolicy,
    attributes: &mut Attributes,
) {
    if !policy.enabled || !svm.svm_context.has_snapshot_policies {
        attributes.set(SNAPSHOT_POLICY, Attribute::Text(policy.policy.name.clone()));
    }
}

/// Sets the aggregate of a volume.
pub(super) fn set_aggregate(attributes: &mut Attributes, aggregate: &Named) {
    attributes.set("aggregates.name", Attribute::Text(aggregate.name.clone()));
    attributes.set("aggregates.uuid", Attribute::Uuid(aggregate.uuid));
}

/// Replaces the short forms that a body may have: text for an object with that name, and the forms of
/// UNIX permissions.
pub(crate) fn normalise(body: &mut Body) -> Result<(), ApiError> {
    body.expand_names(&VOLUME);
    permissions::normalise(body, "nas.unix_permissions")
}
fn size(body: &Body) -> Result<Option<u64>, ApiError> {
    match (body.size("size")?, body.size("space.size")?) {
        (Some(size), Some(other)) if size != other => {
            let message = "The fields \"size\" and \"space.size\" do not agree.";
            Err(ApiError::new(400, 262_185, message).about("size"))
        }
        (size, other) => Ok(size.or(other)),
    }
}

fn state(word: &str) -> Result<VolumeState, ApiError> {
    word.to_ascii_lowercase().parse().map_err(|_| {
        let message = format!("A volume cannot be set to the state {word:?}.");
        ApiError::new(400, 918_652, message).about("state")
    })
}

/// Refuses values that break a rule other than those of their type.
fn check_value(path: &'static str, value: &Attribute, method: Method) -> Result<(), ApiError> {
    match (path, value) {
        ("comment", Attribute::Text(text)) if text.chars().count() > 1023 => {
            Err(ApiError::invalid_value(path, text, "is longer than 1023 characters"))
        }
        ("nas.gid" | "nas.uid", Attribute::Integer(id)) if *id > u32::MAX.into() => {
            let rule = format!("is more than {}", u32::MAX);
            Err(ApiError::invalid_value(path, &id.to_string(), rule))
        }
        ("autosize.maximum", Attribute::Integer(0)) => {
            Err(ApiError::invalid_value(path, "0", "is not a size to grow to"))
        }
        ("space.snapshot.reserve_percent", Attribute::Integer(percent))
            if *percent > 90 && method == Method::Post =>
        {
            let message =
                format!("A new volume reserves at most 90% for snapshots and not {percent}%.");
            Err(ApiError::new(400, 917_835, message).about(path))
        }
        (
            "space.snapshot.reserve_percent"
            | "autosize.grow_threshold"
            | "autosize.shrink_threshold",
            Attribute::Integer(percent),
        ) if *percent > 100 => {
            Err(ApiError::invalid_value(path, &percent.to_string(), "is more than 100 percent"))
        }
        _ => Ok(()),
    }
}

/// The text has no comma, because clients split it at commas.
fn too_small(size: u64) -> ApiError {
    let units = [(30, "GB"), (20, "MB"), (10, "KB")];
    let unit = units.iter().find(|(shift, _)| size >> shift > 0);
    let short =
        unit.map_or_else(|| format!("{size}B"), |(shift, unit)| format!("{}{unit}", size >> shift));
    let message = format!(
        "Size \"{short}\" (\"{size}B\") is too small. Minimum size is \"20MB\" (\"{MIN_SIZE}B\")."
    );
    ApiError::new(500, 917_534, message).about("size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_for_a_small_size_has_no_comma() {
        for size in [1, 1024, 5 << 20] {
            assert!(!too_small(size).message.contains(','));
        }
    }
}
