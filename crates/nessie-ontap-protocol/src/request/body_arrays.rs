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

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn integers_are_numbers_or_texts() {
        assert_eq!(body(r#"{"a":{"b":[1,"2"]}}"#).integers("a.b").unwrap(), Some(vec![1, 2]));
        assert_eq!(body(r#"{"a":[]}"#).integers("a").unwrap(), Some(vec![]));
        assert_eq!(body(r#"{"a":null}"#).integers("a").unwrap(), None);
        for (text, code) in [
            (r#"{"a":1}"#, 262_254),
            (r#"{"a":["x"]}"#, 262_222),
            (r#"{"a":[-1]}"#, 262_245),
            (r#"{"a":[[1]]}"#, 262_255),
        ] {
            assert_eq!(body(text).integers("a").unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn objects_have_two_spellings() {
        let nested =
            body(r#"{"a":[{"n":1,"o":{"p":"x"}},{"n":2}]}"#).objects("a").unwrap().unwrap();
        let dotted = body(r#"{"a.n":[1,2],"a.o.p":["x"],"ab":1}"#).objects("a").unwrap().unwrap();
        assert_eq!(nested, dotted);
        assert_eq!(nested[0].text("o.p").unwrap(), Some("x"));
        assert_eq!(nested[1].integer("n").unwrap(), Some(2));
        assert_eq!(body("{}").objects("a").unwrap(), None);
        assert_eq!(body(r#"{"a":[]}"#).objects("a").unwrap(), Some(vec![]));
        for (text, code) in
            [(r#"{"a":1}"#, 262_254), (r#"{"a":[1]}"#, 262_220), (r#"{"a.n":1}"#, 262_254)]
        {
            assert_eq!(body(text).objects("a").unwrap_err().code, code, "{text}");
        }
    }
}
