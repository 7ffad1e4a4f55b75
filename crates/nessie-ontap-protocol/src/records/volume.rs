//! Volumes and `FlexClones`.

use std::sync::Arc;

use nessie_backend_core::{Timestamp, Uuid, Volume, VolumeSpace, VolumeState};

use super::flexgroup::constituent_name;
use super::volume_space::{RESERVE_PERCENT, is_guaranteed, percent_of, rounded_percent_of};
use super::{Attribute, Attributes, Movement, Named, Pool, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A volume of the backend with its attributes.
#[derive(Clone, Debug)]
pub struct VolumeRecord {
    /// Its SVM.
    pub svm_context: Arc<SvmContext>,
    /// The backend's record of it.
    pub volume: Volume,
    /// The attributes. `None` if all have their defaults.
    pub attributes: Option<Arc<Attributes>>,
    /// The pool that contains it.
    pub pool: Pool,
    /// The number of its export policy in the SVM. `None` if the SVM has no policy with that name.
    pub export_policy: Option<u64>,
    /// What it uses. Without a request for the fields that need it, only the used bytes are known.
    pub space: VolumeSpace,
    /// Whether its aggregate has too little space for the guarantees of its volumes. False if that
    /// was not requested.
    pub is_overcommitted: bool,
    /// Its position in the order of creation.
    pub position: u64,
    /// The number of its snapshots. `None` if that was not requested.
    pub snapshot_count: Option<u64>,
    /// Whether clones depend on it. `None` if that was not requested.
    pub has_flexclone: Option<bool>,
    /// The time of its metrics and statistics. `None` if they were not requested.
    pub measured: Option<Timestamp>,
    /// The volume that it is mounted in. `None` if there is none or if that was not requested.
    pub junction_parent: Option<Arc<Named>>,
    /// Whether its quotas are being turned on.
    pub initializes_quotas: bool,
    /// Its last move. `None` if it was never moved.
    pub movement: Option<Movement>,
    /// The progress of its split in percent. `None` if no split is running.
    pub split: Option<u64>,
}

impl VolumeRecord {
    /// A volume with the default attributes in a pool. It uses the export policy `default`, was neither
    /// moved nor split, and has no values that only some requests need.
    #[must_use]
    pub fn new(svm_context: Arc<SvmContext>, volume: Volume, pool: Pool) -> Self {
        Self {
            svm_context,
            space: VolumeSpace::new(volume.used_bytes.unwrap_or(0)),
            volume,
            attributes: None,
            pool,
            export_policy: Some(1),
            is_overcommitted: false,
            position: 0,
            snapshot_count: None,
            has_flexclone: None,
            measured: None,
            junction_parent: None,
            movement: None,
            split: None,
            initializes_quotas: false,
        }
    }

    pub(super) fn attribute_or<'r>(
        &'r self,
        path: &str,
        default: impl Into<FieldValue<'r>>,
    ) -> FieldValue<'r> {
        let set = self.attributes.as_ref().and_then(|attributes| attributes.get(path));
        set.map_or_else(|| default.into(), Attribute::value)
    }

    pub(super) fn integer(&self, path: &str, default: u64) -> u64 {
        match self.attribute_or(path, default) {
            FieldValue::Integer(number) => number,
            _ => default,
        }
    }

    /// Where it is mounted. The backend does not mount the root volume of an SVM.
    fn junction_path(&self) -> Option<&str> {
        if is_svm_root(self.attributes.as_deref()) {
            return Some("/");
        }
        self.volume.junction_path.as_deref()
    }

    /// The aggregate that it is in until its move completes.
    fn moves_from(&self) -> Option<&Named> {
        let movement = self.movement.as_ref()?;
        movement.state.is_under_way().then_some(&movement.source)
    }

    fn aggregate_name(&self) -> FieldValue<'_> {
        match self.moves_from() {
            Some(source) => (&source.name).into(),
            None => self.attribute_or("aggregates.name", self.svm_context.aggregate.name.as_str()),
        }
    }

    fn aggregate_uuid(&self) -> FieldValue<'_> {
        match self.moves_from() {
            Some(source) => source.uuid.into(),
            None => self.attribute_or("aggregates.uuid", self.svm_context.aggregate.uuid),
        }
    }

    fn moved<'r>(&'r self, get: fn(&'r Movement) -> FieldValue<'r>) -> FieldValue<'r> {
        self.movement.as_ref().map_or(FieldValue::Unset, get)
    }

    /// The nodes of its aggregates.
    fn nodes(&self) -> Vec<&Named> {
        let mut nodes: Vec<&Named> = Vec::new();
        for record in self.svm_context.aggregates.iter() {
            let is_of_it = self.aggregates().any(|uuid| uuid == record.aggregate.uuid);
            if is_of_it && !nodes.contains(&&record.node) {
                nodes.push(&record.node);
            }
        }
        nodes
    }

    /// The UUIDs of its aggregates.
    fn aggregates(&self) -> impl Iterator<Item = Uuid> {
        let several = self.flexgroup_aggregates();
        let one = match self.aggregate_uuid() {
            FieldValue::Uuid(uuid) if several.is_empty() => Some(uuid),
            _ => None,
        };
        let several: Vec<_> = several.iter().map(|aggregate| aggregate.uuid).collect();
        one.into_iter().chain(several)
    }

    fn aggregate_names(&self) -> FieldValue<'_> {
        let several = self.flexgroup_aggregates();
        if several.is_empty() {
            return FieldValue::List(vec![self.aggregate_name()]);
        }
        FieldValue::List(several.into_iter().map(|aggregate| (&aggregate.name).into()).collect())
    }

    /// The value of all metrics: zero, because no data is read or written.
    fn zero(&self) -> FieldValue<'_> {
        self.measured.map(|_| 0_u64).into()
    }

    fn is_honored(&self) -> bool {
        let is_guaranteed = is_guaranteed(self.attributes.as_deref());
        self.volume.state == VolumeState::Online && !(is_guaranteed && self.is_overcommitted)
    }

    fn measured<'r>(&self, value: &'r str) -> FieldValue<'r> {
        self.measured.map(|_| value).into()
    }

    /// The name of its snapshot policy.
    fn snapshot_policy(&self) -> FieldValue<'_> {
        if self.svm_context.has_snapshot_policies {
            if let Some(name) = &self.volume.snapshot_policy {
                return name.into();
            }
            // The backend's volume does not use a policy that is not enabled.
            return self.attribute_or("snapshot_policy.name", "none");
        }
        self.attribute_or("snapshot_policy.name", "default")
    }

    fn origin<'r>(
        &'r self,
        get: fn(&'r nessie_backend_core::CloneOrigin) -> FieldValue<'r>,
    ) -> FieldValue<'r> {
        self.volume.origin.as_ref().map_or(FieldValue::Unset, get)
    }
}

