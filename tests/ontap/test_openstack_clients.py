"""Manila's and Cinder's REST clients, unmodified. tests/requirements-openstack.txt has them."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

GIB = 2**30


def connect(package: str, name: str, options: dict[str, Any]) -> Any:
    """Make the client of this name."""
    path = f"{package}.drivers.netapp.dataontap.client.client_cmode_rest"
    return getattr(importlib.import_module(path), name)(**options)


def manila(options: dict[str, Any]) -> None:
    """A share server and the life of its shares."""

    def client(svm: str | None = None) -> Any:
        further = {"zapi_fallback_enabled": False, "vserver": svm}
        return connect("manila.share", "NetAppRestClient", options | further)

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
    assert cluster.get_volume_move_status("share", "os")["phase"] == "cutover_wait"
    cluster.trigger_volume_move_cutover("share", "os")
    assert svm.get_volume("share")["aggregate"] == "aggr2"
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


def cinder(options: dict[str, Any]) -> None:
    """What a driver reads of its pool."""
    config = importlib.import_module("cinder.common.config")
    # The default is a folder of the system.
    config.CONF.set_override("state_path", tempfile.mkdtemp())
    further = {"api_trace_pattern": "(.*)", "vserver": "svm1"}
    client = connect("cinder.volume", "RestClient", options | further)
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


@pytest.mark.parametrize("name", ["manila", "cinder"])
def test_the_client_works_unmodified(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed: tests/requirements-openstack.txt")
    with OntapServer(MemBackend(seed=1), tls=False, aggregates=["aggr1", "aggr2"]) as server:
        options = {
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
        # The two register options of the same names in their process.
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, name, json.dumps(options)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    {"manila": manila, "cinder": cinder}[sys.argv[1]](json.loads(sys.argv[2]))
