"""The picture of a bus for people and for scripts."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from lienthong.status.judge import problems
from lienthong.status.render import show
from lienthong.status.report import partitions, report
from lienthong.status.snapshot import Snapshot
from lienthong_consumers.exporter.sightings import Published
from lienthong_infra.ports import TopicPartition
from tests.support.snapshots import WELL, with_lag

AWAY = replace(WELL, connected=False, broker=None, ledger=None, trouble={"broker": "no answer", "ledger": "no answer"})


def shown(snapshot: Snapshot, *, width: int = 80, terminal: bool = False) -> str:
    """What is printed, without the blanks at the ends of lines."""
    out = io.StringIO()
    colours = {"force_terminal": True, "color_system": "standard"} if terminal else {}
    show(Console(file=out, width=width, highlight=False, **colours), snapshot, problems(snapshot))  # type: ignore[arg-type]
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def test_a_bus_that_is_well_looks_so() -> None:
    """As a picture, so that a change of it is a decision."""
    assert shown(WELL) == (
        "Bus h27   2027-01-15 08:00:00 UTC\n"
        "\n"
        "broker        answers at 127.0.0.1:25011\n"
        "database      answers at 127.0.0.1:25013/ledger\n"
        "ticker        bus time 2027-01-15 07:59:59 UTC, 1 s ago\n"
        "deadlines     2 processes, up to date\n"
        "ledger        1 process, up to date\n"
        "offices       1 known, 0 silent for more than 15 min\n"
        "dead letters  0 open, 2 replayed, 1 waived\n"
        "live figures  12 comparisons with the ledger, 0 differed\n"
        "official      totals of 2027-01-15 07:59:57 UTC, 3 s ago; 1 record waits\n"
        "overdue       4 open cases (1 provisional)\n"
        "sequences     1 gap, 0 conflict, 0 held\n"
        "findings      4 no-policy\n"
        "\n"
        "partition      log end  deadlines  committed  lag  ledger  lag\n"
        "dossier.v1/0    12,000     12,000     11,990    0  12,000    0\n"
        "document.v1/1        5          5          -    0       5    0\n"
        "\n"
        "all well\n"
    )


def test_partitions_are_listed_in_their_order() -> None:
    """By topic and number, in whatever order the broker names them; dossiers first, what is no case topic last."""
    assert WELL.broker is not None
    named = [("tick.v1", 0), ("task.v1", 1), ("dossier.v1", 1), ("task.v1", 0), ("dossier.v1", 0)]
    ends = {TopicPartition(*each): 100 for each in named}
    found = partitions(replace(WELL, broker=replace(WELL.broker, ends=ends)))
    assert found[:4] == [TopicPartition(*each) for each in (named[4], named[2], named[3], named[1])]


def test_without_a_publisher_there_are_no_official_totals() -> None:
    """Said in so many words; a bus may do without them."""
    assert WELL.ledger is not None
    silent = replace(WELL, ledger=replace(WELL.ledger, published=Published(0, 0)))
    assert "official      no totals published yet\n" in shown(silent)


def test_what_is_wrong_stands_at_the_end_with_its_runbook() -> None:
    """There the eye is when the command has ended."""
    assert shown(with_lag()).endswith(
        "wrong\n"
        "  deadlines: the position does not move although records wait: dossier.v1/0\n"
        "    see docs/operate/runbooks/worker-silent.md\n"
    )


@pytest.mark.parametrize("snapshot", [WELL, with_lag(), AWAY], ids=["well", "wrong", "away"])
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_screen(snapshot: Snapshot, width: int) -> None:
    """Names and numbers are never cut off either."""
    text = shown(snapshot, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


def test_colours_are_only_for_terminals() -> None:
    """A log file holds plain text."""
    assert ("\x1b[" in shown(WELL, terminal=True), "\x1b[" in shown(WELL)) == (True, False)


def test_a_bus_that_is_away_is_shown_all_the_same() -> None:
    """With what is known of it."""
    assert "broker    away 127.0.0.1:25011\n" in shown(AWAY)


@pytest.mark.parametrize("snapshot", [WELL, with_lag(), AWAY], ids=["well", "wrong", "away"])
def test_the_report_is_json_with_the_same_fields_always(snapshot: Snapshot) -> None:
    """A script need not ask whether a field is there."""
    found = json.loads(json.dumps(report(snapshot, problems(snapshot))))
    assert set(found) == {
        "bus", "at", "well", "problems", "sources", "ticker", "workers", "partitions", "offices", "dead_letters",
        "overdue", "sequences", "findings", "figures", "official",
    }  # fmt: skip


def test_the_report_says_what_the_picture_says() -> None:
    """Positions and what is wrong."""
    found = report(with_lag(), problems(with_lag()))
    assert found["partitions"][0] == {
        "topic": "dossier.v1",
        "partition": 0,
        "log_end": 12_000,
        "deadlines": {
            "applied": 11_960,
            "committed": 11_990,
            "lag": 40,
            "horizon": "2027-01-15T07:59:58Z",
            "takeovers": 3,
        },
        "ledger": {"applied": 12_000, "committed": None, "lag": 0},
    }
    assert (found["well"], found["workers"]["deadlines"]) == (
        False,
        {"members": 2, "lag": 40, "standing_still": ["dossier.v1/0"]},
    )
