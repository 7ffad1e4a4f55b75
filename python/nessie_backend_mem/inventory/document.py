"""The document: what a file with an inventory contains, field by field.

It is one JSON object in UTF-8. Sizes are in bytes, times are RFC 3339 in UTC. A key is absent where
the cluster has no value or does not return the field. Lists are sorted by name, snapshots by time
of creation, so that two records of an unchanged cluster differ only in `recorded_at`.
"""

# No `from __future__ import annotations` here: before Python 3.14, `TypedDict` would not know which
# keys are optional.
from typing import Final, Literal, NotRequired, TypedDict

__all__ = [
    "FORMAT",
    "VERSION",
    "AggregateEntry",
    "CloneEntry",
    "ClusterEntry",
    "CopiesEntry",
    "DnsEntry",
    "Document",
    "ExportRuleEntry",
    "NfsEntry",
    "QosPolicyEntry",
    "QtreeEntry",
    "QuotaRuleEntry",
    "ScheduleEntry",
    "SnapshotEntry",
    "SnapshotPolicyEntry",
    "SvmEntry",
    "VolumeEntry",
]
__dir__ = __all__.copy

FORMAT: Final = "nessie-inventory"
VERSION: Final = 1


class ClusterEntry(TypedDict):
    """The cluster.

    Attributes:
        name: Its name.
        version: The full text of its ONTAP release.
        timezone: Its time zone, in which schedules run.
    """

    name: str
    version: NotRequired[str]
    timezone: NotRequired[str]


class AggregateEntry(TypedDict):
    """An aggregate.

    Attributes:
        name: Its name.
        state: As ONTAP has it, such as ``"online"``.
        size_bytes: Its size in bytes.
        used_bytes: Its used space in bytes.
    """

    name: str
    state: NotRequired[str]
    size_bytes: NotRequired[int]
    used_bytes: NotRequired[int]


class ScheduleEntry(TypedDict):
    """A schedule. It has a `cron` or an `interval`.

    Attributes:
        name: Its name.
        svm: Name of the SVM that owns it; absent if the cluster does.
        cron: The five fields of crontab(5), in the cluster's time zone.
        interval: The time between two runs, as a duration in ISO 8601.
    """

    name: str
    svm: NotRequired[str]
    cron: NotRequired[str]
    interval: NotRequired[str]


class CopiesEntry(TypedDict):
    """One schedule of a snapshot policy.

    Attributes:
        schedule: Name of the schedule.
        prefix: Beginning of the names of its snapshots.
        count: How many of its snapshots a volume keeps.
        snapmirror_label: The SnapMirror label of its snapshots; absent without one.
    """

    schedule: str
    prefix: str
    count: int
    snapmirror_label: NotRequired[str]


class SnapshotPolicyEntry(TypedDict):
    """A snapshot policy.

    Attributes:
        name: Its name.
        svm: Name of the SVM that owns it; absent if the cluster does.
        enabled: Whether it takes snapshots.
        comment: Its comment; absent for a policy that every cluster has.
        copies: Its schedules.
    """

    name: str
    svm: NotRequired[str]
    enabled: bool
    comment: NotRequired[str]
    copies: list[CopiesEntry]


class ExportRuleEntry(TypedDict):
    """A rule of an export policy.

    Attributes:
        policy: Name of the policy.
        index: Its place among the rules of the policy.
        clients: What it matches: hosts, addresses, networks, netgroups and domains.
        protocols: As ONTAP has them, such as ``"nfs3"``.
        ro_rule: The security styles of those that may read.
        rw_rule: The security styles of those that may write.
        superuser: The security styles of those that may be the superuser.
        anonymous_user: The user that anonymous ones are.
        allow_suid: Whether set-user-ID bits count.
        allow_device_creation: Whether devices may be created.
        chown_mode: As ONTAP has it, such as ``"restricted"``.
        ntfs_unix_security: As ONTAP has it, such as ``"fail"``.
    """

    policy: str
    index: int
    clients: list[str]
    protocols: NotRequired[list[str]]
    ro_rule: NotRequired[list[str]]
    rw_rule: NotRequired[list[str]]
    superuser: NotRequired[list[str]]
    anonymous_user: NotRequired[str]
    allow_suid: NotRequired[bool]
    allow_device_creation: NotRequired[bool]
    chown_mode: NotRequired[str]
    ntfs_unix_security: NotRequired[str]


