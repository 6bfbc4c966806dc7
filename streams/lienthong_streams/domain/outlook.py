"""What policy and calendar make of a case. It is kept with the case and worked out anew only when a pause, a statement
or an end changes it, for a calendar is slow to ask and most events change nothing.
"""

from __future__ import annotations

from typing import Final

from lienthong_schemas.instants import Instant

ENDLESS: Final[Instant] = 2**63 - 1
"""Later than every instant."""


class Due:
    """A due time. ``at`` stands on the slip, up to ``last_in_time`` is in time; ``moving``: an open pause moves it.

    A plain class like the two below: they are made for every case that is unpacked (decision 0033).
    """

    __slots__ = ("at", "last_in_time", "moving")

    def __init__(self, at: Instant, last_in_time: Instant, moving: bool) -> None:
        self.at = at
        self.last_in_time = last_in_time
        self.moving = moving


class Outlook:
    """What lies before an episode."""

    __slots__ = ("differs", "due", "first_level_at")

    def __init__(self, due: Due | None, differs: bool, first_level_at: Instant) -> None:
        self.due = due
        """The due time that counts; None where none is stated and none can be computed."""
        self.differs = differs
        """Whether the due time that was stated first is not the one that follows from the policy."""
        self.first_level_at = first_level_at
        """The earliest instant of a warning or an escalation; ENDLESS where there is none."""


class Limit:
    """The due time of a span beside the processing clock, and the last instant that is in time."""

    __slots__ = ("due_at", "last_in_time")

    def __init__(self, due_at: Instant, last_in_time: Instant) -> None:
        self.due_at = due_at
        self.last_in_time = last_in_time


KEPT: Final = Limit(ENDLESS, ENDLESS)
"""Of a span that ended in time; when it was due is worked out again if somebody asks."""
