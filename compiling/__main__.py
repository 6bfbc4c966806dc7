"""``python -m compiling``: make the build, or say why it cannot be made."""

from __future__ import annotations

import sys

from compiling.build import CannotCompile, built
from lienthong_infra import exit_codes


def main() -> None:
    """Print the folder of the build; what is wrong goes to stderr."""
    try:
        folder = built()
    except CannotCompile as error:
        sys.stderr.write(f"compiled: {error}\nWithout it everything works, from the same sources, at its usual pace.\n")
        sys.exit(exit_codes.CONFIGURATION_WRONG)
    sys.stdout.write(f"{folder}\nUse it with: PYTHONPATH={folder} .venv/bin/lienthong stream deadlines\n")


if __name__ == "__main__":
    main()
