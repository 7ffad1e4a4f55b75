"""Inventories of real clusters: record one, and build backends with the same volumes.

    from nessie_backend_mem import inventory

    document = inventory.record(
        "https://array.example", username="reader", password=…, cacert="ca.pem"
    )
    inventory.write(inventory.anonymise(document), "array.json")

    loaded = inventory.load("array.json")
    loaded.backends["svm1"].list_volumes()
    loaded.omitted

`record` only reads: SVMs, aggregates, volumes, snapshots, clones, snapshot
policies, schedules, and, where the cluster has them, export policies with their
rules, NFS services, DNS configurations, QoS policies, qtrees and quota rules.
`Document` describes what a file contains, field by field. `load` builds a
backend for each SVM and lists what the backends cannot represent. `serve`
returns an endpoint with all of them. From a shell: ``nessie-mem record`` and
``nessie-mem serve --load FILE``.
"""

from __future__ import annotations

from .anonymise import anonymise
from .document import (
    AggregateEntry,
    CloneEntry,
    ClusterEntry,
    CopiesEntry,
    DnsEntry,
    Document,
    ExportRuleEntry,
    NfsEntry,
    QosPolicyEntry,
    QtreeEntry,
    QuotaRuleEntry,
    ScheduleEntry,
    SnapshotEntry,
    SnapshotPolicyEntry,
    SvmEntry,
    VolumeEntry,
)
from .endpoint import serve
from .errors import RecordError
from .files import write
from .load import load
from .record import record
from .result import Attributes, Inventory, Omission

__all__ = [
    "AggregateEntry",
    "Attributes",
    "CloneEntry",
    "ClusterEntry",
    "CopiesEntry",
    "DnsEntry",
    "Document",
    "ExportRuleEntry",
    "Inventory",
    "NfsEntry",
    "Omission",
    "QosPolicyEntry",
    "QtreeEntry",
    "QuotaRuleEntry",
    "RecordError",
    "ScheduleEntry",
    "SnapshotEntry",
    "SnapshotPolicyEntry",
    "SvmEntry",
    "VolumeEntry",
    "anonymise",
    "load",
    "record",
    "serve",
    "write",
]
__dir__ = __all__.copy
