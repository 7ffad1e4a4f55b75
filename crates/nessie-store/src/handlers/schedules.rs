//! Job schedules.

use std::sync::Arc;

use nessie_ontap_protocol::records::{Named, SCHEDULE, ScheduleRecord, ScheduleTiming};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::reference::Reference;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::schedule::{changed_timing, check_name, new_timing};
use crate::configuration::{JobSchedule, Table};
use crate::snapshot_policies::{PolicyDirectory, PolicyPlace};

/// `/api/cluster/schedules`.
pub(crate) enum Schedules {}

impl Resource for Schedules {
    type Record = ScheduleRecord;

    const KIND: ObjectKind<ScheduleRecord> = ObjectKind {
        schema: &SCHEDULE,
        svm_context: |record| record.svm_context.as_ref(),
        is_synchronous: true,
    };
    const KEY: &'static str = "uuid";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<ScheduleRecord>,
    ) -> Result<Vec<ScheduleRecord>, ApiError> {
        let svms = context.svms(query, "svm")?;
        let places = svms.into_iter().map(PolicyPlace::Svm);
        let records = |place| {
            let schedules = table(context, place).list();
            schedules.into_iter().map(move |(_, schedule)| record(context, place, &schedule))
        };
        Ok(std::iter::once(PolicyPlace::Cluster).chain(places).flat_map(records).collect())
    }
}

impl Create for Schedules {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<ScheduleRecord>,
        body: &Body,
    ) -> Result<ScheduleRecord, ApiError> {
        let place = owner(context, body)?;
        let name = body.text("name")?.unwrap_or_default();
        check_name(name)?;
        let timing = new_timing(body)?;
        let _lock = PolicyDirectory::new(context.cluster, context.svm_list).lock();
        let table = table(context, place);
        if table.find(|schedule| schedule.name == name).is_some() {
            let message = format!("A schedule with the name {name:?} exists already.");
            return Err(ApiError::new(409, 1, message).about("name"));
        }
        let uuid = context.cluster.ids.next();
        let schedule = JobSchedule { uuid, name: name.to_owned(), timing, is_system: false };
        table.add(schedule.clone());
        Ok(record(context, place, &schedule))
    }
}

impl Change for Schedules {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<ScheduleRecord>,
        found: ScheduleRecord,
        body: &Body,
    ) -> Result<ScheduleRecord, ApiError> {
        let directory = PolicyDirectory::new(context.cluster, context.svm_list);
        let _lock = directory.lock();
        let place = directory.place(found.svm_context.as_deref())?;
        let (number, stored) = current(context, place, &found)?;
        let timing = changed_timing(&stored.timing, body)?;
        let schedule = JobSchedule { timing, ..JobSchedule::clone(&stored) };
        if let Some(times) =
            schedule.crontab().filter(|times| stored.crontab().as_ref() != Some(times))
        {
            directory.set_times(schedule.uuid, &times)?;
        }
        table(context, place).set(number, schedule.clone());
        Ok(record(context, place, &schedule))
    }
}

impl Delete for Schedules {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<ScheduleRecord>,
        found: &ScheduleRecord,
    ) -> Result<(), ApiError> {
        let directory = PolicyDirectory::new(context.cluster, context.svm_list);
        let _lock = directory.lock();
        let place = directory.place(found.svm_context.as_deref())?;
        let (number, stored) = current(context, place, found)?;
        let name = &stored.name;
        if stored.is_system {
            let message = format!("The array itself needs the schedule {name:?}.");
            return Err(ApiError::new(409, 459_762, message).about("uuid"));
        }
        if let Some((_, policy)) = directory.users(stored.uuid)?.first() {
            let policy = &policy.policy.name;
            let message = format!("The snapshot policy {policy:?} uses the schedule {name:?}.");
            return Err(ApiError::new(409, 459_758, message).about("uuid"));
        }
        table(context, place).remove(number);
        Ok(())
    }
}

/// The owner of a new schedule: the SVM that the body or the headers name, or the cluster.
fn owner<'a>(context: &RequestContext<'a>, body: &Body) -> Result<PolicyPlace<'a>, ApiError> {
    let cluster = &context.cluster.name;
    if let Some(given) = Reference::read(body, "cluster")?
        && (given.find(std::iter::once(cluster)).is_none() || !given.agrees(cluster))
    {
        let rule = format!("is not this cluster, which is {:?}", cluster.name);
        return Err(ApiError::invalid_value("cluster", &given.to_string(), rule));
    }
    if body.has("svm") || context.tunnel()?.is_some() {
        return svm_of_body(context, body, "svm").map(PolicyPlace::Svm);
    }
    Ok(PolicyPlace::Cluster)
}

fn table<'a>(context: &RequestContext<'a>, place: PolicyPlace<'a>) -> &'a Table<JobSchedule> {
    match place {
        PolicyPlace::Cluster => &context.cluster.configuration.schedules,
        PolicyPlace::Svm(svm) => &svm.configuration.schedules,
    }
}

/// The schedule of a record at present, which another request may have deleted.
fn current(
    context: &RequestContext<'_>,
    place: PolicyPlace<'_>,
    found: &ScheduleRecord,
) -> Result<(u64, Arc<JobSchedule>), ApiError> {
    let current = table(context, place).find(|schedule| schedule.uuid == found.schedule.uuid);
    current.ok_or_else(ApiError::no_such_entry)
}

fn record(
    context: &RequestContext<'_>,
    place: PolicyPlace<'_>,
    schedule: &JobSchedule,
) -> ScheduleRecord {
    ScheduleRecord {
        schedule: Named { uuid: schedule.uuid, name: schedule.name.clone() },
        cluster: context.cluster.name.clone(),
        svm_context: place.svm().map(|svm| Arc::clone(&svm.svm_context)),
        timing: ScheduleTiming::clone(&schedule.timing),
    }
}
