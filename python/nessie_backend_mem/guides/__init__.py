"""Guides: one task each, with code that runs as it is shown.

A guide is the docstring of a module. Read it here, in an editor, or with
``help("nessie_backend_mem.guides.first_tests")``.

| guide | what you get |
|---|---|
| `nessie_backend_mem.guides.first_tests` | tests with pytest, in ten minutes |
| `nessie_backend_mem.guides.endpoint_in_ci` | an endpoint in CI, for any language |
| `nessie_backend_mem.guides.go_and_java` | clients in Go and Java |
| `nessie_backend_mem.guides.own_backend` | your own backend, tested |
| `nessie_backend_mem.guides.capacity_planning` | when and why a pool fills up |
| `nessie_backend_mem.guides.fault_injection` | tests with calls that fail |
| `nessie_backend_mem.guides.dask_and_ray` | simulations on many machines |
| `nessie_backend_mem.guides.arrow_tables` | volumes in data frames |
| `nessie_backend_mem.guides.migration_from_0_3_1` | the way from 0.3.1 |

The reference begins at `nessie_backend_mem`.
"""
