//! Identifiers: encrypted addresses of records.
//!
//! An address is the slot of a record, its kind and its [`Serial`]. A keyed bijection maps
//! addresses onto the 122 free bits of a version 4 UUID. Two addresses never share an identifier,
//! and a record is found from its identifier without a table.
//!
//! The bijection is a Feistel network. It makes identifiers look random; it does not keep the key
//! secret from an attacker.

use nessie_backend_core::Uuid;

use crate::storage::serial::Serial;
use crate::storage::slab::Slot;

/// The content of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) kind: Kind,
    pub(crate) slot: Slot,
    pub(crate) serial: Serial,
}

/// What an identifier identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Volume = 0,
    Snapshot = 1,
}

const HALF_BITS: u32 = 61;
const HALF: u64 = (1 << HALF_BITS) - 1;
/// Four rounds, each with its own key, are the fewest that make a Feistel network mix well.
const ROUNDS: usize = 4;

/// Numbers that make a key.
pub(crate) const KEY_WORDS: usize = ROUNDS;

/// The key of the bijection between addresses and identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdKey([u64; ROUNDS]);

impl IdKey {
    pub(crate) const fn new(words: [u64; KEY_WORDS]) -> Self {
        Self(words)
    }

    /// The numbers that make this key.
    pub(crate) const fn words(&self) -> [u64; KEY_WORDS] {
        self.0
    }

    pub(crate) fn encode(&self, address: Address) -> Uuid {
        let plain = u128::from(address.slot)
            | u128::from(address.serial.number) << 32
            | (address.kind as u128) << 64
            | u128::from(address.serial.epoch) << 65;
        let (mut left, mut right) = halves(plain);
        for key in self.0 {
            (left, right) = (right, left ^ mix(right, key));
        }
        into_uuid(join(left, right))
    }

    /// The address that an identifier encodes. An identifier of another key gives an arbitrary
    /// address, of no record with near certainty; a UUID of another version gives none.
    pub(crate) fn decode(&self, uuid: Uuid) -> Option<Address> {
        let (mut left, mut right) = halves(from_uuid(uuid)?);
        for key in self.0.iter().rev() {
            (left, right) = (right ^ mix(left, *key), left);
        }
        let plain = join(left, right);
        #[expect(clippy::cast_possible_truncation, reason = "each takes its own bits")]
        Some(Address {
            kind: if plain >> 64 & 1 == 0 { Kind::Volume } else { Kind::Snapshot },
            slot: plain as u32,
            serial: Serial { number: (plain >> 32) as u32, epoch: (plain >> 65) as u64 },
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "masked to a half")]
const fn halves(bits: u128) -> (u64, u64) {
    ((bits >> HALF_BITS) as u64 & HALF, bits as u64 & HALF)
}

const fn join(left: u64, right: u64) -> u128 {
    (left as u128) << HALF_BITS | right as u128
}

/// The round function: a keyed hash of one half, by multiplying and folding.
#[expect(clippy::cast_possible_truncation, reason = "the fold takes both words of the product")]
const fn mix(half: u64, key: u64) -> u64 {
    let product = (half ^ key) as u128 * 0x9E37_79B9_7F4A_7C15_u128;
    let folded = product as u64 ^ (product >> 64) as u64;
    (folded ^ key.rotate_left(32)) & HALF
}

/// Spreads 122 bits around the version and variant of a version 4 UUID (RFC 9562, 5.4).
#[expect(clippy::cast_possible_truncation, reason = "each word takes its own bits")]
const fn into_uuid(bits: u128) -> Uuid {
    let top = (bits >> 62) as u64;
    let high = (top >> 12) << 16 | 0x4000 | top & 0x0FFF;
    let low = 1 << 63 | bits as u64 & (u64::MAX >> 2);
    Uuid::from_u64_pair(high, low)
}

/// The 122 bits of a version 4 UUID.
const fn from_uuid(uuid: Uuid) -> Option<u128> {
    let (high, low) = uuid.as_u64_pair();
    if high & 0xF000 != 0x4000 || low >> 62 != 0b10 {
        return None;
    }
    let top = (high >> 16) << 12 | high & 0x0FFF;
    Some((top as u128) << 62 | (low & (u64::MAX >> 2)) as u128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::storage::serial::EPOCHS;

    fn key(seed: u64) -> IdKey {
        let mut state = seed;
        IdKey::new(std::array::from_fn(|_| {
            state = state.wrapping_mul(0xD129_0D3A_3F6D_36A9).wrapping_add(1);
            state
        }))
    }

    fn bits(uuid: Uuid) -> u128 {
        from_uuid(uuid).unwrap()
    }

    proptest! {
        #[test]
        fn decoding_is_the_inverse_of_encoding(
            seed: u64, slot: u32, number: u32, is_volume: bool, epoch in 0..EPOCHS
        ) {
            let kind = if is_volume { Kind::Volume } else { Kind::Snapshot };
            let address = Address { kind, slot, serial: Serial { epoch, number } };
            let uuid = key(seed).encode(address);
            prop_assert_eq!(uuid.get_version_num(), 4);
            prop_assert_eq!(uuid.get_variant(), nessie_backend_core::uuid::Variant::RFC4122);
            prop_assert_eq!(key(seed).decode(uuid), Some(address));
        }

        #[test]
        fn any_uuid_decodes_without_harm(seed: u64, uuid: u128) {
            let uuid = Uuid::from_u128(uuid);
            if let Some(address) = key(seed).decode(uuid) {
                prop_assert_eq!(key(seed).encode(address), uuid);
            }
        }
    }

    /// Unlike the addresses, identifiers of neighbouring slots look unrelated.
    #[test]
    fn one_flipped_bit_of_an_address_flips_half_of_the_identifier() {
        let key = key(7);
        let address = |slot, number, epoch| {
            let serial = Serial { epoch, number };
            bits(key.encode(Address { kind: Kind::Volume, slot, serial }))
        };
        let mut flipped = 0;
        let mut samples = 0;
        for slot in 0..200 {
            let base = address(slot, 1, 0x63);
            for bit in 0..32 {
                for other in [
                    address(slot ^ 1 << bit, 1, 0x63),
                    address(slot, 1 ^ 1 << bit, 0x63),
                    address(slot, 1, 0x63 ^ 1 << bit),
                ] {
                    let distance = (base ^ other).count_ones();
                    assert!((25..=97).contains(&distance), "{distance} of 122 bits differ");
                    flipped += distance;
                    samples += 1;
                }
            }
        }
        let mean = f64::from(flipped) / f64::from(samples);
        assert!((mean - 61.0).abs() < 0.5, "{mean} of 122 bits differ on average");
    }
}
