"""Builds the document of a cluster from the replies of its REST API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import quote

from . import schedules as cron
from .client import OntapClient
from .document import (
    FORMAT,
    VERSION,
    AggregateEntry,
    CloneEntry,
    ClusterEntry,
    CopiesEntry,
    ScheduleEntry,
    SnapshotEntry,
    SnapshotPolicyEntry,
    SvmEntry,
    VolumeEntry,
)
from .errors import RecordError
from .nas import in_order, record_nas
from .policies import PREDEFINED
from .times import as_text, read_time

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from .document import Document

__all__ = ["Recorder", "record"]
__dir__ = __all__.copy

T = TypeVar("T")

Record: TypeAlias = dict[str, Any]
"""An object of a reply."""

VOLUME_FIELDS = (
    "name",
    "uuid",
    "svm.name",
    "style",
    "type",
    "state",
    "size",
    "space.used",
    "space.snapshot.used",
    "create_time",
    "is_svm_root",
    "nas.path",
    "nas.export_policy.name",
    "snapshot_policy.name",
    "aggregates.name",
    "comment",
    "encryption.enabled",
    "qos.policy.name",
    "quota.state",
    "snaplock.type",
    "snapshot_count",
    "clone.is_flexclone",
    "clone.parent_svm.name",
    "clone.parent_volume.name",
    "clone.parent_volume.uuid",
    "clone.parent_snapshot.name",
    "clone.parent_snapshot.uuid",
    "clone.inherited_physical_used",
    "clone.split_complete_percent",
)

NO_LABEL = "-"
"""What ONTAP returns for a label that is not set."""

SVM_FIELDS = "name,state,subtype,comment,language,snapshot_policy.name,max_volumes"

SNAPSHOT_FIELDS = "name,uuid,create_time,size,expiry_time,comment,snapmirror_label"

QUOTA_ON = {"on", "initializing", "resizing"}

HIDDEN = {403, 404, 405}
"""The statuses of a collection that the cluster lacks or the user may not read."""


def record(
    url: str,
    *,
    username: str,
    password: str,
    cacert: str | os.PathLike[str] | None = None,
    verify: bool = True,
    timeout: float = 30.0,
    progress: Callable[[int, int], object] | None = None,
) -> Document:
    """Read the inventory of a cluster. Only GET requests are sent.

    A request that the cluster answers with 429 or 503, or not at all, is sent again up to four
    times.

    Args:
        url: Address of the cluster, such as ``https://array.example``.
        username: Name of the user; a role that may only read is enough.
        password: Password of the user.
        cacert: Path of certificates in PEM to verify the cluster with. Without it, the cluster is
            verified with the authorities that the system trusts.
        verify: Whether to verify the cluster. Without it, anybody on the network can read the
            password.
        timeout: Longest wait for the cluster, in seconds.
        progress: Called after each volume with the number of volumes done and of all volumes.

    Returns:
        The inventory.

    Raises:
        RecordError: The cluster cannot be reached or verified, refuses a request, or is not ONTAP.
        ValueError: `url`, `username` or `cacert` is invalid.
        OSError: `cacert` cannot be read.
    """
    client = OntapClient(
        url,
        username=username,
        password=password,
        cacert=None if cacert is None else str(cacert),
        verify=verify,
        timeout=timeout,
    )
    with client:
        return Recorder(client, progress).document()


class Recorder:
    """Reads one cluster."""

    def __init__(
        self, client: OntapClient, progress: Callable[[int, int], object] | None = None
    ) -> None:
        """Read through `client`."""
        self.client = client
        self.progress = progress

    def document(self) -> Document:
        """Return the document of the cluster."""
        # First, so that a wrong address or password is noticed by it.
        cluster = self.cluster()
        policies = self.snapshot_policies()
        return {
            "format": FORMAT,
            "version": VERSION,
            "recorded_at": as_text(datetime.now(UTC).replace(microsecond=0)),
            "anonymised": False,
            "cluster": cluster,
            "aggregates": self.aggregates(),
            "schedules": self.schedules(policies),
            "snapshot_policies": policies,
            "svms": self.svms(),
        }

    def cluster(self) -> ClusterEntry:
        """Return the cluster."""
        fields = "name,version.full,timezone.name"
        found = self.client.get("/api/cluster", fields=fields)
        name = self.text(found, "name")
        if name is None:
            raise self.client.not_ontap("/api/cluster", "the reply has no name")
        return present(
            ClusterEntry,
            name=name,
            version=self.text(found, "version.full"),
            timezone=self.text(found, "timezone.name"),
        )

    def aggregates(self) -> list[AggregateEntry]:
        """Return the aggregates, if the user may read them."""
        fields = "name,state,space.block_storage.size,space.block_storage.used"
        entries: list[AggregateEntry] = [
            present(
                AggregateEntry,
                name=self.required(found, "name"),
                state=self.text(found, "state"),
                size_bytes=self.number(found, "space.block_storage.size"),
                used_bytes=self.number(found, "space.block_storage.used"),
            )
            for found in self.readable("/api/storage/aggregates", fields=fields)
        ]
        return sorted(entries, key=lambda entry: entry["name"])

    def schedules(self, policies: Iterable[SnapshotPolicyEntry]) -> list[ScheduleEntry]:
        """Return the schedules that the policies name, and those that not every cluster has."""
        fields = "name,cron,interval,svm.name"
        found: list[ScheduleEntry] = [
            self.schedule(each) for each in self.readable("/api/cluster/schedules", fields=fields)
        ]
        used: dict[tuple[str, str | None], ScheduleEntry] = {
            (entry["name"], entry.get("svm")): entry
            for entry in found
            if not cron.is_predefined(entry)
        }
        for policy in policies:
            for copies in policy["copies"]:
                name = copies["schedule"]
                entry = cron.find(found, name, policy.get("svm"))
                if entry is None:
                    entry = present(ScheduleEntry, name=name, cron=cron.cron_of_name(name))
                used[name, entry.get("svm")] = entry
        return sorted(used.values(), key=owned_name)

    def schedule(self, found: Record) -> ScheduleEntry:
        """Return a schedule."""
        times = self.value(found, "cron", dict)
        try:
            text = None if times is None else cron.cron_text(times)
        except ValueError as error:
            raise self.client.not_ontap("/api/cluster/schedules", str(error)) from None
        return present(
            ScheduleEntry,
            name=self.required(found, "name"),
            svm=self.text(found, "svm.name"),
            cron=text,
            interval=self.text(found, "interval"),
        )

    def snapshot_policies(self) -> list[SnapshotPolicyEntry]:
        """Return the snapshot policies."""
        fields = (
            "name,enabled,svm.name,comment,copies.count,copies.prefix,copies.schedule.name,"
            "copies.snapmirror_label"
        )
        entries: list[SnapshotPolicyEntry] = [
            present(
                SnapshotPolicyEntry,
                name=self.required(found, "name"),
                svm=self.text(found, "svm.name"),
                enabled=self.flag(found, "enabled") is not False,
                comment=None if found.get("name") in PREDEFINED else self.text(found, "comment"),
                copies=[self.copies(each) for each in self.objects(found, "copies")],
            )
            for found in self.client.records("/api/storage/snapshot-policies", fields=fields)
        ]
        return sorted(entries, key=owned_name)

    def copies(self, found: Record) -> CopiesEntry:
        """Return one schedule of a policy."""
        schedule = self.required(found, "schedule.name")
        label = self.text(found, "snapmirror_label")
        return present(
            CopiesEntry,
            schedule=schedule,
            prefix=self.text(found, "prefix") or schedule,
            count=self.number(found, "count") or 0,
            snapmirror_label=None if label == NO_LABEL else label,
        )

    def svms(self) -> list[SvmEntry]:
        """Return the SVMs with their volumes."""
        svms: dict[str, SvmEntry] = {}
        for found in self.client.records("/api/svm/svms", fields=SVM_FIELDS):
            name = self.required(found, "name")
            language = self.text(found, "language")
            policy = self.text(found, "snapshot_policy.name")
            svms[name] = present(
                SvmEntry,
                name=name,
                state=self.text(found, "state"),
                subtype=self.text(found, "subtype"),
                comment=self.text(found, "comment"),
                language=None if language == "c.utf_8" else language,
                snapshot_policy=None if policy == "default" else policy,
                max_volumes=limit_of(found.get("max_volumes")),
                export_policies=[],
                volumes=[],
            )

        def svm_of(found: Record) -> SvmEntry:
            # An SVM of the system has volumes and is not in the list.
            name = self.required(found, "svm.name")
            return svms.setdefault(name, {"name": name, "export_policies": [], "volumes": []})

        record_nas(self, svm_of)
        volumes = list(self.client.records("/api/storage/volumes", fields=",".join(VOLUME_FIELDS)))
        for done, found in enumerate(volumes, 1):
            volume = self.volume(found)
            if volume is not None:
                svm_of(found)["volumes"].append(volume)
            if self.progress is not None:
                self.progress(done, len(volumes))
        for svm in svms.values():
            in_order(svm)
            svm["volumes"].sort(key=lambda volume: volume["name"])
        return sorted(svms.values(), key=lambda svm: svm["name"])

    def volume(self, found: Record) -> VolumeEntry | None:
        """Return a volume with its snapshots; None if it has just been deleted."""
        state = self.text(found, "state")
        try:
            snapshots = self.snapshots(found)
        except RecordError as error:
            if error.status == 404:
                return None
            # Only those of an online volume can be read for certain.
            if error.code is None or state == "online":
                raise
            snapshots = None
        snaplock = self.text(found, "snaplock.type")
        is_clone = self.flag(found, "clone.is_flexclone")
        return present(
            VolumeEntry,
            name=self.required(found, "name"),
            uuid=self.text(found, "uuid"),
            style=self.text(found, "style"),
            type=self.text(found, "type"),
            state=state,
            size_bytes=self.number(found, "size"),
            used_bytes=self.number(found, "space.used"),
            snapshot_used_bytes=self.number(found, "space.snapshot.used"),
            create_time=self.time(found, "create_time"),
            is_svm_root=self.flag(found, "is_svm_root") or None,
            junction_path=self.text(found, "nas.path"),
            export_policy=self.text(found, "nas.export_policy.name"),
            snapshot_policy=self.text(found, "snapshot_policy.name"),
            aggregates=sorted(
                self.required(each, "name") for each in self.objects(found, "aggregates")
            ),
            comment=self.text(found, "comment"),
            encrypted=self.flag(found, "encryption.enabled") or None,
            qos_policy=self.text(found, "qos.policy.name"),
            quota=self.text(found, "quota.state") in QUOTA_ON or None,
            snaplock=None if snaplock == "non_snaplock" else snaplock,
            clone=self.clone(found) if is_clone else None,
            snapshots=snapshots,
        )

    def clone(self, found: Record) -> CloneEntry:
        """Return the origin of a clone."""
        svm = self.text(found, "clone.parent_svm.name")
        return present(
            CloneEntry,
            svm=None if svm == self.text(found, "svm.name") else svm,
            parent_volume=self.text(found, "clone.parent_volume.name"),
            parent_volume_uuid=self.text(found, "clone.parent_volume.uuid"),
            parent_snapshot=self.text(found, "clone.parent_snapshot.name"),
            parent_snapshot_uuid=self.text(found, "clone.parent_snapshot.uuid"),
            inherited_bytes=self.number(found, "clone.inherited_physical_used"),
            split_percent=self.number(found, "clone.split_complete_percent"),
        )

    def snapshots(self, volume: Record) -> list[SnapshotEntry]:
        """Return the snapshots of a volume. Without any, no request is sent."""
        if self.number(volume, "snapshot_count") == 0:
            return []
        uuid = quote(self.required(volume, "uuid"), safe="")
        path = f"/api/storage/volumes/{uuid}/snapshots"
        entries: list[SnapshotEntry] = [
            present(
                SnapshotEntry,
                name=self.required(found, "name"),
                uuid=self.text(found, "uuid"),
                create_time=self.time(found, "create_time"),
                used_bytes=self.number(found, "size"),
                expires_at=self.time(found, "expiry_time"),
                comment=self.text(found, "comment"),
                snapmirror_label=self.text(found, "snapmirror_label"),
            )
            for found in self.client.records(path, fields=SNAPSHOT_FIELDS)
        ]
        return sorted(entries, key=created)

    def readable(self, path: str, *, fields: str) -> list[Record]:
        """Return the records of a collection; none if the cluster lacks it or hides it."""
        try:
            return list(self.client.records(path, fields=fields))
        except RecordError as error:
            if error.status not in HIDDEN or error.code is None:
                raise
            return []

    def value(self, found: Record, path: str, kind: type[T]) -> T | None:
        """Return the value of a field; None if it is absent.

        Raises:
            RecordError: the field has a value of another type.
        """
        value: Any = found
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or type(value) is kind:
            return value
        raise self.client.not_ontap("/api", f"the field {path} is {value!r}")

    def text(self, found: Record, path: str) -> str | None:
        """Return a text; None if it is absent or empty."""
        return self.value(found, path, str) or None

    def required(self, found: Record, path: str) -> str:
        """Return a text that every record has."""
        text = self.text(found, path)
        if text is None:
            raise self.client.not_ontap("/api", f"a record has no field {path}: {found!r}")
        return text

    def number(self, found: Record, path: str) -> int | None:
        """Return a number from 0; None if it is absent or negative, as some unknown ones are."""
        number = self.value(found, path, int)
        return number if number is not None and number >= 0 else None

    def flag(self, found: Record, path: str) -> bool | None:
        """Return whether a field is true; None if it is absent."""
        return self.value(found, path, bool)

    def time(self, found: Record, path: str) -> str | None:
        """Return a time in UTC."""
        text = self.text(found, path)
        try:
            return None if text is None else as_text(read_time(text))
        except ValueError as error:
            raise self.client.not_ontap("/api", f"the field {path}: {error}") from None

    def texts(self, found: Record, path: str) -> list[str]:
        """Return a list of texts; an empty one if it is absent."""
        values = self.value(found, path, list) or []
        if not all(isinstance(value, str) for value in values):
            raise self.client.not_ontap("/api", f"the field {path} is {values!r}")
        return values

    def objects(self, found: Record, path: str) -> list[Record]:
        """Return a list of objects; an empty one if it is absent."""
        values = self.value(found, path, list) or []
        if not all(isinstance(value, dict) for value in values):
            raise self.client.not_ontap("/api", f"the field {path} is {values!r}")
        return values


def limit_of(value: Any) -> int | None:
    """Return a limit, which is a number, also as text; None for the word ``unlimited``."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def present(kind: Callable[..., T], **entry: Any) -> T:
    """Return an entry of this kind without the keys that have no value."""
    return kind(**{key: value for key, value in entry.items() if value is not None})


def owned_name(entry: Any) -> tuple[str, str]:
    """Order what has a name and may have an SVM."""
    return entry["name"], entry.get("svm", "")


def created(entry: SnapshotEntry) -> datetime:
    """Order snapshots; those without a time come first."""
    text = entry.get("create_time")
    return datetime.min.replace(tzinfo=UTC) if text is None else read_time(text)