/// Whether a volume with these attributes is the root volume of its SVM.
#[must_use]
pub fn is_svm_root(attributes: Option<&Attributes>) -> bool {
    attributes.is_some_and(|attributes| attributes.is_true("is_svm_root"))
}

const STATES: FieldKind =
    FieldKind::Enumeration(&["online", "offline", "restricted", "mixed", "error"]);
const STYLES: FieldKind =
    FieldKind::Enumeration(&["flexvol", "flexgroup", "flexgroup_constituent"]);
const TYPES: FieldKind = FieldKind::Enumeration(&["rw", "dp", "ls"]);
const MOVEMENTS: FieldKind = FieldKind::Enumeration(&[
    "aborted",
    "cutover",
    "cutover_wait",
    "cutover_pending",
    "failed",
    "paused",
    "queued",
    "replicating",
    "success",
]);
const GUARANTEES: FieldKind = FieldKind::Enumeration(&["volume", "none"]);
pub(super) const SECURITY: FieldKind =
    FieldKind::Enumeration(&["unix", "ntfs", "mixed", "unified"]);
const TIERING: FieldKind =
    FieldKind::Enumeration(&["all", "auto", "backup", "none", "snapshot_only"]);
const AUTOSIZE: FieldKind = FieldKind::Enumeration(&["off", "grow", "grow_shrink"]);
const SNAPLOCK: FieldKind = FieldKind::Enumeration(&["compliance", "enterprise", "non_snaplock"]);
const EFFICIENCY: FieldKind =
    FieldKind::Enumeration(&["inline", "background", "both", "none", "mixed"]);
