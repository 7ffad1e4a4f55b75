//! The operations on objects other than volumes and snapshots.
//!
//! A kind of object implements [`Resource`], and a trait for each kind of change that requests can make:
//! [`Create`], [`Change`], [`Delete`]. The functions here are the handlers of its paths.

use std::time::Duration;

use nessie_ontap_protocol::{ApiError, Bodies, Body, Method, Query};

use super::context::{HandlerResult, RequestContext, instance};
use super::outcome::{self, ObjectKind, Outcome};

/// A kind of object.
pub(crate) trait Resource {
    type Record: Clone + 'static;

    const KIND: ObjectKind<Self::Record>;
    /// The last variable of the path of one object.
    const KEY: &'static str;

    /// The parameters that its operations with a method act on.
    fn parameters(_method: Method) -> &'static [&'static str] {
        &[]
    }

    /// Replaces values that clients send and that are not of the type of their field.
    fn normalise(_body: &mut Body) -> Result<(), ApiError> {
        Ok(())
    }

    /// The objects that may match. An error if the path names a parent that does not exist.
    fn list(
        context: &RequestContext<'_>,
        query: &Query<Self::Record>,
    ) -> Result<Vec<Self::Record>, ApiError>;

    /// The object that the path names.
    fn find(
        context: &RequestContext<'_>,
        query: &Query<Self::Record>,
    ) -> Result<Option<Self::Record>, ApiError> {
        let path = format!("/{}", context.url.segments.join("/"));
        let records = Self::list(context, query)?;
        Ok(records.into_iter().find(|record| (Self::KIND.schema.href)(record) == path))
    }
}

/// Objects that requests create.
pub(crate) trait Create: Resource {
    /// Creates an object. `body` has only fields that a POST may set.
    fn create(
        context: &RequestContext<'_>,
        query: &Query<Self::Record>,
        body: &Body,
    ) -> Result<Self::Record, ApiError>;
}

/// Objects that requests change.
pub(crate) trait Change: Resource {
    /// Changes an object, and returns it after the change. `body` has only fields that a PATCH may set.
    fn change(
        context: &RequestContext<'_>,
        query: &Query<Self::Record>,
        record: Self::Record,
        body: &Body,
    ) -> Result<Self::Record, ApiError>;
}

/// Objects that requests delete.
pub(crate) trait Delete: Resource {
    /// Deletes an object.
    fn delete(
        context: &RequestContext<'_>,
        query: &Query<Self::Record>,
        record: &Self::Record,
    ) -> Result<(), ApiError>;
}

/// The parameter of a creation whose reply has the result.
pub(super) const SYNCHRONOUS: &str = "synchronous";

pub(crate) fn list<X: Resource>(context: &RequestContext<'_>) -> HandlerResult {
    X::KIND.list_with(context, X::parameters(Method::Get), |query| X::list(context, query))
}

pub(crate) fn get<X: Resource>(context: &RequestContext<'_>) -> HandlerResult {
    let query = query::<X>(context, false)?;
    let found = X::find(context, &query)?;
    instance(&query, found).map_err(about_key::<X>)
}

pub(crate) fn post<X: Create>(context: &RequestContext<'_>) -> HandlerResult {
    let mut query = query::<X>(context, true)?;
    if query.parameter_flag(SYNCHRONOUS)? == Some(true) {
        query.return_timeout = query.return_timeout.max(Some(Duration::from_secs(1)));
    }
    let query = query;
    let check = |body| checked::<X>(body, Method::Post);
    match Bodies::parse(context.request.body)? {
        Bodies::One(body) => {
            let body = check(body)?;
            let path = format!("/{}", context.url.segments.join("/"));
            X::KIND.create(context, &query, &path, None, || X::create(context, &query, &body))
        }
        Bodies::Records(bodies) => {
            let bodies = bodies.into_iter().map(check).collect::<Result<Vec<_>, _>>()?;
            X::KIND.create_many(context, &query, None, bodies, |body| {
                X::create(context, &query, &body)
            })
        }
    }
}

