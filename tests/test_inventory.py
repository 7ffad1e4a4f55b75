"""Inventories: recorded from our endpoint and from replies of real clusters, loaded, anonymised."""

from __future__ import annotations

import copy
import io
import json
import pickle
import re
import socket
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fake_cluster import FakeCluster, Reply, as_json, error, fake_cluster
from hypothesis import given, settings
from hypothesis import strategies as st
from nessie_backend_mem import InvalidArgumentError, MemBackend, inventory
from nessie_backend_mem.inventory import Document, Omission, RecordError
from nessie_backend_mem.inventory.anonymise import Replacer
from nessie_backend_mem.inventory.client import OntapClient, origin_of
from nessie_backend_mem.inventory.files import to_text
from nessie_backend_mem.inventory.history import drops
from nessie_backend_mem.inventory.record import Recorder
from nessie_backend_mem.ontap import OntapServer
from nessie_backend_mem.ontap.backends import new_backend
from nessie_backend_mem.testing import backends

START = "2024-02-29T12:00:00Z"
GIB = 2**30


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as cluster:
        yield cluster


def recorded(cluster: FakeCluster, **options: Any) -> Document:
    with cluster.client(**options) as client:
        return Recorder(client).document()


def record_of(server: OntapServer, **options: Any) -> Document:
    return inventory.record(
        server.url,
        username=server.username,
        password=server.password,
        cacert=server.ca_file,
        **options,
    )


def comparable(document: Document) -> Any:
    """A document without what a backend makes itself: uuids, and the time of the record."""
    text = json.dumps({**document, "recorded_at": "", "anonymised": False})
    return json.loads(text, object_hook=without_uuids)


def without_uuids(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if not key.endswith("uuid")}


def furnished() -> MemBackend:
    """A backend with everything that an inventory holds, in an order unlike that of the names."""
    backend = MemBackend(seed=7, start=START, limits=new_backend().limits)
    rule: Any = {"schedule": "*/5 3 * * mon", "prefix": "mine", "keep": 3}
    backend.create_snapshot_policy("mine", [rule])
    volume = backend.create_volume("z", 4 * GIB, snapshot_policy="mine")["uuid"]
    backend.write(volume, 3 * GIB)
    first = backend.create_snapshot(volume, "first")["uuid"]
    backend.advance(60)
    backend.write(volume, GIB, overwrite_bytes=GIB)
    second = backend.create_snapshot(volume, "a", expires_at="9999-12-31T23:59:59Z")["uuid"]
    backend.create_snapshot(volume, "A")
    backend.discard(volume, GIB)
    backend.patch_volume(volume, 2 * GIB, "/z", "team")
    clone = backend.create_clone(volume, first, "clone")["uuid"]
    backend.advance(3600)
    backend.write(clone, GIB, overwrite_bytes=GIB)
    inner = backend.create_snapshot(clone, "inner")["uuid"]
    backend.discard(clone, 1)
    backend.create_clone(clone, inner, "a_clone_of_it")
    backend.patch_volume(clone, junction_path="/z/clone", state="offline")
    other = backend.create_clone(volume, second, "b")["uuid"]
    # It has inherited another one.
    backend.patch_volume(other, export_policy="default")
    backend.create_volume("no_quota")
    return backend


# Records of our endpoint, and back -----------------------------------------------------------


def test_a_record_that_is_loaded_and_served_gives_the_same_record(tmp_path: Path) -> None:
    backends = {"svm1": furnished(), "empty": new_backend()}
    volume = backends["svm1"].find_volume("z")
    assert volume is not None
    fields = {
        "comment": "of Zoë",
        "encryption": {"enabled": True},
        "movement": {"destination_aggregate": {"name": "aggr1"}},
    }
    snapshot = backends["svm1"].list_snapshots(volume["uuid"])[0]
    path = f"/api/storage/volumes/{volume['uuid']}"
    labels = {"comment": "before", "snapmirror_label": "daily"}
    aggregates = {"aggr2": 10 * GIB, "aggr1": 20 * GIB}
    with OntapServer(backends, name="c1", aggregates=aggregates) as server:
        for target, body in ((path, fields), (f"{path}/snapshots/{snapshot['uuid']}", labels)):
            status, _, reply = server._cluster.handle(
                "PATCH", f"{target}?return_timeout=9", json.dumps(body).encode()
            )
            assert status == 200, reply
        document = record_of(server)
        assert comparable(record_of(server)) == comparable(document)
    file = tmp_path / "inventory.json"
    inventory.write(document, file)
    loaded = inventory.load(file)
    assert loaded.document == document
    assert loaded.omitted == []
    assert list(loaded.backends) == ["empty", "svm1"]
    for backend in loaded.backends.values():
        backend.check_invariants()
    with inventory.serve(loaded) as server:
        again = record_of(server)
    assert comparable(again) == comparable(document)
    assert loaded.omitted == []
    entry = next(each for each in again["svms"][1]["volumes"] if each["name"] == "z")
    assert entry["comment"] == "of Zoë"
    assert entry["aggregates"] == ["aggr1"]
    assert entry["encrypted"] is True
    assert {"comment": "before", "snapmirror_label": "daily"}.items() <= entry["snapshots"][
        0
    ].items()