const EFFICIENCY_STATE: FieldKind = FieldKind::Enumeration(&["disabled", "enabled", "mixed"]);
const QUOTA: FieldKind =
    FieldKind::Enumeration(&["corrupt", "initializing", "mixed", "off", "on", "resizing"]);
const ANALYTICS: FieldKind = FieldKind::Enumeration(&["unknown", "initializing", "off", "on"]);
const RANSOMWARE: FieldKind = FieldKind::Enumeration(&["disabled", "enabled", "dry_run", "paused"]);
const RETRIEVAL: FieldKind = FieldKind::Enumeration(&["default", "on_read", "never", "promote"]);
const READAHEAD: FieldKind = FieldKind::Enumeration(&[
    "none",
    "file_prefetch",
    "sequential_read",
    "cross_file_sequential_read",
]);
const NAMING: FieldKind = FieldKind::Enumeration(&["create_time", "ordinal"]);
pub(super) const LANGUAGES: FieldKind = FieldKind::Enumeration(&[
    "ar",
    "ar.utf_8",
    "c",
    "c.utf_8",
    "cs",
    "cs.utf_8",
    "da",
    "da.utf_8",
    "de",
    "de.utf_8",
    "en",
    "en.utf_8",
    "en_us",
    "en_us.utf_8",
    "es",
    "es.utf_8",
    "fi",
    "fi.utf_8",
    "fr",
    "fr.utf_8",
    "he",
    "he.utf_8",
    "hr",
    "hr.utf_8",
    "hu",
    "hu.utf_8",
    "it",
    "it.utf_8",
    "ja",
    "ja.utf_8",
    "ja_jp.932",
    "ja_jp.932.utf_8",
    "ja_jp.pck",
    "ja_jp.pck.utf_8",
    "ja_jp.pck_v2",
    "ja_jp.pck_v2.utf_8",
    "ja_v1",
    "ja_v1.utf_8",
    "ko",
    "ko.utf_8",
    "nl",
    "nl.utf_8",
    "no",
    "no.utf_8",
    "pl",
    "pl.utf_8",
    "pt",
    "pt.utf_8",
    "ro",
    "ro.utf_8",
    "ru",
    "ru.utf_8",
    "sk",
    "sk.utf_8",
    "sl",
    "sl.utf_8",
    "sv",
    "sv.utf_8",
    "tr",
    "tr.utf_8",
    "utf8mb4",
    "zh",
    "zh.gbk",
    "zh.gbk.utf_8",
    "zh.utf_8",
    "zh_tw",
    "zh_tw.big5",
    "zh_tw.big5.utf_8",
    "zh_tw.utf_8",
]);
const FLEXCACHE: FieldKind = FieldKind::Enumeration(&["none", "cache", "origin"]);

