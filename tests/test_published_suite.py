"""The conformance suite published before this backend existed passes on it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from nessie_backend_conformance import ConformanceError, run_all
from nessie_backend_mem import MemBackend, NotFoundError


class PublishedProtocol:
    """Our backend as the published suite expects one: `None` for missing objects."""

    def __init__(self, backend: MemBackend) -> None:
        self.backend = backend

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation: Callable[..., Any] = getattr(self.backend, method)
        if not method.startswith("get_"):
            return operation

        def get(*arguments: Any) -> Any:
            try:
                return operation(*arguments)
            except NotFoundError:
                return None

        return get


def test_the_suite_is_the_published_one() -> None:
    assert version("nessie-backend-conformance") == "0.3.1"


@pytest.mark.parametrize(
    "make",
    [lambda: MemBackend(), lambda: MemBackend(seed=1), lambda: MemBackend().fork()],
    ids=["system", "seeded", "forked"],
)
def test_the_published_suite_passes_and_leaves_nothing(make: Callable[[], MemBackend]) -> None:
    backend = make()
    run_all(PublishedProtocol(backend))
    assert len(backend) == 0
    backend.check_invariants()


def test_the_published_suite_passes_with_other_volumes_present() -> None:
    backend = MemBackend(seed=1)
    kept = backend.create_volume("kept")
    run_all(PublishedProtocol(backend))
    assert backend.list_volumes() == [kept]


def test_the_published_suite_fails_a_backend_that_forgets() -> None:
    class Forgetful(PublishedProtocol):
        def delete_volume(self, _: str) -> None:
            return None

    with pytest.raises(ConformanceError):
        run_all(Forgetful(MemBackend()))
