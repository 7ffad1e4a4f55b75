"""Dask and Ray: one scenario on many backends and machines.

After this page you run the same scenario on any number of backends at once: on
the processors of this machine, on a Dask cluster or on a Ray cluster. A seed
gives the same results on all of them.

## A scenario

A scenario is a function of a backend and of the number of its shard. Put it in
a module, because other processes import it:

```python
# scenario.py
from nessie_backend_mem import NoSpaceError

GIB = 2**30


def nights_until_full(backend, shard):
    # Write 2 to 5 GiB a day, with a snapshot each night.
    backend.set_capacity(200 * GIB)
    db = backend.create_volume("db")["uuid"]
    backend.write(db, 100 * GIB)
    daily = (2 + shard % 4) * GIB
    for night in range(1000):
        backend.create_snapshot(db, f"night{night}")
        backend.advance(86_400)
        try:
            backend.write(db, daily, overwrite_bytes=daily)
        except NoSpaceError:
            return night
```

## Processes

`run_shards` without an executor starts one process for each processor. The
guard is necessary, because each process imports the program:

```python
# on_processes.py
from nessie_backend_mem.simulation import run_shards
from scenario import nights_until_full

if __name__ == "__main__":
    print(run_shards(nights_until_full, 4, seed=7))
```

```text
[50, 33, 25, 20]
```

## Dask

Dask's client has an executor. Workers on other machines need the package and
the module of the scenario:

    pip install nessie-backend-mem dask distributed

```python
# on_dask.py
from distributed import Client, LocalCluster
from nessie_backend_mem.simulation import run_shards
from scenario import nights_until_full

if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, dashboard_address=None)
    with cluster, Client(cluster) as client:
        executor = client.get_executor()
        print(run_shards(nights_until_full, 4, executor, seed=7))
```

```text
[50, 33, 25, 20]
```

## Ray

Any object with the method `submit` of `concurrent.futures.Executor` is an
executor. For Ray, that method is one line:

    pip install nessie-backend-mem ray

```python
# on_ray.py
import ray
from nessie_backend_mem.simulation import run_shards
from scenario import nights_until_full


class RayExecutor:
    def submit(self, function, /, *arguments):
        return ray.remote(function).remote(*arguments).future()


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    print(run_shards(nights_until_full, 4, RayExecutor(), seed=7))
    ray.shutdown()
```

```text
[50, 33, 25, 20]
```

## When shards fail

The other shards run to their end. The exception has their results, and a note
with the seed that repeats a failure in one line:

>>> from concurrent.futures import ThreadPoolExecutor
>>> from nessie_backend_mem.simulation import ShardFailures, run_shards
>>> def scenario(backend, shard):
...     return backend.create_volume("db" if shard != 1 else "not a name")["name"]
>>> with ThreadPoolExecutor() as threads:
...     try:
...         run_shards(scenario, 3, threads, seed=7)
...     except ShardFailures as failures:
...         print(failures.results)
...         print(failures.failed[1].__notes__[0])
{0: 'db', 2: 'db'}
shard 1 of 3 failed; scenario(MemBackend(seed=...), 1) repeats the shard

## Where to read on

- `nessie_backend_mem.simulation`: progress, Ctrl-C, notebooks, seeds of shards.
- `nessie_backend_mem.guides.capacity_planning`: what a scenario can measure.
- ``nessie-mem simulate``: a scenario of a whole fleet.
"""