NAS: list[tuple[str, str, Any]] = [
    ("POST", "cluster/schedules", {"name": "unused", "cron": {"minutes": [9], "weekdays": [1, 2]}}),
    ("POST", "cluster/schedules", {"name": "own", "svm.name": "svm1", "interval": "PT2H"}),
    (
        "POST",
        "storage/snapshot-policies",
        {
            "name": "of_cluster",
            "comment": "for all",
            "copies": [
                {"schedule.name": "unused", "count": 3, "snapmirror_label": "often"},
                {"schedule.name": "daily", "count": 2},
            ],
        },
    ),
    (
        "POST",
        "storage/snapshot-policies",
        {
            "name": "of_svm",
            "svm.name": "svm1",
            "copies": [{"schedule.name": "monthly", "count": 1, "prefix": "monthly"}],
        },
    ),
    ("PATCH", "storage/volumes?name=v", {"snapshot_policy.name": "of_cluster"}),
    ("PATCH", "cluster/schedules?name=hourly", {"cron": {"minutes": [7]}}),
    (
        "PATCH",
        "svm/svms?name=svm1",
        {"comment": "of the team", "language": "en.utf_8", "max_volumes": 50},
    ),
    ("PATCH", "svm/svms?name=svm1", {"snapshot_policy": {"name": "default-1weekly"}}),
    (
        "PATCH",
        "protocols/nfs/services?svm.name=svm1",
        {"protocol.v40_enabled": True, "protocol.v4_id_domain": "lab.example"},
    ),
    (
        "POST",
        "name-services/dns",
        {
            "svm.name": "svm1",
            "domains": ["lab.example", "a.example"],
            "servers": ["10.1.2.3"],
            "timeout": 4,
        },
    ),
    ("POST", "protocols/nfs/export-policies", {"name": "team", "svm.name": "svm1"}),
    (
        "PATCH",
        "protocols/nfs/export-policies?name=team",
        {
            "rules": [
                {
                    "clients": [{"match": "10.1.2.0/24"}, {"match": "@lab"}],
                    "ro_rule": ["sys"],
                    "rw_rule": ["never"],
                    "protocols": ["nfs3"],
                    "index": 7,
                    "anonymous_user": "nobody",
                }
            ]
        },
    ),
    (
        "POST",
        "storage/qos/policies",
        {"name": "slow", "svm.name": "svm1", "fixed": {"max_throughput_iops": 100}},
    ),
    (
        "POST",
        "storage/qos/policies",
        {"name": "grown", "svm.name": "svm1", "adaptive": {"expected_iops": 5, "peak_iops": 9}},
    ),
    ("PATCH", "storage/volumes?name=v", {"qos.policy.name": "slow"}),
    (
        "POST",
        "storage/qtrees",
        {
            "name": "t",
            "svm.name": "svm1",
            "volume.name": "v",
            "unix_permissions": 750,
            "export_policy.name": "team",
            "user.name": "eve",
            "group.name": "lab",
            "qos_policy.name": "slow",
        },
    ),
    (
        "POST",
        "storage/quota/rules",
        {
            "type": "tree",
            "svm.name": "svm1",
            "volume.name": "v",
            "qtree.name": "t",
            "space.hard_limit": GIB,
        },
    ),
    (
        "POST",
        "storage/quota/rules",
        {
            "type": "user",
            "svm.name": "svm1",
            "volume.name": "v",
            "users": [{"name": "eve"}],
            "user_mapping": True,
            "files.soft_limit": 10,
        },
    ),
    ("PATCH", "storage/volumes?name=v", {"quota.enabled": True}),
]
"""Requests for an object of each kind around a volume."""


def nas_record() -> Document:
    backend = MemBackend(seed=3, limits=new_backend().limits)
    backend.create_volume("v", GIB)
    with OntapServer(backend, seed=3) as server:
        for method, path, body in NAS:
            mark = "&" if "?" in path else "?"
            target = f"/api/{path}{mark}return_timeout=9"
            text = json.dumps(body).encode()
            status, _, reply = server._cluster.handle(method, target, text)
            assert status < 300, (path, reply)
        return record_of(server)


def test_the_objects_around_a_volume_come_back_from_their_record() -> None:
    document = nas_record()
    (svm,) = document["svms"]
    assert svm["export_rules"][0]["clients"] == ["10.1.2.0/24", "@lab"]
    assert [policy["name"] for policy in svm["qos_policies"]] == ["grown", "slow"]
    assert svm["qtrees"] == [
        {
            "name": "t",
            "volume": "v",
            "security_style": "unix",
            "unix_permissions": 750,
            "export_policy": "team",
            "qos_policy": "slow",
            "user": "eve",
            "group": "lab",
        }
    ]
    schedules = [(each["name"], each.get("svm")) for each in document["schedules"]]
    # The predefined policies use three, and another one uses the monthly one.
    assert schedules == [
        ("daily", None),
        ("hourly", None),
        ("monthly", None),
        ("own", "svm1"),
        ("unused", None),
        ("weekly", None),
    ]
    assert (svm["comment"], svm["language"], svm["max_volumes"], svm["snapshot_policy"]) == (
        "of the team",
        "en.utf_8",
        50,
        "default-1weekly",
    )
    policies = {policy["name"]: policy for policy in document["snapshot_policies"]}
    assert policies["of_cluster"] == {
        "name": "of_cluster",
        "enabled": True,
        "comment": "for all",
        "copies": [
            {"schedule": "unused", "prefix": "unused", "count": 3, "snapmirror_label": "often"},
            {"schedule": "daily", "prefix": "daily", "count": 2},
        ],
    }
    assert policies["of_svm"]["svm"] == "svm1"
    assert svm["volumes"][0]["snapshot_policy"] == "of_cluster"
    assert svm["nfs"]["v40_enabled"] is True
    assert svm["dns"] == {
        "domains": ["lab.example", "a.example"],
        "servers": ["10.1.2.3"],
        "attempts": 1,
        "timeout": 4,
    }
    assert [rule["type"] for rule in svm["quota_rules"]] == ["tree", "user"]
    assert svm["quota_rules"][1]["user_mapping"] is True
    assert (svm["volumes"][0]["qos_policy"], svm["volumes"][0]["quota"]) == ("slow", True)
    loaded = inventory.load(document)
    with inventory.serve(loaded) as server:
        again = record_of(server)
    assert loaded.omitted == []
    assert comparable(again) == comparable(document)


def test_the_qtrees_and_quotas_of_an_offline_volume_come_back() -> None:
    document = nas_record()
    for entry in document["svms"][0]["volumes"]:
        entry["state"] = "offline"
        entry.pop("junction_path", None)
    loaded = inventory.load(document)
    with inventory.serve(loaded) as server:
        again = record_of(server)
    assert loaded.omitted == []
    (before,), (after,) = document["svms"], again["svms"]
    assert after["qtrees"] == before["qtrees"]
    assert after["quota_rules"] == before["quota_rules"]
    assert {entry["state"] for entry in after["volumes"]} == {"offline"}


def test_the_objects_around_a_volume_are_anonymised() -> None:
    document = nas_record()
    replaced = inventory.anonymise(document, seed=1)
    text = json.dumps(replaced)
    for name in (
        "10.1.2.0",
        "lab",
        "team",
        "slow",
        "grown",
        "eve",
        "nobody",
        "unused",
        "own",
        "of the",
        "10.1",
    ):
        assert f'"{name}' not in text, name
    (rule,) = replaced["svms"][0]["export_rules"]
    network, netgroup = rule["clients"]
    assert network.endswith(".0/24")
    assert netgroup.startswith("@")
    assert rule["ro_rule"] == ["sys"]
    loaded = inventory.load(replaced)
    with inventory.serve(loaded) as server:
        again = record_of(server)
    assert loaded.omitted == []
    assert comparable(again) == comparable(replaced)


def test_an_object_that_the_endpoint_refuses_is_omitted() -> None:
    document = nas_record()
    document["svms"][0]["export_rules"][0]["clients"] = ["10.1.2.3/99"]
    document["svms"][0]["qtrees"][0]["export_policy"] = "missing"
    document["svms"][0]["qtrees"].append({"name": "t", "volume": "absent"})
    loaded = inventory.load(document)
    with inventory.serve(loaded):
        pass
    omitted = {(each["kind"], each["name"]) for each in loaded.omitted}
    # The rule of the qtree finds no qtree.
    assert omitted == {("export_rule", "team"), ("qtree", "v/t"), ("quota_rule", "v")}


