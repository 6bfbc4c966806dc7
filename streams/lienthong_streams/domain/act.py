"""What the clocks keep of an event: its number in the case, and whose it is."""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent


class Side(NamedTuple):
    """Who sends events of a case in an epoch, and what of them selects the policy. Nearly every case has one or two."""

    epoch: int
    office: str
    commune: str
    selector: str


class Act(NamedTuple):
    """An event as a cause."""

    side: Side
    seq: int

    @property
    def epoch(self) -> int:
        """The epoch of its number."""
        return self.side.epoch

    @property
    def office(self) -> str:
        """Who sent it."""
        return self.side.office

    @property
    def commune(self) -> str:
        """In which commune; may be empty."""
        return self.side.commune

    @property
    def selector(self) -> str:
        """The procedure, category, form or document type that it states."""
        return self.side.selector

    @property
    def cause(self) -> str:
        """How it stands in a settled key: ``epoch.seq``."""
        return f"{self.side.epoch}.{self.seq}"


def act_of(event: CaseEvent, before: Act | None = None) -> Act:
    """The act of an event; on the side of the one before where it is the same."""
    side = Side(event.epoch, event.office, event.commune, event.selector)
    return Act(before.side if before is not None and before.side == side else side, event.seq)
