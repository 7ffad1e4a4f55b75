"""The NetApp SDK reads the cluster's objects; and logins."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.sdk import (
    Aggregate,
    Cluster,
    HostConnection,
    IpInterface,
    NetAppRestError,
    Node,
    Svm,
    Volume,
    each_scheme,
    listed,
    make,
    names,
    resources,
)


@pytest.mark.usefixtures("connection")
def test_the_cluster_is_a_9_15_1() -> None:
    cluster = Cluster()
    cluster.get(fields="*")
    version = cluster.version
    assert (version.generation, version.major, version.minor) == (9, 15, 1)
    assert version.full.startswith("NetApp Release 9.15.1")
    assert cluster.name
    assert cluster.uuid


@pytest.mark.usefixtures("connection")
def test_one_of_everything() -> None:
    (node,) = Node.get_collection(fields="*")
    assert (node.name, node.state) == ("node1", "up")
    assert node.serial_number
    (aggregate,) = Aggregate.get_collection(fields="*")
    assert (aggregate.name, aggregate.state, aggregate.node.name) == ("aggr1", "online", "node1")
    assert aggregate.space.block_storage.size > 0
    svm = Svm.find(name="svm1")
    assert (svm.state, svm.subtype, svm.ipspace.name) == ("running", "default", "Default")
    assert [a.name for a in svm.aggregates] == ["aggr1"]
    (lif,) = IpInterface.get_collection(fields="*", services="data_nfs")
    assert lif.ip.address == "127.0.0.1"
    assert lif.state == "up"
    assert lif.svm.name == "svm1"


@pytest.mark.usefixtures("connection")
def test_each_is_read_by_its_uuid() -> None:
    for kind in (Node, Aggregate, Svm, IpInterface):
        (found,) = kind.get_collection()
        one = kind(uuid=found.uuid)
        one.get()
        assert one.name == found.name
        assert kind.find(name="nothing") is None
        assert kind.count_collection() == 1


@pytest.mark.usefixtures("connection")
def test_clients_read_the_cluster_when_they_start() -> None:
    licenses = {license_.name: license_ for license_ in resources.LicensePackage.get_collection()}
    assert {"nfs", "flexclone", "snaprestore"} <= set(licenses)
    licenses["nfs"].get()
    assert licenses["nfs"].licenses[0].compliance.state == "compliant"
    (clock,) = resources.SnaplockComplianceClock.get_collection(fields="*")
    assert clock.node.name == "node1"
    assert clock.time
    (service,) = resources.NfsService.get_collection(fields="*")
    assert (service.svm.name, service.enabled) == ("svm1", True)
    assert list(resources.SecurityKeyManager.get_collection()) == []
    software = resources.Software()
    software.get()
    assert software.version == "9.15.1"
    table = resources.CounterTable(name="wafl")
    table.get()
    (row,) = resources.CounterRow.get_collection("wafl", fields="*")
    assert [c.name for c in row.counters] == [c.name for c in table.counter_schemas]


@pytest.mark.usefixtures("connection")
def test_the_values_that_clients_read_unguarded() -> None:
    (node,) = Node.get_collection(fields="*")
    assert node.ha.enabled is False
    assert node.management_interfaces[0].ip.address == "127.0.0.1"
    (aggregate,) = Aggregate.get_collection(fields="*")
    assert aggregate.create_time
    assert aggregate.block_storage.primary.raid_size > 0
    (lif,) = IpInterface.get_collection(fields="*")
    assert (lif.location.home_port.name, lif.ipspace.name) == ("e0a", "Default")
    made = make("v1")
    made.get(fields="nodes,metric,statistics,space,snapshot_locking_enabled")
    assert (made.metric.status, made.statistics.iops_raw.total) == ("ok", 0)
    assert made.space.available_percent == 100
    assert made.snapshot_locking_enabled is False


def test_svms_aggregates_and_nodes_can_be_chosen(serve: Serve, connect: Any) -> None:
    backends = {"build": MemBackend(seed=1), "test": MemBackend(seed=2)}
    server = serve(
        backends, tls=False, aggregates=("fast", "slow"), nodes=("left", "right"), seed=7
    )
    connect(server)
    assert sorted(names(Svm.get_collection())) == ["build", "test"]
    assert sorted(names(Aggregate.get_collection())) == ["fast", "slow"]
    assert sorted(names(Node.get_collection())) == ["left", "right"]
    made = Volume.from_dict(
        {"name": "v1", "svm": {"name": "test"}, "aggregates": [{"name": "slow"}]}
    )
    made.post(hydrate=True)
    assert [a.name for a in made.aggregates] == ["slow"]
    assert dict(server.backends) == backends
    assert "v1" in backends["test"]
    assert "v1" not in backends["build"]
    assert listed(**{"aggregates.name": "slow"}) == ["v1"]
    assert listed(**{"aggregates.name": "fast"}) == []


def test_a_login_needs_the_password(server: OntapServer, connect: Any) -> None:
    connect(server, password=server.password + "x")
    for call in (Cluster().get, lambda: list(Volume.get_collection())):
        with pytest.raises(NetAppRestError) as caught:
            call()
        assert caught.value.status_code == 401
        assert caught.value.response_body["error"]["code"] == "6691623"


def test_the_password_can_be_chosen(serve: Serve, connect: Any) -> None:
    server = serve(tls=False, username="operator", password="sésame: ouvre-toi")
    assert (server.username, server.password) == ("operator", "sésame: ouvre-toi")
    connect(server, password="sésame: ouvre-toi".encode())
    assert listed() == []


def test_each_server_has_its_own_password(serve: Serve) -> None:
    first, second = serve(tls=False), serve(tls=False)
    assert first.port != second.port
    assert len(first.password) >= 8
    assert first.password != second.password


def test_the_certificate_is_verified(serve: Serve, connect: Any) -> None:
    server, other = serve(), serve()
    connect(server, verify=str(other.ca_file))
    with pytest.raises(NetAppRestError, match="certificate verify failed"):
        Cluster().get()


def test_verification_can_be_off(serve: Serve, connect: Any) -> None:
    connect(serve(), verify=False)
    Cluster().get()


@each_scheme
def test_a_connection_is_a_context(server: OntapServer) -> None:
    scheme = server.url.partition(":")[0]
    with HostConnection(
        server.host,
        username=server.username,
        password=server.password,
        port=server.port,
        scheme=scheme,
        verify=str(server.ca_file) if scheme == "https" else True,
    ) as connection:
        made = make("v1")
        assert listed(name="v1") == ["v1"]
        assert made.get_connection() is connection
    connection.session.close()


@pytest.mark.usefixtures("connection")
def test_identifiers_are_looked_up_as_netapp_s_samples_do() -> None:
    """Their filters begin with the name of the kind of object."""
    made = make("v1")
    (svm,) = Svm.get_collection(**{"svm.name": "svm1"}, fields="uuid")
    (found,) = Volume.get_collection(**{"volume.name": "v1", "svm.name": "svm1"}, fields="uuid")
    assert (svm.uuid, found.uuid) == (made.svm.uuid, made.uuid)
    assert list(Svm.get_collection(**{"svm.name": "svm9"})) == []
