//! A fault of requests: which requests it hits, and what happens to them.

use std::time::Duration;

use nessie_backend_core::{BackendError, Result};
use nessie_backend_faults::{Selection, When};
use nessie_ontap_protocol::ApiError;
use wildmatch::WildMatch;

use super::is_simulator;
use crate::Response;

/// The methods that a pattern can match.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"];

/// The longest delay: one year.
const MAX_DELAY: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A fault of requests: which requests it hits, and what happens to them.
///
/// `method` and `path` are patterns: `*` matches any characters, `?` exactly one. The path is
/// that of the request as it was sent, without the query. Of the requests that match both, a
/// [`Selection`] is hit. Requests to `/simulator` are never hit.
///
/// A fault comes before the login, as that of a proxy in front of an array. With [`When::After`] the
/// request was handled, and only a request that has succeeded counts. [`truncate`](Self::truncate) and
/// [`job`](Self::job) are always after it.
///
/// ```
/// use std::time::Duration;
///
/// use nessie_store::HttpFault;
///
/// // The first two requests for jobs are answered with 503.
/// let fault = HttpFault::new().method("GET")?.path("/api/cluster/jobs/*")?;
/// let fault = fault.status(503)?.retry_after(Duration::from_secs(1))?.times(2);
/// # Ok::<(), nessie_store::nessie_backend_core::BackendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpFault {
    method: WildMatch,
    path: WildMatch,
    action: Option<Action>,
    retry_after: Option<Duration>,
    pub(super) delay: Duration,
    when: Option<When>,
    pub(super) selection: Selection,
}

/// What happens to a request that is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Status(u16),
    Reset,
    Truncate(u64),
    Job(JobFault),
}

/// What happens to the job of a change that has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobFault {
    /// The job fails.
    Failure,
    /// The job runs until the faults are removed.
    Running,
}

impl JobFault {
    /// The value of this word: `failure` or `running`, the state that the job shows.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for another word.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "failure" => Ok(Self::Failure),
            "running" => Ok(Self::Running),
            _ => Err(BackendError::invalid("job", word, "is not \"failure\" or \"running\"")),
        }
    }
}

/// When a fault is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Before,
    After,
    Job,
}

/// What the server does to a request, besides a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpAction {
    /// It sends this reply.
    Reply(Response),
    /// It resets the connection.
    Reset,
    /// It sends this many bytes of the body, and closes the connection.
    Truncate(u64),
}

impl HttpFault {
    /// A fault of all requests. Alone it only counts them.
    #[must_use]
    pub fn new() -> Self {
        let all = || WildMatch::new("*");
        Self {
            method: all(),
            path: all(),
            action: None,
            retry_after: None,
            delay: Duration::ZERO,
            when: None,
            selection: Selection::new(),
        }
    }

    /// Hits only requests whose method matches the pattern, as `GET` or `P*`.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) if no method matches.
    pub fn method(mut self, pattern: &str) -> Result<Self> {
        let method = WildMatch::new(pattern);
        if !METHODS.iter().any(|known| method.matches(known)) {
            let rule = format!("matches no method: {}", METHODS.join(", "));
            return Err(BackendError::invalid("method", pattern, rule));
        }
        self.method = method;
        Ok(self)
    }

    /// Hits only requests whose path matches the pattern, as `/api/storage/volumes*`.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a pattern that begins with none of `/`,
    /// `*` and `?`, and for one below `/simulator`.
    pub fn path(mut self, pattern: &str) -> Result<Self> {
        if !pattern.starts_with(['/', '*', '?']) {
            let rule = "matches no path: a path begins with /; * stands for any characters";
            return Err(BackendError::invalid("path", pattern, rule));
        }
        if is_simulator(pattern) {
            let rule = "matches only requests to /simulator, which no fault hits";
            return Err(BackendError::invalid("path", pattern, rule));
        }
        self.path = WildMatch::new(pattern);
        Ok(self)
    }

    /// The reply has this status and an error of ONTAP.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a status outside 400 to 599, and as
    /// [`reset`](Self::reset).
    pub fn status(self, status: u16) -> Result<Self> {
        if !(400..=599).contains(&status) {
            let value = status.to_string();
            return Err(BackendError::invalid("status", &value, "is outside 400 to 599"));
        }
        self.acting(Action::Status(status))
    }

    /// The reply has the header `Retry-After` with these seconds. A fraction is cut off.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) without a [`status`](Self::status).
    pub fn retry_after(mut self, time: Duration) -> Result<Self> {
        if !matches!(self.action, Some(Action::Status(_))) {
            let rule = "is given without a status, as 503";
            return Err(BackendError::invalid("retry_after", &time.as_secs().to_string(), rule));
        }
        self.retry_after = Some(time);
        Ok(self)
    }

