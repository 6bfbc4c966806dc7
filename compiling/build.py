"""The build itself: copies the packages, lets mypyc and the C compiler make machine code of some modules.

It is made beside the old one and takes its place at the end, so a build is whole or not there. A build whose sources
have not changed is kept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from compiling.build_guard import NAME, RECORD, fingerprint, record_of
from compiling.modules import COMPILED, PACKAGES
from compiling.ready import MODULE, source

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "build" / "compiled"
"""Put it on PYTHONPATH to use it."""
_ASKS_THE_GUARD: Final = f"""
from pathlib import Path

from {NAME} import require_same_sources

require_same_sources(Path(__file__).resolve().parents[1])
"""
_SETTINGS: Final = """[mypy]
plugins = pydantic.mypy
follow_imports = silent
ignore_missing_imports = True
"""
OPTIMISATION: Final = "2"
"""As the C compiler counts it; 3 takes longer to compile and gains nothing that could be measured."""


class CannotCompile(Exception):
    """Something is missing on this machine; the text says what."""


def missing() -> str:
    """What this machine lacks to compile, in words; empty where nothing is missing."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler: {compiler!r} is not on PATH (Debian, Ubuntu: apt-get install gcc)"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "the header files of Python are missing (Debian, Ubuntu: apt-get install python3-dev)"
    for name in ("mypy", "setuptools"):
        try:
            version(name)
        except PackageNotFoundError:
            return f"the package {name} is missing: run `make setup`"
    return ""


def record_now() -> dict[str, Any]:
    """What a build of the sources as they are now would be made from."""
    return {
        "root": str(ROOT),
        "packages": list(PACKAGES),
        "modules": list(COMPILED),
        "mypy": version("mypy"),
        "fingerprint": fingerprint(ROOT, PACKAGES),
    }


def built(folder: Path = FOLDER) -> Path:
    """The folder of a build of the sources as they are now; made anew where they have changed. Raises CannotCompile."""
    reason = missing()
    if reason:
        raise CannotCompile(reason)
    record = record_now()
    if record_of(folder) == record:
        return folder
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        lay_out(fresh)
        compile_in(fresh, COMPILED)
        seal(fresh, record)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def lay_out(fresh: Path) -> None:
    """The packages' Python files, links to all that is none, the functions made ready, and the guard."""
    shutil.rmtree(fresh, ignore_errors=True)
    for package in PACKAGES:
        folder = ROOT / package
        for path in sorted(folder.rglob("*.py")):
            target = fresh / folder.name / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for path in folder.iterdir():
            target = fresh / folder.name / path.name
            if not target.exists() and path.name != "__pycache__":
                target.symlink_to(path, target_is_directory=path.is_dir())
    (fresh / MODULE).write_text(source(), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("build_guard.py"), fresh / f"{NAME}.py")


def compile_in(fresh: Path, modules: Sequence[str], optimisation: str = OPTIMISATION) -> None:
    """Let the compilers make machine code of some modules where they lie. Raises CannotCompile with what they say."""
    (fresh / "mypy.ini").write_text(_SETTINGS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "compiling.extension", optimisation, *modules],
        cwd=fresh,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT / "infra")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotCompile("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
    for left_over in ("build", ".mypy_cache", "mypy.ini"):
        path = fresh / left_over
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def seal(fresh: Path, record: Mapping[str, Any]) -> None:
    """Let both packages ask the guard when they are imported, and write down what the build was made from."""
    for package in PACKAGES:
        with (fresh / Path(package).name / "__init__.py").open("a", encoding="utf-8") as package_file:
            package_file.write(_ASKS_THE_GUARD)
    (fresh / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
