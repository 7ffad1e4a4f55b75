"""Arrow: volumes, snapshots and events as columns of data frames.

After this page you read a million volumes into polars, pyarrow, pandas or
duckdb without a dict for each, change many volumes by one call with columns,
and export a log of events. This package needs none of these libraries.

## Read

`volumes` and `snapshots` return a `nessie_backend_mem.Table`, which Arrow
readers take as it is. It shows one instant, and its conditions are checked
before anything is exported:

```python
# read.py
import polars
from nessie_backend_mem import MemBackend

backend = MemBackend(seed=1)
backend.create_volumes([f"home{n}" for n in range(100_000)], size_bytes=2**30)
backend.create_volumes([f"db{n}" for n in range(10)], size_bytes=2**40)

frame = polars.DataFrame(backend.volumes())
print(frame.shape)
print(frame.group_by("size_bytes").len().sort("len").rows())
print(polars.DataFrame(backend.volumes(name="db?"))["name"].to_list()[:3])
```

```text
(100010, 15)
[(1099511627776, 10), (1073741824, 100000)]
['db0', 'db1', 'db2']
```

The others: ``pyarrow.table(t)``, ``pandas.DataFrame.from_arrow(t)``,
``duckdb.from_arrow(t)``. Without any library, ``t["name"]`` is a column and
``t[0]`` a row.

## Write

Bulk calls accept columns where they accept uuids, names and sizes. All items
change or none:

```python
# write.py
import pyarrow
import pyarrow.compute as pc
from nessie_backend_mem import MemBackend

backend = MemBackend(seed=1)
names = pyarrow.array([f"home{n}" for n in range(1000)])
sizes = pyarrow.array([2**30 + n for n in range(1000)])
uuids = backend.create_volumes(names, sizes)
backend.write_volumes(uuids, 2**29)

table = pyarrow.table(backend.volumes())
small = table.filter(pc.less(table["size_bytes"], 2**30 + 10))
backend.patch_volumes(small["uuid"], size_bytes=2**31)
backend.delete_volumes(backend.volumes(name="home99?"))
print(len(small), len(backend), backend.find_volume("home0")["size_bytes"])
```

```text
10 990 2147483648
```

## Query

A snapshot holds what is overwritten after it. `snapshots` shows how much, with
the name of its volume:

```python
# join.py
import duckdb
from nessie_backend_mem import MemBackend

backend = MemBackend(seed=1)
uuids = backend.create_volumes(["db", "web"])
backend.write_volumes(uuids, 10_000)
backend.create_snapshots(uuids, "nightly")
backend.write_volumes(uuids, [2000, 100], overwrite_bytes=[1000, 0])

snapshots = duckdb.from_arrow(backend.snapshots())
query = "select volume, size_consumed from t order by volume"
print(snapshots.query("t", query).fetchall())
```

```text
[('db', 1000), ('web', 0)]
```

## Export events

```python
# events.py
import pyarrow
import pyarrow.parquet
from nessie_backend_mem import MemBackend, NessieError
from nessie_backend_mem.events import EventLog

backend = MemBackend(seed=1)
with backend.events() as log:
    backend.create_volume("db")
    try:
        backend.create_volume("db")
    except NessieError:
        pass

table = pyarrow.table(log)
print(table["operation"].to_pylist(), table["error"].to_pylist())
pyarrow.parquet.write_table(table, "events.parquet")
log.write("events.jsonl")  # the whole log, for replay
print(len(EventLog.read("events.jsonl")))
```

```text
['create_volume', 'create_volume'] [None, 'volume_exists']
2
```

## Where to read on

- `nessie_backend_mem.Table`: the columns and their types.
- `nessie_backend_mem.MemBackend`: which forms the bulk methods accept.
- `nessie_backend_mem.events`: logs, `replay` and `diff`.
"""
