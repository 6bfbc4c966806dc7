"""The environment of a process that runs the compiled engine."""

from __future__ import annotations

import os
from functools import cache

from compiling.build import built


@cache
def compiled_engine() -> dict[str, str]:
    """Variables for a process; the engine is compiled first where that has not been done. Raises CannotCompile."""
    paths = [str(built()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}