    /// The connection is reset.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) if the fault has another one of `status`,
    /// `reset`, `truncate` and `job`.
    pub fn reset(self) -> Result<Self> {
        self.acting(Action::Reset)
    }

    /// The reply ends after this many bytes of its body, and the connection is closed.
    ///
    /// # Errors
    /// As [`reset`](Self::reset), and [`InvalidArgument`](BackendError::InvalidArgument) with
    /// [`When::Before`].
    pub fn truncate(self, bytes: u64) -> Result<Self> {
        self.acting(Action::Truncate(bytes))
    }

    /// The job of a change fails or does not end, although the change has succeeded. A client that waits
    /// for the result (`return_timeout`) gets the job too.
    ///
    /// # Errors
    /// As [`truncate`](Self::truncate), and [`InvalidArgument`](BackendError::InvalidArgument) with a
    /// delay.
    pub fn job(self, fault: JobFault) -> Result<Self> {
        self.acting(Action::Job(fault))
    }

    /// The reply comes this much later. Other requests do not wait.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for more than a year, and with a
    /// [`job`](Self::job).
    pub fn delay(mut self, delay: Duration) -> Result<Self> {
        if delay > MAX_DELAY {
            let value = format!("{delay:?}");
            return Err(BackendError::invalid("delay", &value, "is more than a year"));
        }
        self.delay = delay;
        self.checked()
    }

    /// Whether the request is handled: it is not before the fault, which is the default, and it is with
    /// [`When::After`].
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for [`When::Before`] with `truncate` or `job`.
    pub fn when(mut self, when: When) -> Result<Self> {
        self.when = Some(when);
        self.checked()
    }

    nessie_backend_faults::selection_setters!();

    fn acting(mut self, action: Action) -> Result<Self> {
        if let Some(other) = self.action.filter(|other| other.argument() != action.argument()) {
            let rule = "are exclusive: a fault has one of status, reset, truncate and job";
            let value = format!("{} and {}", other.argument(), action.argument());
            return Err(BackendError::invalid(action.argument(), &value, rule));
        }
        self.action = Some(action);
        self.checked()
    }

    fn checked(self) -> Result<Self> {
        let argument = self.action.map_or("", Action::argument);
        if self.when == Some(When::Before) && matches!(argument, "truncate" | "job") {
            let rule = format!("has no effect with {argument}, which needs a reply; leave it out");
            return Err(BackendError::invalid("when", "before", rule));
        }
        if argument == "job" && !self.delay.is_zero() {
            let value = format!("{:?}", self.delay);
            let rule = "is given with job; delay the request with a fault of its own";
            return Err(BackendError::invalid("delay", &value, rule));
        }
        Ok(self)
    }

    pub(super) fn stage(&self) -> Stage {
        match (self.action, self.when) {
            (Some(Action::Job(_)), _) => Stage::Job,
            (Some(Action::Truncate(_)), _) | (_, Some(When::After)) => Stage::After,
            (_, Some(When::Before) | None) => Stage::Before,
        }
    }

    pub(super) fn fits(&self, method: &str, path: &str) -> bool {
        self.method.matches(method) && self.path.matches(path)
    }

    /// What the server does to a request that is hit.
    pub(super) fn action(&self) -> Option<HttpAction> {
        match self.action? {
            Action::Status(status) => Some(HttpAction::Reply(self.reply(status))),
            Action::Reset => Some(HttpAction::Reset),
            Action::Truncate(bytes) => Some(HttpAction::Truncate(bytes)),
            Action::Job(_) => None,
        }
    }

    /// What happens to the job of a request that is hit.
    pub(super) fn job_fault(&self) -> Option<JobFault> {
        match self.action? {
            Action::Job(fault) => Some(fault),
            Action::Status(_) | Action::Reset | Action::Truncate(_) => None,
        }
    }

    fn reply(&self, status: u16) -> Response {
        let message = format!("The request was hit by a fault that replies with {status}.");
        let mut response = Response::refusal(&ApiError::new(status, code_of(status), message));
        if status == 401 {
            response.headers.push(("www-authenticate", "Basic realm=\"nessie\"".to_owned()));
        }
        if let Some(time) = self.retry_after {
            response.headers.push(("retry-after", time.as_secs().to_string()));
        }
        response
    }
}

impl Default for HttpFault {
    fn default() -> Self {
        Self::new()
    }
}

impl Action {
    const fn argument(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Reset => "reset",
            Self::Truncate(_) => "truncate",
            Self::Job(_) => "job",
        }
    }
}

/// ONTAP's code for a status.
const fn code_of(status: u16) -> u32 {
    match status {
        401 => 6_691_623,
        403 => 6,
        404 => 4,
        405 => 3,
        409 => 1,
        429 => 262_160,
        503 | 504 => 8,
        500..=599 => 65_541,
        _ => 2,
    }
}
