"""The machine: folders, space, ports."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from lienthong.doctor.finding import Finding, bad, good, note
from lienthong_infra.embedded import ports
from lienthong_infra.settings import Settings

BYTES_TIGHT: Final = 2_000_000_000
"""Below this there is a note: a log segment of Kafka alone may take 1 GB."""
BYTES_NEEDED: Final = 300_000_000
"""Below this the embedded servers soon stop: jars, start cache and empty data take 0.2 GB together."""
OPEN_TO_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def folder_findings(settings: Settings) -> Iterator[Finding]:
    """Whether data and cache can be written, by nobody else, and have room."""
    for variable, folder in (("LIENTHONG_HOME", settings.home), ("LIENTHONG_CACHE", settings.cache)):
        yield writable(variable, folder)
        yield space(variable, folder)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder


def writable(variable: str, folder: Path) -> Finding:
    """Whether we can write there, and nobody else can."""
    place = existing(folder)
    if not place.is_dir():
        return bad(variable, f"{place} is no folder", f"set {variable} to another folder")
    if not os.access(place, os.W_OK | os.X_OK):
        return bad(variable, f"{place} cannot be written", f"change its owner, or set {variable} to another folder")
    if folder == place and place.stat().st_mode & OPEN_TO_OTHERS:
        mode = stat.filemode(place.stat().st_mode)
        return bad(variable, f"others can write to {place} ({mode})", f"chmod go-w {place}")
    return good(variable, f"{folder}" if folder == place else f"{folder} (will be made)")


def space(variable: str, folder: Path, free: Callable[[Path], int] | None = None) -> Finding:
    """Whether there is room."""
    room = (free or _free)(existing(folder))
    text = f"{room / 1e9:.1f} GB free in {folder}"
    advice = f"free some, or set {variable} to a folder on another disk"
    if room < BYTES_NEEDED:
        return bad("disk", text, advice)
    return note("disk", text, advice) if room < BYTES_TIGHT else good("disk", text)


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def metrics_port_finding(port: int, *, taken: Callable[[int], bool] = ports.is_open) -> Finding:
    """Whether workers can serve their metrics."""
    if port == 0:
        what = "LIENTHONG_METRICS_PORT is not set: workers serve no metrics of their own"
        return note("metrics port", what, "give each worker one if you want them; the alerts need only the exporter")
    if taken(port):
        return note("metrics port", f"something listens on {port}", "if it is no worker of yours, choose another port")
    return good("metrics port", f"{port} is free")
