//! The `QoS` policies of volumes.
//!
//! The attributes of a volume have the name, the UUID and the limits of its policy. Limits that a request
//! sets without a policy are a policy of the volume alone, which only its attributes store.

use std::sync::Arc;

use nessie_backend_core::{Uuid, VolumeId};
use nessie_ontap_protocol::records::{Attribute, Attributes, FixedLimits, Named, QosLimits};
use nessie_ontap_protocol::{ApiError, Body};

use crate::configuration::StoredQosPolicy;
use crate::configuration::qos_policy::check_fixed;
use crate::handlers::Reference;
use crate::svm::SvmState;

const NAME: &str = "qos.policy.name";
const UUID: &str = "qos.policy.uuid";
const MAX_IOPS: &str = "qos.policy.max_throughput_iops";
const MAX_MBPS: &str = "qos.policy.max_throughput_mbps";
const MIN_IOPS: &str = "qos.policy.min_throughput_iops";
const MIN_MBPS: &str = "qos.policy.min_throughput_mbps";

const LIMITS: [&str; 4] = [MAX_IOPS, MAX_MBPS, MIN_IOPS, MIN_MBPS];

/// A change of a volume's policy.
#[derive(Clone, Debug)]
pub(crate) enum QosChange {
    /// The volume has no policy and no limits.
    Remove,
    Policy(Reference),
    /// Limits of the volume alone. Limits of its own that are not given stay.
    Limits(Vec<(&'static str, u64)>),
}

impl QosChange {
    /// The change that a body makes.
    pub(crate) fn read(body: &Body) -> Result<Option<Self>, ApiError> {
        let policy = Reference::read(body, "qos.policy")?;
        let mut limits = Vec::new();
        for path in LIMITS {
            limits.extend(body.integer(path)?.map(|limit| (path, limit)));
        }
        match policy {
            Some(_) if !limits.is_empty() => {
                let message = "The request has a QoS policy and limits; the limits are a policy of their own.";
                Err(ApiError::new(400, 8_454_389, message).about("qos.policy"))
            }
            Some(policy) if policy.is_none() => Ok(Some(Self::Remove)),
            Some(policy) => Ok(Some(Self::Policy(policy))),
            None if limits.is_empty() => Ok(None),
            None => Ok(Some(Self::Limits(limits))),
        }
    }

    /// Refuses a policy that does not exist, and limits that break a rule. `stored` are the attributes of
    /// the volume before the change.
    pub(crate) fn check(
        &self,
        svm: &SvmState,
        stored: Option<&Attributes>,
    ) -> Result<(), ApiError> {
        match self {
            Self::Remove => Ok(()),
            Self::Policy(given) => svm.known_qos_policy(given, NAME).map(drop),
            Self::Limits(limits) => {
                let mut attributes = stored.cloned().unwrap_or_default();
                let policy = Reference { name: None, uuid: uuid_of(&attributes) };
                if svm.find_qos_policy(&policy).is_some() {
                    remove(&mut attributes);
                }
                set_limits(&mut attributes, limits);
                check_fixed(&limits_of(&attributes)).map_err(|error| error.about("qos.policy"))
            }
        }
    }

    /// Writes the change, which was checked, to the attributes of a volume.
    pub(crate) fn apply(&self, svm: &SvmState, volume: VolumeId, attributes: &mut Attributes) {
        match self {
            Self::Remove => remove(attributes),
            Self::Policy(given) => {
                if let Some(policy) = svm.find_qos_policy(given) {
                    assign(attributes, &policy);
                }
            }
            Self::Limits(limits) => {
                let own = own_policy(svm, volume);
                if uuid_of(attributes) != Some(own.uuid) {
                    remove(attributes);
                }
                set_limits(attributes, limits);
                if limits_of(attributes) == FixedLimits::default() {
                    remove(attributes);
                } else {
                    set_policy(attributes, &own);
                }
            }
        }
    }
}

impl SvmState {
    /// The policy of the SVM or of the cluster.
    pub(crate) fn find_qos_policy(&self, given: &Reference) -> Option<Arc<StoredQosPolicy>> {
        let tables = [&self.configuration.qos_policies, &self.cluster_configuration.qos_policies];
        let is_given = |stored: &StoredQosPolicy| {
            given.find(std::iter::once(&stored.policy)).is_some_and(|policy| given.agrees(policy))
        };
        let found = tables.into_iter().find_map(|table| table.find(is_given));
        found.map(|(_, stored)| stored)
    }

    /// The same, or an error if there is no such policy.
    pub(crate) fn known_qos_policy(
        &self,
        given: &Reference,
        about: &'static str,
    ) -> Result<Arc<StoredQosPolicy>, ApiError> {
        self.find_qos_policy(given).ok_or_else(|| {
            let error = ApiError::no_such_entry();
            // Clients match the text of the code.
            let message = format!("The QoS policy {given}: {}", error.message);
            ApiError::new(error.status, error.code, message).about(about)
        })
    }

    /// The UUIDs of the policies of all qtrees, one for each qtree with a policy.
    pub(crate) fn qos_policies_of_qtrees(&self) -> Result<Vec<Uuid>, ApiError> {
        let mut uuids = Vec::new();
        for (volume, of_volume) in self.side_data().qtrees.qos_policies() {
            // A volume that was deleted on the backend has no qtrees.
            if self.volume(volume)?.is_some() {
                uuids.extend(of_volume);
            }
        }
        Ok(uuids)
    }

    /// The volumes with a `QoS` policy that exist.
    pub(crate) fn qos_users(&self) -> Result<Vec<QosUser>, ApiError> {
        let mut users = Vec::new();
        for (volume, attributes) in self.side_data().attributes.of_qos() {
            if let Some(policy) = policy_of(&attributes)
                && self.volume(volume)?.is_some()
            {
                users.push(QosUser { volume, policy, limits: limits_of(&attributes) });
            }
        }
        Ok(users)
    }

    /// Gives the volumes that use the policy of a UUID another one, or none.
    pub(crate) fn change_qos_policy(&self, uuid: Uuid, policy: Option<&StoredQosPolicy>) {
        let side_data = self.side_data();
        for (volume, attributes) in side_data.attributes.of_qos() {
            if uuid_of(&attributes) == Some(uuid) {
                let mut attributes = (*attributes).clone();
                match policy {
                    Some(policy) => assign(&mut attributes, policy),
                    None => remove(&mut attributes),
                }
                side_data.attributes.set_volume(&*self.backend, volume, attributes);
            }
        }
    }
}

/// A volume with a `QoS` policy.
pub(crate) struct QosUser {
    volume: VolumeId,
    pub(crate) policy: Named,
    pub(crate) limits: FixedLimits,
}

impl QosUser {
    /// Whether the policy is one of the volume alone.
    pub(crate) fn has_own_policy(&self, svm: &SvmState) -> bool {
        self.policy.uuid == own_policy(svm, self.volume).uuid
    }
}

/// The policy of a volume alone.
fn own_policy(svm: &SvmState, volume: VolumeId) -> Named {
    let Named { name, .. } = &svm.svm_context.svm;
    Named {
        uuid: svm.svm_context.svm.derived(&format!("qos {volume}")),
        name: format!("{name}_auto_gen_policy_{volume}"),
    }
}

fn assign(attributes: &mut Attributes, policy: &StoredQosPolicy) {
    remove(attributes);
    set_policy(attributes, &policy.policy);
    if let QosLimits::Fixed(limits) = &policy.limits {
        let FixedLimits { max_iops, max_mbps, min_iops, min_mbps, is_shared: _ } = *limits;
        let limits = [
            (MAX_IOPS, max_iops),
            (MAX_MBPS, max_mbps),
            (MIN_IOPS, min_iops),
            (MIN_MBPS, min_mbps),
        ];
        set_limits(attributes, &limits);
    }
}

fn remove(attributes: &mut Attributes) {
    for path in LIMITS.into_iter().chain([NAME, UUID]) {
        attributes.unset(path);
    }
}

fn set_policy(attributes: &mut Attributes, policy: &Named) {
    attributes.set(NAME, Attribute::Text(policy.name.clone()));
    attributes.set(UUID, Attribute::Uuid(policy.uuid));
}

/// Sets limits. 0 means no limit.
fn set_limits(attributes: &mut Attributes, limits: &[(&'static str, u64)]) {
    for (path, limit) in limits {
        if *limit == 0 {
            attributes.unset(path);
        } else {
            attributes.set(path, Attribute::Integer(*limit));
        }
    }
}

fn limits_of(attributes: &Attributes) -> FixedLimits {
    let limit = |path| match attributes.get(path) {
        Some(Attribute::Integer(limit)) => *limit,
        _ => 0,
    };
    FixedLimits {
        max_iops: limit(MAX_IOPS),
        max_mbps: limit(MAX_MBPS),
        min_iops: limit(MIN_IOPS),
        min_mbps: limit(MIN_MBPS),
        is_shared: false,
    }
}

fn uuid_of(attributes: &Attributes) -> Option<Uuid> {
    match attributes.get(UUID) {
        Some(Attribute::Uuid(uuid)) => Some(*uuid),
        _ => None,
    }
}

fn policy_of(attributes: &Attributes) -> Option<Named> {
    match (uuid_of(attributes), attributes.get(NAME)) {
        (Some(uuid), Some(Attribute::Text(name))) => Some(Named { uuid, name: name.clone() }),
        _ => None,
    }
}
