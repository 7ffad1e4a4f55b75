"""A backend of your own, and the suite that tests it.

After this page you have a class that stores volumes, keeps the contract, and
can be used wherever a backend is accepted, also behind an ONTAP endpoint.

## A backend

A backend is any object with the methods of
`nessie_backend_mem.protocols.VolumeBackend`. It inherits from nothing. It may
lack snapshots and clones, and its `capabilities` say so. The functions of
`nessie_backend_mem.rules` check values as the contract requires it:

```python
# my_backend.py
import threading
from uuid import uuid4

from nessie_backend_mem import (
    JunctionPathExistsError, VolumeExistsError, VolumeNotFoundError, rules,
)


class MyBackend:
    def __init__(self):
        self.lock = threading.RLock()  # many threads call the methods
        self.volumes = {}

    def capabilities(self):
        return {"snapshots": False, "clones": False, "replication": False}

    def create_volume(self, name, size_bytes=None):
        rules.check_new_volume(name, size_bytes)
        with self.lock:
            if any(v["name"] == name for v in self.volumes.values()):
                raise VolumeExistsError(f"a volume named {name} exists", name)
            uuid = str(uuid4())
            self.volumes[uuid] = {
                "uuid": uuid, "name": name, "size_bytes": size_bytes,
                "state": "online", "style": "flexvol", "vol_type": "rw",
                "junction_path": None, "export_policy": None,
            }
            return self.get_volume(uuid)

    def list_volumes(self):
        return list(self.volumes.values())

    def get_volume(self, uuid):
        with self.lock:
            volume = self.volumes[self.existing(uuid)]
            return {key: value for key, value in volume.items()
                    if value is not None or key == "size_bytes"}

    def patch_volume(self, uuid, size_bytes=None, junction_path=None,
                     export_policy=None):
        given = {"size_bytes": size_bytes, "junction_path": junction_path,
                 "export_policy": export_policy}
        for argument, value in given.items():
            expected = int if argument == "size_bytes" else str
            if value is not None and type(value) is not expected:
                raise TypeError(f"{argument} must be {expected}, not {value!r}")
        with self.lock:
            uuid = self.existing(uuid)
            rules.check_patch(**given)
            if junction_path:
                self.check_is_free(junction_path, uuid)
            volume = self.volumes[uuid]
            volume.update((k, v) for k, v in given.items() if v is not None)
            volume["junction_path"] = volume["junction_path"] or None
            return self.get_volume(uuid)

    def delete_volume(self, uuid):
        with self.lock:
            del self.volumes[self.existing(uuid)]

    def access_handle(self, uuid):
        with self.lock:
            path = f"/vol/{self.existing(uuid)}"
            return {"kind": "nfs_export", "server": "nas1", "path": path}

    def existing(self, uuid):
        uuid = rules.canonical_uuid(uuid)
        if uuid not in self.volumes:
            raise VolumeNotFoundError(f"volume {uuid} does not exist", uuid)
        return uuid

    def check_is_free(self, path, uuid):
        folded = rules.fold_junction_path(path)
        for other in self.volumes.values():
            taken = other["junction_path"]
            if taken and rules.fold_junction_path(taken) == folded:
                if other["uuid"] != uuid:
                    raise JunctionPathExistsError(f"{path} is in use", path)
```

## The suite

`list_volumes` has two mistakes. The suite finds the first:

```sh
nessie-mem conformance my_backend:MyBackend -x --short || echo "status $?"
```

```text
FAILED capabilities.optional_operations_say_what_they_lack ---------------------
  breaks 1.volume: A volume has every field, each of its kind and within its
    rule.

  list_volumes returned a malformed record: returned a "junction_path" of None,
    not a str, ...
...
MyBackend: 4 passed, 1 failed, ... skipped in 0.04 s; seed 0
status 1
```

## The fix

Each call returns new dicts, without the keys that have no value:

```python
# fixed.py
from my_backend import MyBackend


class FixedBackend(MyBackend):
    def list_volumes(self):
        with self.lock:
            return [self.get_volume(uuid) for uuid in self.volumes]
```

```sh
nessie-mem conformance fixed:FixedBackend --objects 20 --rounds 1 --sequences 2
```

```text
...
FixedBackend: ... passed, ... skipped in 2.40 s; seed 0
```

The numbers suit a slow backend; without them the suite makes more calls. It
skips the cases for what the backend lacks. In pytest, a test with the fixture
`conformance_case` runs once for each case:

```python
# test_fixed.py
from fixed import FixedBackend


def test_my_backend(conformance_case):
    conformance_case.check(FixedBackend, objects=20, rounds=1, sequences=2)
```

## Where to read on

- `nessie_backend_mem.protocols`: the contract in words, tier by tier.
- `nessie_backend_mem.conformance`: the suite and its settings.
- `nessie_backend_mem.testing`: comparison with `MemBackend` by Hypothesis.
- `nessie_backend_mem.ontap.OntapServer`: an endpoint in front of a backend.
- Rust: the README of the crate ``nessie-backend-conformance``.
"""
