//! `QoS` policies.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::{AdaptiveLimits, FixedLimits, Named, QosLimits};
use nessie_ontap_protocol::{ApiError, Body};
use serde::{Deserialize, Serialize};

/// A `QoS` policy of the cluster or of an SVM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredQosPolicy {
    pub(crate) policy: Named,
    pub(crate) limits: QosLimits,
}

/// The policies that every array has: name, expected and peak operations for each terabyte, and the
/// minimum of an object.
const PRESETS: [(&str, u64, u64, u64); 3] =
    [("extreme", 6144, 12_288, 1000), ("performance", 2048, 4096, 500), ("value", 128, 512, 75)];

const MAX_NAME: usize = 127;
/// The smallest and the largest number of operations for each megabyte.
const RATIO: std::ops::RangeInclusive<u64> = 1..=4096;

impl StoredQosPolicy {
    /// The policies that every array has.
    pub(crate) fn presets(uuid: impl Fn(&str) -> Uuid) -> Vec<Self> {
        let preset = |(name, expected_iops, peak_iops, absolute_min_iops): (&str, _, _, _)| Self {
            policy: Named { uuid: uuid(name), name: name.to_owned() },
            limits: QosLimits::Adaptive(AdaptiveLimits {
                expected_iops,
                peak_iops,
                absolute_min_iops,
                ..default_adaptive()
            }),
        };
        PRESETS.map(preset).to_vec()
    }
}

fn default_adaptive() -> AdaptiveLimits {
    AdaptiveLimits {
        expected_iops: 0,
        peak_iops: 0,
        absolute_min_iops: 0,
        expected_iops_allocation: "allocated_space".to_owned(),
        peak_iops_allocation: "used_space".to_owned(),
        block_size: "any".to_owned(),
    }
}

/// Accepts a name of 1 to 127 letters, digits, underscores and hyphens; the first is a letter or a
/// digit.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if name.len() <= MAX_NAME
        && name.bytes().all(allowed)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
    {
        return Ok(());
    }
    let rule = format!(
        "does not have 1 to {MAX_NAME} letters, digits, \"_\" and \"-\", the first a letter or a digit"
    );
    Err(ApiError::invalid_value("name", name, rule))
}

/// The limits of a new policy.
pub(crate) fn new_limits(body: &Body) -> Result<QosLimits, ApiError> {
    match (body.has("fixed"), body.has("adaptive")) {
        (true, false) => fixed(body, FixedLimits::default()).map(QosLimits::Fixed),
        (false, true) => {
            for path in ["adaptive.expected_iops", "adaptive.peak_iops"] {
                if !body.has(path) {
                    let message = format!("An adaptive QoS policy needs {path}.");
                    return Err(ApiError::new(400, 8_454_389, message).about(path));
                }
            }
            adaptive(body, default_adaptive()).map(QosLimits::Adaptive)
        }
        (both, _) => {
            let found = if both { "both" } else { "neither" };
            let message = format!(
                "A QoS policy has either fixed or adaptive limits; the request has {found}."
            );
            Err(ApiError::new(400, 8_454_389, message).about("fixed"))
        }
    }
}

/// The limits of a policy after a change. Limits that are not given stay.
pub(crate) fn changed_limits(before: &QosLimits, body: &Body) -> Result<QosLimits, ApiError> {
    let refuse = |code, path: &'static str, kind| {
        let message = format!("The QoS policy has {kind} limits, and its kind does not change.");
        Err(ApiError::new(400, code, message).about(path))
    };
    match before {
        QosLimits::Fixed(_) if body.has("adaptive") => refuse(8_454_327, "adaptive", "fixed"),
        QosLimits::Adaptive(_) if body.has("fixed") => refuse(8_454_328, "fixed", "adaptive"),
        QosLimits::Fixed(before) => fixed(body, *before).map(QosLimits::Fixed),
        QosLimits::Adaptive(before) => adaptive(body, before.clone()).map(QosLimits::Adaptive),
    }
}

