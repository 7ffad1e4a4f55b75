"""What a correct backend may do differently from `MemBackend`: the suite accepts each variant.

`nessie_backend_mem.protocols` states each decision.
"""

from __future__ import annotations

import threading
from collections import UserList
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import count
from typing import Any

import pytest
from dict_backends import DictVolumes, ModelBackend, NoneMem
from nessie_backend_mem import MemBackend, NessieError
from nessie_backend_mem.conformance import run

QUICK: dict[str, Any] = {"objects": 20, "rounds": 2, "sequences": 2, "steps": 30}
"""Sizes that let the whole suite run in about a second."""

Record = dict[str, Any]
RECORDS = {
    *("create_volume", "get_volume", "find_volume", "patch_volume", "restore_snapshot"),
    *("create_clone", "split_clone", "create_snapshot", "get_snapshot", "find_snapshot"),
    *("rename_snapshot", "list_volumes", "list_snapshots"),
}


class Variant:
    """A correct backend whose results are altered."""

    def __init__(self) -> None:
        self.backend = MemBackend()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.backend, name)
        if name not in RECORDS:
            return method

        def altered(*arguments: Any, **keywords: Any) -> Any:
            result = method(*arguments, **keywords)
            if isinstance(result, list):
                return self.listed([self.record(item) for item in result])
            return None if result is None else self.record(result)

        return altered

    def record(self, record: Record) -> Record:
        return record

    def listed(self, records: list[Record]) -> Any:
        return records


class Tuples(Variant):
    def listed(self, records: list[Record]) -> Any:
        return tuple(records)


class Frozen(Sequence[Record]):
    """A sequence that cannot be changed and is equal to nothing else."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records

    def __getitem__(self, index: Any) -> Any:
        return self.records[index]

    def __len__(self) -> int:
        return len(self.records)


class OwnSequences(Variant):
    def listed(self, records: list[Record]) -> Any:
        return Frozen(records)


class UserLists(Variant):
    def listed(self, records: list[Record]) -> Any:
        return UserList(records)


class OfLists(list[Record]):
    """A subclass of `list`."""


class SubclassedLists(Variant):
    def listed(self, records: list[Record]) -> Any:
        return OfLists(records)


class MovingSizes(Variant):
    """Clients write all the time, so no number of bytes is the same twice."""

    moving = count(1)

    def record(self, record: Record) -> Record:
        if "size_consumed" in record:
            record["size_consumed"] = next(self.moving)
            return record
        most = record["size_bytes"] or 2**64 - 1
        used = {"used_bytes": next(self.moving) % (most + 1)}
        optional = ("junction_path", "export_policy", "clone")
        after = {key: record.pop(key) for key in optional if key in record}
        return record | used | after

    def space(self) -> Record:
        live, snapshots = next(self.moving), next(self.moving)
        return {
            "capacity_bytes": 2**50,
            "used_bytes": live + snapshots,
            "available_bytes": 2**50 - live - snapshots,
            "live_bytes": live,
            "snapshot_bytes": snapshots,
        }


class State(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"
    RESTRICTED = "restricted"


class Text(str):
    """A subclass of `str`."""

    __slots__ = ()


class Size(int):
    """A subclass of `int`."""


class Subclasses(Variant):
    """Values are of subclasses of `str` and `int`."""

    def record(self, record: Record) -> Record:
        altered = {key: self.value(value) for key, value in record.items()}
        if "state" in altered:
            altered["state"] = State(altered["state"])
        return altered

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return Text(value) if isinstance(value, str) else Size(value) if value else value


class WithoutTimes(Variant):
    """The storage system behind it records no times."""

    def record(self, record: Record) -> Record:
        record.pop("create_time", None)
        return record


class OwnRefusal(Exception):
    """An exception of another package, with nothing but a code."""

    def __init__(self, code: str) -> None:
        super().__init__("no")
        self.code = code


class OwnBusy(OwnRefusal):
    """A busy one also has the clones."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.code)
        self.dependents = list(error.dependents)
        self.dependent_count = error.dependent_count


class OwnExceptions(Variant):
    """Raises exceptions that do not derive from `NessieError`."""

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)

        def translated(*arguments: Any, **keywords: Any) -> Any:
            try:
                return method(*arguments, **keywords)
            except NessieError as error:
                if hasattr(error, "dependents"):
                    raise OwnBusy(error) from None
                raise OwnRefusal(str(error.code)) from None

        return translated


class AllAtOnce(OwnExceptions, OwnSequences, Subclasses, MovingSizes):
    """Differs in everything in which a backend may differ."""

    def record(self, record: Record) -> Record:
        record.pop("create_time", None)
        return super().record(MovingSizes.record(self, record))


class MoreOfEach(Variant):
    """Methods take more arguments than the contract has, and there are more methods."""

    def create_volume(self, name: Any, size_bytes: Any = None, *, pool: str = "one") -> Any:
        return self.backend.create_volume(name, size_bytes)

    def defragment(self) -> None:
        """Do nothing."""