pub(crate) fn patch<X: Change>(context: &RequestContext<'_>) -> HandlerResult {
    let query = query::<X>(context, false)?;
    let body = checked::<X>(Body::parse(context.request.body)?, Method::Patch)?;
    one::<X>(context, &query, |record| X::change(context, &query, record, &body))
}

/// Changes the objects that match, or those that `records` identify.
pub(crate) fn patch_many<X: Change>(context: &RequestContext<'_>) -> HandlerResult {
    let query = query::<X>(context, true)?;
    if let Some(bodies) = Body::parse_records(context.request.body)? {
        let changes = bodies
            .into_iter()
            .map(|body| {
                let (keys, body) = split_keys::<X>(body)?;
                Ok((keys, checked::<X>(body, Method::Patch)?))
            })
            .collect::<Result<_, ApiError>>()?;
        return each::<X, _>(context, &query, changes, |record, body| {
            X::change(context, &query, record, &body).map(Changed::Kept)
        });
    }
    outcome::check_filter(&query)?;
    let body = checked::<X>(Body::parse(context.request.body)?, Method::Patch)?;
    let records = X::list(context, &query)?;
    X::KIND.change_page(context, &query, records, |record, _| {
        X::change(context, &query, record, &body)
    })
}

pub(crate) fn delete<X: Delete>(context: &RequestContext<'_>) -> HandlerResult {
    let query = query::<X>(context, false)?;
    check_deletion::<X>(&Body::parse(context.request.body)?)?;
    one::<X>(context, &query, |record| {
        X::delete(context, &query, &record)?;
        Ok(record)
    })
}

/// Deletes the objects that match, or those that `records` identify.
pub(crate) fn delete_many<X: Delete>(context: &RequestContext<'_>) -> HandlerResult {
    let query = query::<X>(context, true)?;
    let remove = |record: X::Record| {
        X::delete(context, &query, &record)?;
        Ok(record)
    };
    if let Some(bodies) = Body::parse_records(context.request.body)? {
        let deletions = bodies
            .into_iter()
            .map(|body| {
                let (keys, body) = split_keys::<X>(body)?;
                outcome::check_empty(&body).map(|()| (keys, ()))
            })
            .collect::<Result<_, ApiError>>()?;
        return each::<X, _>(context, &query, deletions, |record, ()| {
            remove(record).map(Changed::Deleted)
        });
    }
    outcome::check_filter(&query)?;
    check_deletion::<X>(&Body::parse(context.request.body)?)?;
    let records = X::list(context, &query)?;
    X::KIND.change_page(context, &query, records, |record, _| remove(record))
}

fn query<X: Resource>(
    context: &RequestContext<'_>,
    is_collection: bool,
) -> Result<Query<X::Record>, ApiError> {
    context.query(X::KIND.schema, is_collection, X::parameters(context.request.method))
}

/// Changes the object that the path names.
fn one<X: Resource>(
    context: &RequestContext<'_>,
    query: &Query<X::Record>,
    change: impl FnOnce(X::Record) -> Result<X::Record, ApiError>,
) -> HandlerResult {
    let found = X::find(context, query)?.filter(|record| query.filter.matches(record));
    let record = found.ok_or_else(|| about_key::<X>(ApiError::no_such_entry()))?;
    let outcome = X::KIND.outcome_of(context, record, |record, _| change(record));
    outcome::reply_changed(context, query, outcome, &X::KIND)
}

