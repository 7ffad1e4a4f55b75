//! Reads request messages from a stream and writes response messages to it, with buffers for both.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use nessie_ontap_protocol::ApiError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::chunks::{ChunkDecoder, Step};
use super::head::{self, Framing};
use super::options::Limits;

/// Capacity for the first read.
const FIRST_READ: usize = 2 << 10;
/// Responses are sent once this many bytes of them are buffered.
const FLUSH_THRESHOLD: usize = 64 << 10;
/// Buffer capacity that an idle connection keeps for each direction.
const KEPT_CAPACITY: usize = 16 << 10;
/// How much of a too large body is read. If the connection closes while the client is still
/// sending, the client may not see the response.
const MAX_DISCARDED: u64 = 256 << 20;
/// How long the server waits after its last response for the client to close.
const LINGER: Duration = Duration::from_secs(2);

/// A stream of HTTP messages.
#[derive(Debug)]
pub(super) struct MessageStream<S> {
    stream: S,
    input: BytesMut,
    output: Vec<u8>,
}

/// Why there is no further request, or no body.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The connection is closed or failed: no response can be sent.
    Closed,
    /// The client gets this error as the last response.
    Refused(ApiError),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}

impl From<ApiError> for ReadError {
    fn from(refusal: ApiError) -> Self {
        Self::Refused(refusal)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> MessageStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, input: BytesMut::new(), output: Vec::new() }
    }

    /// The stream below.
    pub(super) const fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Reads until the head of the next request is complete, and returns its length. `set_begun` is
    /// called with true when its first byte has arrived, and with false when every response is sent
    /// and no byte of it has arrived.
    ///
    /// A client that disconnects, or sends nothing in time, between two requests is
    /// [`ReadError::Closed`].
    pub(super) async fn read_head(
        &mut self,
        limits: &Limits,
        set_begun: impl Fn(bool),
    ) -> Result<usize, ReadError> {
        let deadline = Instant::now() + limits.head_time;
        let mut seen = 0;
        loop {
            if seen == 0 {
                // Empty lines before a request are ignored.
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
                Read::End | Read::Late if seen == 0 => return Err(ReadError::Closed),
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

    /// The bytes that were read and not yet consumed.
    pub(super) fn input(&self) -> &[u8] {
        &self.input
    }

    /// Removes the parsed head.
    pub(super) fn consume_head(&mut self, length: usize) {
        self.input.advance(length);
    }

    /// Reads a whole body. Of a body that is too large, up to [`MAX_DISCARDED`] bytes are read and
    /// dropped, so that a client that sends all of it before it reads sees the error.
    pub(super) async fn read_body(
        &mut self,
        framing: Framing,
        expects_continue: bool,
        limits: &Limits,
    ) -> Result<Bytes, ReadError> {
        if framing == Framing::Length(0) {
            return Ok(Bytes::new());
        }
        let most = limits.body_bytes as u64;
        if expects_continue {
            if matches!(framing, Framing::Length(length) if length > most) {
                return Err(too_large(most).into());
            }
            // Some clients do not wait for `100 Continue`.
            if self.input.is_empty() {
                self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
        }
        let deadline = Instant::now() + limits.body_time;
        match framing {
            Framing::Length(length) => self.read_counted(length, most, limits, deadline).await,
            Framing::Chunked => self.read_chunked(most, limits, deadline).await,
        }
    }

    async fn read_counted(
        &mut self,
        length: u64,
        most: u64,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Bytes, ReadError> {
        if length > most {
            let mut rest = length.min(MAX_DISCARDED);
            loop {
                let here = self.input.len() as u64;
                if here >= rest {
                    break;
                }
                rest -= here;
                self.input.clear();
                self.read_more(limits, deadline).await?;
            }
            return Err(too_large(most).into());
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while self.input.len() < length {
            self.input.reserve(length - self.input.len());
            self.read_more(limits, deadline).await?;
        }
        let body = self.input.split_to(length).freeze();
        if length > KEPT_CAPACITY && self.input.is_empty() {
            self.input = BytesMut::new();
        }
        Ok(body)
    }

    async fn read_chunked(
        &mut self,
        most: u64,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Bytes, ReadError> {
        let mut chunks = ChunkDecoder::new(limits.head_bytes);
        let mut body = Vec::new();
        let mut size = 0;
        loop {
            let step = chunks.step(&mut self.input);
            match step.map_err(|rule| head::bad(format!("The body cannot be read: {rule}.")))? {
                Step::Data(here) => {
                    let data = self.input.split_to(here);
                    size += here as u64;
                    if size > MAX_DISCARDED {
                        return Err(too_large(most).into());
                    }
                    if size > most {
                        body = Vec::new();
                    } else {
                        body.extend_from_slice(&data);
                    }
                }
                Step::Incomplete => self.read_more(limits, deadline).await?,
                Step::Complete if size > most => return Err(too_large(most).into()),
                Step::Complete => return Ok(body.into()),
            }
        }
    }

    /// Reads more of a body.
    async fn read_more(&mut self, limits: &Limits, deadline: Instant) -> Result<(), ReadError> {
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

    /// Waits for bytes, and reads those that are available.
    async fn fill(&mut self, room: usize, deadline: Instant) -> io::Result<Read> {
        self.input.reserve(room);
        match timeout_at(deadline, self.stream.read_buf(&mut self.input)).await {
            Ok(Ok(0)) => Ok(Read::End),
            Ok(Ok(_)) => Ok(Read::Some),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(Read::Late),
        }
    }

    /// The buffer for responses. It is sent before the connection waits for the next request.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Writes the body of a response after the buffered bytes. A large one is sent without a copy.
    pub(super) async fn write_body(&mut self, body: &[u8]) -> io::Result<()> {
        if body.len() < FLUSH_THRESHOLD {
            self.output.extend_from_slice(body);
            if self.output.len() < FLUSH_THRESHOLD {
                return Ok(());
            }
            return self.flush().await;
        }
        self.flush().await?;
        self.stream.write_all(body).await?;
        self.stream.flush().await
    }

    /// Sends the buffered bytes.
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
        self.output.shrink_to(KEPT_CAPACITY);
        self.stream.flush().await
    }

    /// Sends the buffered bytes and shuts the sending side down.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// Waits for the client to close, for a limited time, and discards what it sends. If unread
    /// bytes were left, the system would reset the connection and the client could lose the last
    /// response.
    pub(super) async fn drain(mut self) {
        let drain = async {
            let mut discarded = 0;
            while discarded < MAX_DISCARDED {
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

/// The result of a read.
enum Read {
    Some,
    /// The client sends no more.
    End,
    /// Nothing arrived in time.
    Late,
}

fn too_large(most: u64) -> ApiError {
    ApiError::new(413, 2, format!("A request's body has at most {most} bytes."))
}