def test_a_policy_that_the_endpoint_refuses_stays_on_the_backends() -> None:
    document = nas_record()
    # The predefined policies use another prefix for the schedule.
    copies: Any = [{"schedule": "daily", "prefix": "other", "count": 1}]
    document["snapshot_policies"].append({"name": "p", "enabled": True, "copies": copies})
    document["svms"][0]["volumes"][0]["snapshot_policy"] = "p"
    loaded = inventory.load(document)
    with inventory.serve(loaded):
        pass
    (omitted,) = loaded.omitted
    assert (omitted["kind"], omitted["name"]) == ("snapshot_policy", "p")
    assert omitted["reason"].startswith("the endpoint refuses it: ")
    backend = loaded.backends["svm1"]
    assert backend.list_volumes()[0]["snapshot_policy"] == "p"
    rules = {policy["name"]: policy["rules"] for policy in backend.list_snapshot_policies()}
    assert rules["p"] == [{"schedule": "10 0 * * *", "prefix": "other", "keep": 1}]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"cron": "* * * *"}, "its times '* * * *' are not five fields"),
        ({"cron": "5 3 * * mon"}, "the part 'mon' of its times is not numbers"),
        ({"cron": "5 24 * * *"}, "the part '24' of its times is outside 0 to 23"),
        ({"cron": "5-1 * * * *"}, "the part '5-1' of its times is outside 0 to 59"),
        ({"cron": "*/0 * * * *"}, "the part '*/0' of its times is outside 0 to 59"),
        ({}, "its times are not in the inventory"),
        ({"interval": "soon"}, "the endpoint refuses it: "),
    ],
)
def test_a_schedule_that_cannot_be_created_is_omitted(entry: Any, reason: str) -> None:
    document = nas_record()
    entries: list[Any] = document["schedules"]
    entries.append({"name": "odd", **entry})
    loaded = inventory.load(document)
    with inventory.serve(loaded):
        pass
    (omitted,) = loaded.omitted
    assert (omitted["kind"], omitted["name"]) == ("schedule", "odd")
    assert omitted["reason"].startswith(reason)


def test_parts_of_times_are_the_numbers_that_they_mean() -> None:
    document = nas_record()
    document["schedules"].append({"name": "odd", "cron": "50/5,1-3 */12 * 1-5/2 *"})
    loaded = inventory.load(document)
    with inventory.serve(loaded) as server:
        again = record_of(server)
    found = next(each for each in again["schedules"] if each["name"] == "odd")
    assert found["cron"] == "1,2,3,50,55 0,12 * 1,3,5 *"


def test_a_loaded_backend_has_the_records_of_the_recorded_one() -> None:
    original = furnished()
    with OntapServer(original, tls=False) as server:
        loaded = inventory.load(record_of(server)).backends["svm1"]
    for volume in original.list_volumes():
        found = loaded.find_volume(volume["name"])
        assert found is not None
        for key in ("state", "create_time", "junction_path", "export_policy", "snapshot_policy"):
            assert found.get(key) == volume.get(key)
        assert found.get("used_bytes", 0) == volume.get("used_bytes", 0)
        origin, found_origin = volume.get("clone"), found.get("clone")
        assert (origin is None) == (found_origin is None)
        if origin is not None and found_origin is not None:
            for name in ("parent_volume", "parent_snapshot"):
                assert found_origin[name] == origin[name]
        ours, theirs = (
            [
                (snapshot["name"], snapshot["create_time"], snapshot.get("expires_at"))
                for snapshot in backend.list_snapshots(uuid)
            ]
            for backend, uuid in ((original, volume["uuid"]), (loaded, found["uuid"]))
        )
        assert theirs == ours
    assert loaded.space() == original.space()
    assert loaded.limits == original.limits
    # Without a seed, it has the system's clock.
    assert "clock='system'" in repr(loaded)


@settings(max_examples=25)
@given(backends(max_operations=40), st.integers(1, 4))
def test_any_backend_comes_back_from_its_record(backend: MemBackend, max_records: int) -> None:
    documents = []
    for _ in range(2):
        with (
            # The size of a volume without quota is that of the aggregate.
            OntapServer(backend, tls=False, aggregates={"aggr1": 2**64 - 1}) as server,
            OntapClient(
                server.url,
                username=server.username,
                password=server.password,
                max_records=max_records,
            ) as client,
        ):
            documents.append(Recorder(client).document())
        loaded = inventory.load(documents[0])
        assert loaded.omitted == []
        backend = loaded.backends["svm1"]
        backend.check_invariants()
    original, again = map(comparable, documents)
    # The size of the aggregate is that of the pool, which a loaded backend does not have.
    for document in (original, again):
        document["aggregates"] = []
    assert again == original


# Requests ------------------------------------------------------------------------------------


def test_only_get_requests_are_sent_and_every_page_is_read(cluster: FakeCluster) -> None:
    volumes = [
        {"name": f"v{number:02}", "uuid": f"u{number}", "svm": {"name": "svm1"}}
        for number in range(7)
    ]
    cluster.objects["/api/storage/volumes"] = volumes
    for volume in volumes:
        path = f"/api/storage/volumes/{volume['uuid']}/snapshots"
        cluster.objects[path] = [{"name": f"s{number}"} for number in range(5)]
    document = recorded(cluster, max_records=3)
    assert comparable(document) == comparable(recorded(cluster))
    (svm,) = document["svms"]
    assert [volume["name"] for volume in svm["volumes"]] == [each["name"] for each in volumes]
    assert all(len(volume["snapshots"]) == 5 for volume in svm["volumes"])
    assert {method for method, _ in cluster.requests} == {"GET"}


def test_no_snapshots_are_requested_of_a_volume_that_has_none(cluster: FakeCluster) -> None:
    volume = {"name": "v", "uuid": "u", "svm": {"name": "svm1"}, "snapshot_count": 0}
    cluster.objects["/api/storage/volumes"] = [volume]
    (svm,) = recorded(cluster)["svms"]
    assert svm["volumes"] == [{"name": "v", "uuid": "u", "aggregates": [], "snapshots": []}]
    assert not [target for _, target in cluster.requests if "snapshots" in target]


BUSY = error(503, "8", "busy")


@pytest.mark.parametrize(
    ("first", "pauses"),
    [
        ([error(503, "8")], [(0.5, 1)]),
        ([error(503, "8")] * 4, [(0.5, 1), (1, 2), (2, 4), (4, 8)]),
        ([as_json({}, 429, Retry_After="7")], [(7, 7)]),
        ([as_json({}, 429, Retry_After="3600")], [(60, 60)]),
        ([as_json({}, 503, Retry_After="soon")], [(0.5, 1)]),
        ([(503, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, b"<html>")], [(0, 0)]),
        ([None], [(0.5, 1)]),
        ([None, (200, {"Content-Length": "9", "Connection": "close"}, b"{")], [(0.5, 1), (1, 2)]),
    ],
)
def test_a_busy_cluster_and_a_cut_connection_are_tried_again(
    cluster: FakeCluster, first: list[Reply | None], pauses: list[tuple[float, float]]
) -> None:
    cluster.first = list(first)
    slept: list[float] = []
    assert recorded(cluster, pause=slept.append)["cluster"]["name"] == "array"
    assert len(slept) == len(pauses)
    for pause, (least, most) in zip(slept, pauses, strict=True):
        assert least <= pause <= most


