"""From 0.3.1: what has changed, and what to change in your code.

After this page code for 0.3.1 runs on this version. The eleven methods of 0.3.1
have the same names and take the same positional arguments, and the keys of its
records are still there. Python 3.11 or later is necessary. What follows differs.

## Errors

In 0.3.1 every refusal was a plain `NessieError` that differed in its text. Now
each has a class with a `code` and a `target`; all still derive from
`NessieError`. The texts have changed: test the class or the code.

>>> from nessie_backend_mem import MemBackend, NessieError, VolumeNotFoundError
>>> backend = MemBackend()
>>> try:
...     backend.get_volume("00000000-0000-4000-8000-000000000000")
... except VolumeNotFoundError as error:
...     print(error.code, error.target, isinstance(error, LookupError))
volume_not_found 00000000-0000-4000-8000-000000000000 True

| call | 0.3.1 | now |
|---|---|---|
| a missing volume or snapshot | `NessieError` | `VolumeNotFoundError`, `SnapshotNotFoundError` |
| a name that is taken | `NessieError` | `VolumeExistsError`, `SnapshotExistsError` |
| text that is not a uuid | `NessieError` | `InvalidArgumentError`, a `ValueError` |
| a size of -1 or 2**64 | `OverflowError` | `InvalidArgumentError` |
| a size of 0, the name ``"a/b c"`` | accepted | `InvalidArgumentError` |
| delete a volume that has clones | deleted it | `VolumeBusyError` |

## Names and sizes

0.3.1 accepted every text. Volume names now have 1 to 203 of the characters
``A-Z a-z 0-9 _ - . :``, and a size is at least 1 byte. `rules` has all of it:

>>> from nessie_backend_mem import rules
>>> rules.check_volume_name("build cache")
Traceback (most recent call last):
    ...
nessie_backend_mem.errors.InvalidArgumentError: name "build cache" has the character ' '; ...

## Clones

A volume cannot be deleted while clones depend on it. Delete the clones first,
or make a clone independent:

>>> volume = backend.create_volume("db")
>>> snapshot = backend.create_snapshot(volume["uuid"], "nightly")
>>> clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "copy")
>>> try:
...     backend.delete_volume(volume["uuid"])
... except NessieError as error:
...     print(error.code, error.dependents)
volume_busy ('copy',)
>>> whole = backend.split_clone(clone["uuid"])
>>> backend.delete_volume(volume["uuid"])

## Lists

`list_volumes` and `list_snapshots` were in no particular order. They are in
order of creation now.

## Records

Records have more keys: `create_time`, and of a clone the uuids of its parents.
Code that compares whole dicts, or reads ``clone["clone"]``, sees them:

>>> sorted(clone["clone"])
['parent_snapshot', 'parent_snapshot_uuid', 'parent_volume', 'parent_volume_uuid']

uuids are random, as before. ``MemBackend(seed=1)`` makes them and all times
the same on every run.

## What you can delete

| own code | replaced by |
|---|---|
| a search of `list_volumes` by name | `find_volume`, ``"db" in backend`` |
| loops of creations and deletions | `create_volumes`, `delete_volumes` |
| a rename by clone and deletion | ``patch_volume(uuid, name="new")`` |
| a copy of a backend for each test | `fork`, ``copy.copy``, `pickle` |
| a fixture | `mem_backend`, see `nessie_backend_mem.pytest_plugin` |

## Where to read on

- `CHANGELOG.md` of the source: every change, also from 0.4.0.
- `nessie_backend_mem.errors`: the classes and their codes.
- `nessie_backend_mem.guides.first_tests`: the fixtures.
"""
