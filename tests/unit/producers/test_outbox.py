"""The outbox: numbers without gaps, all or nothing, bounds that refuse visibly, files that are no outbox."""

import logging
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong_infra.ports import Written
from lienthong_producers.errors import (
    EventTooLarge,
    NotNumberedHere,
    OutboxDamaged,
    OutboxError,
    OutboxFull,
    OutboxVersion,
)
from lienthong_producers.outbox import MAX_EVENT_BYTES, Accepted, Outbox
from lienthong_producers.outbox_queue import OutboxQueue
from lienthong_schemas.case_event import CASE_TOPICS, read_case_event
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import IdentityError, InvalidCase
from lienthong_schemas.identity import event_id
from lienthong_schemas.models import HandoverStatement, PeriodicReport
from tests.support.senders import OFFICE, SECOND, START, Clock, dossier, handover

CASE = f"dossier:{OFFICE}:A-1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test's outbox lies."""
    return tmp_path / "outbox.db"


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def outbox(path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox."""
    with Outbox(path, clock=clock) as made:
        yield made


def waiting(path: Path) -> list[dict[str, object]]:
    """Return the decoded records that wait for the forwarder; each must keep the contract."""
    book = SchemaBook()
    with OutboxQueue(path) as queue:
        records = [entry.record for entry in queue.pending(1000)]
    return [read_case_event(book, each.topic, each.key, each.value or b"")[1] for each in records]


def test_an_accepted_event_waits_as_a_sound_record_of_the_contract(outbox: Outbox, path: Path) -> None:
    """What waits is readable, obeys the contract's rules, and is what the receipt says."""
    receipt = outbox.accept(dossier())
    assert receipt == Accepted(CASE, 1, 1, event_id(OFFICE, CASE, 1, 1))
    (record,) = waiting(path)
    found = (record["case_id"], record["epoch"], record["seq"], record["event_id"], record["accepted_at"])
    assert found == (CASE, 1, 1, receipt.event_id, START)


def test_numbers_count_per_case(outbox: Outbox) -> None:
    """Each case has numbers of its own, beginning with 1 and without gaps."""
    receipts = [outbox.accept(dossier(local)) for local in ("A-1", "A-2", "A-1", "A-1", "A-2")]
    assert [receipt.seq for receipt in receipts] == [1, 1, 2, 3, 2]


def test_numbers_go_on_after_the_file_was_closed(outbox: Outbox, path: Path) -> None:
    """A second opening of the file numbers on where the first stopped."""
    outbox.accept(dossier())
    outbox.close()
    with Outbox(path) as again:
        assert again.accept(dossier()).seq == 2


def test_each_event_names_the_digest_of_the_one_before(outbox: Outbox, path: Path) -> None:
    """`previous` chains the events of a case; the first has none."""
    for status in ("2", "4", "9"):
        outbox.accept(dossier(status=status))
    book = SchemaBook()
    with OutboxQueue(path) as queue:
        records = [entry.record for entry in queue.pending(10)]
    read = [read_case_event(book, each.topic, each.key, each.value or b"") for each in records]
    assert [record["previous"] for _, record in read] == [None, read[0][0].digest.hex(), read[1][0].digest.hex()]


def test_events_wait_in_the_order_of_acceptance(outbox: Outbox, path: Path) -> None:
    """Across cases and kinds the forwarder finds them as they were accepted."""
    report = PeriodicReport(
        authority=OFFICE,
        local="R-1",
        office=OFFICE,
        occurred_at=dossier().occurred_at,
        status="sent",
        form="II.06b",
        period="2026-M05",
    )
    outbox.accept(dossier("A-2"))
    outbox.accept(report)
    outbox.accept(dossier("A-1"))
    assert [record["case_id"] for record in waiting(path)] == [
        f"dossier:{OFFICE}:A-2",
        f"periodic-report:{OFFICE}:R-1",
        CASE,
    ]


def test_a_list_is_accepted_whole_or_not_at_all(outbox: Outbox, path: Path) -> None:
    """Where one of several cannot be accepted, none is, and no number is used up."""
    outbox.accept(handover("A-2"))
    with pytest.raises(NotNumberedHere):
        outbox.accept_all([dossier("A-1"), dossier("A-2")])
    assert len(waiting(path)) == 1
    assert outbox.accept(dossier("A-1")).seq == 1


def test_after_a_handover_the_case_is_refused(outbox: Outbox) -> None:
    """The refusal names the successor and its epoch; other cases go on."""
    outbox.accept(dossier())
    outbox.accept(handover(successor="G01"))
    with pytest.raises(NotNumberedHere, match=r"handed over to G01, which numbers it from epoch 2 on"):
        outbox.accept(dossier())
    assert outbox.accept(dossier("A-2")).seq == 1


def test_a_refused_handover_leaves_the_case_here(outbox: Outbox) -> None:
    """A handover that contradicts the numbering is no handover."""
    outbox.accept_all([dossier(), dossier()])
    statement = HandoverStatement(successor="G01", last_seq=1)
    with pytest.raises(InvalidCase, match="last_seq"):
        outbox.accept(dossier(change="handover", handover=statement))
    assert outbox.accept(dossier()).seq == 3


def test_a_successor_numbers_in_the_next_epoch(outbox: Outbox) -> None:
    """After a take-over the case begins again with 1 in the epoch given."""
    outbox.take_over(CASE, epoch=2)
    receipts = [outbox.accept(dossier()), outbox.accept(dossier())]
    assert [(receipt.epoch, receipt.seq) for receipt in receipts] == [(2, 1), (2, 2)]


def test_a_lost_outbox_is_continued(outbox: Outbox) -> None:
    """In place of a lost outbox the numbers go on after the last that arrived."""
    outbox.take_over(CASE, epoch=1, after=17)
    receipt = outbox.accept(dossier())
    assert (receipt.epoch, receipt.seq) == (1, 18)


def test_a_case_can_come_back(outbox: Outbox) -> None:
    """An office that handed a case over may take it over again in a later epoch."""
    outbox.accept(handover())
    outbox.take_over(CASE, epoch=3)
    receipt = outbox.accept(dossier())
    assert (receipt.epoch, receipt.seq) == (3, 1)


def test_a_take_over_that_does_not_fit_is_refused(outbox: Outbox) -> None:
    """Neither a case that is numbered here, nor an epoch that was used here, nor a malformed id or epoch."""
    outbox.accept(dossier("A-1"))
    with pytest.raises(NotNumberedHere, match="still numbered here"):
        outbox.take_over(CASE, epoch=2)
    outbox.accept(handover("A-2"))
    with pytest.raises(NotNumberedHere, match="already numbered here"):
        outbox.take_over(f"dossier:{OFFICE}:A-2", epoch=1)
    with pytest.raises(NotNumberedHere, match="epochs begin at 1"):
        outbox.take_over(f"dossier:{OFFICE}:A-3", epoch=0)
    with pytest.raises(NotNumberedHere, match="numbers at 1"):
        outbox.take_over(f"dossier:{OFFICE}:A-3", epoch=1, after=-1)
    with pytest.raises(IdentityError):
        outbox.take_over("A-4", epoch=2)


def test_times_of_acceptance_never_go_back(path: Path, clock: Clock) -> None:
    """If the clock steps back, events are accepted at the last time told, not before it."""
    with Outbox(path, clock=clock) as outbox:
        outbox.accept(dossier())
        clock.at -= 3600 * SECOND
        outbox.accept(dossier())
    assert [record["accepted_at"] for record in waiting(path)] == [START, START]


def test_a_full_outbox_refuses_and_keeps_what_it_has(path: Path) -> None:
    """At the bound nothing more is accepted, with a message that says what to do; what was accepted stays."""
    with Outbox(path, max_bytes=100_000) as outbox:
        receipt = outbox.accept(dossier())
        while outbox.fill() < 0.9:
            receipt = outbox.accept(dossier())
        with pytest.raises(OutboxFull, match=r"bound to 100000.*lienthong forward"):
            outbox.accept_all([dossier()] * 40)
        assert outbox.fill() <= 1
    assert len(waiting(path)) == receipt.seq


def test_from_four_fifths_on_it_warns(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first warning comes at 80 % of the bound, and names no case."""
    with Outbox(path, max_bytes=200_000) as outbox, caplog.at_level(logging.WARNING):
        while not caplog.records:
            outbox.accept(dossier())
        assert 0.75 < outbox.fill() < 0.9
    (warning,) = caplog.records
    assert warning.message == "outbox-filling"
    assert 80 <= vars(warning)["percent"] < 85


def test_an_event_that_fits_no_message_is_refused(outbox: Outbox) -> None:
    """A report with too many figures is refused when handed in, not when it blocks the queue."""
    report = PeriodicReport(
        authority=OFFICE,
        local="R-1",
        office=OFFICE,
        occurred_at=dossier().occurred_at,
        status="sent",
        form="II.06b",
        period="2026-M05",
        figures={f"column {number:090}": number for number in range(6000)},
    )
    with pytest.raises(EventTooLarge, match="at most 500000"):
        outbox.accept(report)
    assert outbox.accept(dossier()).seq == 1


def test_the_largest_event_fits_its_topic() -> None:
    """Every case topic takes a batch with one event of the largest size."""
    topics = load_catalogue().topics
    assert min(topics[topic].config.max_message_bytes for topic in CASE_TOPICS) > MAX_EVENT_BYTES + 1000


def test_a_full_disk_refuses_visibly(path: Path) -> None:
    """What SQLite says of a full disk becomes a clear refusal; the number is not used up."""
    with Outbox(path) as outbox:
        outbox.accept(dossier())
        limit_pages(outbox)
        with pytest.raises(OutboxFull, match="the disk is full"):
            outbox.accept_all([dossier(f"B-{number}") for number in range(100)])
    with Outbox(path) as again:
        assert again.accept(dossier()).seq == 2


def limit_pages(outbox: Outbox) -> None:
    """Let SQLite itself run out of room: no page more than now, which is what a full disk answers."""
    with outbox._file.reading() as sql:
        sql.execute("PRAGMA max_page_count = 1").fetchone()


def test_threads_may_share_an_outbox(outbox: Outbox) -> None:
    """Four threads that accept for one case get every number once."""
    numbers: list[int] = []

    def work() -> None:
        numbers.extend(outbox.accept(dossier()).seq for _ in range(25))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 101))


def test_no_number_is_read_before_the_lock_to_write_is_held(path: Path) -> None:
    """While another process writes, an acceptance waits before it looks up the last number, then goes on."""
    looked_up = threading.Event()
    numbers: list[int] = []

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql.startswith("SELECT epoch"):
                looked_up.set()
            return super().execute(sql, *arguments)

    with Outbox(path, connection_class=Watched) as outbox:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=lambda: numbers.append(outbox.accept(dossier()).seq))
        thread.start()
        assert not looked_up.wait(0.2)
        other.execute("COMMIT")
        other.close()
        thread.join()
    assert numbers == [1]


def test_the_file_is_private(outbox: Outbox, path: Path) -> None:
    """Nobody but the owner can read the file: pseudonyms are personal data."""
    outbox.accept(dossier())
    modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.glob("outbox.db*")}
    assert modes == {0o600}


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """The message says that the file is damaged and what to do with it."""
    path.write_bytes(b"this is no database, it is a note of more than a hundred bytes" * 20)
    with pytest.raises(OutboxDamaged, match="copy the file with its -wal and -shm files aside"):
        Outbox(path)


def test_another_database_is_refused(path: Path) -> None:
    """An SQLite file of somebody else is not taken for an outbox, nor changed."""
    with sqlite3.connect(path) as sql:
        sql.execute("PRAGMA user_version = 7")
        sql.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(OutboxDamaged, match="no outbox"):
        Outbox(path)
    assert path.read_bytes() == before


def test_a_damaged_page_is_found_at_the_start(outbox: Outbox, path: Path) -> None:
    """A page that was overwritten is found when the file is opened, before anything is sent from it."""
    for number in range(200):
        outbox.accept(dossier(f"A-{number}"))
    outbox.close()
    content = bytearray(path.read_bytes())
    content[3 * 4096 : -4096] = b"\xff" * (len(content) - 4 * 4096)
    path.write_bytes(content)
    with pytest.raises(OutboxDamaged, match="the file is damaged"):
        Outbox(path)


def test_a_newer_file_is_refused(outbox: Outbox, path: Path) -> None:
    """A file of a newer version is left alone, and the message says to upgrade."""
    outbox.close()
    with sqlite3.connect(path) as sql:
        sql.execute("PRAGMA user_version = 99")
    with pytest.raises(OutboxVersion, match="file version 99, known here: 1"):
        Outbox(path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """A path in a folder that does not exist is refused with the path."""
    with pytest.raises(OutboxDamaged, match="no-folder"):
        Outbox(tmp_path / "no-folder" / "outbox.db")


def test_a_busy_file_is_an_error_of_our_own(outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that holds the file for too long leads to a refusal, not to a foreign exception."""
    monkeypatch.setattr("lienthong_producers.outbox_file.BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutboxError, match="locked"):
        Outbox(path)
    holder.close()


def test_a_sent_event_keeps_its_number_used(outbox: Outbox, path: Path) -> None:
    """Marking and forgetting an event does not free its number."""
    clock = Clock()
    outbox.accept(dossier())
    with OutboxQueue(path, clock=clock) as queue:
        queue.mark_sent(queue.pending(10), [Written("dossier.v1", 0, 17)])
        clock.at += 31 * 24 * 3600 * SECOND
        assert queue.prune() == 1
    assert outbox.accept(dossier()).seq == 2
