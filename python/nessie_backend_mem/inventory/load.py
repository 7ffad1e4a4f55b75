"""Builds a backend for each SVM of a document."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from nessie_backend_mem._core import MemBackend, _set_create_time
from nessie_backend_mem.errors import NessieError

from .endpoint import aggregates_of
from .files import read, refuse
from .history import History
from .lineage import Lineage, parent_snapshot
from .omissions import Omissions
from .policies import NONE, create_policies
from .result import Inventory
from .times import read_time

if TYPE_CHECKING:
    from .document import Document, SnapshotEntry, SvmEntry, VolumeEntry
    from .files import Source
    from .result import Attributes

__all__ = ["build", "load"]
__dir__ = __all__.copy

STATES = ("online", "offline", "restricted")

UTC_ZONES = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu"}

SEEDS = 2**64


def load(path_or_file: Source, *, seed: int | None = None) -> Inventory:
    """Build a backend for each SVM of an inventory.

    A backend has new uuids, and ONTAP's limits. Its times of creation are those of the record. The
    data of snapshots are as the record has them, as far as one rule allows: what is overwritten or
    deleted is what was written first. Locks that have ended are left out.

    Args:
        path_or_file: Path, a file open for reading, or the inventory itself.
        seed: As for `MemBackend`: the uuids are the same on every run, and the clocks stand at the
            time of the record. The second backend has the next seed, and so on.

    Returns:
        The backends, and what they cannot represent.

    Raises:
        InvalidArgumentError: It is not an inventory, is incomplete, or has another version. The
            message names the place.
        OSError: The file cannot be read.
    """
    return build(read(path_or_file), seed)


def build(document: Document, seed: int | None) -> Inventory:
    """Build the backends of a document that was checked."""
    if seed is not None:
        # It checks the seed; the next seeds follow from it.
        MemBackend(seed=seed)
        seed = index(seed)
    inventory = Inventory(document, {})
    note_time_zone(inventory)
    aggregates: set[str] = set()
    for number, aggregate in enumerate(document["aggregates"]):
        name, place = aggregate["name"], f"aggregates[{number}]"
        if name in aggregates:
            refuse(f"{place}.name: two aggregates have the name {name!r}")
        if aggregate.get("size_bytes", 0) >= 2**64:
            refuse(f"{place}.size_bytes: expected a number below 2**64")
        aggregates.add(name)
    for number, svm in enumerate(document["svms"]):
        name = svm["name"]
        if name in inventory.backends:
            refuse(f"svms[{number}].name: two SVMs have the name {name!r}")
        own_seed = None if seed is None else (seed + number) % SEEDS
        inventory.backends[name] = SvmLoader(inventory, svm, own_seed).load()
    return inventory


def note_time_zone(inventory: Inventory) -> None:
    """List a time zone that schedules of the cluster follow."""
    cluster = inventory.document["cluster"]
    zone = cluster.get("timezone", "UTC")
    policies = inventory.document["snapshot_policies"]
    if zone not in UTC_ZONES and any(policy["copies"] for policy in policies):
        reason = f"schedules run in {zone} there, and in UTC here"
        Omissions(inventory.omitted).add("cluster", cluster["name"], reason, "timezone")


class SvmLoader:
    """Builds the backend of one SVM."""

    def __init__(self, inventory: Inventory, svm: SvmEntry, seed: int | None) -> None:
        """Build the backend of `svm`, and add to the lists of `inventory`."""
        self.inventory = inventory
        self.svm = svm
        self.omissions = Omissions(inventory.omitted, svm["name"])
        self.lineage = Lineage(svm["volumes"])
        self.aggregates = list(aggregates_of(inventory))
        # ONTAP's rules for names are the cluster's; a record has what the cluster accepts.
        limits = MemBackend(profile="ontap").limits
        start = None if seed is None else read_time(inventory.document["recorded_at"])
        self.backend = MemBackend(seed=seed, start=start, limits=limits)
        # The uuids of what was created, by the identity of its entry.
        self.volumes: dict[int, str] = {}
        self.snapshots: dict[int, str] = {}

    def load(self) -> MemBackend:
        """Return the backend."""
        name = self.svm["name"]
        if (state := self.svm.get("state", "running")) != "running":
            self.omissions.add("svm", name, f"it is {state}; an SVM always runs here", "state")
        if (subtype := self.svm.get("subtype", "default")) != "default":
            reason = f"it is a {subtype}; here it is a default one"
            self.omissions.add("svm", name, reason, "subtype")
        create_policies(self.backend, self.inventory.document, self.svm, self.omissions)
        for volume in self.lineage.in_order():
            self.create(volume)
        # After all snapshots are taken and clones created, because a volume that is not online has
        # no new ones.
        for volume in self.svm["volumes"]:
            if uuid := self.volumes.get(id(volume)):
                self.settle(volume, uuid)
        return self.backend

    def create(self, volume: VolumeEntry) -> None:
        """Create a volume with its data and snapshots."""
        name = volume["name"]
        if reason := unrepresented(volume):
            self.omissions.add("volume", name, reason)
            return
        origin = self.origin(volume)
        try:
            if origin is None:
                uuid = self.backend.create_volume(name, volume.get("size_bytes"))["uuid"]
            else:
                uuid = self.backend.create_clone(*origin, name)["uuid"]
        except NessieError as error:
            self.omissions.add("volume", name, str(error))
            return
        self.volumes[id(volume)] = uuid
        if "create_time" in volume:
            _set_create_time(self.backend, uuid, None, volume["create_time"])
        if "size_bytes" not in volume:
            found = "no quota" if origin is None else "the size of its parent"
            reason = f"the record has no size; here the volume has {found}"
            self.omissions.add("volume", name, reason, "size_bytes")
        history = History(self.backend, volume, uuid, self.omissions)
        history.replay()
        for snapshot, made in history.taken:
            self.snapshots[id(snapshot)] = made
            self.label(volume, uuid, snapshot, made)

    def origin(self, volume: VolumeEntry) -> tuple[str, str] | None:
        """Return the uuids of the parent volume and snapshot; None for a plain volume."""
        clone = volume.get("clone")
        if clone is None:
            return None
        if percent := clone.get("split_percent"):
            reason = f"a split is under way, {percent} % are done; here no split has begun"
            self.omissions.add("volume", volume["name"], reason, "clone.split_percent")
        parent = self.lineage.parent(volume)
        if "svm" in clone:
            why = f"its parent is in the SVM {clone['svm']!r}"
        elif parent is None:
            why = f"its parent {clone.get('parent_volume')!r} is not in the inventory"
        elif id(parent) not in self.volumes:
            why = f"its parent {parent['name']!r} is not represented"
        else:
            made = self.snapshots.get(id(parent_snapshot(clone, parent)))
            if made is not None:
                return self.volumes[id(parent)], made
            snapshot = clone.get("parent_snapshot")
            why = f"the snapshot {snapshot!r} of its parent {parent['name']!r} is not represented"
        reason = f"{why}; here it is a plain volume"
        self.omissions.add("volume", volume["name"], reason, "clone")
        return None

    def settle(self, volume: VolumeEntry, uuid: str) -> None:
        """Set what a volume is to have at the end."""
        name = volume["name"]
        policy, export = volume.get("snapshot_policy"), volume.get("export_policy")
        is_clone = "clone" in self.backend.get_volume(uuid)
        changes: dict[str, Any] = {
            # A volume without one has the policy `default`, and a clone has that of its parent.
            "export_policy": export if is_clone or export != "default" else None,
            "junction_path": volume.get("junction_path"),
            "snapshot_policy": None if policy == NONE else policy,
            "state": volume.get("state"),
        }
        for key, value in changes.items():
            if value is not None:
                try:
                    self.backend.patch_volume(uuid, **{key: value})
                except NessieError as error:
                    self.omissions.add("volume", name, str(error), key)
        if snaplock := volume.get("snaplock"):
            reason = f"it is a {snaplock} volume of SnapLock"
            self.omissions.add("volume", name, reason, "snaplock")
        fields: dict[str, str | bool] = {}
        if "comment" in volume:
            fields["comment"] = volume["comment"]
        if volume.get("encrypted"):
            fields["encryption.enabled"] = True
        if "qos_policy" in volume:
            fields["qos.policy.name"] = volume["qos_policy"]
        if aggregate := self.other_aggregate(volume):
            fields["movement.destination_aggregate.name"] = aggregate
        svm = self.svm["name"]
        self.attributes({"svm": svm, "volume_uuid": uuid, "name": name, "fields": fields})

    def other_aggregate(self, volume: VolumeEntry) -> str | None:
        """Return the aggregate of a volume; None for the first of the cluster."""
        aggregates = volume.get("aggregates", [])
        if not aggregates:
            return None
        first, *others = aggregates
        if others:
            reason = f"it is on {len(aggregates)} aggregates; here it is on {first!r}"
            self.omissions.add("volume", volume["name"], reason, "aggregates")
        if first not in self.aggregates:
            reason = f"the aggregate {first!r} and its size are not in the inventory"
            self.omissions.add("volume", volume["name"], reason, "aggregates")
            return None
        return None if first == self.aggregates[0] else first

    def label(self, volume: VolumeEntry, uuid: str, snapshot: SnapshotEntry, made: str) -> None:
        """Add the attributes of a snapshot."""
        fields: dict[str, str | bool] = {}
        if "comment" in snapshot:
            fields["comment"] = snapshot["comment"]
        if "snapmirror_label" in snapshot:
            fields["snapmirror_label"] = snapshot["snapmirror_label"]
        self.attributes(
            {
                "svm": self.svm["name"],
                "volume_uuid": uuid,
                "snapshot_uuid": made,
                "name": f"{volume['name']}@{snapshot['name']}",
                "fields": fields,
            }
        )

    def attributes(self, entry: Attributes) -> None:
        """Add to what only the endpoint stores, if there are any fields."""
        if entry["fields"]:
            self.inventory.attributes.append(entry)


def unrepresented(volume: VolumeEntry) -> str | None:
    """Return why no backend has such a volume; None if one may."""
    style, kind = volume.get("style", "flexvol"), volume.get("type", "rw")
    state = volume.get("state", "online")
    if style != "flexvol":
        return f"it is a {style}; a backend has FlexVol volumes"
    if kind != "rw":
        return f"its type is {kind}; a backend has rw volumes, and does not replicate"
    if volume.get("is_svm_root"):
        return "it is the root volume of its SVM; a backend has no root volumes"
    if state not in STATES:
        return f"its state is {state}; here the states are {', '.join(STATES)}"
    return None
