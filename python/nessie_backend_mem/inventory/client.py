"""Reads ONTAP's REST API: GET requests only, page by page, with retries."""

from __future__ import annotations

import base64
import http.client
import json
import random
import re
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

from .errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

__all__ = ["OntapClient", "origin_of"]
__dir__ = __all__.copy

TRIES = 5
"""How often a request is sent, if it is answered with 429 or 503, or not at all."""

LONGEST_PAUSE = 60.0
"""The longest pause before a request is sent again, in seconds."""

RETRIED = (429, 503)

LARGEST_REPLY = 2**28
"""The most bytes of a reply that are read."""

LAST_PORT = 2**16 - 1


class OntapClient:
    """A keep-alive connection to a cluster. Use it as a context manager."""

    def __init__(
        self,
        url: str,
        *,
        username: str,
        password: str,
        cacert: str | None = None,
        verify: bool = True,
        timeout: float = 30.0,
        max_records: int = 1000,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Prepare a connection; nothing is sent.

        Args:
            url: address of the cluster.
            username: name of the user.
            password: password of the user.
            cacert: path of certificates in PEM to verify the cluster with; those of the system if
                None.
            verify: whether to verify the certificate of the cluster, and to refuse HTTP.
            timeout: longest wait for the connection and for each part of a reply, in seconds.
            max_records: most records of a page.
            pause: waits a number of seconds.

        Raises:
            OSError: `cacert` cannot be read.
            ValueError: an argument has an invalid value; the text begins with its name.
        """
        self.scheme, self.host, self.port = origin_of(url)
        if self.scheme == "http" and verify and not is_local(self.host):
            raise ValueError(
                f"url: {url!r} would send the password unencrypted; use https, or do not verify"
            )
        if ":" in username:
            raise ValueError(f"username: {username!r} has a colon, which HTTP does not allow")
        given = f"{username}:{password}".encode()
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(given).decode(),
            "Accept": "application/hal+json",
            "User-Agent": "nessie-backend-mem",
        }
        self.timeout = timeout
        self.max_records = max_records
        self.pause = pause
        self.requests = 0
        self.context = tls_context(cacert, verify=verify) if self.scheme == "https" else None
        self.connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. The next request opens another one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return the object at a path."""
        return self.fetch(f"{path}?{urlencode(query)}" if query else path)

    def records(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Yield the records of a collection, from all its pages."""
        target: str | None = f"{path}?{urlencode({**query, 'max_records': self.max_records})}"
        seen = set()
        while target is not None:
            seen.add(target)
            page = self.fetch(target)
            records = page.get("records")
            if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
                raise self.not_ontap(path, "the reply has no list of records")
            yield from records
            target = self.next_page(path, page)
            if target in seen:
                raise self.not_ontap(path, f"the next page, {target}, was read before")

    def next_page(self, path: str, page: dict[str, Any]) -> str | None:
        """Return the target of the link to the next page, which must be of this cluster."""
        links = page.get("_links")
        link = links.get("next") if isinstance(links, dict) else None
        href = link.get("href") if isinstance(link, dict) else None
        if href is None:
            return None
        # The password is sent there.
        if not isinstance(href, str) or not re.match(r"/(?!/)[!-~]*\Z", href):
            raise self.not_ontap(path, f"the link to the next page is {href!r}")
        return href

    def fetch(self, target: str) -> dict[str, Any]:
        """Send a GET request, again if the cluster is busy, and return the object of the reply."""
        status, body = self.reply(target)
        path = target.partition("?")[0]
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        if status == http.client.OK and isinstance(content, dict):
            return content
        if status == http.client.OK:
            raise self.not_ontap(path, "the reply is not a JSON object")
        raise self.refused(path, status, content)

    def reply(self, target: str) -> tuple[int, bytes]:
        """Return status and body of the reply to a request that is sent up to `TRIES` times."""
        for attempt in range(1, TRIES + 1):
            wait = min(2.0 ** (attempt - 1), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311
            try:
                response = self.send(target)
                body = read_body(response)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if attempt == TRIES or not is_cut(error):
                    raise RecordError(f"{self.origin}: {reason(error)}") from error
                self.pause(wait)
                continue
            if len(body) > LARGEST_REPLY:
                path = target.partition("?")[0]
                raise self.not_ontap(path, f"the reply has more than {LARGEST_REPLY >> 20} MiB")
            if response.status not in RETRIED or attempt == TRIES:
                return response.status, body
            self.pause(min(retry_after(response, wait), LONGEST_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    def send(self, target: str) -> http.client.HTTPResponse:
        """Send one request."""
        if self.connection is None:
            self.connection = self.connect()
        self.requests += 1
        self.connection.request("GET", target, headers=self.headers)
        return self.connection.getresponse()

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection, which opens at the first request."""
        if self.context is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        return http.client.HTTPSConnection(
            self.host, self.port, timeout=self.timeout, context=self.context
        )

    def refused(self, path: str, status: int, content: Any) -> RecordError:
        """Return the error of a request that was refused."""
        error = content.get("error") if isinstance(content, dict) else None
        error = error if isinstance(error, dict) else {}
        code, text = error.get("code"), error.get("message")
        code = str(code) if isinstance(code, (str, int)) else None
        if status == http.client.UNAUTHORIZED:
            explained = "the cluster refuses user or password"
        elif 300 <= status < 400:
            explained = "the address redirects elsewhere; give the address of the cluster itself"
        elif code is None:
            explained = f"HTTP {status}; this is not an ONTAP REST API"
        else:
            explained = f"HTTP {status}, code {code}: {text}"
        return RecordError(f"{self.origin}{path}: {explained}", status, code)

    def not_ontap(self, path: str, problem: str) -> RecordError:
        """Return the error of a reply that ONTAP would not send."""
        text = f"{self.origin}{path}: {problem}; this is not an ONTAP REST API"
        return RecordError(text, http.client.OK)


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of the address of a cluster.

    Raises:
        ValueError: it is not such an address; the message names the fix.
    """
    if "://" not in url:
        raise ValueError(f"url: {url!r} has no scheme; write https://{url}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"url: {url!r}: {error}") from None
    if parts.scheme not in ("https", "http"):
        raise ValueError(f"url: {url!r} has the scheme {parts.scheme!r}, not https")
    if parts.username is not None or parts.password is not None:
        # The text of the error must not show the password.
        raise ValueError("url: it has a user name; give the user separately")
    if not parts.hostname or not re.fullmatch(r"[!-~]+", parts.hostname):
        raise ValueError(f"url: {url!r} names no host")
    if parts.path not in ("", "/", "/api", "/api/") or parts.query or parts.fragment:
        raise ValueError(f"url: {url!r} has more than scheme, host and port; leave out the rest")
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)


def is_local(host: str) -> bool:
    """Whether a host is this machine, so that nobody else sees what is sent."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def tls_context(cacert: str | None, *, verify: bool) -> ssl.SSLContext:
    """Return the settings of TLS."""
    try:
        context = ssl.create_default_context(cafile=cacert)
    except ssl.SSLError:
        raise ValueError(f"cacert: {cacert!r} has no certificates in PEM") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def read_body(response: http.client.HTTPResponse) -> bytes:
    """Return the body of a reply, or the beginning of one that is too large."""
    body = response.read(LARGEST_REPLY + 1)
    # A read with a limit does not report a missing end.
    if response.length and len(body) <= LARGEST_REPLY:
        raise http.client.IncompleteRead(body, response.length)
    return body


def retry_after(response: http.client.HTTPResponse, default: float) -> float:
    """Return the seconds that the reply names, as a number or a date; otherwise `default`."""
    text = (response.headers.get("Retry-After") or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    with suppress(ValueError, TypeError):
        date = parsedate_to_datetime(text)
        return max((date - datetime.now(UTC)).total_seconds(), 0.0)
    return default


def is_cut(error: Exception) -> bool:
    """Whether the connection ended before the reply did."""
    is_end = isinstance(error, (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError))
    return is_end and not isinstance(error, ConnectionRefusedError)


def reason(error: Exception) -> str:
    """Return what an error of a connection says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fix = "verify it with the certificate of its authority (cacert)"
        return f"the certificate of the cluster cannot be verified: {error.verify_message}; {fix}"
    if isinstance(error, TimeoutError):
        return "no reply in time"
    if isinstance(error, http.client.BadStatusLine) and not is_cut(error):
        return "the reply is not HTTP; is the scheme https?"
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return str(text) or type(error).__name__
