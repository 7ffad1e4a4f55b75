"""The conformance suite: correct backends pass, wrong ones fail with the rule they break."""

from __future__ import annotations

import copy
import io
import pickle
import signal
import sys
import threading
import time
from collections import OrderedDict
from contextlib import redirect_stdout, suppress
from functools import cache
from types import MappingProxyType
from typing import Any
from unittest import SkipTest

import pytest
from dict_backends import DictVolumes, ModelBackend, NoneMem, NoneVolumes, SmallVolumes
from nessie_backend_mem import (
    BusyError,
    InvalidArgumentError,
    MemBackend,
    NotFoundError,
    VolumeExistsError,
    VolumeNotFoundError,
    conformance,
)
from nessie_backend_mem.conformance import ConformanceError, Progress, Report, run, run_all
from support import run_python

QUICK: dict[str, Any] = {"objects": 20, "rounds": 2, "sequences": 2, "steps": 30}
"""Sizes that let the whole suite run in a few seconds."""


WITHOUT_NAMES = ["[!n]*"]
"""All cases but those about names, which take a third of the time whatever the sizes."""


class Wrapped:
    """A correct backend of a third party, if no method is overridden."""

    def __init__(self) -> None:
        self.backend = MemBackend()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


def pasted(calls: str, backend: Any) -> str:
    """Executes the calls as they stand; returns what they print, and how they end."""
    output = io.StringIO()
    with redirect_stdout(output):
        try:
            exec(calls, {"b": backend, "make_backend": type(backend)})
        except (NameError, SyntaxError):
            raise
        except Exception as error:  # noqa: BLE001 (the backend may raise anything)
            print(type(error).__name__, error)
    return output.getvalue()


def report_text(report: Report) -> str:
    return f"\n{report}"


# Right backends -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "backend",
    [lambda: MemBackend(seed=1), Wrapped, Wrapped(), ModelBackend, NoneMem()],
    ids=["function", "class", "instance", "model", "none"],
)
def test_right_backends_of_all_tiers_pass(backend: Any) -> None:
    report = run(backend, **QUICK)
    assert report.is_success, report_text(report)
    expected = ("only one backend", "space answers feature_not_supported")
    messages = [result.message for result in report.skipped]
    others = [message for message in messages if not any(each in message for each in expected)]
    assert len(others) <= 2, report_text(report)
    assert len(report.results) == len(conformance.cases())


@pytest.mark.parametrize(
    ("make", "fresh"),
    [(DictVolumes, False), (DictVolumes, True), (NoneVolumes, False), (SmallVolumes, True)],
)
def test_a_dict_of_volumes_passes_and_other_tiers_are_reported_as_skipped(
    make: Any, fresh: bool
) -> None:
    report = run(make if fresh else make(), **QUICK)
    assert report.is_success, report_text(report)
    reasons = {result.message for result in report.skipped}
    assert any("snapshots" in reason for reason in reasons)
    assert any("find_volume" in reason for reason in reasons)
    assert any("name" in reason for reason in reasons) == (make is SmallVolumes)
    passed = {result.case for result in report.results if result.outcome == "passed"}
    assert any(name.startswith("create_volume.") for name in passed)
    assert any(name.startswith("python.") for name in passed)


@pytest.mark.parametrize("how", ["absent", "not implemented"])
def test_optional_operations_may_be_absent_or_not_implemented(how: str) -> None:
    def refuse(*_: Any) -> Any:
        raise NotImplementedError

    operations = ["rename_snapshot", "restore_snapshot", "split_clone", "find_snapshot", "space"]
    value = None if how == "absent" else refuse
    lacking = type("Lacking", (Wrapped,), dict.fromkeys(operations, value))
    report = run(lacking(), cases=WITHOUT_NAMES, **QUICK)
    assert report.is_success, report_text(report)
    if how == "not implemented":
        operations.remove("find_snapshot")  # The list is searched instead.
    reasons = [result.message for result in report.skipped]
    for operation in operations:
        assert any(operation in reason for reason in reasons), operation


EXPECTING: dict[str, Any] = {**QUICK, "sequences": 1, "cases": ["python.*", "[!cmns]*"]}


@cache
def of_small_volumes() -> Report:
    return run(SmallVolumes(), **EXPECTING)


