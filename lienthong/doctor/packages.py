"""Python and the packages: are they what this version of the distribution asks for?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Final

from packaging.requirements import Requirement  # comes with aiokafka

from lienthong.doctor.finding import Finding, bad, good, note

LOWEST_PYTHON: Final = (3, 11)
DISTRIBUTION: Final = "lienthong"
VersionOf = Callable[[str], str | None]


def installed_version(name: str) -> str | None:
    """The version of an installed package, None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def python_finding(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether this Python is new enough."""
    text = ".".join(map(str, version))
    if version[:2] >= LOWEST_PYTHON:
        return good("python", text)
    return bad("python", f"{text} is too old", "install Python 3.11 or newer, then `make setup`")


def package_findings(requires: Iterable[str] | None = None, version_of: VersionOf = installed_version) -> list[Finding]:
    """Every package that is missing or of another version than asked for; one good finding where none is."""
    wanted = [Requirement(text) for text in (metadata.requires(DISTRIBUTION) or () if requires is None else requires)]
    found: dict[str, Finding] = {}
    for each in wanted:
        problem = _judged(each, version_of(each.name))
        if problem is not None:
            found.setdefault(each.name, problem)
    names = {each.name for each in wanted}
    return list(found.values()) or [good("packages", f"{len(names)} packages are as asked for")]


def _judged(wanted: Requirement, version: str | None) -> Finding | None:
    optional = wanted.marker is not None
    if version is None:
        extra = str(wanted.marker).partition("extra == ")[2].strip("\"'") if optional else ""
        if optional:
            return note(wanted.name, "is not installed", f"needed for: pip install '{DISTRIBUTION}[{extra}]'")
        return bad(wanted.name, "is not installed", f"install {wanted.name}{wanted.specifier}")
    if wanted.specifier.contains(version, prereleases=True):
        return None
    return bad(
        wanted.name,
        f"{version} is installed, {wanted.specifier} is asked for",
        "`make setup` installs the tested versions; elsewhere reinstall lienthong",
    )
