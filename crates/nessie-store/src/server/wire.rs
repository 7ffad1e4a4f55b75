//! A connection with what was read and not yet parsed, and what was answered and not yet sent.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use nessie_ontap_protocol::ApiError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::chunks::{Chunks, Step};
use super::head::{self, Framing};
use super::options::Limits;

/// Room for what is read first.
const FIRST_READ: usize = 2 << 10;
/// Replies are sent at the latest when so many bytes of them wait.
const MOST_WAITING: usize = 64 << 10;
/// Memory that a connection may keep for each direction while nothing happens.
const MOST_KEPT: usize = 16 << 10;
/// How much of a body that is too large is read. A client that is still sending when the
/// connection closes may never see why.
const MOST_DISCARDED: u64 = 256 << 20;
/// How long the server waits after its last reply for the client to close.
const LINGER: Duration = Duration::from_secs(2);

/// A connection.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    input: BytesMut,
    output: Vec<u8>,
}

/// Why there is no further request, or no body.
#[derive(Debug)]
pub(super) enum Stop {
    /// The connection is closed, or it failed: nobody reads a reply.
    Gone,
    /// The client gets this reply, the last one.
    Refusal(ApiError),
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl From<ApiError> for Stop {
    fn from(refusal: ApiError) -> Self {
        Self::Refusal(refusal)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, input: BytesMut::new(), output: Vec::new() }
    }

    /// Reads until the head of the next request is there; returns its length. `set_begun` is called
    /// with true once its first byte is there, and with false once every reply is sent and no byte
    /// of it is there.
    ///
    /// A client that is gone, or says nothing in time, between two requests is [`Stop::Gone`].
    pub(super) async fn head(
        &mut self,
        limits: &Limits,
        set_begun: impl Fn(bool),
    ) -> Result<usize, Stop> {
        let deadline = Instant::now() + limits.head_time;
        let mut seen = 0;
        loop {
            if seen == 0 {
                // Empty lines before a request are no part of it.
                while let [b'\r' | b'\n', ..] = self.input.as_ref() {
                    self.input.advance(1);
                }
                head::check_first_byte(&self.input)?;
            }
            let end = head::end(&self.input, seen);
            if end.unwrap_or(self.input.len()) > limits.head_bytes {
                return Err(head::too_large(&self.input, limits.head_bytes).into());
            }
            seen = self.input.len();
            if seen > 0 {
                set_begun(true);
            }
            if let Some(end) = end {
                return Ok(end);
            }
            self.flush().await?;
            if seen == 0 {
                set_begun(false);
            }
            let room = FIRST_READ.max(self.input.len());
            match self.fill(room, deadline).await? {
                Read::Some => {}
                Read::End | Read::Late if seen == 0 => return Err(Stop::Gone),
                Read::End => return Err(head::bad("The request ends within its head.").into()),
                Read::Late => {
                    let time = limits.head_time.as_secs_f64();
                    let message =
                        format!("The head of the request did not arrive within {time} s.");
                    return Err(ApiError::new(408, 2, message).into());
                }
            }
        }
    }

    /// What was read and not yet taken.
    pub(super) fn input(&self) -> &[u8] {
        &self.input
    }

    /// Removes the head that was parsed.
    pub(super) fn take_head(&mut self, length: usize) {
        self.input.advance(length);
    }

