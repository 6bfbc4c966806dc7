"""The files of this repository, and what its functions look like; for the tests of the architecture."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@functools.cache
def repository_files() -> tuple[Path, ...]:
    """Every file that is tracked or about to be: what the ignore file leaves out does not count."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return tuple(ROOT / name for name in names if (ROOT / name).is_file())


def python_files() -> tuple[Path, ...]:
    """Every Python file of the repository."""
    return tuple(path for path in repository_files() if path.suffix == ".py")


def text_of(path: Path) -> str | None:
    """Content of a text file; None for a binary one."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Full name of every module that the code imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@dataclass(frozen=True, slots=True)
class Function:
    """A function's place, its length in lines, and its parameters without `self` and `cls`."""

    place: str
    lines: int
    parameters: int


def functions_of(path: Path) -> Iterator[Function]:
    """Every function and method of a file, also nested ones. A signature and a docstring count as lines too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            yield Function(
                place=f"{path.relative_to(ROOT)}:{node.name}",
                lines=(node.end_lineno or node.lineno) - node.lineno + 1,
                parameters=sum(each.arg not in ("self", "cls") for each in named),
            )
