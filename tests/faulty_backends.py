"""Backends with one fault each. Each class is `Strict` with one rule of the contract broken."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID, uuid1

from nessie_backend_mem import errors
from strict_backend import Record, SnapshotEntry, Strict, VolumeEntry

FAULTS: dict[str, tuple[type[Strict], str]] = {}
"""Each faulty backend by its name, with the rule that it breaks."""


def breaks(rule: str) -> Callable[[type[Strict]], type[Strict]]:
    """Put a backend into `FAULTS`."""

    def add(backend: type[Strict]) -> type[Strict]:
        FAULTS[backend.__name__] = backend, rule
        return backend

    return add


def is_surrogate(text: str | None) -> bool:
    return text is not None and re.search("[\ud800-\udfff]", text) is not None


# Arguments of wrong types and spellings


@breaks("python.types")
class FindsNoVolumeForAnInt(Strict):
    def find_volume(self, name: Any) -> Record | None:
        return super().find_volume(name) if isinstance(name, str) else None


@breaks("python.types")
class ConvertsANewName(Strict):
    def optional_text(self, argument: str, value: object) -> str | None:
        return super().optional_text(
            argument, str(value) if argument == "name" and value else value
        )


@breaks("python.types")
class IgnoresAnEmptyListForAPolicy(Strict):
    def optional_text(self, argument: str, value: object) -> str | None:
        return super().optional_text(argument, None if value == [] else value)


@breaks("python.types")
class TakesWholeFloatsForSizes(Strict):
    def integer(self, argument: str, value: Any) -> int | None:
        whole = isinstance(value, float) and value.is_integer()
        return super().integer(argument, int(value) if whole else value)


@breaks("python.types")
class DecodesBytesForASnapshotName(Strict):
    def create_snapshot(self, vol_uuid: str, name: Any) -> Record:
        return super().create_snapshot(vol_uuid, name.decode() if isinstance(name, bytes) else name)


@breaks("python.uuid")
class RefusesUuidObjectsForSnapshots(Strict):
    def identifier(self, argument: str, value: object) -> str:
        return super().identifier(
            argument, 0 if argument == "snap_uuid" and isinstance(value, UUID) else value
        )


@breaks("python.malformed")
class AnswersNotFoundForAMalformedSnapshot(Strict):
    def spelled(self, argument: str, text: str) -> str:
        try:
            return super().spelled(argument, text)
        except errors.InvalidArgumentError:
            if argument == "parent_snap_uuid":
                return text
            raise


@breaks("python.malformed")
class TakesHyphensAnywhere(Strict):
    def spelled(self, argument: str, text: str) -> str:
        bare = text.replace("-", "")
        return super().spelled(argument, bare if re.fullmatch("[0-9a-fA-F]{32}", bare) else text)


@breaks("python.malformed")
class TakesAnOpenBrace(Strict):
    def spelled(self, argument: str, text: str) -> str:
        return super().spelled(argument, text if text.endswith("}") else text.removeprefix("{"))


@breaks("python.malformed")
class TakesANewlineAfterAnIdentifier(Strict):
    def spelled(self, argument: str, text: str) -> str:
        return super().spelled(argument, text.removesuffix("\n"))


@breaks("python.spellings")
class RefusesUrnsInCapitals(Strict):
    def spelled(self, argument: str, text: str) -> str:
        return super().spelled(argument, "" if text.startswith("URN") else text)


@breaks("python.spellings")
class RefusesCapitalsWithoutHyphens(Strict):
    def spelled(self, argument: str, text: str) -> str:
        return super().spelled(argument, "" if len(text) == 32 and text.isupper() else text)


@breaks("python.spellings")
class ReturnsAnIdentifierAsItWasSpelled(Strict):
    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        return super().get_snapshot(vol_uuid, snap_uuid) | {"uuid": str(snap_uuid)}


@breaks("python.surrogates")
class FailsOnALoneSurrogate(Strict):
    def find_volume(self, name: str) -> Record | None:
        name.encode()
        return super().find_volume(name)


@breaks("python.states")
class TakesStatesInCapitals(Strict):
    def optional_text(self, argument: str, value: object) -> str | None:
        text = super().optional_text(argument, value)
        return text.lower() if text and argument == "state" else text


# The order of checks, with values that only Python can pass


class ChecksStatesLate(Strict):
    def check_state(self, state: str) -> None:
        pass


@breaks("3.atomic")
class SetsANameBesideAnUnknownState(ChecksStatesLate):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        super().change(volume, *(*fields[:-1], None))
        if fields[-1] is not None:
            super(ChecksStatesLate, self).check_state(fields[-1])
            volume.state = fields[-1]


@breaks("3.order")
class LooksAtATakenNameBeforeAnUnknownState(ChecksStatesLate):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        if fields[-1] is not None:
            super(ChecksStatesLate, self).check_state(fields[-1])
        super().change(volume, *fields)


@breaks("3.order")
class ChecksALargeSizeFirst(Strict):
    def integer(self, argument: str, value: Any) -> int | None:
        size = super().integer(argument, value)
        if size is not None and size >= 2**64:
            self.check_size(size)
        return size


@breaks("3.atomic")
class KeepsTheNameOfARefusedCreation(Strict):
    def create_volume(self, name: str, size_bytes: int | None = None) -> Record:
        try:
            return super().create_volume(name, size_bytes)
        except errors.InvalidArgumentError:
            if size_bytes is not None and size_bytes >= 2**64:
                self.names.setdefault(name, VolumeEntry("", name, None, ""))
            raise

    def find_volume(self, name: str) -> Record | None:
        found = super().find_volume(name)
        return found if found and found["uuid"] else None


@breaks("python.form")
class LooksForTheVolumeBeforeTheSpellingOfTheSnapshot(Strict):
    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        self.list_snapshots(vol_uuid)
        return super().restore_snapshot(vol_uuid, snap_uuid)


@breaks("3.order")
class LooksAtTheStateBeforeALoneSurrogate(Strict):
    def check_snapshot_name(self, name: str) -> None:
        if not is_surrogate(name):
            super().check_snapshot_name(name)

    def check_snapshot_name_is_free(
        self, volume: VolumeEntry, name: str, owner: SnapshotEntry | None
    ) -> None:
        super().check_snapshot_name(name)
        super().check_snapshot_name_is_free(volume, name, owner)


# Results that are shared


@breaks("python.fresh")
class SharesTheAccessHandle(Strict):
    def __init__(self) -> None:
        super().__init__()
        self.handle: Record = {"kind": "in_memory"}

    def access_handle(self, uuid: str) -> Record:
        super().access_handle(uuid)
        return self.handle


@breaks("python.fresh")
class SharesTheCapabilities(Strict):
    def __init__(self) -> None:
        super().__init__()
        self.shared = super().capabilities()

    def capabilities(self) -> Record:
        return self.shared


@breaks("python.fresh")
class SharesTheOriginInLists(Strict):
    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[str, Record] = {}

    def list_volumes(self) -> Sequence[Record]:
        records = super().list_volumes()
        for record in records:
            if "clone" in record:
                origin = record["clone"]
                record["clone"] = self.origins.setdefault(repr(origin), origin)
        return records


@breaks("python.fresh")
class KeepsTheRecordOfFindSnapshot(Strict):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Record] = {}

    def find_snapshot(self, vol_uuid: str, name: str) -> Record | None:
        record = super().find_snapshot(vol_uuid, name)
        return record if record is None else self.found.setdefault(repr(record), record)


# Keys


@breaks("python.keys")
class PutsTheJunctionPathAfterTheOrigin(Strict):
    def volume_record(self, volume: VolumeEntry) -> Record:
        record = super().volume_record(volume)
        if "clone" in record and "junction_path" in record:
            record["junction_path"] = record.pop("junction_path")
        return record


@breaks("python.keys")
class SortsTheKeysAfterASplit(Strict):
    def split_clone(self, vol_uuid: str) -> Record:
        return dict(sorted(super().split_clone(vol_uuid).items()))


# What a refusal says


@breaks("python.errors")
class SaysNothingAboutAMissingVolume(Strict):
    def volume(self, uuid: str) -> VolumeEntry:
        if uuid not in self.volumes:
            raise errors.VolumeNotFoundError("not found", uuid)
        return super().volume(uuid)


@breaks("python.errors")
class CallsTheNameOfACloneName(Strict):
    def check_volume_name(self, argument: str, name: str) -> None:
        super().check_volume_name("name", name)


@breaks("python.errors")
class NamesAllClonesAtARestore(Strict):
    def check_restore(self, volume: VolumeEntry, newer: list[SnapshotEntry]) -> None:
        for snapshot in newer:
            try:
                self.check_snapshot_is_unused(snapshot)
            except errors.SnapshotBusyError as error:
                error.dependents = tuple(clone.name for clone in self.clones_of([snapshot]))
                raise


@breaks("4.dependents")
class NamesClonesSnapshotBySnapshot(Strict):
    def clones_of(self, snapshots: Any) -> list[VolumeEntry]:
        return [clone for snapshot in snapshots for clone in snapshot.clones.values()]


# States and histories


class Forgiving(Strict):
    """A backend whose snapshots may have lost clones."""

    def detach(self, volume: VolumeEntry) -> None:
        if volume.parent is not None:
            volume.parent[1].clones.pop(volume.uuid, None)
            volume.parent = None


@breaks("3.delete_volume.refuses")
class DeletesTheParentOfAnOfflineClone(Forgiving):
    def check_volume_is_unused(self, volume: VolumeEntry) -> None:
        clones = self.clones_of(volume.snapshots.values())
        if any(clone.state == "online" for clone in clones):
            super().check_volume_is_unused(volume)


@breaks("3.create_clone.refuses")
class ClonesARestrictedParent(Strict):
    def check_online(self, volume: VolumeEntry, operation: str) -> None:
        if operation != "create_clone" or volume.state != "restricted":
            super().check_online(volume, operation)


@breaks("3.restore_snapshot.refuses")
class RestoresAnOfflineClone(Strict):
    def check_online(self, volume: VolumeEntry, operation: str) -> None:
        if operation != "restore_snapshot" or volume.parent is None:
            super().check_online(volume, operation)


@breaks("3.find_volume")
class FindsNoVolumeRenamedOffline(Strict):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: set[str] = set()

    def rename(self, volume: VolumeEntry, name: str) -> None:
        super().rename(volume, name)
        if volume.state != "online":
            self.hidden.add(name)

    def find_volume(self, name: str) -> Record | None:
        return None if name in self.hidden else super().find_volume(name)


@breaks("3.create_volume")
class KeepsTheFormerNameOfAClone(Strict):
    def rename(self, volume: VolumeEntry, name: str) -> None:
        former = volume.name
        super().rename(volume, name)
        if volume.parent is not None and former != name:
            self.names[former] = volume

    def find_volume(self, name: str) -> Record | None:
        found = super().find_volume(name)
        return found if found and found["name"] == name else None


@breaks("3.patch_volume")
class KeepsThePathOfADeletedClone(Strict):
    def remove_volume(self, volume: VolumeEntry) -> None:
        path, clone = volume.junction_path, volume.parent
        super().remove_volume(volume)
        if path and clone:
            self.paths[self.folded(path)] = volume


@breaks("3.restore_snapshot")
class KeepsTheQuotaOfARestoreToNone(Strict):
    def restore(
        self, volume: VolumeEntry, snapshot: SnapshotEntry, newer: list[SnapshotEntry]
    ) -> None:
        size_bytes = volume.size_bytes
        super().restore(volume, snapshot, newer)
        if snapshot.size_bytes is None:
            volume.size_bytes = size_bytes


@breaks("4.dependents")
class DeletesTheSnapshotOfARenamedClone(Forgiving):
    def rename(self, volume: VolumeEntry, name: str) -> None:
        super().rename(volume, name)
        if volume.parent is not None:
            volume.parent[1].clones.pop(volume.uuid, None)


@breaks("3.split_clone")
class UnmountsASplitClone(Strict):
    def split_clone(self, vol_uuid: str) -> Record:
        uuid = super().split_clone(vol_uuid)["uuid"]
        return self.patch_volume(uuid, junction_path="")


@breaks("3.create_clone")
class ClonesTheSizeOfTheFirstParent(Strict):
    def add_clone(self, parent: VolumeEntry, snapshot: SnapshotEntry, new_name: str) -> VolumeEntry:
        clone = super().add_clone(parent, snapshot, new_name)
        if parent.parent is not None:
            clone.size_bytes = parent.parent[0].size_bytes
        return clone


# Sizes


@breaks("3.restore_snapshot")
class RestoresOverAtMost256Snapshots(Strict):
    def restore(
        self, volume: VolumeEntry, snapshot: SnapshotEntry, newer: list[SnapshotEntry]
    ) -> None:
        super().restore(volume, snapshot, newer[:256])


@breaks("2.junction_unique")
class ComparesAtMost128Paths(Strict):
    def check_path_is_free(self, path: str, owner: VolumeEntry) -> None:
        if len(self.paths) <= 128:
            super().check_path_is_free(path, owner)

    def mount(self, volume: VolumeEntry, path: str) -> None:
        if volume.junction_path is not None:
            self.paths.pop(self.folded(volume.junction_path), None)
        volume.junction_path = path or None
        if path:
            self.paths[self.folded(path)] = volume


# Names


@breaks("2.volume_names")
class RefusesAColonInTheNameOfAClone(Strict):
    def check_volume_name(self, argument: str, name: str) -> None:
        if argument == "new_name" and ":" in name:
            raise self.invalid(argument, name, "has a colon")
        super().check_volume_name(argument, name)


@breaks("2.free_again")
class KeepsDeletedNamesWithAColon(Strict):
    def remove_volume(self, volume: VolumeEntry) -> None:
        super().remove_volume(volume)
        if ":" in volume.name:
            self.names[volume.name] = volume

    def find_volume(self, name: str) -> Record | None:
        found = super().find_volume(name)
        return found if found and found["uuid"] in self.volumes else None


@breaks("2.exact")
class TakesHyphensForUnderscoresInSnapshots(Strict):
    def snapshot_of_name(self, volume: VolumeEntry, name: str) -> SnapshotEntry | None:
        for snapshot in volume.snapshots.values():
            if snapshot.name.replace("-", "_") == name.replace("-", "_"):
                return snapshot
        return None


@breaks("2.junction_unique")
class ComparesPathsInNormalForm(Strict):
    def folded(self, path: str) -> str:
        return unicodedata.normalize("NFC", super().folded(path))


@breaks("2.export_policy")
class StripsThePolicy(Strict):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        super().change(volume, *fields)
        if volume.export_policy:
            volume.export_policy = volume.export_policy.strip() or volume.export_policy


@breaks("3.delete_volume")
class DeletesTheVolumeOfThatName(Strict):
    def delete_volume(self, uuid: str) -> None:
        named = self.names.get(str(uuid))
        super().delete_volume(uuid if named is None else named.uuid)


# Capabilities and optional operations


@breaks("python.capabilities")
class LosesClonesWhileAllIsOffline(Strict):
    def capabilities(self) -> Record:
        states = {volume.state for volume in self.volumes.values()}
        return super().capabilities() | {"clones": not states or "online" in states}


@breaks("3.split_clone")
class SplitsOnlineClonesOnly(Strict):
    def check_clone(self, volume: VolumeEntry) -> None:
        super().check_clone(volume)
        if volume.state != "online":
            raise errors.FeatureNotSupportedError("split_clone is not supported", "split_clone")


# Several instances


@breaks("python.instances")
class SharesNamesAmongInstances(Strict):
    shared: ClassVar[dict[str, VolumeEntry]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.names = self.shared


@breaks("python.instances")
class EmptiesTheOtherInstances(Strict):
    instances: ClassVar[list[Strict]] = []

    def __init__(self) -> None:
        super().__init__()
        for other in self.instances:
            other.volumes.clear()
            other.names.clear()
            other.paths.clear()
        self.instances[:] = [self]


# Races


class Racing(Forgiving):
    """A backend that can release its lock for a while, once several threads call it."""

    def __init__(self) -> None:
        super().__init__()
        self.callers: set[int] = set()

    def text(self, argument: str, value: object) -> str:
        self.callers.add(threading.get_ident())
        return super().text(argument, value)

    def pause(self) -> None:
        if len(self.callers) > 1:
            self.lock.release()
            time.sleep(0.001)
            self.lock.acquire()

    def rename(self, volume: VolumeEntry, name: str) -> None:
        self.names.pop(volume.name, None)
        volume.name = name
        self.names[name] = volume

    def mount(self, volume: VolumeEntry, path: str) -> None:
        if volume.junction_path is not None:
            self.paths.pop(self.folded(volume.junction_path), None)
        volume.junction_path = path or None
        if path:
            self.paths[self.folded(path)] = volume

    def remove_volume(self, volume: VolumeEntry) -> None:
        self.mount(volume, "")
        self.detach(volume)
        self.names.pop(volume.name, None)
        self.volumes.pop(volume.uuid, None)

    def remove_snapshot(self, volume: VolumeEntry, snapshot: SnapshotEntry) -> None:
        volume.snapshots.pop(snapshot.uuid, None)


@breaks("3.linearizable")
class CreatesTwoVolumesOfAName(Racing):
    def check_name_is_free(self, name: str, owner: VolumeEntry | None) -> None:
        super().check_name_is_free(name, owner)
        if owner is None:
            self.pause()


@breaks("3.linearizable")
class RenamesTwoVolumesToAName(Racing):
    def check_name_is_free(self, name: str, owner: VolumeEntry | None) -> None:
        super().check_name_is_free(name, owner)
        if owner is not None:
            self.pause()


@breaks("3.linearizable")
class MountsTwoVolumesAtAPath(Racing):
    def check_path_is_free(self, path: str, owner: VolumeEntry) -> None:
        super().check_path_is_free(path, owner)
        self.pause()


@breaks("3.linearizable")
class RenamesTwoSnapshotsToAName(Racing):
    def check_snapshot_name_is_free(
        self, volume: VolumeEntry, name: str, owner: SnapshotEntry | None
    ) -> None:
        super().check_snapshot_name_is_free(volume, name, owner)
        if owner is not None:
            self.pause()


@breaks("3.linearizable")
class DeletesAVolumeBeingCloned(Racing):
    def check_volume_is_unused(self, volume: VolumeEntry) -> None:
        super().check_volume_is_unused(volume)
        self.pause()


@breaks("3.linearizable")
class RestoresOverASnapshotBeingCloned(Racing):
    def check_restore(self, volume: VolumeEntry, newer: list[SnapshotEntry]) -> None:
        super().check_restore(volume, newer)
        self.pause()


@breaks("3.linearizable")
class ClonesASnapshotBeingDeleted(Racing):
    def check_online(self, volume: VolumeEntry, operation: str) -> None:
        super().check_online(volume, operation)
        if operation == "create_clone":
            self.pause()


@breaks("3.linearizable")
class LosesAPatch(Racing):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        size_bytes, export_policy = volume.size_bytes, volume.export_policy
        self.pause()
        super().change(volume, *fields)
        if fields[0] is None:
            volume.size_bytes = size_bytes
        if fields[2] is None:
            volume.export_policy = export_policy


@breaks("3.linearizable")
class BringsADeletedVolumeBack(Racing):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        self.pause()
        super().change(volume, *fields)
        self.volumes[volume.uuid] = self.names[volume.name] = volume


@breaks("3.linearizable")
class ListsVolumesOneByOne(Racing):
    def list_volumes(self) -> Sequence[Record]:
        records = []
        with self.lock:
            for uuid in list(self.volumes):
                if uuid in self.volumes:
                    records.append(self.volume_record(self.volumes[uuid]))
                if len(records) < 4:
                    self.pause()
        return records


@breaks("3.linearizable")
class ReadsAVolumeInTwoSteps(Racing):
    def get_volume(self, uuid: str) -> Record:
        uuid = self.identifier("uuid", uuid)
        with self.lock:
            size_bytes = self.volume(uuid).size_bytes
            self.pause()
            return self.volume_record(self.volume(uuid)) | {"size_bytes": size_bytes}


@breaks("3.linearizable")
class CountsOneOfTwoClones(Racing):
    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}

    def add_clone(self, parent: VolumeEntry, snapshot: SnapshotEntry, new_name: str) -> VolumeEntry:
        count = self.counts.get(snapshot.uuid, 0)
        clone = super().add_clone(parent, snapshot, new_name)
        self.pause()
        self.counts[snapshot.uuid] = count + 1
        return clone

    def detach(self, volume: VolumeEntry) -> None:
        if volume.parent is not None:
            self.counts[volume.parent[1].uuid] -= 1
        super().detach(volume)

    def check_snapshot_is_unused(self, snapshot: SnapshotEntry) -> None:
        if self.counts.get(snapshot.uuid, 0) > 0:
            super().check_snapshot_is_unused(snapshot)


@breaks("3.linearizable")
class ListsAVolumeBeforeItHasItsSize(Racing):
    def add_volume(self, name: str, size_bytes: int | None) -> VolumeEntry:
        volume = super().add_volume(name, None)
        self.pause()
        volume.size_bytes = size_bytes
        return volume


# Sentences of the contract that one call shows


@breaks("3.patch_volume")
class StampsAPatchedVolume(Strict):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        super().change(volume, *fields)
        volume.create_time = "2030-01-01T00:00:00Z"


@breaks("2.uuid_form")
class MakesIdentifiersOfVersionOne(Strict):
    def new_uuid(self) -> str:
        return str(uuid1())


@breaks("1.size")
class KeepsSizesAsFloats(Strict):
    def integer(self, argument: str, value: Any) -> int | None:
        size = super().integer(argument, value)
        return size if size is None or not 0 < size < 2**63 else int(float(size))


@breaks("3.list_volumes")
class ListsARenamedVolumeLast(Strict):
    def rename(self, volume: VolumeEntry, name: str) -> None:
        super().rename(volume, name)
        self.volumes[volume.uuid] = self.volumes.pop(volume.uuid)


@breaks("3.create_clone")
class NamesTheFirstParent(Strict):
    def origin_record(self, parent: tuple[VolumeEntry, SnapshotEntry]) -> Record:
        return super().origin_record(parent[0].parent or parent)


@breaks("3.patch_volume")
class UnmountsAnOfflineVolume(Strict):
    def change(self, volume: VolumeEntry, *fields: Any) -> None:
        super().change(volume, *fields)
        if fields[-1] == "offline":
            self.mount(volume, "")
