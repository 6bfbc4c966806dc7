"""When the live figures of a partition are published, and that nothing is forgotten. Source: decision 0019."""

from __future__ import annotations

import pytest

from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.catalogue import packaged_root
from lienthong_schemas.codec import SchemaBook, fingerprint_of, packaged_schema
from lienthong_schemas.examples import load_examples, record_of
from lienthong_schemas.partial_totals import (
    ALL_CHANNELS,
    TOPIC,
    PartialTotals,
    partial_totals,
    with_bar,
    without_bar,
)
from lienthong_streams.partial_figures import AT_ONCE, PartialFigures
from lienthong_streams.position import Position

SOURCE = TopicPartition("dossier.v1", 3)
EVERY = 100
BOOK = SchemaBook()
EXAMPLES = list(load_examples(packaged_root()))
HERE = Position(next_offset=7, tick_offset=0, horizon=5_000, generation=2)
WAITING, IN_PROCESS = "0", "3"


def case(outcome: str, office: str = "H27.16") -> bytes:
    """What a case adds in an office."""
    return f"{outcome}|18073|{office}|online|1.005129".encode()


def snapshots(outputs: list[OutboundRecord]) -> dict[bytes, PartialTotals]:
    """By key, what was published."""
    return {each.key or b"": partial_totals(BOOK.decode(each.topic, each.value or b"")) for each in outputs}


@pytest.fixture
def figures() -> PartialFigures:
    """Figures of a partition that begins with nothing; its interval begins at instant 0."""
    made = PartialFigures(SOURCE, BOOK, every=EVERY)
    made.restored((), HERE)
    assert made.outputs(HERE, 0) == []
    return made


def test_a_change_is_published_once_the_interval_is_over(figures: PartialFigures) -> None:
    """A full snapshot, with the position that it knows."""
    figures.changed(b"", case(WAITING))
    assert (figures.outputs(HERE, EVERY - 1), figures.waits) == ([], True)
    ((key, snapshot),) = snapshots(figures.outputs(HERE, EVERY)).items()
    assert key == b"dossier.v1/3|18073|H27.16|online|1.005129"
    assert snapshot[:11] == ("dossier.v1", 3, 2, 7, 5_000, "dossier", "18073", "H27.16", "online", "1.005129", 1)
    assert (figures.waits, figures.outputs(HERE, 9 * EVERY)) == (False, [])


def test_many_changes_of_a_cell_are_one_snapshot(figures: PartialFigures) -> None:
    """The last figures count; the interval begins anew with each publication."""
    for _ in range(3):
        figures.changed(b"", case(WAITING))
        figures.changed(case(WAITING), case(IN_PROCESS))
    (snapshot,) = snapshots(figures.outputs(HERE, EVERY)).values()
    assert (snapshot.waiting, snapshot.in_process) == (0, 3)
    figures.changed(b"", case(WAITING))
    assert figures.outputs(HERE, 2 * EVERY - 1) == []


def test_a_cell_that_loses_its_last_case_does_not_wait(figures: PartialFigures) -> None:
    """A next owner would not know of it: it finds no case there."""
    figures.changed(b"", case(IN_PROCESS))
    figures.outputs(HERE, EVERY)
    figures.changed(case(IN_PROCESS), case(IN_PROCESS, "H27.17"))
    ((key, snapshot),) = snapshots(figures.outputs(HERE, EVERY + 1)).items()
    assert (key.split(b"|")[2], snapshot.received) == (b"H27.16", 0)
    ((key, snapshot),) = snapshots(figures.outputs(HERE, 2 * EVERY)).items()
    assert (key.split(b"|")[2], snapshot.received) == (b"H27.17", 1)


def test_a_new_owner_publishes_every_cell_that_has_a_case() -> None:
    """What the one before it had not published yet is among them."""
    owner = PartialFigures(SOURCE, BOOK, every=EVERY)
    owner.restored([case(IN_PROCESS), case(IN_PROCESS), case(WAITING, "H27.17"), b""], HERE)
    assert (owner.outputs(HERE, 0), owner.waits) == ([], True)
    found = snapshots(owner.outputs(HERE, EVERY))
    assert {key.split(b"|")[2]: (one.waiting, one.received) for key, one in found.items()} == {
        b"H27.16": (0, 2),
        b"H27.17": (1, 0),
    }


def test_many_cells_go_out_in_portions() -> None:
    """One transaction stays small; the next run goes on at once, and a change in between is not lost."""
    owner = PartialFigures(SOURCE, BOOK, every=EVERY)
    owner.restored([case(WAITING, f"H{number}") for number in range(AT_ONCE + 1)], HERE)
    owner.outputs(HERE, 0)
    assert (len(owner.outputs(HERE, EVERY)), owner.waits) == (AT_ONCE, True)
    owner.changed(case(WAITING, "H0"), case(IN_PROCESS, "H0"))
    assert len(owner.outputs(HERE, EVERY + 1)) == 1
    (snapshot,) = snapshots(owner.outputs(HERE, 2 * EVERY)).values()
    assert (snapshot.office, snapshot.in_process, owner.waits) == ("H0", 1, False)


def test_a_clock_that_is_put_back_holds_nothing_up(figures: PartialFigures) -> None:
    """The machine's time only paces; an hour back must not mean an hour of silence."""
    figures.changed(b"", case(WAITING))
    assert len(figures.outputs(HERE, -3_600_000_000)) == 1


def test_a_snapshot_of_the_first_version_is_of_all_channels() -> None:
    """Whoever adds up must not count it beside those that tell channels apart; what is written today always does."""
    (entry,) = (one for one in EXAMPLES if (one.schema, one.path.stem) == ("totals-partial.v1", "nothing-left"))
    old = BOOK.encode(TOPIC, record_of(packaged_schema(entry.schema), entry.data))
    assert partial_totals(BOOK.decode(TOPIC, old)).channel == ALL_CHANNELS
    new = partial_totals(BOOK.decode(TOPIC, old))._replace(channel="")
    assert BOOK.encode(TOPIC, new)[2:10] == fingerprint_of(packaged_schema("totals-partial.v2"))


@pytest.mark.parametrize("channel", ["", "online", "a|b", "100%", "%7C", "|%25|"])
def test_a_channel_survives_as_part_of_a_key(channel: str) -> None:
    """Two channels never share a key."""
    assert "|" not in without_bar(channel)
    assert with_bar(without_bar(channel)) == channel
