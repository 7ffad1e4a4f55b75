"""``python -m nessie_backend_mem``: the command line."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
