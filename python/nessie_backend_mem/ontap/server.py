"""`OntapServer`: its arguments, start and stop."""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
import unicodedata
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypedDict

from nessie_backend_mem._core import _OntapCluster

from .backends import new_backend
from .faults import HttpFault, HttpFaultPlan, as_json
from .files import publish, withdraw
from .log import Log, Reporter, log_of

if TYPE_CHECKING:
    from types import TracebackType

    from nessie_backend_mem import VolumeBackend
    from nessie_backend_mem._core import _OntapListener

__all__ = ["Lif", "OntapServer"]
__dir__ = __all__.copy

SVM = "svm1"
"""The SVM of a backend that is given without one."""

AGGREGATE_BYTES = 2**50
"""The capacity of an aggregate that is given without one."""

SERVICES = ("data_core", "data_nfs")
"""The services of a LIF that is given without services."""

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file of certificates to `requests`, to curl, and to OpenSSL and Go."""

LAST_PORT = 2**16 - 1
LAST_POLL = 2**32 - 1
LAST_SECONDS = 2.0**63
LAST_UNSIGNED = 2**64 - 1
LAST_EVENT = 2**32 - 1
LAST_HOUR = 2**32 - 1

AUTHORITY = b"nessie ontap authority"
"""A text in every certificate that a server of this package creates for its clients."""


class Lif(TypedDict):
    """A logical interface (LIF).

    Attributes:
        address: Its IP address.
        services: Services that it offers, such as ``data_nfs``.
    """

    address: str
    services: list[str]


class OntapServer:
    """An ONTAP REST endpoint for one or more backends. It runs on its own threads.

    Use it as a context manager, or with `start` and `stop`. Clients verify it with `ca_file`:

        with OntapServer(backend) as server:
            connection = HostConnection(
                server.host, port=server.port, username=server.username,
                password=server.password, verify=server.ca_file,
            )

    The NetApp SDK and other clients that use ``requests`` prefer the environment variables
    ``REQUESTS_CA_BUNDLE`` and ``CURL_CA_BUNDLE`` to `verify`: where one is set, unset it or set it
    to `ca_file`. Ansible's modules have no argument for it and need the variable; `environment`
    returns it.

    A `MemBackend` gets ONTAP's snapshot policies ``default`` and ``default-1weekly`` if it lacks
    them, and a volume that a client creates uses ``default``. ONTAP's policy ``none`` means that a
    volume uses none. The ``expiry_time`` of a snapshot is its ``expires_at``. A backend of another
    class has no snapshot policies: its volumes only store the name of one.

    Args:
        backends: A backend, which becomes the SVM ``svm1``; or a mapping from names of SVMs to
            backends; or ``None`` for a new `MemBackend` with ONTAP's limits, which are 1023
            snapshots per volume and a clone depth of 499. A backend may be any
            `nessie_backend_mem.VolumeBackend`, and has its own limits.
        host: Name or address of this machine to listen at. An address that other machines can
            reach needs `password`.
        port: Port to listen at; 0 lets the operating system choose.
        username: Name of the only user.
        password: Password of that user; random if not given.
        tls: Whether to serve HTTPS or HTTP. For HTTPS each start creates a certificate.
        cert: Path of your own certificate in PEM, followed by those of intermediate authorities;
            read at each start.
        key: Path of the certificate's private key in PEM, not encrypted.
        ca_file: Path to write the certificate to that clients verify the server with, while it
            runs; a temporary file if not given. An existing file is replaced only if it holds a
            certificate of an earlier server.
        job_polls: Number of reads by a client after which a job has ended. Without this and
            `job_seconds` a job ends at once.
        job_seconds: Duration of a job in seconds, on the clock of the first `MemBackend`, or on the
            system's clock if there is none. The clock of a seeded `MemBackend` is stopped until
            `advance`.
        name: Name of the cluster.
        nodes: Names of its nodes.
        aggregates: Names of its aggregates, or a mapping from names to sizes in bytes. If every
            backend has a capacity, the sizes are those of the backends' pools.
        lifs: Data LIFs of every SVM: a mapping from names to IP addresses or to `Lif`.
        seed: 0 to 2**64 - 1. The same seed gives SVMs, aggregates, jobs and other objects of the
            cluster the same uuids on every run.
        run_policies: Whether each request first runs the rules of the backends' snapshot policies
            that became due on the system's clock, as `MemBackend.run_due` does. Without it, no
            snapshot appears only because time passed. On a clock that is stopped, `advance` runs
            the rules.
        root_volumes: Whether the SVMs of `backends` get a root volume, named after the SVM and
            mounted at ``/``. An SVM that a client creates has one in any case.
        recovery_queue_hours: How long a volume that a client deletes is kept in the recovery queue,
            in hours on the server's clock. Meanwhile it is a volume of the backend that is offline
            and whose name ends with a number. Without it, volumes are deleted at once.
        simulator: Whether clients can reset the cluster, load its state, advance its clock and add
            faults with requests to ``/simulator``. By default they can if `host` is a loopback
            address. ``GET /simulator`` lists the resources; nessie-store's ``SIMULATOR.md``
            describes them.
        events: Number of the last events of each `MemBackend` that the server keeps for
            ``GET /simulator/events``, from now on. Without it, the first such request begins to
            keep them.
        log: ``True`` logs each request to the logger ``nessie_backend_mem.ontap``. A callable is
            called on a separate thread with method, target, status, reply size in bytes and
            duration in seconds. Method and target are printable ASCII, and ``-`` for a request that
            cannot be parsed. About ten thousand requests are queued; `unlogged_requests` counts
            further ones, and a warning is logged. The callable may stop the server.

    Raises:
        TypeError: An argument has a wrong type, or a backend lacks methods.
        ValueError: An argument has an invalid value.
    """

    def __init__(
        self,
        backends: VolumeBackend | Mapping[str, VolumeBackend] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str = "admin",
        password: str | None = None,
        tls: bool = True,
        cert: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        job_polls: int | None = None,
        job_seconds: float | None = None,
        name: str = "nessie",
        nodes: Iterable[str] = ("node1",),
        aggregates: Iterable[str] | Mapping[str, int] = ("aggr1",),
        lifs: Mapping[str, str | Lif] = MappingProxyType({"data_nfs": "127.0.0.1"}),
        seed: int | None = None,
        run_policies: bool = False,
        root_volumes: bool = False,
        recovery_queue_hours: int | None = None,
        simulator: bool | None = None,
        events: int | None = None,
        log: bool | Log = False,
    ) -> None:
        """Create a cluster. It listens after `start`."""
        if backends is None:
            backends = new_backend()
        if not isinstance(backends, Mapping):
            backends = {SVM: backends}
        backends = dict(backends)
        for backend in backends.values():
            if isinstance(backend, type):
                what = f"the class {backend.__name__}"
                raise TypeError(f"backends: expected a backend, not {what}: {backend.__name__}()")
        self._host = printable("host", host)
        self._port = whole("port", port, LAST_PORT)
        self._username = printable("username", username)
        if ":" in username:
            raise ValueError(f"username: {username!r} has a colon, which HTTP does not allow")
        if password is None and not is_loopback(host):
            raise ValueError(f"password: it is required if others can reach the host {host!r}")
        self._password = (
            os.urandom(12).hex() if password is None else printable("password", password)
        )
        if not isinstance(tls, bool):
            raise TypeError(f"tls: expected a bool, not {tls!r}")
        if not isinstance(run_policies, bool):
            raise TypeError(f"run_policies: expected a bool, not {run_policies!r}")
        if not isinstance(root_volumes, bool):
            raise TypeError(f"root_volumes: expected a bool, not {root_volumes!r}")
        if simulator is not None and not isinstance(simulator, bool):
            raise TypeError(f"simulator: expected a bool or None, not {simulator!r}")
        if events is not None and whole("events", events, LAST_EVENT) == 0:
            raise ValueError("events: 0 is less than 1; None keeps none until they are read")
        self._simulator = simulator
        self._tls = tls
        self._identity = identity_of(tls, cert, key)
        self._ca_path = ca_path_of(tls, ca_file, self._identity)
        self._log = log_of(log)
        self._cluster = _OntapCluster(
            [(text("backends", svm), backend) for svm, backend in backends.items()],
            name=text("name", name),
            nodes=texts("nodes", nodes),
            aggregates=aggregates_of(aggregates),
            lifs=[lif_of(text("lifs", lif), value) for lif, value in lifs.items()],
            jobs=job_completion(job_polls, job_seconds),
            seed=None if seed is None else whole("seed", seed, LAST_UNSIGNED),
            run_policies=run_policies,
            root_volumes=root_volumes,
            recovery_queue_hours=(
                None
                if recovery_queue_hours is None
                else whole("recovery_queue_hours", recovery_queue_hours, LAST_HOUR)
            ),
            events=events,
        )
        svms = zip(self._cluster.svms(), backends.values(), strict=True)
        self._backends = {uuid: backend for (uuid, _), backend in svms}
        """The backends by uuid of their SVM."""
        self._listener: _OntapListener | None = None
        self._ca_file: str | None = None
        self._end: Callable[[], object] | None = None
        self._unlogged = 0
        self._process = os.getpid()

    def start(self) -> Self:
        """Start to listen.

        After `stop` the server can be started again. It keeps its state and gets a new certificate
        and, unless it was given, a new port.

        Returns:
            The server itself.

        Raises:
            OSError: The server cannot listen at the address, a certificate or key cannot be read,
                or `ca_file` cannot be written.
            RuntimeError: The server is already running.
            ValueError: The certificate or the key is invalid.
        """
        if self.is_running:
            raise RuntimeError("the server is running already")
        identity = self._identity and (
            pem("cert", self._identity[0]),
            pem("key", self._identity[1]),
        )
        try:
            listener = self._cluster.serve(
                host=self._host,
                port=self._port,
                username=self._username,
                password=self._password,
                tls=self._tls,
                identity=identity,
                log=self._log is not None,
                simulator=self._simulator,
            )
        except ValueError as error:
            if identity is None:
                raise
            # The other arguments were checked before.
            raise ValueError(f"cert, key: {error}") from None
        try:
            reporter = None if self._log is None else Reporter(listener, self._log)
            ca_pem = listener.ca_pem
            ca_file = None if ca_pem is None else write_ca(self._ca_path, ca_pem)
        except BaseException:
            listener.stop()
            raise
        self._listener, self._ca_file = listener, ca_file
        self._process = os.getpid()
        # It runs as the interpreter exits, too.
        self._end = weakref.finalize(
            self, end, listener, reporter, ca_file, ca_pem or "", self._process
        )
        return self

    def stop(self) -> None:
        """Stop listening, wait for running requests, and delete `ca_file`.

        Requests get five seconds to end, and the log one more to read its queue. The method returns
        within seven seconds, even if clients, backends or the log hang; Ctrl-C is handled
        afterwards. A method of a backend that is still running continues, and its result is
        dropped.

        Any thread may call it, also a thread that serves a request or calls the log. It does
        nothing if the server is not running, or in a process forked from the one that started it.
        """
        end, listener = self._end, self._listener
        if end is None or listener is None:
            return
        # One of several callers stops the server; the others wait.
        end()
        listener.stop()
        if self._end is end:
            self._unlogged = listener.lost_requests
            self._listener = self._ca_file = self._end = None

    def inject(self, *faults: HttpFault) -> HttpFaultPlan:
        """Install faults of requests.

        As a context manager, the result removes them at the end. Otherwise they stay until its
        `remove`, also after `stop`. Faults apply in order of installation: delays add up, and the
        first other effect ends them.

            with server.inject(HttpFault(path="/api/storage/*", status=503, times=2)) as plan:
                client.create_volume("db")
            assert len(plan.hits) == 2

        Args:
            faults: The faults.

        Returns:
            The faults with what they have hit.

        Raises:
            TypeError: An argument is not an `HttpFault`.
        """
        for fault in faults:
            if not isinstance(fault, HttpFault):
                raise TypeError(f"faults: expected an HttpFault, not {fault!r}")
        return HttpFaultPlan(self._cluster.inject([as_json(fault) for fault in faults]), faults)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled."""
        raise TypeError(
            "cannot copy or pickle an OntapServer: its port and threads belong to one process; "
            "copy its backends and make another server of them"
        )

    def __repr__(self) -> str:
        svms = ", ".join(name for _, name in self._cluster.svms())
        where = f"at {self.url}" if self.is_running else "not running"
        return f"<OntapServer of {svms} {where}>"

    @property
    def is_running(self) -> bool:
        """Whether the server is running. Never true in a forked process."""
        return self._end is not None and self._process == os.getpid()

    @property
    def backends(self) -> Mapping[str, Any]:
        """The backends by name of their SVM, as the SVMs are now.

        An SVM that a client has created has a new `MemBackend` with ONTAP's limits. With a `seed`,
        or a seeded first `MemBackend`, it is seeded too. If the clock of the first `MemBackend` is
        stopped, that of the new one is stopped at its time.
        """
        found = {}
        svms = self._cluster.svms()
        for uuid, name in svms:
            backend = self._backends.get(uuid)
            if backend is None and (new := self._cluster.backend(uuid)) is not None:
                backend = self._backends.setdefault(uuid, new)
            if backend is not None:
                found[name] = backend
        for uuid in self._backends.keys() - {uuid for uuid, _ in svms}:
            self._backends.pop(uuid, None)
        return MappingProxyType(found)

    @property
    def backend(self) -> Any:
        """The backend, if there is only one.

        Raises:
            ValueError: There are several backends, or none.
        """
        backends = self.backends
        if len(backends) != 1:
            raise ValueError(f"there are {len(backends)} backends, not one")
        return next(iter(backends.values()))

    @property
    def host(self) -> str:
        """The name or address that the server listens at."""
        return self._host

    @property
    def port(self) -> int:
        """The port that the server listens at; before `start`, the argument `port`."""
        return self._port if self._listener is None else self._listener.port

    @property
    def url(self) -> str:
        """Scheme, host and port, such as ``https://127.0.0.1:8443``. The API is below ``/api``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def username(self) -> str:
        """The name of the only user."""
        return self._username

    @property
    def password(self) -> str:
        """The password of the user."""
        return self._password

    @property
    def ca_file(self) -> str | None:
        """Path of the PEM file that clients verify the server with.

        ``None`` without TLS, with your own certificate, and while the server is not running.
        """
        return self._ca_file

    @property
    def unlogged_requests(self) -> int:
        """Number of requests since the last start that were not logged: the log was slow."""
        return self._unlogged if self._listener is None else self._listener.lost_requests

    def environment(self) -> dict[str, str]:
        """Return environment variables that make client programs trust the server.

        They set `ca_file` as the only trusted authority for ``requests`` (used by the NetApp SDK
        and Ansible), curl, and programs that use OpenSSL or Go's TLS library:

            subprocess.run(["ansible-playbook", "…"], env={**os.environ, **server.environment()})

        Returns:
            Values by name. Empty without TLS, with your own certificate, and while the server is
            not running.
        """
        if self._ca_file is None:
            return {}
        return dict.fromkeys(CA_VARIABLES, self._ca_file)


def end(
    listener: _OntapListener,
    reporter: Reporter | None,
    ca_file: str | None,
    ca_pem: str,
    process: int,
) -> None:
    """Stop a listener, its log and remove its certificate, in the process that started it."""
    if os.getpid() != process:
        return
    listener.stop()
    if reporter is not None:
        reporter.end()
    if ca_file is not None:
        withdraw(Path(ca_file), ca_pem)


def identity_of(
    tls: bool, cert: str | os.PathLike[str] | None, key: str | os.PathLike[str] | None
) -> tuple[Path, Path] | None:
    """Return the paths of a certificate and its key."""
    given = {word: value for word, value in (("cert", cert), ("key", key)) if value is not None}
    paths = {word: path_of(word, value) for word, value in given.items()}
    if not paths:
        return None
    if not tls:
        raise ValueError(f"{next(iter(paths))}: HTTP has no certificate; omit it or use TLS")
    if len(paths) == 1:
        raise ValueError("cert, key: only one is given; give both or neither")
    return paths["cert"], paths["key"]


def ca_path_of(
    tls: bool, ca_file: str | os.PathLike[str] | None, identity: tuple[Path, Path] | None
) -> Path | None:
    """Return where to write the certificate of the authority."""
    if ca_file is None:
        return None
    path = path_of("ca_file", ca_file)
    if not tls:
        raise ValueError("ca_file: HTTP has no certificate; omit it or use TLS")
    if identity is not None:
        raise ValueError(
            "ca_file: it is written only for a certificate that the server makes; omit it"
        )
    return path


def path_of(argument: str, value: object) -> Path:
    """Return `value` as an absolute path: the directory may be another at a later start."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{argument}: expected a str or os.PathLike, not {value!r}")
    path = os.fspath(value)
    if not isinstance(path, str):
        raise TypeError(f"{argument}: expected a path that is text, not {path!r}")
    if not path or "\0" in path:
        raise ValueError(f"{argument}: {path!r} names no file")
    return Path(path).absolute()


