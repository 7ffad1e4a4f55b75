//! The cases, one file for each theme. In all of them `h` is the harness, `a` and `c` are volumes,
//! and `s`, `t` and `u` are snapshots. To add a case, write its function and its row in the list of
//! its theme.
#![allow(clippy::many_single_char_names, reason = "they have one meaning in all cases")]

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

use self::macros::{cases, themes};
use crate::case::Case;
use crate::rule::Rule;

themes! {
    capabilities: __capabilities_cases,
    create_volume: __create_volume_cases,
    names: __names_cases,
    listing: __listing_cases,
    patch_volume: __patch_volume_cases,
    delete_volume: __delete_volume_cases,
    access: __access_cases,
    snapshots: __snapshots_cases,
    restore: __restore_cases,
    clones: __clones_cases,
    split: __split_cases,
    dependencies: __dependencies_cases,
    identity: __identity_cases,
    errors: __errors_cases,
    model: __model_cases,
    scale: __scale_cases,
    concurrency: __concurrency_cases,
    isolation: __isolation_cases,
}

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
