//! Values at the limits of their rules, and outside.

/// Sizes that other number types do not represent exactly.
pub(super) const SIZES: &[u64] = &[
    1,
    2,
    4095,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 53) - 1,
    (1 << 53) + 1,
    (1 << 62) + 3,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX - 1,
    u64::MAX,
];

/// Valid names that start with the stem; together they contain every allowed character.
pub(super) fn good_names(stem: &str) -> Vec<String> {
    let endings = [
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0123456789",
        "_",
        "-",
        ".",
        ":",
        "..",
        "a.",
        "a-h.c:d_e",
        "a_b.c:d-e",
    ];
    let mut names: Vec<String> = endings.iter().map(|ending| format!("{stem}{ending}")).collect();
    for first in ["_", "0", "9", "Z", "z"] {
        names.push(format!("{first}{stem}"));
    }
    names
}

/// Invalid names.
pub(super) fn bad_names(stem: &str, longest: usize) -> Vec<String> {
    let mut names = vec![String::new()];
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    let ascii = (0_u8..128).map(char::from).filter(|c| !is_allowed(*c));
    let others =
        ['é', 'ß', 'Ａ', '٣', 'ſ', '\u{212a}', '\u{200b}', '\u{7f}', '\u{85}', '😀', '\u{fffd}'];
    for bad in ascii.chain(others) {
        names.push(format!("{stem}{bad}x"));
    }
    for bad in [' ', '\n', '\0', '/', '@', '[', '`', '{', '\\', 'é'] {
        names.push(format!("{bad}{stem}"));
        names.push(format!("{stem}{bad}"));
    }
    for first in ["-", ".", ":", "..", "-.", " "] {
        names.push(format!("{first}{stem}"));
    }
    names.extend(["-", ".", "..", ":", " ", "/", "é"].map(str::to_owned));
    for length in [longest + 1, longest + 2, 256, 257, 1000, 70_000] {
        if length > longest {
            names.push(format!("{stem}{}", "x".repeat(length - stem.len())));
        }
    }
    names
}

/// Valid names of every form: with each character at the end and at the start, of each length, and
/// some without the stem.
pub(super) fn names_of_every_form(stem: &str, longest: usize) -> Vec<String> {
    let allowed =
        || (0_u8..128).map(char::from).filter(|c| c.is_ascii_alphanumeric() || "_-.:".contains(*c));
    let firsts = || allowed().filter(|c| !"-.:".contains(*c));
    let mut names: Vec<String> = allowed().map(|last| format!("{stem}{last}")).collect();
    names.extend(firsts().map(|first| format!("{first}{stem}")));
    names.extend(firsts().map(String::from));
    names.extend((stem.len() + 1..=longest).map(|length| {
        let filler: String = "y0_Z-.:x".chars().cycle().take(length - stem.len()).collect();
        format!("{stem}{filler}")
    }));
    names.extend((2..=longest).step_by(9).map(|length| "7".repeat(length)));
    let words = [
        "00",
        "007",
        "1e5",
        "0x10",
        "1_000",
        "18446744073709551616",
        "None",
        "null",
        "nil",
        "true",
        "False",
        "NaN",
        "Infinity",
        "undefined",
        "default",
        "all",
        "self",
        "root",
        "CON",
        "nul",
        "__init__",
        "__",
        "_.",
        "a.",
        "a-",
        "a:",
        "0:0",
        "2026-01-01",
        "uuid",
        "name",
        "00000000-0000-4000-8000-00000000000a",
        "urn:uuid:0",
        "http:a",
        "C:a",
        "a..b",
        "a--b",
    ];
    names.extend(words.map(str::to_owned));
    names
}

/// Invalid names with a character that looks like an allowed one or disappears in a normal form, and
/// the valid names that they look like.
pub(super) fn look_alikes(stem: &str) -> Vec<(String, String)> {
    let pairs = [
        ("\u{ff21}", "A"),
        ("\u{ff41}", "a"),
        ("\u{ff10}", "0"),
        ("\u{ff3f}", "_"),
        ("\u{ff0d}", "-"),
        ("\u{2010}", "-"),
        ("\u{ff0e}", "."),
        ("\u{2024}", "."),
        ("\u{ff1a}", ":"),
        ("\u{212a}", "K"),
        ("\u{130}", "I"),
        ("\u{131}", "i"),
        ("\u{17f}", "s"),
        ("\u{b2}", "2"),
        ("\u{2460}", "1"),
        ("\u{661}", "1"),
        ("\u{2168}", "IX"),
        ("\u{fb01}", "fi"),
        ("\u{1d400}", "A"),
        ("\u{430}", "a"),
        ("a\u{301}", "a"),
        ("\u{e1}", "a"),
        ("a\u{200d}", "a"),
        ("a\u{feff}", "a"),
        ("a\u{ad}", "a"),
        ("a\u{a0}", "a"),
        ("a ", "a"),
        ("a\t", "a"),
        ("a\n", "a"),
        ("a\0", "a"),
        ("%61", "a"),
        ("a/", "a"),
        ("\"a\"", "a"),
    ];
    let with_stem = |(strange, plain)| (format!("{stem}{strange}"), format!("{stem}{plain}"));
    let mut all: Vec<_> = pairs.into_iter().map(with_stem).collect();
    for before in [" ", "\u{feff}", "\u{200d}", "\n", "\t", "./", "\u{ff41}"] {
        all.push((format!("{before}{stem}x"), format!("{stem}x")));
    }
    all
}