def test_a_date_after_which_to_try_again_is_understood(cluster: FakeCluster) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    cluster.first = [as_json({}, 503, Retry_After=date)]
    slept: list[float] = []
    recorded(cluster, pause=slept.append)
    assert 25 < slept[0] <= 30


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (BUSY, "/api/cluster: HTTP 503, code 8: busy"),
        (None, ""),
        (error(401, "6691623"), "/api/cluster: the cluster refuses user or password"),
        ((401, {}, b""), "/api/cluster: the cluster refuses user or password"),
        (error(403, "6", "not authorized"), "/api/cluster: HTTP 403, code 6: not authorized"),
        ((404, {}, b"<html>"), "/api/cluster: HTTP 404; this is not an ONTAP REST API"),
        (
            (302, {"Location": "https://other.example"}, b""),
            "/api/cluster: the address redirects elsewhere; give the address of the cluster",
        ),
        ((200, {}, b"<html>"), "the reply is not a JSON object; this is not an ONTAP REST API"),
        ((200, {}, b"[]"), "the reply is not a JSON object"),
        ((200, {}, b"{}"), "the reply has no name"),
        ((200, {}, b"[" * 100_000), "the reply is not a JSON object"),
        (as_json({"name": 5}), "the field name is 5"),
    ],
)
def test_a_request_without_success_is_explained(
    cluster: FakeCluster, reply: Reply | None, text: str
) -> None:
    cluster.first = [reply] * 5
    with pytest.raises(RecordError) as caught:
        recorded(cluster, pause=lambda _: None)
    assert str(caught.value).startswith(cluster.url)
    assert text in str(caught.value)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.args, copied.status) == (caught.value.args, caught.value.status)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ({}, "the reply has no list of records"),
        ({"records": [1]}, "the reply has no list of records"),
        ({"records": [{}]}, "a record has no field name"),
        ({"records": [{"name": ""}]}, "a record has no field name"),
        ({"records": [{"name": "p", "enabled": "yes"}]}, "the field enabled is 'yes'"),
        ({"records": [{"name": "p", "copies": {}}]}, "the field copies is {}"),
        ({"records": [{"name": "p", "copies": [1]}]}, "the field copies is [1]"),
        *(
            ({"records": [], "_links": {"next": {"href": href}}}, f"next page is {href!r}")
            for href in ("https://evil.example/api", "//evil.example", "api", "/a b", 5, "/a\n")
        ),
    ],
)
def test_replies_that_ontap_would_not_send_are_refused(
    cluster: FakeCluster, page: Any, text: str
) -> None:
    cluster.objects["/api/storage/snapshot-policies"] = as_json(page)
    with pytest.raises(RecordError, match="this is not an ONTAP REST API") as caught:
        recorded(cluster)
    assert text in str(caught.value)


def test_a_link_to_a_page_that_was_read_is_refused(cluster: FakeCluster) -> None:
    path = "/api/storage/snapshot-policies"
    page = {"records": [], "_links": {"next": {"href": f"{path}?start.n=1"}}}
    cluster.objects[path] = as_json(page)
    with pytest.raises(RecordError, match="was read before"):
        recorded(cluster)


def test_what_the_user_may_not_read_is_left_out_if_it_is_not_needed(cluster: FakeCluster) -> None:
    cluster.objects["/api/storage/aggregates"] = error(403, "6")
    cluster.objects["/api/cluster/schedules"] = error(404, "3")
    document = recorded(cluster)
    assert (document["aggregates"], document["schedules"]) == ([], [])
    cluster.objects["/api/storage/volumes"] = error(403, "6", "not authorized")
    with pytest.raises(RecordError, match="/api/storage/volumes: HTTP 403, code 6"):
        recorded(cluster)


def test_a_cluster_that_is_not_there_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RecordError, match=f"^http://127.0.0.1:{port}: Connection refused"):
        inventory.record(f"http://127.0.0.1:{port}", username="a", password="b")


def test_a_cluster_that_does_not_reply_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RecordError, match="no reply in time"):
            inventory.record(url, username="a", password="b", timeout=0.05)


def test_a_wrong_scheme_is_reported(cluster: FakeCluster) -> None:
    url = cluster.url.replace("http:", "https:")
    with pytest.raises(RecordError, match=f"^{url}: "):
        inventory.record(url, username="a", password="b", verify=False)
    with OntapServer() as server, pytest.raises(RecordError):
        inventory.record(server.url.replace("https:", "http:"), username="a", password="b")


