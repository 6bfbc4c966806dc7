"""`python -m lienthong_producers`: forwards an outbox. For offices with the base install, which has no `lienthong`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from lienthong_infra import exit_codes
from lienthong_infra.errors import LienthongError
from lienthong_infra.log_lines import log_to_stderr
from lienthong_producers.forward_app import forward
from lienthong_schemas.errors import ContractError


def main() -> int:
    """Forward until SIGTERM; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lienthong_producers", description="Forward an outbox to the bus.")
    parser.add_argument("--outbox", type=Path, required=True, help="the outbox file")
    parser.add_argument("--bootstrap", required=True, help="host:port of one or more brokers, separated by commas")
    parser.add_argument("--prefix", required=True, help="the bus, such as h27")
    parser.add_argument("--office", action="append", default=[], help="agency code this is the outbox of; repeatable")
    given = parser.parse_args()
    log_to_stderr()
    try:
        asyncio.run(forward(given.bootstrap, given.prefix, given.outbox, offices=given.office))
    except LienthongError as error:
        sys.stderr.write(f"lienthong_producers: {error}\n")
        return error.exit_code
    except ContractError as error:
        sys.stderr.write(f"lienthong_producers: {error}\n")
        return exit_codes.BAD_INPUT
    return exit_codes.GOOD


if __name__ == "__main__":
    sys.exit(main())
