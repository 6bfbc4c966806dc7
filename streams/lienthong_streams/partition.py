"""``DeadlinePartition``: all that the worker knows of one partition of a case topic, and what it says about it.

Synchronous and without a client. A host gives it the changelog, then runs of records; it returns the outputs and
changes that the host commits in one transaction together with the position. Memory is ahead of the log until that
commit, so a host that cannot commit must end the process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Final

from lienthong_infra.dead_letter import APPLY, letter, letter_of_error
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_infra.schema_patience import SchemaPatience
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError, UnknownFingerprint
from lienthong_schemas.instants import Instant, instant_of_milliseconds
from lienthong_schemas.records import PROVISIONAL_SILENCE, Tick, partition_key
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.announce import Origin, announcement
from lienthong_streams.barriers import Barriers
from lienthong_streams.case_state import CaseState, decode_state, encode_state
from lienthong_streams.domain.announcements import diff
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from lienthong_streams.position import POSITION_KEY, Position, decode_position, encode_position
from lienthong_streams.runtime.ports import Effects

CONSUMER: Final = "deadlines"
"""Who writes the dead letters of this stage."""
SET_ASIDE: Final = "worker-died"
"""Code of the letter of a record that brought its worker down again and again."""


class NotReady(RuntimeError):
    """A partition was taken over before what it stands on had been read."""


class DeadlinePartition:
    """The processor of one partition; see ``runtime.ports.PartitionProcessor``."""

    def __init__(
        self, source: TopicPartition, book: SchemaBook, barriers: Barriers, patience: SchemaPatience | None = None
    ) -> None:
        self.source = source
        self.cases: dict[str, CaseState] = {}
        self.letters = 0
        """Dead letters written since the partition was taken over."""
        self._book = book
        self._barriers = barriers
        self._name = partition_key(source.topic, source.partition)
        self._position = Position()
        self._reference = ReferenceBook()
        self._heard: dict[str, Instant] = {}
        self._bus_time: Instant = 0
        self._due: list[tuple[Instant, str]] = []
        self._watched: dict[str, Instant] = {}
        self._silent: defaultdict[str, set[str]] = defaultdict(set)
        self._patience = SchemaPatience() if patience is None else patience
        self._outputs: list[OutboundRecord] = []
        self._changed: set[str] = set()

    @property
    def position(self) -> int:
        """Next input offset."""
        return self._position.next_offset

    @property
    def standing(self) -> Position:
        """The whole position: tick, horizon, reference, generation."""
        return self._position

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog, oldest first."""
        if key == POSITION_KEY:
            self._position = decode_position(value or b"")
            return
        case_id = key.decode()
        if value is None:
            self.cases.pop(case_id, None)
        else:
            self.cases[case_id] = decode_state(case_id, value)

    def restored(self) -> None:
        """All of the changelog was given: build what is derived from it."""
        if self._barriers.reference_position < self._position.reference_end:
            raise NotReady(
                f"{self._name}: the reference topic was read to {self._barriers.reference_position}, the changelog "
                f"needs {self._position.reference_end}; read it to its end before taking a partition over"
            )
        self._position = self._position._replace(generation=self._position.generation + 1)
        self._bus_time = self._position.horizon
        self._heard = self._barriers.complete_through(self._position.tick_offset)
        self._reference = self._barriers.reference(self._position.reference_end)
        if self._position.tick_offset >= 0:
            for case_id, state in self.cases.items():
                self._watch(case_id, state, self._outcome(state))

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Take a run of records that begins at the position, and the ticks that apply; returns what to commit.

        ``now`` is the machine's time; it only limits how long an unknown schema is waited for: until then the run
        ends before its first record, and the position tells so.
        """
        before = self._position
        pending = self._barriers.pending(self._name, before.tick_offset)
        touched: set[str] = set()
        for record in records:
            if pending and pending[0][0] <= record.offset:
                pending = self._take_ticks(pending, record.offset, touched)
            if not self._take(record, touched, now):
                break
            self._position = self._position._replace(next_offset=record.offset + 1)
        self._take_ticks(pending, self.position, touched)
        self._fold_all(touched)
        return self._effects(moved=self.position != before.next_offset)

    def skip_hole(self, offset: int) -> None:
        """The log has no record from the position to ``offset``: go on there."""
        self._position = self._position._replace(next_offset=max(self.position, offset))

    def set_aside(self, record: Record, *, deaths: int, now: Instant) -> Effects:
        """Write the dead letter of the record at the position, which ended the process ``deaths`` times; go on."""
        problem = f"the worker died {deaths} times at this record; it was set aside for a person"
        self._write_letter(
            letter(record, stage=APPLY, code=SET_ASIDE, problems=[problem], consumer=CONSUMER, first_seen=now)
        )
        self._position = self._position._replace(next_offset=record.offset + 1)
        return self._effects(moved=True)

    def _take(self, record: Record, touched: set[str], now: Instant) -> bool:
        """Put one record into its timeline, or write its dead letter; False: wait for its schema."""
        try:
            event, _ = read_case_event(self._book, record.topic, record.key, record.value or b"")
        except UnknownFingerprint as error:
            if self._patience.waits(error.fingerprint, now):
                return False
            self._write_letter(letter_of_error(record, error, consumer=CONSUMER))
            return True
        except ContractError as error:
            self._write_letter(letter_of_error(record, error, consumer=CONSUMER))
            return True
        known_at = instant_of_milliseconds(record.timestamp)
        self._bus_time = max(self._bus_time, known_at)
        state = self.cases.get(event.case_id)
        if state is None:
            state = self.cases[event.case_id] = CaseState()
        if insert(state.timeline, Known(event, known_at)):
            touched.add(event.case_id)
            self._changed.add(event.case_id)
        return True

    def _write_letter(self, written: OutboundRecord) -> None:
        self._outputs.append(written)
        self.letters += 1

    def _take_ticks(
        self, pending: list[tuple[int, int, Tick]], reached: int, touched: set[str]
    ) -> list[tuple[int, int, Tick]]:
        """Apply the newest pending tick whose end has been reached; returns those that are left."""
        newest: int | None = None
        for index, (case_end, _, _) in enumerate(pending):
            if case_end <= reached:
                newest = index
        if newest is None:
            return pending
        _, offset, tick = pending[newest]
        self._fold_all(touched)
        self._apply_tick(offset, tick)
        return pending[newest + 1 :]

    def _apply_tick(self, offset: int, tick: Tick) -> None:
        first = self._position.tick_offset < 0
        heard = {office for office, through in tick.complete_through.items() if through > self._heard.get(office, 0)}
        for office in heard:
            self._heard[office] = tick.complete_through[office]
        renewed = tick.reference_end != self._position.reference_end
        if renewed:
            self._reference = self._barriers.reference(tick.reference_end)
        horizon = max(self._position.horizon, tick.bus_time)
        self._position = self._position._replace(tick_offset=offset, horizon=horizon, reference_end=tick.reference_end)
        self._bus_time = max(self._bus_time, horizon)
        if first or renewed:
            again: Iterable[str] = list(self.cases)
        else:
            again = self._fallen_due(horizon) | {case for office in heard for case in self._silent.get(office, ())}
        self._fold_all(again)

    def _fallen_due(self, horizon: Instant) -> set[str]:
        due: set[str] = set()
        while self._due and self._due[0][0] < horizon:
            due_at, case_id = heappop(self._due)
            if self._watched.get(case_id) == due_at:
                del self._watched[case_id]
                due.add(case_id)
        return due

    def _fold_all(self, cases: Iterable[str]) -> None:
        """Fold cases and say what changed. Before the first tick there is no time, so nothing is said."""
        if self._position.tick_offset < 0:
            return
        for case_id in sorted(cases):
            self._fold(case_id, self.cases[case_id])
        if isinstance(cases, set):
            cases.clear()

    def _outcome(self, state: CaseState) -> Fold:
        return fold(state.timeline, self._reference, self._position.horizon, self._heard)

    def _fold(self, case_id: str, state: CaseState) -> None:
        outcome = self._outcome(state)
        emissions = diff(case_id, state.standing, state.withdrawals, outcome)
        self._watch(case_id, state, outcome)
        if not emissions:
            return
        self._changed.add(case_id)
        origin = Origin(self.source, self.position, self._bus_time, self._position.reference_end)
        last = state.timeline[-1]
        self._outputs.extend(announcement(self._book, case_id, last, emission, origin) for emission in emissions)

    def _watch(self, case_id: str, state: CaseState, outcome: Fold) -> None:
        """Know when the case must be looked at again: at its due time, or when a silent office is heard."""
        due_at = outcome.watch_from
        if due_at is None:
            self._watched.pop(case_id, None)
        elif self._watched.get(case_id) != due_at:
            self._watched[case_id] = due_at
            heappush(self._due, (due_at, case_id))
        office = state.timeline[-1].event.office
        if PROVISIONAL_SILENCE in state.standing.values():
            self._silent[office].add(case_id)
        else:
            self._silent[office].discard(case_id)

    def _effects(self, *, moved: bool) -> Effects:
        changes: list[tuple[bytes, bytes | None]] = [
            (case_id.encode(), encode_state(case_id, self.cases[case_id])) for case_id in sorted(self._changed)
        ]
        changes.append((POSITION_KEY, encode_position(self._position)))
        effects = Effects(tuple(self._outputs), tuple(changes), urgent=moved or len(changes) > 1)
        self._outputs = []
        self._changed = set()
        return effects
