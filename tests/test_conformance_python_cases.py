"""Faults that only a caller in Python can see: each is rejected, with the rule that it breaks."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import pytest
from nessie_backend_mem import (
    BusyError,
    InvalidArgumentError,
    MemBackend,
    NessieError,
    SnapshotBusyError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
    conformance,
    rules,
)
from nessie_backend_mem.conformance import run
from nessie_backend_mem.conformance.python_cases.bad_values import MALFORMED
from nessie_backend_mem.conformance.python_cases.signatures import SIGNATURES

Record = dict[str, Any]


class Wrapped:
    """A correct backend, if no method is overridden."""

    def __init__(self) -> None:
        self.backend = MemBackend()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


# Identifiers --------------------------------------------------------------------------------


class LibrarysParser(Wrapped):
    """Accepts what `uuid.UUID` accepts as the second identifier."""

    def get_snapshot(self, vol_uuid: Any, snap_uuid: Any) -> Any:
        if isinstance(snap_uuid, str):
            try:
                snap_uuid = UUID(snap_uuid)
            except ValueError:
                raise InvalidArgumentError(f"{snap_uuid} is not a uuid", "snap_uuid") from None
        return self.backend.get_snapshot(vol_uuid, snap_uuid)


class Stripping(Wrapped):
    """Ignores white space around an identifier."""

    def delete_volume(self, uuid: Any) -> None:
        self.backend.delete_volume(uuid.strip() if isinstance(uuid, str) else uuid)


class FullWidthDigits(Wrapped):
    """Accepts digits beyond ASCII."""

    def split_clone(self, vol_uuid: Any) -> Any:
        if isinstance(vol_uuid, str):
            vol_uuid = vol_uuid.replace("\N{FULLWIDTH DIGIT FOUR}", "4")
        return self.backend.split_clone(vol_uuid)


class NoCombinations(Wrapped):
    """Accepts upper case and no hyphens, but not both."""

    def split_clone(self, vol_uuid: Any) -> Any:
        if isinstance(vol_uuid, str) and vol_uuid.isupper() and "-" not in vol_uuid:
            raise InvalidArgumentError(f"{vol_uuid} is not a uuid", "vol_uuid")
        return self.backend.split_clone(vol_uuid)


class CanonicalSecond(Wrapped):
    """Finds a snapshot by its canonical identifier only."""

    def restore_snapshot(self, vol_uuid: Any, snap_uuid: Any) -> Any:
        if isinstance(snap_uuid, str) and snap_uuid.startswith("urn:"):
            raise InvalidArgumentError(f"{snap_uuid} is not a uuid", "snap_uuid")
        return self.backend.restore_snapshot(vol_uuid, snap_uuid)


class OriginAsSpelled(Wrapped):
    """Returns identifiers in the origin of a clone as the caller spelled them."""

    def create_clone(self, parent: Any, snapshot: Any, new_name: Any) -> Any:
        clone: Any = self.backend.create_clone(parent, snapshot, new_name)
        clone["clone"]["parent_volume_uuid"] = str(parent)
        return clone


class NameBeforeIdentifier(Wrapped):
    """Takes an identifier for the name of a volume, if there is one of that name."""

    def get_volume(self, uuid: Any) -> Any:
        if isinstance(uuid, str) and (named := self.backend.find_volume(uuid)):
            return named
        return self.backend.get_volume(uuid)


class NamesakeDeleted(Wrapped):
    """Deletes the snapshot whose name is the identifier."""

    def delete_snapshot(self, vol_uuid: Any, snap_uuid: Any) -> None:
        listed = self.backend.list_snapshots(vol_uuid)
        named = [each["uuid"] for each in listed if each["name"] == snap_uuid]
        self.backend.delete_snapshot(vol_uuid, *(named or [snap_uuid]))


class CloneOfTheNamesake(Wrapped):
    """Clones the volume whose name is the identifier, if there is one."""

    def create_clone(self, parent: Any, snapshot: Any, new_name: Any) -> Any:
        if isinstance(parent, str) and (named := self.backend.find_volume(parent)):
            parent = named["uuid"]
        return self.backend.create_clone(parent, snapshot, new_name)


class DependentsAsSpelled(Wrapped):
    """Finds no dependents of a volume that is spelled otherwise, and deletes it."""

    def delete_volume(self, uuid: Any) -> None:
        try:
            self.backend.delete_volume(uuid)
        except BusyError:
            if isinstance(uuid, str) and not uuid.islower():
                return
            raise


class TextOnly(Wrapped):
    """Accepts no `uuid.UUID` in a search."""

    def find_snapshot(self, vol_uuid: Any, name: Any) -> Any:
        if isinstance(vol_uuid, UUID):
            raise TypeError("vol_uuid must be a str")
        return self.backend.find_snapshot(vol_uuid, name)


# Types and values ---------------------------------------------------------------------------


class NumbersAsNames(Wrapped):
    def rename_snapshot(self, vol_uuid: Any, snap_uuid: Any, name: Any) -> Any:
        name = str(name) if isinstance(name, float) else name
        return self.backend.rename_snapshot(vol_uuid, snap_uuid, name)


class FalseMeansNotGiven(Wrapped):
    """Ignores each false value of a field, also one of a wrong type."""

    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        given = {key: value for key, value in fields.items() if value or value == ""}
        return self.backend.patch_volume(uuid, *arguments, **given)


class TrueIsOne(Wrapped):
    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        size_bytes = int(size_bytes) if isinstance(size_bytes, bool) else size_bytes
        return self.backend.create_volume(name, size_bytes)


class NoneIsAName(Wrapped):
    def create_clone(self, parent: Any, snapshot: Any, new_name: Any) -> Any:
        new_name = "unnamed" if new_name is None else new_name
        return self.backend.create_clone(parent, snapshot, new_name)


class TypesAfterExistence(Wrapped):
    """Checks the type of a name after it has looked for the volume."""

    def create_snapshot(self, vol_uuid: Any, name: Any) -> Any:
        self.backend.get_volume(vol_uuid)
        return self.backend.create_snapshot(vol_uuid, name)


class MalformedAfterExistence(Wrapped):
    """Parses the second identifier after it has looked for the volume."""

    def delete_snapshot(self, vol_uuid: Any, snap_uuid: Any) -> None:
        self.backend.get_volume(vol_uuid)
        self.backend.delete_snapshot(vol_uuid, snap_uuid)


class ClampedSize(Wrapped):
    def patch_volume(self, uuid: Any, size_bytes: Any = None, *rest: Any, **fields: Any) -> Any:
        if type(size_bytes) is int and size_bytes >= 2**64:
            size_bytes = 2**64 - 1
        return self.backend.patch_volume(uuid, size_bytes, *rest, **fields)


class AnyCaseOfState(Wrapped):
    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        if fields.get("state") == "OFFLINE":
            fields["state"] = "offline"
        return self.backend.patch_volume(uuid, *arguments, **fields)


class DroppedSurrogate(Wrapped):
    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        if isinstance(fields.get("name"), str):
            fields["name"] = fields["name"].encode(errors="ignore").decode()
        return self.backend.patch_volume(uuid, *arguments, **fields)


class SearchRefuses(Wrapped):
    """Refuses to search for a name that no volume can have."""

    def find_volume(self, name: Any) -> Any:
        rules.check_volume_name(name)
        return self.backend.find_volume(name)


class SearchWithoutSurrogates(Wrapped):
    """Finds a name without the surrogates that were searched for."""

    def find_snapshot(self, vol_uuid: Any, name: Any) -> Any:
        if isinstance(name, str):
            name = name.encode(errors="ignore").decode()
        return self.backend.find_snapshot(vol_uuid, name)


class NoneRemoves(Wrapped):
    """Takes `None` for the value "no policy"."""

    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        if "junction_path" in fields and fields["junction_path"] is None:
            fields["junction_path"] = ""
        return self.backend.patch_volume(uuid, *arguments, **fields)


class NoneBringsOnline(Wrapped):
    """Takes a state of None for the one that a new volume has."""

    def patch_volume(self, uuid: Any, *args: Any, **fields: Any) -> Any:
        if "state" in fields and fields["state"] is None:
            fields["state"] = "online"
        return self.backend.patch_volume(uuid, *args, **fields)


# Atomicity and order ------------------------------------------------------------------------


class NameBeforeState(Wrapped):
    """Sets the name, and then finds that the state is unknown."""

    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        if isinstance(fields.get("state"), str) and isinstance(fields.get("name"), str):
            self.backend.patch_volume(uuid, name=fields.pop("name"))
        return self.backend.patch_volume(uuid, *arguments, **fields)


class NameStaysTaken(Wrapped):
    """A refused creation keeps its name."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: set[str] = set()

    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        if name in self.kept:
            raise VolumeExistsError(f"{name} exists", name)
        try:
            return self.backend.create_volume(name, size_bytes)
        except InvalidArgumentError as error:
            if error.target == "size_bytes":
                self.kept.add(name)
            raise


