"""The live figures of a partition as time passes and offices are heard, without a new event. Source: decision 0019."""

from __future__ import annotations

from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.partial_totals import MEASURES, TOPIC
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from tests.support.cases import event, minute, opening
from tests.support.log import SOURCE, Log

BOOK = SchemaBook()
HERE, THERE = "H27.16", "H27.17"


class Scene:
    """A partition that publishes with every run."""

    def __init__(self, *events: object) -> None:
        self.log = Log(BOOK, events)  # type: ignore[arg-type]
        self.owner = DeadlinePartition(SOURCE, BOOK, self.log.barriers, figures=PartialFigures(SOURCE, BOOK, every=0))
        self.owner.restored()

    def at(self, minutes: float, *heard: str) -> dict[str, set[str]]:
        """The figures that are published at an instant, up to which these offices have been heard: by office."""
        reach = len(self.log.records)
        self.log.tick(minute(minutes), reach, dict.fromkeys(heard, minute(minutes)))
        outputs = self.owner.run(self.log.records[self.owner.position : reach], now=0).outputs
        found = [BOOK.decode(TOPIC, each.value or b"") for each in outputs if each.topic == TOPIC]
        return {each["office"]: {name for name in MEASURES if each[name]} for each in found}


def test_a_case_falls_due_by_itself() -> None:
    """Only a tick comes, and the case is late; an unchanged cell is not published again."""
    scene = Scene(event(1, "2", 0, due=60, received_at=minute(0)))
    assert scene.at(30, HERE) == {HERE: {"received", "in_process", "pending_in_time"}}
    assert scene.at(40, HERE) == {}
    assert scene.at(61, HERE) == {HERE: {"received", "in_process", "pending_late", "breaches"}}


def test_an_office_that_is_silent_is_not_late_yet() -> None:
    """Known to be late it is when it has been heard up to the due time."""
    scene = Scene(event(1, "2", 0, due=60, received_at=minute(0)))
    assert scene.at(61) == {HERE: {"received", "in_process", "pending_provisional", "breaches"}}
    assert scene.at(62, HERE) == {HERE: {"received", "in_process", "pending_late", "breaches"}}


def test_the_office_that_holds_the_case_now_is_the_one_to_be_heard() -> None:
    """The breach was said to be firm before; the figures follow what is known of the new holder all the same."""
    scene = Scene(event(1, "2", 0, due=60, received_at=minute(0)))
    assert "pending_late" in scene.at(61, HERE)[HERE]
    later = Log(BOOK, [event(2, "4", 50, due=60, received_at=minute(0), office=THERE)])
    scene.log.append(later.records[0].value, later.records[0].key)
    assert scene.at(62, HERE) == {HERE: set(), THERE: {"received", "in_process", "pending_provisional", "breaches"}}
    assert scene.at(63, HERE, THERE) == {THERE: {"received", "in_process", "pending_late", "breaches"}}


def test_a_missing_event_makes_a_case_provisional_until_it_comes() -> None:
    """What is missing may be a pause, or the end."""
    events = [event(1, "2", 0, due=60, received_at=minute(0)), event(3, "4", 20, due=60, received_at=minute(0))]
    scene = Scene(*events)
    assert scene.at(30, HERE) == {HERE: {"received", "in_process", "pending_provisional"}}
    late = Log(BOOK, [event(2, "4", 10, due=60, received_at=minute(0))])
    scene.log.append(late.records[0].value, late.records[0].key)
    assert scene.at(31, HERE) == {HERE: {"received", "in_process", "pending_in_time"}}


def test_an_opening_balance_is_carried_over() -> None:
    """Also when the case goes on, and in whatever order its events come."""
    going_on = event(4, "5", 30, due=60, received_at=minute(-90))
    first = opening(3, 0, started=-90, due=60)._replace(received_at=minute(-90))
    for events in ([first, going_on], [going_on, first]):
        assert Scene(*events).at(40, HERE) == {HERE: {"received", "carried", "paused", "pending_in_time"}}


def test_an_opening_that_comes_late_is_seen_all_the_same() -> None:
    """In a run with an event that follows what was known: the first event is another one now."""
    scene = Scene(event(4, "4", 30, due=60, received_at=minute(-90)))
    assert scene.at(40, HERE) == {HERE: {"received", "in_process", "pending_provisional"}}
    late = opening(3, 0, started=-90, due=60)._replace(received_at=minute(-90))
    for each in Log(BOOK, [late, event(5, "5", 35, due=60, received_at=minute(-90))]).records:
        scene.log.append(each.value, each.key)
    assert scene.at(41, HERE) == {HERE: {"received", "carried", "paused", "pending_in_time"}}


def test_before_the_first_tick_nothing_is_counted() -> None:
    """There is no time yet by which anything could be judged."""
    scene = Scene(event(1, "2", 0, due=60, received_at=minute(0)))
    effects = scene.owner.run(scene.log.records, now=0)
    assert ([each.topic for each in effects.outputs], effects.unfinished) == ([], False)
