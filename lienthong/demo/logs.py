"""Where the demo's own log lines go: into a file, for what they tell is shown in words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lienthong_infra.log_lines import LineFormatter


@contextmanager
def log_into(file: Path) -> Iterator[None]:
    """Write the log lines of this process into a file inside, and nowhere else."""
    file.parent.mkdir(parents=True, exist_ok=True)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(LineFormatter())
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        handler.close()
