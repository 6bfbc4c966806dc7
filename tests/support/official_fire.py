"""What ``official-totals.v1`` must say after a storm over the ledger: counted from the log and the announcements alone.

Nobody works as a deadline worker there, so announcements are made up: ends of clocks, confirmed, withdrawn, reopened.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.records import Tick, partition_key
from lienthong_schemas.totals import MEASURES, Totals
from tests.support.ledger_log import BOOK, clock_event
from tests.support.log_recount import History, kind_of, selector_of, standing
from tests.support.official_recount import Cells, recounted

JUDGED: Final = datetime(2026, 5, 14, 17, tzinfo=UTC)
"""The end of the simulated month in Việt Nam, by which open cases are judged."""
SILENT_FOR: Final = timedelta(days=10)
EVERY: Final = 3
"""Every so many-th dossier that states an end has announcements behind it; twice would be no log of a worker."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_WORDS: Final = ("confirmed", "cleared")


def with_announcements(records: Iterable[OutboundRecord], seed: int) -> Iterator[OutboundRecord]:
    """The records, and behind some that state the end of a dossier what a worker might say of it."""
    chance, ended = random.Random(seed), set[str]()
    for record in records:
        yield record
        if record.topic != "dossier.v1":
            continue
        said = BOOK.decode(record.topic, record.value or b"")
        if said["ended_at"] is None or said["case_id"] in ended:
            continue
        ended.add(said["case_id"])
        if len(ended) % EVERY == 0:
            yield from _announced(said["case_id"], f"a{len(ended)}", chance)


def _announced(case_id: str, name: str, chance: random.Random) -> list[OutboundRecord]:
    told = {"regulated_seconds": 28_800, "used_percent": chance.randint(0, 320)}
    kind = "met" if told["used_percent"] <= 100 else "met-late"
    said = [_event(case_id, name, kind, **told)]
    luck = chance.random()
    if kind == "met-late":
        said.append(_event(case_id, f"{name}-b", "breached"))
    if luck < 0.2:
        said.append(_event(case_id, f"{name}-c", "confirmed", refers_to=name, **told | {"used_percent": 45}))
    elif luck < 0.3:
        said.append(_event(case_id, f"{name}-w", "cleared", refers_to=name))
    elif luck < 0.4:
        said.append(_event(case_id, f"{name}-s", "started", episode=2))
    elif luck < 0.5:
        said.append(_event(case_id, f"{name}-r", "met", clock="receipt"))
    chance.shuffle(said)
    return said


def _event(case_id: str, name: str, kind: str, **more: Any) -> OutboundRecord:
    return clock_event(name, kind, case_id=case_id, **more)._replace(key=case_id.encode())


def tick(log: Sequence[Record]) -> OutboundRecord:
    """A tick over all cases of the log, at the end of its month; half of the offices were not heard for days."""
    ends: dict[str, int] = {}
    for record in log:
        name = partition_key(record.topic, record.partition)
        ends[name] = max(ends.get(name, 0), record.offset + 1)
    heard = {office: _instant(at) for office, at in heard_of(log).items()}
    value = BOOK.encode("tick.v1", Tick(_instant(JUDGED), ends, 0, heard)._asdict())
    return OutboundRecord("tick.v1", None, value, partition=0)


def heard_of(log: Sequence[Record]) -> dict[str, datetime]:
    """By office, up to when it was heard."""
    offices = sorted({BOOK.decode(record.topic, record.value or b"")["office"] for record in log})
    return {office: JUDGED - SILENT_FOR * (number % 2) for number, office in enumerate(offices)}


def official_again(
    cases: Mapping[str, History], heard: Mapping[str, datetime], said: Sequence[Mapping[str, Any]]
) -> Cells:
    """The cells that the ledger must have published. ``said``: decoded records of ``sla.v1``."""
    rows, holes = [], []
    for case_id, history in cases.items():
        now = standing(history)
        if now.last is not None:
            rows.append(_row(case_id, history, now.last.said, kind_of(now.last), selector_of(now.last)))
        if now.holes:
            holes.append(case_id)
    return recounted(rows, at=JUDGED, heard=heard, fields={}, holes=holes, clocks=list(_clocks(said)))


def _row(case_id: str, history: History, said: Mapping[str, Any], kind: str, selector: str) -> dict[str, Any]:
    first = min(
        (one for one in history if one.number[0] == 1), key=lambda one: (one.number, one.accepted_at, one.content)
    )
    plain = ("office", "commune", "channel", "status", "rating", "fee_paid", "digitised", "signature")
    times = {name: None if said[name] is None else _EPOCH + said[name] * _MICROSECOND for name in _TIMES}
    return {
        **{name: said.get(name) for name in plain},
        **times,
        "case_id": case_id,
        "kind": kind,
        "selector": selector,
        "channel": said.get("channel") or "",
        "carried": first.said["change"] == "opening",
    }


_TIMES: Final = ("received_at", "due_at", "ended_at")


def _clocks(said: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Announcements as the ledger keeps them: which stand, and what confirmed them. Repeated ones count once."""
    once = {one["event_id"]: one for one in said}
    about = {(one["kind"], one["refers_to"]): one["event_id"] for one in once.values() if one["kind"] in _WORDS}
    for name, one in once.items():
        stands = one["kind"] not in _WORDS and ("cleared", name) not in about
        yield {**one, "standing": stands, "confirmed_by": about.get(("confirmed", name))}


def as_cells(published: Iterable[Totals]) -> Cells:
    """Records of the topic in the words of the recount; a cell without any case has none."""
    found = {}
    for one in published:
        counts = {name: getattr(one, name) for name in MEASURES if getattr(one, name)}
        counts |= {f"share_{number}": cases for number, cases in enumerate(one.shares_of_time) if cases}
        if counts:
            found[tuple(one.cell)] = counts
    return found


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
