"""A run folds a bounded number of cases; what waits comes with the next runs, also across a crash.

A hundred thousand cases that fall due in one outage, or a new policy for a million, must not exceed the limit of a step
again and again. Sources: issue 4, design §5 (settled results are those of the reference data at the horizon).
"""

from __future__ import annotations

from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ReferenceRecord
from lienthong_streams.domain.announcements import settled, settled_of
from lienthong_streams.domain.fold import fold
from lienthong_streams.partition import DeadlinePartition
from tests.support.cases import CASE, EFFECTS, POLICY, STATES, TRANSITIONS, book, event, minute, record
from tests.support.log import Log, clock_events

CASES = 10
SLICE = 3
NO_PAUSES = record(
    "states",
    "dossier",
    {
        "case_kind": "dossier",
        "effects": {**EFFECTS, "5": "running"},
        "transitions": TRANSITIONS,
        "initial": ["1", "2"],
        "source": "test",
    },
    version=2,
)
"""From its beginning on, what was a pause is none: every paused case has another outcome."""
SCHEMA = record("schema", "task.v1@1", {"type": "record", "name": "Task", "fields": []})
OTHER_KIND = record("states", "document", {"case_kind": "document", "effects": {}, "transitions": {}, "initial": [],
                                           "source": "test"})  # fmt: skip


class Sliced:
    """A partition of paused cases that folds few at once, with its changelog."""

    def __init__(self) -> None:
        self.log = Log(SchemaBook())
        for number in range(CASES):
            case_id = f"{CASE}-{number}"
            self.log.take(event(1, "2", 0, due=60, case_id=case_id), known_at=minute(1))
            self.log.take(event(2, "5", 9, due=60, case_id=case_id), known_at=minute(9))
        self.changelog: dict[bytes, bytes | None] = {}
        self.outputs: list[OutboundRecord] = []
        self.take_over()

    def take_over(self) -> None:
        """A new owner, from what is committed."""
        self.partition: DeadlinePartition = self.log.restored(self.changelog)
        self.partition.folds_per_run = SLICE

    def run(self, at: float, *, commit: bool = True) -> bool:
        """A tick, then one run of all that is new; whether something is left to do."""
        self.log.tick(minute(at), len(self.log.records), {"H27.16": minute(at)})
        return self.again(commit=commit)

    def again(self, *, commit: bool = True) -> bool:
        """One run without a tick."""
        effects = self.partition.run(self.log.records[self.partition.position :], now=0)
        assert effects.unfinished == self.partition.standing.unfinished
        if commit:
            self.changelog.update(effects.changes)
            self.outputs += effects.outputs
        return effects.unfinished

    def until_done(self) -> int:
        """Runs without ticks until nothing is left; how many."""
        runs = 0
        while self.again():
            runs += 1
            assert runs < 50
        return runs + 1

    def publish(self, *records: ReferenceRecord) -> None:
        """New reference data, named by the next tick."""
        for one in records:
            value = self.log.book.encode("reference.v1", one._asdict())
            self.log.barriers.add_reference(Record("reference.v1", 0, self.log.reference_end, b"", value, 0))
            self.log.reference_end += 1

    def kinds(self) -> list[str]:
        """What was said, in order."""
        return [one.kind for one in clock_events(self.log.book, self.outputs)]

    def check_settled(self, *references: ReferenceRecord, horizon: float) -> None:
        """What stands is what a plain fold of each timeline gives, and nothing was said twice."""
        for key in list(self.partition.cases):
            state = self.partition.cases.get(key)
            assert state is not None
            outcome = fold(state.timeline, book(*references), minute(horizon), {"H27.16": minute(horizon)})
            assert settled(key.decode(), state.standing) == settled_of(key.decode(), outcome)
        said = [one.event_id for one in clock_events(self.log.book, self.outputs)]
        assert len(said) == len(set(said))


def test_the_first_tick_after_a_rebuild_is_taken_in_slices() -> None:
    """All records were read before any time was known; then every case needs its first fold."""
    sliced = Sliced()
    sliced.again()
    assert sliced.run(10)
    assert sliced.kinds() == ["started", "paused"] * SLICE
    assert sliced.until_done() >= (CASES - SLICE) // SLICE
    sliced.check_settled(STATES, POLICY, horizon=10)
    assert len(sliced.kinds()) == 2 * CASES


