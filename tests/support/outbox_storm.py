"""Writers of one outbox that are killed again and again. Run as a module with: FILE KILLS SEED; so many kills at least.

Each writer is a process of its own that accepts events until it is killed with SIGKILL: from outside at a random
moment, or by itself just before or just after a COMMIT. What a writer was told is accepted, it says at once; all of it
goes to standard output as lines ``case seq``.
"""

import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue
from tests.support.senders import dossier

CASES = 5
LONGEST_LIFE_S = 0.08
"""A writer accepts some dozens of events in this time."""
MOST_AT_ONCE = 3
"""Events that a writer hands in together."""
WRITERS = 2
"""At the same time, so that they also compete for the file."""


class DyingConnection(sqlite3.Connection):
    """Dies at its n-th COMMIT, before it or after it."""

    before = 0
    after = 0

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        """Execute, or die."""
        if sql != "COMMIT":
            return super().execute(sql, *arguments)
        DyingConnection.before -= 1
        if DyingConnection.before == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        done = super().execute(sql, *arguments)
        DyingConnection.after -= 1
        if DyingConnection.after == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def write(path: str, seed: int) -> None:
    """Accept events for ever, and say each."""
    chance = random.Random(seed)
    if seed % 3 == 0:
        DyingConnection.before = chance.randint(2, 20)
    elif seed % 3 == 1:
        DyingConnection.after = chance.randint(2, 20)
    with Outbox(path, connection_class=DyingConnection) as outbox:
        while True:
            receipts = outbox.accept_all(
                [dossier(f"A-{chance.randrange(CASES)}") for _ in range(chance.randint(1, MOST_AT_ONCE))]
            )
            said = "".join(f"{receipt.case_id} {receipt.seq}\n" for receipt in receipts)
            os.write(sys.stdout.fileno(), said.encode())


def main() -> None:
    """Start writers and kill them, as often as wanted."""
    path, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    living: list[int] = []
    number = 0
    while number < kills or accepted(path) <= kills + MOST_AT_ONCE * number:  # on a slow machine lives are too short
        while len(living) < WRITERS:
            child = os.fork()
            if child == 0:
                write(path, seed * 1000 + number * WRITERS + len(living))
            living.append(child)
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        end(living.pop(chance.randrange(len(living))))
        number += 1
    for child in living:
        end(child)


def accepted(path: str) -> int:
    """How many events are kept. All but the last few of each writer that was killed were said, too."""
    with OutboxQueue(Path(path)) as queue:
        return len(queue.pending(1_000_000))


def end(child: int) -> None:
    """Kill a writer, if it has not done so itself, and wait for its end. One that ended otherwise ends the storm."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit("a writer ended by itself: it was refused while others wrote")


if __name__ == "__main__":
    main()
