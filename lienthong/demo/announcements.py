"""What the bus has announced about breaches: told one by one, and counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from lienthong_schemas.records import FIRM, ClockEvent

BREACHED = "breached"
MET_LATE = "met-late"
CONFIRMED = "confirmed"
CLEARED = "cleared"
_TOLD = frozenset((BREACHED, MET_LATE, CONFIRMED, CLEARED))


def is_news(event: ClockEvent) -> bool:
    """Whether an announcement is about being late; the rest (started, paused, met ...) is everyday life."""
    return event.kind in _TOLD and kind_told_of(event) in (BREACHED, MET_LATE)


def kind_told_of(event: ClockEvent) -> str:
    """The kind of clock event that an announcement is about: its own, or that of the one it takes back or confirms."""
    return event.settled_key.split("|")[3]


def is_firm(event: ClockEvent) -> bool:
    """False: the office could not be heard up to the due time, or an event is missing."""
    return event.firmness == FIRM


@dataclass(slots=True)
class Breaches:
    """The breaches announced so far, by case."""

    announced: list[str] = field(default_factory=list)
    """A case for each announcement; a breach that was withdrawn and holds again counts twice."""
    provisional: set[str] = field(default_factory=set)
    withdrawn: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    def add(self, event: ClockEvent) -> None:
        """Take an announcement; those about other things change nothing."""
        if kind_told_of(event) != BREACHED:
            return
        if event.kind == BREACHED:
            self.announced.append(event.case_id)
            if not is_firm(event):
                self.provisional.add(event.case_id)
        elif event.kind == CLEARED:
            self.withdrawn.append(event.case_id)
        elif event.kind == CONFIRMED:
            self.confirmed.append(event.case_id)
