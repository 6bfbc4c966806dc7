"""The ledger counted again from the log in plain Python. Shares no code with the ledger's own domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple


class Counted(NamedTuple):
    """One delivery of an event, as far as the recount needs it."""

    case_id: str
    epoch: int
    seq: int
    digest: bytes
    accepted_at: int
    office: str
    received_at: int | None
    due_at: int | None
    ended_at: int | None
    next_epoch: int | None
    last_seq: int | None


class Recount(NamedTuple):
    """``rows``: by case, (epoch, seq, digest) of the event that applies. ``totals``: by (office, kind), the figures."""

    rows: dict[str, tuple[int, int, bytes]]
    totals: dict[tuple[str, str], tuple[int, int, int, int, int]]
    """waiting, received, ended, ended late, open"""
    events: int
    duplicates: int


def recount(deliveries: Iterable[Counted]) -> Recount:
    """Count everything again."""
    cases: dict[str, list[Counted]] = defaultdict(list)
    for one in deliveries:
        cases[one.case_id].append(one)
    rows: dict[str, tuple[int, int, bytes]] = {}
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    events = duplicates = 0
    for case_id, all_deliveries in cases.items():
        different = {(one.epoch, one.seq, one.digest) for one in all_deliveries}
        events += len(different)
        duplicates += len(all_deliveries) - len(different)
        last = last_that_applies(all_deliveries)
        if last is None:
            continue
        rows[case_id] = (last.epoch, last.seq, last.digest)
        cells = totals[last.office, case_id.split(":")[0]]
        ended = last.ended_at is not None
        received = ended or last.received_at is not None
        late = last.ended_at is not None and last.due_at is not None and last.ended_at > last.due_at
        for place, holds in enumerate((not received, received, ended, late, received and not ended)):
            cells[place] += holds
    return Recount(rows, {unit: (c[0], c[1], c[2], c[3], c[4]) for unit, c in totals.items()}, events, duplicates)


def last_that_applies(deliveries: list[Counted]) -> Counted | None:
    """Of the deliveries of one case the one that applies last; None where nothing does."""
    winners: dict[tuple[int, int], Counted] = {}
    for one in sorted(deliveries, key=lambda each: (each.accepted_at, each.digest)):
        winners.setdefault((one.epoch, one.seq), one)
    last: Counted | None = None
    epoch, end, following = 1, float("inf"), 0
    for number in sorted(winners):
        if number[0] == following:
            epoch, end, following = following, float("inf"), 0
        if number[0] != epoch or number[1] > end:
            continue
        last = winners[number]
        if last.next_epoch is not None and not following:
            following = last.next_epoch
            end = max(last.last_seq or 0, last.seq)
    return last
