"""The NetApp SDK. It is imported by name, because its types are not checked here."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import pytest

netapp: Any = importlib.import_module("netapp_ontap")
resources: Any = importlib.import_module("netapp_ontap.resources")

config = netapp.config
HostConnection = netapp.HostConnection
NetAppRestError = netapp.NetAppRestError

Aggregate = resources.Aggregate
Cluster = resources.Cluster
IpInterface = resources.IpInterface
Job = resources.Job
Node = resources.Node
Snapshot = resources.Snapshot
Svm = resources.Svm
Volume = resources.Volume

each_scheme = pytest.mark.parametrize("server", [False, True], ids=["http", "https"], indirect=True)
"""Runs a test over http and over https. The requests and replies of both are the same, so one test
of each kind of request is enough."""

AGGREGATE = [{"name": "aggr1"}]
AT_ONCE = {"return_timeout": 15}
"""Requests the outcome in the reply: a refusal then has its status and its code."""


def volume(name: str, *, svm: str = "svm1", **values: Any) -> Any:
    """A volume that is not created yet."""
    return Volume.from_dict({"name": name, "svm": {"name": svm}, "aggregates": AGGREGATE, **values})


def make(name: str, **values: Any) -> Any:
    """Creates a volume and reads it back."""
    made = volume(name, **values)
    made.post(hydrate=True)
    return made


def clone_of(parent: Any, name: str, snapshot: str | None = None, **values: Any) -> Any:
    """A clone that is not created yet."""
    origin: dict[str, Any] = {"is_flexclone": True, "parent_volume": {"name": parent.name}}
    if snapshot is not None:
        origin["parent_snapshot"] = {"name": snapshot}
    return Volume.from_dict({"name": name, "svm": {"name": "svm1"}, "clone": origin, **values})


def make_clone(parent: Any, name: str, snapshot: str | None = None, **values: Any) -> Any:
    """Creates a clone and reads it back, with its origin."""
    made = clone_of(parent, name, snapshot, **values)
    made.post()
    made.get(fields="*,clone")
    return made


def make_snapshot(parent: Any, name: str, **values: Any) -> Any:
    """Takes a snapshot and reads it back."""
    made = Snapshot.from_dict({"name": name, **values}, parent.uuid)
    made.post(hydrate=True)
    return made


def changed(uuid: str, **values: Any) -> Any:
    """A volume whose next patch sends only `values`: the SDK sends attributes set afterwards."""
    resource = Volume(uuid=uuid)
    for name, value in values.items():
        setattr(resource, name, value)
    return resource


def change(resource: Any, **values: Any) -> None:
    """Patches a volume with only `values` and reads it back."""
    changed(resource.uuid, **values).patch()
    resource.get()


def names(found: Iterable[Any]) -> list[str]:
    return [resource.name for resource in found]


def listed(**query: Any) -> list[str]:
    """The names of the volumes that `query` finds; sorted, unless the query has an order."""
    found = names(Volume.get_collection(**query))
    return found if "order_by" in query else sorted(found)


def snapshots_of(parent: Any, **query: Any) -> list[str]:
    """The names of the snapshots that `query` finds; sorted, unless the query has an order."""
    found = names(Snapshot.get_collection(parent.uuid, **query))
    return found if "order_by" in query else sorted(found)


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """The status and the code with which `call` is refused."""
    with pytest.raises(NetAppRestError) as caught:
        call()
    assert caught.value.status_code is not None, caught.value
    error = caught.value.response_body["error"]
    assert error["message"]
    assert isinstance(error["code"], str)
    return caught.value.status_code, error["code"]


def code_of(call: Callable[[], object]) -> str:
    """The code with which `call` is refused."""
    return refusal(call)[1]