fn fixed(body: &Body, before: FixedLimits) -> Result<FixedLimits, ApiError> {
    let limits = FixedLimits {
        max_iops: body.integer("fixed.max_throughput_iops")?.unwrap_or(before.max_iops),
        max_mbps: body.integer("fixed.max_throughput_mbps")?.unwrap_or(before.max_mbps),
        min_iops: body.integer("fixed.min_throughput_iops")?.unwrap_or(before.min_iops),
        min_mbps: body.integer("fixed.min_throughput_mbps")?.unwrap_or(before.min_mbps),
        is_shared: body.boolean("fixed.capacity_shared")?.unwrap_or(before.is_shared),
    };
    check_fixed(&limits).map_err(|error| error.about("fixed"))?;
    Ok(limits)
}

/// Refuses a minimum above its maximum, and numbers of operations and megabytes that do not go together.
pub(crate) fn check_fixed(limits: &FixedLimits) -> Result<(), ApiError> {
    let units =
        [(limits.min_iops, limits.max_iops, "IOPS"), (limits.min_mbps, limits.max_mbps, "MB/s")];
    for (min, max, unit) in units {
        if max > 0 && min > max {
            let message =
                format!("The minimum of {min} {unit} is above the maximum of {max} {unit}.");
            return Err(ApiError::new(400, 8_454_194, message));
        }
    }
    for (iops, mbps) in [(limits.max_iops, limits.max_mbps), (limits.min_iops, limits.min_mbps)] {
        if iops > 0
            && mbps > 0
            && !(RATIO.contains(&(iops / mbps)) && iops <= RATIO.end().saturating_mul(mbps))
        {
            let message = format!(
                "{iops} IOPS and {mbps} MB/s are not 1 to {} operations for each megabyte.",
                RATIO.end()
            );
            return Err(ApiError::new(400, 8_454_260, message));
        }
    }
    Ok(())
}

fn adaptive(body: &Body, before: AdaptiveLimits) -> Result<AdaptiveLimits, ApiError> {
    let word = |path: &str, before: String| {
        let given = body.text(path)?.map(|word| word.to_ascii_lowercase().replace('-', "_"));
        Ok::<_, ApiError>(given.unwrap_or(before))
    };
    let limits = AdaptiveLimits {
        expected_iops: body.integer("adaptive.expected_iops")?.unwrap_or(before.expected_iops),
        peak_iops: body.integer("adaptive.peak_iops")?.unwrap_or(before.peak_iops),
        absolute_min_iops: body
            .integer("adaptive.absolute_min_iops")?
            .unwrap_or(before.absolute_min_iops),
        expected_iops_allocation: word(
            "adaptive.expected_iops_allocation",
            before.expected_iops_allocation,
        )?,
        peak_iops_allocation: word("adaptive.peak_iops_allocation", before.peak_iops_allocation)?,
        block_size: word("adaptive.block_size", before.block_size)?,
    };
    check_adaptive(&limits)?;
    Ok(limits)
}

/// Refuses operations that are zero, and an expected number above the peak.
fn check_adaptive(limits: &AdaptiveLimits) -> Result<(), ApiError> {
    let AdaptiveLimits { expected_iops, peak_iops, .. } = limits;
    if *expected_iops == 0 || *peak_iops == 0 {
        let message = "The expected and the peak IOPS of an adaptive QoS policy are at least 1.";
        return Err(ApiError::new(400, 8_454_273, message).about("adaptive"));
    }
    if expected_iops > peak_iops {
        let message =
            format!("The expected {expected_iops} IOPS are above the peak of {peak_iops} IOPS.");
        return Err(ApiError::new(400, 8_454_274, message).about("adaptive.expected_iops"));
    }
    Ok(())
}

/// Accepts limits that a request can give a policy.
#[cfg(feature = "simulator")]
pub(crate) fn check_limits(limits: &QosLimits) -> Result<(), ApiError> {
    match limits {
        QosLimits::Fixed(limits) => check_fixed(limits),
        QosLimits::Adaptive(limits) => check_adaptive(limits),
    }
}