class QosPolicyEntry(TypedDict):
    """A QoS policy of an SVM. Throughput is in IOPS or in MB per second.

    Attributes:
        name: Its name.
        kind: ``"fixed"`` or ``"adaptive"``.
        max_throughput_iops: The most of a fixed policy.
        max_throughput_mbps: The most of a fixed policy.
        min_throughput_iops: The least of a fixed policy.
        min_throughput_mbps: The least of a fixed policy.
        capacity_shared: Whether the volumes of a fixed policy share it.
        expected_iops: What an adaptive policy grants for each TB.
        peak_iops: The most of an adaptive policy for each TB.
        absolute_min_iops: The least of an adaptive policy.
        expected_iops_allocation: As ONTAP has it, such as ``"allocated_space"``.
        peak_iops_allocation: As ONTAP has it, such as ``"used_space"``.
        block_size: As ONTAP has it, such as ``"32k"``.
    """

    name: str
    kind: str
    max_throughput_iops: NotRequired[int]
    max_throughput_mbps: NotRequired[int]
    min_throughput_iops: NotRequired[int]
    min_throughput_mbps: NotRequired[int]
    capacity_shared: NotRequired[bool]
    expected_iops: NotRequired[int]
    peak_iops: NotRequired[int]
    absolute_min_iops: NotRequired[int]
    expected_iops_allocation: NotRequired[str]
    peak_iops_allocation: NotRequired[str]
    block_size: NotRequired[str]


class QtreeEntry(TypedDict):
    """A qtree other than the default one of its volume.

    Attributes:
        name: Its name.
        volume: Name of its volume.
        security_style: As ONTAP has it, such as ``"unix"``.
        unix_permissions: Its permissions, with octal digits as decimal ones.
        export_policy: Name of its export policy.
        user: Name of its owner.
        group: Name of its group.
        qos_policy: Name of its QoS policy; absent without one.
    """

    name: str
    volume: str
    security_style: NotRequired[str]
    unix_permissions: NotRequired[int]
    export_policy: NotRequired[str]
    user: NotRequired[str]
    group: NotRequired[str]
    qos_policy: NotRequired[str]


class QuotaRuleEntry(TypedDict):
    """A quota rule.

    Attributes:
        volume: Name of its volume.
        type: ``"tree"``, ``"user"`` or ``"group"``.
        qtree: Name of the qtree; empty for all of a rule for trees, absent for the volume.
        users: The users; an empty name for all.
        group: The group; an empty name for all.
        user_mapping: True if names of UNIX and Windows users are one user, absent otherwise.
        space_hard_limit: The most bytes.
        space_soft_limit: The bytes from which a warning is given.
        files_hard_limit: The most files.
        files_soft_limit: The files from which a warning is given.
    """

    volume: str
    type: str
    qtree: NotRequired[str]
    users: NotRequired[list[str]]
    group: NotRequired[str]
    user_mapping: NotRequired[bool]
    space_hard_limit: NotRequired[int]
    space_soft_limit: NotRequired[int]
    files_hard_limit: NotRequired[int]
    files_soft_limit: NotRequired[int]


class CloneEntry(TypedDict):
    """The origin of a clone.

    Attributes:
        svm: Name of the SVM of the parent; absent if it is that of the clone.
        parent_volume: Name of the volume it was cloned from.
        parent_volume_uuid: uuid of that volume.
        parent_snapshot: Name of the snapshot it was cloned from.
        parent_snapshot_uuid: uuid of that snapshot.
        inherited_bytes: Bytes of the parent's snapshot that the live data of the clone contain.
        split_percent: How much of a running split is done, in percent.
    """

    svm: NotRequired[str]
    parent_volume: NotRequired[str]
    parent_volume_uuid: NotRequired[str]
    parent_snapshot: NotRequired[str]
    parent_snapshot_uuid: NotRequired[str]
    inherited_bytes: NotRequired[int]
    split_percent: NotRequired[int]


class SnapshotEntry(TypedDict):
    """A snapshot. Those with equal times are in the order of the cluster's reply.

    Attributes:
        name: Its name.
        uuid: Its uuid.
        create_time: Time of its creation.
        used_bytes: Bytes of the live data of the volume when it was taken.
        expires_at: Until when it cannot be deleted.
        comment: Its comment.
        snapmirror_label: Its SnapMirror label.
    """

    name: str
    uuid: NotRequired[str]
    create_time: NotRequired[str]
    used_bytes: NotRequired[int]
    expires_at: NotRequired[str]
    comment: NotRequired[str]
    snapmirror_label: NotRequired[str]


