"""Cycles of garbage: looked for less often than Python does by itself, and not among what stays anyway."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
"""A step makes some ten objects a record, nearly all of them gone when it is committed, hardly one in a cycle. Python
looks through them after every 700: that took a fifth of what a worker without an engine needs."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage seldom, and leave out what there is now: modules and classes, some hundred thousand objects.

    Only what stays as long as the block should be there by now: garbage among it is not found before the block ends.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
