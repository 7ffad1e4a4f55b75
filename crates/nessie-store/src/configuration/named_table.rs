//! A table of objects with unique names.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Table;

/// An object with a name.
pub(crate) trait HasName {
    fn name(&self) -> &str;
}

/// A [`Table`] in which an object is found by its name without a search.
///
/// A reader may see the new name of an object before its other changes.
#[derive(Debug)]
pub(crate) struct NamedTable<T> {
    table: Table<T>,
    numbers: RwLock<HashMap<String, u64>>,
}

impl<T: HasName> NamedTable<T> {
    /// All objects.
    pub(crate) fn list(&self) -> Vec<(u64, Arc<T>)> {
        self.table.list()
    }

    /// The object with that number.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<T>> {
        self.table.get(number)
    }

    /// The number of the object with that name.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// The object with that name.
    pub(crate) fn named(&self, name: &str) -> Option<(u64, Arc<T>)> {
        let number = self.number(name)?;
        Some((number, self.get(number)?))
    }

    /// Adds an object whose name is free, and returns its number.
    pub(crate) fn add(&self, object: T) -> u64 {
        let name = object.name().to_owned();
        let number = self.table.add(object);
        self.write(|numbers| numbers.insert(name, number));
        number
    }

    /// Replaces the object with that number.
    pub(crate) fn set(&self, number: u64, object: T) {
        self.write(|numbers| {
            if let Some(before) = self.table.get(number) {
                numbers.remove(before.name());
            }
            numbers.insert(object.name().to_owned(), number);
        });
        self.table.set(number, object);
    }

    /// Removes the object with that number.
    pub(crate) fn remove(&self, number: u64) {
        if let Some(object) = self.table.get(number) {
            self.write(|numbers| numbers.remove(object.name()));
            self.table.remove(number);
        }
    }

    /// Replaces all objects by those of another table.
    #[cfg(feature = "simulator")]
    pub(crate) fn replace(&self, other: Self) {
        let numbers = other.numbers.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.table.replace(other.table);
        self.write(|before| *before = numbers);
    }

    fn write<V>(&self, write: impl FnOnce(&mut HashMap<String, u64>) -> V) -> V {
        write(&mut self.numbers.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: HasName> From<Table<T>> for NamedTable<T> {
    fn from(table: Table<T>) -> Self {
        let names = table.list().into_iter();
        let numbers = names.map(|(number, object)| (object.name().to_owned(), number)).collect();
        Self { table, numbers: RwLock::new(numbers) }
    }
}

impl<T: HasName> FromIterator<T> for NamedTable<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        objects.into_iter().collect::<Table<T>>().into()
    }
}

impl<T: Serialize> Serialize for NamedTable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.table.serialize(serializer)
    }
}

impl<'de, T: HasName + Deserialize<'de>> Deserialize<'de> for NamedTable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Table::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl HasName for String {
        fn name(&self) -> &str {
            self
        }
    }

    #[test]
    fn an_object_is_found_by_its_present_name_only() {
        let table: NamedTable<String> = ["a", "b"].map(str::to_owned).into_iter().collect();
        table.set(1, "c".to_owned());
        table.remove(2);
        let number = table.add("d".to_owned());
        let stored = serde_json::to_string(&table).unwrap();
        let read: NamedTable<String> = serde_json::from_str(&stored).unwrap();
        for table in [table, read] {
            let found = ["a", "b", "c", "d"].map(|name| table.number(name));
            assert_eq!(found, [None, None, Some(1), Some(number)]);
            assert_eq!(*table.named("d").unwrap().1, "d");
        }
    }
}
