//! An operation of a backend as a value.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::value::Value;

/// What an argument is, so that a pattern of names finds the objects of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The identifiers of one or more volumes.
    Volume,
    /// The identifier of a snapshot of the volume that is the argument before it.
    Snapshot,
    /// One or more names of volumes or snapshots.
    Name,
    /// Any other value.
    Other,
}

/// Declares the kinds of operations: the name of the method, and its arguments with their roles.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal ($($argument:literal $role:ident),*)),+ $(,)?) => {
        /// The kind of an operation. Its name is that of the method.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum OperationKind {
            $($(#[$doc])* $kind),+
        }

        impl OperationKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The name of the method.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name),+
                }
            }

            /// The names of the arguments, in their order.
            #[must_use]
            pub const fn parameters(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &[$($argument),*]),+
                }
            }

            /// What the arguments are, in their order.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$kind => &[$(Role::$role),*]),+
                }
            }
        }
    };
}

kinds! {
    /// Creates a volume.
    CreateVolume "create_volume" ("name" Name, "size_bytes" Other, "snapshot_policy" Other),
    /// Lists all volumes.
    ListVolumes "list_volumes" (),
    /// Reads a volume.
    GetVolume "get_volume" ("uuid" Volume),
    /// Finds a volume by its name.
    FindVolume "find_volume" ("name" Name),
    /// Changes fields of a volume.
    PatchVolume "patch_volume" (
        "uuid" Volume, "size_bytes" Other, "junction_path" Other, "export_policy" Other,
        "name" Name, "state" Other, "snapshot_policy" Other
    ),
    /// Deletes a volume.
    DeleteVolume "delete_volume" ("uuid" Volume),
    /// Reads how a client reaches the data of a volume.
    AccessHandle "access_handle" ("uuid" Volume),
    /// Takes a snapshot.
    CreateSnapshot "create_snapshot" ("vol_uuid" Volume, "name" Name, "expires_at" Other),
    /// Lists the snapshots of a volume.
    ListSnapshots "list_snapshots" ("vol_uuid" Volume),
    /// Reads a snapshot.
    GetSnapshot "get_snapshot" ("vol_uuid" Volume, "snap_uuid" Snapshot),
    /// Finds a snapshot by its name.
    FindSnapshot "find_snapshot" ("vol_uuid" Volume, "name" Name),
    /// Renames a snapshot.
    RenameSnapshot "rename_snapshot" ("vol_uuid" Volume, "snap_uuid" Snapshot, "name" Name),
    /// Deletes a snapshot.
    DeleteSnapshot "delete_snapshot" ("vol_uuid" Volume, "snap_uuid" Snapshot),
    /// Restores a volume to a snapshot.
    RestoreSnapshot "restore_snapshot" ("vol_uuid" Volume, "snap_uuid" Snapshot),
    /// Changes the end of a snapshot's lock.
    LockSnapshot "lock_snapshot" ("vol_uuid" Volume, "snap_uuid" Snapshot, "expires_at" Other),
    /// Creates a clone.
    CreateClone "create_clone" (
        "parent_vol_uuid" Volume, "parent_snap_uuid" Snapshot, "new_name" Name
    ),
    /// Converts a clone to a plain volume.
    SplitClone "split_clone" ("vol_uuid" Volume),
    /// Reads the account of the space of the whole backend.
    Space "space" (),
    /// Reads the account of the space of a volume.
    VolumeSpace "volume_space" ("uuid" Volume),
    /// Reads the account of the space of a volume's snapshots.
    SnapshotSpaces "snapshot_spaces" ("vol_uuid" Volume),
    /// Sets the size up to which a volume grows by itself.
    SetAutosize "set_autosize" ("uuid" Volume, "maximum_bytes" Other),
    /// Changes the size of the pool.
    SetCapacity "set_capacity" ("capacity_bytes" Other),
    /// A client writes data.
    Write "write" ("vol_uuid" Volume, "size_bytes" Other, "overwrite_bytes" Other),
    /// A client deletes data.
    Discard "discard" ("vol_uuid" Volume, "size_bytes" Other),
    /// Creates volumes.
    CreateVolumes "create_volumes" ("names" Name, "size_bytes" Other, "snapshot_policy" Other),
    /// Reads volumes.
    GetVolumes "get_volumes" ("vol_uuids" Volume),
    /// Changes fields of volumes.
    PatchVolumes "patch_volumes" (
        "vol_uuids" Volume, "size_bytes" Other, "junction_path" Other, "export_policy" Other,
        "name" Name, "state" Other, "snapshot_policy" Other
    ),
    /// Deletes volumes.
    DeleteVolumes "delete_volumes" ("vol_uuids" Volume, "skip_busy" Other),
    /// Takes a snapshot of each volume.
    CreateSnapshots "create_snapshots" ("vol_uuids" Volume, "name" Name, "expires_at" Other),
    /// Deletes snapshots.
    DeleteSnapshots "delete_snapshots" ("vol_uuids" Volume, "name" Name, "skip_busy" Other),
    /// Creates clones of one snapshot.
    CreateClones "create_clones" (
        "parent_vol_uuid" Volume, "parent_snap_uuid" Snapshot, "names" Name
    ),
    /// Writes to volumes.
    WriteVolumes "write_volumes" ("vol_uuids" Volume, "size_bytes" Other, "overwrite_bytes" Other),
    /// Deletes data of volumes.
    DiscardVolumes "discard_volumes" ("vol_uuids" Volume, "size_bytes" Other),
    /// Reads a table of volumes.
    Volumes "volumes" (
        "name" Other, "state" Other, "is_clone" Other, "parent" Other, "created_before" Other,
        "created_after" Other
    ),
    /// Reads a table of snapshots.
    Snapshots "snapshots" (
        "vol_uuids" Volume, "name" Other, "is_pinned" Other, "created_before" Other,
        "created_after" Other
    ),
    /// Creates a snapshot policy.
    CreateSnapshotPolicy "create_snapshot_policy" ("name" Other, "rules" Other),
    /// Reads a snapshot policy.
    GetSnapshotPolicy "get_snapshot_policy" ("name" Other),
    /// Gives a snapshot policy other rules.
    ReplaceSnapshotPolicy "replace_snapshot_policy" ("name" Other, "rules" Other),
    /// Deletes a snapshot policy.
    DeleteSnapshotPolicy "delete_snapshot_policy" ("name" Other),
    /// Advances the clock.
    Advance "advance" ("delta" Other),
    /// Runs the rules that became due.
    RunDue "run_due" (),
    /// Deletes everything.
    Reset "reset" (),
    /// Replaces everything by a dump with this digest.
    Load "load" ("digest" Other),
    /// A rule of a snapshot policy deletes and takes snapshots. No caller can call it.
    RunRule "run_rule" (
        "policy" Other, "prefix" Other, "due" Other, "name" Name, "passed_over" Other
    ),
}