/// Names that look alike and are different.
pub(super) const NAMES_THAT_LOOK_ALIKE: [&str; 29] = [
    "a", "a.", "a..", "a-", "a_", "a:", "_a", "__a", "aa", "a.b", "a:b", "a_b", "a-b", "ab", "aB",
    "1", "01", "001", "1.0", "1:0", "1_0", "10", "0x1", "0X1", "1e0", "A", "AA", "Aa", "aA",
];

/// Endings of junction paths that look alike and are different, also when ASCII case is ignored.
pub(super) const PATHS_THAT_LOOK_ALIKE: &[&str] = &[
    "\u{e9}",
    "e\u{301}",
    "\u{c9}",
    "e",
    "u",
    "u\u{308}",
    "\u{fc}",
    "\u{dc}",
    "a",
    "\u{ff41}",
    "\u{ff21}",
    "a\u{30a}",
    "\u{e5}",
    "\u{c5}",
    "\u{212b}",
    "\u{fb01}",
    "fi",
    "\u{df}",
    "\u{1e9e}",
    "ss",
    "i",
    "\u{131}",
    "\u{130}",
    "k",
    "\u{212a}",
    "\u{3c3}",
    "\u{3c2}",
    "\u{3a3}",
    "\u{b2}",
    "2",
    "\u{2460}",
    "1",
    "\u{661}",
    "\u{ac00}",
    "\u{1100}\u{1161}",
    "\u{1f600}",
    "\u{65e5}",
    "%41",
    "%61",
    "x%2Fy",
    "x/y",
    "x\\y",
    "x:y",
    "x\u{2215}y",
    " lead",
    "lead",
    "trail",
    "trail ",
    "trail  ",
    "in ner",
    "in  ner",
    "in\u{a0}ner",
    "in\u{3000}ner",
    "inner",
    "dot",
    "dot.",
    "dot..",
    ".dot",
    "..dot",
    "...",
    "....",
    "dot./x",
    "dot/x",
    " ",
    "  ",
    "%",
    "%%",
    "%20",
    "+",
    "~",
    "$HOME",
    "*",
    "?",
    "'",
    "\"",
    "`",
    "<a>",
    "a|b",
    "a&b",
    "a;b",
    "#",
    "a#b",
    "{a}",
    "[a]",
    "-",
    "--",
    "_",
    "None",
    "null",
    "0",
    "00",
];

/// Valid junction paths, each below the stem.
pub(super) fn good_paths(stem: &str) -> Vec<String> {
    let mut paths: Vec<String> = [
        "", "/a", "/a/b/c", "/...", "/.a", "/a.", "/..a", "/a b", "/é", "/日本", "/-", "/~",
        "/a\\b", "/%2e",
    ]
    .iter()
    .map(|ending| format!("{stem}{ending}"))
    .collect();
    paths.push(format!("{stem}/{}", "x".repeat(4096 - stem.len() - 1)));
    let filler = 4096 - stem.len() - 1;
    paths.push(format!("{stem}/{}{}", "é".repeat(filler / 2), "x".repeat(filler % 2)));
    paths
}

/// Invalid junction paths.
pub(super) fn bad_paths(stem: &str) -> Vec<String> {
    let below = stem.trim_start_matches('/');
    let mut paths: Vec<String> = [
        "/",
        "//",
        "/.",
        "/..",
        "/./",
        " ",
        ".",
        "..",
        "a",
        &format!(" {stem}"),
        below,
        &format!("./{below}"),
        &format!("//{below}"),
        &format!("/./{below}"),
        &format!("/../{below}"),
        &format!("\\{below}"),
    ]
    .map(str::to_owned)
    .to_vec();
    for ending in [
        "/", "//", "//a", "/a//b", "/.", "/..", "/./a", "/../a", "/a/.", "/a/..", "/a/", "\0",
        "\n", "/a\tb", "\u{7f}", "\u{85}", "/\u{9f}a", "/\u{1b}",
    ] {
        paths.push(format!("{stem}{ending}"));
    }
    for length in [4097_usize, 4098, 70_000] {
        paths.push(format!("{stem}/{}", "x".repeat(length - stem.len() - 1)));
    }
    // 4096 characters, and more bytes than that.
    paths.push(format!("{stem}/é{}", "x".repeat(4096 - stem.len() - 2)));
    paths
}

/// Valid names of export policies.
pub(super) fn good_policies() -> Vec<String> {
    let mut names =
        ["a", "default", "Default", " ", "a b", "/", "é", "日本", "-", "a\"b\\c", "none"]
            .map(str::to_owned)
            .to_vec();
    names.push("p".repeat(255));
    names.push("p".repeat(256));
    names.push("é".repeat(256));
    names
}

/// Valid names of export policies that a backend could take for one another.
pub(super) const POLICIES_THAT_LOOK_ALIKE: &[&str] = &[
    "a",
    "A",
    " a",
    "a ",
    "  a  ",
    "\u{e9}",
    "e\u{301}",
    "\u{c9}",
    "e",
    "\u{ff41}",
    "\u{fb01}",
    "fi",
    "\u{3000}a",
    "a\u{a0}",
    "  ",
    "a  b",
    "a b",
    "%61",
    "0",
    "00",
    "None",
    "null",
    "false",
    "''",
    "\"\"",
    "{}",
    "[]",
    "-",
    "--",
    ".",
    "..",
    "/",
    "\\",
    "*",
    "?",
    "\u{1f600}",
];

/// Invalid names of export policies.
pub(super) fn bad_policies() -> Vec<String> {
    let mut names =
        ["", "\0", "a\nb", "a\t", "\u{7f}", "a\u{85}", "\u{1f}"].map(str::to_owned).to_vec();
    names.push("p".repeat(257));
    names.push("é".repeat(257));
    names.push("p".repeat(70_000));
    names
}
