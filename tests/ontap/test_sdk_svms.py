"""The NetApp SDK, SVMs and the services of SVMs."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.sdk import AT_ONCE, Svm, Volume, code_of, listed, make, names, resources

pytestmark = pytest.mark.usefixtures("sdk_server")

NfsService = resources.NfsService
Dns = resources.Dns
Ipspace = resources.Ipspace


def create(name: str, **values: Any) -> Any:
    svm = Svm.from_dict({"name": name, **values})
    svm.post(hydrate=True)
    return svm


def test_an_svm_has_a_backend_of_its_own(sdk_server: OntapServer) -> None:
    made = create("svm2", aggregates=[{"name": "aggr1"}], comment="second")
    made.get(fields="*")
    assert (made.state, made.comment, made.ipspace.name) == ("running", "second", "Default")
    assert [aggregate.name for aggregate in made.aggregates] == ["aggr1"]
    assert list(sdk_server.backends) == ["svm1", "svm2"]
    backend = sdk_server.backends["svm2"]
    assert backend is sdk_server.backends["svm2"]
    assert [volume["name"] for volume in backend] == ["svm2_root"]
    make("v1", svm="svm2")
    assert "v1" in backend
    assert "v1" not in sdk_server.backends["svm1"]
    backend.create_volume("v2")
    assert listed(**{"svm.name": "svm2"}) == ["svm2_root", "v1", "v2"]


def test_the_backend_of_a_new_svm_repeats_and_has_the_limits_of_ontap(serve: Serve) -> None:
    digests = []
    for _ in range(2):
        server = serve(MemBackend(seed=9, start="2026-01-01T00:00:00Z"), tls=False)
        server.backend.advance(3600)
        body = b'{"name": "svm2"}'
        status, _, _ = server._cluster.handle("POST", "/api/svm/svms?return_timeout=15", body)
        assert status == 201
        backend = server.backends["svm2"]
        assert backend.limits["snapshots_per_volume"] == 1023
        assert backend.now() == server.backends["svm1"].now()
        digests.append(backend.state_digest())
        assert (
            backend.create_volume("v")["uuid"] != server.backends["svm1"].create_volume("v")["uuid"]
        )
    assert digests[0] == digests[1]


def test_an_svm_is_renamed_stopped_and_deleted(sdk_server: OntapServer) -> None:
    made = create("svm2")
    renamed = Svm(uuid=made.uuid)
    renamed.name = "svm3"
    renamed.patch()
    assert list(sdk_server.backends) == ["svm1", "svm3"]
    assert repr(sdk_server).startswith("<OntapServer of svm1, svm3 ")
    stopped = Svm(uuid=made.uuid)
    stopped.state = "stopped"
    stopped.patch()
    made.get(fields="state")
    assert made.state == "stopped"
    backend = sdk_server.backends["svm3"]
    volume = make("v1", svm="svm3")
    assert code_of(lambda: made.delete(**AT_ONCE)) == "460770"
    volume.delete()
    made.delete()
    assert list(sdk_server.backends) == ["svm1"]
    assert names(Svm.get_collection()) == ["svm1"]
    # Without its SVM, the backend is an ordinary one.
    assert len(backend) == 0
    backend.create_volume("v1")


def test_configured_svms_have_root_volumes_if_asked_for(serve: Serve, connect: Any) -> None:
    connect(serve(tls=False, root_volumes=True))
    (root,) = Volume.get_collection(fields="is_svm_root,nas.path")
    assert (root.name, root.is_svm_root, root.nas.path) == ("svm1_root", True, "/")


def test_wrong_root_volumes_are_refused() -> None:
    with pytest.raises(TypeError, match="root_volumes: expected a bool, not 1"):
        OntapServer(root_volumes=1)  # type: ignore[arg-type]


def test_an_nfs_service_lives() -> None:
    svm = create("svm2")
    service = NfsService.from_dict({"svm": {"name": "svm2"}, "protocol": {"v4_id_domain": "d"}})
    service.post(hydrate=True)
    assert (service.svm.uuid, service.protocol.v4_id_domain, service.enabled) == (
        svm.uuid,
        "d",
        True,
    )
    changed = NfsService(**{"svm.uuid": svm.uuid})
    changed.enabled = False
    changed.patch()
    service.get()
    assert (service.enabled, service.state) == (False, "offline")
    service.delete()
    assert [found.svm.name for found in NfsService.get_collection()] == ["svm1"]


def test_a_dns_configuration_lives() -> None:
    given = {"svm": {"name": "svm1"}, "domains": ["example.com"], "servers": ["192.0.2.1"]}
    dns = Dns.from_dict(given)
    dns.post(hydrate=True)
    assert (dns.domains, dns.servers, dns.scope) == (["example.com"], ["192.0.2.1"], "svm")
    dns.servers = ["192.0.2.2"]
    dns.patch()
    (found,) = Dns.get_collection(fields="servers")
    assert found.servers == ["192.0.2.2"]
    dns.delete()
    assert list(Dns.get_collection()) == []


def test_there_are_ipspaces() -> None:
    assert names(Ipspace.get_collection()) == ["Cluster", "Default"]
