"""The cases about Python.

The other cases are shared with Rust and call a backend with typed values. The cases here check the
forms of arguments that a backend accepts, its dicts, and the attributes of its exceptions.

`signatures` has the methods and the kinds of their arguments, `bad_values` the values that are
refused. The cases combine them, so that each value is sent as each argument of each method.
"""

from . import (
    bad_arguments,
    capabilities,
    check_order,
    exceptions,
    freshness,
    instances,
    namesakes,
    positions,
    spellings,
)
from .plain_records import results_are_plain_dicts
from .registry import PYTHON_CASES, PythonCase

__all__ = [
    "PYTHON_CASES",
    "PythonCase",
    "bad_arguments",
    "capabilities",
    "check_order",
    "exceptions",
    "freshness",
    "instances",
    "namesakes",
    "positions",
    "results_are_plain_dicts",
    "spellings",
]
__dir__ = __all__.copy
