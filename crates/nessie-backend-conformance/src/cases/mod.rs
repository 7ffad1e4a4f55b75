//! The cases, one file for each theme. In all of them `h` is the harness, `a` and `c` are volumes,
//! and `s`, `t` and `u` are snapshots. To add a case, write its function and its row in the list of
//! its theme.
#![allow(clippy::many_single_char_names, reason = "they have one meaning in all cases")]

mod access;
mod calls;
mod capabilities;
mod clones;
mod concurrency;
mod concurrent_reads;
mod create_volume;
mod delete_volume;
mod dependencies;
mod errors;
mod histories;
mod identity;
mod instances;
mod isolation;
mod listing;
mod macros;
mod model;
mod names;
mod patch_volume;
mod restore;
mod scale;
mod snapshots;
mod space;
mod split;
mod tiers;
mod values;

use std::sync::LazyLock;

use self::macros::cases;
use crate::case::Case;
use crate::rule::Rule;

/// The themes, in the order in which they run.
const THEMES: &[&[Case]] = &[
    capabilities::CASES,
    tiers::CASES,
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
    // Before the histories: these calls alone show a fault that every so many calls have.
    scale::CASES,
    histories::CASES,
    identity::CASES,
    space::CASES,
    errors::CASES,
    model::CASES,
    concurrency::CASES,
    concurrent_reads::CASES,
    isolation::CASES,
    instances::CASES,
];

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| THEMES.concat());

/// Every case, in the order in which they run.
#[must_use]
pub fn cases() -> &'static [Case] {
    &CASES
}

impl Rule {
    /// The cases that check the rule.
    pub fn cases(&self) -> impl Iterator<Item = &'static Case> {
        let id = self.id;
        cases().iter().filter(move |case| case.rules.contains(&id))
    }
}

/// The case under which the probe is reported.
pub(crate) const fn probe_case() -> &'static Case {
    match capabilities::CASES {
        [probe, ..] => probe,
        [] => panic!("the first theme has no case"),
    }
}
