"""How many times a second one core adds working time to an instant, and finds the due time of a policy.

The target of the calendar is 150,000 additions a second on one core. Run: ``python -m benchmarks.calendar_additions``.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from lienthong_schemas.calendar_table import HOUR, WorkingCalendar
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_due import due_time
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference

NOW: Final[Instant] = 1_780_000_000_000_000
"""An instant of May 2026."""
STARTS: Final = 100_000
SPREAD: Final = 300 * 24 * HOUR
"""Starts are spread over so many microseconds around NOW."""


def per_second(work: Callable[[Instant], object], starts: Sequence[Instant]) -> float:
    """How often a second of CPU the work is done."""
    before = time.process_time()
    for start in starts:
        work(start)
    return len(starts) / (time.process_time() - before)


def measure() -> dict[str, int]:
    """Additions and due times a second of CPU, on the packaged calendar of Việt Nam."""
    book = ReferenceBook([entry.record(None) for entry in load_reference("vn")])
    found, policy = book.working_calendar("default", NOW), book.clock_policy("dossier", "1.004222", NOW)
    if found is None or policy is None:
        raise LookupError("the set vn has no calendar or no policy for 1.004222")
    calendar: WorkingCalendar = found[1]
    chance = random.Random(1)
    starts = [NOW + chance.randrange(-SPREAD // 2, SPREAD // 2) for _ in range(STARTS)]
    return {
        "additions": round(per_second(lambda start: calendar.add(start, 40 * HOUR), starts)),
        "measurements": round(per_second(lambda start: calendar.between(start, NOW), starts)),
        "due_times": round(per_second(lambda start: due_time(policy[1], calendar, start), starts[: STARTS // 5])),
    }


if __name__ == "__main__":
    print(json.dumps(measure()))  # noqa: T201
