//! What the body of a request wants a volume to be.

use nessie_backend_core::{BackendError, VolumePatch, VolumeState, rules};
use nessie_ontap_protocol::records::{Attribute, Attributes, SvmContext, VOLUME};
use nessie_ontap_protocol::{ApiError, Body, Method, WritableBy};

use super::names;
use super::reference::Reference;
use crate::cluster::Cluster;

/// The smallest volume, in bytes: ONTAP's 20 MB.
pub(crate) const MIN_SIZE: u64 = 20 << 20;

/// The largest volume, in bytes: ONTAP's 300 TB.
const MAX_SIZE: u64 = 300 << 40;

/// What a request wants of a volume. What it says nothing about is not there.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) state: Option<VolumeState>,
    /// Where to mount it; empty for nowhere.
    pub(crate) path: Option<String>,
    /// Whether the one export policy of the SVM is named.
    names_export_policy: bool,
    export_policy_id: Option<u64>,
    attributes: Vec<(&'static str, Attribute)>,
    /// The objects of attributes that are to have their defaults.
    removed: Vec<&'static str>,
    /// A name that nothing has: for storage to refuse.
    unknown: Option<ApiError>,
}

/// Fields that are not kept beside the volume as they are given.
const OTHERS: &[&str] = &[
    "aggregates",
    "clone",
    "constituents_per_aggregate",
    "efficiency.policy",
    "movement",
    "name",
    "nas.export_policy",
    "nas.path",
    "qos.policy.name",
    "qos.policy.uuid",
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

fn no_export_policy(given: &str) -> ApiError {
    let message = format!("The export policy {given} does not exist in the volume's SVM.");
    ApiError::new(400, 918_271, message).about("nas.export_policy")
}

impl Wanted {
    /// Reads a body. What is wrong with the request is refused; what storage would refuse waits
    /// for [`check`](Self::check).
    pub(crate) fn read(cluster: &Cluster, body: &Body, method: Method) -> Result<Self, ApiError> {
        let mut wanted = Self {
            name: body.text("name")?.map(str::to_owned),
            size: size(body)?,
            state: body.text("state")?.map(state).transpose()?,
            path: body.text("nas.path")?.map(str::to_owned),
            ..Self::default()
        };
        for field in VOLUME.fields.iter().filter(|field| field.writable != WritableBy::Never) {
            if is_kept(field.path)
                && let Some(value) = Attribute::from_body(field, VOLUME.in_array(field.path), body)?
            {
                check_value(field.path, &value, method)?;
                wanted.attributes.push((field.path, value));
            }
        }
        wanted.read_snapshot_policy(cluster, body)?;
        wanted.read_export_policy(body)?;
        wanted.read_qos_policy(body)?;
        wanted.read_efficiency_policy(body)?;
        Ok(wanted)
    }

    fn read_snapshot_policy(&mut self, cluster: &Cluster, body: &Body) -> Result<(), ApiError> {
        let Some(given) = Reference::read(body, "snapshot_policy")? else { return Ok(()) };
        let policies = cluster.snapshot_policies.iter().map(|record| &record.policy);
        let Some(policy) = given.find(policies) else {
            let message = format!("The snapshot policy {given} does not exist.");
            self.unknown = Some(ApiError::new(400, 917_551, message).about("snapshot_policy"));
            return Ok(());
        };
        if !given.agrees(policy) {
            let message = "The name and the UUID of the snapshot policy do not agree.";
            return Err(ApiError::new(400, 1_638_587, message).about("snapshot_policy"));
        }
        self.attributes.push(("snapshot_policy.name", Attribute::Text(policy.name.clone())));
        Ok(())
    }

    /// Each SVM has one policy. Its number differs from SVM to SVM: [`check`](Self::check) compares
    /// it.
    fn read_export_policy(&mut self, body: &Body) -> Result<(), ApiError> {
        let name = body.text("nas.export_policy.name")?;
        let id = body.integer("nas.export_policy.id")?;
        if name.is_none() && id.is_none() {
            return Ok(());
        }
        if let Some(name) = name.filter(|name| *name != "default") {
            self.unknown = Some(no_export_policy(&format!("{name:?}")));
            return Ok(());
        }
        self.names_export_policy = true;
        self.export_policy_id = id;
        Ok(())
    }

    /// There are no policies of service quality. The word `none` removes one, with the limits that stand in the
    /// place of one.
    fn read_qos_policy(&mut self, body: &Body) -> Result<(), ApiError> {
        let Some(given) = Reference::read(body, "qos.policy")? else { return Ok(()) };
        if given.is_none() {
            self.removed.push("qos.policy");
            return Ok(());
        }
        let message = format!("The QoS policy {given} does not exist.");
        self.unknown = Some(ApiError::new(400, 262_197, message).about("qos.policy"));
        Ok(())
    }

    /// There are ONTAP's own efficiency policies. The word `none` and a hyphen remove one.
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

    /// Whether nothing is wanted.
    pub(crate) fn is_empty(&self) -> bool {
        self.patch().is_empty() && !self.has_attributes() && self.unknown.is_none()
    }

    /// Refuses what ONTAP's storage would: names, sizes and paths outside its rules, and policies
    /// that do not exist.
    pub(crate) fn check(&self, place: &SvmContext) -> Result<(), ApiError> {
        if let Some(name) = &self.name {
            names::check_volume(name)?;
        }
        if let Some(size) = self.size.filter(|size| *size < MIN_SIZE) {
            return Err(too_small(size));
        }
        if let Some(size) = self.size.filter(|size| *size > MAX_SIZE) {
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
        if let Some(id) = self.export_policy_id.filter(|id| *id != place.export_policy()) {
            return Err(no_export_policy(&id.to_string()));
        }
        self.unknown.clone().map_or(Ok(()), Err)
    }

    /// What the backend is to change.
    pub(crate) fn patch(&self) -> VolumePatch {
        let mut patch = VolumePatch::new();
        patch.name.clone_from(&self.name);
        patch.size_bytes = self.size;
        patch.state = self.state;
        patch.junction_path.clone_from(&self.path);
        patch.export_policy = self.names_export_policy.then(|| "default".to_owned());
        patch
    }

    /// Puts what the backend does not keep to the rest of that.
    pub(crate) fn apply(&self, attributes: &mut Attributes) {
        for path in &self.removed {
            for field in VOLUME.inside(path) {
                attributes.unset(field.path);
            }
        }
        for (path, value) in &self.attributes {
            attributes.set(path, value.clone());
        }
    }

    /// Whether there is something that the backend does not keep.
    pub(crate) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty() || !self.removed.is_empty()
    }
}

/// Reads the body of a request on a volume, with the permissions in any of their spellings.
pub(crate) fn normalise(body: &mut Body) -> Result<(), ApiError> {
    let path = "nas.unix_permissions";
    let Some(value) = body.value(path) else { return Ok(()) };
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => return Ok(()),
    };
    let permissions = permissions(&text).ok_or_else(|| {
        ApiError::invalid_value(path, &text, "is neither octal digits nor letters as rwxr-xr-x")
    })?;
    body.replace(path, permissions.into());
    Ok(())
}

