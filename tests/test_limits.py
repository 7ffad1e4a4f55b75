"""Limits and profiles: what a backend refuses besides what the contract refuses."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from nessie_backend_mem import (
    InvalidArgumentError,
    LimitExceededError,
    Limits,
    MemBackend,
    NessieError,
    SnapshotExistsError,
    VolumeExistsError,
    VolumeOfflineError,
)
from nessie_backend_mem.conformance import run_all
from support import Index, refuses

NAMES = ["volumes", "snapshots", "snapshots_per_volume", "clones_per_snapshot", "clone_depth"]
NONE: dict[str, int | None] = dict.fromkeys(NAMES)
MIB = 2**20


def make(**limits: int | None) -> MemBackend:
    return MemBackend(seed=1, limits=limits)


def loaded(backend: MemBackend) -> MemBackend:
    text = io.BytesIO()
    backend.dump(text)
    return MemBackend.load(io.BytesIO(text.getvalue()))


# One more than a limit allows -----------------------------------------------------------------


def fill_volumes(backend: MemBackend, count: int) -> Iterator[Callable[[], object]]:
    for number in range(count):
        yield partial(backend.create_volume, f"v{number}")


def fill_snapshots(backend: MemBackend, count: int) -> Iterator[Callable[[], object]]:
    for number in range(count):
        volume = backend.create_volume(f"v{number}")["uuid"]
        yield partial(backend.create_snapshot, volume, "s")


def fill_snapshots_per_volume(backend: MemBackend, count: int) -> Iterator[Callable[[], object]]:
    volumes = [backend.create_volume(name)["uuid"] for name in "ab"]
    for number in range(count):
        # Another volume counts for itself.
        if number < count - 1:
            backend.create_snapshot(volumes[1], f"s{number}")
        yield partial(backend.create_snapshot, volumes[0], f"s{number}")


def fill_clones_per_snapshot(backend: MemBackend, count: int) -> Iterator[Callable[[], object]]:
    volume = backend.create_volume("v")["uuid"]
    first, second = (backend.create_snapshot(volume, name)["uuid"] for name in "ab")
    for number in range(count):
        # Another snapshot counts for itself.
        if number < count - 1:
            backend.create_clone(volume, second, f"d{number}")
        yield partial(backend.create_clone, volume, first, f"c{number}")


def fill_clone_depth(backend: MemBackend, count: int) -> Iterator[Callable[[], object]]:
    volume = backend.create_volume("v")["uuid"]
    for number in range(count):
        snapshot = backend.create_snapshot(volume, "s")["uuid"]
        yield partial(backend.create_clone, volume, snapshot, f"c{number}")
        found = backend.find_volume(f"c{number}")
        assert found is not None
        volume = found["uuid"]


FILL = {
    "volumes": fill_volumes,
    "snapshots": fill_snapshots,
    "snapshots_per_volume": fill_snapshots_per_volume,
    "clones_per_snapshot": fill_clones_per_snapshot,
    "clone_depth": fill_clone_depth,
}
FIXES = {
    "volumes": "delete a volume first",
    "snapshots": "delete a snapshot first",
    "snapshots_per_volume": "delete a snapshot of the volume first",
    "clones_per_snapshot": "delete or split a clone of the snapshot first",
    "clone_depth": "split the parent volume or one above it first",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [0, 1, 3])
def test_as_many_objects_as_the_limit_can_be_created(name: str, limit: int) -> None:
    backend = make(**{name: limit})
    steps = FILL[name](backend, limit + 1)
    for _ in range(limit):
        next(steps)()
    create = next(steps)
    with refuses(backend, LimitExceededError, target=name) as caught:
        create()
    error = caught.value
    assert (error.limit, error.code, error.index) == (limit, "limit_exceeded", None)
    fix = f"; {FIXES[name]}" if limit else ""
    assert error.message == f"the call exceeds limit {name}, which is {limit}{fix}"


def test_what_is_deleted_or_split_makes_room() -> None:
    backend = make(
        volumes=4, snapshots=2, snapshots_per_volume=1, clones_per_snapshot=1, clone_depth=1
    )
    volume = backend.create_volume("v")["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clone = backend.create_clone(volume, snapshot, "c")["uuid"]
    own = backend.create_snapshot(clone, "s")["uuid"]
    for call, target in (
        (lambda: backend.create_clone(volume, snapshot, "d"), "clones_per_snapshot"),
        (lambda: backend.create_clone(clone, own, "d"), "clone_depth"),
        (lambda: backend.create_snapshot(clone, "t"), "snapshots"),
    ):
        with refuses(backend, LimitExceededError, target=target):
            call()
    backend.split_clone(clone)
    backend.create_clone(volume, snapshot, "d")
    backend.create_clone(clone, own, "e")
    with refuses(backend, LimitExceededError, target="volumes"):
        backend.create_volume("more")
    backend.delete_volume(next(v["uuid"] for v in backend if v["name"] == "e"))
    backend.create_volume("more")
    backend.delete_snapshot(clone, own)
    backend.create_snapshot(clone, "t")


# The order of checks --------------------------------------------------------------------------


def test_a_limit_is_looked_at_last() -> None:
    backend = make(volumes=2, snapshots=1, clone_depth=0)
    volume = backend.create_volume("a")["uuid"]
    backend.create_volume("b")
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    calls: list[tuple[Callable[[str], object], str]] = [
        (lambda name: backend.create_volume(name), "b"),
        (lambda name: backend.create_snapshot(volume, name), "s"),
        (lambda name: backend.create_clone(volume, snapshot, name), "b"),
        (lambda name: backend.create_volumes([name]), "b"),
        (lambda name: backend.create_snapshots([volume], name), "s"),
        (lambda name: backend.create_clones(volume, snapshot, [name]), "b"),
    ]
    for call, taken in calls:
        with refuses(backend, InvalidArgumentError):
            call("-")
        exists = SnapshotExistsError if taken == "s" else VolumeExistsError
        with refuses(backend, exists, target=taken):
            call(taken)
        with refuses(backend, LimitExceededError):
            call("free")
    backend.patch_volume(volume, state="offline")
    for index, (call, _) in enumerate(calls):
        if index % 3:
            with refuses(backend, VolumeOfflineError):
                call("free")


def test_of_several_limits_the_first_is_named() -> None:
    backend = make(volumes=1, snapshots=1, snapshots_per_volume=1, clone_depth=0)
    volume = backend.create_volume("a")["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    for call, target in (
        (lambda: backend.create_snapshot(volume, "t"), "snapshots"),
        (lambda: backend.create_clone(volume, snapshot, "c"), "volumes"),
        (lambda: backend.create_clones(volume, snapshot, ["c"]), "volumes"),
    ):
        with refuses(backend, LimitExceededError, target=target):
            call()


# Bulk calls -----------------------------------------------------------------------------------


@pytest.mark.parametrize("already", [0, 1, 2])
def test_the_index_is_that_of_the_first_volume_too_many(already: int) -> None:
    backend = make(volumes=2)
    backend.create_volumes([f"v{number}" for number in range(already)])
    with refuses(backend, LimitExceededError, target="volumes") as caught:
        backend.create_volumes(["a", "b", "c", "d"])
    assert (caught.value.index, caught.value.limit) == (2 - already, 2)
    backend.create_volumes(["a", "b"][already:])
    assert len(backend) == 2


def test_the_index_is_that_of_the_first_snapshot_too_many() -> None:
    backend = make(snapshots=4, snapshots_per_volume=2)
    volumes = list(backend.create_volumes(list("abcd")))
    backend.create_snapshots(volumes[2:3], "s")
    with refuses(backend, LimitExceededError, target="snapshots") as caught:
        backend.create_snapshots(volumes, "t")
    assert (caught.value.index, caught.value.limit) == (3, 4)
    backend.create_snapshots(volumes[2:3], "t")
    with refuses(backend, LimitExceededError, target="snapshots_per_volume") as caught:
        backend.create_snapshots([volumes[0], volumes[2], volumes[1]], "u")
    assert (caught.value.index, caught.value.limit) == (1, 2)


def test_the_index_is_that_of_the_first_clone_too_many() -> None:
    backend = make(clones_per_snapshot=2, clone_depth=1)
    volume = backend.create_volume("v")["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clone = backend.create_clone(volume, snapshot, "c")["uuid"]
    with refuses(backend, LimitExceededError, target="clones_per_snapshot") as caught:
        backend.create_clones(volume, snapshot, ["d", "e", "f"])
    assert caught.value.index == 1
    own = backend.create_snapshot(clone, "s")["uuid"]
    with refuses(backend, LimitExceededError, target="clone_depth") as caught:
        backend.create_clones(clone, own, ["d", "e"])
    assert caught.value.index == 0


@pytest.mark.parametrize(
    ("names", "error_type", "index"),
    [
        (["a", "b", "-", "c"], InvalidArgumentError, 2),
        (["a", "-", "b", "c"], InvalidArgumentError, 1),
        (["a", "v", "b", "c"], VolumeExistsError, 1),
        (["a", "a", "b", "c"], VolumeExistsError, 1),
        (["a", "b", "v", "c"], VolumeExistsError, 2),
        (["a", "b", "a", "c"], VolumeExistsError, 2),
        (["a", "b", "c", "v"], LimitExceededError, 2),
        (["a", "b", "c", "-"], LimitExceededError, 2),
    ],
)
def test_the_first_item_with_an_error_of_any_kind_is_named(
    names: list[str], error_type: type[NessieError], index: int
) -> None:
    backend = make(volumes=3)
    volume = backend.create_volume("v")["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    for create in (backend.create_volumes, partial(backend.create_clones, volume, snapshot)):
        with refuses(backend, error_type) as caught:
            create(names)
        assert caught.value.index == index


def test_an_empty_batch_exceeds_nothing() -> None:
    backend = make(**dict.fromkeys(NAMES, 1))
    volume = backend.create_volume("v")["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    backend.create_volumes([])
    backend.create_snapshots([], "t")
    backend.create_clones(volume, snapshot, [])


# Arguments ------------------------------------------------------------------------------------


def test_a_backend_has_no_limits_by_default() -> None:
    for backend in (MemBackend(), MemBackend(limits={}), MemBackend(limits=None), make(**NONE)):
        assert backend.limits == NONE
        assert list(backend.limits) == NAMES
        assert backend.profile is None
        assert "limits" not in repr(backend)
        assert "profile" not in repr(backend)


def test_limits_are_any_mapping_of_integers() -> None:
    class Mine(Mapping[str, Any]):
        def __getitem__(self, key: str) -> Any:
            return {"volumes": Index(3)}[key]

        def __iter__(self) -> Iterator[str]:
            return iter(["volumes"])

        def __len__(self) -> int:
            return 1

    assert MemBackend(limits=Mine()).limits["volumes"] == 3
    most = make(snapshots=2**64 - 1)
    assert most.limits["snapshots"] == 2**64 - 1
    assert MemBackend(limits=most.limits).limits == most.limits


def test_the_limits_are_a_new_dict_each_time() -> None:
    backend = make(volumes=1)
    limits: Limits = backend.limits
    limits["volumes"] = 5
    assert backend.limits["volumes"] == 1
    with pytest.raises(AttributeError):
        backend.limits = limits  # type: ignore[misc]


@pytest.mark.parametrize("number", [-1, 2**64, 10**100])
@pytest.mark.parametrize("name", NAMES)
def test_a_limit_out_of_range_is_refused(name: str, number: int) -> None:
    with pytest.raises(InvalidArgumentError, match=f'for "{name}" is outside 0 to 2') as caught:
        make(**{name: number})
    assert caught.value.target == "limits"


@pytest.mark.parametrize("name", ["volume", "", "Volumes", "é" * 1_000, "\ud800", "volumes "])
def test_an_unknown_limit_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="the limits are " + ", ".join(NAMES)) as caught:
        MemBackend(limits={"volumes": 1, name: 1})
    assert caught.value.target == "limits"
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("value", [True, False, 1.0, "1", b"1", [1], {}])
def test_a_limit_of_a_wrong_type_is_a_type_error(value: Any) -> None:
    kind = type(value).__name__
    expected = rf'limits\["snapshots"\] must be an int or None, not {kind}'
    with pytest.raises(TypeError, match=expected):
        MemBackend(limits={"volumes": 1, "snapshots": value})


@pytest.mark.parametrize("value", [1, "volumes", [("volumes", 1)], {"volumes"}, True])
def test_limits_of_a_wrong_type_are_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="limits must be a dict"):
        MemBackend(limits=value)


def test_a_key_of_a_wrong_type_is_a_type_error() -> None:
    wrong: Any = {1: 1}
    with pytest.raises(TypeError, match="a key of limits must be a str, not int"):
        MemBackend(limits=wrong)


def test_an_exception_of_a_mapping_is_raised() -> None:
    class Broken(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            raise OSError("disk on fire")

        def __iter__(self) -> Iterator[str]:
            return iter(["volumes"])

        def __len__(self) -> int:
            return 1

    with pytest.raises(OSError, match="disk on fire"):
        MemBackend(limits=Broken())


@pytest.mark.parametrize("name", ["", "ONTAP", "netapp", "\ud800"])
def test_an_unknown_profile_is_refused(name: Any) -> None:
    with pytest.raises(InvalidArgumentError, match='a profile is "ontap"') as caught:
        MemBackend(profile=name)
    assert caught.value.target == "profile"


@pytest.mark.parametrize("value", [1, b"ontap", ["ontap"], True])
def test_a_profile_of_a_wrong_type_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="profile must be a str"):
        MemBackend(profile=value)


# The profile of ONTAP -------------------------------------------------------------------------


def test_the_profile_has_limits_that_can_be_changed_and_lifted() -> None:
    assert MemBackend(profile="ontap").limits == {
        **NONE,
        "snapshots_per_volume": 1023,
        "clone_depth": 499,
    }
    backend = MemBackend(profile="ontap", limits={"snapshots_per_volume": None, "volumes": 5})
    assert backend.limits == {**NONE, "volumes": 5, "clone_depth": 499}


def test_a_volume_has_at_most_1023_snapshots_under_the_profile() -> None:
    backend = MemBackend(seed=1, profile="ontap")
    volume = backend.create_volume("v")["uuid"]
    for number in range(1023):
        backend.create_snapshot(volume, f"s-{number}.x")
    with refuses(backend, LimitExceededError, target="snapshots_per_volume") as caught:
        backend.create_snapshot(volume, "more")
    assert caught.value.limit == 1023


@pytest.mark.parametrize("name", ["build-cache", "9a", "a.b", "a:b", "x" * 204, "", "é"])
def test_the_profile_refuses_names_that_ontap_refuses(name: str) -> None:
    backend = MemBackend(seed=1, profile="ontap")
    volume = backend.create_volume("_Vol_9")["uuid"]
    snapshot = backend.create_snapshot(volume, "nightly-2000.01:01")["uuid"]
    for call, target in (
        (lambda: backend.create_volume(name), "name"),
        (lambda: backend.patch_volume(volume, name=name), "name"),
        (lambda: backend.create_clone(volume, snapshot, name), "new_name"),
        (lambda: backend.create_volumes([name]), "names"),
        (lambda: backend.create_clones(volume, snapshot, [name]), "names"),
        (lambda: backend.patch_volumes([volume], name=name), "name"),
    ):
        with refuses(backend, InvalidArgumentError, target=target) as caught:
            call()
        assert caught.value.message.endswith('(profile "ontap")')


def test_the_profile_refuses_sizes_below_20_mib_and_gives_that_size() -> None:
    backend = MemBackend(seed=1, profile="ontap")
    volume = backend.create_volume("a")
    assert volume["size_bytes"] == 20 * MIB
    backend.create_volumes(["b", "c"], [None, 30 * MIB])
    assert [v["size_bytes"] for v in backend] == [20 * MIB, 20 * MIB, 30 * MIB]
    too_small = 20 * MIB - 1
    for call in (
        lambda: backend.create_volume("d", too_small),
        lambda: backend.create_volumes(["d"], too_small),
        lambda: backend.patch_volume(volume["uuid"], too_small),
        lambda: backend.patch_volumes([volume["uuid"]], too_small),
    ):
        with refuses(backend, InvalidArgumentError, target="size_bytes") as caught:
            call()
        assert f"{too_small} is less than {20 * MIB}" in caught.value.message
    backend.patch_volume(volume["uuid"], 25 * MIB)
    snapshot = backend.create_snapshot(volume["uuid"], "s")["uuid"]
    assert backend.create_clone(volume["uuid"], snapshot, "d")["size_bytes"] == 25 * MIB


# Copies ---------------------------------------------------------------------------------------

LIMITS = {"volumes": 1, "snapshots": 2, "clone_depth": 0}


@pytest.mark.parametrize(
    "copied",
    [
        MemBackend.fork,
        copy.copy,
        copy.deepcopy,
        lambda backend: pickle.loads(pickle.dumps(backend)),
        loaded,
    ],
)
def test_copies_have_the_limits_and_the_profile(
    copied: Callable[[MemBackend], MemBackend],
) -> None:
    backend = MemBackend(seed=1, limits=LIMITS, profile="ontap")
    backend.create_volume("v")
    other = copied(backend)
    assert other.limits == backend.limits
    assert other.profile == "ontap"
    assert other.state_digest() == backend.state_digest()
    with refuses(other, LimitExceededError, target="volumes"):
        other.create_volume("w")
    other.check_invariants()


def test_a_reset_keeps_the_limits_and_the_profile() -> None:
    backend = MemBackend(seed=1, limits=LIMITS, profile="ontap")
    before = backend.state_digest()
    limits = backend.limits
    backend.create_volume("v")
    backend.reset()
    assert (backend.limits, backend.profile) == (limits, "ontap")
    assert backend.state_digest() == before


def test_the_digest_shows_limits_and_profile() -> None:
    digests = {
        MemBackend(seed=1, limits=limits, profile=profile).state_digest()
        for limits in (None, {"volumes": 1}, {"snapshots": 1})
        for profile in (None, "ontap")
    }
    assert len(digests) == 6


def test_the_repr_shows_limits_and_profile() -> None:
    backend = MemBackend(seed=1, limits={"volumes": 5}, profile="ontap")
    assert repr(backend) == (
        "<MemBackend seed=1, now='2000-01-01T00:00:00Z', profile='ontap', "
        "limits={'volumes': 5, 'snapshots_per_volume': 1023, 'clone_depth': 499}, "
        "volumes=0, snapshots=0, clones=0>"
    )


def test_the_error_of_a_limit_can_be_copied_and_pickled() -> None:
    error = LimitExceededError("too many", "volumes", 5)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is LimitExceededError
        assert (other.message, other.target, other.limit) == ("too many", "volumes", 5)
        assert other.code == "limit_exceeded"
    assert repr(error) == "LimitExceededError('too many', target='volumes', limit=5)"


# The conformance suite ------------------------------------------------------------------------


def test_a_backend_with_generous_limits_passes_the_conformance_suite() -> None:
    limits = dict.fromkeys(NAMES, 10**6)
    run_all(lambda: MemBackend(limits=limits), objects=20, rounds=2, sequences=2, steps=30)
