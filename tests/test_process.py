"""The process of the package: forks, exit, interrupts and subinterpreters.

Also: exceptions of a backend written in Python.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import (
    FeatureNotSupportedError,
    MemBackend,
    NessieError,
    SubstrateError,
    VolumeBusyError,
)
from nessie_backend_mem.conformance import run, run_all
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client, Reply
from support import run_python

VOLUMES = "/api/storage/volumes"
HERE = Path(__file__).parent

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")
needs_timer = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system has no interval timer"
)


class Mine:
    """A user's backend, which delegates to a `MemBackend`."""

    def __init__(self) -> None:
        self.backend = MemBackend()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


MINE = """
class Mine:
    def __init__(self): self.backend = MemBackend()
    def __getattr__(self, name): return getattr(self.backend, name)
"""


def script(*parts: str) -> str:
    return "\n".join(parts)


# Forks within a backend ----------------------------------------------------------------------

FORKS = """
import logging, os, signal, sys, threading
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client

logging.basicConfig(stream=open(os.devnull, "w"))
"""

IN_CHILD = """
    signal.alarm(20)  # It ends a child that is stuck.
    logging.warning("the child logs")
    other.create_volume("of-the-child")
    assert len(other) == len(other.list_volumes())
"""


@needs_fork
@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)", "return None"])
def test_a_method_may_fork_while_other_requests_wait_for_it(end: str) -> None:
    done = run_python(
        "-W",
        "ignore",
        "-c",
        script(
            FORKS,
            "other = MemBackend()\ndef in_child():",
            IN_CHILD,
            MINE,
            f"""
    def create_volume(self, *arguments, **keywords):
        child = os.fork()
        if child == 0:
            in_child()
            {end}
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return self.backend.create_volume(*arguments, **keywords)
""",
            """
def ask(thread):
    with Client(server) as client:
        for number in range(4):
            body = {"name": f"v{thread}_{number}", "size": 2**30, "svm": {"name": "mine"}}
            body["aggregates"] = [{"name": "aggr1"}]
            client.done("POST", "/api/storage/volumes", body)
            client.get("/api/storage/volumes?svm.name=other&fields=*")

with OntapServer({"mine": Mine(), "other": other}, tls=False) as server:
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join(20)
    print(len(server.backends["mine"].list_volumes()), len(other))
""",
        ),
        cwd=HERE,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "12 0\n"), done.stderr


@needs_fork
def test_two_methods_may_fork_at_once() -> None:
    done = run_python(
        "-W",
        "ignore",
        "-c",
        script(
            FORKS,
            MINE,
            """
    def get_volume(self, uuid):
        both.wait(20)
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return self.backend.get_volume(uuid)
""",
            """
both = threading.Barrier(2)
mine = Mine()
uuid = mine.create_volume("v")["uuid"]

def ask():
    with Client(server) as client:
        for _ in range(5):
            answers.append(client.get(f"/api/storage/volumes/{uuid}").json["name"])

answers = []
with OntapServer(mine, tls=False) as server:
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join(20)
print(answers.count("v"))
""",
        ),
        cwd=HERE,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "10\n"), done.stderr


@needs_fork
@pytest.mark.parametrize(
    ("end", "status"),
    [("return self.backend.list_volumes()", 0), ("sys.exit(7)", 7), ("raise OSError('x')", 1)],
)
def test_a_child_that_leaves_the_method_ends(end: str, status: int) -> None:
    """In the child, no request waits for the result of the method."""
    done = run_python(
        "-W",
        "ignore",
        "-c",
        script(
            FORKS,
            MINE,
            f"""
    def list_volumes(self):
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            print("the child", end=" ")
            {end}
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return self.backend.list_volumes()
""",
            """
with OntapServer(Mine(), tls=False) as server, Client(server) as client:
    assert client.get("/api/storage/volumes").records == []
""",
        ),
        cwd=HERE,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, f"the child {status}\n"), done.stderr


# Exceptions of a backend ---------------------------------------------------------------------


class StopError(BaseException):
    """Not a subclass of `Exception`, as a third party may define one."""


def failed() -> BaseException:
    with pytest.raises(BaseException, match="no listing") as caught:
        pytest.fail("no listing expected")
    return caught.value


