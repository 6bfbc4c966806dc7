"""Whatever is killed when: what an outbox said was accepted is there, and numbers have no gap."""

import random
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from lienthong_producers.outbox import Accepted, Outbox
from lienthong_producers.outbox_queue import OutboxQueue
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.codec import SchemaBook
from tests.support.senders import dossier

KILLS = 24


def numbers_in(path: Path) -> dict[str, list[int]]:
    """Return the numbers of each case as they wait, in the order of acceptance; every event must be readable."""
    book = SchemaBook()
    found: defaultdict[str, list[int]] = defaultdict(list)
    with OutboxQueue(path) as queue:
        for entry in queue.pending(1_000_000):
            event, _ = read_case_event(book, entry.record.topic, entry.record.key, entry.record.value or b"")
            found[event.case_id].append(event.seq)
    return dict(found)


@pytest.mark.parametrize("seed", [1, 2])
def test_writers_may_be_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    """Two writers at a time, 24 kills or more: all said is kept, nothing half, numbers 1, 2, 3 ... in each case."""
    path = tmp_path / "outbox.db"
    command = [sys.executable, "-m", "tests.support.outbox_storm", str(path), str(KILLS), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = [line.split(" ") for line in done.stdout.splitlines()]
    kept = numbers_in(path)
    assert len(said) > KILLS
    assert [(case, number) for case, number in said if int(number) not in kept[case]] == []
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in kept.values())
    with Outbox(path) as outbox:
        case, numbers = next(iter(kept.items()))
        assert outbox.accept(dossier(case.rsplit(":", 1)[1])).seq == len(numbers) + 1


def test_a_torn_write_costs_nothing_that_was_told(tmp_path: Path) -> None:
    """A copy of the files at the moment of a receipt, with garbage behind as a power cut leaves it, holds the event."""
    chance = random.Random(5)
    told: list[Accepted] = []
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(30):
            told += outbox.accept_all([dossier(f"A-{chance.randrange(3)}") for _ in range(chance.randint(1, 4))])
            if number % 3:
                continue
            copy = tmp_path / f"copy-{number}.db"
            shutil.copy(tmp_path / "outbox.db", copy)
            journal = (tmp_path / "outbox.db-wal").read_bytes()
            copy.with_name(f"{copy.name}-wal").write_bytes(journal + chance.randbytes(chance.randrange(9000)))
            kept = numbers_in(copy)
            assert {(each.case_id, each.seq) for each in told} == {
                (case, seq) for case, numbers in kept.items() for seq in numbers
            }