def test_new_reference_data_are_taken_in_slices() -> None:
    """No run folds more than a slice, and the result is that of a plain fold under the new data."""
    sliced = Sliced()
    sliced.run(10)
    sliced.until_done()
    sliced.publish(NO_PAUSES)
    before = sliced.partition.cases.decodes
    assert sliced.run(100)
    assert sliced.partition.cases.decodes - before == SLICE
    sliced.until_done()
    sliced.check_settled(STATES, POLICY, NO_PAUSES, horizon=100)
    assert sliced.kinds().count("breached") == CASES


def test_a_crash_in_the_middle_loses_no_case() -> None:
    """The headers tell which cases were folded under older data; what was not committed is done again."""
    sliced = Sliced()
    sliced.run(10)
    sliced.until_done()
    sliced.publish(NO_PAUSES)
    sliced.run(100)
    sliced.again(commit=False)
    sliced.take_over()
    assert sliced.partition.standing.unfinished
    sliced.until_done()
    sliced.check_settled(STATES, POLICY, NO_PAUSES, horizon=100)
    assert sliced.kinds().count("breached") == CASES


def test_a_touched_case_is_folded_under_the_new_data_at_once() -> None:
    """It does not wait for its slice, and is not folded again when that comes."""
    sliced = Sliced()
    sliced.run(10)
    sliced.until_done()
    sliced.publish(NO_PAUSES)
    sliced.run(100)
    sliced.log.take(event(3, "4", 20, due=60, case_id=f"{CASE}-{CASES - 1}"), known_at=minute(101))
    said = len(sliced.outputs)
    sliced.partition.folds_per_run = 0
    sliced.again()
    assert "breached" in [one.kind for one in clock_events(sliced.log.book, sliced.outputs[said:])]
    sliced.partition.folds_per_run = SLICE
    before = sliced.partition.cases.decodes
    sliced.until_done()
    assert sliced.partition.cases.decodes - before == CASES - SLICE - 1
    sliced.check_settled(STATES, POLICY, NO_PAUSES, horizon=100)


def test_closed_cases_on_the_disk_are_renewed_too() -> None:
    """A settled result is that of the reference data at the horizon, also for a case of last year."""
    sliced = Sliced()
    for number in range(CASES):
        case_id = f"{CASE}-{number}"
        sliced.log.take(event(3, "9", 90, due=60, case_id=case_id), known_at=minute(90))
    sliced.run(100)
    sliced.until_done()
    sliced.take_over()
    assert sliced.partition.cases.tally()[:3] == (0, 0, CASES)
    sliced.publish(NO_PAUSES)
    sliced.run(200)
    sliced.until_done()
    sliced.check_settled(STATES, POLICY, NO_PAUSES, horizon=200)
    assert sliced.kinds().count("breached") == CASES


def test_reference_data_that_no_clock_of_these_cases_depends_on_fold_nothing() -> None:
    """Schemas, and what is for another kind of case. Units do count: findings on senders ask for them."""
    sliced = Sliced()
    sliced.run(10)
    sliced.until_done()
    sliced.publish(SCHEMA, OTHER_KIND)
    before = sliced.partition.cases.decodes
    assert not sliced.run(11)
    assert sliced.partition.cases.decodes == before
    sliced.take_over()
    assert not sliced.partition.standing.unfinished


def test_many_that_fall_due_at_once_are_taken_in_slices() -> None:
    """After a long outage; a crash in the middle announces no breach twice and loses none."""
    sliced = Sliced()
    for number in range(CASES):
        case_id = f"{CASE}-{number}"
        sliced.log.take(event(3, "4", 20, due=60, case_id=case_id), known_at=minute(20))
    sliced.run(30)
    sliced.until_done()
    assert sliced.run(500)
    assert sliced.kinds().count("breached") == SLICE
    sliced.again(commit=False)
    sliced.take_over()
    sliced.until_done()
    sliced.check_settled(STATES, POLICY, horizon=500)
    assert sliced.kinds().count("breached") == CASES


def test_an_office_heard_at_last_is_taken_in_slices() -> None:
    """All its breaches were provisional; a crash in the middle leaves none of them so."""
    sliced = Sliced()
    for number in range(CASES):
        case_id = f"{CASE}-{number}"
        sliced.log.take(event(3, "4", 20, due=60, case_id=case_id), known_at=minute(20))
    sliced.log.tick(minute(500), len(sliced.log.records))
    sliced.until_done()
    sliced.run(501)
    sliced.again(commit=False)
    sliced.take_over()
    sliced.until_done()
    assert sliced.kinds().count("confirmed") == CASES
