//! The fields of a reply: `fields=name,space.{size,used},!svm`.

use std::sync::OnceLock;

use super::spelling;
use crate::error::Quoted;
use crate::schema::write::Plan;
use crate::{ApiError, Field, FieldPresence, Schema};

/// The maximum nesting depth of braces.
const MAX_DEPTH: usize = 16;

/// The selected fields of a reply. It also writes records as JSON.
#[derive(Debug)]
pub struct Selection<R: 'static> {
    schema: &'static Schema<R>,
    /// For each field of the schema, whether it is selected.
    selected: Vec<bool>,
    /// How to write the fields; built when the first record is written.
    plan: OnceLock<Plan<R>>,
}

impl<R> Selection<R> {
    /// The fields of a reply if the request names none.
    #[must_use]
    pub fn default_of(schema: &'static Schema<R>, collection: bool) -> Self {
        let mut selection = Self::keys_of(schema);
        if !collection {
            selection.select_up_to(FieldPresence::Default);
        }
        selection
    }

    /// Reads the value of `fields`.
    ///
    /// # Errors
    /// - 262197: ONTAP has no such field.
    /// - 262286: braces do not match.
    pub fn parse(
        schema: &'static Schema<R>,
        collection: bool,
        text: &str,
    ) -> Result<Self, ApiError> {
        Self::parse_with(schema, collection, text, UnknownFields::Refused)
    }

    /// Reads the value of `fields` like [`parse`](Self::parse). `unknown` is the handling of
    /// fields that ONTAP does not have.
    pub(crate) fn parse_with(
        schema: &'static Schema<R>,
        collection: bool,
        text: &str,
        unknown: UnknownFields,
    ) -> Result<Self, ApiError> {
        let mut items = FieldList { schema, unknown, included: Vec::new(), excluded: Vec::new() };
        items.read(&spelling::name(text))?;
        let mut selection = if items.included.is_empty() {
            Self::default_of(schema, collection)
        } else {
            Self::keys_of(schema)
        };
        for item in items.included {
            match item {
                Item::UpTo(presence) => selection.select_up_to(presence),
                Item::Path(path) => selection.set(&path, true),
            }
        }
        for path in items.excluded {
            selection.set(&path, false);
        }
        selection.select_up_to(FieldPresence::Key);
        Ok(selection)
    }

    fn keys_of(schema: &'static Schema<R>) -> Self {
        let selected = vec![false; schema.fields.len()];
        let mut selection = Self { schema, selected, plan: OnceLock::new() };
        selection.select_up_to(FieldPresence::Key);
        selection
    }

    fn select_up_to(&mut self, presence: FieldPresence) {
        for (field, selected) in self.schema.fields.iter().zip(&mut self.selected) {
            *selected |= field.presence <= presence;
        }
    }

    fn set(&mut self, path: &str, to: bool) {
        let range = self.schema.range_of(path);
        self.selected.get_mut(range).unwrap_or_default().fill(to);
    }

    /// The selected fields, in the schema's order.
    fn fields(&self) -> impl Iterator<Item = &'static Field<R>> {
        let fields: &'static [Field<R>] = self.schema.fields;
        fields.iter().zip(&self.selected).filter(|(_, selected)| **selected).map(|(field, _)| field)
    }

    /// Whether `path`, or a field inside it, is selected.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let selected = self.selected.get(self.schema.range_of(path)).unwrap_or_default();
        selected.contains(&true)
    }

    /// Whether a field is selected that a reply contains only on request.
    pub(crate) fn has_expensive(&self) -> bool {
        self.fields().any(|field| field.presence == FieldPresence::Expensive)
    }

    /// Selects the field at `path` or the fields inside it. Does nothing if the schema has none.
    pub fn add(&mut self, path: &str) {
        self.set(path, true);
        self.plan = OnceLock::new();
    }

    /// Appends one record as a JSON object with its `_links`. Unset fields and empty objects are left
    /// out.
    pub fn write(&self, record: &R, out: &mut Vec<u8>) {
        let plan = self.plan.get_or_init(|| Plan::new(self.schema, self.fields()));
        plan.write(record, out);
    }
}

/// The handling of fields that ONTAP does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    Refused,
    Ignored,
}

/// The items of `fields`, with braces expanded.
struct FieldList<R: 'static> {
    schema: &'static Schema<R>,
    unknown: UnknownFields,
    included: Vec<Item>,
    excluded: Vec<String>,
}

enum Item {
    UpTo(FieldPresence),
    /// A field or an object that ONTAP documents. If the schema lacks it, nothing is written.
    Path(String),
}

