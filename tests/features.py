"""What a `nessie_backend_mem` that can be imported does; one line of JSON.

Run with this package and with the published 0.3.1 on the path, it fills the table in the README:
`tests/test_beside_published.py` holds one against the other.
"""

from __future__ import annotations

import copy
import json
import pickle
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import nessie_backend_mem as nessie

Backend = Any


def refusal(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - whatever it is, is what is asked for
        return error
    return None


def cloned(b: Backend) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    volume = b.create_volume("volume", 1)
    snapshot = b.create_snapshot(volume["uuid"], "snapshot")
    return volume, snapshot, b.create_clone(volume["uuid"], snapshot["uuid"], "clone")


def volumes_snapshots_clones(b: Backend) -> bool:
    return bool(cloned(b)[2]["clone"]["parent_volume"] == "volume")


def offline(b: Backend) -> bool:
    volume = b.create_volume("a")
    b.patch_volume(volume["uuid"], state="offline")
    return refusal(lambda: b.create_snapshot(volume["uuid"], "s")) is not None


def restore(b: Backend) -> bool:
    volume, snapshot, _ = cloned(b)
    b.patch_volume(volume["uuid"], 2)
    return bool(b.restore_snapshot(volume["uuid"], snapshot["uuid"])["size_bytes"] == 1)


def split(b: Backend) -> bool:
    volume, snapshot, clone = cloned(b)
    b.split_clone(clone["uuid"])
    return refusal(lambda: b.delete_snapshot(volume["uuid"], snapshot["uuid"])) is None


def find(b: Backend) -> bool:
    return bool(b.find_volume(b.create_volume("a")["name"]))


def junctions(b: Backend) -> bool:
    one, other = b.create_volume("a"), b.create_volume("b")
    mounted = b.patch_volume(one["uuid"], junction_path="/Mount")
    clash = refusal(lambda: b.patch_volume(other["uuid"], junction_path="/mount"))
    return mounted.get("junction_path") == "/Mount" and clash is not None


def times(b: Backend) -> bool:
    volume = b.create_volume("a")
    return "create_time" in volume and "create_time" in b.create_snapshot(volume["uuid"], "s")


def origins_follow(b: Backend) -> bool:
    volume, _, clone = cloned(b)
    b.patch_volume(volume["uuid"], name="renamed")
    origin = b.get_volume(clone["uuid"])["clone"]
    return (origin["parent_volume"], origin["parent_volume_uuid"]) == ("renamed", volume["uuid"])


def bad_names(b: Backend) -> bool:
    return all(refusal(partial(b.create_volume, name)) for name in ("", "a b", "é", "x" * 204))


def bad_sizes(b: Backend) -> bool:
    refusals = [refusal(partial(b.create_volume, "a", size)) for size in (0, -1, 2**64)]
    return all(isinstance(error, nessie.NessieError) for error in refusals)


def error_classes(b: Backend) -> bool:
    b.create_volume("a")
    exists = refusal(lambda: b.create_volume("a"))
    missing = refusal(lambda: b.get_volume(str(uuid.UUID(int=0))))
    return type(exists) is not type(missing) and isinstance(missing, LookupError)


def error_facts(b: Backend) -> bool:
    volume, _, _ = cloned(b)
    busy: Any = refusal(lambda: b.delete_volume(volume["uuid"]))
    return bool(busy.code == "volume_busy" and list(busy.dependents) == ["clone"])


def seeded(_: Backend) -> bool:
    return bool(cloned(nessie.MemBackend(seed=7)) == cloned(nessie.MemBackend(seed=7)))


def standing_clock(_: Backend) -> bool:
    b: Backend = nessie.MemBackend(start="2030-01-01T00:00:00Z")
    b.advance(86_400)
    return bool(b.create_volume("a")["create_time"] == "2030-01-02T00:00:00Z")


def copies(b: Backend) -> bool:
    b.create_volume("a")
    other = copy.deepcopy(b)
    other.create_volume("b")
    return len(other.list_volumes()) == 2 and len(b.list_volumes()) == 1


def pickles(b: Backend) -> bool:
    b.create_volume("a")
    return bool(pickle.loads(pickle.dumps(b)).list_volumes() == b.list_volumes())


def uuid_objects(b: Backend) -> bool:
    volume = b.create_volume("a")
    return bool(b.get_volume(uuid.UUID(volume["uuid"])) == volume)


def container(b: Backend) -> bool:
    volume = b.create_volume("a")
    return len(b) == 1 and list(b) == [volume] and "a" in b and volume["uuid"] in b


def arrow_columns(b: Backend) -> bool:
    b.create_volume("build-1")
    b.create_volume("db")
    table = b.volumes(name="build-*")
    return len(table) == 1 and hasattr(table, "__arrow_c_stream__")


def documented(b: Backend) -> bool:
    public = [name for name in dir(type(b)) if not name.startswith("_")]
    return all(getattr(type(b), name).__doc__ for name in public)


def lets_threads_run(b: Backend) -> bool:
    for i in range(100_000):
        b.create_volume(f"volume-{i}")
    longest = 0.0
    started, done = threading.Event(), threading.Event()

    def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not done.is_set():
            now = time.perf_counter()
            longest = max(longest, now - last)
            last = now
            started.set()

    thread = threading.Thread(target=watch)
    thread.start()
    started.wait()
    stalls = []
    for _ in range(5):
        longest = 0.0
        begin = time.perf_counter()
        b.list_volumes()
        stalls.append(longest / (time.perf_counter() - begin))
    done.set()
    thread.join()
    # A thread that never gets its turn stalls for all of every listing.
    return min(stalls) < 0.5


FEATURES: dict[str, Callable[[Backend], bool]] = {
    "volumes, snapshots, clones": volumes_snapshots_clones,
    "rename volumes; origins of clones follow": origins_follow,
    "offline and online": offline,
    "restore a volume to a snapshot": restore,
    "split a clone from its parent": split,
    "find by name": find,
    "junction paths, unique and shown": junctions,
    "creation times": times,
    "names outside ONTAP's reach refused": bad_names,
    "sizes out of range refused, as `NessieError`": bad_sizes,
    "an error class for each kind of refusal": error_classes,
    "errors say which clones are in the way": error_facts,
    "same seed, same identifiers and times": seeded,
    "a clock that moves when told": standing_clock,
    "`copy.deepcopy`": copies,
    "`pickle`": pickles,
    "`uuid.UUID` as an argument": uuid_objects,
    "`len`, iteration, `in`": container,
    "columns for Arrow readers": arrow_columns,
    "`help()` on every method": documented,
    "other threads run during a listing": lets_threads_run,
}


def main() -> None:
    does = {}
    for name, probe in FEATURES.items():
        try:
            does[name] = probe(nessie.MemBackend())
        except Exception:  # noqa: BLE001 - what fails is not there
            does[name] = False
    print(json.dumps(does))


if __name__ == "__main__":
    main()
