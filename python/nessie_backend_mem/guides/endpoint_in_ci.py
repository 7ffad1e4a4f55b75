r"""The ONTAP endpoint in CI, for programs in any language.

After this page the tests of a program that uses ONTAP's REST API run against
an endpoint in memory, on your machine and in GitHub Actions.

    pip install nessie-backend-mem
    cargo install nessie-store --features cli    # or, without Python

Both have the command ``serve`` with the same options: ``nessie-mem serve`` and
``nessie-store serve``, which loads no inventories. ``kill $!`` ends the server.

## Start it

```sh
nessie-mem serve --port 8443 --password secret --ca-file ca.pem >ready.txt &
curl --silent --insecure --retry 20 --retry-delay 1 --retry-connrefused \
  https://127.0.0.1:8443/healthz
```

```text
{"status":"ok"}
```

``/healthz`` needs no login. The server creates a certificate at each start.
Clients verify it with the file of ``--ca-file``, which exists while the server
runs: curl with ``--cacert``, Go on Linux with the variable ``SSL_CERT_FILE``,
Python's ``requests`` with ``REQUESTS_CA_BUNDLE``, Node.js with
``NODE_EXTRA_CA_CERTS``. ``--http`` serves without TLS.

## Between tests

``/simulator`` controls the server with JSON, in any language. Delete all
volumes, and make the next two requests for volumes fail:

```sh
curl --silent --cacert ca.pem --user admin:secret -X POST \
  https://127.0.0.1:8443/simulator/reset; echo
curl --silent --cacert ca.pem --user admin:secret --output fault.json \
  --data '{"path": "/api/storage/volumes*", "status": 503, "times": 2}' \
  https://127.0.0.1:8443/simulator/faults
```

```text
{"configuration":"keep","svms":["svm1"]}
```

## GitHub Actions

```yaml
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - name: Start the endpoint
        run: |
          pipx install nessie-backend-mem
          nessie-mem serve --port 8443 --password secret \
            --ca-file ca.pem >ready.txt &
          curl --silent --insecure --retry 20 --retry-delay 1 --retry-connrefused \
            https://127.0.0.1:8443/healthz
      - run: go test ./...
        env:
          SSL_CERT_FILE: ${{ github.workspace }}/ca.pem
```

With the image of nessie-store's ``Dockerfile`` in your registry, it is a
service. The image listens for other machines, and so ``/simulator`` is off:

```yaml
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      ontap:
        image: registry.example/nessie-store
        env:
          NESSIE_ONTAP_PASSWORD: secret
        ports: ["8443:8443"]
    steps:
      - uses: actions/checkout@v5
      - run: docker cp "${{ job.services.ontap.id }}:/data/ca.pem" ca.pem
      - run: go test ./...
        env:
          SSL_CERT_FILE: ${{ github.workspace }}/ca.pem
```

## Where to read on

- `nessie_backend_mem.guides.go_and_java`: the same with code in Go and Java.
- ``nessie-mem serve --help``: all options, and files with the first volumes.
- ``nessie-mem coverage volumes``: the paths and fields that are served.
- ``SIMULATOR.md`` of the crate nessie-store: all resources of ``/simulator``.
- `nessie_backend_mem.ontap.OntapServer`: the same endpoint within Python.
- `nessie_backend_mem.inventory`: the volumes of a real cluster as a start.
"""
