"""Log lines of commands and workers: one event a line, its name first, then what belongs to it as ``name=value``.

Modules log the name of an event and put details into ``extra``; nothing personal is logged anywhere.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""Attributes that every log record has; the others came by ``extra``."""


class LineFormatter(logging.Formatter):
    """``2026-11-22T05:33:07Z WARNING broker-unavailable attempt=3``; a traceback follows below."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        details = [f"{name}={_shown(value)}" for name, value in vars(record).items() if name not in _STANDARD]
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = " ".join([moment, record.levelname, record.getMessage(), *details])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write the log lines of this process to standard error, from this level on. Calling it again changes nothing."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, LineFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    root.addHandler(handler)
    root.setLevel(level)
    for client in ("aiokafka", "kafka"):  # our adapters report what these would repeat for every address
        logging.getLogger(client).setLevel(logging.ERROR)


def _shown(value: object) -> str:
    text = str(value)
    return text if text and not set(text) & set(' "=\n') else json.dumps(text, ensure_ascii=False)