RAISED = [
    (failed(), "Failed: no listing expected"),
    (KeyboardInterrupt(), "KeyboardInterrupt"),
    (SystemExit(3), "SystemExit: 3"),
    (GeneratorExit("over"), "GeneratorExit: over"),
    (StopError("first line\n  second line"), "StopError: first line"),
    (ValueError("\n\n a value \n"), "ValueError: a value"),
    (OSError("disk on fire"), "OSError: disk on fire"),
    (FileNotFoundError(2, "No such file", "/home/me/secret.key"), "No such file"),
    (SubstrateError("the array is off"), "the array is off"),
    (VolumeBusyError("no volume was named"), "no volume was named"),
]


def message_of(reply: Reply, status: int) -> str:
    assert reply.status == status, (reply.status, reply.body)
    message = reply.json["error"]["message"]
    assert isinstance(message, str)
    return message


@pytest.mark.parametrize(("error", "sentence"), RAISED, ids=lambda value: type(value).__name__)
def test_any_exception_of_a_method_is_one_failed_request(
    error: BaseException, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Raising(Mine):
        is_broken = True

        def list_volumes(self) -> Any:
            if self.is_broken:
                raise error
            return self.backend.list_volumes()

    mine: Any = Raising()
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        assert message_of(client.send("GET", VOLUMES), 500) == f"list_volumes failed: {sentence}"
        (record,) = [each for each in caplog.records if each.name == "nessie_backend_mem.ontap"]
        assert record.levelno == logging.ERROR
        assert record.getMessage() == "the backend's list_volumes() raised an exception"
        assert record.exc_info is not None
        assert record.exc_info[1] is error
        assert "in list_volumes" in caplog.text, "the log has the traceback"
        mine.is_broken = False
        assert client.get(VOLUMES).records == []


def test_an_exception_that_has_no_text_is_one_failed_request() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text today")

    class Raising(Mine):
        def list_volumes(self) -> Any:
            raise Mute

    mine: Any = Raising()
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        assert message_of(client.send("GET", VOLUMES), 500) == "list_volumes failed: Mute"


def test_a_long_text_of_an_exception_is_cut() -> None:
    class Raising(Mine):
        def list_volumes(self) -> Any:
            raise ValueError("é" * 100_000)

    mine: Any = Raising()
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        assert 100 < len(message_of(client.send("GET", VOLUMES), 500)) < 1000


def test_a_job_of_a_method_that_raises_fails_with_one_sentence() -> None:
    class Raising(Mine):
        def create_volume(self, *_: Any, **__: Any) -> Any:
            raise OSError(28, "No space left on device", "/srv/volumes/v")

    mine: Any = Raising()
    body = {"name": "v", "size": 2**30, "svm": {"name": "svm1"}, "aggregates": [{"name": "aggr1"}]}
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        job = client.accepted("POST", VOLUMES, body)
        assert job["state"] == "failure"
        assert job["message"] == "create_volume failed: No space left on device"


def test_a_result_that_breaks_the_contract_is_a_failed_request_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Wrong(Mine):
        def list_volumes(self) -> Any:
            return [7]

    mine: Any = Wrong()
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        message = message_of(client.send("GET", VOLUMES), 500)
        assert message == "list_volumes failed: returned 7, not a dict"
    assert "the backend's list_volumes() returned 7, not a dict" in caplog.text


def test_a_refusal_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Refusing(Mine):
        def list_volumes(self) -> Any:
            raise FeatureNotSupportedError("not today", "list_volumes")

    mine: Any = Refusing()
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        assert client.send("GET", VOLUMES).status == 405
    assert caplog.text == ""


BUSY = [
    (VolumeBusyError("in use"), "other objects depend on it"),
    (VolumeBusyError("in use", dependents=("c",)), "1 clone depends on it: c"),
    (VolumeBusyError("in use", dependents=("c", "d")), "2 clones depend on it: c, d"),
    (VolumeBusyError("in use", dependent_count=2), "2 clones depend on it"),
]


@pytest.mark.parametrize(("error", "words"), BUSY, ids=["nothing", "one", "two", "count"])
def test_a_busy_error_lists_the_known_dependents(error: NessieError, words: str) -> None:
    class Busy(Mine):
        def delete_volume(self, uuid: str) -> None:
            raise error

    mine: Any = Busy()
    uuid = mine.create_volume("v")["uuid"]
    mine.patch_volume(uuid, state="offline")
    with OntapServer(mine, tls=False) as server, Client(server) as client:
        reply = client.send("DELETE", f"{VOLUMES}/{uuid}?return_timeout=60")
        assert message_of(reply, 409) == f"volume {uuid} is busy; {words}"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, StopError])
