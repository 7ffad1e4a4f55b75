"""Errors: the tree of classes, attributes, and messages."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import nessie_backend_mem as nessie
import pytest
from nessie_backend_mem import (
    BusyError,
    FeatureNotSupportedError,
    InvalidArgumentError,
    JunctionPathExistsError,
    MemBackend,
    NessieError,
    NoSpaceError,
    NotFoundError,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotLockedError,
    SnapshotNotFoundError,
    SnapshotRule,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
)
from support import UNKNOWN, volume_with_snapshots

CONCRETE = {
    "VolumeNotFoundError": ("volume_not_found", ["NotFoundError"]),
    "SnapshotNotFoundError": ("snapshot_not_found", ["NotFoundError"]),
    "VolumeExistsError": ("volume_exists", ["AlreadyExistsError"]),
    "SnapshotExistsError": ("snapshot_exists", ["AlreadyExistsError"]),
    "JunctionPathExistsError": ("junction_path_exists", ["AlreadyExistsError"]),
    "VolumeBusyError": ("volume_busy", ["BusyError"]),
    "SnapshotBusyError": ("snapshot_busy", ["BusyError"]),
    "SnapshotLockedError": ("snapshot_locked", ["NessieError"]),
    "SnapshotPolicyNotFoundError": ("snapshot_policy_not_found", ["NotFoundError"]),
    "SnapshotPolicyExistsError": ("snapshot_policy_exists", ["AlreadyExistsError"]),
    "SnapshotPolicyBusyError": ("snapshot_policy_busy", ["BusyError"]),
    "VolumeOfflineError": ("volume_offline", ["NessieError"]),
    "NoSpaceError": ("no_space", ["NessieError"]),
    "LimitExceededError": ("limit_exceeded", ["NessieError"]),
    "InvalidArgumentError": ("invalid_argument", ["NessieError", "ValueError"]),
    "FeatureNotSupportedError": ("feature_not_supported", ["NessieError", "NotImplementedError"]),
    "BackendTimeoutError": ("timeout", ["NessieError", "TimeoutError"]),
    "SubstrateError": ("substrate", ["NessieError"]),
}
GROUPS = {
    "NessieError": ["Exception"],
    "NotFoundError": ["NessieError", "LookupError"],
    "AlreadyExistsError": ["NessieError"],
    "BusyError": ["NessieError"],
}
ALL = [*GROUPS, *CONCRETE]


def error_class(name: str) -> type[NessieError]:
    cls: type[NessieError] = getattr(nessie, name)
    return cls


# The tree ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_each_class_has_the_documented_bases(name: str) -> None:
    bases = CONCRETE[name][1] if name in CONCRETE else GROUPS[name]
    assert [base.__name__ for base in error_class(name).__bases__] == bases
    assert issubclass(error_class(name), NessieError)


@pytest.mark.parametrize("name", CONCRETE)
def test_each_concrete_class_has_its_stable_code(name: str) -> None:
    assert error_class(name).code == CONCRETE[name][0]
    assert error_class(name)().code == CONCRETE[name][0]


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_no_code(name: str) -> None:
    assert error_class(name).code is None


def test_the_tree_has_no_class_beyond_the_documented_ones() -> None:
    exported = [value for value in vars(nessie).values() if isinstance(value, type)]
    errors = {value.__name__ for value in exported if issubclass(value, BaseException)}
    assert errors == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_each_class_is_documented_and_exported(name: str) -> None:
    assert error_class(name).__doc__
    assert name in nessie.__all__


# One made in Python --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_an_error_can_be_made_and_caught_in_python(name: str) -> None:
    error = error_class(name)("what was wrong", "target")
    assert (str(error), error.message, error.target) == ("what was wrong",) * 2 + ("target",)
    by_name = error_class(name)(message="m", target="t")
    assert (by_name.message, by_name.target) == ("m", "t")
    with pytest.raises(NessieError):
        raise error


@pytest.mark.parametrize("name", ALL)
def test_an_error_can_be_created_without_arguments(name: str) -> None:
    error = error_class(name)()
    assert (str(error), error.message, error.target) == ("", "", None)


@pytest.mark.parametrize(
    "name", ["BusyError", "VolumeBusyError", "SnapshotBusyError", "SnapshotPolicyBusyError"]
)
def test_a_busy_error_counts_its_dependents(name: str) -> None:
    cls: type[BusyError] = getattr(nessie, name)
    assert (cls().dependents, cls().dependent_count) == ((), 0)
    few = cls("m", "t", ["a", "b"])
    assert (few.dependents, few.dependent_count) == (("a", "b"), 2)
    many = cls("m", "t", ["a", "b"], 50)
    assert (many.dependents, many.dependent_count) == (("a", "b"), 50)
    hundred = cls(dependents=[str(number) for number in range(100)])
    assert (len(hundred.dependents), hundred.dependent_count) == (16, 100)


def attributes(error: NessieError) -> tuple[object, ...]:
    more: tuple[object, ...] = ()
    if isinstance(error, BusyError):
        more = (error.dependents, error.dependent_count)
    if isinstance(error, NoSpaceError):
        more = (error.needed_bytes, error.available_bytes)
    if isinstance(error, SnapshotLockedError):
        more = (error.expires_at,)
    return (type(error), str(error), error.message, error.code, error.target, error.args, *more)


def raised_by_the_backend() -> list[NessieError]:
    """One error of every class `MemBackend` raises."""
    backend = MemBackend(seed=1)
    parent, [snapshot, _] = volume_with_snapshots(backend, "parent", "s", "t")
    other = backend.create_volume("other")
    backend.patch_volume(parent["uuid"], junction_path="/p")
    backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    busy, [pinned] = volume_with_snapshots(backend, "busy", "s")
    backend.create_clone(busy["uuid"], pinned["uuid"], "other-clone")
    locked = backend.create_snapshot(parent["uuid"], "u", expires_at="2000-01-02T00:00:00Z")
    rule: SnapshotRule = {"schedule": "0 0 * * *", "prefix": "n", "keep": 1}
    backend.create_snapshot_policy("p", [rule])
    backend.patch_volume(other["uuid"], state="offline", snapshot_policy="p")
    calls: list[Callable[[], object]] = [
        lambda: backend.get_volume(UNKNOWN),
        lambda: backend.get_snapshot(parent["uuid"], UNKNOWN),
        lambda: backend.create_volume("parent"),
        lambda: backend.create_snapshot(parent["uuid"], "s"),
        lambda: backend.patch_volume(other["uuid"], junction_path="/p"),
        lambda: backend.delete_volume(busy["uuid"]),
        lambda: backend.delete_snapshot(parent["uuid"], snapshot["uuid"]),
        lambda: backend.access_handle(other["uuid"]),
        lambda: backend.write(backend.create_volume("small", 1)["uuid"], 3),
        lambda: backend.create_volume("a/b"),
        lambda: MemBackend().advance(1),
        lambda: MemBackend(limits={"volumes": 0}).create_volume("a"),
        lambda: backend.delete_snapshot(parent["uuid"], locked["uuid"]),
        lambda: backend.get_snapshot_policy("missing"),
        lambda: backend.create_snapshot_policy("p", [rule]),
        lambda: backend.delete_snapshot_policy("p"),
    ]
    errors = []
    for call in calls:
        with pytest.raises(NessieError) as caught:
            call()
        errors.append(caught.value)
    return errors


def test_the_backend_raises_every_class_that_is_not_for_real_substrates() -> None:
    raised = {type(error).__name__ for error in raised_by_the_backend()}
    assert raised == set(CONCRETE) - {"BackendTimeoutError", "SubstrateError"}


def made_and_raised() -> list[NessieError]:
    made = [error_class(name)("what was wrong", "target") for name in ALL]
    return [*made, *raised_by_the_backend(), VolumeBusyError("m", "t", ["a"], 40)]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_pickles_whole(protocol: int) -> None:
    for error in made_and_raised():
        again = pickle.loads(pickle.dumps(error, protocol))
        assert attributes(again) == attributes(error)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_an_error_copies_whole(copier: Callable[[NessieError], NessieError]) -> None:
    for error in made_and_raised():
        assert attributes(copier(error)) == attributes(error)


def test_a_pickled_error_keeps_its_notes() -> None:
    error = VolumeNotFoundError("m", "t")
    error.add_note("seen in production")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["seen in production"]


def test_the_repr_of_an_error_names_class_and_message() -> None:
    for error in made_and_raised():
        assert type(error).__name__ in repr(error)
        assert repr(error.message) in repr(error)


def test_a_subclass_of_an_error_keeps_its_attributes() -> None:
    class QuotaError(InvalidArgumentError):
        code = "quota"

    error = QuotaError("m", "size_bytes")
    assert (error.code, error.target) == ("quota", "size_bytes")
    assert isinstance(error, ValueError)


def test_errors_are_caught_as_the_builtin_they_also_are(backend: MemBackend) -> None:
    with pytest.raises(LookupError):
        backend.get_volume(UNKNOWN)
    with pytest.raises(ValueError, match="name"):
        backend.create_volume("")
    with pytest.raises(NotImplementedError):
        MemBackend().advance(1)


# Messages ------------------------------------------------------------------------------------


def message_of(error_type: type[NessieError], call: Callable[[], object]) -> str:
    with pytest.raises(error_type) as caught:
        call()
    assert str(caught.value) == caught.value.message
    return caught.value.message


def test_a_not_found_message_names_the_missing_object(backend: MemBackend) -> None:
    assert UNKNOWN in message_of(NotFoundError, lambda: backend.get_volume(UNKNOWN))
    volume = backend.create_volume("a")
    text = message_of(SnapshotNotFoundError, lambda: backend.get_snapshot(volume["uuid"], UNKNOWN))
    assert UNKNOWN in text
    assert volume["uuid"] in text


def test_an_exists_message_names_the_conflicting_name(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "cache", "nightly")
    backend.patch_volume(volume["uuid"], junction_path="/mnt")
    other = backend.create_volume("other")["uuid"]
    assert "cache" in message_of(VolumeExistsError, lambda: backend.create_volume("cache"))
    assert "nightly" in message_of(
        SnapshotExistsError, lambda: backend.create_snapshot(volume["uuid"], "nightly")
    )
    assert "/MNT" in message_of(
        JunctionPathExistsError, lambda: backend.patch_volume(other, junction_path="/MNT")
    )


def test_a_busy_message_names_the_dependent_clones_and_their_number(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    for number in range(20):
        backend.create_clone(volume["uuid"], snapshot["uuid"], f"clone-{number}")
    for error_type, uuid, call in (
        (VolumeBusyError, volume["uuid"], lambda: backend.delete_volume(volume["uuid"])),
        (
            SnapshotBusyError,
            snapshot["uuid"],
            lambda: backend.delete_snapshot(volume["uuid"], snapshot["uuid"]),
        ),
    ):
        text = message_of(error_type, call)
        assert uuid in text
        assert "clone-0" in text
        assert "20" in text


def test_an_offline_message_names_volume_and_state(backend: MemBackend) -> None:
    volume = backend.create_volume("v")
    backend.patch_volume(volume["uuid"], state="restricted")
    text = message_of(VolumeOfflineError, lambda: backend.access_handle(volume["uuid"]))
    assert volume["uuid"] in text
    assert "restricted" in text


def test_an_unsupported_feature_is_named() -> None:
    with pytest.raises(FeatureNotSupportedError) as caught:
        MemBackend().advance(1)
    assert caught.value.target == "advance"
    assert "advance" in caught.value.message
    assert "follows the system's clock" in caught.value.message
    assert "MemBackend(seed=...)" in caught.value.message


SWAPPED: dict[str, Callable[[MemBackend, str, str], object]] = {
    "get_volume": lambda b, v, s: b.get_volume(s),
    "patch_volume": lambda b, v, s: b.patch_volume(s, size_bytes=0),
    "delete_volume": lambda b, v, s: b.delete_volume(s),
    "access_handle": lambda b, v, s: b.access_handle(s),
    "create_snapshot": lambda b, v, s: b.create_snapshot(s, "n"),
    "list_snapshots": lambda b, v, s: b.list_snapshots(s),
    "find_snapshot": lambda b, v, s: b.find_snapshot(s, "n"),
    "create_clone": lambda b, v, s: b.create_clone(s, v, "n"),
    "split_clone": lambda b, v, s: b.split_clone(s),
    "create_snapshots": lambda b, v, s: b.create_snapshots([s], "n"),
    "create_clones": lambda b, v, s: b.create_clones(s, v, ["n"]),
    "delete_snapshots": lambda b, v, s: b.delete_snapshots([s], "n"),
    "delete_volumes": lambda b, v, s: b.delete_volumes([s]),
    "patch_volumes": lambda b, v, s: b.patch_volumes([s], size_bytes=[0]),
    "get_volumes": lambda b, v, s: b.get_volumes([s]),
}


@pytest.mark.parametrize("call", SWAPPED.values(), ids=SWAPPED)
def test_the_message_recognizes_the_uuid_of_a_snapshot_given_for_a_volume(
    backend: MemBackend, call: Callable[[MemBackend, str, str], object]
) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "db", "nightly")
    with pytest.raises(VolumeNotFoundError) as caught:
        call(backend, volume["uuid"], snapshot["uuid"])
    expected = 'does not exist: that is the uuid of snapshot "nightly" of volume "db"'
    assert caught.value.message.endswith(expected)
    assert (caught.value.target, caught.value.code) == (snapshot["uuid"], "volume_not_found")


OF_A_SNAPSHOT: dict[str, Callable[[MemBackend, str, str], object]] = {
    "get_snapshot": lambda b, v, s: b.get_snapshot(v, s),
    "rename_snapshot": lambda b, v, s: b.rename_snapshot(v, s, "n"),
    "delete_snapshot": lambda b, v, s: b.delete_snapshot(v, s),
    "restore_snapshot": lambda b, v, s: b.restore_snapshot(v, s),
    "create_clone": lambda b, v, s: b.create_clone(v, s, "n"),
    "create_clones": lambda b, v, s: b.create_clones(v, s, ["n"]),
}


@pytest.mark.parametrize("call", OF_A_SNAPSHOT.values(), ids=OF_A_SNAPSHOT)
def test_the_message_recognizes_other_uuids_given_for_a_snapshot(
    backend: MemBackend, call: Callable[[MemBackend, str, str], object]
) -> None:
    _, [snapshot] = volume_with_snapshots(backend, "db", "nightly")
    other = backend.create_volume("other")["uuid"]
    for given, meaning in (
        (snapshot["uuid"], 'it is snapshot "nightly" of volume "db"'),
        (other, 'that is the uuid of volume "other"'),
    ):
        with pytest.raises(SnapshotNotFoundError) as caught:
            call(backend, other, given)
        assert caught.value.message.endswith(f"does not exist on volume {other}: {meaning}")
        assert caught.value.target == given
    with pytest.raises(SnapshotNotFoundError) as caught:
        call(backend, other, UNKNOWN)
    assert caught.value.message.endswith(f"does not exist on volume {other}")


def test_the_message_recognizes_a_name_given_for_a_uuid(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "db", "nightly")
    with pytest.raises(InvalidArgumentError) as caught:
        backend.get_volume("db")
    assert 'find_volume("db") returns its record' in caught.value.message
    assert caught.value.target == "uuid"
    with pytest.raises(InvalidArgumentError) as caught:
        backend.get_snapshot(volume["uuid"], "nightly")
    assert f'find_snapshot("{volume["uuid"]}", "nightly")' in caught.value.message
    assert caught.value.target == "snap_uuid"
    with pytest.raises(InvalidArgumentError) as caught:
        backend.get_volume("unknown")
    assert caught.value.message == 'uuid "unknown" is not a UUID'


INVALID: list[tuple[str, str, Callable[[MemBackend, str], object]]] = [
    ("name", "'/'", lambda b, v: b.create_volume("bad/name")),
    ("name", "bad/name", lambda b, v: b.create_volume("bad/name")),
    ("name", "203", lambda b, v: b.create_volume("x" * 204)),
    ("name", "255", lambda b, v: b.create_snapshot(v, "x" * 256)),
    (
        "new_name",
        "203",
        lambda b, v: b.create_clone(v, b.create_snapshot(v, "s")["uuid"], "x" * 204),
    ),
    ("name", "first", lambda b, v: b.create_volume("-a")),
    ("size_bytes", "0", lambda b, v: b.create_volume("a", 0)),
    ("size_bytes", "-17", lambda b, v: b.create_volume("a", -17)),
    ("size_bytes", str(2**64), lambda b, v: b.create_volume("a", 2**64)),
    ("junction_path", "no-slash", lambda b, v: b.patch_volume(v, junction_path="no-slash")),
    ("junction_path", "4096", lambda b, v: b.patch_volume(v, junction_path="/" + "x" * 4096)),
    ("export_policy", "256", lambda b, v: b.patch_volume(v, export_policy="x" * 257)),
    ("state", "sleeping", lambda b, v: b.patch_volume(v, state="sleeping")),  # type: ignore[arg-type]
    ("state", "offline", lambda b, v: b.patch_volume(v, state="sleeping")),  # type: ignore[arg-type]
    ("uuid", "not-a-uuid", lambda b, v: b.get_volume("not-a-uuid")),
    ("snap_uuid", "not-a-uuid", lambda b, v: b.get_snapshot(v, "not-a-uuid")),
    ("vol_uuid", "clone", lambda b, v: b.split_clone(v)),
    ("seed", "-1", lambda b, v: MemBackend(seed=-1)),
    ("seed", str(2**64), lambda b, v: MemBackend(seed=2**64)),
    ("start", "yesterday", lambda b, v: MemBackend(start="yesterday")),
    ("delta", "-1", lambda b, v: b.advance(-1)),
]


@pytest.mark.parametrize(("argument", "part", "call"), INVALID)
def test_an_invalid_argument_message_names_argument_value_and_rule(
    backend: MemBackend, argument: str, part: str, call: Callable[[MemBackend, str], object]
) -> None:
    volume = backend.create_volume("v")
    with pytest.raises(InvalidArgumentError) as caught:
        call(backend, volume["uuid"])
    assert caught.value.target == argument
    assert argument in caught.value.message
    assert part in caught.value.message


LONG = 100_000


@pytest.mark.parametrize(
    "call",
    [
        lambda b, v: b.create_volume("x" * LONG),
        lambda b, v: b.create_volume("é" * LONG),
        lambda b, v: b.create_volume("\ud800" * LONG),
        lambda b, v: b.create_volume("a", 10**LONG),
        lambda b, v: b.create_volume("a", -(10**LONG)),
        lambda b, v: b.create_snapshot(v, "x" * LONG),
        lambda b, v: b.patch_volume(v, junction_path="/" + "x" * LONG),
        lambda b, v: b.patch_volume(v, junction_path="\0" * LONG),
        lambda b, v: b.patch_volume(v, export_policy="x" * LONG),
        lambda b, v: b.patch_volume(v, state="x" * LONG),
        lambda b, v: b.get_volume("x" * LONG),
        lambda b, v: b.get_volume("\ud800" * LONG),
        lambda b, v: MemBackend(seed=10**LONG),
        lambda b, v: MemBackend(start="2" * LONG),
        lambda b, v: b.advance(10**LONG),
    ],
)
def test_a_long_value_is_shortened_in_the_message(
    backend: MemBackend, call: Callable[[MemBackend, str], object]
) -> None:
    volume = backend.create_volume("v")
    with pytest.raises(InvalidArgumentError) as caught:
        call(backend, volume["uuid"])
    assert 10 < len(caught.value.message) < 1000


def test_a_long_conflicting_path_is_shortened_in_the_message(backend: MemBackend) -> None:
    path = "/" + "x" * 4095
    backend.patch_volume(backend.create_volume("a")["uuid"], junction_path=path)
    other = backend.create_volume("b")["uuid"]
    with pytest.raises(JunctionPathExistsError) as caught:
        backend.patch_volume(other, junction_path=path)
    assert caught.value.target == path
    assert len(caught.value.message) < 1000


def test_a_long_integer_is_shortened_in_the_message(backend: MemBackend) -> None:
    class Chatty:
        def __index__(self) -> int:
            return 2**70

        def __str__(self) -> str:
            return "x" * LONG

    with pytest.raises(InvalidArgumentError) as caught:
        backend.create_volume("a", Chatty())
    assert len(caught.value.message) < 1000


def test_a_message_is_one_printable_line(backend: MemBackend) -> None:
    for name in ("a\nb", "a\0b", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}a", "\ud800", "a\u2028b"):
        with pytest.raises(InvalidArgumentError) as caught:
            backend.create_volume(name)
        assert caught.value.message.isprintable()
        caught.value.message.encode()


def test_type_errors_name_the_given_type(backend: MemBackend) -> None:
    with pytest.raises(TypeError, match="float"):
        backend.create_volume("a", 1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="bool"):
        backend.create_volume("a", True)
    with pytest.raises(TypeError, match="bytes"):
        backend.create_volume(b"a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="int"):
        backend.get_volume(5)  # type: ignore[arg-type]


def test_a_record_in_place_of_its_uuid_is_refused_with_the_fix() -> None:
    backend = MemBackend()
    volume: Any = backend.create_volume("db")
    with pytest.raises(TypeError, match=r'not dict; pass its key "uuid"$'):
        backend.get_volume(volume)
