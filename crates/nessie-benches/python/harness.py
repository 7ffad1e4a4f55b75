"""What the benches share: timing, worker processes and the environment of the published wheel.

Every measurement runs in its own process, with the same hash seed, so no peer inherits the
heap, the caches or the warmed-up interpreter of another. A sample is the time of a loop of
some thousand calls by `perf_counter_ns`, short enough that other load affects few samples; the
result is the median. It includes the loop (about 15 ns a call) and freeing the result of each call,
except lists of all objects. A call that doubles a table is rare and affects one sample of many.
Automatic garbage collection is off in every worker, as in `timeit`.
"""

import argparse
import gc
import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

PACKAGE = "nessie-backend-mem"
PUBLISHED_VERSION = "0.3.1"
CALLS_PER_SAMPLE = 2_000

P = ParamSpec("P")


def nanoseconds(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> int:
    """Return the time of `work`, without freeing its result."""
    gc.disable()
    begin = time.perf_counter_ns()
    result = work(*args, **kwargs)
    end = time.perf_counter_ns()
    del result
    return end - begin


def samples(
    loop: Callable[Concatenate[Any, Iterator[Any], P], object],
    backend: object,
    arguments: Sequence[object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> list[float]:
    """Return ns per call of `loop` over each part of the arguments in turn."""
    rest = iter(arguments)
    sizes = [
        min(CALLS_PER_SAMPLE, len(arguments) - begin)
        for begin in range(0, len(arguments), CALLS_PER_SAMPLE)
    ]
    return [
        nanoseconds(loop, backend, islice(rest, size), *args, **kwargs) / size for size in sizes
    ]


class Options(argparse.ArgumentParser):
    """The command line of a bench, with the options that every bench has."""

    def __init__(self, description: str | None, *, rounds: int, quick: str) -> None:
        super().__init__(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self.add_argument("--rounds", type=int, default=rounds, metavar="N")
        self.add_argument(
            "--quick", action="store_true", help=f"a smoke test: {quick}, one round, no targets"
        )

    def add_volumes(self, volumes: int) -> None:
        self.add_argument("--volumes", type=int, default=volumes, metavar="N")

    def add_json(self, what: str) -> None:
        self.add_argument("--json", type=Path, metavar="FILE", help=f"save {what} too")

    def add_scratch(self) -> None:
        self.add_argument(
            "--scratch",
            type=Path,
            metavar="DIR",
            help="keep the published wheel's environment here",
        )

    def add_png(self) -> None:
        self.add_argument(
            "--png", type=Path, metavar="FILE", help="draw the curve; needs matplotlib"
        )

    def read(self, *, least: dict[str, int], quick: dict[str, int]) -> argparse.Namespace:
        """Return the options, none below its minimum; with `--quick`, use the given values instead.

        `--rounds` is at least 1, and 1 with `--quick`.
        """
        arguments = self.parse_args()
        if arguments.quick:
            vars(arguments).update(quick, rounds=1)
        for name, smallest in {**least, "rounds": 1}.items():
            if getattr(arguments, name) < smallest:
                self.error(f"--{name} needs {smallest} at least")
        return arguments


@contextmanager
def scratch_of(arguments: argparse.Namespace) -> Iterator[Path]:
    """Yields the directory of `--scratch`, or a temporary one that is deleted afterwards."""
    if arguments.scratch is not None:
        yield arguments.scratch.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="nessie-bench-") as own:
        yield Path(own)


def require_ours() -> str:
    """Return the installed version of this package, or exit and explain how to install it."""
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(
            f"{PACKAGE} is not installed for {sys.executable}: "
            f"run its `-m pip install .` in the repository first"
        )
    if version == PUBLISHED_VERSION:
        sys.exit(f"{sys.executable} has the published {PACKAGE} {version}, not the one built here")
    return version


def published_python(scratch: Path) -> str:
    """Return an interpreter that has the published wheel, in a virtual environment in `scratch`."""
    environment = scratch / f"{PACKAGE}-{PUBLISHED_VERSION}"
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    requirement = f"{PACKAGE}=={PUBLISHED_VERSION}"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", requirement], check=True
    )
    return str(python)


def pyplot() -> Any:
    """Return matplotlib's `pyplot`, or exit with a message that explains how to install it."""
    try:
        importlib.import_module("matplotlib").use("Agg")
        return importlib.import_module("matplotlib.pyplot")
    except ImportError:
        sys.exit(
            f"--png needs matplotlib: run `{sys.executable} -m pip install matplotlib`, "
            f"or leave --png out"
        )


def run_worker(python: str, script: Path, arguments: Sequence[str]) -> Any:
    """Run one measurement in a fresh process and return the JSON value that it prints."""
    completed = subprocess.run(
        [python, str(script), *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    if completed.returncode != 0:
        sys.exit(f"{script.name} {' '.join(arguments)} failed with {completed.returncode}")
    return json.loads(completed.stdout)


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
