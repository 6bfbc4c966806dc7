"""The entry of the command `lienthong`: says what is missing where only the SDK is installed."""

import sys
from importlib import import_module

CONFIGURATION = 78
"""Exit code as in ``lienthong_infra.exit_codes``: what is installed is not what is asked for."""


def main() -> None:
    """Run the command, or say how to get it."""
    try:
        run = import_module("lienthong.cli.main").main
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"lienthong: {error.name or error} is missing: only the SDK is installed. The command comes with\n"
            "pip install 'lienthong[demo]'; to forward an outbox without it: python -m lienthong_producers --help\n"
        )
        sys.exit(CONFIGURATION)
    except ImportError as error:
        if error.name != "lienthong_build":
            raise
        sys.stderr.write(f"lienthong: {error}\n")  # a compiled engine of other sources
        sys.exit(CONFIGURATION)
    run()
