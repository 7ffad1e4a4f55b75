"""FlexGroup volumes: the NetApp SDK, and requests of Trident's `ontap-nas-flexgroup`, replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.raw import Client
from ontap.sdk import AT_ONCE, Volume, changed, code_of, listed, make_snapshot, names

GIB = 2**30
AGGREGATES = ["aggr1", "aggr2"]


@pytest.fixture
def server(serve: Serve) -> OntapServer:
    return serve(tls=False, aggregates=AGGREGATES)


@pytest.fixture
def sdk_connection(server: OntapServer, connect: Callable[..., Any]) -> None:
    connect(server)


@pytest.fixture
def trident(server: OntapServer) -> Iterator[Client]:
    headers = [("User-Agent", "Go-http-client/1.1"), ("Content-Type", "application/json")]
    with Client(server, headers) as client:
        yield client


def flexgroup(name: str, **values: Any) -> Any:
    aggregates = [{"name": aggregate} for aggregate in AGGREGATES]
    given = {"name": name, "svm": {"name": "svm1"}, "aggregates": aggregates, **values}
    return Volume.from_dict(given)


@pytest.mark.usefixtures("sdk_connection")
def test_the_life_of_a_flexgroup() -> None:
    made = flexgroup("fg", style="flexgroup", size=8 * GIB)
    made.post(hydrate=True)
    assert (made.style, names(made.aggregates)) == ("flexgroup", AGGREGATES)
    made.get(fields="constituents")
    assert [part.name for part in made.constituents] == [f"fg__{n:04}" for n in range(1, 9)]
    assert {part.space.size for part in made.constituents} == {GIB}
    assert listed(is_constituent="true", name="fg__000*", max_records=3) == sorted(
        part.name for part in made.constituents
    )
    assert listed() == ["fg"]
    changed(made.uuid, size=16 * GIB).patch()
    make_snapshot(made, "s1")
    small = changed(made.uuid, size=GIB)
    assert code_of(lambda: small.patch(**AT_ONCE)) == "917534"
    made.delete()
    assert listed() == []


@pytest.mark.usefixtures("sdk_connection")
def test_a_flexgroup_is_expanded() -> None:
    made = flexgroup("fg", size=8 * GIB)
    made.post(hydrate=True)
    more = changed(made.uuid, aggregates=[{"name": "aggr2"}], constituents_per_aggregate=2)
    more.patch()
    made.get(fields="size,constituents")
    assert (made.size, len(made.constituents)) == (10 * GIB, 10)
    changed(made.uuid, size=12 * GIB).patch(sizing_method="add_new_resources")
    made.get(fields="size,constituents")
    assert (made.size, len(made.constituents)) == (12 * GIB, 12)
    both = changed(made.uuid, aggregates=[{"name": "aggr1"}], size=20 * GIB)
    assert code_of(lambda: both.patch(**AT_ONCE)) == "13107404"


def test_trident_keeps_a_flexgroup(trident: Client) -> None:
    svm = trident.get("/api/svm/svms?fields=&name=svm1").record["uuid"]
    body = {
        "aggregates": [{"name": name} for name in AGGREGATES],
        "comment": "",
        "guarantee": {"type": "none"},
        "name": "trident_pvc_1",
        "nas": {
            "export_policy": {"name": "default"},
            "path": "/trident_pvc_1",
            "security_style": "unix",
            "unix_permissions": 777,
        },
        "size": 8 * GIB,
        "snapshot_policy": {"name": "none"},
        "space": {"snapshot": {"reserve_percent": 0}},
        "state": "online",
        "style": "flexgroup",
        "svm": {"uuid": svm},
        "type": "rw",
    }
    trident.done("POST", "/api/storage/volumes", body)
    fields = "type,size,aggregates,nas,state"
    found = f"/api/storage/volumes?fields={fields}&name=trident_pvc_1&svm.uuid={svm}"
    assert trident.get(f"{found}&style=flexvol").records == []
    volume = trident.get(f"{found}&style=flexgroup").record
    assert [aggregate["name"] for aggregate in volume["aggregates"]] == AGGREGATES
    assert (volume["size"], volume["state"]) == (8 * GIB, "online")
    path = f"/api/storage/volumes/{volume['uuid']}"
    trident.done("PATCH", path, {"size": 9 * GIB})
    snapshots = f"{path}/snapshots"
    trident.done("POST", snapshots, {"name": "snapshot-1", "svm": {"uuid": svm}})
    trident.done("PATCH", f"{path}?restore_to.snapshot.name=snapshot-1", b"")
    small = {**body, "name": "small", "nas": {}, "size": GIB}
    assert trident.failed("POST", "/api/storage/volumes", small) == 917534
    trident.done("DELETE", f"{path}?force=true")
    assert trident.get("/api/storage/volumes?style=flexgroup").records == []
