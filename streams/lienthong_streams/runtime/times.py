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
    pace_s: float = 0.05
    """From one step with fewer records to the next. It is half of what a live event waits at most; a transaction takes
    some two milliseconds of CPU, four partitions at this pace a fifth of a core at most, and where the machine is short
    of CPU steps take longer than this and hold more."""
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
