"""What the end of a clock tells of the regulated time is what the live figures count: told again when that changes."""

from __future__ import annotations

from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ClockEvent
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.rebuild import Announced
from tests.support.cases import CASE, event, minute
from tests.support.log import SOURCE, Log, clock_events

BOOK = SchemaBook()
BEGUN = (event(1, "2", 0, due=100), event(2, "4", 1, due=100))
ENDED = event(3, "9", 50, due=100)


class Worker:
    """An owner of the partition with live figures, and all that it says about clocks."""

    def __init__(self) -> None:
        self.log = Log(BOOK)
        self.owner = self._owner()
        self.changelog: dict[bytes, bytes | None] = {}
        self.said: list[ClockEvent] = []

    def _owner(self) -> DeadlinePartition:
        return DeadlinePartition(SOURCE, BOOK, self.log.barriers, figures=PartialFigures(SOURCE, BOOK, every=0))

    def begin(self) -> None:
        """Take the partition over with what is in the changelog."""
        self.owner = self._owner()
        for key, value in self.changelog.items():
            self.owner.restore(key, value)
        self.owner.restored()

    def take(self, *events: object, at: float) -> list[ClockEvent]:
        """Events and a tick after them; what is said."""
        for one in events:
            self.log.take(one, known_at=minute(at))  # type: ignore[arg-type]
        self.log.tick(minute(at), len(self.log.records), {"H27.16": minute(at)})
        said, unfinished = [], True
        while unfinished:
            effects = self.owner.run(self.log.records[self.owner.position :], now=minute(at))
            unfinished = effects.unfinished
            self.changelog.update(effects.changes)
            said += clock_events(BOOK, effects.outputs)
        self.said += said
        return said


def ended(share_at: float = 50) -> Worker:
    """A worker that has said the end of a case that used so many of its hundred minutes."""
    worker = Worker()
    worker.begin()
    worker.take(*BEGUN, event(3, "9", share_at, due=100), at=60)
    return worker


def told(said: list[ClockEvent]) -> list[tuple[str, int | None, int | None]]:
    """Kind and what is told of the regulated time."""
    return [(one.kind, one.regulated_seconds, one.used_percent) for one in said]


def test_an_end_tells_how_much_of_the_regulated_time_was_used() -> None:
    """Fifty of a hundred minutes; nothing else that a clock does tells of it."""
    assert told(ended().said) == [("started", None, None), ("met", 6_000, 50)]


def test_a_late_end_tells_more_than_a_hundred_percent() -> None:
    """Rounded up, so that who used a moment too much is above the bound."""
    said = told(ended(100.001).said)
    assert said == [("started", None, None), ("breached", None, None), ("met-late", 6_000, 101)]


def test_an_end_stated_anew_in_another_bucket_is_withdrawn_and_said_again() -> None:
    """The result was given earlier than the office had said: the same settled key under another id."""
    worker = ended()
    met = worker.said[-1]
    corrected = event(4, "10", 61, due=100, ended_at=minute(20))
    cleared, again = worker.take(corrected, at=62)
    assert (cleared.kind, cleared.refers_to, again.kind) == ("cleared", met.event_id, "met")
    assert (again.settled_key, again.used_percent) == (met.settled_key, 20)
    assert again.event_id not in (met.event_id, cleared.event_id)
    assert worker.take(at=90) == []


def test_an_end_stated_anew_in_the_same_bucket_says_nothing() -> None:
    """The figures are the same; the history of the case has the rest."""
    worker = ended()
    assert worker.take(event(4, "10", 61, due=100, ended_at=minute(49)), at=62) == []


def test_what_ends_a_new_episode_is_told_of_it_alone() -> None:
    """The end of the one before stays as it was said."""
    worker = ended()
    said = worker.take(event(4, "4", 70, due=200), event(5, "9", 80, due=200), at=90)
    assert [(one.kind, one.episode) for one in said] == [("started", 2), ("met", 2)]


def test_a_rebuild_says_no_end_again() -> None:
    """From the log and the announcements alone, nobody knows what share was told: nothing stands out."""
    worker = ended()
    announced = Announced(SOURCE)
    for one in worker.said:
        announced.take("sla.v1", one._asdict())
    worker.changelog = dict(announced.states())
    worker.begin()
    assert worker.take(at=95) == []
    assert worker.owner.position == len(worker.log.records)
    assert CASE in {one.case_id for one in worker.said}
