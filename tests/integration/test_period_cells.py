"""Form II.06 counted by the database, against the rules in Python, dossier by dossier, over every kind of case."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lienthong_consumers.domain.period_course import counts_of, no_counts
from lienthong_consumers.domain.period_report import COUNTS, Counting, Period
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.period_cells import cells_at, cells_now
from lienthong_consumers.ledger.period_rows import courses, day_of
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import datetime_of
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import START, case, dossier, hour, outbound

pytestmark = pytest.mark.broker

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
STATUSES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10")


def june() -> Period:
    """Three days around START, so that dossiers lie before, in and after it."""
    first = datetime_of(START).astimezone(HANOI).date()
    begin = START - 30 * 3_600_000_000
    return Period("test", first, datetime_of(hour(60)).astimezone(HANOI).date(), begin, hour(60))


def some_event(number: int, seq: int, chance: random.Random) -> dict[str, Any]:
    """An event of a dossier in any state, with times on all sides of the period."""
    status = chance.choice(STATUSES)
    at = [chance.choice((None, *[hour(chance.uniform(-150, 100))] * most)) for most in (8, 2)]
    ended = hour(chance.uniform(-80, 150)) if status in ("7", "9", "10") else None
    return dossier(
        number,
        seq,
        status,
        office=chance.choice(("H27.16", "H27.31")),
        procedure=chance.choice(("p", "q")),
        channel=chance.choice(("online", "direct", "post")),
        received_at=at[0],
        due_at=at[1],
        ended_at=ended,
        occurred_at=hour(chance.uniform(-150, 150)),
        accepted_at=hour(chance.uniform(-150, 150)),
    )


def log(chance: random.Random) -> list[OutboundRecord]:
    """Dossiers with holes, conflicts, handovers and events that wait, each known an hour after the other."""
    events: list[dict[str, Any]] = []
    for number in range(150):
        numbers = chance.sample(range(1, 6), chance.randint(1, 4))
        events += [some_event(number, seq, chance) for seq in numbers]
        if number % 5 == 0:
            events.append({**some_event(number, numbers[0], chance), "step": "another"})
        if number % 7 == 0:
            handover = {"successor": "H27.31", "next_epoch": 2, "last_seq": 3}
            events.append({**some_event(number, 3, chance), "change": "handover", "handover": handover})
            events.append({**some_event(number, 1, chance), "epoch": 2})
    chance.shuffle(events)
    return [outbound(event, timestamp=hour(number) // 1_000) for number, event in enumerate(events)]


@pytest.fixture(scope="module")
async def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """A ledger with all of that."""
    made = LedgerBench(ledger_dsn_factory(), "t-cells")
    made.put(*log(random.Random(6)))
    await made.settle()
    return made


@pytest.mark.parametrize("counting", ["day", "instant"])
def test_the_database_counts_as_the_rules_say(bench: LedgerBench, counting: Counting) -> None:
    """Now, and as known at several earlier times; each case from its whole history on one side."""
    period, day = june(), day_of(HANOI)
    with connect_now(bench.dsn, bench.prefix) as connection:
        (newest,) = connection.execute("SELECT max(known_at) FROM case_event").fetchone() or (None,)
        assert newest is not None
        expected = no_counts()
        for hours in (40, 200, 350, 10_000):
            known = hour(hours)
            found = (course for _, _, course in courses(connection, known))
            expected = counts_of(found, period, day, counting)
            assert cells_at(connection, period, HANOI, counting, known) == expected
        assert cells_now(connection, period, HANOI, counting) == expected
    counts = [sum(column) for column in zip(*expected.cells.values(), strict=True)]
    assert min(counts[: len(COUNTS)]) > 0, "every column has some"
    assert len(expected.moves) > 1
    assert bench.value("SELECT count(*) FROM held") > 0
    assert bench.value("SELECT count(*) FROM conflict WHERE case_id <> %s", case(0)) > 0
