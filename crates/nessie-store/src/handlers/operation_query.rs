//! The query parameters of an operation. Requests without parameters share one query.

use std::ops::Deref;
use std::sync::OnceLock;

use nessie_ontap_protocol::{ApiError, Query, Schema};

use super::context::RequestContext;

/// The parameters of an operation with one method. All its requests without parameters have the
/// same query, and their records are written by the same plan: both are made for the first of them.
pub(super) struct OperationQuery<R: 'static> {
    schema: &'static Schema<R>,
    is_collection: bool,
    own: &'static [&'static str],
    plain: OnceLock<Query<R>>,
}

impl<R> OperationQuery<R> {
    /// The arguments are those of [`RequestContext::query`].
    pub(super) const fn new(
        schema: &'static Schema<R>,
        is_collection: bool,
        own: &'static [&'static str],
    ) -> Self {
        Self { schema, is_collection, own, plain: OnceLock::new() }
    }

    /// The query of a request.
    pub(super) fn of(&self, context: &RequestContext<'_>) -> Result<QueryOf<'_, R>, ApiError> {
        if let Some(plain) = self.plain.get().filter(|_| context.url.parameters.is_empty()) {
            return Ok(QueryOf::Plain(plain));
        }
        let query = context.query(self.schema, self.is_collection, self.own)?;
        if context.url.parameters.is_empty() {
            return Ok(QueryOf::Plain(self.plain.get_or_init(|| query)));
        }
        Ok(QueryOf::Parsed(Box::new(query)))
    }
}

/// The query of one request.
pub(super) enum QueryOf<'o, R: 'static> {
    /// It has no parameters.
    Plain(&'o Query<R>),
    Parsed(Box<Query<R>>),
}

impl<R> Deref for QueryOf<'_, R> {
    type Target = Query<R>;

    fn deref(&self) -> &Query<R> {
        match self {
            Self::Plain(query) => query,
            Self::Parsed(query) => query,
        }
    }
}