@pytest.mark.parametrize("word", conformance.features())
def test_an_expected_feature_that_is_missing_fails_in_place_of_being_skipped(word: str) -> None:
    skipped = of_small_volumes()
    assert skipped.is_success, report_text(skipped)
    report = run(SmallVolumes(), expect=[word], **EXPECTING)
    assert report.failures, report_text(report)
    for failure in report.failures:
        assert " must be supported, and " in failure.message
        assert not failure.rules
    from_rust = {result.case for result in skipped.skipped if result.tier == word}
    assert from_rust <= {failure.case for failure in report.failures}


@pytest.mark.parametrize(
    "word", ["snapshots", "clones", "rename", "split", "state", "space", "find_volume"]
)
def test_a_python_case_that_lacks_what_is_expected_fails(word: str) -> None:
    report = run(SmallVolumes(), cases=["python.*"], expect=[word])
    assert report.failures, report_text(report)


def test_a_backend_that_has_all_that_is_expected_passes() -> None:
    report = run(Wrapped, expect=conformance.features(), **QUICK)
    assert report.is_success, report_text(report)


def test_an_unknown_expected_feature_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match="'clone' is not a feature; the features are snapshots, "):
        run(MemBackend(), expect=["clones", "clone"])
    assert run(MemBackend(), cases=["split.*"], expect=["split_clone", "patch_volume of name"])


def test_objects_from_before_the_run_are_kept() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("conf", 5)
    snapshot = backend.create_snapshot(volume["uuid"], "s")
    backend.create_clone(volume["uuid"], snapshot["uuid"], "py-v1")
    before = backend.tree(), backend.list_volumes()
    run_all(backend, **QUICK)
    assert (backend.tree(), backend.list_volumes()) == before


def test_the_suite_deletes_its_objects() -> None:
    backend = MemBackend()
    run_all(backend, **QUICK)
    assert len(backend) == 0
    backend.check_invariants()


# Wrong backends -----------------------------------------------------------------------------


class Aliasing(DictVolumes):
    """Returns the dicts that it stores."""

    def answer(self, volume: dict[str, Any]) -> dict[str, Any]:
        return volume


class AliasingOnce(DictVolumes):
    """Returns the dict that it stores, in one of its methods."""

    def get_volume(self, uuid: Any) -> Any:
        return self.volume(uuid)


class OneListOnly(Wrapped):
    """Returns the same list every time."""

    listed: list[Any]

    def list_volumes(self) -> Any:
        self.__dict__.setdefault("listed", [])[:] = self.backend.list_volumes()
        return self.listed


