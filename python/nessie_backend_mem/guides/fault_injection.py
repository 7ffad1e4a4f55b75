r"""Faults: code that survives timeouts, lost replies and full pools.

After this page your tests make calls fail, be late, or fail after they have
happened, in Python and for clients of the ONTAP endpoint.

## A call that fails

>>> from nessie_backend_mem import BackendTimeoutError, Fault, MemBackend
>>> backend = MemBackend(seed=1)
>>> with backend.inject(Fault("create_volume", error="timeout", times=1)) as plan:
...     try:
...         backend.create_volume("db")
...     except BackendTimeoutError as error:
...         print(error)
...     backend.create_volume("db")["name"]
create_volume timed out
'db'
>>> [(hit["operation"], hit["name"]) for hit in plan.hits]
[('create_volume', 'db')]

`error` is the code of an exception of `nessie_backend_mem.errors`, such as
``"no_space"``, or an exception of your own. Patterns select calls:
``Fault("create_*", name="db*")``. `every`, `after`, `times` and `probability`
select some of them, the same on each run of a backend with a seed.

## A reply that is lost

With ``when="after"`` the volume exists and the caller gets an error. A program
that only tries again is refused:

>>> lost = Fault("create_volume", error="timeout", when="after", times=1)
>>> with backend.inject(lost), backend.events() as log:
...     for _ in range(2):
...         try:
...             backend.create_volume("web")
...         except Exception as error:
...             print(type(error).__name__)
BackendTimeoutError
VolumeExistsError
>>> "web" in backend
True
>>> [(event["operation"], event["error"]) for event in log]
[('create_volume', 'timeout'), ('create_volume', 'volume_exists')]

## A call that is late

`delay` is in seconds. A clock that only `advance` moves is advanced, so that a
test does not wait:

>>> before = backend.now()
>>> with backend.inject(Fault("create_snapshot", delay=3600)):
...     snapshot = backend.create_snapshot(backend.find_volume("db")["uuid"], "s")
>>> before, backend.now()
('2000-01-01T00:00:00Z', '2000-01-01T01:00:00Z')

## In pytest

The marker `nessie_faults` installs faults in the backend of a test:

```python
# test_backup.py
import pytest
from nessie_backend_mem import BackendTimeoutError, Fault


def backup(backend, uuid, tries=3):
    for left in reversed(range(tries)):
        try:
            return backend.create_snapshot(uuid, "backup")
        except BackendTimeoutError:
            if not left:
                raise


@pytest.mark.nessie_faults(Fault("create_snapshot", error="timeout", times=2))
def test_a_backup_is_tried_three_times(mem_backend, nessie_faults):
    db = mem_backend.create_volume("db")
    assert backup(mem_backend, db["uuid"])["name"] == "backup"
    assert len(nessie_faults.hits) == 2
```

```text
.                                                                        [100%]
1 passed in 0.02s
```

A fault that no call has matched is a warning, so that a wrong pattern does not
pass.

## Requests

An `OntapServer` answers requests with another status, late, in part or not at
all. Clients in another process add faults by JSON:

```sh
nessie-mem serve --http --port 8443 --password secret --seed 1 >ready.txt &
curl --silent --retry 20 --retry-delay 1 --retry-connrefused \
  --output ready.json http://127.0.0.1:8443/healthz
curl --silent --user admin:secret http://127.0.0.1:8443/simulator/faults \
  --data '{"path": "/api/cluster", "status": 503, "times": 1}' \
  --output fault.json
for _ in 1 2; do
  curl --silent --user admin:secret http://127.0.0.1:8443/api/cluster \
    --output reply.json --write-out '%{http_code}\n'
done
```

```text
503
200
```

In Python, ``server.inject(HttpFault(path="/api/cluster", status=503, times=1))``
does the same.

## Where to read on

- `nessie_backend_mem.faults.Fault` and `nessie_backend_mem.ontap.HttpFault`.
- `nessie_backend_mem.faults.FaultyBackend`: faults in front of any backend.
- `nessie_backend_mem.testing.fault_plans`: Hypothesis searches the faults.
- `nessie_backend_mem.events`: what happened, and how to repeat it.
"""
