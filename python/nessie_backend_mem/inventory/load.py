"""Builds backends from the document of a cluster."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import rules
from nessie_backend_mem._core import MemBackend, _set_create_time
from nessie_backend_mem.errors import NessieError

from . import schedules
from .data import drops
from .endpoint import aggregates_of
from .files import read, refuse
from .result import Inventory
from .times import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import CopiesEntry, Document, SnapshotEntry, SvmEntry, VolumeEntry
    from .files import Source
    from .result import Attributes, Omission

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
    clock_note(inventory)
    for number, svm in enumerate(document["svms"]):
        name = svm["name"]
        if name in inventory.backends:
            refuse(f"svms[{number}].name: two SVMs have the name {name!r}")
        own_seed = None if seed is None else (seed + number) % SEEDS
        inventory.backends[name] = SvmLoader(inventory, svm, own_seed).load()
    return inventory


def clock_note(inventory: Inventory) -> None:
    """List a time zone that schedules of the cluster follow."""
    cluster = inventory.document["cluster"]
    zone = cluster.get("timezone", "UTC")
    copies = any(policy["copies"] for policy in inventory.document["snapshot_policies"])
    if copies and zone not in UTC_ZONES:
        reason = f"schedules run in {zone} there, and in UTC here"
        inventory.omitted.append(
            {"kind": "cluster", "name": cluster["name"], "field": "timezone", "reason": reason}
        )


class SvmLoader:
    """Builds the backend of one SVM."""

    def __init__(self, inventory: Inventory, svm: SvmEntry, seed: int | None) -> None:
        """Build the backend of `svm`, and add to the lists of `inventory`."""
        self.inventory = inventory
        self.document = inventory.document
        self.svm = svm
        limits = MemBackend(profile="ontap").limits
        start = None if seed is None else read_time(self.document["recorded_at"])
        # ONTAP's rules for names are the cluster's; a record has what the cluster accepts.
        self.backend = MemBackend(seed=seed, start=start, limits=limits)
        self.now = read_time(self.backend.now())
        self.aggregates = list(aggregates_of(inventory))
        self.by_uuid: dict[str, VolumeEntry] = {}
        self.by_name: dict[str, VolumeEntry] = {}
        self.volumes: dict[int, str] = {}
        """The uuids of created volumes by the identity of their entry."""
        self.snapshots: dict[int, str] = {}

    def load(self) -> MemBackend:
        """Return the backend."""
        name = self.svm["name"]
        if (state := self.svm.get("state", "running")) != "running":
            self.omit("svm", name, f"it is {state}; an SVM always runs here", "state")
        if (subtype := self.svm.get("subtype", "default")) != "default":
            self.omit("svm", name, f"it is a {subtype}; here it is a default one", "subtype")
        for volume in self.svm["volumes"]:
            self.by_name.setdefault(volume["name"], volume)
            if (uuid := volume.get("uuid")) is not None:
                self.by_uuid.setdefault(uuid, volume)
        self.policies()
        for volume in self.in_order():
            self.volume(volume)
        # After all snapshots are taken and clones created, because a volume that is not online has
        # no new ones.
        for volume in self.svm["volumes"]:
            if uuid := self.volumes.get(id(volume)):
                self.settle(volume, uuid)
        return self.backend

    # Policies ------------------------------------------------------------------------------------

    def policies(self) -> None:
        """Create the snapshot policies that the SVM sees."""
        found = self.document["snapshot_policies"]
        own = {policy["name"] for policy in found if policy.get("svm") == self.svm["name"]}
        used = {volume.get("snapshot_policy") for volume in self.svm["volumes"]}
        for policy in found:
            name, owner = policy["name"], policy.get("svm")
            is_visible = owner == self.svm["name"] or (owner is None and name not in own)
            if not is_visible or name == "none" or not (policy["copies"] or name in used):
                continue
            if not policy["enabled"]:
                self.omit("snapshot_policy", name, "it is disabled; here a policy is enabled")
                continue
            rules_of = [self.rule(name, copies) for copies in policy["copies"]]
            try:
                self.backend.create_snapshot_policy(name, filter(None, rules_of))
            except NessieError as error:
                self.omit("snapshot_policy", name, str(error))

    def rule(self, policy: str, copies: CopiesEntry) -> Any:
        """Return a rule of a policy; None if its schedule cannot be represented."""
        name = copies["schedule"]
        entry = schedules.find(self.document["schedules"], name, self.svm["name"])
        if entry is not None and "cron" in entry:
            return {
                "schedule": entry["cron"],
                "prefix": copies["prefix"],
                "keep": copies["count"],
            }
        if entry is not None and "interval" in entry:
            reason = f"the schedule {name!r} is an interval; here schedules have times"
        else:
            reason = f"the times of the schedule {name!r} are not in the inventory"
        self.omit("snapshot_policy", policy, f"{reason}; this rule is left out", "copies")
        return None

    # Volumes -------------------------------------------------------------------------------------

    def in_order(self) -> Iterator[VolumeEntry]:
        """Yield the volumes by time of creation, parents before their clones."""
        done: set[int] = set()
        for volume in sorted(self.svm["volumes"], key=created):
            ancestors = [volume]
            seen = {id(volume)}
            while parent := self.parent(ancestors[-1]):
                if id(parent) in done or id(parent) in seen:
                    break
                ancestors.append(parent)
                seen.add(id(parent))
            for each in reversed(ancestors):
                if id(each) not in done:
                    done.add(id(each))
                    yield each

    def parent(self, volume: VolumeEntry) -> VolumeEntry | None:
        """Return the entry of the parent of a clone, if it is of this SVM."""
        clone = volume.get("clone")
        if clone is None or "svm" in clone:
            return None
        found = self.by_uuid.get(clone.get("parent_volume_uuid", ""))
        return found or self.by_name.get(clone.get("parent_volume", ""))

    def volume(self, volume: VolumeEntry) -> None:
        """Create a volume with its data and snapshots."""
        name = volume["name"]
        if reason := unrepresented(volume):
            self.omit("volume", name, reason)
            return
        origin = self.origin(volume)
        try:
            if origin is None:
                uuid = self.backend.create_volume(name, volume.get("size_bytes"))["uuid"]
            else:
                uuid = self.backend.create_clone(*origin, name)["uuid"]
        except NessieError as error:
            self.omit("volume", name, str(error))
            return
        self.volumes[id(volume)] = uuid
        if "create_time" in volume:
            _set_create_time(self.backend, uuid, None, volume["create_time"])
        if "size_bytes" not in volume:
            reason = "the record has no size; the volume has no quota"
            self.omit("volume", name, reason, "size_bytes")
        self.history(volume, uuid, origin)

    def origin(self, volume: VolumeEntry) -> tuple[str, str] | None:
        """Return the uuids of the parent volume and snapshot; None for a plain volume."""
        clone = volume.get("clone")
        if clone is None:
            return None
        if percent := clone.get("split_percent"):
            reason = f"a split is under way, {percent} % are done; here no split has begun"
            self.omit("volume", volume["name"], reason, "clone.split_percent")
        parent = self.parent(volume)
        wanted, wanted_uuid = clone.get("parent_snapshot"), clone.get("parent_snapshot_uuid")
        found = parent.get("snapshots", []) if parent is not None else []
        # By uuid first: the name may be that before a rename.
        matching = [each for each in found if wanted_uuid and each.get("uuid") == wanted_uuid]
        matching = matching or [each for each in found if each["name"] == wanted]
        snapshot = self.snapshots.get(id(matching[0])) if matching else None
        parent_uuid = self.volumes.get(id(parent))
        if parent_uuid is not None and snapshot is not None:
            return parent_uuid, snapshot
        if "svm" in clone:
            why = f"its parent is in the SVM {clone['svm']!r}"
        elif parent is None:
            why = f"its parent {clone.get('parent_volume')!r} is not in the inventory"
        elif parent_uuid is None:
            why = f"its parent {parent['name']!r} is not represented"
        else:
            why = f"the snapshot {wanted!r} of its parent {parent['name']!r} is not represented"
        reason = f"{why}; here it is a plain volume"
        self.omit("volume", volume["name"], reason, "clone")
        return None

    def history(self, volume: VolumeEntry, uuid: str, origin: tuple[str, str] | None) -> None:
        """Write the data of a volume and take its snapshots, in order."""
        name, backend = volume["name"], self.backend
        size = volume.get("size_bytes")
        snapshots = list(self.representable(volume))
        data = backend.get_volume(uuid).get("used_bytes", 0)
        sizes = [data]
        for snapshot in snapshots:
            sizes.append(snapshot.get("used_bytes", sizes[-1]))
        used = volume.get("used_bytes", sizes[-1])
        if size is not None and used > size:
            reason = f"{used} bytes are more than its size; here it uses {size}"
            self.omit("volume", name, reason, "used_bytes")
            used = size
        sizes.append(used)
        dropped = drops(sizes, self.dropped_bytes(volume, origin, data))
        quota = backend.get_volume(uuid)["size_bytes"]
        taken = [*snapshots, None]
        try:
            for each, after, drop in zip(taken, sizes[1:], dropped, strict=True):
                backend.discard(uuid, drop)
                needed = None if size is None else max(size, after)
                if needed is not None and needed != quota:
                    backend.patch_volume(uuid, needed)
                    quota = needed
                backend.write(uuid, after - (data - drop))
                data = after
                if each is not None:
                    self.snapshot(volume, uuid, each)
        except NessieError as error:
            self.omit("volume", name, f"not all of its data: {error}", "used_bytes")
            for missing in snapshots:
                if id(missing) not in self.snapshots:
                    self.omit("snapshot", f"{name}@{missing['name']}", str(error))
        self.check_data(volume, sum(dropped), self.dropped_bytes(volume, origin, sizes[0]))

    def dropped_bytes(
        self, volume: VolumeEntry, origin: tuple[str, str] | None, inherited: int
    ) -> int:
        """Return how many bytes the volume had once and has no more."""
        held = volume.get("snapshot_used_bytes", 0)
        if origin is None:
            return held
        left = volume.get("clone", {}).get("inherited_bytes", inherited)
        return held + max(inherited - left, 0)

    def check_data(self, volume: VolumeEntry, dropped: int, wanted: int) -> None:
        """List the bytes that only snapshots hold, if they are not as recorded."""
        held = volume.get("snapshot_used_bytes")
        if held is not None and dropped != wanted:
            reason = f"{held} bytes do not follow from the sizes of the snapshots"
            self.omit("volume", volume["name"], reason, "snapshot_used_bytes")

    # Snapshots -----------------------------------------------------------------------------------

    def representable(self, volume: VolumeEntry) -> Iterator[SnapshotEntry]:
        """Yield the snapshots of a volume that the backend can take."""
        snapshots = volume.get("snapshots")
        if snapshots is None:
            reason = "they could not be read; here it has none"
            self.omit("volume", volume["name"], reason, "snapshots")
            return
        names: set[str] = set()
        for snapshot in snapshots:
            if refusal := self.refusal(snapshot["name"], names):
                self.omit("snapshot", f"{volume['name']}@{snapshot['name']}", refusal)
            else:
                names.add(snapshot["name"])
                yield snapshot

    def refusal(self, name: str, names: set[str]) -> str | None:
        """Return why a volume with snapshots of these names can have no further one."""
        most = self.backend.limits["snapshots_per_volume"]
        if name in names:
            return "the volume has two snapshots of this name"
        if most is not None and len(names) >= most:
            return f"a volume has at most {most} snapshots"
        try:
            rules.check_snapshot_name(name)
        except NessieError as error:
            return str(error)
        return None

    def snapshot(self, volume: VolumeEntry, uuid: str, snapshot: SnapshotEntry) -> None:
        """Take a snapshot."""
        end, taken = snapshot.get("expires_at"), snapshot.get("create_time")
        label = f"{volume['name']}@{snapshot['name']}"
        if end is not None and not self.is_lock(end, taken):
            self.omit("snapshot", label, f"its lock ended at {end}", "expires_at")
            end = None
        made = self.backend.create_snapshot(uuid, snapshot["name"], expires_at=end)["uuid"]
        self.snapshots[id(snapshot)] = made
        if taken is not None:
            _set_create_time(self.backend, uuid, made, taken)
        fields: dict[str, str | bool] = {
            key: value
            for key in ("comment", "snapmirror_label")
            if (value := snapshot.get(key)) is not None and isinstance(value, str)
        }
        self.attributes(label, uuid, fields, made)

    def is_lock(self, end: str, taken: str | None) -> bool:
        """Whether a lock that ends then locks the snapshot still."""
        time = read_time(end)
        return time > self.now and (taken is None or time > read_time(taken))

    # The rest of a volume ------------------------------------------------------------------------

    def settle(self, volume: VolumeEntry, uuid: str) -> None:
        """Set what a volume is to have at the end."""
        name = volume["name"]
        policy, export = volume.get("snapshot_policy"), volume.get("export_policy")
        is_clone = "clone" in self.backend.get_volume(uuid)
        changes: list[tuple[str, Any]] = [
            # A volume without one has the policy `default`, and a clone has that of its parent.
            ("export_policy", export if is_clone or export != "default" else None),
            ("junction_path", volume.get("junction_path")),
            ("snapshot_policy", None if policy == "none" else policy),
            ("state", volume.get("state")),
        ]
        for key, value in changes:
            if value is None or (key == "state" and value == "online"):
                continue
            change: dict[str, Any] = {key: value}
            try:
                self.backend.patch_volume(uuid, **change)
            except NessieError as error:
                self.omit("volume", name, str(error), key)
        if snaplock := volume.get("snaplock"):
            self.omit("volume", name, f"it is a {snaplock} volume of SnapLock", "snaplock")
        fields: dict[str, str | bool] = {}
        if "comment" in volume:
            fields["comment"] = volume["comment"]
        if volume.get("encrypted"):
            fields["encryption.enabled"] = True
        if aggregate := self.other_aggregate(volume):
            fields["movement.destination_aggregate.name"] = aggregate
        self.attributes(name, uuid, fields)

    def other_aggregate(self, volume: VolumeEntry) -> str | None:
        """Return the aggregate of a volume; None for the first of the cluster."""
        aggregates = volume.get("aggregates", [])
        if not aggregates:
            return None
        first, *others = aggregates
        if others:
            reason = f"it is on {len(aggregates)} aggregates; here it is on {first!r}"
            self.omit("volume", volume["name"], reason, "aggregates")
        if first not in self.aggregates:
            reason = f"the aggregate {first!r} and its size are not in the inventory"
            self.omit("volume", volume["name"], reason, "aggregates")
            return None
        return None if first == self.aggregates[0] else first

    def attributes(
        self, name: str, uuid: str, fields: dict[str, str | bool], snapshot: str | None = None
    ) -> None:
        """Add to what the endpoint stores."""
        if fields:
            entry: Attributes = {
                "svm": self.svm["name"],
                "volume_uuid": uuid,
                "name": name,
                "fields": fields,
            }
            if snapshot is not None:
                entry["snapshot_uuid"] = snapshot
            self.inventory.attributes.append(entry)

    def omit(self, kind: str, name: str, reason: str, key: str | None = None) -> None:
        """Add to what is not represented."""
        omission: Omission = {"svm": self.svm["name"], "kind": kind, "name": name, "reason": reason}
        if key is not None:
            omission["field"] = key
        self.inventory.omitted.append(omission)


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


def created(volume: VolumeEntry) -> str:
    """Order volumes by time of creation; those without one come first."""
    text = volume.get("create_time")
    return "" if text is None else read_time(text).isoformat()