class HalfMadeClone(Wrapped):
    """A refused clone leaves a volume of its name."""

    def create_clone(self, parent: Any, snapshot: Any, new_name: Any) -> Any:
        try:
            return self.backend.create_clone(parent, snapshot, new_name)
        except InvalidArgumentError as error:
            if error.target == "parent_snap_uuid":
                self.backend.create_volume(new_name)
            raise


class ValueBeforeExistence(Wrapped):
    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        if fields.get("state") == "asleep":
            rules.check_state("asleep")
        return self.backend.patch_volume(uuid, *arguments, **fields)


class SnapshotAfterValue(Wrapped):
    def rename_snapshot(self, vol_uuid: Any, snap_uuid: Any, name: Any) -> Any:
        if isinstance(name, str) and not name.isascii():
            self.backend.list_snapshots(vol_uuid)
            rules.check_snapshot_name(name)
        return self.backend.rename_snapshot(vol_uuid, snap_uuid, name)


class StateBeforeValue(Wrapped):
    def create_snapshot(self, vol_uuid: Any, name: Any) -> Any:
        if isinstance(name, str) and self.backend.get_volume(vol_uuid)["state"] != "online":
            raise VolumeOfflineError(f"{vol_uuid} is offline", str(vol_uuid))
        return self.backend.create_snapshot(vol_uuid, name)


