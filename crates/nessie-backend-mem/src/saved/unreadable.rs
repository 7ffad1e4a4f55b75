//! Recognizes files that are mistaken for dumps.

/// The beginning of a file, its kind, and what to do about it.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "it is compressed by gzip; decompress it first"),
    (b"BZh", "it is compressed by bzip2; decompress it first"),
    (b"\xfd7zXZ\0", "it is compressed by xz; decompress it first"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by Zstandard; decompress it first"),
    (b"\x04\x22\x4d\x18", "it is compressed by LZ4; decompress it first"),
    (b"PK\x03\x04", "it is a ZIP archive; extract the dump first"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; extract the dump first"),
    (b"\xff\xfe", "it is text in UTF-16; save it in UTF-8"),
    (b"\xfe\xff", "it is text in UTF-16; save it in UTF-8"),
    (b"{\0\"\0", "it is text in UTF-16; save it in UTF-8"),
    (b"\x80", "it may be a pickle, which pickle.load() reads"),
    (b"NESSIEMB", TO_BYTES),
    (b"version https://git-lfs", "it is a pointer of Git LFS; `git lfs pull` gets the file"),
    (b"<<<<<<<", "a merge left a conflict here; take the dump of one side"),
    (b"{\n", REFORMATTED),
    (b"{\r", REFORMATTED),
    (b"{ ", REFORMATTED),
    (b"{\"format\": ", REFORMATTED),
];

const REFORMATTED: &str = "its JSON was formatted anew; each object is on one line, without spaces";
const TO_BYTES: &str = "it was written by to_bytes() of nessie-backend-mem 0.4.0; this version \
                        reads dumps of 0.5.0 and later";

/// The offset of the format's name in a tar archive, and the name.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Why a first line is refused that does not begin a dump.
pub(crate) fn unreadable(line: &[u8]) -> String {
    let mut beginnings = BEGINNINGS.iter();
    let found = beginnings.find(|(beginning, _)| line.starts_with(beginning));
    let what = match found {
        Some((_, what)) => Some(*what),
        None if line.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1)) => {
            Some("it is a tar archive; extract the dump first")
        }
        None => None,
    };
    let refusal = "this is not the beginning of a dump of nessie-backend-mem";
    what.map_or_else(|| refusal.to_owned(), |what| format!("{refusal}: {what}"))
}
