//! A table of objects.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest number of an object: ids have 32 bits for it.
const MAX_NUMBER: u64 = u32::MAX as u64;

/// Objects by number, in order of creation. The number of a deleted object is not used again.
///
/// Each method is one step. A request that reads and then changes holds the write lock of the SVM or
/// of the cluster that the table belongs to.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: RwLock<Rows<T>>,
}

/// The contents of a table, as they are stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Deserialize<'de>"))]
struct Rows<T> {
    /// The number of the next object.
    next: u64,
    objects: BTreeMap<u64, Arc<T>>,
}

impl<T> Default for Table<T> {
    /// An empty table. Numbers begin at 1.
    fn default() -> Self {
        Self { rows: RwLock::new(Rows { next: 1, objects: BTreeMap::new() }) }
    }
}

impl<T> Table<T> {
    /// All objects.
    pub(crate) fn list(&self) -> Vec<(u64, Arc<T>)> {
        self.read(|rows| {
            rows.objects.iter().map(|(number, object)| (*number, Arc::clone(object))).collect()
        })
    }

    /// The object with that number.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<T>> {
        self.read(|rows| rows.objects.get(&number).cloned())
    }

    /// The first object for which `is_wanted` holds.
    pub(crate) fn find(&self, is_wanted: impl Fn(&T) -> bool) -> Option<(u64, Arc<T>)> {
        self.read(|rows| {
            let mut objects = rows.objects.iter();
            let (number, object) = objects.find(|(_, object)| is_wanted(object))?;
            Some((*number, Arc::clone(object)))
        })
    }

    /// Adds an object, and returns its number.
    pub(crate) fn add(&self, object: T) -> u64 {
        self.write(|rows| {
            let number = rows.next;
            rows.next += 1;
            rows.objects.insert(number, Arc::new(object));
            number
        })
    }

    /// Replaces the object with that number.
    pub(crate) fn set(&self, number: u64, object: T) {
        self.write(|rows| rows.objects.insert(number, Arc::new(object)));
    }

    /// Replaces all objects by those of another table.
    #[cfg(feature = "simulator")]
    pub(crate) fn replace(&self, other: Self) {
        let other = other.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.write(|rows| *rows = other);
    }

    /// Removes the object with that number.
    pub(crate) fn remove(&self, number: u64) {
        self.write(|rows| rows.objects.remove(&number));
    }

    fn read<V>(&self, read: impl FnOnce(&Rows<T>) -> V) -> V {
        read(&self.rows.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<V>(&self, write: impl FnOnce(&mut Rows<T>) -> V) -> V {
        write(&mut self.rows.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        let objects: BTreeMap<_, _> = (1..).zip(objects.into_iter().map(Arc::new)).collect();
        let next = objects.len() as u64 + 1;
        Self { rows: RwLock::new(Rows { next, objects }) }
    }
}

impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read(|rows| rows.serialize(serializer))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rows = Rows::deserialize(deserializer)?;
        // A number is not used again.
        let last = rows.objects.last_key_value().map_or(0, |(number, _)| *number);
        rows.next = rows.next.max(last.saturating_add(1));
        let first = rows.objects.first_key_value().map_or(1, |(number, _)| *number);
        if first == 0 || rows.next > MAX_NUMBER {
            let wrong = if first == 0 { 0 } else { rows.next };
            let rule = format!("the number {wrong} is not one of 1 to {MAX_NUMBER}");
            return Err(D::Error::custom(rule));
        }
        Ok(Self { rows: RwLock::new(rows) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_removed_object_is_not_used_again() {
        let table: Table<&str> = ["a", "b"].into_iter().collect();
        table.remove(2);
        assert_eq!(table.add("c"), 3);
        let names: Vec<_> =
            table.list().into_iter().map(|(number, name)| (number, *name)).collect();
        assert_eq!(names, [(1, "a"), (3, "c")]);
    }

    #[test]
    fn a_stored_table_is_read_again() {
        let table: Table<String> = ["a".to_owned(), "b".to_owned()].into_iter().collect();
        table.remove(1);
        let stored = serde_json::to_string(&table).unwrap();
        let read: Table<String> = serde_json::from_str(&stored).unwrap();
        assert_eq!(read.list(), table.list());
        assert_eq!(read.add("c".to_owned()), 3);
    }
}