class ConflictBeforeValue(Wrapped):
    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        if type(size_bytes) is int and self.backend.find_volume(name):
            raise VolumeExistsError(f"{name} exists", name)
        return self.backend.create_volume(name, size_bytes)


# Results ------------------------------------------------------------------------------------


class OneHandle(Wrapped):
    handle: ClassVar[Record] = {"kind": "in_memory"}

    def access_handle(self, uuid: Any) -> Any:
        self.backend.access_handle(uuid)
        return self.handle


class OneOfCapabilities(Wrapped):
    offered: ClassVar[Record] = {"snapshots": True, "clones": True, "replication": False}

    def capabilities(self) -> Any:
        return self.offered


class SharedOrigin(Wrapped):
    """The records of a search have one origin for each clone."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[str, Any] = {}

    def find_volume(self, name: Any) -> Any:
        found: Any = self.backend.find_volume(name)
        if found and "clone" in found:
            found["clone"] = self.origins.setdefault(repr(found["clone"]), found["clone"])
        return found


class SharedInOneList(Wrapped):
    """Two clones of one snapshot have one origin in a list."""

    def list_volumes(self) -> Any:
        volumes: Any = self.backend.list_volumes()
        origins: dict[str, Any] = {}
        for volume in volumes:
            if "clone" in volume:
                volume["clone"] = origins.setdefault(repr(volume["clone"]), volume["clone"])
        return volumes


class OneOriginForNewClones(Wrapped):
    """The records of new clones have one origin, though those that are read do not."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: Record = {}

    def create_clone(self, *arguments: Any) -> Any:
        clone: Any = self.backend.create_clone(*arguments)
        kept = self.origins.setdefault(repr(clone["clone"]), clone["clone"])
        return {**clone, "clone": kept}


