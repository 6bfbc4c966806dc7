"""Becomes a command that ends when its parent ends: ``python -I -S tether.py <parent's pid> <command> …``.

The kernel sends SIGTERM to this process when the parent is gone, even by SIGKILL; the setting survives the change into
the command. Standard library only: it must start at once.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2)."""


def main() -> None:
    """Tie this process to its parent and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(f"the process {parent} is gone already")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
