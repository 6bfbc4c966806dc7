"""Properties of outbox and forwarder over random histories: numbers, order, and errors at any point."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_infra.errors import PublishError
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Publisher, Written
from lienthong_producers.errors import NotNumberedHere
from lienthong_producers.forwarder import Forwarder, Pace
from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue, Pending
from lienthong_schemas.codec import SchemaBook
from tests.support.senders import dossier, handover

CASES = ("A-1", "A-2", "A-3")
BOOK = SchemaBook()

steps = st.lists(
    st.tuples(
        st.sampled_from(["accept", "accept", "accept", "handover", "take-over", "reopen"]), st.sampled_from(CASES)
    ),
    max_size=40,
)
"""What an office does with which case."""


class Model:
    """What the numbers of a case must be, in a few plain words."""

    def __init__(self) -> None:
        self.events: dict[str, list[tuple[int, int]]] = {case: [] for case in CASES}
        self.epoch = dict.fromkeys(CASES, 1)
        self.seq = dict.fromkeys(CASES, 0)
        self.away = dict.fromkeys(CASES, False)

    def take(self, step: str, case: str) -> bool:
        """Whether the outbox must do this; notes it."""
        if step == "take-over":
            if not self.away[case]:
                return False
            self.epoch[case], self.seq[case], self.away[case] = self.epoch[case] + 2, 0, False
            return True
        if self.away[case]:
            return False
        self.seq[case] += 1
        self.events[case].append((self.epoch[case], self.seq[case]))
        self.away[case] = step == "handover"
        return True


def attempt(outbox: Outbox, step: str, case: str, epoch: int) -> bool:
    """Do a step; return whether the outbox did it."""
    try:
        if step == "take-over":
            outbox.take_over(f"dossier:H27.16:{case}", epoch=epoch + 2)
        else:
            outbox.accept(handover(case) if step == "handover" else dossier(case))
    except NotNumberedHere:
        return False
    return True


@given(steps)
@settings(max_examples=40, deadline=None)
def test_numbers_follow_a_simple_model(history: Sequence[tuple[str, str]]) -> None:
    """In each epoch numbers count from 1; after a handover nothing until a take-over; nothing is lost by reopening."""
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.db"
        outbox = Outbox(path)
        for step, case in history:
            if step == "reopen":
                outbox.close()
                outbox = Outbox(path)
                continue
            epoch = model.epoch[case]
            # A case that this outbox has never seen may be taken over in any epoch; the model knows only its own.
            if step == "take-over" and not model.events[case]:
                continue
            expected = model.take(step, case)
            assert attempt(outbox, step, case, epoch) == expected
        outbox.close()
        with OutboxQueue(path) as queue:
            records = [BOOK.decode("dossier.v1", each.record.value or b"") for each in queue.pending(1000)]
    for case, expected_numbers in model.events.items():
        found = [(r["epoch"], r["seq"]) for r in records if r["case_id"].endswith(case)]
        assert found == expected_numbers


class _Points:
    """Where the forwarder fails, in the order of its rounds."""

    def __init__(self, points: Sequence[str]) -> None:
        self._left = list(points)

    def reached(self, point: str) -> bool:
        """Whether the forwarder fails here now."""
        if self._left and self._left[0] == point:
            self._left.pop(0)
            return True
        return False


class _FailingQueue:
    """An outbox whose forwarder fails around the mark."""

    def __init__(self, queue: OutboxQueue, points: _Points) -> None:
        self._points = points
        self.pending, self.standing, self.prune = queue.pending, queue.standing, queue.prune
        self._mark = queue.mark_sent

    def mark_sent(self, entries: Sequence[Pending], written: Sequence[Written]) -> None:
        if self._points.reached("before-mark"):
            raise PublishError("before-mark")
        self._mark(entries, written)
        if self._points.reached("after-mark"):
            raise PublishError("after-mark")


class _FailingPublisher:
    def __init__(self, broker: MemoryBroker, points: _Points) -> None:
        self._broker, self._points = broker, points

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        if self._points.reached("before-publish"):
            raise PublishError("before-publish")
        if self._points.reached("half-published"):
            self._broker.write(records[: len(records) // 2])
            raise PublishError("half-published")
        return self._broker.write(records)

    async def close(self) -> None:
        return None


@given(
    st.lists(st.sampled_from(CASES), min_size=1, max_size=40),
    st.lists(st.sampled_from(["before-publish", "half-published", "before-mark", "after-mark"]), max_size=6),
    st.integers(1, 12),
)
@settings(max_examples=40, deadline=None)
def test_errors_at_any_point_lose_nothing_and_keep_the_order(
    cases: Sequence[str], points: Sequence[str], chunk: int
) -> None:
    """All accepted arrives; the first copies of a case's events are in order; copies are the same bytes."""
    broker = MemoryBroker()
    broker.create_topic("dossier.v1", 2)
    plan = _Points(points)

    async def connect() -> Publisher:
        return _FailingPublisher(broker, plan)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.db"
        with Outbox(path) as outbox, OutboxQueue(path) as queue:
            receipts = outbox.accept_all([dossier(case) for case in cases])
            forwarder = Forwarder(_FailingQueue(queue, plan), connect, pace=Pace(chunk=chunk))
            asyncio.run(drained(forwarder))
            assert queue.pending(1) == []
    first_copies: dict[tuple[str, int], bytes] = {}
    for record in broker.records("dossier.v1"):
        content = BOOK.decode("dossier.v1", record.value or b"")
        key = (content["case_id"], content["seq"])
        assert first_copies.setdefault(key, record.value or b"") == record.value
    assert sorted(first_copies) == sorted((receipt.case_id, receipt.seq) for receipt in receipts)
    for case in {case for case, _ in first_copies}:
        numbers = [seq for name, seq in first_copies if name == case]
        assert numbers == sorted(numbers)


async def drained(forwarder: Forwarder) -> None:
    """Drain again after every error, as the running forwarder does after its pause."""
    while True:
        try:
            await forwarder.drain()
        except PublishError:
            continue
        return
