"""A simulation as JSON lines: the same bytes from the same seed, and states that an outbox takes."""

import json
from collections import Counter
from pathlib import Path

from lienthong_producers.domain.json_lines import read_lines
from lienthong_producers.domain.simulation.contents import state_of, time_text
from lienthong_producers.domain.simulation.lines import delivery_lines, state_lines
from lienthong_producers.domain.simulation.options import Size
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_producers.intake import take_in
from lienthong_producers.outbox import Outbox
from tests.support.simulations import CALENDAR, OFFLINE, SCRAMBLED, arrivals, beats, marks, scrambled, simulation

SMALL = Size(seed=5, days=7, dossiers_per_day=20, communes=6)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Made twice, from nothing."""
    first, second = ("\n".join(delivery_lines(Simulation(SMALL, CALENDAR).delivery(SCRAMBLED))) for _ in range(2))
    assert first == second
    assert len(first) > 100_000


def test_another_seed_gives_other_bytes() -> None:
    """So many trials can be run."""
    other = Size(seed=6, days=7, dossiers_per_day=20, communes=6)
    first, second = (list(delivery_lines(simulation(size).delivery(SCRAMBLED))) for size in (SMALL, other))
    assert first != second


def test_each_thing_that_arrives_is_a_line() -> None:
    """In its order, with its time; an event carries its number, when it was accepted, and what was stated."""
    lines = [json.loads(line) for line in delivery_lines(scrambled())]
    assert [line["at"] for line in lines] == [time_text(item.at) for item in scrambled()]
    kinds = Counter("event" if "state" in line else "tick" if "tick" in line else "heartbeat" for line in lines)
    assert kinds == {
        "event": len(arrivals(scrambled())),
        "heartbeat": len(beats(scrambled())),
        "tick": len(marks(scrambled())),
    }
    again = [line for line in lines if line.get("again")]
    assert len(again) == sum(item.again for item in arrivals(scrambled()))


def test_an_event_says_all_that_is_needed_to_number_it() -> None:
    """So a reader can make the same record without an outbox."""
    line = next(json.loads(line) for line in delivery_lines(scrambled()))
    assert set(line) == {"at", "topic", "sender", "epoch", "seq", "seq_by", "accepted_at", "state"}
    assert set(next(json.loads(line) for line in delivery_lines(beats(scrambled())))["heartbeat"]) == {
        *("office", "sender", "sent_at", "complete_through", "accepted", "pending")
    }


def test_an_outbox_takes_the_states_of_an_office(tmp_path: Path) -> None:
    """All of them, and numbers them as the simulation did."""
    lines = [line.encode() for line in state_lines(simulation().truth(), OFFLINE)]
    with Outbox(tmp_path / "outbox.db", offices=[OFFLINE]) as outbox:
        taken = list(take_in(outbox, lines))
    assert [each.problems for each in taken if each.problems] == []
    truth = [
        (event.case.case_id, event.step.epoch, event.step.seq)
        for event in simulation().truth()
        if event.sender == OFFLINE and event.step.epoch == 1 and event.flaw != "conflict"
    ]
    numbered = [(each.accepted.case_id, each.accepted.epoch, each.accepted.seq) for each in taken if each.accepted]
    assert numbered == truth
    assert len(truth) > 50


def test_what_was_stated_stands_in_the_line() -> None:
    """Written as text and not field by field, it reads the same; every kind of change is among these."""
    lines = list(delivery_lines(arrivals(scrambled())))
    states = [state_of(item.event) for item in arrivals(scrambled())]
    assert [json.loads(line)["state"] for line in lines] == states
    assert {state.get("change", "changed") for state in states} == {"changed", "opening", "handover"}
    assert [json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) for line in lines] == lines


def test_the_lines_read_as_states() -> None:
    """Also those inside a delivery: what stands under `state` is what senders hand in."""
    states = [json.dumps(json.loads(line)["state"]).encode() for line in delivery_lines(arrivals(scrambled())[:500])]
    assert [line.problems for line in read_lines(states) if line.problems] == []
