//! Samples of the performance of volumes and qtrees.

use std::sync::Arc;

use nessie_backend_core::Timestamp;
use nessie_ontap_protocol::records::{
    QTREE_METRICS, QtreeMetricsRecord, VOLUME_METRICS, VolumeMetricsRecord,
};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext, instance};
use super::lookup::find_volume;
use super::qtrees;

/// The length of the interval that a request selects.
const INTERVAL: &str = "interval";

/// The interval, the number of its samples, and the length of one, in seconds and in ISO 8601.
struct Interval {
    word: &'static str,
    samples: i64,
    seconds: i64,
    duration: &'static str,
}

/// The intervals with the samples of volumes.
static OF_VOLUMES: [Interval; 5] =
    [Interval { word: "1h", samples: 240, seconds: 15, duration: "PT15S" }, DAY, WEEK, MONTH, YEAR];

/// The intervals with the samples of qtrees, of which none is shorter than four minutes.
static OF_QTREES: [Interval; 5] =
    [Interval { word: "1h", samples: 15, seconds: 240, duration: "PT4M" }, DAY, WEEK, MONTH, YEAR];

const DAY: Interval = Interval { word: "1d", samples: 288, seconds: 300, duration: "PT5M" };
const WEEK: Interval = Interval { word: "1w", samples: 336, seconds: 1_800, duration: "PT30M" };
const MONTH: Interval = Interval { word: "1m", samples: 360, seconds: 7_200, duration: "PT2H" };
const YEAR: Interval = Interval { word: "1y", samples: 365, seconds: 86_400, duration: "P1D" };

/// The samples of a volume.
pub(crate) fn of_volume(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME_METRICS, true, &[INTERVAL])?;
    Ok(context.collection(&query, samples(context, &query)?))
}

/// One sample of a volume.
pub(crate) fn one_of_volume(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME_METRICS, false, &[INTERVAL])?;
    let time = context.path_variable(1).parse::<Timestamp>().ok();
    let mut samples = samples(context, &query)?.into_iter();
    let found = samples.find(|sample| Some(sample.timestamp) == time);
    instance(&query, found).map_err(|error| error.about("timestamp"))
}

/// The samples of a qtree.
pub(crate) fn of_qtree(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&QTREE_METRICS, true, &[INTERVAL])?;
    let interval = selected(&query, &OF_QTREES)?;
    let (volume, qtree) = qtrees::find(context, &query)?;
    let Some(qtree) = qtree.map(Arc::new) else {
        return Err(ApiError::no_such_entry().about("qtree.id"));
    };
    let ends = interval.ends(volume.create_time, context.cluster.now());
    let record = |(timestamp, duration)| {
        let qtree = Arc::clone(&qtree);
        QtreeMetricsRecord { qtree, timestamp, duration }
    };
    Ok(context.collection(&query, ends.into_iter().map(record).collect()))
}

/// The samples of a volume in the interval.
fn samples(
    context: &RequestContext<'_>,
    query: &Query<VolumeMetricsRecord>,
) -> Result<Vec<VolumeMetricsRecord>, ApiError> {
    let interval = selected(query, &OF_VOLUMES)?;
    let (_, volume) = find_volume(context, query, context.path_uuid(0)?)?;
    let ends = interval.ends(volume.create_time, context.cluster.now());
    let volume = volume.uuid.uuid();
    let record = |(timestamp, duration)| VolumeMetricsRecord { volume, timestamp, duration };
    Ok(ends.into_iter().map(record).collect())
}

/// The interval that a request selects; the first without one.
fn selected<R>(
    query: &Query<R>,
    intervals: &'static [Interval; 5],
) -> Result<&'static Interval, ApiError> {
    let words = intervals.each_ref().map(|interval| interval.word);
    let word = query.parameter_word(INTERVAL, &words)?;
    let is_selected = |interval: &&Interval| Some(interval.word) == word;
    Ok(intervals.iter().find(is_selected).unwrap_or(&intervals[0]))
}

impl Interval {
    /// The ends and the length of the samples since the creation of a volume.
    fn ends(&self, created: Option<Timestamp>, now: Timestamp) -> Vec<(Timestamp, &'static str)> {
        let length = self.seconds * 1_000_000;
        let last = now.unix_micros().div_euclid(length) * length;
        let created = created.map_or(i64::MIN, Timestamp::unix_micros);
        let ends = (0..self.samples).map(|sample| last - sample * length);
        let complete = ends.take_while(|end| end - length >= created);
        complete.filter_map(Timestamp::from_unix_micros).map(|end| (end, self.duration)).collect()
    }
}