class VolumeEntry(TypedDict):
    """A volume or a FlexClone.

    Attributes:
        name: Its name.
        uuid: Its uuid.
        style: As ONTAP has it: ``"flexvol"``, ``"flexgroup"``.
        type: As ONTAP has it: ``"rw"``, ``"dp"``, ``"ls"``.
        state: As ONTAP has it: ``"online"``, ``"offline"``, ``"restricted"``, ``"mixed"``,
            ``"error"``.
        size_bytes: Its size in bytes.
        used_bytes: Bytes of the live data.
        snapshot_used_bytes: Bytes that only its snapshots hold.
        create_time: Time of its creation.
        is_svm_root: True for the root volume of the SVM, absent for others.
        junction_path: Where it is mounted.
        export_policy: Name of its export policy.
        snapshot_policy: Name of its snapshot policy; ``"none"`` if it has none.
        aggregates: Names of its aggregates.
        comment: Its comment.
        encrypted: True if it is encrypted, absent otherwise.
        qos_policy: Name of its QoS policy; absent without one.
        quota: True if quotas are on, absent otherwise.
        snaplock: Type of a SnapLock volume; absent for others.
        clone: Origin of a clone; absent for others.
        snapshots: Its snapshots; absent if they cannot be read, as those of an offline volume.
    """

    name: str
    uuid: NotRequired[str]
    style: NotRequired[str]
    type: NotRequired[str]
    state: NotRequired[str]
    size_bytes: NotRequired[int]
    used_bytes: NotRequired[int]
    snapshot_used_bytes: NotRequired[int]
    create_time: NotRequired[str]
    is_svm_root: NotRequired[bool]
    junction_path: NotRequired[str]
    export_policy: NotRequired[str]
    snapshot_policy: NotRequired[str]
    aggregates: NotRequired[list[str]]
    comment: NotRequired[str]
    encrypted: NotRequired[bool]
    qos_policy: NotRequired[str]
    quota: NotRequired[bool]
    snaplock: NotRequired[str]
    clone: NotRequired[CloneEntry]
    snapshots: NotRequired[list[SnapshotEntry]]


class NfsEntry(TypedDict):
    """The NFS service of an SVM.

    Attributes:
        enabled: Whether it serves clients.
        v3_enabled: Whether it serves NFSv3.
        v40_enabled: Whether it serves NFSv4.0.
        v41_enabled: Whether it serves NFSv4.1.
        v4_id_domain: The domain of the names of users in NFSv4.
        tcp_max_transfer_size: The most bytes of a transfer.
        showmount_enabled: Whether clients can list the exports.
        vstorage_enabled: Whether VMware clients can offload copies.
    """

    enabled: NotRequired[bool]
    v3_enabled: NotRequired[bool]
    v40_enabled: NotRequired[bool]
    v41_enabled: NotRequired[bool]
    v4_id_domain: NotRequired[str]
    tcp_max_transfer_size: NotRequired[int]
    showmount_enabled: NotRequired[bool]
    vstorage_enabled: NotRequired[bool]


class DnsEntry(TypedDict):
    """The DNS configuration of an SVM.

    Attributes:
        domains: The domains in which names are looked up, in order.
        servers: The addresses of the servers, in order.
        attempts: How often a query is sent.
        timeout: How long a query takes at most, in seconds.
    """

    domains: list[str]
    servers: list[str]
    attempts: NotRequired[int]
    timeout: NotRequired[int]


class SvmEntry(TypedDict):
    """An SVM.

    Attributes:
        name: Its name.
        state: As ONTAP has it, such as ``"running"``.
        subtype: As ONTAP has it, such as ``"default"``.
        comment: Its comment.
        language: The language of its volumes; absent if it is ``"c.utf_8"``.
        snapshot_policy: The policy of new volumes; absent if it is ``"default"``.
        max_volumes: Largest number of volumes; absent without a limit.
        nfs: Its NFS service; absent without one, and if it cannot be read. The endpoint then has
            that of a new SVM.
        dns: Its DNS configuration; absent without one.
        export_policies: Names of its export policies.
        export_rules: Their rules, by policy and index.
        qos_policies: Its QoS policies.
        qtrees: The qtrees of its volumes, by volume and name.
        quota_rules: The quota rules of its volumes, in the order of the cluster's reply.
        volumes: Its volumes, clones included.
    """

    name: str
    state: NotRequired[str]
    subtype: NotRequired[str]
    comment: NotRequired[str]
    language: NotRequired[str]
    snapshot_policy: NotRequired[str]
    max_volumes: NotRequired[int]
    nfs: NotRequired[NfsEntry]
    dns: NotRequired[DnsEntry]
    export_policies: list[str]
    export_rules: NotRequired[list[ExportRuleEntry]]
    qos_policies: NotRequired[list[QosPolicyEntry]]
    qtrees: NotRequired[list[QtreeEntry]]
    quota_rules: NotRequired[list[QuotaRuleEntry]]
    volumes: list[VolumeEntry]


class Document(TypedDict):
    """An inventory, as its file contains it.

    Attributes:
        format: ``"nessie-inventory"``.
        version: Version of the format: 1.
        recorded_at: When it was recorded.
        anonymised: Whether names, comments, paths and uuids are replaced.
        cluster: The cluster.
        aggregates: Its aggregates; empty if the user may not read them.
        schedules: The schedules that the snapshot policies name, and all others except those that
            every cluster has.
        snapshot_policies: The snapshot policies.
        svms: The SVMs with their volumes.
    """

    format: Literal["nessie-inventory"]
    version: Literal[1]
    recorded_at: str
    anonymised: bool
    cluster: ClusterEntry
    aggregates: list[AggregateEntry]
    schedules: list[ScheduleEntry]
    snapshot_policies: list[SnapshotPolicyEntry]
    svms: list[SvmEntry]
