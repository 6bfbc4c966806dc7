"""How partial figures add up to totals, one rule each. Source: decision 0024."""

from __future__ import annotations

from lienthong_schemas.partial_totals import ALL_CHANNELS
from lienthong_schemas.totals import CHANNEL, COMMUNE, FIELD, PROVINCE, WHOLE, Cell, broken_rules, is_newer
from lienthong_streams.domain.merging import Merger
from tests.support.merged import FIELDS, snapshot

PROVINCIAL = Cell(PROVINCE, "dossier", WHOLE, "", "")
OPEN = {"received": 3, "in_process": 3, "pending_in_time": 3}


def merged(*snapshots: object) -> Merger:
    """A merger that has taken these."""
    merger = Merger(lambda selector: FIELDS.get(selector, ""))
    for each in snapshots:
        merger.take(each)  # type: ignore[arg-type]
    return merger


def test_cells_of_all_partitions_add_up() -> None:
    """And a total stands on the newest snapshot of each source."""
    merger = merged(
        snapshot(OPEN, position=7, at=50),
        snapshot(OPEN, position=9, generation=4, at=40, source_partition=1, office="H27.17"),
    )
    total = merger.total(PROVINCIAL)
    assert (total.received, total.new_online, total.as_of, total.generation) == (6, 6, 50, 5)
    assert total.positions == {"dossier.v1/0": 7, "dossier.v1/1": 9}
    assert broken_rules(total) == []


def test_an_older_generation_never_overrides_a_newer_one() -> None:
    """A frozen owner that wakes up has counted further and knows less."""
    merger = merged(snapshot(OPEN, generation=2, position=7))
    assert not merger.take(snapshot({"received": 9}, generation=1, position=99))
    assert not merger.take(snapshot({"received": 9}, generation=2, position=6))
    assert merger.total(PROVINCIAL).received == 3


def test_the_same_snapshot_twice_counts_once() -> None:
    """As it is read again after a restart."""
    merger = merged(snapshot(OPEN), snapshot(OPEN))
    assert merger.total(PROVINCIAL).received == 3


def test_time_that_passes_is_newer_at_the_same_position() -> None:
    """A case falls due, and no record came."""
    merger = merged(snapshot(OPEN, at=10))
    late = {"received": 3, "in_process": 3, "pending_late": 3}
    assert merger.take(snapshot(late, at=20))
    total = merger.total(PROVINCIAL)
    assert (total.pending_in_time, total.pending_late, total.as_of) == (0, 3, 20)


def test_a_cell_that_emptied_is_zero_and_newer() -> None:
    """Its totals stay, so that they are said once more."""
    merger = merged(snapshot(OPEN))
    before = merger.total(PROVINCIAL)
    merger.changed.clear()
    merger.take(snapshot({}, position=2))
    after = merger.total(PROVINCIAL)
    assert not any(after.figures[0:30])
    assert PROVINCIAL in merger.changed
    assert is_newer(after, before)


def test_new_cases_are_told_by_their_channel() -> None:
    """Carried ones are not new; what came by another channel, or by none that is stated, is in one line."""
    merger = merged(
        snapshot(OPEN | {"carried": 1}),
        snapshot(OPEN, channel="direct"),
        snapshot(OPEN, channel="fax"),
        snapshot(OPEN, channel=""),
    )
    total = merger.total(PROVINCIAL)
    assert (total.new_online, total.new_direct, total.new_post, total.new_other, total.carried) == (2, 3, 0, 6, 1)
    assert merger.total(Cell(CHANNEL, "dossier", COMMUNE, "18073", "fax")).received == 3


def test_snapshots_without_channels_say_nothing_once_their_owner_tells_channels_apart() -> None:
    """The first version of the topic stays on it for ever; counted beside the second, every case would count twice."""
    old = snapshot(OPEN, channel=ALL_CHANNELS, generation=3)
    other = snapshot(OPEN, channel=ALL_CHANNELS, source_partition=1)
    merger = merged(old, other)
    assert merger.total(PROVINCIAL).received == 6
    merger.take(snapshot(OPEN, generation=4, channel="post"))
    assert merger.total(PROVINCIAL).received == 6
    assert not merger.take(old)
    assert merger.total(PROVINCIAL).received == 6
    assert merger.total(Cell(CHANNEL, "dossier", COMMUNE, "18073", "")).received == 3


def test_a_procedure_may_move_to_another_field() -> None:
    """What it counts moves with it, and both fields are said anew, as newer ones."""
    here, there = (Cell(FIELD, "dossier", COMMUNE, "18073", name) for name in ("Hộ tịch", "Tư pháp"))
    merger = merged(snapshot(OPEN), snapshot(OPEN, selector="1.2", position=9))
    before = merger.total(here)
    merger.changed.clear()
    merger.use_fields(lambda selector: "Tư pháp" if selector == "1.1" else FIELDS[selector])
    assert [merger.total(cell).received for cell in (here, there)] == [0, 3]
    assert merger.changed >= {here, there}
    assert is_newer(merger.total(here), before)


def test_an_unknown_field_has_its_own_line() -> None:
    """Nothing is dropped because nobody said to which field it belongs."""
    merger = merged(snapshot(OPEN, selector="9.9"))
    assert merger.total(Cell(FIELD, "dossier", COMMUNE, "18073", "")).received == 3
