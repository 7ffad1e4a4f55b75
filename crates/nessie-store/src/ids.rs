//! The UUIDs of the objects that the cluster itself creates.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use nessie_backend_core::Uuid;
use nessie_backend_core::splitmix64::SplitMix64;

/// Creates UUIDs. The same seed gives the same UUIDs in the same order.
#[derive(Debug)]
pub(crate) struct Ids {
    state: AtomicU64,
}

impl Ids {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self { state: AtomicU64::new(SplitMix64::mix(seed_or_random(seed))) }
    }

    pub(crate) fn next(&self) -> Uuid {
        let state = self.state.fetch_add(SplitMix64::STEP.wrapping_mul(2), Ordering::Relaxed);
        let high = u128::from(SplitMix64::mix(state));
        let low = u128::from(SplitMix64::mix(state.wrapping_add(SplitMix64::STEP)));
        let bits = high << 64 | low;
        // The form of RFC 9562 version 4.
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        Uuid::from_u128(bits)
    }
}

/// A seed, or a random number.
pub(crate) fn seed_or_random(seed: Option<u64>) -> u64 {
    // The operating system seeds this hasher.
    seed.unwrap_or_else(|| RandomState::new().hash_one(0_u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_no_two_are_equal() {
        let (one, other) = (Ids::new(Some(7)), Ids::new(Some(7)));
        let made: Vec<_> = (0..1000).map(|_| one.next()).collect();
        assert!(made.iter().all(|id| *id == other.next()));
        assert_eq!(made[0].to_string(), "b78b9f38-a670-4787-863b-891f4c0abd4f");
        let mut distinct = made.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), made.len());
        assert!(made.iter().all(|id| id.get_version_num() == 4));
    }
}