/// `/api/storage/volumes`.
pub static VOLUME: Schema<VolumeRecord> = Schema {
    name: "volume",
    documented: DocumentedFields::of(include_str!("documented/volume.txt")),
    order: &["position", "uuid"],
    hidden: fields![
        "position" FieldKind::Integer, Expensive, Never => |v| v.position.into();
    ],
    fields: fields![
        "_tags" FieldKind::Text, Expensive, Both => |v| v.attribute_or("_tags", FieldValue::Unset);
        "access_time_enabled" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("access_time_enabled", true);
        "aggregates.name" FieldKind::Text, Default, Both => |v| v.aggregate_names();
        "aggregates.uuid" FieldKind::Uuid, Default, Both => |v| FieldValue::List(v.aggregates().map(Into::into).collect());
        "aggressive_readahead_mode" READAHEAD, Expensive, Both => |v| v.attribute_or("aggressive_readahead_mode", "none");
        "analytics.state" ANALYTICS, Expensive, Both => |v| v.attribute_or("analytics.state", "off");
        "anti_ransomware.state" RANSOMWARE, Expensive, Both => |v| v.attribute_or("anti_ransomware.state", "disabled");
        "autosize.grow_threshold" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("autosize.grow_threshold", 85_u64);
        "autosize.maximum" FieldKind::Size, Expensive, Both => |v| v.autosize_maximum();
        "autosize.minimum" FieldKind::Size, Expensive, Both => |v| v.attribute_or("autosize.minimum", v.size());
        "autosize.mode" AUTOSIZE, Expensive, Both => |v| v.autosize_mode();
        "autosize.shrink_threshold" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("autosize.shrink_threshold", 50_u64);
        "clone.has_flexclone" FieldKind::Boolean, Expensive, Never => |v| v.has_flexclone.into();
        "clone.inherited_physical_used" FieldKind::Size, Expensive, Never => |v| v.volume.origin.as_ref().map(|_| v.space.inherited_bytes).into();
        "clone.is_flexclone" FieldKind::Boolean, Default, Post => |v| v.volume.origin.is_some().into();
        "clone.parent_snapshot.name" FieldKind::Text, Expensive, Post => |v| v.origin(|clone| (&clone.parent_snapshot).into());
        "clone.parent_snapshot.uuid" FieldKind::Uuid, Expensive, Post => |v| v.origin(|clone| clone.parent_snapshot_uuid.uuid().into());
        "clone.parent_svm.name" FieldKind::Text, Expensive, Post => |v| v.volume.origin.as_ref().map(|_| v.svm_context.svm.name.as_str()).into();
        "clone.parent_svm.uuid" FieldKind::Uuid, Expensive, Post => |v| v.volume.origin.as_ref().map(|_| v.svm_context.svm.uuid).into();
        "clone.parent_volume.name" FieldKind::Text, Expensive, Post => |v| v.origin(|clone| (&clone.parent_volume).into());
        "clone.parent_volume.uuid" FieldKind::Uuid, Expensive, Post => |v| v.origin(|clone| clone.parent_volume_uuid.uuid().into());
        "clone.split_complete_percent" FieldKind::Integer, Expensive, Never => |v| v.split.into();
        "clone.split_estimate" FieldKind::Size, Expensive, Never => |v| v.volume.origin.as_ref().map(|_| v.space.split_bytes).into();
        "clone.split_initiated" FieldKind::Boolean, Expensive, Patch => |v| match (v.split, &v.volume.origin) {
            (Some(_), _) => true.into(),
            (None, Some(_)) => false.into(),
            (None, None) => FieldValue::Unset,
        };
        "cloud_retrieval_policy" RETRIEVAL, Expensive, Both => |v| v.attribute_or("cloud_retrieval_policy", "default");
        "comment" FieldKind::Text, Default, Both => |v| v.attribute_or("comment", "");
        "constituents.aggregates.name" FieldKind::Text, Expensive, Never => |v| v.each_constituent(|_, aggregate| (&aggregate.name).into());
        "constituents.aggregates.uuid" FieldKind::Uuid, Expensive, Never => |v| v.each_constituent(|_, aggregate| aggregate.uuid.into());
        "constituents.name" FieldKind::Text, Expensive, Never => |v| v.each_constituent(|index, _| constituent_name(&v.volume.name, index).into());
        "constituents.space.available" FieldKind::Size, Expensive, Never => |v| v.share_of_constituents(v.available());
        "constituents.space.size" FieldKind::Size, Expensive, Never => |v| v.share_of_constituents(v.size());
        "constituents.space.used" FieldKind::Size, Expensive, Never => |v| v.share_of_constituents(v.used());
        "constituents_per_aggregate" FieldKind::Integer, Expensive, Both => |_| FieldValue::Unset;
        "create_time" FieldKind::Time, Default, Never => |v| v.volume.create_time.into();
        "efficiency.compaction" EFFICIENCY, Expensive, Both => |v| v.attribute_or("efficiency.compaction", "none");
        "efficiency.compression" EFFICIENCY, Expensive, Both => |v| v.attribute_or("efficiency.compression", "none");
        "efficiency.cross_volume_dedupe" EFFICIENCY, Expensive, Both => |v| v.attribute_or("efficiency.cross_volume_dedupe", "none");
        "efficiency.dedupe" EFFICIENCY, Expensive, Both => |v| v.attribute_or("efficiency.dedupe", "none");
        "efficiency.policy.name" FieldKind::Text, Expensive, Both => |v| v.attribute_or("efficiency.policy.name", FieldValue::Unset);
        "efficiency.state" EFFICIENCY_STATE, Expensive, Never => |v| match v.attribute_or("efficiency.dedupe", "none") {
            FieldValue::Text(word) if word != "none" => "enabled".into(),
            _ => "disabled".into(),
        };
        "efficiency.volume_path" FieldKind::Text, Expensive, Never => |v| format!("/vol/{}", v.volume.name).into();
        "encryption.enabled" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("encryption.enabled", false);
        "error_state.has_bad_blocks" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "error_state.is_inconsistent" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "files.maximum" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("files.maximum", v.size() / 32_768);
        "files.used" FieldKind::Integer, Expensive, Never => |_| 0_u64.into();
        "flexcache_endpoint_type" FLEXCACHE, Default, Never => |_| "none".into();
        "flexgroup.name" FieldKind::Text, Expensive, Never => |v| v.attribute_or("flexgroup.name", FieldValue::Unset);
        "flexgroup.uuid" FieldKind::Uuid, Expensive, Never => |v| v.attribute_or("flexgroup.uuid", FieldValue::Unset);
        "guarantee.honored" FieldKind::Boolean, Expensive, Never => |v| v.is_honored().into();
        "guarantee.type" GUARANTEES, Expensive, Both => |v| v.attribute_or("guarantee.type", "none");
        "is_constituent" FieldKind::Boolean, Expensive, Never => |v| v.attribute_or("is_constituent", false);
        "is_svm_root" FieldKind::Boolean, Expensive, Never => |v| v.attribute_or("is_svm_root", false);
        "language" LANGUAGES, Default, Post => |v| v.attribute_or("language", "c.utf_8");
        "max_dir_size" FieldKind::Size, Expensive, Both => |v| v.attribute_or("max_dir_size", 335_544_320_u64);
        "metric.duration" FieldKind::Text, Expensive, Never => |v| v.measured("PT15S");
        "metric.iops.other" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.iops.read" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.iops.total" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.iops.write" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.latency.other" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.latency.read" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.latency.total" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.latency.write" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.status" FieldKind::Text, Expensive, Never => |v| v.measured("ok");
        "metric.throughput.other" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.throughput.read" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.throughput.total" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.throughput.write" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "metric.timestamp" FieldKind::Time, Expensive, Never => |v| v.measured.into();
        "movement.cutover_window" FieldKind::Integer, Expensive, Patch => |v| v.moved(|m| m.cutover_window.into());
        "movement.destination_aggregate.name" FieldKind::Text, Expensive, Patch => |v| v.moved(|m| (&m.destination.name).into());
        "movement.destination_aggregate.uuid" FieldKind::Uuid, Expensive, Patch => |v| v.moved(|m| m.destination.uuid.into());
        "movement.percent_complete" FieldKind::Integer, Expensive, Never => |v| v.moved(|m| m.state.percent_complete().into());
        "movement.start_time" FieldKind::Time, Expensive, Never => |v| v.moved(|m| m.start_time.into());
        "movement.state" MOVEMENTS, Expensive, Patch => |v| v.moved(|m| m.state.as_str().into());
        "movement.tiering_policy" TIERING, Expensive, Patch => |_| FieldValue::Unset;
        "name" FieldKind::Text, Key, Both => |v| (&v.volume.name).into();
        "nas.export_policy.id" FieldKind::Integer, Expensive, Both => |v| v.export_policy.map(|number| v.svm_context.export_policy_id(number)).into();
        "nas.export_policy.name" FieldKind::Text, Default, Both => |v| v.volume.export_policy.as_deref().unwrap_or("default").into();
        "nas.gid" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("nas.gid", 0_u64);
        "nas.junction_parent.name" FieldKind::Text, Expensive, Never => |v| v.junction_parent.as_deref().map(|parent| &parent.name).into();
        "nas.junction_parent.uuid" FieldKind::Uuid, Expensive, Never => |v| v.junction_parent.as_deref().map(|parent| parent.uuid).into();
        "nas.path" FieldKind::Text, Expensive, Both => |v| v.junction_path().into();
        "nas.security_style" SECURITY, Expensive, Both => |v| v.attribute_or("nas.security_style", "unix");
        "nas.uid" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("nas.uid", 0_u64);
        "nas.unix_permissions" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("nas.unix_permissions", 755_u64);
        "nodes.name" FieldKind::Text, Expensive, Never => |v| FieldValue::List(v.nodes().into_iter().map(|node| (&node.name).into()).collect());
        "nodes.uuid" FieldKind::Uuid, Expensive, Never => |v| FieldValue::List(v.nodes().into_iter().map(|node| node.uuid.into()).collect());
        "qos.policy.max_throughput_iops" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("qos.policy.max_throughput_iops", FieldValue::Unset);
        "qos.policy.max_throughput_mbps" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("qos.policy.max_throughput_mbps", FieldValue::Unset);
        "qos.policy.min_throughput_iops" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("qos.policy.min_throughput_iops", FieldValue::Unset);
        "qos.policy.min_throughput_mbps" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("qos.policy.min_throughput_mbps", FieldValue::Unset);
        "qos.policy.name" FieldKind::Text, Expensive, Both => |v| v.attribute_or("qos.policy.name", FieldValue::Unset);
        "qos.policy.uuid" FieldKind::Uuid, Expensive, Both => |v| v.attribute_or("qos.policy.uuid", FieldValue::Unset);
        "quota.enabled" FieldKind::Boolean, Expensive, Patch => |v| v.attribute_or("quota.enabled", false);
        "quota.state" QUOTA, Expensive, Never => |v| match v.attribute_or("quota.enabled", false) {
            FieldValue::Boolean(true) if v.initializes_quotas => "initializing".into(),
            FieldValue::Boolean(true) => "on".into(),
            _ => "off".into(),
        };
        "restore_to.snapshot.name" FieldKind::Text, Expensive, Patch => |_| FieldValue::Unset;
        "restore_to.snapshot.uuid" FieldKind::Uuid, Expensive, Patch => |_| FieldValue::Unset;
        "scheduled_snapshot_naming_scheme" NAMING, Expensive, Both => |v| v.attribute_or("scheduled_snapshot_naming_scheme", "create_time");
        "size" FieldKind::Size, Default, Both => |v| v.size().into();
        "snaplock.type" SNAPLOCK, Default, Post => |v| v.attribute_or("snaplock.type", "non_snaplock");
        "snapshot_count" FieldKind::Integer, Expensive, Never => |v| v.snapshot_count.into();
        "snapshot_directory_access_enabled" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("snapshot_directory_access_enabled", true);
        "snapshot_locking_enabled" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "snapshot_policy.name" FieldKind::Text, Default, Both => |v| v.snapshot_policy();
        "snapshot_policy.uuid" FieldKind::Uuid, Default, Both => |v| match v.snapshot_policy() {
            FieldValue::Text(name) => v.svm_context.snapshot_policy_uuid(&name).into(),
            _ => FieldValue::Unset,
        };
        "space.afs_total" FieldKind::Size, Expensive, Never => |v| v.afs_total().into();
        "space.available" FieldKind::Size, Default, Never => |v| v.available().into();
        "space.available_percent" FieldKind::Integer, Expensive, Never => |v| percent_of(v.available(), v.afs_total()).into();
        "space.expected_available" FieldKind::Size, Expensive, Never => |v| v.expected_available().into();
        "space.filesystem_size" FieldKind::Size, Expensive, Never => |v| v.attribute_or("space.filesystem_size", v.size());
        "space.filesystem_size_fixed" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("space.filesystem_size_fixed", false);
        "space.footprint" FieldKind::Size, Expensive, Never => |v| v.space.footprint_bytes().into();
        "space.local_tier_footprint" FieldKind::Size, Expensive, Never => |v| v.total_footprint().into();
        "space.logical_space.available" FieldKind::Size, Expensive, Never => |v| v.available().into();
        "space.logical_space.enforcement" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("space.logical_space.enforcement", false);
        "space.logical_space.reporting" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("space.logical_space.reporting", false);
        "space.logical_space.used" FieldKind::Size, Expensive, Never => |v| v.used().into();
        "space.logical_space.used_by_afs" FieldKind::Size, Expensive, Never => |v| v.used().into();
        "space.logical_space.used_by_snapshots" FieldKind::Size, Expensive, Never => |v| v.space.snapshot_bytes.into();
        "space.logical_space.used_percent" FieldKind::Integer, Expensive, Never => |v| rounded_percent_of(v.used(), v.afs_total()).into();
        "space.over_provisioned" FieldKind::Size, Expensive, Never => |v| v.over_provisioned().into();
        "space.percent_used" FieldKind::Integer, Expensive, Never => |v| percent_of(v.used(), v.afs_total()).into();
        "space.physical_used" FieldKind::Size, Expensive, Never => |v| v.space.footprint_bytes().into();
        "space.physical_used_percent" FieldKind::Integer, Expensive, Never => |v| rounded_percent_of(v.space.footprint_bytes(), v.size()).into();
        "space.size" FieldKind::Size, Default, Both => |v| v.size().into();
        "space.size_available_for_snapshots" FieldKind::Size, Expensive, Never => |v| v.available_for_snapshots().into();
        "space.snapshot.autodelete.enabled" FieldKind::Boolean, Expensive, Both => |v| v.attribute_or("space.snapshot.autodelete.enabled", false);
        "space.snapshot.autodelete_enabled" FieldKind::Boolean, Expensive, Never => |v| v.attribute_or("space.snapshot.autodelete.enabled", false);
        "space.snapshot.reserve_available" FieldKind::Size, Expensive, Never => |v| v.reserve_available().into();
        "space.snapshot.reserve_percent" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("space.snapshot.reserve_percent", RESERVE_PERCENT);
        "space.snapshot.reserve_size" FieldKind::Size, Expensive, Never => |v| v.reserve().into();
        "space.snapshot.space_used_percent" FieldKind::Integer, Expensive, Never => |v| rounded_percent_of(v.space.snapshot_bytes, v.reserve()).into();
        "space.snapshot.used" FieldKind::Size, Expensive, Never => |v| v.space.snapshot_bytes.into();
        "space.snapshot_spill" FieldKind::Size, Expensive, Never => |v| v.snapshot_spill().into();
        "space.total_footprint" FieldKind::Size, Expensive, Never => |v| v.total_footprint().into();
        "space.used" FieldKind::Size, Default, Never => |v| v.used().into();
        "space.used_by_afs" FieldKind::Size, Expensive, Never => |v| v.used().into();
        "space.user_data" FieldKind::Size, Expensive, Never => |v| v.used().into();
        "space.volume_guarantee_footprint" FieldKind::Size, Expensive, Never => |v| v.guarantee_footprint().into();
        "state" STATES, Default, Both => |v| v.volume.state.as_str().into();
        "statistics.iops_raw.other" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.iops_raw.read" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.iops_raw.total" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.iops_raw.write" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.latency_raw.other" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.latency_raw.read" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.latency_raw.total" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.latency_raw.write" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.status" FieldKind::Text, Expensive, Never => |v| v.measured("ok");
        "statistics.throughput_raw.other" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.throughput_raw.read" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.throughput_raw.total" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.throughput_raw.write" FieldKind::Integer, Expensive, Never => |v| v.zero();
        "statistics.timestamp" FieldKind::Time, Expensive, Never => |v| v.measured.into();
        "style" STYLES, Default, Post => |v| v.attribute_or("style", v.volume.style.as_str());
        "svm.name" FieldKind::Text, Default, Post => |v| (&v.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |v| v.svm_context.svm.uuid.into();
        "tiering.min_cooling_days" FieldKind::Integer, Expensive, Both => |v| v.attribute_or("tiering.min_cooling_days", FieldValue::Unset);
        "tiering.object_tags" FieldKind::Text, Expensive, Both => |v| v.attribute_or("tiering.object_tags", FieldValue::Unset);
        "tiering.policy" TIERING, Default, Both => |v| v.attribute_or("tiering.policy", "none");
        "type" TYPES, Default, Post => |v| v.volume.vol_type.as_str().into();
        "uuid" FieldKind::Uuid, Key, Never => |v| v.volume.uuid.uuid().into();
    ],
    references: references![
        "aggregates" => |v, index| v.aggregates().nth(index).map(href::aggregate);
        "clone.parent_snapshot" => |v, _| v.volume.origin.as_ref()
            .map(|clone| href::snapshot(clone.parent_volume_uuid, clone.parent_snapshot_uuid));
        "clone.parent_svm" => |v, _| v.volume.origin.as_ref().map(|_| v.svm_context.svm_href());
        "clone.parent_volume" => |v, _| v.volume.origin.as_ref()
            .map(|clone| href::volume(clone.parent_volume_uuid));
        "movement.destination_aggregate" => |v, _| v.movement.as_ref()
            .map(|movement| href::aggregate(movement.destination.uuid));
        "constituents.aggregates" => |v, index| v.constituent_aggregate_href(index);
        "flexgroup" => |v, _| match v.attribute_or("flexgroup.uuid", FieldValue::Unset) {
            FieldValue::Uuid(uuid) => Some(href::volume(uuid)),
            _ => None,
        };
        "nas.export_policy" => |v, _| v.export_policy.map(|number| v.svm_context.export_policy_href(number));
        "nas.junction_parent" => |v, _| v.junction_parent.as_deref()
            .map(|parent| href::volume(parent.uuid));
        "nodes" => |v, index| v.nodes().get(index).map(|node| href::node(node.uuid));
        "qos.policy" => |v, _| match v.attribute_or("qos.policy.uuid", FieldValue::Unset) {
            FieldValue::Uuid(uuid) => Some(href::qos_policy(uuid)),
            _ => None,
        };
        "snapshot_policy" => |v, _| match v.snapshot_policy() {
            FieldValue::Text(name) => Some(v.svm_context.snapshot_policy_href(&name)),
            _ => None,
        };
        "svm" => |v, _| Some(v.svm_context.svm_href());
    ],
    arrays: &[
        ArrayField::at("_tags"),
        ArrayField::at("aggregates"),
        ArrayField::at("constituents"),
        ArrayField::at("nodes"),
        ArrayField::at("tiering.object_tags"),
    ],
    href: |v| {
        let is_constituent = v.attribute_or("is_constituent", false) == true.into();
        let mut href = href::volume(v.volume.uuid);
        if is_constituent {
            href.push_str("?is_constituent=true");
        }
        href
    },
};