def test_a_request_without_a_server_raises_interrupts_and_exits(
    error: type[BaseException],
) -> None:
    class Raising(Mine):
        def list_volumes(self) -> Any:
            raise error("from the backend")

    mine: Any = Raising()
    server = OntapServer(mine)
    for _ in range(2):
        with pytest.raises(error, match="from the backend"):
            server._cluster.handle("GET", VOLUMES, b"")
    mine.__class__ = Mine
    status, _, _ = server._cluster.handle("GET", VOLUMES, b"")
    assert status == 200


# Ctrl-C --------------------------------------------------------------------------------------


class Interrupted:
    """A method whose signature raises KeyboardInterrupt, as Ctrl-C would."""

    @property
    def __signature__(self) -> Any:
        raise KeyboardInterrupt

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError


@pytest.mark.parametrize(
    "use", [partial(run, cases=["create_volume.*"]), OntapServer], ids=["suite", "server"]
)
def test_an_interrupt_while_a_backend_is_inspected_is_raised(use: Callable[[Any], Any]) -> None:
    mine: Any = Mine()
    mine.patch_volume = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        use(mine)


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raises KeyboardInterrupt in this thread after some seconds.

    The garbage collector is off, because its callbacks would swallow the exception.
    """
    usual = signal.signal(signal.SIGALRM, signal.default_int_handler)
    gc.disable()
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
        gc.enable()


@needs_timer
@pytest.mark.parametrize("milliseconds", [1, 2, 4, 8, 16, 32])
def test_a_run_of_the_suite_can_be_interrupted_at_any_time(milliseconds: int) -> None:
    def again_and_again() -> None:
        while True:
            run_all(MemBackend())

    with pytest.raises(KeyboardInterrupt), interrupted_after(milliseconds / 1000):
        again_and_again()


@pytest.fixture(scope="module")
def large() -> MemBackend:
    """A backend that is slow to read completely."""
    backend = MemBackend(seed=1)
    backend.create_volumes([f"v{number}" for number in range(400_000)])
    return backend


LONG: list[Callable[[MemBackend], object]] = [
    MemBackend.tree,
    MemBackend.check_invariants,
    MemBackend.__reduce__,
    MemBackend.state_digest,
]


@needs_timer
@pytest.mark.parametrize("call", LONG, ids=["tree", "check_invariants", "pickle", "digest"])
def test_a_long_call_can_be_interrupted(
    call: Callable[[MemBackend], object], large: MemBackend
) -> None:
    """No bytecode runs between the calls, so that only a call can raise the interrupt."""
    finished: list[object] = []
    with pytest.raises(KeyboardInterrupt), interrupted_after(0.001):
        finished.extend(map(call, [large] * 50))
    assert len(finished) < 50
    assert len(large) == 400_000


# The end of the interpreter ------------------------------------------------------------------

ENDS = """
import io, os, threading, time
from contextlib import suppress
from http.client import HTTPException
from nessie_backend_mem import MemBackend
from nessie_backend_mem.conformance import run
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client

backend = MemBackend()
volumes = backend.create_volumes([f"v{number}" for number in range(100)])
whole = io.BytesIO()
backend.dump(whole)
under_way = threading.Event()

def busy(*_):
    under_way.set()
    end = time.monotonic() + 0.05
    while time.monotonic() < end: pass

class File(io.BytesIO):
    def write(self, data): busy(); return len(data)
    def read(self, size): busy(); return super().read(size)

class Place:
    def __fspath__(self): busy(); return os.devnull

def names():
    for number in range(100): busy(); yield f"n{number}"
"""

BUSY_MINE = """
    def list_volumes(self): busy(); return self.backend.list_volumes()
server = OntapServer(Mine(), tls=False).start()
def ask():
    with suppress(OSError, HTTPException), Client(server) as client:
        client.send("GET", "/api/storage/volumes")
"""

BUSY_CALLS = {
    "progress": "backend.dump(os.devnull, progress=busy)",
    "file": "backend.dump(File())",
    "path": "backend.dump(Place())",
    "load": "MemBackend.load(File(whole.getvalue()), progress=busy)",
    "generator": "MemBackend().create_volumes(names())",
    "suite": "run(Mine, cases=['create_volume.*', 'concurrency.*'], progress=busy)",
    "request": "ask()",
    "cluster": "server._cluster.handle('GET', '/api/storage/volumes', b'')",
}


def ends_well(call: str, **limits: Any) -> None:
    done = run_python(
        "-c",
        script(
            ENDS,
            MINE,
            BUSY_MINE,
            f"""