def pem(argument: str, path: Path) -> str:
    """Return the text of a PEM file."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{argument}: {str(path)!r} is not a PEM file") from None


def write_ca(path: Path | None, ca_pem: str) -> str:
    """Write a certificate for clients, to a temporary file if no path is given; return the path."""
    if path is not None:
        # A certificate is public, and clients may be other users.
        publish(path, ca_pem, mode=0o644, is_one=is_our_certificate)
        return str(path)
    descriptor, temporary = tempfile.mkstemp(prefix="nessie-ontap-", suffix=".pem")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(ca_pem)
    return temporary


def is_our_certificate(content: str) -> bool:
    """Whether a server of this package has made this certificate for its clients."""
    try:
        return AUTHORITY in ssl.PEM_cert_to_DER_cert(content)
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def text(argument: str, value: object) -> str:
    """Return `value` if it is a text that is not empty."""
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected a str, not {value!r}")
    if not value:
        raise ValueError(f"{argument}: it is empty")
    return value


def printable(argument: str, value: object) -> str:
    """Return `value` if it is a text without control characters."""
    checked = text(argument, value)
    if any(unicodedata.category(character) == "Cc" for character in checked):
        raise ValueError(f"{argument}: {checked!r} has control characters")
    return checked


def texts(argument: str, values: object) -> list[str]:
    """Return `values` as a list, if they are texts, and not one text."""
    if isinstance(values, str):
        raise TypeError(f"{argument}: expected several, not the one str {values!r}")
    if not isinstance(values, Iterable):
        raise TypeError(f"{argument}: expected an iterable of str, not {values!r}")
    return [text(argument, value) for value in values]


def whole(argument: str, value: object, last: int) -> int:
    """Return `value` if it is a whole number from 0 to `last`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{argument}: expected an int, not {value!r}")
    if not 0 <= value <= last:
        raise ValueError(f"{argument}: {value} is outside 0 to {last}")
    return value


