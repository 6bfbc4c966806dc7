"""The page of explained cases is true: every value is counted again from the rows, and the engine says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from lienthong_producers.domain.municipal_log import MunicipalEvent, read_municipal_log
from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant, datetime_of, instant_of
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.cases import POLICY, STATES, book
from tests.support.municipal_recount import LAST_EVENT, ZONE, municipal_rows
from tests.support.source_tree import ROOT

CASES = ("case-10089", "case-5288")
TEXT = (ROOT / "docs" / "explained-cases.md").read_text(encoding="utf-8")


def section(case: str) -> str:
    """What the page says about a case."""
    return TEXT.split(f"\n## {case}", 1)[1].split("\n## ", 1)[0]


def table(case: str, columns: int) -> list[list[str]]:
    """The rows of the table with so many columns, without its heading."""
    lines = [line.strip("|").split("|") for line in section(case).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines if len(line) == columns][1:]


def rows_of(case: str) -> list[dict[str, str]]:
    """The rows of a dossier by time."""
    found = [row for row in municipal_rows() if row["case:concept:name"] == case]
    return sorted(found, key=lambda row: datetime.fromisoformat(row["time:timestamp"]))


def length(span: timedelta) -> str:
    """Days, hours, minutes, seconds."""
    minutes, seconds = divmod(span.seconds, 60)
    return f"{span.days} d {minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{span.microseconds // 1000:03}"


def local(moment: datetime) -> str:
    """As the wall clock of the municipality shows it, with milliseconds and offset."""
    return moment.astimezone(ZONE).isoformat(" ", "milliseconds")


def elapsed(earlier: datetime, later: datetime) -> timedelta:
    """The time between two moments by a clock that is never changed."""
    return (
        later.astimezone(ZONE)
        - earlier.astimezone(ZONE)
        + (earlier.utcoffset() or timedelta())
        - (later.utcoffset() or timedelta())
    )


def turns(case: str) -> Iterator[tuple[datetime, datetime, str]]:
    """(from, to, held by) from the rows: who is named holds it; before anybody is, the municipality does."""
    rows = rows_of(case)
    end = datetime.fromisoformat(rows[0]["case:enddate"])
    since, holder = datetime.fromisoformat(rows[0]["case:startdate"]), ""
    for index, row in enumerate(rows):
        at = datetime.fromisoformat(row["time:timestamp"])
        group = "" if row["org:group"] == "EMPTY" else f"NL.{row['org:group'].upper().replace(' ', '.')}"
        if at > end:
            break
        if index == 0:
            holder = group or "NL.MUNICIPALITY"
        elif group and group != holder:
            yield since, at, holder
            since, holder = at, group
    yield since, end, holder


def counted(case: str) -> dict[str, str]:
    """Every value of the first table, from the rows alone."""
    rows = rows_of(case)
    start, due, end = (datetime.fromisoformat(rows[0][f"case:{name}"]) for name in ("startdate", "deadline", "enddate"))
    states = ["2" if index == 0 else "4" for index in range(len(rows))]
    at_end = sum(datetime.fromisoformat(row["time:timestamp"]) < end for row in rows)
    states = [*states[:at_end], "9", *("9" for _ in states[at_end:])]
    used, whole = elapsed(start, end), elapsed(start, due)
    late = end > due
    by_date = end.astimezone(ZONE).date() > due.astimezone(ZONE).date()
    return {
        "received": local(start),
        "stated due time": local(due),
        "days between, by date": str((due.astimezone(ZONE).date() - start.astimezone(ZONE).date()).days),
        "time between": length(whole),
        "ended": local(end),
        "events": str(len(states)),
        "states": " ".join(states),
        "used": length(used),
        **({"late by": length(used - whole)} if late else {"left": length(whole - used)}),
        "late": "yes" if late else "no",
        "late by date": "yes" if by_date else "no",
        "facts": "started breached met-late" if late else "started met",
    }


def events_of(case: str) -> list[MunicipalEvent]:
    """The events that the import makes of a dossier."""
    return [one for one in read_municipal_log(municipal_rows()) if one.case_id.endswith(f":{case.upper()}")]


def engine(case: str) -> Fold:
    """What the engine says at the end of the log."""
    timeline: list[Known] = []
    for one in events_of(case):
        event = CaseEvent(
            one.case_id, 1, one.seq, b"", one.at, one.at, one.office, "", "changed", one.status,
            one.received_at, one.due_at, one.ended_at, "WABO",
        )  # fmt: skip
        insert(timeline, Known(event, one.at))
    return fold(timeline, book(STATES, POLICY), instant_of(LAST_EVENT), {})


def span(microseconds: int) -> str:
    """A length that the engine gives."""
    return length(timedelta(microseconds=microseconds))


def shown(instant: Instant | None) -> str:
    """An instant that the engine gives."""
    assert instant is not None
    return local(datetime_of(instant))


@pytest.mark.parametrize("case", CASES)
def test_every_value_is_counted_from_the_rows(case: str) -> None:
    """In plain Python, without the bus."""
    assert dict(table(case, 2)) == counted(case)


@pytest.mark.parametrize("case", CASES)
def test_who_held_it_how_long_is_counted_from_the_rows(case: str) -> None:
    """From, to, office and length of every turn; together they are the time used."""
    found = list(turns(case))
    assert table(case, 4) == [[local(a)[:-6], local(b)[:-6], who, length(elapsed(a, b))] for a, b, who in found]
    together = sum((elapsed(since, until) for since, until, _ in found), timedelta())
    assert length(together) == dict(table(case, 2))["used"]


@pytest.mark.parametrize("case", CASES)
def test_the_engine_says_what_the_page_says(case: str) -> None:
    """Start, due time, end, time used, shares, facts, states."""
    page, found = dict(table(case, 2)), engine(case)
    (clock,) = found.clocks
    assert [shown(clock.started_at), shown(clock.due_at), shown(clock.ended_at), span(clock.used)] == [
        page[name] for name in ("received", "stated due time", "ended", "used")
    ]
    assert " ".join(one.kind for one in found.facts) == page["facts"]
    assert " ".join(one.status for one in events_of(case)) == page["states"]
    held = {who: timedelta() for _, _, who in turns(case)}
    for since, until, who in turns(case):
        held[who] += elapsed(since, until)
    assert {who: span(ran) for who, ran in clock.shares} == {who: length(each) for who, each in held.items()}


def test_the_sentences_between_the_tables_are_true() -> None:
    """Seconds behind the end, the shares, and the figures of the whole log."""
    rows = rows_of("case-10089")
    behind = elapsed(
        datetime.fromisoformat(rows[0]["case:enddate"]), datetime.fromisoformat(rows[-1]["time:timestamp"])
    )
    assert f"lies {behind.total_seconds()} seconds behind" in TEXT
    shares = dict(engine("case-10089").clocks[0].shares)
    assert f"NL.GROUP.1 had the dossier for {span(shares['NL.GROUP.1'])}" in " ".join(TEXT.split())
    assert f"NL.GROUP.2 for {shares['NL.GROUP.2'] / 1_000_000} seconds" in " ".join(TEXT.split())
    ended = {row["case:concept:name"]: row for row in municipal_rows() if row["case:enddate"]}
    moments = [
        [datetime.fromisoformat(row[f"case:{name}"]) for name in ("deadline", "enddate")] for row in ended.values()
    ]
    late = sum(end > due for due, end in moments)
    by_date = sum(end.astimezone(ZONE).date() > due.astimezone(ZONE).date() for due, end in moments)
    assert re.findall(r"one of the (\d+)", TEXT) == [str(late), str(late - by_date)]
    assert f"make the {late} into {by_date}" in TEXT
