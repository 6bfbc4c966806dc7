"""What an examination finds."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["good", "note", "bad"]
"""``note``: worth knowing, and it may be meant so. Only ``bad`` makes the command fail."""


class Finding(NamedTuple):
    """One thing examined: what, in which state, and what to do where it is not good."""

    level: Level
    subject: str
    what: str
    advice: str = ""


def good(subject: str, what: str) -> Finding:
    """Nothing to do."""
    return Finding("good", subject, what)


def note(subject: str, what: str, advice: str) -> Finding:
    """Perhaps something to do."""
    return Finding("note", subject, what, advice)


def bad(subject: str, what: str, advice: str) -> Finding:
    """Something to do."""
    return Finding("bad", subject, what, advice)
