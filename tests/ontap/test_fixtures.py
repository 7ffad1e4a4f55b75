"""The plugin's fixtures, as a project uses them to test against the ONTAP endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.sdk import Snapshot, Volume, listed, make, make_clone


@pytest.mark.usefixtures("ontap_connection")
def test_the_life_of_a_volume_by_the_sdk(
    ontap_server: OntapServer, mem_backend: MemBackend
) -> None:
    assert ontap_server.url.startswith("https://127.0.0.1:")
    assert ontap_server.backend is mem_backend
    golden = make("golden", size="1GB")
    Snapshot(golden.uuid, name="nightly").post()
    make_clone(golden, "workspace", "nightly")
    assert [v["name"] for v in mem_backend] == ["golden", "workspace"]


@pytest.mark.parametrize("_again", range(2))
def test_each_test_has_a_fresh_server(ontap_connection: Any, _again: int) -> None:
    assert listed() == []
    make("left")
    assert Volume(uuid=Volume.find(name="left").uuid).get_connection() is ontap_connection