def test_a_certificate_is_verified_unless_told_otherwise(tmp_path: Path) -> None:
    with OntapServer() as server:
        login: Any = {"username": server.username, "password": server.password}
        with pytest.raises(RecordError, match=r"certificate .* cannot be verified: .*\(cacert\)"):
            inventory.record(server.url, **login)
        assert inventory.record(server.url, verify=False, **login)["cluster"]["name"] == "nessie"
        assert record_of(server)["cluster"]["name"] == "nessie"
        with pytest.raises(FileNotFoundError):
            inventory.record(server.url, cacert=tmp_path / "none", **login)
        (tmp_path / "empty").touch()
        with pytest.raises(ValueError, match=r"^cacert: .*empty' has no certificates in PEM"):
            inventory.record(server.url, cacert=tmp_path / "empty", **login)
        login["password"] = "wrong"
        with pytest.raises(RecordError, match="refuses user or password"):
            inventory.record(server.url, cacert=server.ca_file, **login)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("array", "'array' has no scheme; write https://array"),
        ("", "has no scheme"),
        ("ftp://array", "has the scheme 'ftp', not https"),
        ("https://", "names no host"),
        ("https://a b", "names no host"),
        ("https://array:99999", "'https://array:99999': Port out of range"),
        ("https://array/ui", "has more than scheme, host and port"),
        ("https://array?x=1", "has more than scheme, host and port"),
        ("http://array", "would send the password unencrypted"),
        ("http://10.0.0.1", "would send the password unencrypted"),
        ("https://me:secret@array", "it has a user name"),
    ],
)
def test_an_address_that_is_none_of_a_cluster_is_refused(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^url: ") as caught:
        OntapClient(url, username="a", password="b")
    assert text in str(caught.value)
    assert "secret" not in str(caught.value)


def test_addresses_of_clusters() -> None:
    assert origin_of("https://array/api/") == ("https", "array", 443)
    assert origin_of("HTTPS://[::1]:8443") == ("https", "::1", 8443)
    assert OntapClient("https://[::1]", username="a", password="").origin == "https://[::1]:443"
    assert OntapClient("http://array", username="a", password="", verify=False).port == 80
    with pytest.raises(ValueError, match=r"^username: 'a:b' has a colon"):
        OntapClient("https://array", username="a:b", password="")


# Replies of real clusters --------------------------------------------------------------------


def volume(name: str, **fields: Any) -> dict[str, Any]:
    """A volume as a real cluster returns it, with fields that this package does not know."""
    return {
        "uuid": f"0000-{name}",
        "name": name,
        "create_time": "2026-01-01T01:00:00+01:00",
        "state": "online",
        "style": "flexvol",
        "type": "rw",
        "size": GIB,
        "svm": {"uuid": "s1", "name": "svm1", "_links": {"self": {"href": "/api/svm/svms/s1"}}},
        "aggregates": [{"uuid": "a1", "name": "aggr1"}],
        "space": {"used": 4096, "snapshot": {"used": 0}, "new_in_9_99": {"x": 1}},
        "snapshot_policy": {"name": "none"},
        "nas": {"export_policy": {"name": "default"}},
        "clone": {"is_flexclone": False},
        "snaplock": {"type": "non_snaplock"},
        "encryption": {"enabled": False},
        "snapshot_count": 0,
        "comment": "",
        "_links": {"self": {"href": "/api/storage/volumes/x"}},
        **fields,
    }


def clone(name: str, parent: str, snapshot: str, **fields: Any) -> dict[str, Any]:
    origin = {
        "is_flexclone": True,
        "parent_svm": {"name": "svm1"},
        "parent_volume": {"name": parent, "uuid": f"0000-{parent}"},
        "parent_snapshot": {"name": snapshot, "uuid": f"uuid-{snapshot}"},
        **fields,
    }
    return volume(name, clone=origin)


def loaded_volumes(
    cluster: FakeCluster, *volumes: dict[str, Any], **snapshots: Any
) -> tuple[MemBackend, list[Omission]]:
    """The backend of a cluster with these volumes, and what is omitted."""
    cluster.objects["/api/storage/volumes"] = list(volumes)
    cluster.objects["/api/storage/aggregates"] = [
        {"name": "aggr1", "space": {"block_storage": {"size": 2**40, "used": 2**30}}}
    ]
    for each in volumes:
        found = snapshots.get(each["name"])
        if found is not None:
            each.pop("snapshot_count", None)
            path = f"/api/storage/volumes/{each['uuid']}/snapshots"
            cluster.objects[path] = [
                {"name": one, "uuid": f"uuid-{one}"} if isinstance(one, str) else one
                for one in found
            ]
    result = inventory.load(recorded(cluster))
    result.backends["svm1"].check_invariants()
    return result.backends["svm1"], result.omitted


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (volume("v", style="flexgroup"), "it is a flexgroup; a backend has FlexVol volumes"),
        (
            volume("v", type="dp"),
            "its type is dp; a backend has rw volumes, and",
        ),
        (
            volume("v", type="ls"),
            "its type is ls; a backend has rw volumes, and",
        ),
        (
            volume("v", is_svm_root=True, nas={"path": "/"}),
            "it is the root volume of its SVM; a backend has no root volumes",
        ),
        (
            volume("v", state="error"),
            "its state is error; here the states are online, offline, restricted",
        ),
        (volume("v" * 204), "a name has at most 203 characters"),
        (volume("-v"), "-v"),
        (volume("v", size=0), "size_bytes"),
        (volume("v", size=2**64), "size_bytes"),
    ],
)
def test_a_volume_that_no_backend_has_is_listed(
    cluster: FakeCluster, found: dict[str, Any], reason: str
) -> None:
    backend, omitted = loaded_volumes(cluster, found, volume("other"))
    assert [each["name"] for each in backend.list_volumes()] == ["other"]
    (omission,) = omitted
    assert (omission["kind"], omission["name"]) == ("volume", found["name"])
    assert "field" not in omission
    assert reason in omission["reason"]


@pytest.mark.parametrize(
    ("found", "field", "reason"),
    [
        (
            volume("v", size=None),
            "size_bytes",
            "no size; here the volume has no quota",
        ),
        (volume("v", nas={"path": "/"}), "junction_path", "junction_path"),
        (volume("v", nas={"path": "/other"}), "junction_path", "other"),
        (volume("v", snapshot_policy={"name": "gone"}), "snapshot_policy", "gone"),
        (volume("v", snaplock={"type": "compliance"}), "snaplock", "it is a compliance volume"),
        (
            volume("v", space={"used": GIB + 1}),
            "used_bytes",
            f"{GIB + 1} bytes are more than its size; here it uses {GIB}",
        ),
        (
            volume("v", space={"used": 0, "snapshot": {"used": 5}}),
            "snapshot_used_bytes",
            "5 bytes do not follow from the sizes of the snapshots",
        ),
        (
            volume("v", aggregates=[{"name": "aggr1"}, {"name": "aggr2"}]),
            "aggregates",
            "it is on 2 aggregates; here it is on 'aggr1'",
        ),
        (
            volume("v", aggregates=[{"name": "gone"}]),
            "aggregates",
            "the aggregate 'gone' and its size are not in the inventory",
        ),
        (
            clone("v", "gone", "s"),
            "clone",
            "its parent 'gone' is not in the inventory; here it is a plain volume",
        ),
        (
            clone("v", "other", "s"),
            "clone",
            "the snapshot 's' of its parent 'other' is not represented; here it is a plain volume",
        ),
        (
            clone("v", "p", "s", parent_svm={"name": "svm2"}),
            "clone",
            "its parent is in the SVM 'svm2'; here it is a plain volume",
        ),
        (clone("v", "v", "s"), "clone", "its parent 'v' is not represented"),
    ],
)
def test_a_part_of_a_volume_that_no_backend_has_is_listed(
    cluster: FakeCluster, found: dict[str, Any], field: str, reason: str
) -> None:
    other = volume("other", nas={"path": "/other"}, create_time="2025-01-01T00:00:00Z")
    backend, omitted = loaded_volumes(cluster, other, found)
    assert backend.find_volume("v") is not None
    (omission,) = [each for each in omitted if each["name"] == "v"]
    assert omission["svm"] == "svm1"
    assert omission["field"] == field
    assert reason in omission["reason"]


def test_a_clone_finds_its_parent_by_uuid_and_its_snapshot_after_a_rename(
    cluster: FakeCluster,
) -> None:
    renamed = {"name": "renamed", "uuid": "uuid-s", "size": 4096}
    parent = volume("parent", create_time="2026-06-01T00:00:00Z")
    # Created before its parent, according to a clock that was set back.
    child = clone("child", "parent", "s", split_complete_percent=40, inherited_physical_used=96)
    child["clone"]["parent_volume"]["name"] = "name_before"
    backend, omitted = loaded_volumes(cluster, child, parent, parent=[renamed])
    found = backend.find_volume("child")
    assert found is not None
    assert found["clone"]["parent_snapshot"] == "renamed"
    assert found["create_time"] == "2026-01-01T00:00:00Z"
    assert found["used_bytes"] == 4096
    assert [(each["field"], each["reason"]) for each in omitted] == [
        ("clone.split_percent", "a split is under way, 40 % are done; here no split has begun")
    ]


