"""Every test says what it holds to be true."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.source_tree import ROOT, repository_files

STATED_BY = ("raises", "assert_")
"""``pytest.raises``, and helpers and methods whose name begins so: they assert."""


def cases_in(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The test functions and methods of a file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def states_something(test: ast.AST) -> bool:
    """Whether an assertion stands in it, or the call of something that asserts."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called.startswith(STATED_BY):
                return True
    return False


def test_every_test_states_something() -> None:
    """One that only waits or calls passes whatever its last line finds: nobody sees what it is for."""
    silent = [
        f"{path.relative_to(ROOT)}:{test.lineno} {test.name}"
        for path in repository_files()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "tests")
        for test in cases_in(path.read_text(encoding="utf-8"))
        if not states_something(test)
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("body", "states"),
    [
        ("assert found", True),
        ("with pytest.raises(ValueError): go()", True),
        ("await stage.assert_exact()", True),
        ("assert_right(found)", True),
        ("await until(lambda: found)", False),
        ("check(found)", False),
    ],
)
def test_the_scan_sees_what_states_and_what_does_not(body: str, states: bool) -> None:
    """So that it would notice."""
    (test,) = cases_in(f"async def test_x():\n    {body}\n")
    assert states_something(test) is states
