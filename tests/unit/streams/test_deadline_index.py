"""The deadline index: what falls due, and what asking costs. Source: design §5 (ticks), issue 4."""

from __future__ import annotations

import random

from lienthong_schemas.instants import Instant
from lienthong_streams.deadline_index import MINUTE, DeadlineIndex


class Waiting:
    """Cases with the instant that holds for each; counts how often it was asked."""

    def __init__(self) -> None:
        self.index = DeadlineIndex()
        self.holds: dict[bytes, Instant] = {}
        self.asked = 0

    def wait(self, key: bytes, at: Instant) -> None:
        """A case gets another instant."""
        self.holds[key] = at
        self.index.add(at, key)

    def instant_of(self, key: bytes) -> Instant | None:
        """What holds for a case."""
        self.asked += 1
        return self.holds.get(key)

    def due(self, before: Instant, limit: int = 1_000) -> list[bytes]:
        """What the index gives."""
        return self.index.due(before, limit, self.instant_of)


def test_cases_fall_due_after_their_instant_in_its_order() -> None:
    """Strictly before the horizon: a due time that is just reached is in time."""
    waiting = Waiting()
    for key, at in ((b"c", 3 * MINUTE), (b"a", 5), (b"b", 6)):
        waiting.wait(key, at)
    assert [waiting.due(before) for before in (5, 7, 3 * MINUTE, 3 * MINUTE + 1)] == [[], [b"a", b"b"], [], [b"c"]]


def test_only_what_holds_now_is_given() -> None:
    """An instant that was changed or dropped is passed over, and one that came back is given once."""
    waiting = Waiting()
    for at in (1, 2 * MINUTE, 1):
        waiting.wait(b"a", at)
    waiting.wait(b"gone", 2)
    del waiting.holds[b"gone"]
    assert waiting.due(MINUTE) == [b"a"]
    assert waiting.due(9 * MINUTE) == []


def test_an_instant_in_the_past_is_due_at_once() -> None:
    """Behind the bucket that time has reached."""
    waiting = Waiting()
    waiting.due(9 * MINUTE)
    waiting.wait(b"a", 9 * MINUTE + 1)
    waiting.due(9 * MINUTE + 1)
    waiting.wait(b"b", 3)
    assert waiting.due(9 * MINUTE + 1) == [b"b"]
    assert waiting.due(9 * MINUTE + 2) == [b"a"]


def test_more_than_the_limit_waits_for_the_next_time() -> None:
    """A run folds a bounded number."""
    waiting = Waiting()
    for number in range(5):
        waiting.wait(bytes([number]), number)
    assert waiting.due(MINUTE, limit=3) == [b"\x00", b"\x01", b"\x02"]
    assert waiting.index.has_due(MINUTE)
    assert waiting.due(MINUTE) == [b"\x03", b"\x04"]
    assert not waiting.index.has_due(MINUTE)


def test_asking_when_nothing_falls_due_looks_at_no_case() -> None:
    """10,000 cases wait, many of them in the bucket that time has reached: it is put in order once, not each time."""
    waiting = Waiting()
    for number in range(10_000):
        waiting.wait(b"%d" % number, MINUTE - 1 if number % 2 else number * MINUTE)
    waiting.due(MINUTE - 9)
    looked_at = waiting.asked
    assert [waiting.due(MINUTE - 9 + second) for second in range(8)] == [[]] * 8
    assert (waiting.asked - looked_at, waiting.index.entries) == (0, 10_000 - 1)


def test_any_changes_give_each_case_once_at_its_last_instant() -> None:
    """Against a plain search, for random changes."""
    chance, waiting, given = random.Random(4), Waiting(), []
    for now in range(0, 300 * MINUTE, MINUTE // 3):
        for _ in range(3):
            waiting.wait(b"%d" % chance.randrange(40), now + chance.randrange(20 * MINUTE))
        expected = {key for key, at in waiting.holds.items() if at < now}
        found = waiting.due(now)
        assert (set(found), len(found)) == (expected, len(expected))
        for key in found:
            given.append(key)
            del waiting.holds[key]
    assert len(given) > 200
