"""Readers and writers that were made ready for the packaged schemas: none in the sources, some in a compiled build.

The build writes another module in the place of this one, from the same generator, and compiles it with the rest. A
function is known by its source text: where a schema is newer, or the generator another, none of them is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

READY: Final[Mapping[str, Callable[..., Any]]] = {}
"""By the name that the source text gives it, see ``avro_shape.name_of``."""
