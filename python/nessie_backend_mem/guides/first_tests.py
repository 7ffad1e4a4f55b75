"""The first ten minutes with pytest.

After this page you have tests of a script that manages snapshots. They need
no storage system, take milliseconds, and give the same result on every run.

    pip install nessie-backend-mem pytest

## A test

The package has a pytest plugin. The fixture `mem_backend` is an empty
`nessie_backend_mem.MemBackend`:

```python
# test_nightly.py
import pytest
from nessie_backend_mem import VolumeNotFoundError


def nightly(backend, name, keep=3):
    # Take a snapshot of a volume, and delete all but the last ones.
    volume = backend.find_volume(name)
    if volume is None:
        raise VolumeNotFoundError(f"volume {name} does not exist", name)
    backend.create_snapshot(volume["uuid"], f"nightly-{backend.now()[:10]}")
    for old in backend.list_snapshots(volume["uuid"])[:-keep]:
        backend.delete_snapshot(volume["uuid"], old["uuid"])


def test_three_snapshots_are_kept(mem_backend):
    db = mem_backend.create_volume("db", size_bytes=50 * 2**30)
    for _ in range(5):
        nightly(mem_backend, "db")
        mem_backend.advance(86_400)  # one day
    names = [s["name"] for s in mem_backend.list_snapshots(db["uuid"])]
    assert names == [f"nightly-2000-01-0{day}" for day in (3, 4, 5)]


def test_a_missing_volume_is_refused(mem_backend):
    with pytest.raises(VolumeNotFoundError):
        nightly(mem_backend, "web")
```

```text
..                                                                       [100%]
2 passed in 0.02s
```

The clock of `mem_backend` is stopped at the beginning of the year 2000 until
`advance` moves it. uuids and times are therefore the same on every run.

## A failure

A snapshot with a clone cannot be deleted, and the script does not expect it.
Add this test:

```python
# test_clones.py
from test_nightly import nightly


def test_a_clone_does_not_stop_the_script(mem_backend):
    db = mem_backend.create_volume("db")
    nightly(mem_backend, "db", keep=1)
    snapshot = mem_backend.list_snapshots(db["uuid"])[0]
    mem_backend.create_clone(db["uuid"], snapshot["uuid"], "pull_request")
    mem_backend.advance(86_400)
    nightly(mem_backend, "db", keep=1)
```

The report shows the exception, how to repeat the test with the same uuids, and
what the backend contains:

```text
...
E           nessie_backend_mem.errors.SnapshotBusyError: snapshot ...
...
--------------------------------- mem_backend ----------------------------------
seed:   14891694763967179164
repeat: pytest --nessie-seed=0 test_clones.py::test_a_clone_does_not_stop...
<MemBackend seed=14891694763967179164, now='2000-01-02T00:00:00Z', ...>
db  no quota
├── @nightly-2000-01-01  2000-01-01T00:00:00Z
│   └── pull_request  no quota
└── @nightly-2000-01-02  2000-01-02T00:00:00Z
...
1 failed in 0.05s
```

## Many tests on the same volumes

Set up a backend once for a module or for the session. Each test then changes
a copy of its own, which takes microseconds:

```python
# test_fleet.py
import pytest


@pytest.fixture(scope="module")
def fleet(mem_backend_module):
    mem_backend_module.create_volumes([f"home{n}" for n in range(10_000)])
    return mem_backend_module


def test_all_can_be_deleted(fleet):
    backend = fleet.fork()
    backend.delete_volumes(backend)
    assert len(backend) == 0


def test_the_fleet_is_still_there(fleet):
    assert len(fleet) == 10_000
```

## Where to read on

- `nessie_backend_mem.pytest_plugin`: all fixtures, also for the NetApp SDK.
- `nessie_backend_mem.guides.fault_injection`: make calls fail in tests.
- `nessie_backend_mem.testing`: property-based tests with Hypothesis.
- `nessie_backend_mem.MemBackend`: every method.
"""
