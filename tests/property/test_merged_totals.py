"""Totals are the sum of the newest partial figures, in whatever order they come and however often one begins anew."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.partial_totals import PartialTotals
from lienthong_schemas.totals import LIVE_TOPIC, Totals, is_newer, totals
from lienthong_streams.domain.merging import Merger
from lienthong_streams.totals import TotalsTopic
from tests.support.merged import FIELDS, added_up, histories, plain_totals

BOOK = SchemaBook()


def field_of(selector: str) -> str:
    """The field of a procedure."""
    return FIELDS.get(selector, "")


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_the_snapshots_makes_no_difference(history: list[PartialTotals], chance: object) -> None:
    """Scrambled, and some of them twice: the newest of each key counts."""
    shuffled = [*history, *history[::2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    merger = Merger(field_of)
    for one in shuffled:
        merger.take(one)
    assert plain_totals(map(merger.total, merger.cells())) == added_up(history)


class Topic:
    """``totals.v1`` as it stands, and the process that writes it, which may begin anew at any time."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.newest: dict[bytes, Totals] = {}

    def begin(self, history: Sequence[PartialTotals]) -> tuple[Merger, TotalsTopic]:
        """A new process: it reads what is said, and the partials up to now."""
        merger = Merger(field_of)
        writer = TotalsTopic(BOOK, merger)
        for record in self.records:
            writer.read(record)
        for one in history:
            merger.take(one)
        return merger, writer

    def commit(self, outputs: Sequence[OutboundRecord]) -> None:
        """What was written stands; each record is newer than the one before it under its key."""
        for each in outputs:
            key, value = each.key or b"", each.value or b""
            total = totals(BOOK.decode(LIVE_TOPIC, value))
            before = self.newest.get(key)
            assert before is None or is_newer(total, before)
            self.newest[key] = total
            self.records.append(Record(LIVE_TOPIC, 0, len(self.records), key, value, 0))


FATES = st.lists(st.sampled_from(["writes", "waits", "dies before", "dies after"]), max_size=20)


@settings(max_examples=60, deadline=None)
@given(histories(), FATES)
def test_what_stands_is_the_sum_after_any_restarts(history: list[PartialTotals], fates: list[str]) -> None:
    """It may die before a transaction or after it; who comes next says what was not said, and nothing else."""
    topic = Topic()
    merger, writer = topic.begin(())
    for number, one in enumerate(history, start=1):
        merger.take(one)
        fate = fates[number] if number < len(fates) else "writes"
        if fate != "waits":
            outputs = writer.outputs(3)
            if fate != "dies before":
                topic.commit(outputs)
            if fate != "writes":
                merger, writer = topic.begin(history[:number])
    while outputs := writer.outputs(3):
        topic.commit(outputs)
    assert plain_totals(topic.newest.values()) == added_up(history)
    _, again = topic.begin(history)
    assert again.outputs(1_000) == []
