//! Columns have the values of the records, in every part of a table.

use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch, RecordBatchReader, StringArray};
use nessie_backend_core::{
    CloneBackend, SnapshotBackend, SnapshotRule, Timestamp, Volume, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::MemBackend;
use nessie_backend_mem::columns::{
    BATCH_ROWS, RowKind, SnapshotSelection, Table, VolumeSelection, Volumes,
};
use proptest::prelude::*;

/// A volume as text, field by field; absent ones as nothing.
type Fields = Vec<Option<String>>;

fn fields(volume: &Volume) -> Fields {
    let origin = volume.origin.as_ref();
    vec![
        Some(volume.uuid.to_string()),
        Some(volume.name.clone()),
        volume.size_bytes.map(|size| size.to_string()),
        Some(volume.state.to_string()),
        Some(volume.style.to_string()),
        Some(volume.vol_type.to_string()),
        volume.create_time.map(|time| time.unix_micros().to_string()),
        volume.used_bytes.map(|bytes| bytes.to_string()),
        volume.junction_path.clone(),
        volume.export_policy.clone(),
        volume.snapshot_policy.clone(),
        origin.map(|origin| origin.parent_volume.clone()),
        origin.map(|origin| origin.parent_snapshot.clone()),
        origin.map(|origin| origin.parent_volume_uuid.to_string()),
        origin.map(|origin| origin.parent_snapshot_uuid.to_string()),
    ]
}

/// A value of a batch as text; `None` for null.
fn value(batch: &RecordBatch, column: usize, row: usize) -> Option<String> {
    let array = batch.column(column);
    if array.is_null(row) {
        return None;
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        Some(texts.value(row).to_owned())
    } else if let Some(words) = array.as_dictionary_opt::<Int8Type>() {
        let words = words.downcast_dict::<StringArray>().unwrap();
        Some(words.into_iter().nth(row).unwrap().unwrap().to_owned())
    } else if let Some(numbers) = array.as_primitive_opt::<UInt64Type>() {
        Some(numbers.value(row).to_string())
    } else {
        Some(array.as_primitive::<TimestampMicrosecondType>().value(row).to_string())
    }
}

fn rows<K: RowKind>(table: &Table<K>) -> Vec<Fields> {
    let mut rows = Vec::new();
    for batch in table.batches() {
        let batch = batch.unwrap();
        assert!((1..=BATCH_ROWS).contains(&batch.num_rows()));
        assert_eq!(batch.schema(), table.schema());
        rows.extend((0..batch.num_rows()).map(|row| {
            (0..batch.num_columns()).map(|column| value(&batch, column, row)).collect::<Fields>()
        }));
    }
    assert_eq!(rows.len(), table.len());
    rows
}

fn all(backend: &MemBackend) -> Table<Volumes> {
    backend.view().volume_table(&VolumeSelection::new()).unwrap()
}

/// A backend with volumes of every kind, from a list of random numbers.
fn backend(throws: &[(u8, u8)]) -> MemBackend {
    let backend = MemBackend::builder().seed(1).build().unwrap();
    for policy in ["nightly", "other"] {
        let rule = SnapshotRule::new("0 0 * * *".parse().unwrap(), "n", 2);
        backend.create_snapshot_policy(policy, [rule]).unwrap();
    }
    let mut volumes: Vec<VolumeId> = Vec::new();
    for (number, &(what, which)) in throws.iter().enumerate() {
        let some = volumes.get(usize::from(which) % volumes.len().max(1)).copied();
        let name = format!("{}-{number}", ["a", "build", "x.y:z"][usize::from(which) % 3]);
        match (what % 11, some) {
            (0..=2, _) | (_, None) => {
                let mut spec = VolumeSpec::named(name);
                spec.size_bytes = (what % 11 != 0).then_some(u64::MAX - u64::from(which));
                volumes.push(backend.create_volume(spec).unwrap().uuid);
            }
            (3, Some(volume)) => {
                let Ok(snapshot) = backend.create_snapshot(volume, &name) else { continue };
                let clone = backend.create_clone(volume, snapshot.uuid, &format!("{name}.c"));
                volumes.push(clone.unwrap().uuid);
            }
            (4, Some(volume)) => {
                let patch = VolumePatch::new()
                    .junction_path(format!("/é/{number}"))
                    .export_policy("ö".repeat(99));
                backend.patch_volume(volume, patch).unwrap();
            }
            (5, Some(volume)) => {
                let states = VolumeState::ALL;
                let state = states[usize::from(which) % states.len()];
                backend.patch_volume(volume, VolumePatch::new().state(state)).unwrap();
            }
            (6, Some(volume)) => {
                if backend.delete_volume(volume).is_ok() {
                    volumes.retain(|other| *other != volume);
                }
            }
            (7, Some(volume)) => {
                let _ = backend.write(volume, u64::from(which) % 40);
            }
            (8, Some(volume)) => {
                let policy = ["", "nightly", "other"][usize::from(which) % 3];
                let patch = VolumePatch::new().snapshot_policy(policy);
                backend.patch_volume(volume, patch).unwrap();
            }
            (9, Some(volume)) => {
                let end = backend.now().checked_add(Duration::from_secs(1 + u64::from(which)));
                let _ = backend.create_snapshot_until(volume, &name, end);
            }
            _ => {
                backend.advance(Duration::from_micros(u64::from(which))).unwrap();
            }
        }
    }
    backend
}

fn throws() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec(any::<(u8, u8)>(), 0..80)
}