class KeptRecord(Wrapped):
    """Returns a snapshot's record again as long as it is right."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: Record = {}

    def get_snapshot(self, vol_uuid: Any, snap_uuid: Any) -> Any:
        record = self.backend.get_snapshot(vol_uuid, snap_uuid)
        return self.kept.setdefault(repr(record), record)


class LiveRecord(Wrapped):
    """A record that `create_volume` returned follows a later rename."""

    def __init__(self) -> None:
        super().__init__()
        self.returned: Record = {}

    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        record = self.backend.create_volume(name, size_bytes)
        self.returned[record["uuid"]] = record
        return record

    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        record = self.backend.patch_volume(uuid, *arguments, **fields)
        if record["uuid"] in self.returned and fields.get("name"):
            self.returned[record["uuid"]]["name"] = record["name"]
        return record


class PolicyLast(Wrapped):
    """A policy that a clone gets later comes after its origin."""

    def patch_volume(self, uuid: Any, *arguments: Any, **fields: Any) -> Any:
        record: Any = self.backend.patch_volume(uuid, *arguments, **fields)
        if "clone" in record and fields.get("export_policy"):
            record["export_policy"] = record.pop("export_policy")
        return record


class SplitKeepsKey(Wrapped):
    def split_clone(self, vol_uuid: Any) -> Any:
        return {**self.backend.split_clone(vol_uuid), "clone": None}


class OrderedOnceRenamed(Wrapped):
    def rename_snapshot(self, *arguments: Any) -> Any:
        return OrderedDict(self.backend.rename_snapshot(*arguments))


class UsedBytesLast(Wrapped):
    """The bytes that a volume uses come after its path."""

    def get_volume(self, uuid: Any) -> Any:
        return {**self.backend.get_volume(uuid), "used_bytes": 0}


class OneAccount(Wrapped):
    """Returns the same account each time."""

    def __init__(self) -> None:
        super().__init__()
        self.account = self.backend.space()

    def space(self) -> Any:
        return self.account


class AccountInAnyOrder(Wrapped):
    def space(self) -> Any:
        return dict(sorted(self.backend.space().items()))


class OrderedAccount(Wrapped):
    def space(self) -> Any:
        return OrderedDict(self.backend.space())


class LosesTier(Wrapped):
    """Clones are not offered any more once one was refused."""

    lost = False

    def create_clone(self, *arguments: Any) -> Any:
        try:
            return self.backend.create_clone(*arguments)
        except VolumeExistsError:
            self.lost = True
            raise

    def capabilities(self) -> Any:
        return {**self.backend.capabilities(), "clones": not self.lost}


class NothingWhileOffline(Wrapped):
    def capabilities(self) -> Any:
        offered = self.backend.capabilities()
        states = {volume["state"] for volume in self.backend.list_volumes()}
        return {**offered, "clones": states != {"offline"}}


class NothingForAMoment(Wrapped):
    """A tier that is lost between two cases does not make the later ones pass."""

    calls = 0

    def capabilities(self) -> Any:
        type(self).calls += 1
        offered = self.backend.capabilities()
        return {**offered, "clones": type(self).calls % 7 != 0}


# Exceptions ---------------------------------------------------------------------------------


class Altered(Wrapped):
    """Alters the errors of one method."""

    method = ""

    def altered(self, error: NessieError) -> NessieError:
        raise NotImplementedError

    def __getattribute__(self, name: str) -> Any:
        if name != type(self).method:
            return super().__getattribute__(name)
        return partial(self.call, name)

    def call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        try:
            return getattr(self.backend, name)(*arguments, **keywords)
        except NessieError as error:
            altered = self.altered(error)
        raise altered


class MessageWithoutValue(Altered):
    method = "patch_volume"

    def altered(self, error: NessieError) -> NessieError:
        return type(error)("the size is not valid", error.target)


class TargetOfAnother(Altered):
    method = "create_clone"

    def altered(self, error: NessieError) -> NessieError:
        target = "snap_uuid" if error.target == "parent_snap_uuid" else error.target
        return type(error)(error.message, target)


class NoTarget(Altered):
    method = "rename_snapshot"

    def altered(self, error: NessieError) -> NessieError:
        return type(error)(error.message)


class NoMissingVolumeAsTarget(Altered):
    method = "list_snapshots"

    def altered(self, error: NessieError) -> NessieError:
        return type(error)(error.message) if error.code == "volume_not_found" else error


class TargetAsSpelled(Wrapped):
    """The target of an error is the identifier as the caller spelled it."""

    def access_handle(self, uuid: Any) -> Any:
        try:
            return self.backend.access_handle(uuid)
        except VolumeNotFoundError as error:
            raise VolumeNotFoundError(error.message, str(uuid)) from None


class CountOfTheNamed(Altered):
    """Counts 16 dependents where there are more."""

    method = "restore_snapshot"

    def altered(self, error: NessieError) -> NessieError:
        if isinstance(error, BusyError):
            return type(error)(error.message, error.target, error.dependents)
        return error


class AllNamed(Altered):
    """Names the last dependents in place of the first."""

    method = "delete_volume"

    def altered(self, error: NessieError) -> NessieError:
        if isinstance(error, BusyError):
            error.dependents = error.dependents[1:] + error.dependents[:1]
        return error


class ForgetfulBusyError(SnapshotBusyError):
    """A copy has the first clone only."""

    def __reduce__(self) -> Any:
        args = self.message, self.target, self.dependents[:1], self.dependent_count
        return type(self), args


class ForgetfulCopies(Altered):
    method = "delete_snapshot"

    def altered(self, error: NessieError) -> NessieError:
        if isinstance(error, BusyError):
            args = error.message, error.target, error.dependents, error.dependent_count
            return ForgetfulBusyError(*args)
        return error


class IndexedBusyError(VolumeBusyError):
    """A copy has no `index`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.index = None

    def __reduce__(self) -> Any:
        return type(self), self.args


