"""What loading an inventory returns."""

# No `from __future__ import annotations` here: before Python 3.14, `TypedDict` would not know which
# keys are optional.
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from nessie_backend_mem._core import MemBackend

from .document import Document

__all__ = ["Attributes", "Inventory", "Omission"]
__dir__ = __all__.copy


class Omission(TypedDict):
    """Something of an inventory that is not represented.

    Attributes:
        svm: Name of its SVM; absent for what belongs to the cluster.
        kind: What it is: ``"cluster"``, ``"svm"``, ``"snapshot_policy"``, ``"volume"``,
            ``"snapshot"``, ``"schedule"``, ``"nfs_service"``, ``"dns"``, ``"export_policy"``,
            ``"export_rule"``, ``"qos_policy"``, ``"qtree"`` or ``"quota_rule"``.
        name: Its name; that of a snapshot is ``VOLUME@SNAPSHOT``.
        field: The key in the document that is not represented; absent if the whole object is not.
        reason: Why, and what is there instead.
    """

    svm: NotRequired[str]
    kind: str
    name: str
    field: NotRequired[str]
    reason: str


class Attributes(TypedDict):
    """Attributes of a volume or snapshot that a backend does not store and the endpoint does.

    Attributes:
        svm: Name of the SVM.
        volume_uuid: uuid of the volume in its backend.
        snapshot_uuid: uuid of the snapshot in its backend; absent for attributes of a volume.
        name: Name of the volume; that of a snapshot is ``VOLUME@SNAPSHOT``.
        fields: The fields with their values, as a request for a change has them.
    """

    svm: str
    volume_uuid: str
    snapshot_uuid: NotRequired[str]
    name: str
    fields: dict[str, str | bool]


@dataclass(frozen=True, eq=False)
class Inventory:
    """The backends of an inventory.

    Attributes:
        document: The document that was loaded.
        backends: A backend for each SVM, by its name.
        omitted: What neither the backends nor the endpoint can represent.
        attributes: What the endpoint can represent, but the backends cannot: comments, labels,
            encryption, QoS policies and aggregates of volumes. `nessie_backend_mem.inventory.serve`
            sets them.
    """

    document: Document
    backends: dict[str, MemBackend]
    omitted: list[Omission] = field(default_factory=list)
    attributes: list[Attributes] = field(default_factory=list)
