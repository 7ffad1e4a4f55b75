//! Which fields come back: `fields=name,space.{size,used},!svm`.

use std::sync::OnceLock;

use super::spelling;
use crate::error::Quoted;
use crate::schema::write::Plan;
use crate::{ApiError, Field, Presence, Schema};

/// How deep braces may be nested.
const MAX_DEPTH: usize = 16;

/// The fields of a reply, and how a record is written with them.
#[derive(Debug)]
pub struct Selection<R: 'static> {
    schema: &'static Schema<R>,
    /// Which of the schema's fields, by their places in it.
    selected: Vec<bool>,
    /// How to write them; made when the first record is written.
    plan: OnceLock<Plan<R>>,
}

impl<R> Selection<R> {
    /// The fields that come back when none are named.
    #[must_use]
    pub fn default_of(schema: &'static Schema<R>, collection: bool) -> Self {
        let mut selection = Self::keys_of(schema);
        if !collection {
            selection.select_up_to(Presence::Default);
        }
        selection
    }

    /// Reads the value of `fields`.
    ///
    /// # Errors
    /// 262197 for a field that ONTAP lacks, 262286 for braces that do not match.
    pub fn parse(
        schema: &'static Schema<R>,
        collection: bool,
        text: &str,
    ) -> Result<Self, ApiError> {
        Self::parse_with(schema, collection, text, UnknownFields::Refused)
    }

    /// Reads the value of `fields`, as [`parse`](Self::parse) does, with what to do about fields
    /// that ONTAP lacks.
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
        selection.select_up_to(Presence::Key);
        Ok(selection)
    }

    fn keys_of(schema: &'static Schema<R>) -> Self {
        let selected = vec![false; schema.fields.len()];
        let mut selection = Self { schema, selected, plan: OnceLock::new() };
        selection.select_up_to(Presence::Key);
        selection
    }

    fn select_up_to(&mut self, presence: Presence) {
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

    /// Whether `path`, or a field inside it, is among them.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let selected = self.selected.get(self.schema.range_of(path)).unwrap_or_default();
        selected.contains(&true)
    }

    /// Adds the field at `path`, or those inside it, if the schema has any.
    pub fn add(&mut self, path: &str) {
        self.set(path, true);
        self.plan = OnceLock::new();
    }

    /// Appends one record as a JSON object with its `_links`. Unset fields are left out, and so
    /// are objects with nothing in them.
    pub fn write(&self, record: &R, out: &mut Vec<u8>) {
        let plan = self.plan.get_or_init(|| Plan::new(self.schema, self.fields()));
        plan.write(record, out);
    }
}

/// What becomes of fields that ONTAP lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    Refused,
    Ignored,
}

/// What `fields` names, without braces.
struct FieldList<R: 'static> {
    schema: &'static Schema<R>,
    unknown: UnknownFields,
    included: Vec<Item>,
    excluded: Vec<String>,
}

enum Item {
    UpTo(Presence),
    /// A field or an object that ONTAP has. Where the schema lacks it, nothing is written.
    Path(String),
}

impl<R> FieldList<R> {
    fn read(&mut self, text: &str) -> Result<(), ApiError> {
        // Of each open brace: what stands before it.
        let mut open: Vec<Prefix> = vec![Prefix::top()];
        let mut item = String::new();
        // After a closing brace only a comma or another closing brace makes sense.
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

    /// What the items in a brace after `item` begin with.
    fn prefix(&self, outer: &Prefix, item: &str) -> Result<Prefix, ApiError> {
        let (excluded, name) = outer.join(item);
        // `{a,b}` by itself is `a,b`.
        if name.is_empty() {
            return Ok(Prefix { excluded, ..outer.clone() });
        }
        let Some(object) = name.strip_suffix('.') else { return Err(unbalanced()) };
        // Documented objects only: what is in the braces never makes long paths out of short ones.
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
                let presence = if whole { Presence::Expensive } else { Presence::Default };
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
            // Links come with whatever they belong to.
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
    /// Empty, or an object's path with a dot behind it.
    path: String,
    excluded: bool,
    /// It is of an unknown object that the request wants ignored.
    ignored: bool,
}

impl Prefix {
    const fn top() -> Self {
        Self { path: String::new(), excluded: false, ignored: false }
    }

    /// Whether `item` behind this prefix is excluded, and its whole path.
    fn join(&self, item: &str) -> (bool, String) {
        let name = item.strip_prefix('!');
        (self.excluded || name.is_some(), format!("{}{}", self.path, name.unwrap_or(item)))
    }
}

fn unknown_field(path: &str) -> ApiError {
    // The text of arrays, as clients read it.
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
