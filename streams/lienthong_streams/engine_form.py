"""In which form the engine runs: as Python, or compiled to machine code (``make compiled``)."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from typing import Final

PURE: Final = "python"
COMPILED: Final = "compiled"
_HEART: Final = "lienthong_streams.domain.fold"


def engine_form() -> str:
    """PURE or COMPILED; nothing of the engine is imported for it."""
    spec = find_spec(_HEART)
    origin = "" if spec is None or spec.origin is None else spec.origin
    return COMPILED if origin.endswith(tuple(EXTENSION_SUFFIXES)) else PURE
