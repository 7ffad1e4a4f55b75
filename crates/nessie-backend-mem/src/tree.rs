//! The ancestry of a backend's volumes as indented text.

use std::fmt::Write;

use nessie_backend_core::VolumeState;

use crate::state::{OfParentSnapshot, State, time};
use crate::storage::slab::{NONE, Slot};

/// Maximum number of indented levels. Deeper lines have the number of their level instead, so that
/// the text of a long chain of clones has a size in proportion to the chain.
const MAX_INDENT: usize = 32;

/// A line to be written.
struct Item {
    what: What,
    level: usize,
    is_last: bool,
}

#[derive(Clone, Copy)]
enum What {
    Volume(Slot),
    Snapshot(Slot),
}

/// The first `lines` lines of the tree: volumes that are not clones at the margin, below each its
/// snapshots, below each its clones.
pub(crate) fn render(state: &State, lines: usize) -> String {
    let mut text = String::new();
    let mut left = lines;
    // For each level above the current line: whether it continues below the line.
    let mut open: Vec<bool> = Vec::new();
    for root in state.volume_slots().filter(|slot| !state.volumes.get(*slot).is_clone()) {
        let mut todo = vec![Item { what: What::Volume(root), level: 0, is_last: true }];
        while let Some(Item { what, level, is_last }) = todo.pop() {
            if left == 0 {
                return text;
            }
            left -= 1;
            open.truncate(level.saturating_sub(1));
            write_margin(&mut text, &open, level, is_last);
            write_line(&mut text, state, what);
            if level > 0 {
                open.push(!is_last);
            }
            let below = todo.len();
            push_children(&mut todo, state, what, level + 1, left.saturating_add(1));
            if let Some(children) = todo.get_mut(below..) {
                children.reverse();
            }
        }
    }
    text
}

/// Adds the first `most` children of a line. If that is not all of them, the wrong one is marked as
/// the last, but no line is left to write it.
fn push_children(todo: &mut Vec<Item>, state: &State, parent: What, level: usize, most: usize) {
    let before = todo.len();
    let item = |what| Item { what, level, is_last: false };
    match parent {
        What::Volume(slot) => {
            let snapshots = state.snapshot_slots(slot).take(most);
            todo.extend(snapshots.map(|slot| item(What::Snapshot(slot))));
        }
        What::Snapshot(slot) => {
            let list = state.snapshots.get(slot).clone_list;
            if list != NONE {
                let clones = state.clone_lists.get(list).clones;
                let clones = clones.iter::<OfParentSnapshot, _>(&state.volumes).take(most);
                todo.extend(clones.map(|slot| item(What::Volume(slot))));
            }
        }
    }
    if todo.len() > before
        && let Some(last) = todo.last_mut()
    {
        last.is_last = true;
    }
}

fn write_margin(text: &mut String, open: &[bool], level: usize, is_last: bool) {
    if level == 0 {
        return;
    }
    for continues in open.iter().take(MAX_INDENT) {
        text.push_str(if *continues { "│   " } else { "    " });
    }
    text.push_str(if is_last { "└── " } else { "├── " });
    if level > MAX_INDENT {
        let _ = write!(text, "(level {level}) ");
    }
}

fn write_line(text: &mut String, state: &State, what: What) {
    let _ = match what {
        What::Snapshot(slot) => {
            let record = state.snapshots.get(slot);
            let _ = write!(text, "@{}  {}", state.snapshot_name(slot), time(record.create_time));
            if !state.snapshot_data(slot).is_empty() {
                text.push_str("  ");
                write_bytes(text, state.size_consumed(slot));
            }
            match state.locks.get(slot) {
                Some(end) if end.is_never() => text.push_str("  never expires"),
                Some(end) => drop(write!(text, "  expires {end}")),
                None => {}
            }
            writeln!(text)
        }
        What::Volume(slot) => {
            let record = state.volumes.get(slot);
            text.push_str(state.volume_name(slot));
            text.push_str("  ");
            if let Some(used) = state.used_bytes(slot) {
                write_bytes(text, used);
                text.push_str(" of ");
            }
            write_quota(text, record.size);
            if record.state != VolumeState::Online {
                let _ = write!(text, "  {}", record.state);
            }
            if let Some(path) = &record.junction {
                let _ = write!(text, "  on {path}");
            }
            if let Some(policy) = state.policies.of(slot) {
                let _ = write!(text, "  policy {}", policy.name);
            }
            writeln!(text)
        }
    };
}

fn write_quota(text: &mut String, size: u64) {
    match size {
        0 => text.push_str("no quota"),
        _ => write_bytes(text, size),
    }
}

/// A number of bytes in the largest unit that expresses it exactly.
fn write_bytes(text: &mut String, bytes: u64) {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = if bytes == 0 { 0 } else { (bytes.trailing_zeros() / 10) as usize };
    if let Some(unit) = UNITS.get(power) {
        let _ = write!(text, "{} {unit}", bytes >> (10 * power));
    }
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::{CloneBackend, SnapshotBackend, VolumeBackend, VolumeSpec};

    use crate::MemBackend;

    #[test]
    fn the_first_lines_are_those_of_the_whole_tree() {
        let backend = MemBackend::new();
        for name in ["a", "b"] {
            let volume = backend.create_volume(VolumeSpec::named(name)).unwrap().uuid;
            for snapshot in ["s", "t", "u"] {
                let snapshot = backend.create_snapshot(volume, snapshot).unwrap();
                for number in 0..3 {
                    let clone = format!("{name}-{}-{number}", snapshot.name);
                    let clone = backend.create_clone(volume, snapshot.uuid, &clone).unwrap();
                    backend.create_snapshot(clone.uuid, "of-clone").unwrap();
                }
            }
        }
        let view = backend.view();
        let tree = view.tree();
        let lines: Vec<&str> = tree.lines().collect();
        assert_eq!(lines.len(), 2 * (1 + 3 + 9 + 9));
        for count in 0..=lines.len() + 1 {
            let first = view.first_tree_lines(count);
            assert_eq!(first.lines().collect::<Vec<_>>(), lines[..count.min(lines.len())]);
        }
    }
}
