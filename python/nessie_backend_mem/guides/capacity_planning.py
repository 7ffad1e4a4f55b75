"""Capacity planning: when a pool fills up, and what fills it.

After this page you can answer: for how many days does the space last, how
much of it do snapshots hold, and what happens to clients when it is used up.
A backend stores no data, it counts bytes, so that a year of a thousand volumes
takes seconds.

## Thin provisioning

Volumes share a pool, and take from it what is written. The sum of their sizes
may be larger than the pool, here twice as large:

>>> from nessie_backend_mem import MemBackend, NoSpaceError
>>> GIB = 2**30
>>> backend = MemBackend(seed=1, capacity_bytes=1000 * GIB)
>>> homes = backend.create_volumes([f"home{n}" for n in range(20)], 100 * GIB)
>>> backend.write_volumes(homes, 30 * GIB)
>>> space = backend.space()
>>> space["used_bytes"] // GIB, space["available_bytes"] // GIB
(600, 400)
>>> sum(backend.volumes()["size_bytes"]) / space["capacity_bytes"]
2.0

## What snapshots hold

A policy takes a snapshot each night and keeps seven. `advance` runs it. Each
day every client writes 3 GiB, of which 2 GiB replace older data. A snapshot
keeps what is replaced:

>>> rule = {"schedule": "0 0 * * *", "prefix": "nightly", "keep": 7}
>>> policy = backend.create_snapshot_policy("nightly", [rule])
>>> backend.patch_volumes(homes, snapshot_policy="nightly")
>>> without_snapshots = backend.fork()
>>> def days_until_full(backend):
...     for day in range(1, 1000):
...         backend.advance(86_400)
...         try:
...             backend.write_volumes(homes, 3 * GIB, overwrite_bytes=2 * GIB)
...         except NoSpaceError as error:
...             return day, error.target
>>> days_until_full(backend)
(7, 'pool')
>>> space = backend.space()
>>> space["live_bytes"] // GIB, space["snapshot_bytes"] // GIB
(720, 240)

How long does the space last without snapshots? A fork is a copy to try it on:

>>> without_snapshots.patch_volumes(homes, snapshot_policy="")
>>> days_until_full(without_snapshots)
(21, 'pool')

The refused call has changed nothing: a bulk write is for all volumes or none.
With more capacity clients can write again, and old snapshots can be deleted:

>>> backend.set_capacity(1500 * GIB)
>>> backend.write_volumes(homes, 3 * GIB, overwrite_bytes=2 * GIB)
>>> old = backend.snapshots(created_before="2000-01-05T00:00:00Z")
>>> kept = backend.delete_snapshots(old, skip_busy=True)
>>> space["snapshot_bytes"] // GIB, backend.space()["snapshot_bytes"] // GIB
(240, 160)

A snapshot shows how much its deletion would free:

>>> backend.list_snapshots(homes[0])[0]["size_consumed"] // GIB
2

## Aggregates

Behind an ONTAP endpoint the pool is an aggregate, and clients see its space:

>>> import base64, json, urllib.request
>>> from nessie_backend_mem.ontap import OntapServer
>>> login = base64.b64encode(b"admin:secret").decode()
>>> with OntapServer(backend, tls=False, password="secret") as server:
...     url = f"{server.url}/api/storage/aggregates?fields=space"
...     headers = {"Authorization": f"Basic {login}"}
...     reply = urllib.request.urlopen(urllib.request.Request(url, headers=headers))
...     sizes = json.load(reply)["records"][0]["space"]["block_storage"]
>>> sizes["size"] // GIB, sizes["used"] // GIB, sizes["available"] // GIB
(1500, 900, 600)

Without a capacity of the backends, an aggregate has the size of the server's
argument ``aggregates={"aggr1": 2**40}``, in a shell of the option
``nessie-mem serve --aggregate aggr1:1TiB``.

## A fleet for a year

``nessie-mem simulate`` is a worked example: build caches that grow, snapshots,
clones for pull requests, quotas that are raised. The same options give the
same numbers on every machine:

```sh
nessie-mem simulate --volumes 20 --days 60 --capacity 650GiB --shards 2
```

```text
...
20 build caches, 60 days, seed 0, 2 shards
in a pool of 650.0 GiB

                                  logical         used of snapshots     refused
  day    clones    snapshots         size        space         only      writes
   30         0          280    403.8 GiB    565.3 GiB    161.5 GiB          33
   60         1          280    436.9 GiB    580.7 GiB    153.8 GiB          78

writes                                                      1,241
writes refused, because the pool was full                     111
...
```

``--plot year.png`` draws it, and ``--json`` prints it for other programs.

## Where to read on

- `nessie_backend_mem.MemBackend.write` and the other methods about space.
- `nessie_backend_mem.simulation`: your own scenario on many backends.
- `nessie_backend_mem.guides.dask_and_ray`: on many machines.
- `nessie_backend_mem.inventory`: begin with the volumes of a real cluster.
"""
