"""NetApp's DataOps Toolkit, unmodified. tests/requirements-dataops.txt has it."""

from __future__ import annotations

import base64
import functools
import importlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

CONFIGURATION = {
    "connectionType": "ONTAP",
    "hostname": "127.0.0.1",
    "svm": "svm1",
    "dataLif": "127.0.0.1",
    "defaultVolumeType": "flexvol",
    "defaultExportPolicy": "default",
    "defaultSnapshotPolicy": "none",
    "defaultUnixUID": "0",
    "defaultUnixGID": "0",
    "defaultUnixPermissions": "0777",
    "defaultAggregate": "aggr1",
    "verifySSLCertificate": True,
}


def connect(username: str, password: str, port: str) -> Any:
    """Return the toolkit, which reads the login from the keyring and knows one port only."""
    keyring = importlib.import_module("keyring")
    backend = importlib.import_module("keyring.backend")
    login = {"username": username, "password": password}
    members = {
        "priority": 1,
        "get_password": lambda _, service, name: login[name],
        "set_password": lambda *_: None,
        "delete_password": lambda *_: None,
    }
    keyring.set_keyring(type("Login", (backend.KeyringBackend,), members)())
    connection = importlib.import_module("netapp_ontap").HostConnection
    connection.__init__ = functools.partialmethod(connection.__init__, port=int(port))
    return importlib.import_module("netapp_dataops.traditional")


def use(toolkit: Any) -> None:
    """The life of a data scientist's volumes."""

    def names() -> list[str]:
        return [volume["Volume Name"] for volume in toolkit.list_volumes()]

    toolkit.create_volume("data", "10GB", junction="/data")
    toolkit.create_volume("group", "400GB", volume_type="flexgroup")
    toolkit.create_volume("thick", "20GB", guarantee_space=True, snapshot_policy="default")
    assert names() == ["data", "group", "thick"]
    details = toolkit.list_volumes(include_space_usage_details=True)
    assert [volume["Type"] for volume in details] == ["flexvol", "flexgroup", "flexvol"]
    assert details[0]["Size"] == "10.0GB"

    for name in ("first", "second"):
        toolkit.create_snapshot("data", snapshot_name=name)
    listed = [snapshot["Snapshot Name"] for snapshot in toolkit.list_snapshots("data")]
    assert listed == ["first", "second"]
    toolkit.clone_volume("copy", "data", source_snapshot_name="first")
    toolkit.clone_volume("own", "data", split=True)
    clone = next(each for each in toolkit.list_volumes() if each["Volume Name"] == "copy")
    assert (clone["Clone"], clone["Source Volume"], clone["Source Snapshot"]) == (
        "yes",
        "data",
        "first",
    )
    toolkit.restore_snapshot("data", "first")
    assert len(toolkit.list_snapshots("data")) == 1
    toolkit.delete_volume("copy")
    toolkit.delete_snapshot("data", "first")

    toolkit.create_qtree(qtree_name="q", volume_name="data")
    assert ("data", "q") in {(each["volume"], each["name"]) for each in toolkit.list_qtrees()}
    for name in names():
        toolkit.delete_volume(name, delete_non_clone=True)
    assert names() == []
    assert toolkit.list_snap_mirror_relationships() == []


def test_the_toolkit_works_unmodified(tmp_path: Path) -> None:
    if importlib.util.find_spec("netapp_dataops") is None:
        pytest.skip("netapp_dataops is not installed: tests/requirements-dataops.txt")
    folder = tmp_path / ".netapp_dataops"
    folder.mkdir()
    with OntapServer(MemBackend(seed=1)) as server:
        password = base64.b64encode(server.password.encode()).decode()
        login = {"username": server.username, "password": password}
        (folder / "config.json").write_text(json.dumps(CONFIGURATION | login))
        arguments = [server.username, server.password, str(server.port)]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, *arguments],
            env=os.environ | {"HOME": str(tmp_path), "REQUESTS_CA_BUNDLE": str(server.ca_file)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    use(connect(*sys.argv[1:]))
