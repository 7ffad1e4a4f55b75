//! Samples of the performance of volumes.

use nessie_backend_core::{Timestamp, Volume};
use nessie_ontap_protocol::records::{VOLUME_METRICS, VolumeMetricsRecord};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext, instance};
use super::lookup::find_volume;

/// The length of the interval that a request selects.
const INTERVAL: &str = "interval";

/// The interval, the number of its samples, and the length of one, in seconds and in ISO 8601.
struct Interval {
    word: &'static str,
    samples: i64,
    seconds: i64,
    duration: &'static str,
}

const INTERVALS: [Interval; 5] = [
    Interval { word: "1h", samples: 240, seconds: 15, duration: "PT15S" },
    Interval { word: "1d", samples: 288, seconds: 300, duration: "PT5M" },
    Interval { word: "1w", samples: 336, seconds: 1_800, duration: "PT30M" },
    Interval { word: "1m", samples: 360, seconds: 7_200, duration: "PT2H" },
    Interval { word: "1y", samples: 365, seconds: 86_400, duration: "P1D" },
];

pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME_METRICS, true, &[INTERVAL])?;
    Ok(context.collection(&query, samples(context, &query)?))
}

pub(crate) fn get(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME_METRICS, false, &[INTERVAL])?;
    let time = context.path_variable(1).parse::<Timestamp>().ok();
    let mut samples = samples(context, &query)?.into_iter();
    let found = samples.find(|sample| Some(sample.timestamp) == time);
    instance(&query, found).map_err(|error| error.about("timestamp"))
}

/// The samples of the interval, since the creation of the volume.
fn samples(
    context: &RequestContext<'_>,
    query: &Query<VolumeMetricsRecord>,
) -> Result<Vec<VolumeMetricsRecord>, ApiError> {
    let word =
        query.parameter_word(INTERVAL, &INTERVALS.each_ref().map(|interval| interval.word))?;
    let (_, volume) = find_volume(context, query, context.path_uuid(0)?)?;
    let wanted = |interval: &&Interval| word.is_none_or(|word| word == interval.word);
    let interval = INTERVALS.iter().find(wanted);
    Ok(interval
        .map(|interval| interval.samples_of(&volume, context.cluster.now()))
        .unwrap_or_default())
}

impl Interval {
    fn samples_of(&self, volume: &Volume, now: Timestamp) -> Vec<VolumeMetricsRecord> {
        let length = self.seconds * 1_000_000;
        let last = now.unix_micros().div_euclid(length) * length;
        let created = volume.create_time.map_or(i64::MIN, Timestamp::unix_micros);
        let ends = (0..self.samples).map(|sample| last - sample * length);
        let complete = ends.take_while(|end| end - length >= created);
        let record = |end| {
            let timestamp = Timestamp::from_unix_micros(end)?;
            let volume = volume.uuid.uuid();
            Some(VolumeMetricsRecord { volume, timestamp, duration: self.duration })
        };
        complete.filter_map(record).collect()
    }
}