class Locked(Variant):
    """One lock, and threads of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)

        def locked(*arguments: Any, **keywords: Any) -> Any:
            with self.lock:
                return method(*arguments, **keywords)

        return locked


class OtherHandles(Variant):
    def access_handle(self, uuid: Any) -> Any:
        self.backend.access_handle(uuid)
        return {"kind": "git_ref", "remote": "origin", "ref_name": f"refs/heads/{uuid}"}


class OptionalRefused(Variant):
    """Answers that it lacks the fields `name` and `state`."""

    def patch_volume(
        self,
        uuid: Any,
        size_bytes: Any = None,
        junction_path: Any = None,
        export_policy: Any = None,
        *,
        name: Any = None,
        state: Any = None,
    ) -> Any:
        if name is not None or state is not None:
            raise NotImplementedError
        return self.backend.patch_volume(uuid, size_bytes, junction_path, export_policy)


class NoRename(Variant):
    """Answers that it lacks three optional methods."""

    def rename_snapshot(self, *_: Any) -> Any:
        raise NotImplementedError

    restore_snapshot = split_clone = rename_snapshot


class NoSpace(Variant):
    """Does not account for space."""

    def __getattr__(self, name: str) -> Any:
        if name == "space":
            raise AttributeError(name)
        return super().__getattr__(name)


class WithoutClones(Variant):
    """Has volumes and snapshots alone."""

    def __getattr__(self, name: str) -> Any:
        if name in {"create_clone", "split_clone"}:
            raise AttributeError(name)
        return super().__getattr__(name)

    def capabilities(self) -> Record:
        return {"snapshots": True, "clones": False, "replication": False}


class PrePopulated(Variant):
    """Has volumes, snapshots and clones before the run, with names as the suite uses them.

    They have data, and the pool is full.
    """

    def __init__(self) -> None:
        self.backend = MemBackend(capacity_bytes=30 * 3_000)
        for number in range(30):
            volume = self.backend.create_volume(f"py-v{number}", 4096)
            path = f"/py-path{number}"
            self.backend.patch_volume(volume["uuid"], junction_path=path, export_policy="policy")
            self.backend.write(volume["uuid"], 2_000)
            snapshot = self.backend.create_snapshot(volume["uuid"], f"py-s{number}")
            clone = volume["uuid"], snapshot["uuid"], f"py-c{number}"
            self.backend.create_clone(*clone)
            self.backend.write(volume["uuid"], 1_000, overwrite_bytes=500)
            if number % 3 == 0:
                self.backend.patch_volume(volume["uuid"], state="offline")


VARIANTS: list[Callable[[], Any]] = [
    *(Tuples, OwnSequences, UserLists, SubclassedLists, MovingSizes, Subclasses, WithoutTimes),
    *(
        OwnExceptions,
        AllAtOnce,
        MoreOfEach,
        Locked,
        OtherHandles,
        OptionalRefused,
        NoRename,
        NoSpace,
        WithoutClones,
        PrePopulated,
    ),
    *(ModelBackend, DictVolumes, NoneMem),
]


def failures(backend: Any, **options: Any) -> Iterator[str]:
    report = run(backend, **options)
    assert report.results
    return (str(failure) for failure in report.failures)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("fresh", [True, False], ids=["factory", "instance"])
def test_the_python_cases_accept_a_correct_variant(variant: Callable[[], Any], fresh: bool) -> None:
    assert [*failures(variant if fresh else variant(), cases=["python.*"])] == []


@pytest.mark.slow
@pytest.mark.parametrize("variant", [AllAtOnce, Tuples, MovingSizes, NoSpace, PrePopulated])
def test_the_shared_cases_accept_a_correct_variant(variant: Callable[[], Any]) -> None:
    assert [*failures(variant, **QUICK)] == []


def test_only_the_rows_of_a_missing_method_are_skipped() -> None:
    """A backend that lacks an optional method is still tested with the others."""

    class Faulty(NoRename):
        def create_snapshot(self, vol_uuid: Any, name: Any) -> Any:
            return self.backend.create_snapshot(vol_uuid, str(name))

    report = run(Faulty, cases=["python.*"])
    assert {failure.rules[0].id for failure in report.failures} >= {"python.types"}
    assert "create_snapshot" in report.failures[0].message


class DictSubclass(Variant):
    """Not a correct variant: a record must be exactly a `dict`."""

    def record(self, record: Record) -> Record:
        return OfDicts(record)


class OfDicts(dict[str, Any]):
    """A subclass of `dict`."""


def test_a_subclass_of_dict_is_rejected() -> None:
    report = run(DictSubclass, cases=["python.*"])
    assert [failure.rules[0].id for failure in report.failures] == ["python.dicts"]
    assert "an OfDicts, not a dict" in report.failures[0].message


def test_objects_of_other_users_are_kept() -> None:
    backend = PrePopulated()
    assert backend.backend.space()["available_bytes"] == 0
    before = backend.backend.tree(), backend.list_volumes(), backend.space()
    assert run(backend, cases=["python.*"], expect=["space"]).is_success
    assert (backend.backend.tree(), backend.list_volumes(), backend.space()) == before
