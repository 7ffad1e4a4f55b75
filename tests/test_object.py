"""The Python object: its protocols, its texts, and deep chains of clones."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import pkgutil
import pydoc
import re
import sys
import uuid
import weakref
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import nessie_backend_mem as nessie
import pytest
from nessie_backend_mem import MemBackend, VolumeBusyError
from support import UNKNOWN, run_python, volume_names, volume_with_snapshots

PARAMETERS = {
    "capabilities": "",
    "reset": "",
    "inject": "*faults",
    "events": "keep=None",
    "state_digest": "",
    "dump": "path_or_file, *, progress=None",
    "load": "path_or_file, *, progress=None",
    "from_inventory": "path_or_file, *, svm=None, seed=None",
    "create_volume": "name, size_bytes=None, *, snapshot_policy=None",
    "list_volumes": "",
    "volumes": (
        "*, name=None, state=None, is_clone=None, parent=None, created_before=None, "
        "created_after=None"
    ),
    "get_volume": "uuid",
    "find_volume": "name",
    "patch_volume": (
        "uuid, size_bytes=None, junction_path=None, export_policy=None, *, name=None, state=None,"
        " snapshot_policy=None"
    ),
    "delete_volume": "uuid",
    "access_handle": "uuid",
    "create_snapshot": "vol_uuid, name, *, expires_at=None",
    "list_snapshots": "vol_uuid",
    "snapshots": (
        "vol_uuids=None, *, name=None, is_pinned=None, created_before=None, created_after=None"
    ),
    "get_snapshot": "vol_uuid, snap_uuid",
    "find_snapshot": "vol_uuid, name",
    "rename_snapshot": "vol_uuid, snap_uuid, name",
    "delete_snapshot": "vol_uuid, snap_uuid",
    "restore_snapshot": "vol_uuid, snap_uuid",
    "create_clone": "parent_vol_uuid, parent_snap_uuid, new_name",
    "split_clone": "vol_uuid",
    "create_volumes": "names, size_bytes=None, *, snapshot_policy=None",
    "create_snapshots": "vol_uuids, name, *, expires_at=None",
    "create_clones": "parent_vol_uuid, parent_snap_uuid, names",
    "delete_snapshots": "vol_uuids, name=None, *, skip_busy=False",
    "delete_volumes": "vol_uuids, *, skip_busy=False",
    "patch_volumes": (
        "vol_uuids, size_bytes=None, junction_path=None, export_policy=None, *, name=None,"
        " state=None, snapshot_policy=None"
    ),
    "get_volumes": "vol_uuids",
    "create_snapshot_policy": "name, rules",
    "get_snapshot_policy": "name",
    "list_snapshot_policies": "",
    "replace_snapshot_policy": "name, rules",
    "delete_snapshot_policy": "name",
    "next_due": "",
    "run_due": "",
    "write": "vol_uuid, size_bytes, *, overwrite_bytes=0",
    "discard": "vol_uuid, size_bytes",
    "write_volumes": "vol_uuids, size_bytes, *, overwrite_bytes=0",
    "discard_volumes": "vol_uuids, size_bytes",
    "space": "",
    "set_capacity": "capacity_bytes",
    "now": "",
    "advance": "delta",
    "tree": "",
    "fork": "",
    "check_invariants": "",
}


# Length, iteration, membership ---------------------------------------------------------------


def test_len_counts_volumes_and_clones_but_not_snapshots(backend: MemBackend) -> None:
    assert len(backend) == 0
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    assert len(backend) == 1
    backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    assert len(backend) == 2


def test_an_empty_backend_is_false(backend: MemBackend) -> None:
    """As with every container, an empty one is false: test for `is None` instead."""
    assert bool(backend) is False
    backend.create_volume("a")
    assert bool(backend) is True


def test_iteration_yields_volumes_in_order_of_creation(backend: MemBackend) -> None:
    for name in ("c", "a", "b"):
        backend.create_volume(name)
    assert list(backend) == backend.list_volumes()
    assert [volume["name"] for volume in backend] == ["c", "a", "b"]


def test_an_iterator_is_its_own_iterator_and_ends_for_good(backend: MemBackend) -> None:
    backend.create_volume("a")
    iterator = iter(backend)
    assert iter(iterator) is iterator
    assert next(iterator)["name"] == "a"
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(iterator)
    backend.create_volume("b")
    with pytest.raises(StopIteration):
        next(iterator)


def test_an_iterator_outlives_its_backend() -> None:
    backend = MemBackend(seed=1)
    for number in range(5_000):
        backend.create_volume(f"v{number}")
    iterator = iter(backend)
    next(iterator)
    del backend
    gc.collect()
    assert sum(1 for _ in iterator) == 4_999


def test_two_iterations_do_not_disturb_each_other(backend: MemBackend) -> None:
    for name in ("a", "b", "c"):
        backend.create_volume(name)
    pairs = [(one["name"], two["name"]) for one in backend for two in backend]
    assert len(pairs) == 9


def test_a_name_or_a_uuid_is_in_a_backend(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    for spelling in ("v", volume["uuid"], volume["uuid"].upper(), uuid.UUID(volume["uuid"])):
        assert spelling in backend
    for other in ("w", "V", "s", snapshot["uuid"], UNKNOWN, uuid.UUID(UNKNOWN), "", "\ud800"):
        assert other not in backend
    backend.delete_volume(volume["uuid"])
    assert "v" not in backend
    assert volume["uuid"] not in backend


@pytest.mark.parametrize("other", [None, 5, 1.5, b"v", ["v"], {"v"}, {}, object(), MemBackend])
def test_nothing_else_is_in_a_backend(backend: MemBackend, other: object) -> None:
    backend.create_volume("v")
    assert other not in backend


def test_a_volume_may_be_named_like_a_uuid(backend: MemBackend) -> None:
    backend.create_volume(UNKNOWN)
    assert UNKNOWN in backend
    assert uuid.UUID(UNKNOWN) not in backend
    with pytest.raises(LookupError):
        backend.get_volume(UNKNOWN)


# Identity ------------------------------------------------------------------------------------


def test_backends_are_equal_only_to_themselves_and_can_be_dict_keys(backend: MemBackend) -> None:
    twin = backend.fork()
    assert backend == backend  # noqa: PLR0124
    assert backend != twin
    assert {backend: 1, twin: 2}[backend] == 1
    before = hash(backend)
    backend.create_volume("a")
    assert hash(backend) == before


@pytest.mark.parametrize("name", ["anything", "seed", "create_volume", "__class__", "__dict__"])
def test_attributes_cannot_be_set(backend: MemBackend, name: str) -> None:
    with pytest.raises((AttributeError, TypeError)):
        setattr(backend, name, object)


def test_a_backend_can_be_referenced_weakly() -> None:
    backend = MemBackend()
    gone: list[bool] = []
    reference = weakref.ref(backend, lambda _: gone.append(True))
    assert reference() is backend
    del backend
    gc.collect()
    assert reference() is None
    assert gone == [True]


def test_a_backend_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError):
        type("Mine", (MemBackend,), {})


def test_a_backend_is_of_the_module_it_is_imported_from() -> None:
    assert MemBackend.__module__ == "nessie_backend_mem"
    assert MemBackend.__qualname__ == "MemBackend"
    assert nessie.MemBackend is MemBackend


def test_a_backend_fits_the_protocols(backend: MemBackend) -> None:
    for protocol in (
        nessie.VolumeBackend,
        nessie.SnapshotBackend,
        nessie.Backend,
        nessie.FullBackend,
    ):
        assert isinstance(backend, protocol)
        assert not isinstance(object(), protocol)


# Texts of the object -------------------------------------------------------------------------


def test_the_repr_shows_seed_clock_and_counts() -> None:
    backend = MemBackend(seed=4242, start="2021-02-03T04:05:06Z")
    volume, [snapshot, *_] = volume_with_snapshots(backend, "v", "s", "t", "u")
    backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    text = repr(backend)
    assert "MemBackend" in text
    assert "4242" in text
    assert "2021-02-03T04:05:06Z" in text
    assert re.search(r"\b2\b", text), "two volumes"
    assert re.search(r"\b3\b", text), "three snapshots"
    assert "\n" not in text
    assert str(backend) == text


def test_the_repr_shows_whether_a_backend_has_a_seed() -> None:
    start = "2000-01-01T00:00:00Z"
    without, zero = MemBackend(start=start), MemBackend(seed=0, start=start)
    assert repr(without) != repr(zero)


def test_the_tree_shows_volumes_snapshots_and_clones_as_an_indented_outline(
    backend: MemBackend,
) -> None:
    first, [snapshot, _] = volume_with_snapshots(backend, "first", "monday", "tuesday")
    clone = backend.create_clone(first["uuid"], snapshot["uuid"], "clone")
    inner = backend.create_snapshot(clone["uuid"], "inner")
    backend.create_clone(clone["uuid"], inner["uuid"], "grandchild")
    backend.create_volume("second")
    lines = backend.tree().splitlines()
    depth = {
        name: next(line.index(name) for line in lines if name in line)
        for name in ("first", "monday", "tuesday", "clone", "inner", "grandchild", "second")
    }
    assert depth["first"] == depth["second"]
    assert depth["first"] < depth["monday"] == depth["tuesday"] < depth["clone"]
    assert depth["clone"] < depth["inner"] < depth["grandchild"]
    order = [name for line in lines for name in depth if re.search(rf"\b{name}\b", line)]
    assert order == ["first", "monday", "clone", "inner", "grandchild", "tuesday", "second"]


def test_the_tree_shows_a_split_clone_at_the_root(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.split_clone(clone["uuid"])
    lines = backend.tree().splitlines()
    columns = {
        name: line.index(name) for line in lines for name in ("parent", "clone") if name in line
    }
    assert columns["parent"] == columns["clone"]


def test_the_tree_of_an_empty_backend_is_text(backend: MemBackend) -> None:
    assert isinstance(backend.tree(), str)


def test_a_tree_of_megabytes_is_whole() -> None:
    """It is built in parts, which must not split a character."""
    backend = MemBackend(seed=1)
    count = 30_000
    uuids = backend.create_volumes(f"volume-{number}" for number in range(count))
    backend.create_snapshots(uuids, "s")
    lines = backend.tree().splitlines()
    assert lines[::2] == [f"volume-{number}  no quota" for number in range(count)]
    assert lines[1::2] == ["└── @s  2000-01-01T00:00:00Z"] * count
    assert len("\n".join(lines).encode()) > 2**20


# The output of help() ------------------------------------------------------------------------


def test_the_public_methods_and_properties_are_the_documented_ones() -> None:
    public = {name for name in dir(MemBackend) if not name.startswith("_")}
    assert public == set(PARAMETERS) | {"limits", "profile"}


@pytest.mark.parametrize("method", PARAMETERS)
def test_each_method_has_its_documented_parameters(method: str) -> None:
    signature = inspect.signature(getattr(MemBackend(), method))
    assert str(signature) == f"({PARAMETERS[method]})"


def test_the_constructor_has_its_documented_parameters() -> None:
    expected = "(*, seed=None, start=None, capacity_bytes=None, limits=None, profile=None)"
    assert str(inspect.signature(MemBackend)) == expected


@pytest.mark.parametrize("method", PARAMETERS)
def test_each_method_has_a_docstring(method: str) -> None:
    text = inspect.getdoc(getattr(MemBackend, method)) or ""
    assert len(text) > 20
    assert text.splitlines()[0].rstrip().endswith((".", ":"))


def test_help_shows_class_methods_and_module() -> None:
    text = pydoc.plain(pydoc.render_doc(MemBackend))
    for method in PARAMETERS:
        assert method in text
    assert len(inspect.getdoc(MemBackend) or "") > 100
    assert len(inspect.getdoc(nessie) or "") > 100


@pytest.mark.parametrize("name", nessie.__all__)
def test_everything_exported_exists_and_is_documented(name: str) -> None:
    value: Any = getattr(nessie, name)
    if isinstance(value, type):
        assert inspect.getdoc(value)
    assert name in dir(nessie)


def test_star_import_gives_everything_exported() -> None:
    namespace: dict[str, object] = {}
    exec("from nessie_backend_mem import *", namespace)
    assert set(nessie.__all__) <= set(namespace)


MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(nessie.__path__, "nessie_backend_mem.")
    # A guide has a docstring alone.
    if "._" not in name and ".guides" not in name
]


@pytest.mark.parametrize("name", ["nessie_backend_mem", *MODULES])
def test_dir_of_a_module_shows_its_api_only(name: str) -> None:
    module = import_module(name)
    shown = dir(module)
    assert [each for each in shown if not each.startswith("__")] == sorted(
        each for each in module.__all__ if not each.startswith("__")
    )
    assert all(hasattr(module, each) for each in module.__all__)


def test_the_version_is_the_installed_distributions() -> None:
    from importlib.metadata import version

    assert nessie.__version__ == version("nessie-backend-mem")


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="MemBakend"):
        nessie.MemBakend  # type: ignore[attr-defined]  # noqa: B018


# Depth ---------------------------------------------------------------------------------------

DEPTH = 20_000


def chain(depth: int) -> tuple[MemBackend, list[str]]:
    """A clone of a clone of a clone …, and the volumes' identifiers from the root down."""
    backend = MemBackend(seed=1)
    uuids = [backend.create_volume("v0")["uuid"]]
    for number in range(1, depth):
        snapshot = backend.create_snapshot(uuids[-1], "s")
        uuids.append(backend.create_clone(uuids[-1], snapshot["uuid"], f"v{number}")["uuid"])
    return backend, uuids


