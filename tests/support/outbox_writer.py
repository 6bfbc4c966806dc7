"""An office system at work. Run as a module with: FILE EVENTS CASES.

It writes until SIGTERM, and until so many events are accepted; it says ``accepted N`` at the first and at the end.
"""

import signal
import sys
import time
from itertools import count

from lienthong_producers.outbox import Outbox
from tests.support.senders import OFFICE, dossier

AT_ONCE = 10
"""Events in one transaction."""
PAUSE_S = 0.004
"""Between two transactions: leaves the processor to those who are tested."""


def main() -> None:
    """Accept events, in turn for each case."""
    path, least, cases = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ordered_to_end: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ordered_to_end.append(number))
    states = [dossier(f"A-{number}") for number in range(cases)]
    with Outbox(path, offices=[OFFICE]) as outbox:
        for begun in count(0, AT_ONCE):
            outbox.accept_all([states[number % cases] for number in range(begun, begun + AT_ONCE)])
            done = begun + AT_ONCE
            if done == AT_ONCE:
                say(done)
            if done >= least and ordered_to_end:
                say(done)
                return
            time.sleep(PAUSE_S)


def say(done: int) -> None:
    """Tell how many are accepted."""
    sys.stdout.write(f"accepted {done}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
