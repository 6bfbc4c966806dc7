"""What the demo counts and compares: announcements about breaches, figures of the province, a bus at rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lienthong.demo.announcements import Breaches, is_news
from lienthong.demo.cases import Office
from lienthong.demo.figures import LiveFigures, differences, municipal_differences
from lienthong.demo.news import news_of
from lienthong.demo.province import OFFICES, Wave, wave
from lienthong.demo.settling import behind, ready
from lienthong_consumers.exporter.sightings import AppliedPosition, BrokerSight, LedgerPosition, LedgerSight, NewestTick
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.records import FIRM, PROVISIONAL_SILENCE, ClockEvent

NOW: Instant = 1_780_000_000 * MICROSECONDS_PER_SECOND
CASE = "dossier:H27.40.4:H27.40.4-260529-0001"


def announced(kind: str, *, about: str = "breached", firmness: str = FIRM) -> ClockEvent:
    """An announcement about CASE, which was due at NOW and ended two seconds later."""
    return ClockEvent(
        "id", f"{CASE}|processing|1|{about}||cause", CASE, "processing", 1, kind, "", "cause", None, firmness,
        NOW + 2 * MICROSECONDS_PER_SECOND, NOW + 3 * MICROSECONDS_PER_SECOND, NOW, NOW, "H27.40.4", "18406",
        "1.004193", 0, 0, "policy", 1, "dossier.v1", 0, 1,
    )  # fmt: skip


def test_breaches_are_told_apart_from_what_is_said_about_them() -> None:
    """A provisional breach that is withdrawn counts as announced and as withdrawn; other announcements do not count."""
    breaches = Breaches()
    for event in (
        announced("started", about="started"),
        announced("breached", firmness=PROVISIONAL_SILENCE),
        announced("cleared", firmness=PROVISIONAL_SILENCE),
        announced("cleared", about="met"),
        announced("confirmed"),
    ):
        breaches.add(event)
    assert breaches == Breaches([CASE], {CASE}, [CASE], [CASE])


@pytest.mark.parametrize(
    ("kind", "about", "told"),
    [("breached", "breached", True), ("cleared", "breached", True), ("met-late", "met-late", True),
     ("cleared", "met", False), ("started", "started", False), ("met", "met", False)],
)  # fmt: skip
def test_news_is_what_is_about_lateness(kind: str, about: str, told: bool) -> None:
    """Everyday announcements are not shown."""
    assert is_news(announced(kind, about=about)) is told


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (announced("breached"), ["OVERDUE ", "firm"]),
        (announced("breached", firmness=PROVISIONAL_SILENCE), ["OVERDUE ?", "provisional: office not heard"]),
        (announced("confirmed"), ["confirmed", "heard again"]),
        (announced("cleared"), ["withdrawn", "handled in time"]),
        (announced("met-late", about="met-late"), ["late", "handled 2.0 s late"]),
    ],
)
def test_an_announcement_names_unit_case_and_how_sure_it_is(event: ClockEvent, words: list[str]) -> None:
    """In words that a person understands, with the Vietnamese name of the unit."""
    line = news_of(event, {"H27.40.4": "UBND xã Can Lộc"}).plain
    assert [word for word in ["UBND xã Can Lộc", "dossier H27.40.4-260529-0001", *words] if word not in line] == []


def a_wave() -> Wave:
    """The first wave of a province."""
    return wave([Office(code, code, "") for code in OFFICES], seed=1, number=0, now=NOW)


def right(one: Wave) -> tuple[LiveFigures, Breaches]:
    """Figures and announcements as they must be after a wave."""
    late, withdrawn = sorted(one.late), sorted(one.withdrawn)
    breaches = Breaches([*late, *withdrawn], set(), withdrawn, sorted(one.confirmed))
    handed_in = len(one.hand_ins)
    figures = LiveFigures(
        accepted=handed_in,
        repeated=2,
        garbled=1,
        on_the_bus=handed_in + 3,
        in_the_ledger=handed_in,
        breaches_announced=len(breaches.announced),
        breaches_withdrawn=len(withdrawn),
        breaches_confirmed=len(one.confirmed),
        breaches_standing=len(late),
        dead_letters=1,
    )
    return figures, breaches


def test_right_figures_have_no_differences() -> None:
    """However many breaches were announced and withdrawn beside those expected."""
    figures, breaches = right(a_wave())
    more = replace(figures, breaches_announced=figures.breaches_announced + 2, breaches_withdrawn=3)
    assert differences(figures, breaches, [a_wave()]) == []
    assert differences(more, breaches, [a_wave()]) == []


@pytest.mark.parametrize(
    "name",
    ["accepted", "garbled", "on_the_bus", "in_the_ledger", "breaches_standing", "breaches_announced", "dead_letters"],
)
def test_every_wrong_figure_is_named(name: str) -> None:
    """With what was expected."""
    figures, breaches = right(a_wave())
    wrong = replace(figures, **{name: getattr(figures, name) + 1})
    assert any(f"live {name}: " in text for text in differences(wrong, breaches, [a_wave()]))


def test_a_breach_that_was_not_withdrawn_or_confirmed_is_named() -> None:
    """The line of one office was down, and the bus must have said so in both cases."""
    figures, breaches = right(a_wave())
    silent = Breaches(breaches.announced, set(), [], [])
    problems = differences(figures, silent, [a_wave()])
    assert [text.rsplit(": ", 1)[1] for text in problems] == [
        "its breach was not withdrawn",
        "its breach was not confirmed",
    ]


def test_every_wrong_fact_of_the_municipal_log_is_named() -> None:
    """A figure that is missing is wrong, too."""
    found = municipal_differences({"dossiers": 1, "met": None}, {"dossiers": 1, "met": 2, "open": 3})
    assert found == ["municipal met: None, expected 2", "municipal open: None, expected 3"]


HERE, THERE = TopicPartition("dossier.v1", 0), TopicPartition("sla.v1", 0)


def sights(*, applied: int = 5, horizon: Instant = NOW, ledger: int = 9) -> tuple[BrokerSight, LedgerSight]:
    """A bus with five events and ten clock events, of which the last is a control marker, at a tick of NOW."""
    broker = BrokerSight(
        seen_at=NOW,
        ends={HERE: 5, THERE: 10},
        data_ends={HERE: 5, THERE: 9},
        applied={HERE: AppliedPosition(applied, horizon, 1)},
        tick=NewestTick(3, NOW, {}),
    )
    positions = {HERE: LedgerPosition(5, NOW), THERE: LedgerPosition(ledger, NOW)}
    return broker, LedgerSight(NOW, positions, {}, {}, {}, {}, {})


def test_a_bus_is_at_rest_when_all_is_applied_everywhere() -> None:
    """Nobody's position needs to pass a control marker."""
    assert behind(*sights()) == []


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (sights(applied=4), "deadlines: dossier.v1/0 is 1 events behind"),
        (sights(horizon=NOW - 1), "deadlines: dossier.v1/0 has not applied the last tick"),
        (sights(ledger=7), "ledger: sla.v1/0 is 2 records behind"),
    ],
)
def test_what_is_behind_is_named(found: tuple[BrokerSight, LedgerSight], word: str) -> None:
    """So that a demo that gets stuck says where."""
    assert behind(*found) == [word]


def test_a_bus_without_a_tick_is_neither_ready_nor_at_rest() -> None:
    """Before the first tick there is no time, so nothing is announced."""
    broker, ledger = sights(horizon=0)
    assert (ready(broker), ready(sights()[0])) == (False, True)
    assert behind(replace(broker, tick=None), ledger) == ["there is no tick yet"]
