"""Guides: one task each, with code that runs as it is shown.

A guide is the docstring of a module. Read it here, in an editor, or with
``help("nessie_backend_mem.guides.first_tests")``.

| guide | what you get |
|---|---|
| `nessie_backend_mem.guides.first_tests` | tests with pytest, in ten minutes |
| `nessie_backend_mem.guides.endpoint_in_ci` | an ONTAP endpoint in CI, for any language |
| `nessie_backend_mem.guides.go_and_java` | clients of the endpoint in Go and Java |
| `nessie_backend_mem.guides.own_backend` | a backend of your own that keeps the contract |
| `nessie_backend_mem.guides.capacity_planning` | when a pool fills up, and what fills it |
| `nessie_backend_mem.guides.fault_injection` | code that survives timeouts and lost replies |
| `nessie_backend_mem.guides.dask_and_ray` | one scenario on many backends and machines |
| `nessie_backend_mem.guides.arrow_tables` | volumes and events as columns of data frames |
| `nessie_backend_mem.guides.migration_from_0_3_1` | what to change in code for 0.3.1 |

The reference begins at `nessie_backend_mem`.
"""
