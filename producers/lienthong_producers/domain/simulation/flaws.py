"""What goes wrong before anything is brought: numbers given twice, events that are lost for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.chance import Chance
from lienthong_producers.domain.simulation.office_hours import SECOND
from lienthong_producers.domain.simulation.options import Flaws
from lienthong_schemas.calendar_table import HOUR, MINUTE

LOST: Final = "lost"
CONFLICT: Final = "conflict"


def flawed(events: Iterable[SimulatedEvent], flaws: Flaws, seed: int) -> Iterator[SimulatedEvent]:
    """The events with their flaws. An event with a number given before stands right behind the first one."""
    chance = Chance(seed, "flaws")
    for event in events:
        lot = chance.share()
        if lot < flaws.lost:
            yield event._replace(flaw=LOST)
            continue
        yield event
        if lot < flaws.lost + flaws.conflicts:
            yield _twin(event, chance.whole(0, 1))


def _twin(event: SimulatedEvent, seconds: int) -> SimulatedEvent:
    """Another event with the same number, such as an outbox gives out once an older copy of it was put back."""
    step = event.step
    other = step._replace(
        occurred_at=step.occurred_at - 5 * MINUTE,
        accepted_at=step.accepted_at + seconds * SECOND,
        due_at=None if step.due_at is None else step.due_at + HOUR,
    )
    return event._replace(step=other, flaw=CONFLICT)
