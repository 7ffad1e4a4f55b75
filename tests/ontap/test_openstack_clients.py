"""Manila's and Cinder's REST clients, unmodified. tests/requirements-openstack.txt has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

pytestmark = pytest.mark.filterwarnings("ignore")

PACKAGE = "{}.drivers.netapp.dataontap.client.client_cmode_rest"
GIB = 2**30


@pytest.fixture
def server() -> Iterator[OntapServer]:
    with OntapServer(MemBackend(seed=1), tls=False, aggregates=["aggr1", "aggr2"]) as running:
        yield running


def arguments(server: OntapServer) -> dict[str, Any]:
    """What both clients need to connect."""
    return {
        "hostname": server.host,
        "port": server.port,
        "transport_type": "http",
        "username": server.username,
        "password": server.password,
        "ssl_cert_path": None,
        "ssl_cert_verify": False,
        "private_key_file": None,
        "certificate_file": None,
        "ca_certificate_file": None,
        "certificate_host_validation": False,
        "async_rest_timeout": 60,
    }


def test_manila_creates_a_share_server_and_the_life_of_its_shares(server: OntapServer) -> None:
    pytest.importorskip("manila")
    module = pytest.importorskip(PACKAGE.format("manila.share"))

    def client(svm: str | None = None) -> Any:
        return module.NetAppRestClient(
            **arguments(server), zapi_fallback_enabled=False, vserver=svm
        )

    cluster = client()
    assert cluster.get_ontap_version(cached=False)["version-tuple"] == (9, 15, 1)
    assert cluster.list_non_root_aggregates() == ["aggr1", "aggr2"]
    assert cluster.get_aggregate("aggr1")["snaplock-type"] == "non_snaplock"
    assert "nfs" in cluster.get_licenses()
    cluster.create_vserver("os", "aggr1", "root", ["aggr1", "aggr2"], "Default", 365, 12, False)
    assert cluster.vserver_exists("os")

    svm = client("os")
    svm.enable_nfs(["nfs3", "nfs4.1"])
    svm.configure_dns_for_vserver("os", ["example.com"], ["10.0.0.1"])
    assert svm.get_dns_config("os")["dns-ips"] == ["10.0.0.1"]
    svm.qos_policy_group_create("qos", "os", {"max_throughput_iops": "100"})
    svm.create_volume("aggr1", "share", 2, thin_provisioned=True, qos_policy_group="qos")
    assert svm.get_volume("share")["aggregate"] == "aggr1"
    assert svm.get_volume_junction_path("share") == "/share"
    assert svm.qos_policy_group_get("qos")["num-workloads"] == 1

    svm.create_nfs_export_policy("policy")
    svm.set_nfs_export_policy_for_volume("share", "policy")
    svm.add_nfs_export_rule("policy", "10.0.0.0/24", readonly=False, auth_methods=["sys"])
    assert svm.get_nfs_export_policy_for_volume("share") == "policy"
    svm.clear_nfs_export_policy_for_volume("share")
    svm.soft_delete_nfs_export_policy("policy")

    svm.set_volume_size("share", 3)
    svm.create_snapshot("share", "s")
    svm.create_volume_clone("copy", "share", "s")
    assert svm.get_clone_children_for_snapshot("share", "s") == [{"name": "copy"}]
    svm.volume_clone_split_start("copy")
    svm.restore_snapshot("share", "s")
    svm.delete_snapshot("share", "s")
    cluster.start_volume_move("share", "os", "aggr2")
    assert svm.get_aggregate_for_volume("share") == "aggr2"
    svm.mark_qos_policy_group_for_deletion("qos")
    for share in ("share", "copy"):
        svm.unmount_volume(share)
        svm.offline_volume(share)
        svm.delete_volume(share)
        assert not svm.volume_exists(share)
    svm.create_volume_async(["aggr1", "aggr2"], "group", 800, is_flexgroup=True)
    assert svm.is_flexgroup_volume("group")
    svm.unmount_volume("group")
    svm.offline_volume("group")
    svm.delete_volume("group")
    cluster.delete_vserver("os", svm)
    assert not cluster.vserver_exists("os")


def test_cinder_reads_a_pool_and_creates_its_volumes(server: OntapServer, tmp_path: Path) -> None:
    config = pytest.importorskip("cinder.common.config")
    config.CONF.set_override("state_path", str(tmp_path))
    module = pytest.importorskip(PACKAGE.format("cinder.volume"))
    client = module.RestClient(**arguments(server), api_trace_pattern="(.*)", vserver="svm1")
    assert client.check_api_permissions() == []
    client.create_flexvol("pool", "aggr1", 2, space_guarantee_type="none")
    client.mount_flexvol("pool")
    assert client.list_flexvols() == ["pool"]
    assert client.get_flexvol(flexvol_name="pool")["junction-path"] == "/pool"
    assert client.get_vol_by_junc_vserver("svm1", "/pool") == "pool"
    assert client.get_flexvol_capacity(flexvol_name="pool")["size-total"] <= 2 * GIB
    assert client.get_clone_split_info("pool") == {"unsplit-size": 0, "unsplit-clone-count": 0}
    assert client.get_file_usage("/vol/pool/volume-1", "svm1") == "0"
    assert client.get_node_for_aggregate("aggr1") == "node1"
    assert client.get_operational_lif_addresses() == ["127.0.0.1"]
    client.provision_qos_policy_group({"policy_name": "gold", "max_throughput": "100iops"}, True)
    client.mark_qos_policy_group_for_deletion({"policy_name": "gold"})
    client.remove_unused_qos_policy_groups()
