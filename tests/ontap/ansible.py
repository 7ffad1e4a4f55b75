"""Ansible's netapp.ontap modules.

A module is run the way Ansible runs it on the managed host: as a program with JSON arguments and
JSON output. The collection is part of the distribution `ansible`, whose
version tests/requirements.txt pins.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve

Run: TypeAlias = Callable[..., dict[str, Any]]


@pytest.fixture
def server(serve: Serve) -> OntapServer:
    """The modules support only https."""
    return serve()


@pytest.fixture
def attempt(server: OntapServer) -> Run:
    """Runs a module, which may fail; it verifies the server's certificate."""

    def run(module: str, **arguments: Any) -> dict[str, Any]:
        given = {
            "hostname": server.host,
            "http_port": server.port,
            "username": server.username,
            "password": server.password,
            "https": True,
            "validate_certs": True,
            "use_rest": "always",
            **arguments,
        }
        done = subprocess.run(
            [sys.executable, "-m", f"ansible_collections.netapp.ontap.plugins.modules.{module}"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": given}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "REQUESTS_CA_BUNDLE": str(server.ca_file)},
        )
        assert done.stdout.strip(), done.stderr
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return result

    return run


@pytest.fixture
def changed(attempt: Run) -> Run:
    """Runs a module twice: the first run must change something, the second nothing."""

    def run(module: str, **arguments: Any) -> dict[str, Any]:
        first, second = (attempt(module, **arguments) for _ in range(2))
        assert first.get("changed") is True, first
        assert second.get("changed") is False, second
        return first

    return run