def test_an_offline_volume_without_fields_of_space_keeps_its_state(cluster: FakeCluster) -> None:
    found = volume("v", state="offline")
    del found["space"], found["snapshot_count"]
    cluster.objects["/api/storage/volumes/0000-v/snapshots"] = error(400, "9437885", "offline")
    backend, omitted = loaded_volumes(cluster, found)
    record = backend.find_volume("v")
    assert record is not None
    assert record["state"] == "offline"
    assert "used_bytes" not in record
    (omission,) = omitted
    assert omission["reason"] == "they could not be read; here it has none"


def test_a_volume_that_is_deleted_meanwhile_is_left_out(cluster: FakeCluster) -> None:
    gone = volume("gone", snapshot_count=1)
    backend, omitted = loaded_volumes(cluster, gone, volume("v"))
    assert [each["name"] for each in backend.list_volumes()] == ["v"]
    assert omitted == []


def test_snapshots_of_an_online_volume_that_cannot_be_read_end_the_record(
    cluster: FakeCluster,
) -> None:
    cluster.objects["/api/storage/volumes/0000-v/snapshots"] = error(500, "65541", "internal")
    with pytest.raises(RecordError, match="code 65541"):
        loaded_volumes(cluster, volume("v", snapshot_count=1))


def test_snapshots_that_no_backend_has_are_listed(cluster: FakeCluster) -> None:
    found: list[Any] = [
        {"name": "bad name", "uuid": "1"},
        {"name": "s" * 256, "uuid": "2"},
        {"name": "good", "uuid": "3", "expiry_time": "2001-01-01T00:00:00Z", "size": 10},
    ]
    backend, omitted = loaded_volumes(cluster, volume("v"), v=found)
    (record,) = backend.list_volumes()
    assert [each["name"] for each in backend.list_snapshots(record["uuid"])] == ["good"]
    assert [each["name"] for each in omitted] == ["v@bad name", f"v@{'s' * 256}", "v@good"]
    assert omitted[2]["reason"] == "its lock ended at 2001-01-01T00:00:00Z"


def test_snapshots_over_the_limit_are_listed(cluster: FakeCluster) -> None:
    names = [f"s{number}" for number in range(1025)]
    backend, omitted = loaded_volumes(cluster, volume("v"), v=names)
    (record,) = backend.list_volumes()
    assert len(backend.list_snapshots(record["uuid"])) == 1023
    assert [each["name"] for each in omitted] == ["v@s1023", "v@s1024"]
    assert "a volume has at most 1023 snapshots" in omitted[0]["reason"]


def test_snapshots_that_are_older_than_their_volume_keep_their_times(cluster: FakeCluster) -> None:
    """A clone shows the snapshots of its parent up to its base."""
    times = ["2020-05-01T00:00:00+02:00", "2019-05-01T00:00:00Z"]
    given = [{"name": f"s{index}", "create_time": time} for index, time in enumerate(times)]
    backend, omitted = loaded_volumes(cluster, volume("v"), v=given)
    (record,) = backend.list_volumes()
    assert record["create_time"] == "2026-01-01T00:00:00Z"
    assert [
        (each["name"], each["create_time"]) for each in backend.list_snapshots(record["uuid"])
    ] == [
        ("s1", "2019-05-01T00:00:00Z"),
        ("s0", "2020-04-30T22:00:00Z"),
    ]
    assert omitted == []


def test_clones_deeper_than_the_limit_are_plain_volumes_or_listed(cluster: FakeCluster) -> None:
    chain = [volume("v0"), *(clone(f"v{n}", f"v{n - 1}", f"s{n - 1}") for n in range(1, 502))]
    backend, omitted = loaded_volumes(
        cluster, *chain, **{f"v{number}": [f"s{number}"] for number in range(502)}
    )
    assert len(backend) == 501
    assert [(each["name"], each.get("field")) for each in omitted] == [
        ("v500", None),
        ("v501", "clone"),
    ]


def test_policies_and_schedules_of_a_cluster(cluster: FakeCluster) -> None:
    def copies(schedule: str, **more: Any) -> dict[str, Any]:
        return {"schedule": {"name": schedule, "uuid": "x"}, "count": 2, **more}

    cluster.objects["/api/cluster"]["timezone"] = {"name": "Europe/Berlin"}
    cluster.objects["/api/cluster/schedules"] = [
        {"name": "hourly", "type": "cron", "cron": {"minutes": [7]}},
        {"name": "own", "svm": {"name": "svm1"}, "cron": {"minutes": [30, 0], "weekdays": [0]}},
        {"name": "own", "cron": {"minutes": [1]}},
        {"name": "all", "cron": {"minutes": [*range(60)], "hours": [], "months": [2]}},
        {"name": "each", "type": "interval", "interval": "PT7M30S"},
        {"name": "unused", "cron": {"minutes": [9]}},
    ]
    cluster.objects["/api/storage/snapshot-policies"] = [
        {"name": "none", "enabled": False, "copies": []},
        {"name": "p", "enabled": True, "copies": [copies("hourly", prefix="h")]},
        {"name": "p", "svm": {"name": "other"}, "copies": [copies("hourly", prefix="o")]},
        {"name": "q", "svm": {"name": "svm1"}, "copies": [copies("own"), copies("all")]},
        {"name": "mixed", "copies": [copies("each"), copies("hourly")]},
        {"name": "interval", "copies": [copies("each")]},
        {"name": "lost", "copies": [copies("lost")]},
        {"name": "off", "enabled": False, "copies": [copies("hourly")]},
        {"name": "no_copies", "copies": []},
    ]
    used = volume("v", snapshot_policy={"name": "q"})
    backend, omitted = loaded_volumes(cluster, used)
    rules = {policy["name"]: policy["rules"] for policy in backend.list_snapshot_policies()}
    assert rules == {
        "p": [{"schedule": "7 * * * *", "prefix": "h", "keep": 2}],
        "q": [
            {"schedule": "0,30 * * * 0", "prefix": "own", "keep": 2},
            {"schedule": "* * * 2 *", "prefix": "all", "keep": 2},
        ],
        "mixed": [{"schedule": "7 * * * *", "prefix": "hourly", "keep": 2}],
    }
    assert backend.list_volumes()[0]["snapshot_policy"] == "q"
    about = [(each["kind"], each["name"], each.get("field")) for each in omitted]
    assert about == [
        ("cluster", "array", "timezone"),
        ("snapshot_policy", "interval", "copies"),
        ("snapshot_policy", "interval", None),
        ("snapshot_policy", "lost", "copies"),
        ("snapshot_policy", "lost", None),
        ("snapshot_policy", "mixed", "copies"),
        ("snapshot_policy", "off", None),
    ]
    names = [entry["name"] for entry in recorded(cluster)["schedules"]]
    assert names == ["all", "each", "hourly", "lost", "own", "own", "unused"]


