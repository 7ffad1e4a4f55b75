//! Writes records as JSON text, without a tree of values in between.

use std::fmt;
use std::io::Write;

use nessie_backend_core::{Timestamp, Uuid};

use super::value::whole_seconds;
use super::{Field, FieldValue, ObjectReference, Schema};

type Get<R> = for<'r> fn(&'r R) -> FieldValue<'r>;

/// How to write a record: the selected fields as a tree, built once for all records of a reply.
pub(crate) struct Plan<R: 'static> {
    members: Vec<Member<R>>,
    href: fn(&R) -> String,
}

/// One member of an object.
struct Member<R: 'static> {
    key: &'static str,
    node: Node<R>,
}

enum Node<R: 'static> {
    Value(Get<R>),
    Object(Object<R>),
    /// An array of objects. Each value in it is a list with one entry for each element; in an array in
    /// an array, with one such list for each element of the outer one.
    Array {
        element: Object<R>,
        shown_empty: bool,
    },
}

struct Object<R: 'static> {
    members: Vec<Member<R>>,
    href: Option<fn(&R, usize) -> Option<String>>,
}

impl<R> Plan<R> {
    pub(crate) fn new(schema: &Schema<R>, fields: impl Iterator<Item = &'static Field<R>>) -> Self {
        let mut members = Vec::new();
        for field in fields {
            insert(schema, &mut members, field, 0);
        }
        Self { members, href: schema.href }
    }

    /// Appends one record.
    pub(crate) fn write(&self, record: &R, out: &mut Vec<u8>) {
        out.push(b'{');
        for member in &self.members {
            member.write(record, out);
        }
        match (self.href)(record) {
            href if !href.is_empty() => write_links(&href, out),
            _ if out.last() == Some(&b',') => _ = out.pop(),
            _ => {}
        }
        out.push(b'}');
    }
}

/// Inserts a field into the tree. The fields are sorted, so those of one object follow each other.
fn insert<R>(
    schema: &Schema<R>,
    members: &mut Vec<Member<R>>,
    field: &'static Field<R>,
    from: usize,
) {
    let rest = field.path.get(from..).unwrap_or_default();
    let Some((key, _)) = rest.split_once('.') else {
        members.push(Member { key: rest, node: Node::Value(field.get) });
        return;
    };
    if members.last().is_none_or(|member| member.key != key) {
        members.push(Member { key, node: new_object(schema, field.path, from + key.len()) });
    }
    if let Some(Member {
        node: Node::Object(object) | Node::Array { element: object, .. }, ..
    }) = members.last_mut()
    {
        insert(schema, &mut object.members, field, from + key.len() + 1);
    }
}

/// The object at the first `end` bytes of `path`, without members.
fn new_object<R>(schema: &Schema<R>, path: &str, end: usize) -> Node<R> {
    let path = path.get(..end).unwrap_or_default();
    let reference: Option<&ObjectReference<R>> =
        schema.references.iter().find(|reference| reference.path == path);
    let object = Object { members: Vec::new(), href: reference.map(|reference| reference.href) };
    match schema.arrays.iter().find(|array| array.path == path) {
        Some(array) => Node::Array { element: object, shown_empty: array.shown_empty },
        None => Node::Object(object),
    }
}

// Every member ends with a comma. The end of the object removes the last comma. An object without a
// comma is empty.

impl<R> Member<R> {
    fn write(&self, record: &R, out: &mut Vec<u8>) {
        let before = out.len();
        let written = match &self.node {
            // Most values are unset: do not write their keys.
            Node::Value(get) => match get(record) {
                FieldValue::Unset => return,
                value => {
                    write_key(self.key, out);
                    write_value(&value, out)
                }
            },
            Node::Object(object) => {
                write_key(self.key, out);
                object.write(record, 0, out, &mut |member, out| member.write(record, out))
            }
            Node::Array { element, shown_empty } => {
                write_key(self.key, out);
                let mut columns = Vec::new();
                element.collect(record, &mut columns);
                let width = columns.len();
                element.write_elements(record, width, &|at| columns.get(at), out) || *shown_empty
            }
        };
        if written {
            out.push(b',');
        } else {
            out.truncate(before);
        }
    }

    /// Writes the member in one element of an array. `values` are those of the element, in the order
    /// in which they are written.
    fn write_element(
        &self,
        record: &R,
        index: usize,
        values: &mut Values<'_, '_>,
        out: &mut Vec<u8>,
    ) {
        let before = out.len();
        write_key(self.key, out);
        let written = match &self.node {
            Node::Value(_) => values.next().flatten().is_some_and(|value| write_value(value, out)),
            Node::Object(object) => object.write(record, index, out, &mut |member, out| {
                member.write_element(record, index, values, out);
            }),
            Node::Array { element, shown_empty } => {
                let columns: Vec<_> =
                    (0..element.width()).map(|_| values.next().flatten()).collect();
                let column = |at: usize| columns.get(at).copied().flatten();
                element.write_elements(record, columns.len(), &column, out) || *shown_empty
            }
        };
        if written {
            out.push(b',');
        } else {
            out.truncate(before);
        }
    }
}