def aggregates_of(aggregates: Iterable[str] | Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the name and the bytes of each aggregate."""
    if not isinstance(aggregates, Mapping):
        return [(name, AGGREGATE_BYTES) for name in texts("aggregates", aggregates)]
    return [
        (text("aggregates", name), whole("aggregates", size, LAST_UNSIGNED))
        for name, size in aggregates.items()
    ]


def lif_of(name: str, lif: str | Lif) -> tuple[str, str, list[str]]:
    """Return name, address and services of a LIF."""
    if isinstance(lif, str):
        address, services = lif, list(SERVICES)
    else:
        if missing := [key for key in ("address", "services") if key not in lif]:
            raise ValueError(f"lifs: {name!r} lacks {' and '.join(missing)}")
        address, services = text("lifs", lif["address"]), texts("lifs", lif["services"])
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(f"lifs: {address!r} of {name!r} is not an IP address") from None
    return name, address, services


def job_completion(polls: int | None, seconds: object) -> tuple[str, float]:
    """Return when jobs end, in the form that the cluster accepts."""
    if polls is not None and seconds is not None:
        raise ValueError("job_polls, job_seconds: give one of them, not both")
    if polls is not None:
        return "polls", whole("job_polls", polls, LAST_POLL)
    if seconds is None:
        return "immediate", 0.0
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise TypeError(f"job_seconds: expected a float, not {seconds!r}")
    if not 0 <= seconds < LAST_SECONDS:
        raise ValueError(f"job_seconds: {seconds} is outside 0 to 2**63")
    return "seconds", seconds