def test_schedules_without_numbers_are_refused(cluster: FakeCluster) -> None:
    cluster.objects["/api/cluster/schedules"] = [{"name": "s", "cron": {"minutes": "5"}}]
    with pytest.raises(RecordError, match=r"cron.minutes is '5', not a list of numbers"):
        recorded(cluster)


def test_an_svm_that_is_not_as_usual_is_listed_and_one_of_the_system_is_added(
    cluster: FakeCluster,
) -> None:
    cluster.objects["/api/svm/svms"] = [
        {"name": "b", "state": "stopped", "subtype": "dp_destination"},
        {"name": "a"},
    ]
    cluster.objects["/api/storage/volumes"] = [volume("MDV_CRS_1", svm={"name": "cluster1"})]
    cluster.objects["/api/protocols/nfs/export-policies"] = [
        {"name": name, "id": 1, "svm": {"name": "a"}} for name in ("z", "default")
    ]
    document = recorded(cluster)
    assert [svm["name"] for svm in document["svms"]] == ["a", "b", "cluster1"]
    assert document["svms"][0]["export_policies"] == ["default", "z"]
    loaded = inventory.load(document)
    assert [len(backend) for backend in loaded.backends.values()] == [0, 0, 1]
    assert [(each["name"], each.get("field")) for each in loaded.omitted[:2]] == [
        ("b", "state"),
        ("b", "subtype"),
    ]


# Files ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document() -> Document:
    with OntapServer({"svm1": furnished(), "empty": new_backend()}, tls=False) as server:
        return record_of(server)


def changed(document: Document, path: str, value: Any) -> Any:
    """A copy of the document with another value at a path such as ``svms.0.name``."""
    result: Any = copy.deepcopy(document)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = result
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return result


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("format", "other", 'the key "format" is "other", not "nessie-inventory"'),
        ("format", "nessie-backend-mem", "it is a dump; MemBackend.load() reads it"),
        ("format", ..., 'the key "format" is missing'),
        ("version", 2, "version 2, and this package reads version 1; load it with a newer"),
        ("version", "1", 'version "1", and this package reads version 1; record it again'),
        ("version", True, "version true"),
        ("version", ..., "version null"),
        ("recorded_at", "today", "recorded_at: expected a time such as"),
        ("recorded_at", "2024-01-01T00:00:00", "recorded_at: expected a time"),
        ("svms", ..., "the key 'svms' is missing"),
        ("svms", {}, "svms: expected a list, not {}"),
        ("svms.0", [], "svms[0]: expected an object, not []"),
        ("svms.0.name", 5, "svms[0].name: expected text, not 5"),
        ("svms.0.color", "red", "svms[0]: unknown key 'color'; the keys are name, state"),
        ("svms.0.name", "svm1", "svms[1].name: two SVMs have the name 'svm1'"),
        ("svms.1.volumes.0.size_bytes", -1, "volumes[0].size_bytes: expected a number from 0"),
        ("svms.1.volumes.0.size_bytes", 1.5, "volumes[0].size_bytes: expected a number, not 1.5"),
        ("svms.1.volumes.0.size_bytes", True, "size_bytes: expected a number, not true"),
        ("svms.1.volumes.0.encrypted", 1, "encrypted: expected true or false, not 1"),
        ("svms.1.volumes.0.create_time", "0", "svms[1].volumes[0].create_time: expected a time"),
        ("svms.1.volumes.0.snapshots", None, "volumes[0].snapshots: expected a list, not null"),
        ("cluster.name", ..., "cluster: the key 'name' is missing"),
        ("cluster.name", "", "cluster.name: expected a name, not an empty text"),
        ("cluster.name", "\ud800", "cluster.name: expected Unicode text"),
        (
            "aggregates.0.size_bytes",
            2**64,
            "aggregates[0].size_bytes: expected a number below 2**64",
        ),
    ],
)
def test_a_document_that_is_no_inventory_is_refused_with_the_place(
    document: Document, path: str, value: Any, text: str
) -> None:
    wrong = changed(document, path, value)
    for source in (wrong, io.StringIO(json.dumps(wrong)), io.BytesIO(json.dumps(wrong).encode())):
        with pytest.raises(InvalidArgumentError) as caught:
            inventory.load(source)
        assert caught.value.message.startswith("the inventory cannot be loaded: ")
        assert caught.value.target == "inventory"
        assert text in caught.value.message


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{", "it is not JSON, or was cut short: "),
        (b"\xff\xfe{", "it is not text in UTF-8"),
        (b"\x1f\x8b\x08", "it is not text in UTF-8"),
        (b"[]", "expected an object, not []"),
        (b"5", "expected an object, not 5"),
        (b"[" * 100_000, "it is not JSON, or was cut short: "),
        (b'{"volumes": []}', 'the key "format" is missing'),
    ],
)
def test_a_file_that_is_no_inventory_is_refused(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    for load in (inventory.load, MemBackend.from_inventory):
        with pytest.raises(InvalidArgumentError) as caught:
            load(path)
        assert text in caught.value.message


def test_a_document_that_is_cut_anywhere_is_refused(document: Document) -> None:
    text = to_text(document).strip()
    for end in range(1, len(text), 97):
        with pytest.raises(InvalidArgumentError, match="cut short"):
            inventory.load(io.StringIO(text[:end]))


def test_a_file_that_cannot_be_read_is_an_error_of_the_system(tmp_path: Path) -> None:
    for load in (inventory.load, MemBackend.from_inventory):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "none")
        with pytest.raises(IsADirectoryError if sys.platform != "win32" else OSError):
            load(tmp_path)
    for wrong in (5, None, b"path"):
        with pytest.raises(TypeError, match="path_or_file must be a path, a file or a document"):
            inventory.load(wrong)  # type: ignore[arg-type]


