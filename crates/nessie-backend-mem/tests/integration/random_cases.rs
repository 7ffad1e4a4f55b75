//! The runner of random cases.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Runs the same random cases each time. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` select others.
pub(crate) fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let environment = Config::default();
    let seed = match environment.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 0x6e65_7373_6965,
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
