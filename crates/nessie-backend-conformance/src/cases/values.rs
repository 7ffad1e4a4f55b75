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

/// Invalid names of export policies.
pub(super) fn bad_policies() -> Vec<String> {
    let mut names =
        ["", "\0", "a\nb", "a\t", "\u{7f}", "a\u{85}", "\u{1f}"].map(str::to_owned).to_vec();
    names.push("p".repeat(257));
    names.push("é".repeat(257));
    names.push("p".repeat(70_000));
    names
}