class TrueSize(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return {**self.backend.get_volume(uuid), "size_bytes": True}


class HalfOrigin(Wrapped):
    def create_clone(self, *arguments: Any) -> Any:
        clone: Any = self.backend.create_clone(*arguments)
        del clone["clone"]["parent_volume_uuid"]
        return clone


class NumberInWords(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return {**self.backend.get_volume(uuid), "size_bytes": "five"}


class Stateless(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        volume: Any = self.backend.get_volume(uuid)
        del volume["state"]
        return volume


class Talkative(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return {**self.backend.get_volume(uuid), "aggregate": "aggr1"}


class ExplicitNone(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return {"junction_path": None, **self.backend.get_volume(uuid)}


class NegativeUse(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return {**self.backend.get_volume(uuid), "used_bytes": -1}


class UnknownUse(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return {**self.backend.get_volume(uuid), "used_bytes": None}


class UseAboveTheQuota(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        volume = self.backend.get_volume(uuid)
        return {**volume, "used_bytes": min((volume["size_bytes"] or 0) + 1, 2**64 - 1)}


class UseOfTrue(Wrapped):
    def list_snapshots(self, vol_uuid: Any) -> Any:
        return [{**each, "size_consumed": True} for each in self.backend.list_snapshots(vol_uuid)]


class AccountThatIsOff(Wrapped):
    def space(self) -> Any:
        return {**self.backend.space(), "live_bytes": 1}


class AccountInWords(Wrapped):
    def space(self) -> Any:
        return {**self.backend.space(), "capacity_bytes": "unlimited"}


class AccountWithMore(Wrapped):
    def space(self) -> Any:
        return {**self.backend.space(), "free_bytes": None}


class AccountOfPartOfIt(Wrapped):
    def space(self) -> Any:
        return {"capacity_bytes": None, "used_bytes": 0, "available_bytes": None}


class NoAccount(Wrapped):
    def space(self) -> Any:
        return None


class UpperCase(Wrapped):
    def create_volume(self, *arguments: Any, **keywords: Any) -> Any:
        volume = self.backend.create_volume(*arguments, **keywords)
        return {**volume, "uuid": volume["uuid"].upper()}


class LocalTime(Wrapped):
    def create_volume(self, *arguments: Any, **keywords: Any) -> Any:
        volume = self.backend.create_volume(*arguments, **keywords)
        return {**volume, "create_time": volume["create_time"].replace("Z", "+00:00")}


class OtherUuid(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        volume = self.backend.get_volume(uuid)
        return {**volume, "uuid": "11111111-1111-4111-8111-111111111111"}


class NoneFromCreate(Wrapped):
    def create_volume(self, *arguments: Any, **keywords: Any) -> Any:
        self.backend.create_volume(*arguments, **keywords)


class DictFromList(Wrapped):
    def list_volumes(self) -> Any:
        return {volume["uuid"]: volume for volume in self.backend.list_volumes()}


class RecordFromDelete(Wrapped):
    def delete_volume(self, uuid: Any) -> Any:
        volume = self.backend.get_volume(uuid)
        self.backend.delete_volume(uuid)
        return volume


class OnFire(Wrapped):
    def create_volume(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("the disk is on fire")


class Swallowing(Wrapped):
    def delete_volume(self, uuid: Any) -> None:
        try:
            self.backend.delete_volume(uuid)
        except NotFoundError:
            return


class WrongKind(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        try:
            return self.backend.get_volume(uuid)
        except NotFoundError:
            raise KeyError(uuid) from None


class EmptyFindOfNothing(Wrapped):
    def find_snapshot(self, vol_uuid: Any, name: str) -> Any:
        try:
            return self.backend.find_snapshot(vol_uuid, name)
        except VolumeNotFoundError:
            return None


class Ordered(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return OrderedDict(self.backend.get_volume(uuid))


class ReadOnly(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return MappingProxyType(dict(self.backend.get_volume(uuid)))


class Shuffled(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        return dict(reversed(self.backend.get_volume(uuid).items()))


class TextOnly(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        if not isinstance(uuid, str):
            raise TypeError("uuid must be a str")
        return self.backend.get_volume(uuid)


class CanonicalOnly(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        if isinstance(uuid, str) and uuid != uuid.lower():
            raise VolumeNotFoundError(f"volume {uuid} does not exist", str(uuid))
        return self.backend.get_volume(uuid)


class NotFoundForNonsense(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        try:
            return self.backend.get_volume(uuid)
        except InvalidArgumentError:
            raise VolumeNotFoundError(f"volume {uuid} does not exist", str(uuid)) from None


class NegativeSizes(Wrapped):
    def create_volume(self, name: str, size_bytes: Any = None) -> Any:
        negative = isinstance(size_bytes, int) and size_bytes < 0
        return self.backend.create_volume(name, None if negative else size_bytes)


class NumbersAsNames(Wrapped):
    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        return self.backend.create_volume(str(name), size_bytes)


class ValueErrorForState(Wrapped):
    def patch_volume(self, *arguments: Any, **keywords: Any) -> Any:
        if keywords.get("state", "online") not in ("online", "offline", "restricted"):
            raise ValueError("unknown state")
        return self.backend.patch_volume(*arguments, **keywords)


class Replacing(Wrapped):
    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        if isinstance(name, str):
            name = name.replace("\ud800", "_")
        return self.backend.create_volume(name, size_bytes)


class OtherPositions(Wrapped):
    def patch_volume(
        self,
        uuid: Any,
        junction_path: Any = None,
        size_bytes: Any = None,
        export_policy: Any = None,
        **more: Any,
    ) -> Any:
        return self.backend.patch_volume(uuid, size_bytes, junction_path, export_policy, **more)


class NumbersAsBools(Wrapped):
    def capabilities(self) -> Any:
        return {"snapshots": 1, "clones": 1, "replication": 0}


class Boastful(Wrapped):
    split_clone = None

    def capabilities(self) -> Any:
        return {"snapshots": True, "clones": True, "replication": False}

    create_clone = None


class Modest(Wrapped):
    def capabilities(self) -> Any:
        return {"snapshots": True, "clones": False, "replication": False}


class WrongTarget(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        try:
            return self.backend.get_volume(uuid)
        except VolumeNotFoundError as error:
            raise VolumeNotFoundError(error.message, "get_volume") from None


class HardToCopyError(VolumeNotFoundError):
    def __init__(self, uuid: str, *, reason: str) -> None:
        super().__init__(reason, uuid)


class HardToCopy(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        try:
            return self.backend.get_volume(uuid)
        except VolumeNotFoundError as error:
            raise HardToCopyError(str(error.target), reason=error.message) from None


WRONG: dict[type, tuple[str, str]] = {
    Aliasing: ("1.fresh", "was changed by"),
    AliasingOnce: ("1.fresh", "changed the backend"),
    OneListOnly: ("1.fresh", "changed"),
    NumberInWords: ("1.volume", "'five', not an int"),
    TrueSize: ("1.volume", "of True, not an int"),
    HalfOrigin: ("1.volume", 'no "parent_volume_uuid" in {'),
    Stateless: ("1.volume", 'no "state" in {'),
    Talkative: ("1.volume", "the key 'aggregate'"),
    ExplicitNone: ("1.volume", '"junction_path" of None'),
    NegativeUse: ("1.volume", '"used_bytes" of -1, not an int'),
    UnknownUse: ("1.volume", '"used_bytes" of None, not an int'),
    UseAboveTheQuota: ("8.used_bytes", "more than its size_bytes of"),
    UseOfTrue: ("1.snapshot", '"size_consumed" of True, not an int'),
    AccountThatIsOff: ("8.space", "not the sum of 1 live_bytes and 0 snapshot_bytes"),
    AccountInWords: ("8.space", "of 'unlimited', not an int"),
    AccountWithMore: ("8.space", "the key 'free_bytes'"),
    AccountOfPartOfIt: ("8.space", 'no "live_bytes" in {'),
    NoAccount: ("8.space", "returned None, not a dict"),
    UpperCase: ("1.volume", "not a UUID in lower case"),
    LocalTime: ("1.volume", "+00:00"),
    OtherUuid: ("3.get_volume", "11111111-1111-4111-8111-111111111111"),
    NoneFromCreate: ("1.volume", "returned None, not a dict"),
    DictFromList: ("3.list_volumes", "not a list"),
    RecordFromDelete: ("1.volume", "not None"),
    OnFire: ("3.create_volume", "RuntimeError: the disk is on fire"),
    Swallowing: ("3.delete_volume.refuses", "delete_volume"),
    WrongKind: ("3.get_volume.refuses", "KeyError"),
    EmptyFindOfNothing: ("3.find_snapshot.refuses", "find_snapshot"),
    Ordered: ("python.dicts", "an OrderedDict, not a dict"),
    ReadOnly: ("python.dicts", "mappingproxy"),
    Shuffled: ("python.keys", "returned the keys"),
    TextOnly: ("python.uuid", "uuid must be a str"),
    CanonicalOnly: ("python.spellings", ".upper()"),
    NotFoundForNonsense: ("python.malformed", "volume_not_found"),
    NegativeSizes: ("python.sizes", "-1"),
    NumbersAsNames: ("python.types", "create_volume(5)"),
    ValueErrorForState: ("python.states", "ValueError: unknown state"),
    Replacing: ("python.surrogates", "\\ud800"),
    OtherPositions: ("python.positions", "patch_volume"),
    NumbersAsBools: ("python.capabilities", "not every value is a bool"),
    Boastful: ("python.capabilities", "create_clone is not a method"),
    Modest: ("1.honest", "clones"),
    WrongTarget: ("python.errors", "'get_volume'"),
    HardToCopy: ("python.error_copies", "TypeError"),
}
"""Wrong backends, a rule that each breaks, and a text in the report."""

SEVERAL_RULES = {Boastful, ReadOnly, NotFoundForNonsense, ValueErrorForState}
"""Backends that also break other rules."""


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_wrong_backend_fails_with_the_rule_it_breaks(wrong: type) -> None:
    """A violation of a Python rule breaks no other rule."""
    rule, shown = WRONG[wrong]
    about_it = [
        case.name for case in conformance.cases() if rule in {each.id for each in case.rules}
    ]
    is_python = rule.startswith("python.")
    # The record of a clone has keys that others lack.
    report = run(wrong, cases=["python.*"] if is_python else [*about_it, "clones.*"], objects=20)
    breaking = [
        failure
        for failure in report.failures
        if rule in {each.id for each in failure.rules} and shown in failure.message
    ]
    assert breaking, report_text(report)
    assert breaking[0].calls or breaking[0].case.startswith("capabilities.")
    assert wrong.__name__ in report.summary()
    if is_python and wrong not in SEVERAL_RULES:
        assert {failure.rules[0].id for failure in report.failures} == {rule}, report_text(report)


def test_an_exception_of_another_kind_is_shown_with_its_traceback() -> None:
    report = run(OnFire(), cases=["create_volume.*"])
    message = report.failures[0].message
    assert "Traceback (most recent call last)" in message
    assert __file__ in message
    assert 'raise RuntimeError("the disk is on fire")' in message


def test_a_long_wrong_result_is_cut() -> None:
    class Long(Wrapped):
        def get_volume(self, uuid: Any) -> Any:
            return ["garbage" * 1_000_000]

    class Loud(Wrapped):
        def get_volume(self, uuid: Any) -> Any:
            raise RuntimeError("garbage" * 1_000_000)

    for backend in (Long(), Loud()):
        report = run(backend, cases=["create_volume.*", "python.results_are_plain_dicts"])
        assert len(report.failures) >= 2
        for failure in report.failures:
            assert "garbage" in failure.message
            assert len(failure.message) < 20_000


def test_the_sequence_of_calls_is_code_that_shows_the_fault() -> None:
    class Forgetful(Wrapped):
        def patch_volume(self, uuid: Any, *arguments: Any, **keywords: Any) -> Any:
            if keywords.get("export_policy"):
                keywords["junction_path"] = ""
            return self.backend.patch_volume(uuid, *arguments, **keywords)

    with pytest.raises(ConformanceError) as caught:
        run_all(Forgetful, cases=["model.*"], **QUICK)
    calls = caught.value.calls
    assert len(calls.splitlines()) <= 4
    assert "export_policy" in calls
    # The record has a path, or another volume is refused it.
    assert "junction" not in pasted(calls, Forgetful())
    assert "junction" in pasted(calls, MemBackend())


class KeepsNames(Wrapped):
    """Keeps the name of a volume whose deletion was refused."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: set[str] = set()

    def delete_volume(self, uuid: Any) -> None:
        volume = self.backend.get_volume(uuid)
        try:
            self.backend.delete_volume(uuid)
        except BusyError:
            self.kept.add(volume["name"])
            raise

    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        if name in self.kept:
            raise VolumeExistsError(f"volume {name!r} exists", name)
        return self.backend.create_volume(name, size_bytes)

    def create_clone(self, parent: Any, snapshot: Any, name: Any) -> Any:
        if name in self.kept:
            raise VolumeExistsError(f"volume {name!r} exists", name)
        return self.backend.create_clone(parent, snapshot, name)


def test_calls_that_need_a_refused_call_have_it_and_run_as_they_stand() -> None:
    report = run(KeepsNames, cases=["model.*"])
    assert report.failures
    for failure in report.failures:
        assert failure.calls.startswith("import contextlib\n"), report_text(report)
        assert "with contextlib.suppress(Exception): b.delete_volume(" in failure.calls
        assert "VolumeExistsError" in pasted(failure.calls, KeepsNames())
        assert "VolumeExistsError" not in pasted(failure.calls, MemBackend())


def test_the_calls_of_a_case_about_python_run_as_they_stand() -> None:
    report = run(TextOnly, cases=["python.*"])
    assert any("import UUID" in failure.calls for failure in report.failures)
    for failure in report.failures:
        assert "TypeError" in pasted(failure.calls, TextOnly())


def test_failures_are_grouped_by_the_rule_they_break_first() -> None:
    report = run(UpperCase, cases=["create_volume.*", "listing.*"])
    groups = report.failures_by_rule
    assert sum(map(len, groups.values())) == len(report.failures) > len(groups)
    text = str(report)
    for rule, failures in groups.items():
        assert {failure.rules[0].id for failure in failures} == {rule}
        assert f"{rule}: {len(failures)} case" in text
        assert f", first {failures[0].case}\n" in text
        assert str(failures[0]) in text
        assert all(str(failure) not in text for failure in failures[1:])
    short = report.text(calls=False)
    assert "b.create_volume(" not in short
    assert report.failures[0].message.split()[0] in short
    assert max(map(len, short.splitlines())) <= 80


@pytest.mark.parametrize("cases", [["create_volume.*", "python.*"], ["python.*"]], ids=str)
def test_a_run_ends_after_so_many_failures(cases: list[str]) -> None:
    report = run(UpperCase, cases=cases, maxfail=2)
    assert len(report.failures) == 2
    assert len(report.results) == len(conformance.select(cases))
    not_run = [each for each in report.results if "not run after 2 failures" in each.message]
    assert {each.outcome for each in not_run} == {"skipped"}
    assert report.results[-1] in not_run


# Backends that hang -------------------------------------------------------------------------


class Sleeping(Wrapped):
    def get_volume(self, uuid: Any) -> Any:
        time.sleep(3600)


class Spinning(Wrapped):
    stopped = threading.Event()

    def get_volume(self, uuid: Any) -> Any:
        try:
            while True:
                pass
        finally:
            self.stopped.set()


@pytest.mark.parametrize("hanging", [Sleeping, Spinning])
def test_a_hanging_backend_is_abandoned_and_the_rest_is_skipped(hanging: Any) -> None:
    start = time.monotonic()
    report = run(hanging(), cases=["create_volume.*", "python.*"], time_limit=0.3)
    assert time.monotonic() - start < 20
    timed_out = [result for result in report.results if result.outcome == "timed_out"]
    assert len(timed_out) == 1
    assert "0.3 s" in timed_out[0].message
    assert "get_volume" in timed_out[0].calls
    assert "still hangs" in report.results[-1].message
    assert not report.is_success
    with pytest.raises(ConformanceError, match="TIMED OUT"):
        report.raise_for_failures()


class SlowLists(Wrapped):
    def list_volumes(self) -> Any:
        time.sleep(0.01)
        return self.backend.list_volumes()


def test_a_case_that_half_of_the_time_limit_cuts_short_says_so() -> None:
    report = run(SlowLists(), cases=["model.agrees_on_volumes"], steps=1, time_limit=2)
    (result,) = report.results
    assert result.outcome == "cut_short"
    assert result
    assert "of 60 sequences" in result.message
    assert report.cut_short == (result,)
    assert report.is_success
    assert "1 cut short" in report.summary()
    assert "cut short model.agrees_on_volumes: " in str(report)
    assert report.as_dict()["counts"]["cut_short"] == 1  # type: ignore[index]
    with pytest.warns(UserWarning, match="of 60 sequences") as caught:
        run_all(SlowLists(), cases=["model.agrees_on_volumes"], steps=1, time_limit=2)
    assert caught[0].filename == __file__


def test_with_a_factory_the_run_continues_after_a_hanging_case() -> None:
    cases = ["create_volume.*", "python.results_are_fresh", "python.capabilities*"]
    report = run(Sleeping, cases=cases, time_limit=0.2)
    by_name = {result.case: result.outcome for result in report.results}
    assert by_name["python.results_are_fresh"] == "timed_out"
    assert by_name["python.capabilities_are_three_bools"] == "passed"


def test_an_abandoned_thread_stops_working() -> None:
    Spinning.stopped.clear()
    run(Spinning(), cases=["create_volume.*"], time_limit=0.2)
    assert Spinning.stopped.wait(30)
    Spinning.stopped.clear()
    run(Spinning(), cases=["python.results_are_fresh"], time_limit=0.2)
    assert Spinning.stopped.wait(30)


@pytest.mark.parametrize("case", ["create_volume.*", "python.results_are_fresh"])
def test_after_an_interrupt_no_thread_works(case: str) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.seconds > 0.1:
            raise KeyboardInterrupt

    Spinning.stopped.clear()
    with pytest.raises(KeyboardInterrupt):
        run(Spinning(), cases=[case], progress=interrupt)
    assert Spinning.stopped.wait(30)


class StopError(BaseException):
    """Not a subclass of `Exception`, as a third party may define one."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, StopError])
@pytest.mark.parametrize("case", ["create_volume.*", "python.*", "concurrency.*"])
@pytest.mark.parametrize("fresh", [False, True], ids=["instance", "factory"])
def test_other_base_exceptions_end_the_run_and_are_raised_again(
    error: type[BaseException], case: str, fresh: bool
) -> None:
    raised = []

    class Ending(Wrapped):
        def create_volume(self, *_: Any, **__: Any) -> Any:
            raised.append(error("from the backend"))
            raise raised[-1]

    with pytest.raises(error) as caught:
        run(Ending if fresh else Ending(), cases=[case])
    assert caught.value is raised[0]


def test_an_exception_of_the_factory_is_raised() -> None:
    def fail() -> Any:
        raise RuntimeError("no backend today")

    with pytest.raises(RuntimeError, match="no backend today"):
        run(fail)


def test_a_factory_that_fails_later_fails_the_cases() -> None:
    made = []

    def make() -> Any:
        made.append(MemBackend())
        if len(made) > 2:
            raise RuntimeError("no more backends")
        return made[-1]

    report = run(make, cases=["create_volume.*"])
    assert report.failures
    assert "no more backends" in report_text(report)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends a signal")
@pytest.mark.parametrize("case", ["create_volume.*", "python.results_are_fresh"])
@pytest.mark.parametrize("hanging", [Sleeping, Spinning])
def test_a_signal_is_handled_while_a_case_hangs(case: str, hanging: Any) -> None:
    class AlarmError(Exception):
        pass

    def ring(*_: Any) -> None:
        raise AlarmError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(AlarmError):
            run(hanging(), cases=[case], time_limit=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# The interface ------------------------------------------------------------------------------


def test_cases_have_unique_names_rules_and_summaries() -> None:
    cases = conformance.cases()
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) > 150
    for case in cases:
        assert str(case) == case.name == case.__name__
        assert case.tier in {"volumes", "snapshots", "clones"}
        assert case.rules
        assert case.summary.endswith(".")
        assert "\n" not in case.summary


def test_every_rule_about_python_has_a_case() -> None:
    checked = {rule for case in conformance.cases() for rule in case.rules}
    about_python = {rule for rule in conformance.rules() if rule.section == "Python"}
    assert len(about_python) > 10
    assert about_python <= checked


def test_a_case_can_be_checked_alone() -> None:
    cases = {case.name: case for case in conformance.cases()}
    fresh = cases["python.results_are_fresh"]
    fresh.check(MemBackend())
    with pytest.raises(ConformanceError, match=r"python\.results_are_fresh"):
        fresh.check(Aliasing())
    states = cases["python.other_states_are_refused"]
    with pytest.raises(SkipTest, match="state"):
        states.check(SmallVolumes())


def test_cases_are_chosen_by_name_and_pattern() -> None:
    name = "python.results_are_fresh"
    assert [result.case for result in run(MemBackend(), cases=[name]).results] == [name]
    chosen = run(MemBackend(), cases=["access.*", "python.k*"]).results
    assert {result.case.partition(".")[0] for result in chosen} == {"access", "python"}


def test_the_same_seed_finds_the_same() -> None:
    class NoPolicyOfThree(Wrapped):
        def patch_volume(self, uuid: Any, *arguments: Any, **keywords: Any) -> Any:
            if len(keywords) >= 3:
                keywords.pop("export_policy", None)
            return self.backend.patch_volume(uuid, *arguments, **keywords)

    def calls(seed: int) -> list[str]:
        report = run(NoPolicyOfThree, seed=seed, cases=["model.*"], sequences=4)
        assert report.seed == seed
        return [failure.calls for failure in report.failures]

    assert calls(5) == calls(5) != []


def test_progress_is_called_in_the_callers_thread() -> None:
    seen: list[tuple[Progress, int]] = []
    report = run(
        MemBackend(),
        cases=["create_volume.*", "python.*"],
        progress=lambda progress: seen.append((progress, threading.get_ident())),
    )
    assert {ident for _, ident in seen} == {threading.get_ident()}
    total = len(report.results)
    finished = [progress for progress, _ in seen if progress.outcome]
    assert [progress.done for progress in finished] == list(range(1, total + 1))
    assert [progress.case for progress in finished] == [result.case for result in report.results]
    assert {progress.total for progress, _ in seen} == {total}


def test_an_exception_of_progress_ends_the_run() -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run(MemBackend(), progress=stop)


def test_concurrency_cases_call_from_several_threads() -> None:
    idents = set()

    class Noting(Wrapped):
        def create_volume(self, *arguments: Any, **keywords: Any) -> Any:
            idents.add(threading.get_ident())
            return self.backend.create_volume(*arguments, **keywords)

    assert run(Noting(), cases=["concurrency.*"], rounds=1, sequences=1).is_success
    assert len(idents) > 3


class DeletesTwice(Wrapped):
    """Checks, works for half a millisecond without giving up the interpreter, and acts."""

    def delete_volume(self, uuid: Any) -> None:
        self.backend.get_volume(uuid)
        end = time.perf_counter() + 0.0005
        while time.perf_counter() < end:
            pass
        with suppress(VolumeNotFoundError):
            self.backend.delete_volume(uuid)


def test_a_race_of_a_backend_that_never_waits_is_found() -> None:
    interval = sys.getswitchinterval()
    with pytest.raises(ConformanceError, match="linearizable") as caught:
        run_all(DeletesTwice(), cases=["concurrency.deletes_a_volume_once"])
    assert sys.getswitchinterval() == interval
    lines = caught.value.calls.splitlines()
    assert next(line for line in lines if "import" not in line).startswith("vol1 = b.create_")
    assert "# at the same time, in thread 1:" in lines
    assert sum("create_volume" in line for line in lines) == 1


def test_a_report_can_be_read_kept_and_sent() -> None:
    report = run(Aliasing, cases=["python.*"])
    assert pickle.loads(pickle.dumps(report)) == report
    as_dict = report.as_dict()
    assert as_dict["success"] is False
    assert as_dict["counts"] == {
        outcome: sum(result.outcome == outcome for result in report.results)
        for outcome in ("passed", "failed", "timed_out", "cut_short", "skipped")
    }
    with pytest.raises(ConformanceError) as caught:
        report.raise_for_failures()
    error = caught.value
    assert isinstance(error, AssertionError)
    assert error.case == report.failures[0].case
    assert error.rules == report.failures[0].rules
    assert error.rule in str(error).replace("\n    ", " ")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(twin), twin.calls, twin.report) == (str(error), error.calls, report)


def test_a_report_fits_a_terminal() -> None:
    text = str(run(DictVolumes(), **QUICK))
    assert len(text.splitlines()) > 10
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        (5, "neither a backend nor"),
        (None, "neither a backend nor"),
        (object(), "neither a backend nor"),
        (dict, "is not a backend: missing methods capabilities, create_volume"),
        (lambda: 5, "is not a backend"),
        (type("Half", (), {"create_volume": print})(), "missing methods capabilities, list_"),
    ],
    ids=str,
)
def test_an_object_that_is_not_a_backend_is_refused(backend: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        run(backend)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cases": ["nothing.*"]}, "no case matches 'nothing"),
        ({"cases": ["python.results_are_fesh"]}, "did you mean 'python.results_are_fresh'"),
        ({"time_limit": 0}, "time_limit"),
        ({"maxfail": 0}, "maxfail must be at least 1, not 0"),
        ({"time_limit": float("nan")}, "time_limit"),
        ({"time_limit": float("inf")}, "time_limit"),
        ({"time_limit": 10**400}, "time_limit"),
        *(
            ({argument: number}, f"{argument} must be from 0 to")
            for argument in ("seed", "objects", "threads", "rounds", "sequences", "steps")
            for number in (-1, 2**64)
        ),
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(MemBackend(), **options)


def test_the_package_does_not_import_the_suite() -> None:
    code = (
        "import sys, nessie_backend_mem; "
        "assert not [name for name in sys.modules if name.startswith('nessie_backend_mem.conf')]; "
        "from nessie_backend_mem import conformance; "
        "assert 'unittest' not in sys.modules and 'ctypes' not in sys.modules"
    )
    done = run_python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_shows_how_it_is_used() -> None:
    done = run_python("-c", "from nessie_backend_mem import conformance; help(conformance)")
    for words in ("run_all(MemBackend())", "class ConformanceError", "time_limit", "case.check("):
        assert words in done.stdout


def test_an_idle_process_can_end_with_threads_left_behind() -> None:
    """A thread that still runs when the interpreter ends would crash the process."""
    code = (
        "from nessie_backend_mem import MemBackend\n"
        "from nessie_backend_mem.conformance import run\n"
        "class Spinning:\n"
        "    def __init__(self): self.backend = MemBackend()\n"
        "    def __getattr__(self, name): return getattr(self.backend, name)\n"
        "    def get_volume(self, uuid):\n"
        "        while True: pass\n"
        "cases = ['create_volume.*', 'python.results*']\n"
        "print(run(Spinning, cases=cases, time_limit=0.2).is_success)"
    )
    done = run_python("-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
