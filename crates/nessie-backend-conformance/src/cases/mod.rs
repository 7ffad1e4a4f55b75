//! The cases, a file for each theme. In all of them `b` is the bench, `a` and `c` are volumes, and
//! `s`, `t` and `u` are snapshots.
#![allow(clippy::many_single_char_names, reason = "they mean the same in every case")]

mod access;
mod calls;
mod capabilities;
mod clones;
mod concurrency;
mod create_volume;
mod delete_volume;
mod dependencies;
mod errors;
mod identity;
mod isolation;
mod listing;
mod macros;
mod model;
mod names;
mod patch_volume;
mod restore;
mod scale;
mod snapshots;
mod split;
mod values;

use std::sync::LazyLock;

use crate::case::Case;

/// Writes a theme's cases: the function, the tier, what else it needs, the rules it checks, and
/// what it does. The name of a case is that of its theme, a dot, and that of its function.
macro_rules! theme {
    ($theme:literal: $(
        $(#[doc = $summary:literal])+
        $body:ident: $tier:ident $([$($feature:ident),+])?, $($rule:literal)+;
    )+) => {
        pub(crate) const CASES: &[$crate::case::Case] = &[$($crate::case::Case {
            name: concat!($theme, ".", stringify!($body)),
            tier: $crate::Tier::$tier,
            needs: &[$($($crate::Feature::$feature),+)?],
            rules: &[$($rule),+],
            summary: concat!($($summary),+),
            body: $body,
        }),+];
    };
}
use theme;

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    [
        capabilities::CASES,
        create_volume::CASES,
        names::CASES,
        listing::CASES,
        patch_volume::CASES,
        delete_volume::CASES,
        access::CASES,
        snapshots::CASES,
        restore::CASES,
        clones::CASES,
        split::CASES,
        dependencies::CASES,
        identity::CASES,
        errors::CASES,
        model::CASES,
        scale::CASES,
        concurrency::CASES,
        isolation::CASES,
    ]
    .concat()
});

/// Every case, in the order in which they run.
#[must_use]
pub fn cases() -> &'static [Case] {
    &CASES
}

/// The case that stands for finding out what the backend offers.
pub(crate) const fn survey() -> &'static Case {
    match capabilities::CASES {
        [survey, ..] => survey,
        [] => panic!("the first theme has no case"),
    }
}