impl OperationKind {
    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether a fault can hit it: whether it reads or changes volumes, snapshots or space, and a
    /// caller calls it.
    #[must_use]
    pub const fn takes_faults(self) -> bool {
        !matches!(
            self,
            Self::CreateSnapshotPolicy
                | Self::GetSnapshotPolicy
                | Self::ReplaceSnapshotPolicy
                | Self::DeleteSnapshotPolicy
                | Self::Advance
                | Self::RunDue
                | Self::Reset
                | Self::Load
                | Self::RunRule
        )
    }

    /// Whether it only reads. It is an event only if it is refused.
    #[must_use]
    pub const fn only_reads(self) -> bool {
        matches!(
            self,
            Self::ListVolumes
                | Self::GetVolume
                | Self::FindVolume
                | Self::AccessHandle
                | Self::ListSnapshots
                | Self::GetSnapshot
                | Self::FindSnapshot
                | Self::Space
                | Self::VolumeSpace
                | Self::SnapshotSpaces
                | Self::GetVolumes
                | Self::Volumes
                | Self::Snapshots
                | Self::GetSnapshotPolicy
        )
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An operation: its kind and its arguments.
///
/// ```
/// use nessie_backend_faults::{Operation, OperationKind};
///
/// let operation = Operation::new(OperationKind::CreateVolume, ["db".into()]);
/// assert_eq!(operation.kind.name(), "create_volume");
/// assert_eq!(operation.argument("name"), Some(&"db".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The kind.
    pub kind: OperationKind,
    /// Up to the last one that is given.
    values: Vec<Value>,
}

impl Operation {
    /// An operation with its arguments, in the order of
    /// [`parameters`](OperationKind::parameters). Those at the end may be left out.
    #[must_use]
    pub fn new(kind: OperationKind, arguments: impl IntoIterator<Item = Value>) -> Self {
        let count = kind.parameters().len();
        let mut values: Vec<Value> = arguments.into_iter().take(count).collect();
        let given = values.iter().rposition(|value| !value.is_null());
        values.truncate(given.map_or(0, |last| last + 1));
        Self { kind, values }
    }

    /// The arguments that are given, with their names.
    pub fn arguments(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let named = self.kind.parameters().iter().copied().zip(&self.values);
        named.filter(|(_, value)| !value.is_null())
    }

    /// An argument that is given.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&Value> {
        self.arguments().find(|(argument, _)| *argument == name).map(|(_, value)| value)
    }

    pub(crate) fn with_roles(&self) -> impl Iterator<Item = (Role, &Value)> {
        self.kind.roles().iter().copied().zip(&self.values)
    }
}

/// The arguments of an operation as a record.
pub(crate) struct Arguments<'a>(pub(crate) &'a Operation);

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.arguments() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_name_and_a_role_for_each_argument() {
        for kind in OperationKind::ALL {
            assert_eq!(OperationKind::named(kind.name()), Some(*kind));
            assert_eq!(kind.parameters().len(), kind.roles().len(), "{kind}");
        }
        assert_eq!(OperationKind::named("rename_volume"), None);
    }

    #[test]
    fn a_snapshot_follows_the_volume_that_it_belongs_to() {
        for kind in OperationKind::ALL {
            for pair in kind.roles().windows(2).filter(|pair| pair[1] == Role::Snapshot) {
                assert_eq!(pair[0], Role::Volume, "{kind}");
            }
        }
    }

    #[test]
    fn arguments_that_are_not_given_are_left_out() {
        let operation =
            Operation::new(OperationKind::CreateVolume, ["a".into(), Value::Null, "p".into()]);
        let names: Vec<_> = operation.arguments().map(|(name, _)| name).collect();
        assert_eq!(names, ["name", "snapshot_policy"]);
        assert_eq!(operation.argument("size_bytes"), None);
        let [short, long] = [vec!["a".into()], vec!["a".into(), Value::Null, Value::Null]];
        let of = |arguments| Operation::new(OperationKind::CreateVolume, arguments);
        assert_eq!(of(short), of(long));
    }
}
