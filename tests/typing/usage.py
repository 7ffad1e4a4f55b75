"""Correct uses that a type checker must accept: every public name, as in the docs.

`mypy --strict` checks this file; `assert_type` has the type that it must infer.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import nessie_backend_mem
from nessie_backend_mem import (
    AccessHandle,
    AlreadyExistsError,
    Backend,
    BackendTimeoutError,
    BusyError,
    Capabilities,
    CloneOrigin,
    Event,
    Fault,
    FaultyBackend,
    FeatureNotSupportedError,
    FullBackend,
    Hit,
    InMemoryHandle,
    InvalidArgumentError,
    JunctionPathExistsError,
    MemBackend,
    NessieError,
    NotFoundError,
    Snapshot,
    SnapshotBackend,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotNotFoundError,
    SnapshotRow,
    SubstrateError,
    Table,
    Uuids,
    Volume,
    VolumeBackend,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
    VolumeState,
    inventory,
    rules,
)
from nessie_backend_mem.events import Change, EventLog, diff, replay
from nessie_backend_mem.faults import FaultPlan
from nessie_backend_mem.ontap import (
    Lif,
    OntapServer,
    error_envelope,
    snapshot_record,
    volume_record,
)
from nessie_backend_mem.simulation import ShardFailures, run_shards, shard_seed


def make() -> list[MemBackend]:
    return [
        MemBackend(),
        MemBackend(seed=1),
        MemBackend(seed=None, start=None),
        MemBackend(start=datetime(2000, 1, 1, tzinfo=UTC)),
        MemBackend(seed=1, start="2000-01-01T00:00:00Z"),
        MemBackend(limits={"volumes": 5, "clone_depth": None}, profile="ontap"),
        MemBackend(limits=MemBackend(profile="ontap").limits),
    ]


def volumes(backend: MemBackend) -> None:
    volume = assert_type(backend.create_volume("a", size_bytes=50 * 2**30), Volume)
    assert_type(volume["uuid"], str)
    assert_type(volume["name"], str)
    assert_type(volume["size_bytes"], int | None)
    assert_type(volume["state"], VolumeState)
    assert_type(volume.get("create_time"), str | None)
    assert_type(volume.get("junction_path"), str | None)
    assert_type(volume.get("export_policy"), str | None)
    assert_type(volume.get("clone"), CloneOrigin | None)
    assert_type(backend.list_volumes(), list[Volume])
    assert_type(backend.get_volume(volume["uuid"]), Volume)
    assert_type(backend.get_volume(uuid.UUID(volume["uuid"])), Volume)
    assert_type(backend.find_volume("a"), Volume | None)
    assert_type(backend.patch_volume(volume["uuid"], 1, "/a", "default"), Volume)
    assert_type(backend.patch_volume(volume["uuid"], name="b", state="offline"), Volume)
    state: VolumeState = "restricted"
    backend.patch_volume(volume["uuid"], state=state)
    backend.delete_volume(uuid.UUID(volume["uuid"]))
    handle = assert_type(backend.access_handle(volume["uuid"]), InMemoryHandle)
    any_handle: AccessHandle = handle
    if any_handle["kind"] == "nfs_export":
        assert_type(any_handle["server"], str)
    elif any_handle["kind"] == "s3_presigned":
        assert_type(any_handle["expires_at"], str)


def snapshots_and_clones(backend: MemBackend, vol: str) -> None:
    snapshot = assert_type(backend.create_snapshot(vol, "s"), Snapshot)
    assert_type(snapshot["size_consumed"], int)
    assert_type(snapshot["create_time"], str)
    snap = snapshot["uuid"]
    assert_type(backend.list_snapshots(vol), list[Snapshot])
    assert_type(backend.get_snapshot(vol, uuid.UUID(snap)), Snapshot)
    assert_type(backend.find_snapshot(vol, "s"), Snapshot | None)
    assert_type(backend.rename_snapshot(vol, snap, "t"), Snapshot)
    assert_type(backend.restore_snapshot(vol, snap), Volume)
    clone = assert_type(backend.create_clone(vol, snap, "c"), Volume)
    assert_type(clone["clone"]["parent_volume"], str)
    assert_type(clone["clone"]["parent_snapshot_uuid"], str)
    assert_type(backend.split_clone(clone["uuid"]), Volume)
    backend.delete_snapshot(vol, snap)


def the_rest(backend: MemBackend) -> None:
    capabilities = assert_type(backend.capabilities(), Capabilities)
    assert_type(capabilities["clones"], bool)
    assert_type(backend.now(), str)
    assert_type(backend.advance(1), str)
    assert_type(backend.advance(0.5), str)
    assert_type(backend.advance(timedelta(days=1)), str)
    assert_type(backend.tree(), str)
    assert_type(backend.fork(), MemBackend)
    assert_type(copy.copy(backend), MemBackend)
    assert_type(copy.deepcopy(backend), MemBackend)
    assert_type(len(backend), int)
    assert_type(iter(backend), Iterator[Volume])
    assert_type("a" in backend, bool)
    assert_type([volume["name"] for volume in backend], list[str])
    assert_type(nessie_backend_mem.__version__, str)
    backend.check_invariants()


class Column:
    """A column of any library: it only needs Arrow's interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return requested_schema


