//! Dotted paths of fields, such as `space.snapshot.used`.

/// Whether `path` is inside the object at `object`.
pub(crate) fn is_inside(path: &str, object: &str) -> bool {
    path.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether `path` is `object` or inside it.
pub(crate) fn is_inside_or_same(path: &str, object: &str) -> bool {
    path == object || is_inside(path, object)
}
