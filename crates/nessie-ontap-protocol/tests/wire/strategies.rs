//! Strategies for random things, and the runner of random cases.

use nessie_backend_core::{Timestamp, Uuid};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::thing::{STATES, Thing};

/// Runs the same random cases each time. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` select others.
pub(crate) fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let environment = Config::default();
    let seed = match environment.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 0x6f6e_7461_7000,
    };
    let is_set = |variable| std::env::var_os(variable).is_some();
    let cases = if is_set("PROPTEST_CASES") { environment.cases } else { cases };
    let rng_seed = RngSeed::Fixed(seed);
    let config = Config { cases, rng_seed, failure_persistence: None, ..environment };
    let result = TestRunner::new(config).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("with PROPTEST_RNG_SEED={seed} and PROPTEST_CASES={cases}: {failure}");
    }
}

/// Short text of few characters, including operators, so that equal texts are frequent.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ab]{0,4}",
        2 => "[ab*|,!<>=.\"{}]{0,5}",
        1 => select(vec!["null", "true", "\u{1}\n\\", "ünicode", "10", ""]).prop_map(str::to_owned),
    ]
}

fn uuid() -> impl Strategy<Value = Uuid> {
    (0_u128..4).prop_map(Uuid::from_u128)
}

/// A few times, some of them within the same second.
pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    (-4_i64..4).prop_map(|half| Timestamp::from_unix_micros(half * 500_000).unwrap())
}

pub(crate) fn thing() -> impl Strategy<Value = Thing> {
    let own =
        (text(), option::of(text()), time(), select(STATES), option::of(any::<bool>()), 0..9_u64);
    let sizes = (0_u64..5, option::of(prop_oneof![0..5_u64, any::<u64>()]));
    let others = (option::of((uuid(), text())), vec(text(), 0..3));
    let parts = vec((uuid(), option::of(text())), 0..3);
    (any::<u128>(), own, sizes, others, parts).prop_map(|(uuid, own, sizes, others, parts)| {
        let (name, comment, created, state, online, position) = own;
        let (size, used) = sizes;
        let (parent, owners) = others;
        let uuid = Uuid::from_u128(uuid);
        Thing {
            uuid,
            name,
            comment,
            created,
            state,
            online,
            size,
            used,
            parent,
            owners,
            parts,
            position,
        }
    })
}