class ForgottenIndex(Altered):
    method = "delete_volume"

    def altered(self, error: NessieError) -> NessieError:
        if isinstance(error, BusyError):
            args = error.message, error.target, error.dependents, error.dependent_count
            error = IndexedBusyError(*args)
            error.index = 0
        return error


# Instances ----------------------------------------------------------------------------------


class OneSetOfNames(Wrapped):
    names: ClassVar[dict[str, Any]] = {}

    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        owner = self.names.get(name) if isinstance(name, str) else None
        if owner is not None and owner is not self and owner.backend.find_volume(name):
            raise VolumeExistsError(f"{name} exists", name)
        record = self.backend.create_volume(name, size_bytes)
        self.names[name] = self
        return record


class FreedEverywhere(OneSetOfNames):
    """A name that is deleted in one instance is free in all."""

    freed: ClassVar[set[str]] = set()

    def delete_volume(self, uuid: Any) -> None:
        name = self.backend.get_volume(uuid)["name"]
        self.backend.delete_volume(uuid)
        self.freed.add(name)

    def create_volume(self, name: Any, size_bytes: Any = None) -> Any:
        if name in self.freed and (taken := self.backend.find_volume(name)):
            self.freed.discard(name)
            return taken
        return self.backend.create_volume(name, size_bytes)


