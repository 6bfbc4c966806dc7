"""A picture of a bus for people, at 80 columns and more; plain where the output is no terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from lienthong.status.judge import OFFICE_LIMIT, Problem, duration, silent_offices
from lienthong.status.report import comparisons, lags_of, overdue, partitions
from lienthong.status.snapshot import Snapshot
from lienthong_consumers.exporter.lags import DEADLINES, LEDGER, TOTALS
from lienthong_consumers.exporter.sightings import Published
from lienthong_schemas.instants import datetime_of

GOOD, BAD, QUIET = "green", "bold red", "dim"
Line = tuple[str, str, bool]
"""Who, what is seen of it, and whether that is well."""


def show(console: Console, snapshot: Snapshot, found: list[Problem]) -> None:
    """Print the picture: who runs, the positions, what is wrong and which runbook."""
    moment = datetime_of(snapshot.at).strftime("%Y-%m-%d %H:%M:%S UTC")
    console.print(Text.assemble((f"Bus {snapshot.bus}", "bold"), (f"   {moment}", QUIET)))
    console.print()
    console.print(_lines(snapshot, {problem.subject for problem in found}))
    if snapshot.broker is not None:
        console.print()
        console.print(_positions(snapshot))
    console.print()
    _wrong(console, found)


def _lines(snapshot: Snapshot, wrong: set[str]) -> Table:
    table = Table(Column(no_wrap=True), Column(overflow="fold"), box=None, show_header=False, pad_edge=False)
    for name, text, well in (*_sources(snapshot), *_seen_of_broker(snapshot, wrong), *_seen_of_ledger(snapshot, wrong)):
        table.add_row(Text(name, style=GOOD if well else BAD), Text(text))
    return table


def _sources(snapshot: Snapshot) -> Iterator[Line]:
    for source, seen in (("broker", snapshot.broker), ("ledger", snapshot.ledger)):
        name = "database" if source == "ledger" else source
        place = snapshot.places.get(source, "")
        yield name, f"answers at {place}" if seen else f"away {place}".rstrip(), seen is not None


def _seen_of_broker(snapshot: Snapshot, wrong: set[str]) -> Iterator[Line]:
    broker = snapshot.broker
    if broker is None:
        return
    tick = "no tick yet"
    if broker.tick is not None:
        age = snapshot.at - broker.tick.bus_time
        tick = f"bus time {datetime_of(broker.tick.bus_time):%Y-%m-%d %H:%M:%S} UTC"
        tick += "" if snapshot.own_time else f", {duration(age)} ago"
    yield "ticker", tick, "ticker" not in wrong
    for worker in (DEADLINES, LEDGER) if broker.totals is None else (DEADLINES, LEDGER, TOTALS):
        yield worker, _worker(snapshot, worker), worker not in wrong
    silent = silent_offices(snapshot)
    text = f"{len(broker.offices)} known"
    text += "" if snapshot.own_time else f", {len(silent)} silent for more than {duration(OFFICE_LIMIT)}"
    yield "offices", text, not silent


def _worker(snapshot: Snapshot, worker: str) -> str:
    group = snapshot.groups.get(worker)
    running = "unknown how many processes" if group is None else _counted(group.members, "process", "processes")
    lag = sum(lags_of(snapshot, worker).values())
    still = snapshot.still.get(worker)
    state = "up to date" if not lag else f"{lag:,} records behind" + (", standing still" if still else ", moving")
    return f"{running}, {state}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _seen_of_ledger(snapshot: Snapshot, wrong: set[str]) -> Iterator[Line]:
    ledger = snapshot.ledger
    if ledger is None:
        return
    letters = list(ledger.letters.values())
    opened, replayed, waived = (sum(each[index] for each in letters) for index in range(3))
    yield "dead letters", f"{opened:,} open, {replayed:,} replayed, {waived:,} waived", not opened
    compared = comparisons(snapshot)
    text = (
        f"{_counted(compared.compared, 'comparison', 'comparisons')} with the ledger, {compared.mismatches:,} differed"
    )
    yield "live figures", text, not compared.differing
    yield "official", _published(snapshot, ledger.published), "publisher" not in wrong
    late = overdue(snapshot)
    cases = _counted(late.firm + late.provisional, "open case", "open cases")
    yield "overdue", f"{cases} ({late.provisional:,} provisional)", True
    counts = [f"{count:,} {name}" for name, count in ledger.problems.items()]
    yield "sequences", ", ".join(counts), True
    if ledger.findings:
        yield "findings", ", ".join(f"{count:,} {code}" for code, count in sorted(ledger.findings.items())), True


def _published(snapshot: Snapshot, published: Published) -> str:
    if not published.judged_at:
        return "no totals published yet"
    age = "" if snapshot.own_time else f", {duration(snapshot.at - published.judged_at)} ago"
    waits = f"; {_counted(published.unsent, 'record waits', 'records wait')}" if published.unsent else ""
    return f"totals of {datetime_of(published.judged_at):%Y-%m-%d %H:%M:%S} UTC{age}{waits}"


def _positions(snapshot: Snapshot) -> Table:
    heads = ("log end", DEADLINES, "committed", "lag", LEDGER, "lag")
    columns = [Column(head, justify="right", no_wrap=True) for head in heads]
    table = Table(Column("partition", no_wrap=True), *columns, box=None, header_style="bold", pad_edge=False)
    lags = lags_of(snapshot, DEADLINES), lags_of(snapshot, LEDGER)
    for each in partitions(snapshot):
        broker, ledger = snapshot.broker, snapshot.ledger
        applied = broker.applied.get(each) if broker else None
        position = ledger.positions.get(each) if ledger else None
        table.add_row(
            f"{each.topic}/{each.partition}",
            _number(broker.ends[each] if broker else None),
            _number(applied.next_offset if applied else None),
            _number(snapshot.shown.get(DEADLINES, {}).get(each)),
            _lag(lags[0].get(each)),
            _number(position.next_offset if position else None),
            _lag(lags[1].get(each)),
        )
    return table


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _lag(value: int | None) -> Text:
    return Text(_number(value), style=BAD if value else QUIET)


def _wrong(console: Console, found: list[Problem]) -> None:
    if not found:
        console.print(Text("all well", style=GOOD))
        return
    console.print(Text("wrong", style=BAD))
    for problem in found:
        console.print(Padding(Text.assemble((f"{problem.subject}: ", "bold"), problem.what), (0, 0, 0, 2)))
        console.print(Padding(Text(f"see {problem.runbook}", style=QUIET), (0, 0, 0, 4)))