def column_arguments(backend: MemBackend, column: Column) -> None:
    uuids = assert_type(backend.create_volumes(column, column), Uuids)
    assert_type(backend.get_volumes(uuids), list[Volume])
    assert_type(backend.get_volumes(column), list[Volume])
    assert_type(backend.snapshots(column), Table[SnapshotRow])


def columns(backend: MemBackend, vol: str) -> Snapshot:
    table = assert_type(backend.volumes(), Table[Volume])
    backend.volumes(name="build-*", state="online", is_clone=True, parent=uuid.UUID(vol))
    backend.volumes(created_before=datetime(2000, 1, 1, tzinfo=UTC), created_after="2000-01-01")
    assert_type(len(table), int)
    assert_type(table[0], Volume)
    assert_type(table[1:], Table[Volume])
    assert_type(table.to_pylist(), list[Volume])
    assert_type([row["name"] for row in table], list[str])
    assert_type(table.column_names, tuple[str, ...])
    table.__arrow_c_stream__(table.__arrow_c_schema__())
    snapshots = assert_type(backend.snapshots(), Table[SnapshotRow])
    backend.snapshots([vol, uuid.UUID(vol)])
    backend.snapshots(row["uuid"] for row in table)
    assert_type(snapshots[0]["volume"], str)
    return snapshots[0]


def selections(backend: MemBackend, vol: str) -> None:
    table = backend.volumes(parent=vol)
    assert_type(table["uuid"], Uuids)
    assert_type(table.column("uuid"), Uuids)
    assert_type(table["name"], Sequence[Any])
    assert_type(table == table[:], bool)
    assert_type(copy.deepcopy(table), Table[Volume])
    backend.create_volumes(table["name"], table.column("size_bytes"))
    assert_type(backend.delete_volumes(table), Uuids)
    assert_type(backend.delete_volumes(backend.list_volumes(), skip_busy=True), Uuids)
    backend.patch_volumes(backend, state="offline")
    backend.get_volumes([{"uuid": vol}])
    snapshots = backend.snapshots(
        table, name="daily-*", is_pinned=False, created_before="2000-01-01T00:00:00Z"
    )
    assert_type(snapshots["volume_uuid"], Uuids)
    left = assert_type(backend.delete_snapshots(snapshots), list[tuple[str, str]])
    backend.delete_snapshots(left, skip_busy=True)
    backend.delete_snapshots(snapshots.to_pylist())
    backend.delete_snapshots([(vol, uuid.UUID(vol))])
    assert_type(backend.delete_snapshots(table, "daily-1", skip_busy=True), Uuids)


def errors(error: NessieError) -> tuple[str, ...]:
    assert_type(error.message, str)
    assert_type(error.target, str | None)
    assert_type(error.code, str | None)
    if isinstance(error, BusyError):
        assert_type(error.dependent_count, int)
        return assert_type(error.dependents, tuple[str, ...])
    return ()


def caught(backend: MemBackend) -> str | None:  # noqa: PLR0911
    try:
        backend.get_volume("")
    except (VolumeNotFoundError, SnapshotNotFoundError) as error:
        not_found: NotFoundError = error
        lookup: LookupError = error
        return str(not_found) + str(lookup)
    except (VolumeExistsError, SnapshotExistsError, JunctionPathExistsError) as error:
        exists: AlreadyExistsError = error
        return exists.target
    except (VolumeBusyError, SnapshotBusyError) as error:
        return error.dependents[0]
    except InvalidArgumentError as error:
        value: ValueError = error
        return str(value)
    except FeatureNotSupportedError as error:
        missing: NotImplementedError = error
        return str(missing)
    except BackendTimeoutError as error:
        timeout: TimeoutError = error
        return str(timeout)
    except (VolumeOfflineError, SubstrateError) as error:
        return error.code
    return None


def made() -> list[NessieError]:
    return [
        NessieError(),
        VolumeNotFoundError("no such volume", "uuid"),
        SnapshotBusyError("busy", target=None, dependents=["a"], dependent_count=1),
    ]


