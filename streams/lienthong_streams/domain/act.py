"""What the clocks keep of an event: its number in the case, and whose it is."""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent


class Act(NamedTuple):
    """An event as a cause: its number, who sent it, and what selected the policy."""

    epoch: int
    seq: int
    office: str
    commune: str
    selector: str

    @property
    def cause(self) -> str:
        """How it stands in a settled key: ``epoch.seq``."""
        return f"{self.epoch}.{self.seq}"


def act_of(event: CaseEvent) -> Act:
    """The act of an event."""
    return Act(event.epoch, event.seq, event.office, event.commune, event.selector)
