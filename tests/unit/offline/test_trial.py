"""A history through the engine without a bus: the order of time, the very instants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lienthong.offline.event_lines import read_history
from lienthong.offline.rules import read_rules
from lienthong.offline.trial import trial
from lienthong_infra.errors import BadInputError
from lienthong_schemas.instants import iso_of
from lienthong_streams.domain.replay import Replay
from tests.support.calendars import at
from tests.support.source_tree import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "clock"
BOOK = read_rules(
    {
        "--policy": [str(EXAMPLE / "policies.yaml")],
        "--calendar": [str(EXAMPLE / "calendar.yaml")],
        "--states": ["vn"],
    }
)


def lines_of(*events: dict[str, Any], until: str) -> list[dict[str, Any]]:
    """What comes of events up to a local time."""
    history = read_history([json.dumps(event).encode() for event in events], "")
    return [json.loads(text) for text in trial(history, BOOK, at(until))]


def event(when: str, status: str, **fields: Any) -> dict[str, Any]:
    """An event of one dossier at a local time."""
    plain = {"case": "dossier:H27.16:1", "at": f"{when}:00+07:00", "status": status, "selector": "1.005129"}
    return {**plain, **fields}


def test_a_breach_is_announced_at_its_instant_although_nothing_happens_then() -> None:
    """Three working days from Tuesday, in time until the end of Friday: late with the first microsecond of Saturday."""
    found = lines_of(event("2026-03-10 09:00", "2"), until="2026-03-31 00:00")
    (breach,) = [each for each in found if each.get("kind") == "breached" and each["clock"] == "processing"]
    assert (breach["announced_at"], breach["due_at"], breach["firmness"]) == (
        iso_of(at("2026-03-14 00:00")),
        iso_of(at("2026-03-13 17:00")),
        "firm",
    )


def test_what_becomes_known_late_withdraws_what_was_said_before() -> None:
    """Ended in time, but known days later: breached, then cleared and met, each when it was known."""
    found = lines_of(
        event("2026-03-10 09:00", "2"),
        event("2026-03-12 10:00", "9", known_at="2026-03-20T08:00:00+07:00"),
        until="2026-03-31 00:00",
    )
    said = [
        (each["kind"], each["announced_at"]) for each in found if each.get("clock") == "processing" if "kind" in each
    ]
    late = iso_of(at("2026-03-20 08:00"))
    assert [each for each in said if each[0] in ("breached", "met")] == [
        ("breached", iso_of(at("2026-03-14 00:00"))),
        ("met", late),
    ]
    assert ("cleared", late) in said


def test_announcements_come_in_the_order_of_time() -> None:
    """Over all cases, whatever the order of the lines."""
    first, second = event("2026-03-10 09:00", "2"), event("2026-03-11 09:00", "2", case="dossier:H27.16:2")
    found, turned = (lines_of(*events, until="2026-03-31 00:00") for events in ((first, second), (second, first)))
    said = [each["announced_at"] for each in found if each["line"] != "clock"]
    assert said == sorted(said)
    assert len(set(said)) > 5
    assert found == turned


def test_nothing_is_left_to_say_at_the_end() -> None:
    """All that holds at the horizon was found when it began to hold."""
    history = read_history((EXAMPLE / "events.jsonl").read_bytes().splitlines(), "")
    horizon = at("2026-06-30 00:00")
    assert [each for each in Replay(BOOK, history).until(horizon) if each.at == horizon] == []


def test_what_is_not_known_by_the_horizon_does_not_count() -> None:
    """A trial as of a day knows what was known by then."""
    found = lines_of(event("2026-03-10 09:00", "2"), event("2026-03-12 10:00", "9"), until="2026-03-11 00:00")
    assert [each["state"] for each in found if each["line"] == "clock"] == ["running"]


def test_every_problem_of_all_rules_is_listed(tmp_path: Path) -> None:
    """Files that are missing, hold something else, or say a thing twice."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: calendar\nrecords: []\n", encoding="utf-8")
    policies = str(EXAMPLE / "policies.yaml")
    with pytest.raises(BadInputError) as caught:
        read_rules({"--policy": [policies, policies, "nowhere"], "--calendar": [str(broken)], "--states": [policies]})
    told = "\n".join(caught.value.problems)
    assert [part for part in ("stands in", "nowhere", "broken.yaml:2", "takes states") if part not in told] == []
