//! The arrays of a body.

use serde_json::Value as Json;

use super::{Body, typed};
use crate::ApiError;

impl Body {
    /// The whole numbers of the array at `path`, each given as a number or as text.
    ///
    /// # Errors
    /// The value is not an array, or an element is not a whole number.
    pub fn integers(&self, path: &str) -> Result<Option<Vec<u64>>, ApiError> {
        let Some(value) = self.value(path) else { return Ok(None) };
        let Json::Array(elements) = value else { return Err(typed::not_an_array(path)) };
        let number = |element| typed::number(path, element, |text| text.parse().ok());
        elements.iter().map(number).collect::<Result<_, _>>().map(Some)
    }

    /// The objects of the array at `path`, each as a body with the paths inside the object.
    /// `{"copies": [{"count": 1}]}` and `{"copies.count": [1]}` give the same.
    ///
    /// # Errors
    /// The value is not an array of objects.
    pub fn objects(&self, path: &str) -> Result<Option<Vec<Self>>, ApiError> {
        if let Some(value) = self.value(path) {
            let Json::Array(elements) = value else { return Err(typed::not_an_array(path)) };
            let object = |element: &Json| match element {
                Json::Object(members) => Ok(Self { values: members.clone().into_iter().collect() }),
                _ => Err(typed::not_an_object(path)),
            };
            return elements.iter().map(object).collect::<Result<_, _>>().map(Some);
        }
        let prefix = format!("{path}.");
        let mut objects: Vec<Self> = Vec::new();
        for (field, value) in &self.values {
            let Some(inside) = field.strip_prefix(&prefix).filter(|_| !value.is_null()) else {
                continue;
            };
            let Json::Array(elements) = value else { return Err(typed::not_an_array(field)) };
            if objects.len() < elements.len() {
                objects.resize(elements.len(), Self::default());
            }
            for (object, element) in objects.iter_mut().zip(elements) {
                object.values.insert(inside.to_owned(), element.clone());
            }
        }
        Ok((!objects.is_empty()).then_some(objects))
    }
}