/// The values of an element; `None` for an element that lacks one.
type Values<'i, 'v> = dyn Iterator<Item = Option<&'v FieldValue<'v>>> + 'i;

impl<R> Object<R> {
    /// Writes the object, and returns whether it has members. If not, the caller removes what was
    /// written.
    fn write(
        &self,
        record: &R,
        index: usize,
        out: &mut Vec<u8>,
        write_member: &mut dyn FnMut(&Member<R>, &mut Vec<u8>),
    ) -> bool {
        out.push(b'{');
        for member in &self.members {
            write_member(member, out);
        }
        if out.last() != Some(&b',') {
            return false;
        }
        match self.href.and_then(|href| href(record, index)) {
            Some(href) => write_links(&href, out),
            None => _ = out.pop(),
        }
        out.push(b'}');
        true
    }

    /// Writes an array of such objects, and returns whether it has elements. Each of the `width` columns
    /// is the list of the values that one field has in the elements.
    fn write_elements<'v>(
        &self,
        record: &R,
        width: usize,
        column: &dyn Fn(usize) -> Option<&'v FieldValue<'v>>,
        out: &mut Vec<u8>,
    ) -> bool {
        let length = |column: Option<&FieldValue<'_>>| match column {
            Some(FieldValue::List(values)) => values.len(),
            Some(value) => usize::from(!value.is_unset()),
            None => 0,
        };
        let elements = (0..width).map(|at| length(column(at))).max().unwrap_or_default();
        out.push(b'[');
        for index in 0..elements {
            let mut values = (0..width).map(|at| match column(at) {
                Some(FieldValue::List(values)) => values.get(index),
                value => value.filter(|_| index == 0),
            });
            let written = self.write(record, index, out, &mut |member, out| {
                member.write_element(record, index, &mut values, out);
            });
            if !written {
                // Clients identify an element by its index, so an empty element is written too.
                out.push(b'}');
            }
            out.push(b',');
        }
        end_array(elements > 0, out)
    }

    /// The number of values in the object.
    fn width(&self) -> usize {
        let width = |member: &Member<R>| match &member.node {
            Node::Value(_) => 1,
            Node::Object(object) | Node::Array { element: object, .. } => object.width(),
        };
        self.members.iter().map(width).sum()
    }

    /// Collects the lists of all values in the object, in the order in which they are written.
    fn collect<'r>(&self, record: &'r R, columns: &mut Vec<FieldValue<'r>>) {
        for member in &self.members {
            match &member.node {
                Node::Value(get) => columns.push(get(record)),
                Node::Object(object) | Node::Array { element: object, .. } => {
                    object.collect(record, columns);
                }
            }
        }
    }
}

fn write_key(key: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn end_array(any: bool, out: &mut Vec<u8>) -> bool {
    if any {
        out.pop();
    }
    out.push(b']');
    any
}

/// Writes a value, and returns whether it is set. If not, the caller removes what was written.
fn write_value(value: &FieldValue<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        FieldValue::Unset => return false,
        FieldValue::Boolean(true) => out.extend_from_slice(b"true"),
        FieldValue::Boolean(false) => out.extend_from_slice(b"false"),
        FieldValue::Integer(number) => write_integer(*number, out),
        FieldValue::Text(text) => write_text(text, out),
        FieldValue::Uuid(uuid) => write_uuid(*uuid, out),
        FieldValue::Time(time) => write_time(*time, out),
        FieldValue::List(values) => {
            out.push(b'[');
            let mut any = false;
            for value in values {
                if write_value(value, out) {
                    out.push(b',');
                    any = true;
                }
            }
            return end_array(any, out);
        }
    }
    true
}

// Writing to a `Vec` never fails.

fn write_integer(number: u64, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, &number);
}

pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    let is_escaped = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\');
    // A fold without an early return compares many bytes at once.
    if text.bytes().fold(false, |any, byte| any | is_escaped(byte)) {
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

pub(crate) fn write_uuid(uuid: Uuid, out: &mut Vec<u8>) {
    let mut buffer = Uuid::encode_buffer();
    out.push(b'"');
    out.extend_from_slice(uuid.as_hyphenated().encode_lower(&mut buffer).as_bytes());
    out.push(b'"');
}

/// Whole seconds and a numeric offset, as ONTAP writes them.
fn write_time(time: Timestamp, out: &mut Vec<u8>) {
    let _ = write!(out, "\"{}", whole_seconds(time));
    // Remove the `Z`.
    out.pop();
    out.extend_from_slice(b"+00:00\"");
}

/// Appends `"_links":{"self":{"href":"…"}}`.
pub(crate) fn write_links(href: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"_links\":{\"self\":{\"href\":");
    write_text(href, out);
    out.extend_from_slice(b"}}");
}

impl<R> fmt::Debug for Plan<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("members", &self.members.len()).finish_non_exhaustive()
    }
}
