"""The backend and a naive model agree: results, refusals and all records."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from model import Model, Refusal
from nessie_backend_mem import MemBackend, NessieError, Volume
from nessie_backend_mem.testing.operations import (
    UNKNOWN,
    mostly,
    usual_export_policies,
    usual_junction_paths,
    usual_sizes,
    usual_snapshot_names,
    usual_states,
    usual_volume_names,
)
from support import everything

V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
COPIERS: dict[str, Callable[[MemBackend], MemBackend]] = {
    "fork": lambda backend: backend.fork(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda backend: pickle.loads(pickle.dumps(backend)),
}


# Few values, so that names, paths and sizes often conflict.
names, snapshot_names = usual_volume_names(), usual_snapshot_names()
sizes, paths, states = usual_sizes(), usual_junction_paths(), usual_states()
policies = st.none() | usual_export_policies()

volumes = st.runner().flatmap(
    lambda machine: mostly(
        st.sampled_from(list(machine.model.volumes) or [UNKNOWN]),
        st.sampled_from([*machine.identifiers, UNKNOWN]),
    )
)
snapshots = st.runner().flatmap(
    lambda machine: mostly(
        st.sampled_from(list(machine.model.snapshot_ids()) or [(UNKNOWN, UNKNOWN)]),
        st.tuples(
            st.sampled_from([*machine.identifiers, UNKNOWN]),
            st.sampled_from([*machine.identifiers, UNKNOWN]),
        ),
    )
)


def in_order(value: object) -> str:
    """As text, so that the order of keys and the types of values count in a comparison."""
    return json.dumps(value)


def next_volume(backend: MemBackend) -> Volume:
    return backend.create_volume("no-other-test-uses-this-name")


class BackendAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.identifiers: list[str] = []
        """Every identifier that was ever returned."""
        self.left_behind: list[tuple[MemBackend, Any]] = []
        """Backends that were copied, with their records at the time."""

    @initialize(seed=st.integers(0, 2**64 - 1), snapshots=st.integers(0, 3))
    def begin(self, seed: int, snapshots: int) -> None:
        self.real = MemBackend(seed=seed)
        self.both("create_volume", "first", 10, new=True)
        for number in range(snapshots):
            self.both("create_snapshot", self.identifiers[0], f"first{number}", new=True)

    def both(self, method: str, *arguments: Any, new: bool = False, **named: Any) -> None:
        """Calls `method` on both and compares the results or errors."""
        real = expected = refused = refusal = None
        try:
            real = getattr(self.real, method)(*arguments, **named)
        except NessieError as error:
            refused = error
        if new:
            named["new_uuid"] = real["uuid"] if real is not None else "never born"
        try:
            expected = getattr(self.model, method)(*arguments, **named)
        except Refusal as error:
            refusal = error
        assert (refused and refused.code) == (refusal and refusal.code)
        if refused and refusal:
            assert refused.target in refusal.targets
        assert in_order(real) == in_order(expected)
        if new and real is not None:
            assert V4.fullmatch(real["uuid"])
            assert real["uuid"] not in self.identifiers
            self.identifiers.append(real["uuid"])

    @rule(name=names, size=sizes)
    def create_volume(self, name: str, size: int | None) -> None:
        self.both("create_volume", name, size, new=True)

    @rule(
        uuid=volumes,
        size=sizes,
        path=st.none() | paths,
        policy=policies,
        name=st.none() | names,
        state=st.none() | states,
    )
    def patch_everything(
        self,
        uuid: str,
        size: int | None,
        path: str | None,
        policy: str | None,
        name: str | None,
        state: str | None,
    ) -> None:
        self.both("patch_volume", uuid, size, path, policy, name=name, state=state)

    @rule(uuid=volumes, size=sizes)
    def resize(self, uuid: str, size: int | None) -> None:
        self.both("patch_volume", uuid, size)

    @rule(uuid=volumes, path=paths)
    def mount(self, uuid: str, path: str) -> None:
        self.both("patch_volume", uuid, junction_path=path)

    @rule(uuid=volumes, name=names)
    def rename_volume(self, uuid: str, name: str) -> None:
        self.both("patch_volume", uuid, name=name)

    @rule(uuid=volumes, state=states)
    def set_state(self, uuid: str, state: str) -> None:
        self.both("patch_volume", uuid, state=state)

    @rule(uuid=volumes)
    def delete_volume(self, uuid: str) -> None:
        self.both("delete_volume", uuid)

    @rule(uuid=volumes)
    def read_volume(self, uuid: str) -> None:
        self.both("get_volume", uuid)
        self.both("access_handle", uuid)
        self.both("list_snapshots", uuid)

    @rule(name=names)
    def find_volume(self, name: str) -> None:
        self.both("find_volume", name)

    @rule(uuid=volumes, name=snapshot_names)
    def create_snapshot(self, uuid: str, name: str) -> None:
        self.both("create_snapshot", uuid, name, new=True)

    @rule(pair=snapshots)
    def read_snapshot(self, pair: tuple[str, str]) -> None:
        self.both("get_snapshot", *pair)

    @rule(uuid=volumes, name=snapshot_names)
    def find_snapshot(self, uuid: str, name: str) -> None:
        self.both("find_snapshot", uuid, name)

    @rule(pair=snapshots, name=snapshot_names)
    def rename_snapshot(self, pair: tuple[str, str], name: str) -> None:
        self.both("rename_snapshot", *pair, name)

    @rule(pair=snapshots)
    def delete_snapshot(self, pair: tuple[str, str]) -> None:
        self.both("delete_snapshot", *pair)

    @rule(pair=snapshots)
    def restore_snapshot(self, pair: tuple[str, str]) -> None:
        self.both("restore_snapshot", *pair)

    @rule(pair=snapshots, name=names)
    def create_clone(self, pair: tuple[str, str], name: str) -> None:
        self.both("create_clone", *pair, name, new=True)

    @rule(pair=snapshots, name=names, snapshot_name=snapshot_names)
    def clone_and_take_a_snapshot_of_it(
        self, pair: tuple[str, str], name: str, snapshot_name: str
    ) -> None:
        self.both("create_clone", *pair, name, new=True)
        self.both("create_snapshot", self.identifiers[-1], snapshot_name, new=True)

    @rule(uuid=volumes)
    def split_clone(self, uuid: str) -> None:
        self.both("split_clone", uuid)

    @rule(microseconds=st.integers(0, 10**13))
    def advance(self, microseconds: int) -> None:
        self.both("advance", timedelta(microseconds=microseconds))

    @precondition(lambda self: len(self.left_behind) < 3)
    @rule(how=st.sampled_from(sorted(COPIERS)))
    def go_on_with_a_copy(self, how: str) -> None:
        """The copy generates the same identifiers next; the original is not changed any more."""
        copied = COPIERS[how](self.real)
        assert next_volume(copied.fork()) == next_volume(self.real.fork())
        self.left_behind.append((self.real, everything(self.real)))
        self.real = copied

    @invariant()
    def all_there_is_to_read_is_the_same(self) -> None:
        listing = self.model.list_volumes()
        assert in_order(self.real.list_volumes()) == in_order(listing)
        assert in_order(list(self.real)) == in_order(listing)
        assert len(self.real) == len(listing)
        for volume in listing:
            uuid = volume["uuid"]
            assert uuid in self.real
            assert volume["name"] in self.real
            assert in_order(self.real.get_volume(uuid)) == in_order(volume)
            assert in_order(self.real.find_volume(volume["name"])) == in_order(volume)
            snapshot_listing = self.model.list_snapshots(uuid)
            assert in_order(self.real.list_snapshots(uuid)) == in_order(snapshot_listing)
            for snapshot in snapshot_listing:
                found = self.real.find_snapshot(uuid, snapshot["name"])
                assert in_order(found) == in_order(snapshot)
        assert self.real.now() == self.model.now()
        self.real.check_invariants()

    @invariant()
    def what_was_copied_has_not_changed(self) -> None:
        for original, seen in self.left_behind:
            assert everything(original) == seen

    def teardown(self) -> None:
        for original, _ in self.left_behind:
            original.check_invariants()


TestBackendAgainstModel = BackendAgainstModel.TestCase
TestBackendAgainstModel.settings = settings(max_examples=2 * settings().max_examples)