def test_a_huge_file_is_refused(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nessie_backend_mem.inventory.files.LARGEST", 2**20)
    large = to_text(changed(document, "cluster.name", "x" * 2**20))
    with pytest.raises(InvalidArgumentError, match="it has more than 1 MiB"):
        inventory.load(io.StringIO(large))


def test_a_document_that_editors_changed_is_read(document: Document, tmp_path: Path) -> None:
    text = to_text(document)
    for content in (
        "\ufeff" + text.replace("\n", "\r\n"),
        json.dumps(document, separators=(",", ":")),
        json.dumps(document, ensure_ascii=True, sort_keys=True),
    ):
        (tmp_path / "file").write_text(content, "utf-8")
        assert inventory.load(str(tmp_path / "file")).document == document


def test_a_file_is_written_whole_and_only_over_an_inventory(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    inventory.write(document, path)
    assert json.loads(path.read_text("utf-8")) == document
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
    inventory.write(changed(document, "cluster.name", "second"), path)
    assert "second" in path.read_text("utf-8")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            inventory.write(document, path)
    assert "second" in path.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [path]
    path.write_text("my notes", "utf-8")
    with pytest.raises(
        FileExistsError, match="it is not an inventory; remove it or choose another"
    ):
        inventory.write(document, path)
    assert path.read_text("utf-8") == "my notes"


# One backend ---------------------------------------------------------------------------------


def test_a_backend_of_one_svm(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "file"
    inventory.write(document, path)
    backend = MemBackend.from_inventory(path, svm="svm1")
    assert [each["name"] for each in backend.list_volumes()] == [
        each["name"] for each in inventory.load(path).backends["svm1"].list_volumes()
    ]
    with pytest.raises(InvalidArgumentError, match="has 2 SVMs, so svm must name one: 'empty', "):
        MemBackend.from_inventory(path)
    with pytest.raises(InvalidArgumentError, match="it has no SVM 'x'; it has 'empty', 'svm1'"):
        MemBackend.from_inventory(path, svm="x")
    with pytest.raises(TypeError, match="svm must be a str, not int"):
        MemBackend.from_inventory(path, svm=5)  # type: ignore[arg-type]
    inventory.write(changed(document, "svms", document["svms"][:1]), path)
    assert len(MemBackend.from_inventory(path)) == 0


def test_a_seed_gives_the_same_backend_at_the_time_of_the_record(document: Document) -> None:
    text = to_text(document)
    backends = [MemBackend.from_inventory(io.StringIO(text), svm="svm1", seed=5) for _ in "ab"]
    assert backends[0].state_digest() == backends[1].state_digest()
    assert backends[0].now() == document["recorded_at"]
    last = inventory.load(document, seed=2**64 - 1).backends
    assert "seed=18446744073709551615, " in repr(last["empty"])
    assert "seed=0, " in repr(last["svm1"])
    with pytest.raises(InvalidArgumentError):
        MemBackend.from_inventory(io.StringIO(text), svm="svm1", seed=2**64)
    with pytest.raises(TypeError):
        inventory.load(document, seed="5")  # type: ignore[arg-type]


def test_a_warning_counts_what_a_backend_does_not_represent(document: Document) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MemBackend.from_inventory(document, svm="empty")
    commented = changed(document, "svms.1.volumes.0.comment", "text")
    with pytest.warns(UserWarning, match=r"^1 object or field is not represented; "):
        MemBackend.from_inventory(commented, svm="svm1")
    twice = changed(commented, "svms.1.volumes.1.type", "dp")
    with pytest.warns(UserWarning, match="objects or fields are not represented") as caught:
        MemBackend.from_inventory(twice, svm="svm1")
    assert caught[0].filename == __file__


# The account of data -------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8), st.integers(0, 50))
def test_drops_lead_to_the_sizes_and_add_up(steps: list[tuple[int, int]], first: int) -> None:
    """Any history of drops and writes is one that its sizes and its sum allow."""
    sizes, total = [first], 0
    for drop, write in steps:
        dropped = min(drop, sizes[-1])
        total += dropped
        sizes.append(sizes[-1] - dropped + write)
    found = drops(sizes, total)
    assert sum(found) == total
    for (before, after), drop in zip(pairwise(sizes), found, strict=True):
        assert max(before - after, 0) <= drop <= before


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 2**65))
def test_an_impossible_sum_is_approached(sizes: list[int], total: int) -> None:
    found = drops(sizes, total)
    least = sum(max(before - after, 0) for before, after in pairwise(sizes))
    assert sum(found) == min(max(total, least), sum(sizes[:-1]))


def test_an_inventory_is_pickled_whole_and_equal_only_to_itself(document: Document) -> None:
    loaded = inventory.load(document, seed=1)
    copied = pickle.loads(pickle.dumps(loaded))
    assert copied.document == document
    for name, backend in loaded.backends.items():
        assert copied.backends[name].state_digest() == backend.state_digest()
    assert copied != loaded
    assert len({copied, loaded}) == 2


# Anonymised ----------------------------------------------------------------------------------


def test_an_anonymised_inventory_has_the_same_shape_and_no_names(document: Document) -> None:
    commented = changed(document, "svms.1.volumes.0.comment", "Zoë, room 12, 10.1.2.3")
    hidden = inventory.anonymise(commented, seed=1)
    assert hidden["anonymised"] is True
    text = json.dumps(hidden, ensure_ascii=False)
    for name in ("no_quota", "a_clone_of_it", "svm1", "Zoë", "10.1.2.3", "team", "aggr1", "nessie"):
        assert name in json.dumps({**commented, "format": ""}, ensure_ascii=False)
        assert name not in text.replace('"nessie-inventory"', "")
    uuid = document["svms"][1]["volumes"][0]["uuid"]
    assert uuid not in text
    loaded, original = inventory.load(hidden), inventory.load(commented)
    assert loaded.omitted == []

    def shape(result: inventory.Inventory) -> list[int]:
        """The lengths of the lines of the trees, in any order."""
        trees = [backend.tree() for backend in result.backends.values()]
        return sorted(len(line) for tree in trees for line in tree.splitlines())

    assert shape(loaded) == shape(original)
    spaces = [sorted(str(b.space()) for b in r.backends.values()) for r in (loaded, original)]
    assert spaces[0] == spaces[1]
    assert comparable(inventory.anonymise(commented, seed=1)) == comparable(hidden)
    assert inventory.anonymise(commented, seed=2) != hidden
    assert inventory.anonymise(commented) != inventory.anonymise(commented)
    # The argument is not changed.
    assert commented["svms"][1]["volumes"][0]["comment"] == "Zoë, room 12, 10.1.2.3"


def test_what_has_one_name_has_one_replacement() -> None:
    replacer = Replacer(b"key")
    name = replacer.name("build_01")
    assert re.fullmatch(r"[a-z]{5}_\d\d", name)
    assert replacer.text("junction_path", "/build_01/Sub") == f"/{name}/{replacer.name('Sub')}"
    assert replacer.name("nightly.2026-01-31_0010") == replacer.name("nightly") + ".2026-01-31_0010"
    assert replacer.name("hourly.2026-01-31_0010") == "hourly.2026-01-31_0010"
    assert replacer.name("5 * * * *") == "5 * * * *"
    assert [replacer.name(kept) for kept in ("default", "none", "daily")] == [
        "default",
        "none",
        "daily",
    ]


@given(
    st.lists(
        st.text(st.sampled_from("abAB01_-.:é\ud800"), min_size=1, max_size=3),
        unique=True,
        max_size=90,
    )
)
def test_different_names_have_different_replacements(names: list[str]) -> None:
    replacer = Replacer(b"key")
    replaced = [replacer.name(name) for name in names]
    # Those without letters and digits stay.
    spelled = [each.casefold() for each in replaced if re.search("(?i)[a-z0-9]", each)]
    assert len({*spelled}) == len(spelled)
    assert all(each.isascii() for each in replaced)
    assert [replacer.name(name) for name in names] == replaced
    for name, each in zip(names, replaced, strict=True):
        assert len(name) <= len(each) <= len(name) + 3
