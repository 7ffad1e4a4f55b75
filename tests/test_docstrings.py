"""Docstrings: complete, in Google style, and the same in the stub as at run time."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, is_typeddict

import nessie_backend_mem as nessie
import pytest
from nessie_backend_mem import Fault, MemBackend, Volume, _core, guides
from nessie_backend_mem.ontap import OntapServer
from nessie_backend_mem.simulation import run_shards
from pages import FENCE

MODULES = [
    "nessie_backend_mem",
    "nessie_backend_mem.conformance",
    "nessie_backend_mem.errors",
    "nessie_backend_mem.events",
    "nessie_backend_mem.faults",
    "nessie_backend_mem.inventory",
    "nessie_backend_mem.ontap",
    "nessie_backend_mem.protocols",
    "nessie_backend_mem.pytest_plugin",
    "nessie_backend_mem.records",
    "nessie_backend_mem.rules",
    "nessie_backend_mem.simulation",
    "nessie_backend_mem.testing",
    "nessie_backend_mem.guides",
    *(each.name for each in pkgutil.iter_modules(guides.__path__, "nessie_backend_mem.guides.")),
]

SECTIONS = {"Args", "Attributes", "Example", "Raises", "Returns", "Yields"}

UNITS = {
    "delta": "seconds",
    "job_seconds": "seconds",
    "seconds": "seconds",
    "size_bytes": "bytes",
    "size_consumed": "bytes",
    "time_limit": "seconds",
}
"""Arguments and attributes with a unit, which the docstring names."""

ARROW = ("__arrow_c_schema__", "__arrow_c_stream__", "__arrow_c_array__")
"""Special methods that programs call by name, unlike the others."""


class Documented(NamedTuple):
    """Something with a docstring."""

    name: str
    value: Any
    text: str
    parameters: list[str]
    """The arguments that the docstring has to explain."""


def is_public(name: str) -> bool:
    return not name.startswith("_") or name in ARROW


# The stub ------------------------------------------------------------------------------------


@cache
def stub() -> dict[str, ast.ClassDef | ast.FunctionDef]:
    """The public classes, methods, properties and functions of the stub that have a docstring."""
    found: dict[str, ast.ClassDef | ast.FunctionDef] = {}

    def add(nodes: list[ast.stmt], prefix: str) -> None:
        for node in nodes:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and is_public(node.name):
                name = prefix + node.name
                # Of several overloads, the first has the docstring.
                found.setdefault(name, node)
                if isinstance(node, ast.ClassDef):
                    add(node.body, f"{name}.")

    path = Path(_core.__file__ or "").with_name("_core.pyi")
    add(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


def stub_parameters(node: ast.ClassDef | ast.FunctionDef) -> list[str]:
    if isinstance(node, ast.ClassDef):
        makers = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        return [name for each in makers if each.name == "__new__" for name in stub_parameters(each)]
    arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    return [each.arg for each in arguments if each.arg not in ("self", "cls")]


def run_time_object(name: str) -> Any:
    value: Any = _core
    for part in name.split("."):
        value = (
            inspect.getattr_static(value, part) if inspect.isclass(value) else getattr(value, part)
        )
    return value.__func__ if isinstance(value, staticmethod) else value


def test_the_stub_has_everything_public() -> None:
    assert {"MemBackend", "MemBackend.volumes", "Table.column_names", "Uuids.index"} <= {*stub()}
    for name in ("MemBackend", "Table", "Uuids"):
        public = {f"{name}.{member}" for member in vars(getattr(_core, name)) if is_public(member)}
        assert public <= {*stub()}


@pytest.mark.parametrize("name", stub())
def test_the_stub_has_the_docstring_of_the_run_time_object(name: str) -> None:
    assert ast.get_docstring(stub()[name]) == inspect.getdoc(run_time_object(name))


# Every docstring -----------------------------------------------------------------------------


def parameters_of(value: Any) -> list[str]:
    """The arguments of a function, without those that Hypothesis draws for a rule."""
    if any(name.startswith("hypothesis_stateful") for name in vars(value)):
        return []
    return [
        each.name
        for each in inspect.signature(value).parameters.values()
        if each.name not in ("self", "cls")
    ]


def fields_of(value: type) -> list[str]:
    if is_typeddict(value):
        return [*value.__annotations__]
    if is_dataclass(value):
        return [each.name for each in fields(value)]
    own = vars(value).get("__init__") or vars(value).get("__new__")
    own = own.__func__ if isinstance(own, staticmethod) else own
    is_protocol = getattr(value, "_is_protocol", False)
    return parameters_of(own) if inspect.isfunction(own) and not is_protocol else []


def members(name: str, value: type) -> Iterator[Documented]:
    """The public methods and properties that a class defines."""
    for member, what in vars(value).items():
        function = getattr(what, "__func__", what)
        if is_public(member) and (inspect.isfunction(function) or isinstance(what, property)):
            parameters = [] if isinstance(what, property) else parameters_of(function)
            text = inspect.getdoc(function) or ""
            yield Documented(f"{name}.{member}", function, text, parameters)


@cache
def everything() -> dict[str, Documented]:
    """All public classes, methods, properties and functions."""
    found = [
        Documented(
            name, run_time_object(name), ast.get_docstring(node) or "", stub_parameters(node)
        )
        for name, node in stub().items()
    ]
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        found.append(Documented(module_name, module, inspect.getdoc(module) or "", []))
        for name in getattr(module, "__all__", ()):  # A guide has a docstring alone.
            value = getattr(module, name)
            text = inspect.getdoc(value) or ""
            if getattr(_core, name, None) is value:
                continue
            if inspect.isclass(value):
                found.append(Documented(name, value, text, fields_of(value)))
                found += members(name, value)
            elif inspect.isfunction(value):
                hook = name.startswith("pytest_")
                found.append(Documented(name, value, text, [] if hook else parameters_of(value)))
            elif type(value).__module__.startswith("_pytest"):
                found.append(Documented(name, value, text, []))
    return {each.name: each for each in found}


def sections(text: str) -> dict[str, str]:
    """The sections of a docstring by their titles, as pdoc finds them."""
    text = FENCE.sub("", text)
    found = re.finditer(r"^([A-Z][\w ]*|\w+):\n((?:(?:[ ].*)?(?:\n|$))*)", text, re.MULTILINE)
    return {match[1]: inspect.cleandoc("\n" + match[2]) for match in found if match[2].strip()}


def entries(section: str) -> dict[str, str]:
    """The entries of a section that lists names."""
    found = re.finditer(
        r"^\*{0,2}([\w.]+)(?: \(.*\))?: ((?:.*(?:\n[ ].*)*))", section, re.MULTILINE
    )
    return {match[1]: match[2] for match in found}


def exists(name: str, module: str) -> bool:
    """Whether an exception of that name can be imported or is in the module."""
    if "." in name:
        package, _, name = name.rpartition(".")
        return hasattr(importlib.import_module(package), name)
    scopes = (
        nessie,
        builtins,
        importlib.import_module(module),
        importlib.import_module("concurrent.futures"),
    )
    return any(hasattr(scope, name) for scope in scopes)


@pytest.mark.parametrize("name", everything())
def test_a_docstring_has_a_summary_and_known_sections(name: str) -> None:
    text = everything()[name].text
    summary = text.split("\n\n")[0]
    assert summary.endswith((".", ":"))
    assert {*sections(text)} <= SECTIONS


@pytest.mark.parametrize("name", [name for name, each in everything().items() if each.parameters])
def test_a_docstring_explains_each_argument(name: str) -> None:
    _, _, text, parameters = everything()[name]
    found = sections(text)
    explained = entries(found.get("Args", "")) | entries(found.get("Attributes", ""))
    assert {*parameters} <= {*explained}
    for argument in {*UNITS} & {*explained}:
        assert re.search(rf"(?i){UNITS[argument]}|as in", explained[argument])


@pytest.mark.parametrize("name", everything())
def test_a_docstring_names_exceptions_that_exist(name: str) -> None:
    _, value, text, _ = everything()[name]
    named = {
        *entries(sections(text).get("Raises", "")),
        *re.findall(r"\b[A-Z]\w+(?:Error|Interrupt)\b", text),
    }
    module = getattr(value, "__module__", None) or "nessie_backend_mem"
    assert not {each for each in named if not exists(each, module)}


@pytest.mark.parametrize(
    "name",
    [
        # The example of the conformance suite runs all of it.
        pytest.param(name, marks=[pytest.mark.slow] if "run_all(" in each.text else [])
        for name, each in everything().items()
        if ">>>" in each.text
    ],
)
def test_an_example_in_a_docstring_runs(name: str) -> None:
    text = everything()[name].text
    example = doctest.DocTestParser().get_doctest(text, {**vars(nessie)}, name, None, None)
    assert example.examples
    failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
    assert not failed


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("from nessie_backend_mem import MemBackend", MemBackend.__doc__),
        (
            "from nessie_backend_mem import MemBackend as M; M().create_volume",
            "Create an online read-write volume",
        ),
        ("from nessie_backend_mem import MemBackend as M; M().volumes().column", "one column"),
        ("from nessie_backend_mem import Volume", Volume.__doc__),
        ("from nessie_backend_mem import Fault", Fault.__doc__),
        ("from nessie_backend_mem.simulation import run_shards", run_shards.__doc__),
        ("from nessie_backend_mem.ontap import OntapServer", OntapServer.__doc__),
    ],
)
def test_an_editor_shows_the_docstring_of_a_name(code: str, shown: str | None) -> None:
    jedi = pytest.importorskip("jedi")
    found = jedi.Script(code).help(1, len(code))
    assert " ".join((shown or "?").split()) in " ".join(found[0].docstring().split())