impl<R> FieldList<R> {
    fn read(&mut self, text: &str) -> Result<(), ApiError> {
        // The prefix of each open brace.
        let mut open: Vec<Prefix> = vec![Prefix::top()];
        let mut item = String::new();
        // After a closing brace only a comma or another closing brace may follow.
        let mut closed = false;
        for character in text.chars() {
            let Some(prefix) = open.last() else { return Err(unbalanced()) };
            match character {
                ',' => {
                    self.take(prefix, &item)?;
                    item.clear();
                    closed = false;
                }
                '{' => {
                    if closed || open.len() > MAX_DEPTH {
                        return Err(unbalanced());
                    }
                    let inner = self.prefix(prefix, &item)?;
                    open.push(inner);
                    item.clear();
                }
                '}' => {
                    self.take(prefix, &item)?;
                    item.clear();
                    open.pop();
                    if open.is_empty() {
                        return Err(unbalanced());
                    }
                    closed = true;
                }
                _ if character.is_whitespace() => {}
                _ if closed => return Err(unbalanced()),
                _ => item.push(character),
            }
        }
        match open.as_slice() {
            [top] => self.take(top, &item),
            _ => Err(unbalanced()),
        }
    }

    /// The prefix of the items in a brace after `item`.
    fn prefix(&self, outer: &Prefix, item: &str) -> Result<Prefix, ApiError> {
        let (excluded, name) = outer.join(item);
        // `{a,b}` without a prefix means `a,b`.
        if name.is_empty() {
            return Ok(Prefix { excluded, ..outer.clone() });
        }
        let Some(object) = name.strip_suffix('.') else { return Err(unbalanced()) };
        // Only documented objects are accepted, so nested braces cannot build very long paths.
        if outer.ignored || !self.schema.is_object_or_documented(object) {
            if self.unknown == UnknownFields::Refused {
                return Err(unknown_field(object));
            }
            return Ok(Prefix { path: String::new(), excluded, ignored: true });
        }
        Ok(Prefix { path: name, excluded, ignored: false })
    }

    fn take(&mut self, prefix: &Prefix, item: &str) -> Result<(), ApiError> {
        if item.is_empty() || prefix.ignored {
            return Ok(());
        }
        let (excluded, path) = prefix.join(item);
        let whole = match path.as_str() {
            "*" | "**" if excluded => return Err(unknown_field(item)),
            "*" | "**" => {
                let whole = path == "**";
                let presence =
                    if whole { FieldPresence::Expensive } else { FieldPresence::Default };
                self.included.push(Item::UpTo(presence));
                return Ok(());
            }
            path => path.strip_suffix(".**").or_else(|| path.strip_suffix(".*")),
        };
        let known = match whole {
            Some(object) => self.schema.is_object_or_documented(object),
            None => self.schema.has(&path),
        };
        let path = whole.map(str::to_owned).unwrap_or(path);
        match (known, excluded) {
            (true, true) => self.excluded.push(path),
            (true, false) => self.included.push(Item::Path(path)),
            // Links are always in the reply with their object.
            (false, false) if self.is_link(&path) => {}
            (false, _) if self.unknown == UnknownFields::Refused => {
                return Err(unknown_field(&path));
            }
            (false, _) => {}
        }
        Ok(())
    }

    fn is_link(&self, path: &str) -> bool {
        let owner = ["_links", "_links.self", "_links.self.href"]
            .iter()
            .find_map(|link| path.strip_suffix(link));
        owner.is_some_and(|owner| match owner.strip_suffix('.') {
            None => owner.is_empty(),
            Some(owner) => self.schema.references.iter().any(|other| other.path == owner),
        })
    }
}

#[derive(Clone)]
struct Prefix {
    /// Empty, or an object's path followed by a dot.
    path: String,
    excluded: bool,
    /// Whether it names an unknown object that the request wants ignored.
    ignored: bool,
}

impl Prefix {
    const fn top() -> Self {
        Self { path: String::new(), excluded: false, ignored: false }
    }

    /// Whether `item` after this prefix is excluded, and its full path.
    fn join(&self, item: &str) -> (bool, String) {
        let name = item.strip_prefix('!');
        (self.excluded || name.is_some(), format!("{}{}", self.path, name.unwrap_or(item)))
    }
}

fn unknown_field(path: &str) -> ApiError {
    // ONTAP's own text, which clients parse.
    let message = format!(
        "The value {} is invalid for field {} (<field,...>)",
        Quoted(path),
        Quoted("fields")
    );
    ApiError::of_field(262_197, "fields", message)
}

fn unbalanced() -> ApiError {
    let message = format!("The braces of {} do not match.", Quoted("fields"));
    ApiError::of_field(262_286, "fields", message)
}
