"""Records and errors as ONTAP writes them, without a server."""

from __future__ import annotations

from functools import partial
from typing import Any

import nessie_backend_mem as nessie
import pytest
from nessie_backend_mem import MemBackend, NessieError
from nessie_backend_mem.ontap import (
    OntapServer,
    error_envelope,
    snapshot_record,
    volume_record,
)
from ontap.raw import Client

GIB = 2**30


def without_links_and_cluster(record: Any) -> Any:
    """The fields of a record that do not depend on the cluster."""
    if isinstance(record, dict):
        return {
            key: without_links_and_cluster(value)
            for key, value in record.items()
            if key not in ("_links", "svm", "aggregates", "nodes", "parent_svm", "snapshot_policy")
        }
    return record


@pytest.mark.parametrize("fields", [None, "*", "**", "clone", ["size", "nas.path"]], ids=str)
def test_a_volume_is_shown_as_a_server_shows_it(fields: Any) -> None:
    backend = MemBackend(seed=1)
    parent = backend.create_volume("parent", GIB)
    snapshot = backend.create_snapshot(parent["uuid"], "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    clone = backend.patch_volume(clone["uuid"], junction_path="/clone")
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        for volume in (parent, clone):
            text = fields if fields is None or isinstance(fields, str) else ",".join(fields)
            query = "" if text is None else f"?fields={text}"
            shown = client.get(f"/api/storage/volumes/{volume['uuid']}{query}").json
            made = volume_record(volume, fields=fields)
            assert made.get("svm", {}).get("name") == shown.get("svm", {}).get("name")
            shown, made = without_links_and_cluster(shown), without_links_and_cluster(made)
            # A record alone has no snapshots, clones or clock.
            for each in (shown, made):
                each.pop("snapshot_count", None)
                each.get("metric", {}).pop("timestamp", None)
                each.get("statistics", {}).pop("timestamp", None)
                each.get("clone", {}).pop("has_flexclone", None)
            assert made == shown


def test_a_snapshot_is_shown_as_a_server_shows_it() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v", GIB)
    snapshot = backend.create_snapshot(volume["uuid"], "s")
    path = f"/api/storage/volumes/{volume['uuid']}/snapshots/{snapshot['uuid']}"
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        shown = client.get(path).json
    made = snapshot_record(snapshot, volume)
    assert made["_links"] == shown["_links"]
    assert without_links_and_cluster(made) == without_links_and_cluster(shown)
    assert set(snapshot_record(snapshot, volume, fields="name")) <= {"uuid", "name", "_links"}


def test_a_record_has_the_svm_and_the_requested_fields() -> None:
    volume = MemBackend(seed=1).create_volume("v", GIB)
    record = volume_record(volume, svm="red", fields=["svm.name", "size"])
    assert record["svm"]["name"] == "red"
    assert record["size"] == GIB
    assert "state" not in record
    assert volume_record(volume) == volume_record(volume)


def test_unknown_fields_and_other_objects_than_volumes_are_refused() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v", GIB)
    for fields in ("nonsense", ["size", "x"], "name&max_records=1"):
        with pytest.raises(ValueError, match=r"x|nonsense|name&"):
            volume_record(volume, fields=fields)
    asleep: Any = {**volume, "state": "asleep"}
    with pytest.raises(ValueError, match=r"^volume: a \"state\" of 'asleep'"):
        volume_record(asleep)
    empty: Any = {}
    with pytest.raises(ValueError, match=r'^volume: no "uuid" in {}$'):
        volume_record(empty)
    with pytest.raises(ValueError, match=r'^snapshot: no "uuid" in {}$'):
        snapshot_record(empty, volume)


@pytest.mark.parametrize("wrong", [5, b"name", ["name", 5]], ids=str)
def test_an_svm_or_fields_of_a_wrong_type_are_named(wrong: Any) -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v", GIB)
    snapshot = backend.create_snapshot(volume["uuid"], "s")
    for make in (partial(volume_record, volume), partial(snapshot_record, snapshot, volume)):
        with pytest.raises(TypeError, match=r"^fields: expected (a str|an iterable of str), not "):
            make(fields=wrong)
        with pytest.raises(TypeError, match=r"^svm: expected a str, not "):
            make(svm=wrong)


ERRORS: list[tuple[NessieError, str]] = [
    (nessie.VolumeNotFoundError("m", "t"), "4"),
    (nessie.SnapshotNotFoundError("m", "t"), "4"),
    (nessie.VolumeExistsError("m", "t"), "917526"),
    (nessie.SnapshotExistsError("m", "t"), "525059"),
    (nessie.JunctionPathExistsError("m", "t"), "918252"),
    (nessie.VolumeBusyError("m", "t"), "524615"),
    (nessie.SnapshotBusyError("m", "t"), "1638555"),
    (nessie.VolumeOfflineError("m", "t"), "917775"),
    (nessie.InvalidArgumentError("m", "t"), "2"),
    (nessie.FeatureNotSupportedError("m", "t"), "3"),
    (nessie.BackendTimeoutError("m", "t"), "8"),
    (nessie.SubstrateError("m", "t"), "65541"),
    (NessieError("m", "t"), "65541"),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_a_refusal_has_the_code_of_its_class(error: NessieError, code: str) -> None:
    assert error_envelope(error) == {"error": {"code": code, "message": "m", "target": "t"}}


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("snapshots", "525062"),
        ("snapshots_per_volume", "525062"),
        ("clones_per_snapshot", "524819"),
        ("clone_depth", "524819"),
        ("volumes", "460770"),
        (None, "460770"),
    ],
)
def test_the_code_of_an_exceeded_limit_depends_on_the_limit(limit: str | None, code: str) -> None:
    envelope = error_envelope(nessie.LimitExceededError("m", limit, 5))
    assert envelope["error"]["code"] == code
    assert envelope["error"].get("target") == limit


def test_a_refusal_about_nothing_has_no_target() -> None:
    error = nessie.SubstrateError("gone")
    assert error_envelope(error) == {"error": {"code": "65541", "message": "gone"}}
