"""The forwarder's side of the outbox: one at a time, marks, what can be vouched for, what is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong_infra.ports import Written
from lienthong_producers.errors import OutboxDamaged, OutboxInUse
from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue, Pending
from tests.support.senders import OFFICE, SECOND, START, Clock, dossier

DAY = 24 * 3600 * SECOND


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox of one office."""
    with Outbox(tmp_path / "outbox.db", offices=[OFFICE], clock=clock) as made:
        yield made


@pytest.fixture
def queue(tmp_path: Path, clock: Clock, outbox: Outbox) -> Iterator[OutboxQueue]:
    """The forwarder's side of the same file."""
    with OutboxQueue(tmp_path / "outbox.db", clock=clock) as made:
        yield made


def places(entries: list[Pending]) -> list[Written]:
    """Return an acknowledgement for each."""
    return [Written(entry.record.topic, 0, 100 + entry.id) for entry in entries]


def test_a_file_has_one_forwarder(queue: OutboxQueue, tmp_path: Path) -> None:
    """A second one is refused while the first lives, and welcome once it has ended."""
    with pytest.raises(OutboxInUse, match="one file has one forwarder"):
        OutboxQueue(tmp_path / "outbox.db")
    queue.close()
    OutboxQueue(tmp_path / "outbox.db").close()


def test_a_refused_opening_gives_the_lock_back(tmp_path: Path) -> None:
    """A file that cannot be opened does not stay locked."""
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 100)
    for _ in range(2):
        with pytest.raises(OutboxDamaged):
            OutboxQueue(broken)


def test_marked_events_wait_no_longer(queue: OutboxQueue, outbox: Outbox) -> None:
    """Only what is not yet acknowledged is handed out, oldest first, at most so many."""
    for number in range(5):
        outbox.accept(dossier(f"A-{number}"))
    first = queue.pending(2)
    queue.mark_sent(first, places(first))
    assert [entry.id for entry in first] == [1, 2]
    assert [entry.id for entry in queue.pending(10)] == [3, 4, 5]


def test_a_mark_for_other_events_marks_nothing(queue: OutboxQueue, outbox: Outbox) -> None:
    """As many acknowledgements as events, or none is believed."""
    outbox.accept_all([dossier(), dossier()])
    entries = queue.pending(10)
    with pytest.raises(ValueError, match="shorter"):
        queue.mark_sent(entries, places(entries)[:1])
    assert len(queue.pending(10)) == 2


def test_with_nothing_waiting_all_up_to_now_is_complete(queue: OutboxQueue, clock: Clock) -> None:
    """An idle office vouches for the present."""
    clock.at += 5 * SECOND
    standing = queue.standing()
    assert (standing.complete_through, standing.accepted, standing.pending) == (clock.at, 0, 0)
    assert standing.offices == (OFFICE,)


def test_the_oldest_waiting_event_bounds_what_is_complete(queue: OutboxQueue, outbox: Outbox, clock: Clock) -> None:
    """While events wait, all before the oldest of them is complete, and nothing after."""
    for _ in range(3):
        outbox.accept(dossier())
        clock.at += SECOND
    first = queue.pending(1)
    queue.mark_sent(first, places(first))
    standing = queue.standing()
    assert (standing.complete_through, standing.accepted, standing.pending) == (START + SECOND - 1, 3, 2)


def test_nothing_is_accepted_at_a_time_already_vouched_for(queue: OutboxQueue, outbox: Outbox, clock: Clock) -> None:
    """Where the clock steps back behind a heartbeat, the next event is still accepted after it."""
    through = queue.standing().complete_through
    clock.at -= 3600 * SECOND
    outbox.accept(dossier())
    standing = queue.standing()
    assert standing.complete_through == through
    assert standing.pending == 1


def test_the_sender_stays_the_same(queue: OutboxQueue, tmp_path: Path) -> None:
    """The id of the outbox belongs to the file."""
    sender = queue.standing().sender
    queue.close()
    with OutboxQueue(tmp_path / "outbox.db") as again:
        assert again.standing().sender == sender


def test_sent_events_are_kept_for_thirty_days(queue: OutboxQueue, outbox: Outbox, clock: Clock) -> None:
    """Then they go, and their space with them; what was not acknowledged never goes."""
    for number in range(300):
        outbox.accept(dossier(f"A-{number}"))
    entries = queue.pending(299)
    queue.mark_sent(entries, places(entries))
    clock.at += 30 * DAY
    assert queue.prune() == 0
    full = outbox.fill()
    clock.at += 1
    assert queue.prune() == 299
    assert outbox.fill() < full / 2
    assert [entry.id for entry in queue.pending(10)] == [300]