/// Changes each of the objects that the records of a request identify.
fn each<X: Resource, T>(
    context: &RequestContext<'_>,
    query: &Query<X::Record>,
    changes: Vec<(Body, T)>,
    change: impl Fn(X::Record, T) -> Result<Changed<X::Record>, ApiError>,
) -> HandlerResult {
    outcome::check_no_filter(query)?;
    let mut listed = Listed::<X> { context, query, records: None };
    outcome::reply_changed_many(context, query, changes, None, &X::KIND, |(keys, fields)| {
        match listed.take(&keys) {
            Err(error) => {
                let path = format!("/{}", context.url.segments.join("/"));
                Outcome::refused(context, path, error)
            }
            Ok(before) => X::KIND.outcome_of(context, before.clone(), |record, _| {
                let result = change(record, fields);
                match &result {
                    Ok(Changed::Kept(after)) => listed.put_back(&before, after.clone()),
                    Ok(Changed::Deleted(_)) => {}
                    Err(_) => listed.put_back(&before, before.clone()),
                }
                result.map(Changed::into_record)
            }),
        }
    })
}

/// An object that a request has changed or deleted.
enum Changed<R> {
    Kept(R),
    Deleted(R),
}

impl<R> Changed<R> {
    fn into_record(self) -> R {
        match self {
            Self::Kept(record) | Self::Deleted(record) => record,
        }
    }
}

/// The objects of a collection while one request changes several of them.
struct Listed<'r, 'c, X: Resource> {
    context: &'r RequestContext<'c>,
    query: &'r Query<X::Record>,
    /// `None` if they are to be read.
    records: Option<Vec<X::Record>>,
}

impl<X: Resource> Listed<'_, '_, X> {
    /// Takes the object with these keys out of the list.
    fn take(&mut self, keys: &Body) -> Result<X::Record, ApiError> {
        let records = match &mut self.records {
            Some(records) => records,
            unread => unread.insert(X::list(self.context, self.query)?),
        };
        let is_meant = |record: &X::Record| keys.identifies(X::KIND.schema, record);
        let Some(found) = records.iter().position(is_meant) else {
            return Err(about_key::<X>(ApiError::no_such_entry()));
        };
        if records.iter().skip(found + 1).any(is_meant) {
            return Err(lacks_key::<X>());
        }
        Ok(records.swap_remove(found))
    }

    /// Adds an object that was taken, as it is after its change. If the change gave it another key, as that
    /// of an export rule that was moved, those of other objects may have changed too.
    fn put_back(&mut self, before: &X::Record, after: X::Record) {
        let key = X::KIND.schema.field(X::KEY).map(|key| key.get);
        if key.is_some_and(|key| key(before) != key(&after)) {
            self.records = None;
        }
        if let Some(records) = &mut self.records {
            records.push(after);
        }
    }
}

/// Checks the body of a creation or a change.
fn checked<X: Resource>(mut body: Body, method: Method) -> Result<Body, ApiError> {
    body.expand_names(X::KIND.schema);
    X::normalise(&mut body)?;
    body.check(X::KIND.schema, method)?;
    Ok(body)
}

/// Accepts the body of a deletion: clients send the keys of the object, which the path has.
fn check_deletion<X: Resource>(body: &Body) -> Result<(), ApiError> {
    let unknown = body.paths().find(|path| X::KIND.schema.field(path).is_none());
    unknown.map_or(Ok(()), |path| Err(ApiError::unexpected_argument(path)))
}

/// Separates the keys of the object from the other fields of a record of `records`.
fn split_keys<X: Resource>(mut body: Body) -> Result<(Body, Body), ApiError> {
    body.expand_names(X::KIND.schema);
    let keys = body.take_keys(X::KIND.schema, X::KEY)?;
    if keys.has(X::KEY) { Ok((keys, body)) } else { Err(lacks_key::<X>()) }
}

/// The error for a record of `records` that does not name one object.
fn lacks_key<X: Resource>() -> ApiError {
    let message = format!("A record lacks the {} of its object, or that of its parent.", X::KEY);
    ApiError::new(400, 262_212, message).about(X::KEY)
}

/// The same error, about the key of the object if it is one about a missing object.
fn about_key<X: Resource>(error: ApiError) -> ApiError {
    if error.code == ApiError::no_such_entry().code { error.about(X::KEY) } else { error }
}
