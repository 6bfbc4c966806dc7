"""Refuses a build that was made from other sources. Stands in each build as ``lienthong_build``; standard library only.

Both packages of a build ask this module when they are imported, so a build can never stand in for sources that have
changed, whoever put it on the path.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

NAME = "lienthong_build"
"""Of this module within a build, and of its error, by which it is known."""
RECORD = f"{NAME}.json"
"""What a build was made from: the root of the sources, the packages, the fingerprint."""


def fingerprint(root: Path, packages: Sequence[str]) -> str:
    """Another text for other Python files in the packages below a root, or for another Python."""
    found = hashlib.sha256(sys.version.encode())
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            content = path.read_bytes()
            found.update(f"{path.relative_to(root)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def record_of(folder: Path) -> dict[str, Any]:
    """What the build in a folder was made from; empty where there is none."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@cache
def require_same_sources(folder: Path) -> None:
    """Raises ImportError where the sources are no longer those from which the build in a folder was made."""
    record = record_of(folder)
    if record and fingerprint(Path(record["root"]), record["packages"]) == record["fingerprint"]:
        return
    raise ImportError(
        f"the compiled engine in {folder} was made from other sources than those in {record.get('root', 'its place')}, "
        "or by another Python: run `make compiled`, or take the folder off PYTHONPATH to run without it",
        name=NAME,
    )
