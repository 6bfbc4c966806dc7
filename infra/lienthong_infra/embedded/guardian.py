"""Runs one server and ends it when the process that asked for it dies, even by SIGKILL.

Started as a script with one JSON argument; see `process.spawn`. It writes the server's process id, then reads standard
input, whose other end the asking process holds: the end of input means that process is gone (or let go on purpose).
Should the guardian itself be killed, the kernel kills the server. Standard library only: it must start at once.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2)."""
_POLL_S = 0.2
"""Seconds between two looks at whether the server has ended by itself."""


def _die_with_guardian() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> int:
    """Run until the server or the asking process ends; return the server's exit code."""
    order = json.loads(sys.argv[1])
    server = subprocess.Popen(
        order["command"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        env=order["env"],
        cwd=order["folder"],
        user=order["user"],
        group=order["group"],
        extra_groups=None if order["user"] is None else [],
        preexec_fn=_die_with_guardian,
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    while server.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], _POLL_S)
        if readable and not os.read(sys.stdin.fileno(), 1):
            server.send_signal(order["signal"])
            try:
                server.wait(order["grace_s"])
            except subprocess.TimeoutExpired:
                server.kill()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