@pytest.fixture(scope="module", name="deep")
def deep_chain() -> tuple[MemBackend, list[str]]:
    return chain(DEPTH)


DEEP: dict[str, Callable[[MemBackend], Any]] = {
    "tree": lambda backend: len(backend.tree().splitlines()) >= DEPTH,
    "html": lambda backend: "v0" in backend._repr_html_(),
    "repr": repr,
    "list": lambda backend: len(backend.list_volumes()) == DEPTH,
    "check_invariants": lambda backend: backend.check_invariants() is None,  # type: ignore[func-returns-value]
}


@pytest.mark.parametrize("look", DEEP.values(), ids=DEEP)
def test_a_deep_chain_of_clones_can_be_read(
    deep: tuple[MemBackend, list[str]], look: Callable[[MemBackend], Any]
) -> None:
    assert look(deep[0])


@pytest.mark.parametrize(
    "copier",
    [lambda b: b.fork(), copy.deepcopy, lambda b: pickle.loads(pickle.dumps(b))],
    ids=["fork", "deepcopy", "pickle"],
)
def test_a_deep_chain_of_clones_can_be_copied_and_dropped(
    deep: tuple[MemBackend, list[str]], copier: Callable[[MemBackend], MemBackend]
) -> None:
    backend, uuids = deep
    copied = copier(backend)
    assert copied.get_volume(uuids[-1]) == backend.get_volume(uuids[-1])
    del copied
    gc.collect()


