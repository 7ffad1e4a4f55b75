//! Backends that pass each operation on to another backend.
//!
//! Pointers to backends are such backends, and so are wrappers in the other crates of the workspace.

use std::sync::Arc;

use crate::{Capabilities, CloneBackend, PolicyBackend, Result, SnapshotBackend, VolumeBackend};

/// A backend that passes each operation on to another. With the macros `forward_volumes`,
/// `forward_snapshots`, `forward_clones` and `forward_policies` it implements the traits.
pub trait Forward {
    /// The other backend.
    type Backend: ?Sized;

    /// Calls an operation of the other backend.
    fn forward<R>(&self, operation: impl FnOnce(&Self::Backend) -> R) -> R;
}

/// Methods of a trait that call the same methods of the other backend.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_methods {
    ($tier:ident: $(fn $method:ident(&self $(, $argument:ident: $type:ty)*) -> $result:ty;)+) => {$(
        fn $method(&self $(, $argument: $type)*) -> $result {
            let operation = |backend: &_| $crate::$tier::$method(backend $(, $argument)*);
            $crate::forward::Forward::forward(self, operation)
        }
    )+};
}

/// The methods of `VolumeBackend`, without `capabilities` and those that return another tier.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_volumes {
    () => {
        $crate::forward_methods! { VolumeBackend:
            fn epoch(&self) -> u64;
            fn create_volume(&self, spec: $crate::VolumeSpec) -> $crate::Result<$crate::Volume>;
            fn list_volumes(&self) -> $crate::Result<Vec<$crate::Volume>>;
            fn get_volume(&self, uuid: $crate::VolumeId) -> $crate::Result<$crate::Volume>;
            fn find_volume(&self, name: &str) -> $crate::Result<Option<$crate::Volume>>;
            fn patch_volume(
                &self,
                uuid: $crate::VolumeId,
                patch: $crate::VolumePatch
            ) -> $crate::Result<$crate::Volume>;
            fn delete_volume(&self, uuid: $crate::VolumeId) -> $crate::Result<()>;
            fn access_handle(&self, uuid: $crate::VolumeId) -> $crate::Result<$crate::AccessHandle>;
            fn space(&self) -> $crate::Result<$crate::Space>;
            fn volume_space(&self, uuid: $crate::VolumeId) -> $crate::Result<$crate::VolumeSpace>;
            fn set_autosize(
                &self,
                uuid: $crate::VolumeId,
                maximum_bytes: Option<u64>
            ) -> $crate::Result<()>;
        }
    };
}

/// The methods of `SnapshotBackend`.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_snapshots {
    () => {
        $crate::forward_methods! { SnapshotBackend:
            fn create_snapshot(
                &self,
                volume: $crate::VolumeId,
                name: &str
            ) -> $crate::Result<$crate::Snapshot>;
            fn list_snapshots(
                &self,
                volume: $crate::VolumeId
            ) -> $crate::Result<Vec<$crate::Snapshot>>;
            fn get_snapshot(
                &self,
                volume: $crate::VolumeId,
                snapshot: $crate::SnapshotId
            ) -> $crate::Result<$crate::Snapshot>;
            fn find_snapshot(
                &self,
                volume: $crate::VolumeId,
                name: &str
            ) -> $crate::Result<Option<$crate::Snapshot>>;
            fn rename_snapshot(
                &self,
                volume: $crate::VolumeId,
                snapshot: $crate::SnapshotId,
                name: &str
            ) -> $crate::Result<$crate::Snapshot>;
            fn delete_snapshot(
                &self,
                volume: $crate::VolumeId,
                snapshot: $crate::SnapshotId
            ) -> $crate::Result<()>;
            fn restore_snapshot(
                &self,
                volume: $crate::VolumeId,
                snapshot: $crate::SnapshotId
            ) -> $crate::Result<$crate::Volume>;
            fn snapshot_spaces(
                &self,
                volume: $crate::VolumeId
            ) -> $crate::Result<Vec<$crate::SnapshotSpace>>;
        }
    };
}

/// The methods of `CloneBackend`.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_clones {
    () => {
        $crate::forward_methods! { CloneBackend:
            fn create_clone(
                &self,
                parent_volume: $crate::VolumeId,
                parent_snapshot: $crate::SnapshotId,
                new_name: &str
            ) -> $crate::Result<$crate::Volume>;
            fn split_clone(&self, volume: $crate::VolumeId) -> $crate::Result<$crate::Volume>;
        }
    };
}

/// The methods of `PolicyBackend`.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_policies {
    () => {
        $crate::forward_methods! { PolicyBackend:
            fn create_snapshot_policy(&self, policy: $crate::SnapshotPolicy) -> $crate::Result<()>;
            fn replace_snapshot_policy(
                &self,
                policy: $crate::SnapshotPolicy
            ) -> $crate::Result<()>;
            fn delete_snapshot_policy(&self, name: &str) -> $crate::Result<()>;
            fn list_snapshot_policies(&self) -> $crate::Result<Vec<$crate::SnapshotPolicy>>;
            fn find_snapshot_policy(
                &self,
                name: &str
            ) -> $crate::Result<Option<$crate::SnapshotPolicy>>;
            fn run_due(&self) -> $crate::Result<usize>;
            fn create_snapshot_until(
                &self,
                volume: $crate::VolumeId,
                name: &str,
                expires_at: $crate::Timestamp
            ) -> $crate::Result<$crate::Snapshot>;
            fn lock_snapshot(
                &self,
                volume: $crate::VolumeId,
                snapshot: $crate::SnapshotId,
                expires_at: $crate::Timestamp
            ) -> $crate::Result<$crate::Snapshot>;
        }
    };
}

/// Implements the traits for a pointer to a backend.
macro_rules! forward_pointer {
    ($($pointer:ty),+) => {$(
        impl<B: ?Sized> Forward for $pointer {
            type Backend = B;

            fn forward<R>(&self, operation: impl FnOnce(&B) -> R) -> R {
                operation(self)
            }
        }

        impl<B: VolumeBackend + ?Sized> VolumeBackend for $pointer {
            forward_volumes!();

            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }

            fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
                (**self).snapshot_backend()
            }

            fn clone_backend(&self) -> Result<&dyn CloneBackend> {
                (**self).clone_backend()
            }

            fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
                (**self).policy_backend()
            }
        }

        impl<B: SnapshotBackend + ?Sized> SnapshotBackend for $pointer {
            forward_snapshots!();
        }

        impl<B: CloneBackend + ?Sized> CloneBackend for $pointer {
            forward_clones!();
        }

        impl<B: PolicyBackend + ?Sized> PolicyBackend for $pointer {
            forward_policies!();
        }
    )+};
}

forward_pointer!(&B, Box<B>, Arc<B>);