proptest! {
    #[test]
    fn columns_equal_the_records(throws in throws()) {
        let backend = backend(&throws);
        let expected: Vec<Fields> =
            backend.list_volumes().unwrap().iter().map(fields).collect();
        let table = all(&backend);
        prop_assert_eq!(&rows(&table), &expected);
        let (start, end) = (expected.len() / 3, expected.len() / 2);
        prop_assert_eq!(rows(&table.slice(start..end)), &expected[start..end]);
        let backwards: Vec<Fields> = expected.iter().rev().cloned().collect();
        prop_assert_eq!(rows(&table.pick((0..expected.len()).rev())), backwards);
    }

    #[test]
    fn snapshot_columns_equal_the_records(throws in throws()) {
        let backend = backend(&throws);
        let volumes = backend.list_volumes().unwrap();
        let of = |volume: &Volume| -> Vec<Fields> {
            let snapshots = backend.list_snapshots(volume.uuid).unwrap();
            snapshots
                .into_iter()
                .map(|snapshot| vec![
                    Some(volume.uuid.to_string()),
                    Some(volume.name.clone()),
                    Some(snapshot.uuid.to_string()),
                    Some(snapshot.name),
                    snapshot.create_time.map(|time| time.unix_micros().to_string()),
                    Some(snapshot.size_consumed.to_string()),
                    snapshot.expires_at.map(|time| time.unix_micros().to_string()),
                ])
                .collect()
        };
        let expected: Vec<Fields> = volumes.iter().flat_map(of).collect();
        let table = backend.view().snapshot_table(&SnapshotSelection::new()).unwrap();
        prop_assert_eq!(rows(&table), expected);
        let some: Vec<Volume> = volumes.into_iter().rev().step_by(2).collect();
        let ids: Vec<VolumeId> = some.iter().map(|volume| volume.uuid).collect();
        let expected: Vec<Fields> = some.iter().flat_map(of).collect();
        let selection = SnapshotSelection::new().volumes(ids);
        prop_assert_eq!(rows(&backend.view().snapshot_table(&selection).unwrap()), expected);
    }

    #[test]
    fn a_selection_of_snapshots_equals_filtering_the_records(
        throws in throws(),
        is_pinned in any::<Option<bool>>(),
        pattern in prop::option::of(prop::sample::select(vec!["*", "build-*", "*1", "?-*"])),
        (before, after) in any::<(Option<u8>, Option<u8>)>(),
    ) {
        let backend = backend(&throws);
        // Snapshots without clones too.
        for volume in backend.list_volumes().unwrap() {
            let _ = backend.create_snapshot(volume.uuid, "build-free");
        }
        let start: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
        let time = |micros: u8| start.checked_add(Duration::from_micros(micros.into())).unwrap();
        let mut selection = SnapshotSelection::new();
        selection.is_pinned = is_pinned;
        selection.name = pattern.map(str::to_owned);
        selection.created_before = before.map(time);
        selection.created_after = after.map(time);
        let volumes = backend.list_volumes().unwrap();
        let pinned: Vec<_> = volumes
            .iter()
            .filter_map(|volume| Some(volume.origin.as_ref()?.parent_snapshot_uuid))
            .collect();
        let matches = |name: &str| match pattern {
            Some("build-*") => name.starts_with("build-"),
            Some("*1") => name.ends_with('1'),
            Some("?-*") => name.get(1..2) == Some("-"),
            _ => true,
        };
        let expected: Vec<_> = volumes
            .iter()
            .flat_map(|volume| {
                let snapshots = backend.list_snapshots(volume.uuid).unwrap();
                snapshots.into_iter().map(|snapshot| (volume.uuid, snapshot))
            })
            .filter(|(_, snapshot)| is_pinned.is_none_or(|is| pinned.contains(&snapshot.uuid) == is))
            .filter(|(_, snapshot)| matches(&snapshot.name))
            .filter(|(_, one)| before.is_none_or(|before| one.create_time < Some(time(before))))
            .filter(|(_, one)| after.is_none_or(|after| one.create_time >= Some(time(after))))
            .map(|(volume, snapshot)| (volume, snapshot.uuid))
            .collect();
        let table = backend.view().snapshot_table(&selection).unwrap();
        prop_assert_eq!(&table.ids(), &expected);
        // The locks end before.
        backend.advance(Duration::from_secs(300)).unwrap();
        let left = backend.delete_snapshot_pairs_unless_busy(table.ids()).unwrap();
        let stays = |(_, snapshot): &(VolumeId, _)| pinned.contains(snapshot);
        let expected: Vec<_> = expected.into_iter().filter(stays).collect();
        prop_assert_eq!(left, expected);
    }

    #[test]
    fn a_saved_table_is_the_same_table(throws in throws()) {
        let backend = backend(&throws);
        let volumes = all(&backend);
        let snapshots = backend.view().snapshot_table(&SnapshotSelection::new()).unwrap();
        let saved = Table::<Volumes>::from_bytes(&volumes.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(&saved, &volumes);
        prop_assert_eq!(rows(&saved), rows(&volumes));
        prop_assert_eq!(saved.ids(), volumes.ids());
        let middle = volumes.len() / 2;
        prop_assert_eq!(saved.slice(1..middle), volumes.slice(1..middle));
        prop_assert_eq!(saved.pick([middle, 0]), volumes.pick([middle, 0]));
        let each = (0..=volumes.len()).map(|row| saved.row(row));
        prop_assert!(each.eq((0..=volumes.len()).map(|row| volumes.row(row))));
        let saved = Table::from_bytes(&snapshots.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(&saved, &snapshots);
        prop_assert_eq!(rows(&saved), rows(&snapshots));
        prop_assert_eq!(saved.ids(), snapshots.ids());
        if volumes.len() > 1 {
            prop_assert_ne!(volumes.slice(0..1), volumes.slice(1..2));
            prop_assert_ne!(volumes.slice(0..1), volumes);
        }
    }

    #[test]
    fn a_selection_equals_filtering_the_records(
        throws in throws(),
        state in prop::option::of(prop::sample::select(VolumeState::ALL)),
        is_clone in any::<Option<bool>>(),
        parent in prop::option::of(any::<prop::sample::Index>()),
        (before, after) in any::<(Option<u8>, Option<u8>)>(),
    ) {
        let backend = backend(&throws);
        let volumes = backend.list_volumes().unwrap();
        let start: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
        let time = |micros: u8| start.checked_add(Duration::from_micros(micros.into())).unwrap();
        let mut selection = VolumeSelection::new();
        selection.state = state;
        selection.is_clone = is_clone;
        selection.created_before = before.map(time);
        selection.created_after = after.map(time);
        selection.parent = parent
            .filter(|_| !volumes.is_empty())
            .map(|parent| volumes[parent.index(volumes.len())].uuid);
        let expected: Vec<Fields> = volumes
            .iter()
            .filter(|volume| state.is_none_or(|state| volume.state == state))
            .filter(|volume| is_clone.is_none_or(|is_clone| volume.origin.is_some() == is_clone))
            .filter(|volume| before.is_none_or(|before| volume.create_time < Some(time(before))))
            .filter(|volume| after.is_none_or(|after| volume.create_time >= Some(time(after))))
            .filter(|volume| selection.parent.is_none_or(|parent| {
                volume.origin.as_ref().is_some_and(|origin| origin.parent_volume_uuid == parent)
            }))
            .map(fields)
            .collect();
        prop_assert_eq!(rows(&backend.view().volume_table(&selection).unwrap()), expected);
    }
}

#[test]
fn names_are_selected_by_pattern_and_bad_ones_refused_after_a_missing_parent() {
    let backend = backend(&[(0, 0), (0, 1), (0, 2), (0, 1)]);
    let names = |pattern: &str| {
        let table = backend.view().volume_table(&VolumeSelection::new().name(pattern)).unwrap();
        (0..table.len()).map(|row| table.row(row).unwrap().name.into()).collect::<Vec<String>>()
    };
    assert_eq!(names("build-*"), ["build-1", "build-3"]);
    assert_eq!(names("?-0"), ["a-0"]);
    assert!(names("build").is_empty());
    let refused = |selection: VolumeSelection| backend.view().volume_table(&selection).unwrap_err();
    let bad = VolumeSelection::new().name("[a]");
    assert_eq!(refused(bad.clone()).code(), "invalid_argument");
    let missing = VolumeId::new(nessie_backend_core::Uuid::nil());
    assert_eq!(refused(bad.parent(missing)).code(), "volume_not_found");
}

#[test]
fn bytes_that_are_not_a_saved_table_of_that_kind_are_refused() {
    let backend = backend(&[(0, 0), (3, 1), (4, 1)]);
    let bytes = all(&backend).to_bytes().unwrap();
    let refused = |bytes: &[u8]| Table::<Volumes>::from_bytes(bytes).unwrap_err().to_string();
    for cut in 0..bytes.len() {
        assert!(refused(&bytes[..cut]).starts_with("bytes are not a table"), "{cut}");
    }
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 4;
        refused(&altered);
    }
    refused(&[&bytes[..], b"\0"].concat());
    let snapshots = backend.view().snapshot_table(&SnapshotSelection::new()).unwrap();
    assert!(refused(&snapshots.to_bytes().unwrap()).contains("another kind"));
    assert_eq!(Table::<Volumes>::default().to_bytes().map(|bytes| bytes.len()).unwrap(), 22);
}

#[test]
fn clones_are_selected_by_the_snapshot_they_were_made_from() {
    let backend = MemBackend::builder().seed(1).build().unwrap();
    let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
    let clones = ["s", "t"].map(|name| {
        let snapshot = backend.create_snapshot(volume, name).unwrap().uuid;
        (snapshot, backend.create_clone(volume, snapshot, &format!("of-{name}")).unwrap().uuid)
    });
    for (snapshot, clone) in clones {
        let selection = VolumeSelection::new().parent_snapshot(snapshot);
        assert_eq!(backend.view().volume_table(&selection).unwrap().ids(), [clone]);
    }
    let selection = VolumeSelection::new().parent_snapshot(volume.uuid().into());
    let refused = backend.view().volume_table(&selection).unwrap_err();
    assert_eq!(refused.code(), "volume_not_found");
}

#[test]
fn a_table_stays_as_it_was_and_can_be_read_twice() {
    let backend = backend(&[(1, 1), (1, 2), (1, 3)]);
    let table = all(&backend);
    let before = rows(&table);
    for volume in backend.list_volumes().unwrap() {
        backend.delete_volume(volume.uuid).unwrap();
    }
    assert_eq!(rows(&table), before);
    assert!(all(&backend).is_empty());
    assert_eq!(all(&backend).batches().count(), 0);
}

#[test]
fn many_rows_are_exported_in_bounded_batches() {
    let backend = MemBackend::builder().seed(1).build().unwrap();
    let count = 2 * BATCH_ROWS + 3;
    for number in 0..count {
        backend.create_volume(VolumeSpec::named(number.to_string())).unwrap();
    }
    let table = all(&backend);
    let batches = table.batches();
    assert_eq!((batches.len(), RecordBatchReader::schema(&batches)), (3, table.schema()));
    let sizes: Vec<usize> = batches.map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(sizes, [BATCH_ROWS, BATCH_ROWS, 3]);
    let rows = rows(&table);
    assert!((0..count).zip(&rows).all(|(number, row)| row[1] == Some(number.to_string())));
    assert!(table.slice(count..count + 1).is_empty());
    assert_eq!(table.slice(count - 1..usize::MAX).len(), 1);
}
