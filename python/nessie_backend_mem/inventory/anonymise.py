"""Replaces what identifies a cluster: names, comments, paths and uuids."""

from __future__ import annotations

import copy
import hmac
import ipaddress
import re
import secrets
import uuid
from hashlib import sha256
from operator import index
from typing import TYPE_CHECKING, Any

from .schedules import BUILTIN, is_cron

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import Document

__all__ = ["anonymise"]
__dir__ = __all__.copy

KEPT = {"none", "default", "default-1weekly", *BUILTIN}
"""Names that every cluster has: of policies, schedules, prefixes and labels."""

NAMES = {
    "name",
    "svm",
    "schedule",
    "prefix",
    "parent_volume",
    "parent_snapshot",
    "export_policy",
    "snapshot_policy",
    "snapmirror_label",
    "policy",
    "qos_policy",
    "qtree",
    "volume",
    "group",
    "user",
    "v4_id_domain",
}
"""The keys whose values are names."""

SORTED = {
    "aggregates",
    "export_rules",
    "qos_policies",
    "qtrees",
    "schedules",
    "snapshot_policies",
    "svms",
    "volumes",
}
"""The keys whose values are lists that are sorted by name, within a policy or a volume."""

LISTS_OF_NAMES = {"aggregates", "export_policies", "users"}

LISTS_OF_WORDS = {"protocols", "ro_rule", "rw_rule", "superuser"}
"""The keys whose values are lists of ONTAP's own words."""

UUIDS = {"uuid", "parent_volume_uuid", "parent_snapshot_uuid"}

SCHEDULED = re.compile(r"(.+)(\.\d{4}-\d\d-\d\d_\d{4})")
"""The name of a snapshot of a policy: its prefix, and the time."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

TRIES = 20
"""How often another replacement of the same length is tried, before a longer one is."""


def anonymise(document: Document, *, seed: int | None = None) -> Document:
    """Return a copy of an inventory without what identifies the cluster.

    Names, comments, junction paths and uuids are replaced, each value by the same one wherever it
    is. Letters become letters, digits digits, and other characters of names stay, so that lengths
    hardly change. The names of ONTAP's own policies and schedules stay, and so do sizes, times,
    states, the release and the time zone.

    Args:
        document: The inventory.
        seed: An integer. The same seed gives the same replacements on every run. Whoever has it
            can check guesses of names. Without it, the replacements are random.

    Returns:
        The copy.
    """
    key = secrets.token_bytes(32) if seed is None else str(index(seed)).encode()
    replaced = copy.deepcopy(document)
    Replacer(key).replace(replaced)
    replaced["anonymised"] = True
    return replaced


class Replacer:
    """Replaces values, each always by the same one."""

    def __init__(self, key: bytes) -> None:
        """Draw the replacements from `key`."""
        self.key = key
        self.names: dict[str, str] = {name: name for name in KEPT}
        self.taken = {name.casefold() for name in KEPT}

    def replace(self, entry: Any) -> None:
        """Replace the values in an object and in all below it."""
        for key, value in entry.items():
            if isinstance(value, dict):
                self.replace(value)
            elif key in LISTS_OF_WORDS:
                continue
            elif key == "domains":
                entry[key] = [self.name(each) for each in value]
            elif key in ("clients", "servers"):
                entry[key] = [self.client(each) for each in value]
            elif key in LISTS_OF_NAMES and value and isinstance(value[0], str):
                entry[key] = sorted(self.name(each) for each in value)
            elif isinstance(value, list):
                for each in value:
                    self.replace(each)
                if key in SORTED:
                    value.sort(key=order)
            elif isinstance(value, str):
                entry[key] = self.text(key, value)

    def text(self, key: str, value: str) -> str:
        """Return the replacement of the value of a key."""
        if key in NAMES:
            return self.name(value)
        if key in UUIDS:
            return str(uuid.UUID(bytes=self.digest("uuid", value)[:16], version=4))
        if key == "junction_path":
            return "/".join(self.name(part) if part else "" for part in value.split("/"))
        if key == "anonymous_user" and not value.isdigit():
            return self.name(value)
        if key == "comment":
            return self.spelled("comment", value, 0)
        return value

    def client(self, value: str) -> str:
        """Return the replacement of what a rule matches; a network keeps the length of its mask."""
        address, slash, mask = value.partition("/")
        try:
            parsed = ipaddress.ip_address(address)
            network = ipaddress.ip_network(f"{address}/{mask}" if slash else address, strict=False)
        except ValueError:
            sign = value[:1] if value[:1] in ("@", ".") else ""
            return sign + self.name(value[len(sign) :])
        if int(network.network_address) == 0:
            return value  # It matches everything.
        drawn = int.from_bytes(self.digest("address", str(parsed))[: parsed.max_prefixlen // 8])
        # As with hosts, no bit after the mask is set.
        drawn &= int(network.netmask)
        replaced = type(parsed)(drawn)
        return f"{replaced}{slash}{mask}"

    def name(self, value: str) -> str:
        """Return the replacement of a name; no other name has the same, ignoring case."""
        if scheduled := SCHEDULED.fullmatch(value):
            return self.name(scheduled[1]) + scheduled[2]
        if value not in self.names:
            if is_cron(value):
                return value
            found = next(
                each for each in self.candidates(value) if each.casefold() not in self.taken
            )
            self.names[value] = found
            self.taken.add(found.casefold())
        return self.names[value]

    def candidates(self, value: str) -> Iterator[str]:
        """Yield replacements of a name: some of its length, then longer ones."""
        attempt, longer = 0, value
        while True:
            for _ in range(TRIES):
                yield self.spelled("name", longer, attempt)
                attempt += 1
            longer += "x"

    def spelled(self, kind: str, value: str, attempt: int) -> str:
        """Return other letters and digits in the place of those of a value."""
        stream = self.stream(f"{kind}\0{attempt}\0{value}")
        return "".join(spelled(character, stream) for character in value)

    def stream(self, purpose: str) -> Iterator[int]:
        """Yield bytes that follow from the key and `purpose`."""
        block = 0
        while True:
            yield from self.digest(str(block), purpose)
            block += 1

    def digest(self, kind: str, value: str) -> bytes:
        """Return a hash of a value that nobody can compute without the key."""
        text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.key, text, sha256)


def order(entry: Any) -> tuple[str, str, str, int]:
    """Order the objects of a list."""
    owner = entry.get("policy", entry.get("volume", ""))
    return owner, entry.get("name", ""), entry.get("svm", ""), entry.get("index", 0)


def spelled(character: str, stream: Iterator[int]) -> str:
    """Return the replacement of a character; punctuation and spaces stay."""
    if character.isdigit():
        return DIGITS[next(stream) % len(DIGITS)]
    if not character.isalpha():
        return character if character.isascii() else "_"
    letter = LETTERS[next(stream) % len(LETTERS)]
    return letter.upper() if character.isupper() else letter
