"""`rules`: the checks agree with `MemBackend`, and the help has the whole contract."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nessie_backend_mem import (
    InvalidArgumentError,
    JunctionPathExistsError,
    MemBackend,
    NessieError,
    conformance,
    errors,
    rules,
)
from support import volume_with_snapshots

NOT_TEXT: list[object] = [None, True, 0, 1.5, b"a", ["a"], uuid.UUID(int=4)]
# Names, paths and states, valid and nearly valid, and texts of any characters.
texts = (
    st.text("aZ09_-.:/ é\0\ud800", max_size=6)
    | st.sampled_from(["online", "offline", "restricted", "Online", "/a/..", "/a/", "/a/./b"])
    | st.builds("/{}".format, st.text("aA/.é", max_size=6))
    | st.builds(str.__mul__, st.sampled_from("aé"), st.integers(201, 258))
    | st.builds(str.__add__, st.just("/"), st.builds("a".__mul__, st.integers(4093, 4097)))
    | st.text()
)
sizes = st.sampled_from([0, 1, 2**63, 2**64 - 1, 2**64, -1, True, 1.0, "1", "5GiB"]) | st.integers()
anything = texts | st.sampled_from(NOT_TEXT)


def refusal(call: Callable[[], object]) -> tuple[object, ...] | None:
    """The error that `call` raises, or None."""
    try:
        call()
    except (NessieError, TypeError) as error:
        return type(error), str(error), getattr(error, "target", None)
    return None


def of_a_volume(argument: str) -> Callable[[MemBackend, str, Any], object]:
    return lambda backend, volume, value: backend.patch_volume(volume, **{argument: value})


CHECKS: dict[
    str, tuple[Callable[[Any], object], Callable[[MemBackend, str, Any], object], object]
] = {
    "volume name": (rules.check_volume_name, lambda b, v, x: b.create_volume(x), None),
    "clone name": (
        lambda x: rules.check_volume_name(x, argument="new_name"),
        lambda b, v, x: b.create_clone(v, b.list_snapshots(v)[0]["uuid"], x),
        None,
    ),
    "snapshot name": (
        rules.check_snapshot_name,
        lambda b, v, x: b.create_snapshot(v, x),
        None,
    ),
    # In a patch, `None` means no change, and the empty path unmounts.
    "junction path": (rules.check_junction_path, of_a_volume("junction_path"), ("", None)),
    "export policy": (rules.check_export_policy, of_a_volume("export_policy"), (None,)),
    "state": (rules.check_state, of_a_volume("state"), (None,)),
}


@pytest.mark.parametrize(("check", "operation", "passed_over"), CHECKS.values(), ids=CHECKS)
@given(value=anything)
def test_a_check_and_the_backend_refuse_the_same_values_in_the_same_words(
    check: Callable[[Any], object],
    operation: Callable[[MemBackend, str, Any], object],
    passed_over: tuple[object, ...] | None,
    value: Any,
) -> None:
    if passed_over is not None and value in passed_over:
        return
    backend = MemBackend()
    volume, _ = volume_with_snapshots(backend, "other", "other")
    assert refusal(lambda: check(value)) == refusal(
        lambda: operation(backend, volume["uuid"], value)
    )


@given(name=anything, size=sizes | st.none())
@example(name="a/b", size=0)
def test_a_new_volume_is_checked_as_the_backend_checks_it(name: Any, size: Any) -> None:
    backend = MemBackend()
    assert refusal(lambda: rules.check_new_volume(name, size)) == refusal(
        lambda: backend.create_volume(name, size)
    )
    if size is not None:
        assert refusal(lambda: rules.check_size_bytes(size)) == refusal(
            lambda: backend.create_volume("a", size)
        )


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "size_bytes": sizes | st.none(),
            **dict.fromkeys(("junction_path", "export_policy", "name", "state"), anything),
        },
    )
)
def test_a_patch_is_checked_as_the_backend_checks_it(patch: dict[str, Any]) -> None:
    backend = MemBackend()
    volume = backend.create_volume("a")["uuid"]
    assert refusal(lambda: rules.check_patch(**patch)) == refusal(
        lambda: backend.patch_volume(volume, **patch)
    )


IDENTIFIER = uuid.UUID("abcdef00-0000-4000-8000-00000000000f")
spellings = st.sampled_from(
    [IDENTIFIER, str(IDENTIFIER), IDENTIFIER.hex.upper(), f"{{{IDENTIFIER}}}", IDENTIFIER.urn]
)


@given(value=spellings | anything)
def test_a_uuid_is_read_as_the_backend_reads_it(value: Any) -> None:
    backend = MemBackend()
    refused = refusal(lambda: rules.canonical_uuid(value))
    with pytest.raises((NessieError, TypeError)) as caught:
        backend.get_volume(value)
    if refused is None:
        assert getattr(caught.value, "target", None) == rules.canonical_uuid(value)
        assert rules.canonical_uuid(rules.canonical_uuid(value)) == rules.canonical_uuid(value)
    else:
        assert refused == refusal(lambda: backend.get_volume(value))
    named = refusal(lambda: rules.canonical_uuid(value, argument="vol_uuid"))
    assert named == refusal(lambda: backend.list_snapshots(value)) or refused is None


@given(st.text("aAéÉßkK\N{KELVIN SIGN}", min_size=1), st.text("aAéÉßkK\N{KELVIN SIGN}", min_size=1))
@example("A", "a")
@example("é", "É")
@example("k", "\N{KELVIN SIGN}")
def test_paths_with_equal_folded_forms_conflict(one: str, other: str) -> None:
    backend = MemBackend()
    first, second = (backend.create_volume(name)["uuid"] for name in "ab")
    backend.patch_volume(first, junction_path=f"/{one}")
    taken = refusal(lambda: backend.patch_volume(second, junction_path=f"/{other}"))
    same = rules.fold_junction_path(f"/{one}") == rules.fold_junction_path(f"/{other}")
    assert same == (taken is not None and taken[0] is JunctionPathExistsError)


def test_a_path_without_a_utf_8_form_cannot_be_folded() -> None:
    with pytest.raises(InvalidArgumentError, match="lone surrogate"):
        rules.fold_junction_path("/\ud800")


@pytest.mark.parametrize(
    ("check", "longest"),
    [
        (lambda n: rules.check_volume_name("a" * n), rules.MAX_VOLUME_NAME),
        (lambda n: rules.check_snapshot_name("a" * n), rules.MAX_SNAPSHOT_NAME),
        (lambda n: rules.check_junction_path("/" + "a" * (n - 1)), rules.MAX_JUNCTION_PATH),
        (lambda n: rules.check_export_policy("é" * n), rules.MAX_EXPORT_POLICY),
        (rules.check_size_bytes, rules.MAX_SIZE_BYTES),
    ],
    ids=["volume name", "snapshot name", "path", "policy", "size"],
)
def test_each_limit_is_the_largest_that_passes(
    check: Callable[[int], object], longest: int
) -> None:
    check(longest)
    with pytest.raises(InvalidArgumentError):
        check(longest + 1)


def test_a_busy_error_names_at_most_the_limit_of_clones() -> None:
    error = errors.BusyError(dependents=["clone"] * (rules.MAX_DEPENDENTS + 1))
    assert len(error.dependents) == rules.MAX_DEPENDENTS == error.dependent_count - 1


def test_the_help_has_every_rule_and_every_code_and_fits_80_columns() -> None:
    page = str(rules.__doc__)
    words = " ".join(page.split())
    for rule in conformance.rules():
        assert f" {rule.id} {rule.text}" in words
        assert f"\n## {rule.section}\n" in page
    codes = {
        value.code: name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, NessieError) and value.code
    }
    assert len(codes) == 18
    for code, name in codes.items():
        assert f" {code} {name}" in words
    # `help` indents by four.
    assert max(map(len, page.splitlines())) <= 76