/// Permissions as a number whose decimal digits are the octal ones, as 755.
fn permissions(text: &str) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit)) {
        return text.parse().ok().filter(|number| *number <= 7777);
    }
    let (special, plain) = match text.len() {
        9 => ("---", text),
        12 => (text.get(..3)?, text.get(3..)?),
        _ => return None,
    };
    let mut bits = 0_u64;
    for (letter, expected) in
        special.chars().zip("sst".chars()).chain(plain.chars().zip("rwxrwxrwx".chars()))
    {
        bits <<= 1;
        match letter {
            '-' => {}
            letter if letter == expected => bits |= 1,
            _ => return None,
        }
    }
    format!("{bits:o}").parse().ok()
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

/// Rules of single values beside those of their types.
fn check_value(path: &'static str, value: &Attribute, method: Method) -> Result<(), ApiError> {
    match (path, value) {
        ("comment", Attribute::Text(text)) if text.chars().count() > 1023 => {
            Err(ApiError::invalid_value(path, text, "is longer than 1023 characters"))
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

/// Clients take this text apart at its commas: it has none.
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
    fn permissions_have_three_spellings() {
        for text in ["755", "0755", "rwxr-xr-x", "---rwxr-xr-x"] {
            assert_eq!(permissions(text), Some(755), "{text}");
        }
        assert_eq!(permissions("s--rwxr-xr-x"), Some(4755));
        assert_eq!(permissions("---------"), Some(0));
        for text in ["", "8", "12345", "rwx", "rwxrwxrwz", "é--------", "xwrr-xr-x"] {
            assert_eq!(permissions(text), None, "{text}");
        }
    }

    #[test]
    fn the_text_for_a_small_size_has_no_comma() {
        for size in [1, 1024, 5 << 20] {
            assert!(!too_small(size).message.contains(','));
        }
    }
}
