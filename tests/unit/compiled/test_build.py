"""A build of the compiled engine: which modules it takes, that it compiles, and that it never hides changed sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiling.build import ROOT, compile_in, lay_out, missing, record_now, seal
from compiling.build_guard import fingerprint, require_same_sources
from compiling.modules import COMPILED, PACKAGES
from lienthong.cli.main import expected_errors
from lienthong_infra import exit_codes

FOLDER_OF = {Path(package).name: ROOT / package for package in PACKAGES}


def source_of(module: str) -> Path:
    """The source of a compiled module, by its path within a build."""
    package, _, rest = module.partition("/")
    return FOLDER_OF[package] / rest


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Python with a build on its path."""
    return subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )


def sealed(folder: Path, changed: Mapping[str, Any]) -> Path:
    """A build in which nothing is compiled, with another record than that of the sources."""
    lay_out(folder)
    seal(folder, record_now() | dict(changed))
    return folder


def test_every_module_that_is_compiled_exists() -> None:
    """A module that was renamed must not silently stay Python."""
    assert [module for module in COMPILED if not source_of(module).is_file()] == []


@pytest.mark.parametrize("module", COMPILED)
def test_no_named_tuple_names_a_class_that_stands_below_it(module: str) -> None:
    """Compiled, its fields are looked up when it is made: a class of the module that is not there yet ends the process.

    That is how the first build ended at its import.
    """
    tree = ast.parse(source_of(module).read_text(encoding="utf-8"))
    assert list(_named_too_early(tree)) == []


def _named_too_early(tree: ast.Module) -> Iterator[str]:
    lines = {node.name: node.lineno for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "NamedTuple" for b in node.bases):
            fields = [one.annotation for one in node.body if isinstance(one, ast.AnnAssign)]
            names = {n.id for field in fields for n in ast.walk(field) if isinstance(n, ast.Name)}
            yield from sorted(f"{node.name}: {name}" for name in names if lines.get(name, 0) > node.lineno)


def test_a_build_of_these_sources_is_taken(tmp_path: Path) -> None:
    """Whoever puts it on the path gets its modules, and the data files beside them."""
    build = sealed(tmp_path / "build", {})
    done = run(build, "import lienthong_schemas.codec as c, lienthong_streams as s; c.SchemaBook(); print(c.__file__)")
    assert (done.returncode, Path(done.stdout.strip()).parts[: len(build.parts)]) == (0, build.parts), done.stderr


@pytest.mark.parametrize("package", FOLDER_OF)
def test_a_build_of_other_sources_is_refused(tmp_path: Path, package: str) -> None:
    """Never may machine code stand in for sources that have changed since."""
    done = run(sealed(tmp_path / "build", {"fingerprint": "of other sources"}), f"import {package}")
    assert done.returncode != 0
    assert "run `make compiled`, or take the folder off PYTHONPATH" in done.stderr


def test_one_changed_letter_is_another_fingerprint(tmp_path: Path) -> None:
    """Of any Python file of the packages, compiled or not: constants of one are built into others."""
    lay_out(tmp_path)
    packages = sorted(FOLDER_OF)
    before = fingerprint(tmp_path, packages)
    with (tmp_path / "lienthong_schemas" / "errors.py").open("a", encoding="utf-8") as source:
        source.write("#")
    assert fingerprint(tmp_path, packages) != before


def test_a_refused_build_ends_the_command_in_one_line(tmp_path: Path) -> None:
    """A setting of this machine is wrong; a traceback would not help anybody."""
    with pytest.raises(ImportError) as refused:
        require_same_sources(tmp_path)
    told = expected_errors(refused.value)
    assert told is not None
    assert told[0][1] == exit_codes.CONFIGURATION_WRONG


def test_a_machine_without_a_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, and how to get it."""
    monkeypatch.setenv("PATH", "")
    assert "there is no C compiler" in missing()


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_module_is_compiled_and_says_the_same(tmp_path: Path) -> None:
    """The smallest of them: the way through mypyc, the C compiler and the import works on this machine."""
    lay_out(tmp_path)
    compile_in(tmp_path, ["lienthong_streams/packed_values.py"], optimisation="0")
    done = run(tmp_path, "import lienthong_streams.packed_values as p; print(p.__file__, p.pack_text('Hà'))")
    file, packed = done.stdout.split()
    assert not file.endswith(".py")
    assert packed == repr(b"\x03H\xc3\xa0")
