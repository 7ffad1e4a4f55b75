//! A value that requests replace.

use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One value. A request that reads and then replaces it holds the write lock of the SVM or of the cluster
/// that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Slot<T>(RwLock<T>);

impl<T: Clone> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    pub(crate) fn get(&self) -> T {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value by that of another slot.
    #[cfg(feature = "simulator")]
    pub(crate) fn replace(&self, other: Self) {
        self.set(other.0.into_inner().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

impl<T: Clone + Serialize> Serialize for Slot<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
