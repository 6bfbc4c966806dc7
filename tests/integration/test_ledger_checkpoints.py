"""What ledger and deadline workers had counted after the same records, side by side on a real PostgreSQL."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas import checksums
from lienthong_schemas.checksums import Checksum, checksum_of, key_of
from lienthong_schemas.codec import SchemaBook
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, hour, outbound

pytestmark = pytest.mark.broker


def counted_at_boundaries(bench: LedgerBench, *, every: int) -> list[tuple[Any, ...]]:
    """Partition, boundary, received, ended and ended late by office, counted from the log of dossiers."""
    found = []
    for partition in range(bench.broker.partitions("dossier.v1")):
        newest: dict[str, tuple[str, bool, bool]] = {}
        for record in bench.broker.log(TopicPartition("dossier.v1", partition)).records:
            value = SchemaBook().decode("dossier.v1", record.value or b"")
            ended, due = value["ended_at"], value["due_at"]
            newest[value["case_id"]] = value["office"], ended is not None, ended is not None and ended > due
            if (record.offset + 1) % every == 0:
                states = newest.values()
                counts = (
                    Counter(office for office, *_ in states),
                    Counter(office for office, ended, _ in states if ended),
                    Counter(office for office, _, late in states if late),
                )
                found.append((partition, record.offset + 1, *map(dict, counts)))
    return found


def told(one: Checksum) -> OutboundRecord:
    """The record of a checksum."""
    return OutboundRecord(checksums.TOPIC, key_of(one), SchemaBook().encode(checksums.TOPIC, one._asdict()))


async def test_the_ledger_keeps_its_figures_at_every_boundary(
    bench: LedgerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After exactly the records below it, whatever came in one fetch; a case moves, ends, ends late."""
    monkeypatch.setattr(checksums, "EVERY", 5)
    for number in range(12):
        bench.put(outbound(dossier(number, 1, "2")), outbound(dossier(number, 2, "4", office="H27.17")))
    for number in range(12):
        bench.put(outbound(dossier(number, 3, "9", ended_at=hour(3 + 40 * number))))
    await bench.settle()
    kept = bench.rows(
        "SELECT partition, below, received, ended, ended_late FROM checkpoint WHERE counted_by = 'ledger'"
        " ORDER BY partition, below"
    )
    assert kept == [
        (partition, below, *figures) for partition, below, *figures in counted_at_boundaries(bench, every=5)
    ]
    assert len(kept) > 3


async def test_what_the_workers_counted_is_held_against_the_ledger(
    bench: LedgerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal figures agree, whoever comes first; other ones are kept, with the office, also where they are mended."""
    monkeypatch.setattr(checksums, "EVERY", 2)
    wrong, right = (checksum_of("dossier.v1", 0, 2, {"H27.16": (number, 0, 0)}) for number in (3, 2))
    records = [outbound(dossier(number, 1, "2")) for number in range(40)]
    first = [one for one in records if partition_of(one.key or b"", bench.broker.partitions("dossier.v1")) == 0][:2]
    bench.put(told(wrong), *first)
    await bench.settle()
    mismatch = "SELECT below, office, ledger_received, deadlines_received FROM figures_mismatch"
    compared = "SELECT topic, partition, below, agreed, agrees, set_aside FROM figures_comparison"
    assert bench.rows(mismatch) == [(2, "H27.16", 2, 3)]
    assert bench.rows(compared) == [("dossier.v1", 0, 2, False, False, False)]
    bench.put(told(right), told(right))
    await bench.settle()
    assert bench.rows(mismatch) == [(2, "H27.16", 2, 3)]
    assert bench.rows(compared) == [("dossier.v1", 0, 2, False, True, False)]
    assert bench.rows("SELECT entries, duplicates FROM position WHERE topic = 'checksum.v1'") == [(2, 1)]