def again_and_again():
    while True: {call}
threading.Thread(target=again_and_again, daemon=True).start()
under_way.wait(20)
print("end")
""",
        ),
        cwd=HERE,
        **limits,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.parametrize("call", BUSY_CALLS)
def test_a_process_can_end_while_a_thread_is_in_a_callback(call: str) -> None:
    ends_well(BUSY_CALLS[call])


def test_a_process_can_end_while_a_callback_never_returns() -> None:
    ends_well("MemBackend().create_volumes(iter(lambda: [busy() for _ in iter(int, 1)], 0))")


QUICK_CALLS = {
    "refusal": "try: backend.get_volume(unknown)\n        except NessieError: pass",
    "uuid": "backend.get_volume(known)",
    "suite": "run(MemBackend, cases=['create_volume.*', 'concurrency.*'], objects=10, rounds=2)",
    "listing": "backend.list_volumes()",
    "dump": "backend.dump(os.devnull, progress=lambda *_: None)",
}


@pytest.mark.parametrize("call", QUICK_CALLS)
@pytest.mark.parametrize("attempt", range(2))
def test_a_process_can_end_while_a_thread_makes_quick_calls(call: str, attempt: int) -> None:
    done = run_python(
        "-c",
        script(
            f"""
import os, threading, time, uuid
from nessie_backend_mem import MemBackend, NessieError
from nessie_backend_mem.conformance import run
backend = MemBackend()
known = uuid.UUID(backend.create_volumes([f"v{{number}}" for number in range(1000)])[0])
unknown = str(uuid.UUID(int=2**{attempt}))
under_way = threading.Event()
def again_and_again():
    under_way.set()
    while True:
        {QUICK_CALLS[call]}
threading.Thread(target=again_and_again, daemon=True).start()
under_way.wait(20)
"""
        ),
    )
    assert (done.returncode, done.stderr) == (0, "")


# Interpreters --------------------------------------------------------------------------------


def test_a_second_interpreter_of_a_process_is_refused() -> None:
    pytest.importorskip("_xxsubinterpreters")
    done = run_python(
        "-c",
        script(
            """
import _xxsubinterpreters as interpreters
import nessie_backend_mem
code = '''
try: import nessie_backend_mem
except ImportError as error: print(error)
'''
for _ in range(2):
    interpreter = interpreters.create(isolated=False)
    interpreters.run_string(interpreter, code)
    interpreters.destroy(interpreter)
try: nessie_backend_mem.MemBackend().get_volume("6d05a2ff-7b3b-4c0c-9f3b-2f9a35d1c2f4")
except nessie_backend_mem.VolumeNotFoundError: print("works")
"""
        ),
    )
    assert (done.returncode, done.stderr) == (0, "")
    *refusals, last = done.stdout.splitlines()
    assert len(refusals) == 2
    for refusal in refusals:
        assert "nessie_backend_mem" in refusal
        assert "interpreter" in refusal
    assert last == "works"


def test_a_reimported_package_has_the_same_classes() -> None:
    done = run_python(
        "-c",
        script(
            """
import sys
import nessie_backend_mem as first
for name in [name for name in sys.modules if name.startswith("nessie_backend_mem")]:
    del sys.modules[name]
import nessie_backend_mem as second
assert second.NessieError is first.NessieError
try: second.MemBackend().get_volume("6d05a2ff-7b3b-4c0c-9f3b-2f9a35d1c2f4")
except second.errors.VolumeNotFoundError as error: print(error.code)
"""
        ),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "volume_not_found\n", "")


def test_a_case_that_hangs_leaves_other_functions_traceable() -> None:
    done = run_python(
        "-c",
        script(
            """
import sys, threading
from nessie_backend_mem import MemBackend
from nessie_backend_mem.conformance import run
over = threading.Event()
class Hangs:
    def __init__(self): self.backend = MemBackend()
    def __getattr__(self, name): return getattr(self.backend, name)
    def list_volumes(self): over.wait()
report = run(Hangs, cases=["python.results_are_fresh"], time_limit=0.1)
print(any(result.outcome == "timed_out" for result in report.results))
lines = []
def traced(): lines.append(1)
sys.settrace(lambda *event: None)
traced()
sys.settrace(None)
over.set()
print(lines)
"""
        ),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n[1]\n", "")
