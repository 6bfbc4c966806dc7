"""The municipal log: the facts of the source, recounted from the events by code that shares nothing with the import."""

import csv
import hashlib
import lzma
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from lienthong_producers.domain.municipal_log import (
    Day,
    MunicipalEvent,
    MunicipalLogError,
    days,
    read_municipal_log,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HORIZON = datetime.fromisoformat("2012-01-23T15:42:54.644+01:00")
SHA_256 = "8d00a7d15e02796ae262336d304a7265a158956e8914aeb8ee2242f37d778854"

Row = dict[str, str]


def source() -> bytes:
    """Return the packaged log as it came."""
    packed = files("lienthong_producers") / "data" / "municipal-receipts.csv.xz"
    return lzma.decompress(packed.read_bytes())


def micros(moment: datetime) -> int:
    """Return microseconds since 1970."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def local_date(instant: int) -> date:
    """Return the date in the source's zone."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).astimezone(AMSTERDAM).date()


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Return the rows of the packaged log."""
    return list(csv.DictReader(source().decode().splitlines()))


@pytest.fixture(scope="module")
def events(rows: list[Row]) -> list[MunicipalEvent]:
    """Return all events of the log."""
    return read_municipal_log(rows)


def last_states(events: Sequence[MunicipalEvent]) -> dict[str, MunicipalEvent]:
    """Return the last event of each dossier."""
    return {event.case_id: event for event in events}


def figures(events: Sequence[MunicipalEvent], horizon: int) -> dict[str, int]:
    """Return the facts as they follow from the last event of each dossier."""
    last = last_states(events).values()
    ended = [(event.ended_at, event.due_at) for event in last if event.ended_at is not None]
    return {
        "dossiers": len(last),
        "source_rows": sum(event.source_ref.startswith("row:") for event in events),
        "events": len(events),
        "ended": len(ended),
        "open": sum(event.ended_at is None for event in last),
        "ended_late": sum(end > due for end, due in ended),
        "ended_late_by_date": sum(local_date(end) > local_date(due) for end, due in ended),
        "open_and_overdue": sum(event.ended_at is None and event.due_at < horizon for event in last),
    }


def figures_of_rows(rows: Sequence[Row], cut: datetime) -> dict[str, int]:
    """Return the same facts, counted in the rows themselves with what was known at `cut`."""
    known = [row for row in rows if datetime.fromisoformat(row["time:timestamp"]) <= cut]
    dossiers = {row["case:concept:name"]: row for row in rows}
    ends = {
        name: datetime.fromisoformat(row["case:enddate"])
        for name, row in dossiers.items()
        if row["case:enddate"] and datetime.fromisoformat(row["case:enddate"]) <= cut
    }
    names = {row["case:concept:name"] for row in known} | set(ends)
    due = {name: datetime.fromisoformat(dossiers[name]["case:deadline"]) for name in names}
    return {
        "dossiers": len(names),
        "source_rows": len(known),
        "events": len(known) + len(ends),
        "ended": len(ends),
        "open": len(names) - len(ends),
        "ended_late": sum(end > due[name] for name, end in ends.items()),
        "ended_late_by_date": sum(
            end.astimezone(AMSTERDAM).date() > due[name].astimezone(AMSTERDAM).date() for name, end in ends.items()
        ),
        "open_and_overdue": sum(due[name] < cut for name in names - set(ends)),
    }


def test_the_packaged_log_is_the_source_byte_for_byte() -> None:
    """The compressed file unpacks to the published CSV."""
    assert hashlib.sha256(source()).hexdigest() == SHA_256


def test_the_facts_of_the_whole_log(events: list[MunicipalEvent]) -> None:
    """The event stream yields every figure that is known of the source."""
    assert figures(events, micros(HORIZON)) == {
        "dossiers": 1434,
        "source_rows": 8577,
        "events": 9906,
        "ended": 1329,
        "open": 105,
        "ended_late": 377,
        "ended_late_by_date": 309,
        "open_and_overdue": 39,
    }


@pytest.mark.parametrize("cut", ["2011-03-31T12:00:00+02:00", "2011-10-15T00:00:00+02:00"])
def test_a_cut_off_yields_what_was_known_then(rows: list[Row], cut: str) -> None:
    """Read up to an earlier date, the events yield the figures that the rows known at that date yield."""
    at = datetime.fromisoformat(cut)
    found = figures(read_municipal_log(rows, until=micros(at)), micros(at))
    assert found == figures_of_rows(rows, at)
    assert 100 < found["dossiers"] < 1434


def test_no_event_knows_the_future(events: list[MunicipalEvent]) -> None:
    """An end time appears in no event before that end."""
    assert [event for event in events if event.ended_at is not None and event.ended_at > event.at] == []


def test_a_cut_off_changes_no_event_before_it(rows: list[Row], events: list[MunicipalEvent]) -> None:
    """The events up to a date do not depend on what comes later."""
    cut = micros(datetime.fromisoformat("2011-06-01T00:00:00+02:00"))
    assert read_municipal_log(rows, until=cut) == [event for event in events if event.at <= cut]


def test_events_come_in_time_order_and_numbered_without_gaps(events: list[MunicipalEvent]) -> None:
    """Time never goes back, and each dossier's numbers are 1, 2, 3 and so on in that order."""
    assert [event.at for event in events] == sorted(event.at for event in events)
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        numbers[event.case_id].append(event.seq)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_the_order_of_the_rows_does_not_matter(rows: list[Row], events: list[MunicipalEvent]) -> None:
    """The same rows in another order give the same events but for the row numbers they refer to."""

    def content(found: list[MunicipalEvent]) -> list[tuple[object, ...]]:
        return [(event.at, event.case_id, event.seq, event.status, event.office, event.step) for event in found]

    assert content(read_municipal_log(list(reversed(rows)))) == content(events)


def test_rows_after_the_end_do_not_reopen(events: list[MunicipalEvent]) -> None:
    """145 dossiers go on after their end, in 180 rows; in 117 of them the end comes before every row."""
    after = [event for event in events if event.ended_at is not None and event.at > event.ended_at]
    assert (len({event.case_id for event in after}), len(after)) == (145, 180)
    assert {event.status for event in after} == {"9"}
    first_is_the_end = {event.case_id for event in events if event.seq == 1 and event.source_ref.startswith("end:")}
    assert len(first_is_the_end & {event.case_id for event in after}) == 117


def test_statuses_follow_the_mapping(events: list[MunicipalEvent]) -> None:
    """2 stands on first events only, 9 from the end on, 4 everywhere else."""
    for event in events:
        expected = "9" if event.ended_at is not None else "2" if event.seq == 1 else "4"
        assert event.status == expected


def test_the_traps_of_the_source_are_kept(events: list[MunicipalEvent]) -> None:
    """56 dossiers are due before their first event, 2 end before they start, 2 start after their first row."""
    first = {event.case_id: event for event in reversed(events)}
    first_row = {event.case_id: event for event in reversed(events) if event.source_ref.startswith("row:")}
    ended = [event for event in last_states(events).values() if event.ended_at is not None]
    assert sum(event.due_at < event.at for event in first.values()) == 56
    assert sum((event.ended_at or 0) < event.received_at for event in ended) == 2
    assert sum(event.received_at > event.at for event in first_row.values()) == 2
    late_at_first_event = sum(event.ended_at is not None and event.ended_at > event.due_at for event in first.values())
    assert late_at_first_event == 17


def test_groups_become_offices(events: list[MunicipalEvent]) -> None:
    """Every event names an office; a row without a group leaves the dossier where it was."""
    assert {event.office for event in events} == {
        "NL.MUNICIPALITY",
        *(f"NL.GROUP.{number}" for number in (1, 2, 3, 4, 7, 12, 13, 14, 15)),
    }
    assert {event.channel for event in events} == {"online", "direct", "post"}


def test_each_row_is_published_once(events: list[MunicipalEvent]) -> None:
    """The references name every row of the source and every end exactly once."""
    references = Counter(event.source_ref for event in events)
    assert max(references.values()) == 1
    assert {f"row:{number}" for number in range(1, 8578)} <= set(references)


def test_there_is_a_tick_for_every_day_and_one_at_the_horizon(events: list[MunicipalEvent]) -> None:
    """Ticks stand at each midnight of the source's zone, and the last is exactly the last event's time."""
    found = list(days(events))
    moments = [datetime.fromtimestamp(day.tick_at / 1_000_000, AMSTERDAM) for day in found]
    assert {(moment.hour, moment.minute) for moment in moments[:-1]} == {(0, 0)}
    assert [moment.date() for moment in moments[:-1]] == [
        date(2010, 10, 3) + timedelta(days=number) for number in range(len(found) - 1)
    ]
    assert found[-1].tick_at == micros(HORIZON)


def test_the_days_hold_all_events_before_their_tick(events: list[MunicipalEvent]) -> None:
    """No event is left out, none comes in a day whose tick is earlier, or after a tick that is later."""
    found = list(days(events))
    assert [event for day in found for event in day.events] == events
    bounds = zip([0, *(day.tick_at for day in found)], found, strict=False)
    assert all(before < event.at <= day.tick_at for before, day in bounds for event in day.events)


def test_the_last_tick_can_lie_behind_the_last_event(events: list[MunicipalEvent]) -> None:
    """With a horizon of its own the days go on without events, and the last tick is that horizon."""
    horizon = micros(HORIZON) + 3 * 86_400_000_000
    assert list(days(events, horizon))[-1] == Day((), horizon)
    assert list(days([], horizon)) == []


def test_every_fault_is_listed_with_its_row(rows: list[Row]) -> None:
    """A log with several faults is refused with all of them."""
    wrong = [dict(rows[0]) for _ in range(5)]
    wrong[0]["time:timestamp"] = "yesterday"
    wrong[1]["case:channel"] = "Pigeon"
    wrong[2]["case:deadline"] = "2011-12-06 13:41:31"
    del wrong[3]["org:group"]
    wrong[4]["case:startdate"] = "2011-01-01 00:00:00+01:00"
    with pytest.raises(MunicipalLogError) as caught:
        read_municipal_log([rows[0], *wrong])
    assert [problem.split(":")[0] for problem in caught.value.problems] == [f"row {n}" for n in range(2, 7)]
