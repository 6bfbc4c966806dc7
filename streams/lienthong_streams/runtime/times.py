"""The times of a host."""

from __future__ import annotations

from dataclasses import dataclass, field

from lienthong_infra.stalls import StallTimes


@dataclass(frozen=True, slots=True)
class HostTimes:
    """Times of a host, in seconds, and the sizes that go with them."""

    fetch_s: float = 0.3
    """One fetch waits so long for records."""
    fetch_records: int = 4_000
    """Records of one step at most; a step with so many blocks the process for about a second. Less at first and after
    long steps."""
    small_fetch_records: int = 1_000
    """So many are worth a transaction at once."""
    pace_s: float = 0.1
    """Between two steps with fewer records. Live, 73 us an event were measured at 0.05 s, 33 us at 0.2 s, 9 us in a
    backlog."""
    tick_commit_s: float = 5.0
    """A partition that only hears ticks commits its position at most so often."""
    wait_s: float = 1.0
    """Pause of a partition whose processor waits for something."""
    step_limit_s: float = 25.0
    """A step, with all its transactions; above the limit of one transaction."""
    listener_limit_s: float = 120.0
    """To take partitions over, changelogs included, or to let go of them."""
    leave_limit_s: float = 8.0
    """To leave in good order; Ctrl-C ends everything within ten seconds."""
    show_s: float = 5.0
    """Between two times that positions are shown as the group's offsets."""
    stalls: StallTimes = field(default_factory=StallTimes)
