//! The chunked transfer coding, RFC 9112 section 7.1.

use bytes::{Buf, BytesMut};

/// The longest line with a chunk size and chunk extensions.
const MAX_SIZE_LINE: usize = 1 << 10;

/// Decodes the chunks of one body incrementally.
#[derive(Debug)]
pub(super) struct ChunkDecoder {
    state: State,
    /// Bytes that the trailer section may still use.
    trailer: usize,
}

#[derive(Debug)]
enum State {
    /// Before a chunk size.
    Size,
    /// Within a chunk, with this many bytes left.
    Data(u64),
    /// After the data of a chunk.
    DataEnd,
    /// Within the trailer section.
    Trailer,
    Complete,
}

/// The result of a decoding step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This many bytes at the start of the input belong to the body.
    Data(usize),
    /// More input is needed.
    Incomplete,
    /// The body is complete; the rest of the input belongs to the next request.
    Complete,
}

impl ChunkDecoder {
    /// `most_trailer` is how many bytes the trailer section may have.
    pub(super) const fn new(most_trailer: usize) -> Self {
        Self { state: State::Size, trailer: most_trailer }
    }

    /// Removes from `input` everything before the next data. The caller removes the data itself
    /// before the next call.
    ///
    /// # Errors
    /// The rule that the input breaks.
    pub(super) fn step(&mut self, input: &mut BytesMut) -> Result<Step, &'static str> {
        loop {
            self.state = match self.state {
                State::Size => match line(input, MAX_SIZE_LINE) {
                    Err(TooLong) => return Err("the size of a chunk has too many characters"),
                    Ok(None) => return Ok(Step::Incomplete),
                    Ok(Some(length)) => {
                        let size = size(input.get(..length).unwrap_or_default())?;
                        input.advance(length);
                        if size == 0 { State::Trailer } else { State::Data(size) }
                    }
                },
                State::Data(0) => State::DataEnd,
                State::Data(_) if input.is_empty() => return Ok(Step::Incomplete),
                State::Data(size) => {
                    let here = usize::try_from(size).unwrap_or(usize::MAX).min(input.len());
                    self.state = State::Data(size - here as u64);
                    return Ok(Step::Data(here));
                }
                State::DataEnd => match input.as_ref() {
                    [] | [b'\r'] => return Ok(Step::Incomplete),
                    [b'\r', b'\n', ..] => {
                        input.advance(2);
                        State::Size
                    }
                    _ => return Err("a chunk is longer than its size"),
                },
                State::Trailer => match line(input, self.trailer) {
                    Err(TooLong) => return Err("the trailer section is too large"),
                    Ok(None) => return Ok(Step::Incomplete),
                    Ok(Some(length)) => {
                        let line = content(input.get(..length).unwrap_or_default());
                        let line = line.ok_or("a line of the trailer section is malformed")?;
                        let is_last = line.is_empty();
                        input.advance(length);
                        self.trailer -= length;
                        if is_last { State::Complete } else { State::Trailer }
                    }
                },
                State::Complete => return Ok(Step::Complete),
            };
        }
    }
}

struct TooLong;

/// The length of the first line of `input`, its end included, if it is complete.
fn line(input: &[u8], most: usize) -> Result<Option<usize>, TooLong> {
    let length = input.iter().take(most).position(|byte| *byte == b'\n');
    match length {
        Some(length) => Ok(Some(length + 1)),
        None if input.len() >= most => Err(TooLong),
        None => Ok(None),
    }
}

/// A line without its end. `None` if the end is not CRLF or the line has a control character: other
/// readers may see another line there, and then a request within a body.
fn content(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\r\n")?;
    line.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control()).then_some(line)
}

/// Reads a chunk size. Chunk extensions are ignored.
fn size(line: &[u8]) -> Result<u64, &'static str> {
    let malformed = "the size of a chunk is not a hexadecimal number on a separate line";
    let line = content(line).ok_or(malformed)?;
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    let text = str::from_utf8(digits).map_err(|_| malformed)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(malformed);
    }
    u64::from_str_radix(text, 16).map_err(|_| malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body, and what is left of the input, which comes in pieces of `size` bytes.
    fn decode(input: &[u8], size: usize) -> Result<(Vec<u8>, Vec<u8>), &'static str> {
        let mut chunks = ChunkDecoder::new(100);
        let (mut body, mut buffer) = (Vec::new(), BytesMut::new());
        let mut pieces = input.chunks(size);
        loop {
            match chunks.step(&mut buffer)? {
                Step::Data(here) => body.extend_from_slice(&buffer.split_to(here)),
                Step::Complete => {
                    let rest = pieces.flatten().copied();
                    return Ok((body, buffer.iter().copied().chain(rest).collect()));
                }
                Step::Incomplete => {
                    buffer.extend_from_slice(pieces.next().ok_or("incomplete")?);
                }
            }
        }
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut() {
        let input = b"3\r\nabc\r\n00A;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /";
        for size in 1..=input.len() {
            let (body, rest) = decode(input, size).unwrap();
            assert_eq!((&body[..], &rest[..]), (&b"abc0123456789"[..], &b"GET /"[..]), "{size}");
        }
    }

    #[test]
    fn malformed_chunks_are_errors() {
        let long_size = vec![b'0'; 2000];
        let long_trailer = [b"0\r\nX: ", &[b'x'; 200][..], b"\r\n\r\n"].concat();
        let cases: [&[u8]; 19] = [
            b"x\r\n",
            b"\r\n",
            b"-1\r\n",
            b"+1\r\n",
            b"0x1\r\n",
            b" 1\r\na\r\n0\r\n\r\n",
            b"1\na\n0\n\n",
            b"3\r\nabcd\r\n",
            b"ffffffffffffffffff\r\n",
            b"1\r\na\n0\r\n\r\n",
            b"1\r\r\na\r\n0\r\n\r\n",
            b"1;x\ry\r\na\r\n0\r\n\r\n",
            b"1;x\0\r\na\r\n0\r\n\r\n",
            b"0\r\n\n\r\n",
            b"0\r\nX: y\n\r\n",
            b"0\r\nX: y\rz\r\n\r\n",
            b"0\r\n\r\r\n\r\n",
            &long_size,
            &long_trailer,
        ];
        for input in cases {
            for size in [1, input.len()] {
                let outcome = decode(input, size);
                assert!(
                    outcome.is_err_and(|rule| rule != "incomplete"),
                    "{}",
                    input.escape_ascii()
                );
            }
        }
        assert_eq!(decode(b"3\r\nab", 1), Err("incomplete"));
    }
}