class Small:
    """A third party's backend with only volumes, without a base class."""

    def capabilities(self) -> Capabilities:
        return {"snapshots": False, "clones": False, "replication": False}

    def create_volume(self, name: str, size_bytes: int | None = None) -> Volume:
        rules.check_new_volume(name, size_bytes)
        return {
            "uuid": rules.canonical_uuid(uuid.uuid4()),
            "name": name,
            "size_bytes": size_bytes,
            "state": "online",
            "style": "flexvol",
            "vol_type": "rw",
        }

    def list_volumes(self) -> Sequence[Volume]:
        return []

    def get_volume(self, uuid: str) -> Volume:
        raise VolumeNotFoundError(f"volume {uuid} does not exist", uuid)

    def patch_volume(
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
    ) -> Volume:
        volume = self.get_volume(rules.canonical_uuid(uuid, argument="uuid"))
        rules.check_patch(size_bytes, junction_path, export_policy)
        if junction_path and export_policy:
            return {**volume, "junction_path": junction_path, "export_policy": export_policy}
        return {**volume, "size_bytes": size_bytes}

    def delete_volume(self, uuid: str) -> None:
        self.get_volume(uuid)

    def access_handle(self, uuid: str) -> AccessHandle:
        return {"kind": "nfs_export", "server": "nfs.example", "path": "/" + uuid}


def travel(backend: MemBackend, path: Path) -> None:
    backend.dump("name")
    backend.dump(path, progress=lambda done, total: print(done / total))
    with path.open("wb") as writing:
        backend.dump(writing)
    with path.open("rb") as reading:
        assert_type(MemBackend.load(reading), MemBackend)
    assert_type(MemBackend.load(path, progress=print), MemBackend)
    with path.open() as reading_text:
        MemBackend.from_inventory(reading_text)
    assert_type(MemBackend.from_inventory(path, svm="svm1", seed=1), MemBackend)
    document = inventory.record("https://array", username="a", password="b", cacert=path)
    inventory.write(inventory.anonymise(document, seed=1), "file")
    loaded = inventory.load(document, seed=1)
    assert_type(loaded.backends["svm1"], MemBackend)
    assert_type(loaded.omitted[0]["reason"], str)
    assert_type(inventory.serve(loaded, port=8443), OntapServer)
    assert_type(document["svms"][0]["volumes"][0].get("size_bytes"), int | None)
    assert_type(backend.state_digest(), str)
    backend.reset()


def count(backend: MemBackend, shard: int) -> int:
    return len(backend) + shard


def shards(executor: Executor) -> None:
    assert_type(run_shards(count, 4), list[int])
    assert_type(run_shards(count, 4, executor, seed=1, progress=False), list[int])
    try:
        run_shards(count, 4, progress=print)
    except ShardFailures as failures:
        assert_type(failures.exceptions[0], Exception | ExceptionGroup[Exception])
    assert_type(shard_seed(1, 2), int)


def over_the_wire(mem: MemBackend, small: Small, error: NessieError) -> None:
    with OntapServer() as server:
        assert_type(server.port, int)
        assert_type(server.ca_file, str | None)
        assert_type(server.start(), OntapServer)
    lif: Lif = {"address": "192.0.2.1", "services": ["data_nfs"]}
    OntapServer(
        {"svm1": mem, "svm2": small},
        host="::1",
        port=8443,
        username="admin",
        password="secret",
        tls=False,
        job_polls=3,
        name="cluster1",
        nodes=("node1", "node2"),
        aggregates={"aggr1": 2**40},
        lifs={"lif1": lif, "lif2": "192.0.2.2"},
        seed=1,
        log=print,
    ).stop()
    volume = mem.create_volume("v")
    snapshot = mem.create_snapshot(volume["uuid"], "s")
    volume_record(volume, svm="svm1", fields="*")
    snapshot_record(snapshot, volume, fields=["name", "size"])
    error_envelope(error)["error"]


def faults_and_events(mem: MemBackend) -> None:
    plan = assert_type(mem.inject(Fault("create_*", error="timeout", delay=0.5)), FaultPlan)
    assert_type(plan.hits, list[Hit])
    assert_type(plan.unused, list[Fault])
    with mem.inject(Fault(error=ConnectionError)) as inner:
        assert_type(inner.faults, tuple[Fault, ...])
    log = assert_type(mem.events(keep=10), EventLog)
    assert_type(log[0]["arguments"], dict[str, Any])
    assert_type(log.where(operation="create_*", name="db"), list[Event])
    log.write(Path("log.jsonl"))
    replay(EventLog.read("log.jsonl"), FaultyBackend(mem))
    assert_type(FaultyBackend(mem).get_volume(""), Volume)
    for change in diff(mem, MemBackend(), by="name").added:
        assert_type(change, Change)


def takes_all(
    volume: VolumeBackend,
    snapshot: SnapshotBackend,
    backend: Backend,
    full: FullBackend,
) -> Sequence[Volume]:
    full.split_clone(full.create_clone("", "", "c")["uuid"])
    backend.create_clone("", "", "c")
    backend.create_snapshot("", "s")
    snapshot.list_snapshots("")
    return volume.list_volumes()


def fits(mem: MemBackend, small: Small) -> None:
    takes_all(small, mem, mem, mem)
    takes_all(mem, mem, mem, mem)
