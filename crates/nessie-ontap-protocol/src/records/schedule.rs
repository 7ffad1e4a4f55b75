//! Job schedules.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Named, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A schedule of the cluster or of an SVM.
#[derive(Clone, Debug)]
pub struct ScheduleRecord {
    /// Its name and UUID.
    pub schedule: Named,
    /// The cluster.
    pub cluster: Named,
    /// The SVM that owns it; `None` for a schedule of the cluster.
    pub svm_context: Option<Arc<SvmContext>>,
    /// When it is due.
    pub timing: ScheduleTiming,
}

/// When a schedule is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleTiming {
    /// At these times.
    Cron(CronTimes),
    /// Each time that this duration, in ISO 8601, has passed.
    Interval(String),
}

/// The times of a cron schedule. All values of a field match if it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CronTimes {
    /// 0 to 59. Never empty.
    pub minutes: Vec<u64>,
    /// 0 to 23.
    pub hours: Vec<u64>,
    /// Days of the month, 1 to 31.
    pub days: Vec<u64>,
    /// 1 to 12.
    pub months: Vec<u64>,
    /// 0 to 6; 0 is Sunday.
    pub weekdays: Vec<u64>,
}

impl ScheduleRecord {
    fn times(&self, get: fn(&CronTimes) -> &[u64]) -> FieldValue<'_> {
        match &self.timing {
            ScheduleTiming::Cron(times) => {
                FieldValue::List(get(times).iter().map(|time| (*time).into()).collect())
            }
            ScheduleTiming::Interval(_) => FieldValue::Unset,
        }
    }

    fn of_cluster<'r>(&self, value: impl Into<FieldValue<'r>>) -> FieldValue<'r> {
        if self.svm_context.is_none() { value.into() } else { FieldValue::Unset }
    }
}

const TYPES: FieldKind = FieldKind::Enumeration(&["cron", "interval"]);

/// `/api/cluster/schedules`.
pub static SCHEDULE: Schema<ScheduleRecord> = Schema {
    name: "schedule",
    documented: DocumentedFields::of(include_str!("documented/schedule.txt")),
    order: &["name", "uuid"],
    hidden: &[],
    fields: fields![
        "cluster.name" FieldKind::Text, Default, Post => |s| s.of_cluster(&s.cluster.name);
        "cluster.uuid" FieldKind::Uuid, Default, Post => |s| s.of_cluster(s.cluster.uuid);
        "cron.days" FieldKind::Integer, Default, Both => |s| s.times(|cron| &cron.days);
        "cron.hours" FieldKind::Integer, Default, Both => |s| s.times(|cron| &cron.hours);
        "cron.minutes" FieldKind::Integer, Default, Both => |s| s.times(|cron| &cron.minutes);
        "cron.months" FieldKind::Integer, Default, Both => |s| s.times(|cron| &cron.months);
        "cron.weekdays" FieldKind::Integer, Default, Both => |s| s.times(|cron| &cron.weekdays);
        "interval" FieldKind::Text, Default, Both => |s| match &s.timing {
            ScheduleTiming::Cron(_) => FieldValue::Unset,
            ScheduleTiming::Interval(interval) => interval.into(),
        };
        "name" FieldKind::Text, Key, Post => |s| (&s.schedule.name).into();
        "scope" FieldKind::Text, Default, Never => |s| if s.svm_context.is_some() { "svm" } else { "cluster" }.into();
        "svm.name" FieldKind::Text, Default, Post => |s| s.svm_context.as_ref().map(|of| &of.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |s| s.svm_context.as_ref().map(|of| of.svm.uuid).into();
        "type" TYPES, Default, Never => |s| match &s.timing {
            ScheduleTiming::Cron(_) => "cron",
            ScheduleTiming::Interval(_) => "interval",
        }.into();
        "uuid" FieldKind::Uuid, Key, Never => |s| s.schedule.uuid.into();
    ],
    references: references![
        "svm" => |s, _| s.svm_context.as_ref().map(|of| of.svm_href());
    ],
    arrays: &[
        ArrayField::at("cron.days"),
        ArrayField::at("cron.hours"),
        ArrayField::at("cron.minutes"),
        ArrayField::at("cron.months"),
        ArrayField::at("cron.weekdays"),
    ],
    href: |s| href::schedule(s.schedule.uuid),
};
