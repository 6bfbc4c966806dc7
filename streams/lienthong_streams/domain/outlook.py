"""What policy and calendar make of a case. It is kept with the case and worked out anew only when a pause, a statement
or an end changes it, for a calendar is slow to ask and most events change nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lienthong_schemas.instants import Instant

ENDLESS: Final[Instant] = 2**63 - 1
"""Later than every instant."""


class Due(NamedTuple):
    """A due time. ``at`` stands on the slip, up to ``last_in_time`` is in time; ``moving``: an open pause moves it."""

    at: Instant
    last_in_time: Instant
    moving: bool


class Outlook(NamedTuple):
    """What lies before an episode."""

    due: Due | None
    """The due time that counts; None where none is stated and none can be computed."""
    differs: bool
    """Whether the due time that was stated first is not the one that follows from the policy."""
    first_level_at: Instant
    """The earliest instant of a warning or an escalation; ENDLESS where there is none."""


class Limit(NamedTuple):
    """The due time of a span beside the processing clock, and the last instant that is in time."""

    due_at: Instant
    last_in_time: Instant


KEPT: Final = Limit(ENDLESS, ENDLESS)
"""Of a span that ended in time; when it was due is worked out again if somebody asks."""