class Emptying(Wrapped):
    """A new instance empties the one before."""

    last: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        for other in self.last:
            other.backend = MemBackend()
        self.last[:] = [self]


class OneForAll(Wrapped):
    """The callable returns the same backend each time."""

    only: ClassVar[list[Any]] = []

    def __new__(cls) -> Any:
        if not cls.only:
            cls.only.append(super().__new__(cls))
            cls.only[0].backend = MemBackend()
        return cls.only[0]

    def __init__(self) -> None:
        pass


class OneStore(Wrapped):
    """All instances have one store."""

    store = MemBackend()

    def __init__(self) -> None:
        self.backend = self.store


class OthersIdentifiers(Wrapped):
    """An identifier is valid in all instances."""

    made: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        self.made.append(self.backend)

    def get_volume(self, uuid: Any) -> Any:
        for backend in self.made:
            try:
                return backend.get_volume(uuid)
            except VolumeNotFoundError:
                continue
        return self.backend.get_volume(uuid)


MUTANTS: dict[type, tuple[str, str]] = {
    LibrarysParser: ("python.malformed", "get_snapshot"),
    Stripping: ("python.malformed", "delete_volume"),
    FullWidthDigits: ("python.malformed", "split_clone"),
    NoCombinations: ("python.spellings", "split_clone"),
    CanonicalSecond: ("python.spellings", "restore_snapshot"),
    OriginAsSpelled: ("python.spellings", "parent_volume_uuid"),
    NameBeforeIdentifier: ("python.namesakes", "get_volume"),
    NamesakeDeleted: ("python.namesakes", "delete_snapshot"),
    CloneOfTheNamesake: ("python.namesakes", "create_clone"),
    DependentsAsSpelled: ("python.spellings", "volume_busy"),
    TextOnly: ("python.uuid", "find_snapshot"),
    NumbersAsNames: ("python.types", "1.5"),
    FalseMeansNotGiven: ("python.types", "patch_volume"),
    TrueIsOne: ("python.types", "size_bytes=True"),
    NoneIsAName: ("python.types", "None"),
    TypesAfterExistence: ("python.form", "create_snapshot"),
    MalformedAfterExistence: ("python.form", "delete_snapshot"),
    ClampedSize: ("python.sizes", "18446744073709551616"),
    AnyCaseOfState: ("python.states", "OFFLINE"),
    DroppedSurrogate: ("python.surrogates", "name="),
    SearchRefuses: ("python.surrogates", "should find nothing"),
    SearchWithoutSurrogates: ("python.surrogates", "should find nothing"),
    NoneRemoves: ("python.positions", "junction_path=None"),
    NoneBringsOnline: ("python.positions", "state=None"),
    NameBeforeState: ("3.atomic", "changed something"),
    NameStaysTaken: ("3.atomic", "refused call took"),
    HalfMadeClone: ("3.atomic", "refused call took"),
    ValueBeforeExistence: ("3.order", "as volume_not_found"),
    SnapshotAfterValue: ("3.order", "as snapshot_not_found"),
    StateBeforeValue: ("3.order", "as volume_offline"),
    ConflictBeforeValue: ("3.order", "as volume_exists"),
    OneHandle: ("python.fresh", "access_handle"),
    OneOfCapabilities: ("python.fresh", "capabilities"),
    SharedOrigin: ("python.fresh", "find_volume"),
    SharedInOneList: ("python.fresh", "list_volumes"),
    OneOriginForNewClones: ("python.fresh", "shares a dict"),
    KeptRecord: ("python.fresh", "get_snapshot"),
    LiveRecord: ("python.fresh", "was changed by"),
    PolicyLast: ("python.keys", "patch_volume"),
    SplitKeepsKey: ("python.dicts", "NoneType"),
    OrderedOnceRenamed: ("python.dicts", "rename_snapshot"),
    UsedBytesLast: ("python.keys", "used_bytes"),
    OneAccount: ("python.fresh", "b.space()"),
    AccountInAnyOrder: ("python.keys", "b.space()"),
    OrderedAccount: ("python.dicts", "b.space()"),
    LosesTier: ("python.capabilities", "after the refusal of b.create_clone"),
    NothingWhileOffline: ("python.capabilities", 'state="offline"'),
    NothingForAMoment: ("python.capabilities", "capabilities()"),
    MessageWithoutValue: ("python.errors", "the size is not valid"),
    TargetOfAnother: ("python.errors", "'parent_snap_uuid'"),
    NoTarget: ("python.errors", "rename_snapshot"),
    NoMissingVolumeAsTarget: ("python.errors", "list_snapshots"),
    TargetAsSpelled: ("python.spellings", "access_handle"),
    CountOfTheNamed: ("python.errors", "the first 16 of 18"),
    AllNamed: ("python.errors", "delete_volume"),
    ForgetfulCopies: ("python.error_copies", "makes"),
    ForgottenIndex: ("python.error_copies", "copy"),
    OneSetOfNames: ("python.instances", "should work"),
    FreedEverywhere: ("python.instances", "as volume_exists"),
    Emptying: ("python.instances", "b.get_volume"),
    OneForAll: ("python.instances", "the same backend twice"),
    OneStore: ("python.instances", ""),
    OthersIdentifiers: ("python.instances", "get_volume"),
}
"""Wrong backends, the rule that each breaks, and a text of the report."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_fault_that_only_python_shows_is_rejected_with_its_rule(mutant: type) -> None:
    rule, text = MUTANTS[mutant]
    cases = [
        case.name
        for case in conformance.cases()
        if case.name.startswith("python.") and rule in {each.id for each in case.rules}
    ]
    report = run(mutant, cases=cases)
    messages = [failure.message for failure in report.failures if failure.rules[0].id == rule]
    assert any(text in message for message in messages), f"\n{report}"


def test_a_bad_value_that_is_accepted_is_not_reported_as_a_fault_of_the_order() -> None:
    report = run(ClampedSize, cases=["python.*"])
    assert {failure.rules[0].id for failure in report.failures} == {"python.sizes"}, f"\n{report}"
    assert any("another case reports" in skip.message for skip in report.skipped)


def test_what_a_case_found_is_reported_though_the_clean_up_fails() -> None:
    report = run(HalfMadeClone, cases=["python.malformed*"])
    assert report.failures[0].rules[0].id == "3.atomic"
    assert "create_clone" in report.failures[0].calls
    assert "after the clean-up" not in report.failures[0].message


def test_the_calls_of_a_failure_show_the_refused_calls_that_led_to_it() -> None:
    report = run(NameStaysTaken, cases=["python.sizes*"])
    calls = report.failures[0].calls
    assert "# raised InvalidArgumentError" in calls
    assert "# raised VolumeExistsError" in calls.splitlines()[-1]


def test_every_method_of_a_backend_with_arguments_has_a_signature() -> None:
    from nessie_backend_mem.protocols import FullBackend

    methods = {name for name in dir(FullBackend) if not name.startswith("_")}
    listed = {signature.method for signature in SIGNATURES}
    assert methods - listed == {"capabilities", "list_volumes"}
    for signature in SIGNATURES:
        method = getattr(FullBackend, signature.method)
        code = method.__code__
        names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        assert tuple(each.name for each in signature.arguments) == names


def test_no_malformed_text_is_a_uuid_and_its_code_makes_it() -> None:
    uuid = "01234567-89ab-4cde-8f01-23456789abcd"
    for code, make in MALFORMED:
        with pytest.raises(InvalidArgumentError):
            rules.canonical_uuid(make(uuid))
        if code:
            assert eval(code.format("uuid"), {"uuid": uuid}) == make(uuid)