    /// Reads a body whole. One that is too large is read as far as is bearable, so that a client
    /// that sends all of it first sees the refusal.
    pub(super) async fn body(
        &mut self,
        framing: Framing,
        expects_continue: bool,
        limits: &Limits,
    ) -> Result<Bytes, Stop> {
        if framing == Framing::Length(0) {
            return Ok(Bytes::new());
        }
        let most = limits.body_bytes as u64;
        if expects_continue {
            if matches!(framing, Framing::Length(length) if length > most) {
                return Err(too_large(most).into());
            }
            // Some clients do not wait for it.
            if self.input.is_empty() {
                self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
        }
        let deadline = Instant::now() + limits.body_time;
        match framing {
            Framing::Length(length) => self.counted(length, most, limits, deadline).await,
            Framing::Chunked => self.chunked(most, limits, deadline).await,
        }
    }

    async fn counted(
        &mut self,
        length: u64,
        most: u64,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Bytes, Stop> {
        if length > most {
            let mut rest = length.min(MOST_DISCARDED);
            loop {
                let here = self.input.len() as u64;
                if here >= rest {
                    break;
                }
                rest -= here;
                self.input.clear();
                self.more(limits, deadline).await?;
            }
            return Err(too_large(most).into());
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while self.input.len() < length {
            self.input.reserve(length - self.input.len());
            self.more(limits, deadline).await?;
        }
        let body = self.input.split_to(length).freeze();
        if length > MOST_KEPT && self.input.is_empty() {
            self.input = BytesMut::new();
        }
        Ok(body)
    }

    async fn chunked(
        &mut self,
        most: u64,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Bytes, Stop> {
        let mut chunks = Chunks::new(limits.head_bytes);
        let mut body = Vec::new();
        let mut size = 0;
        loop {
            let step = chunks.step(&mut self.input);
            match step.map_err(|rule| head::bad(format!("The body cannot be read: {rule}.")))? {
                Step::Data(here) => {
                    let data = self.input.split_to(here);
                    size += here as u64;
                    if size > MOST_DISCARDED {
                        return Err(too_large(most).into());
                    }
                    if size > most {
                        body = Vec::new();
                    } else {
                        body.extend_from_slice(&data);
                    }
                }
                Step::Incomplete => self.more(limits, deadline).await?,
                Step::Complete if size > most => return Err(too_large(most).into()),
                Step::Complete => return Ok(body.into()),
            }
        }
    }

    /// Reads more of a body.
    async fn more(&mut self, limits: &Limits, deadline: Instant) -> Result<(), Stop> {
        self.flush().await?;
        match self.fill(FIRST_READ, deadline).await? {
            Read::Some => Ok(()),
            Read::End => Err(head::bad("The request ends within its body.").into()),
            Read::Late => {
                let time = limits.body_time.as_secs_f64();
                let message = format!("The body did not arrive within {time} s.");
                Err(ApiError::new(408, 2, message).into())
            }
        }
    }

    /// Reads what there is, and waits until there is something.
    async fn fill(&mut self, room: usize, deadline: Instant) -> io::Result<Read> {
        self.input.reserve(room);
        match timeout_at(deadline, self.stream.read_buf(&mut self.input)).await {
            Ok(Ok(0)) => Ok(Read::End),
            Ok(Ok(_)) => Ok(Read::Some),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(Read::Late),
        }
    }

    /// Where a reply is written. It is sent when there is nothing to be answered at the moment.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Sends a part of a reply that is too large to be copied, behind what waits.
    pub(super) async fn send(&mut self, body: &[u8]) -> io::Result<()> {
        if body.len() < MOST_WAITING {
            self.output.extend_from_slice(body);
            if self.output.len() < MOST_WAITING {
                return Ok(());
            }
            return self.flush().await;
        }
        self.flush().await?;
        self.stream.write_all(body).await?;
        self.stream.flush().await
    }

    /// Sends what waits. Where the future is dropped before it is ready, a later call sends the
    /// rest: no byte is sent twice.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        while !self.output.is_empty() {
            let sent = self.stream.write(&self.output).await?;
            if sent == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.output.drain(..sent);
        }
        self.output.shrink_to(MOST_KEPT);
        self.stream.flush().await
    }

    /// Sends what waits, and then that nothing more comes.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// Waits a while for the client to close. One that is still sending can read the last reply
    /// before: if bytes were left unread, the system would take the reply back.
    pub(super) async fn drain(mut self) {
        let drain = async {
            let mut discarded = 0;
            while discarded < MOST_DISCARDED {
                self.input.clear();
                self.input.reserve(FIRST_READ);
                match self.stream.read_buf(&mut self.input).await {
                    Ok(0) | Err(_) => return,
                    Ok(count) => discarded += count as u64,
                }
            }
        };
        let _ = timeout(LINGER, drain).await;
    }
}

/// What a read came to.
enum Read {
    Some,
    /// The client sends no more.
    End,
    /// Nothing came in time.
    Late,
}

fn too_large(most: u64) -> ApiError {
    ApiError::new(413, 2, format!("A request's body has at most {most} bytes."))
}