def test_a_deep_chain_of_clones_is_deleted_from_its_end(
    deep: tuple[MemBackend, list[str]],
) -> None:
    backend, uuids = deep[0].fork(), deep[1]
    with pytest.raises(VolumeBusyError):
        backend.delete_volume(uuids[0])
    for identifier in reversed(uuids):
        backend.delete_volume(identifier)
    assert len(backend) == 0
    backend.check_invariants()


def test_a_deep_chain_of_clones_can_be_split_in_the_middle(
    deep: tuple[MemBackend, list[str]],
) -> None:
    backend, uuids = deep[0].fork(), deep[1]
    middle = uuids[DEPTH // 2]
    assert "clone" not in backend.split_clone(middle)
    backend.check_invariants()
    snapshot = backend.list_snapshots(uuids[DEPTH // 2 - 1])[0]["uuid"]
    backend.delete_snapshot(uuids[DEPTH // 2 - 1], snapshot)
    assert len(volume_names(backend)) == DEPTH


# Import --------------------------------------------------------------------------------------


def test_parallel_first_imports_give_one_class() -> None:
    program = """
import threading
classes = []
barrier = threading.Barrier(8)
def load():
    barrier.wait()
    from nessie_backend_mem import MemBackend, VolumeBackend
    classes.append((MemBackend, VolumeBackend))
threads = [threading.Thread(target=load) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(classes) == 8 and len(set(classes)) == 1
"""
    done = run_python("-W", "error", "-c", program)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_interpreter_exits_quietly_with_backends_alive() -> None:
    program = """
import atexit, nessie_backend_mem as m
keep = m.MemBackend(seed=1)
iterator = iter(keep)
for n in range(1000): keep.create_volume(f"v{n}")
cycle = [keep]; cycle.append(cycle)
atexit.register(lambda: keep.list_volumes())
class Late:
    def __init__(self, backend): self.backend = backend
    def __del__(self): self.backend.create_volume("at-the-very-end")
late = Late(keep)
"""
    done = run_python("-X", "dev", "-W", "error", "-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_first_error_during_interpreter_exit_is_raised() -> None:
    """Nothing can be imported at that time: the error classes must be loaded already."""
    program = """
import builtins, uuid, nessie_backend_mem as m
class Late:
    def __init__(self, backend, refusals): self.backend, self.refusals = backend, refusals
    def __del__(self):
        for method, arguments in self.refusals:
            try:
                getattr(self.backend, method)(*arguments)
            except Exception as error:
                print(type(error).__name__)
backend = m.MemBackend(seed=1)
volume = backend.create_volume("v")
snapshot = backend.create_snapshot(volume["uuid"], "s")
backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
unknown = str(uuid.UUID(int=0))
builtins.late = Late(backend, [
    ("get_volume", (unknown,)),
    ("get_snapshot", (volume["uuid"], unknown)),
    ("create_volume", ("v",)),
    ("create_snapshot", (volume["uuid"], "s")),
    ("delete_volume", (volume["uuid"],)),
    ("delete_snapshot", (volume["uuid"], snapshot["uuid"])),
    ("create_volume", ("",)),
    ("create_volume", (5,)),
])
"""
    done = run_python("-X", "dev", "-W", "error", "-c", program, env={"RUST_BACKTRACE": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [
        "VolumeNotFoundError",
        "SnapshotNotFoundError",
        "VolumeExistsError",
        "SnapshotExistsError",
        "VolumeBusyError",
        "SnapshotBusyError",
        "InvalidArgumentError",
        "TypeError",
    ]


def test_the_import_loads_no_other_module_and_starts_no_thread() -> None:
    """`typing`, `__future__`, `enum`, `dataclasses` or `uuid` would add 0.1 to 10 ms."""
    program = """
import atexit, os, sys
before = set(sys.modules)
import nessie_backend_mem
print(sorted(set(sys.modules) - before))
import threading
print(threading.active_count())
"""
    # Without `site`, because a file in site-packages may load modules that would not be counted.
    # Every interpreter with `site` has loaded `os`, and `atexit` is compiled into the interpreter.
    folder = Path(nessie.__file__).parents[1]
    done = run_python("-S", "-c", program, env={"PYTHONPATH": str(folder)})
    own = ["nessie_backend_mem", "nessie_backend_mem._core", "nessie_backend_mem.errors"]
    assert (done.stdout.splitlines(), done.stderr) == ([str(own), "1"], "")


def test_the_recursion_limit_does_not_matter(deep: tuple[MemBackend, list[str]]) -> None:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(120)
    try:
        assert deep[0].tree()
        assert pickle.dumps(deep[0])
    finally:
        sys.setrecursionlimit(usual)
