"""Wrong uses that a type checker must report: one per line, with its error code.

With its comments this file passes `mypy --strict`, which reports unnecessary ignores.
`test_typing.py` removes the comments and checks the reported errors.
"""

from __future__ import annotations

from nessie_backend_mem import (
    Backend,
    BusyError,
    Fault,
    MemBackend,
    Snapshot,
    VolumeBackend,
    inventory,
    rules,
)
from nessie_backend_mem.ontap import OntapServer, volume_record


def constructing() -> None:
    MemBackend(1)  # type: ignore[call-arg]
    MemBackend(seed="1")  # type: ignore[arg-type]
    MemBackend(seed=1.0)  # type: ignore[arg-type]
    MemBackend(start=2000)  # type: ignore[arg-type]
    MemBackend(sed=1)  # type: ignore[call-arg]
    MemBackend(profile="netapp")  # type: ignore[arg-type]
    MemBackend(limits=5)  # type: ignore[arg-type]


class Mine(MemBackend):  # type: ignore[misc]
    pass


def calling(backend: MemBackend) -> None:
    backend.create_volume()  # type: ignore[call-arg]
    backend.create_volume(5)  # type: ignore[arg-type]
    backend.create_volume(b"a")  # type: ignore[arg-type]
    backend.create_volume("a", "1")  # type: ignore[arg-type]
    backend.create_volume("a", 1.5)  # type: ignore[arg-type]
    backend.create_volume("a", size=1)  # type: ignore[call-arg]
    backend.get_volume(5)  # type: ignore[arg-type]
    backend.get_volume(None)  # type: ignore[arg-type]
    backend.find_volume(None)  # type: ignore[arg-type]
    backend.patch_volume("u", None, None, None, "name")  # type: ignore[call-arg]
    backend.patch_volume("u", state="sleeping")  # type: ignore[arg-type]
    backend.patch_volume("u", junction_path=5)  # type: ignore[arg-type]
    backend.create_snapshot("u")  # type: ignore[call-arg]
    backend.create_clone("u", "s")  # type: ignore[call-arg]
    backend.volumes("build-*")  # type: ignore[call-arg]
    backend.volumes(state="sleeping")  # type: ignore[arg-type]
    backend.volumes(created_after=5)  # type: ignore[arg-type]
    backend.snapshots(5)  # type: ignore[arg-type]
    backend.volumes()[0.5]  # type: ignore[call-overload]
    backend.delete_snapshots(5)  # type: ignore[call-overload]
    backend.delete_volumes(5)  # type: ignore[arg-type]
    backend.delete_volumes([], skip_busy=None)  # type: ignore[arg-type]
    backend.snapshots(name=5)  # type: ignore[arg-type]
    backend.volumes()[0] = None  # type: ignore[index]
    backend.advance("1")  # type: ignore[arg-type]
    backend.create_volum("a")  # type: ignore[attr-defined]
    backend.seed = 1  # type: ignore[attr-defined]


def checking() -> None:
    rules.check_volume_name(b"a")  # type: ignore[arg-type]
    rules.check_volume_name("a", "name")  # type: ignore[call-arg]
    rules.check_size_bytes(None)  # type: ignore[arg-type]
    rules.check_patch(None, None, None, "name")  # type: ignore[call-arg]
    rules.canonical_uuid(5)  # type: ignore[arg-type]


def reading(backend: MemBackend, snapshot: Snapshot, error: BusyError) -> None:
    volume = backend.create_volume("a")
    volume["nmae"]  # type: ignore[typeddict-item]
    volume["size_bytes"] + 1  # type: ignore[operator]
    snapshot["size_bytes"]  # type: ignore[typeddict-item]
    snapshot["size_consumed"] = "0"  # type: ignore[typeddict-item]
    backend.find_volume("a")["uuid"]  # type: ignore[index]
    backend.capabilities()["tiers"]  # type: ignore[typeddict-item]
    for volume_name in backend:
        volume_name.upper()  # type: ignore[attr-defined]
    error.dependents.append("x")  # type: ignore[attr-defined]


def over_the_wire(backend: MemBackend) -> None:
    MemBackend.from_inventory("file", svm=5)  # type: ignore[arg-type]
    inventory.load("file")["backends"]  # type: ignore[index]
    Fault("create_volume", when="later")  # type: ignore[arg-type]
    Fault("create_volume", "db")  # type: ignore[call-arg]
    backend.inject("create_volume")  # type: ignore[arg-type]
    backend.events()[0]["colour"]  # type: ignore[typeddict-item]
    OntapServer(backend, host="::1", prot=8443)  # type: ignore[call-arg]
    OntapServer(5)  # type: ignore[arg-type]
    OntapServer(port="8443")  # type: ignore[arg-type]
    OntapServer(lifs={"lif": {"adress": "::1"}})  # type: ignore[dict-item]
    OntapServer().prot()  # type: ignore[attr-defined]
    volume_record({"name": "v"})  # type: ignore[typeddict-item]


class Half:
    """Lacks most methods of a backend."""

    def list_volumes(self) -> list[str]:
        return []


def fitting(half: Half, volumes_only: VolumeBackend) -> None:
    backend: Backend = half  # type: ignore[assignment]
    other: Backend = volumes_only  # type: ignore[assignment]
    backend.create_volume("a")
    other.find_volume("a")  # type: ignore[attr-defined]
