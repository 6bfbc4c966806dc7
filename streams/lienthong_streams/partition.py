"""``DeadlinePartition``: all that the worker knows of one partition of a case topic, and what it says about it.

Synchronous and without a client. A host gives it the changelog, then runs of records; it returns the outputs and
changes that the host commits in one transaction together with the position. Memory is ahead of the log until that
commit, so a host that cannot commit must end the process.

A run folds a bounded number of cases beside those whose records it takes. What a tick, a heard office or new reference
data make due beyond that waits for the next runs; the position says so (``unfinished``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from lienthong_infra.append_time import known_at
from lienthong_infra.dead_letter import APPLY, letter, letter_of_error
from lienthong_infra.placement import Placement, WrongPartition
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_infra.schema_patience import SchemaPatience
from lienthong_schemas.case_event import kind_of_topic
from lienthong_schemas.checksums import boundary_after, boundary_passed
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError, UnknownFingerprint
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import Tick, partition_key
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.worker_event import read_worker_event
from lienthong_streams.announce import Origin
from lienthong_streams.barriers import Barriers
from lienthong_streams.calm_case import Present
from lienthong_streams.case_clocks import Moment, count_case, fold_case
from lienthong_streams.case_state import CaseState
from lienthong_streams.case_store import CaseStore
from lienthong_streams.contributions import Contributions, NoContributions
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.timeline import Known
from lienthong_streams.position import POSITION_KEY, Position, decode_position, encode_position
from lienthong_streams.rebuild import STANDING_KEY
from lienthong_streams.renewal import Renewal
from lienthong_streams.runtime.ports import Effects

CONSUMER: Final = "deadlines"
"""Who writes the dead letters of this stage."""
TOO_LONG: Final = "case-too-long"
"""Code of the letter of an event of a case that has more events than any case has."""
LONGEST_TIMELINE: Final = 256 * 1024
"""Bytes of a case's packed timeline, thousands of events; what stands about it takes about as much again, and a record
of the changelog at most 1 MB."""
SET_ASIDE: Final = "worker-died"
"""Code of the letter of a record that brought its worker down again and again."""
FOLDS_PER_RUN: Final = 2_000
"""About half a second of work, far below the limit of a step."""


class NotReady(RuntimeError):
    """A partition was taken over before what it stands on had been read."""


class DeadlinePartition:
    """The processor of one partition; see ``runtime.ports.PartitionProcessor``."""

    def __init__(
        self,
        source: TopicPartition,
        book: SchemaBook,
        barriers: Barriers,
        patience: SchemaPatience | None = None,
        *,
        cases: CaseStore | None = None,
        figures: Contributions | None = None,
    ) -> None:
        self.source = source
        self.cases = CaseStore() if cases is None else cases
        self.letters = 0
        """Dead letters written since the partition was taken over."""
        self.longest_timeline = LONGEST_TIMELINE
        """Bytes of packed timeline from which a case takes no new event."""
        self.placement = Placement({})
        """Where cases belong; that of the worker knows the partitions of each case topic."""
        self.folds_per_run = FOLDS_PER_RUN
        """Cases that one run folds at most beside those it has records of."""
        self._book = book
        self._barriers = barriers
        self._name = partition_key(source.topic, source.partition)
        self._kind = kind_of_topic(source.topic)
        self._position = Position()
        self._next_offset = 0
        """Of the position: it moves with every record, the rest of the position seldom."""
        self._rules = rules_of(ReferenceBook())
        self._reference_end = 0
        self._heard: dict[str, Instant] = {}
        self._bus_time: Instant = 0
        self._patience = SchemaPatience() if patience is None else patience
        self._figures: Contributions = NoContributions() if figures is None else figures
        self._renewal = Renewal(self.cases)
        self._to_confirm: set[bytes] = set()
        self._touched: dict[bytes, CaseState] = {}
        self._uncounted: set[bytes] = set()
        """Touched cases that no checksum of this run has counted."""
        self._folds_left = 0
        self._boundary = boundary_after(0)
        """The offset at which the next checksum is due."""
        self._outputs: list[OutboundRecord] = []
        self._changes: dict[bytes, bytes | None] = {}
        self._present = self._now_present()

    @property
    def position(self) -> int:
        """Next input offset."""
        return self._next_offset

    @property
    def standing(self) -> Position:
        """The whole position: tick, horizon, reference, generation."""
        if self._position.next_offset != self._next_offset:
            self._position = self._position._replace(next_offset=self._next_offset)
        return self._position

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog, oldest first."""
        if key == POSITION_KEY:
            self._position = decode_position(value or b"")
            self._next_offset = self._position.next_offset
        elif key.startswith(STANDING_KEY):
            if self.cases.header(key.removeprefix(STANDING_KEY)) is None:
                self.cases.load(key.removeprefix(STANDING_KEY), value)
        else:
            self.cases.load(key, value)

    def restored(self) -> None:
        """All of the changelog was given: build what is derived from it."""
        position = self._position
        if self._barriers.reference_position < position.reference_end:
            raise NotReady(
                f"{self._name}: the reference topic was read to {self._barriers.reference_position}, the changelog "
                f"needs {position.reference_end}; read it to its end before taking a partition over"
            )
        self._position = position._replace(generation=position.generation + 1)
        self._bus_time = position.horizon
        self._heard = self._barriers.complete_through(position.tick_offset)
        # Before its first tick nothing is folded; the cases are carried on by what that tick will most probably name.
        first = position.tick_offset < 0
        self._use_reference(self._barriers.reference_position if first else position.reference_end)
        self.cases.loaded()
        self._boundary = boundary_after(position.next_offset)
        self._figures.restored(self.cases.contributions(), self._position)
        if first:
            return
        if self.cases.oldest_reference_end < self._reference_end:
            self._renewal.begin(self._reference_end)
            self._position = self._position._replace(unfinished=True)
        if position.unfinished:
            self._to_confirm.update(*map(self.cases.silent, self._heard))

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Take a run of records that begins at the position, and the ticks that apply; returns what to commit.

        ``now`` is the machine's time; it only limits how long an unknown schema is waited for: until then the run
        ends before its first record, and the position tells so.
        """
        before = self.standing
        self._folds_left = self.folds_per_run
        self._present = self._now_present()
        pending = self._barriers.pending(self._name, before.tick_offset)
        for record in records:
            if record.offset >= self._boundary:
                self._write_checksum(record.offset)
            if pending and pending[0][0] <= record.offset:
                pending = self._take_ticks(pending, record.offset)
            if not self._take(record, now):
                break
            self._next_offset = record.offset + 1
        self._take_ticks(pending, self.position)
        self._settle()
        if self._position.unfinished:
            self._catch_up()
        return self._effects(now=now, moved=self.position != before.next_offset)

    def skip_hole(self, offset: int) -> None:
        """The log has no record from the position to ``offset``: go on there."""
        self._next_offset = max(self._next_offset, offset)

    def set_aside(self, record: Record, *, deaths: int, now: Instant) -> Effects:
        """Write the dead letter of the record at the position, which ended the process ``deaths`` times; go on."""
        problem = f"the worker died {deaths} times at this record; it was set aside for a person"
        self._write_letter(
            letter(record, stage=APPLY, code=SET_ASIDE, problems=[problem], consumer=CONSUMER, first_seen=now)
        )
        self._next_offset = record.offset + 1
        return self._effects(now=now, moved=True)

    def _take(self, record: Record, now: Instant) -> bool:
        """Put one record into its timeline, or write its dead letter; False: wait for its schema."""
        try:
            event = read_worker_event(self._book, record.topic, record.key, record.value or b"")
        except UnknownFingerprint as error:
            if self._patience.waits(error.fingerprint, now):
                return False
            self._write_letter(letter_of_error(record, error, consumer=CONSUMER))
            return True
        except ContractError as error:
            self._write_letter(letter_of_error(record, error, consumer=CONSUMER))
            return True
        key = event.case_id.encode()
        known = Known(event, known_at(record))
        if key not in self._touched:
            value = self.cases.carry_on(key, known, self._present)
            if value is not None:
                self._changes[key] = value
                self._bus_time = max(self._bus_time, known.known_at)
                return True
        state = self._touched.get(key) or self.cases.get(key)
        if state is None:
            try:
                self.placement.check(record)
            except WrongPartition as error:
                self._write_letter(letter_of_error(record, error, consumer=CONSUMER))
                return True
            state = CaseState(event.case_id)
        self._bus_time = max(self._bus_time, known.known_at)
        if len(state.packed_timeline) >= self.longest_timeline and not state.knows(event):
            self._write_letter(_too_long(record))
        elif state.take(known, self._rules):
            self._touched[key] = state
            self._uncounted.add(key)
        return True

    def _write_letter(self, written: OutboundRecord) -> None:
        self._outputs.append(written)
        self.letters += 1

    def _take_ticks(self, pending: list[tuple[int, int, Tick]], reached: int) -> list[tuple[int, int, Tick]]:
        """Apply the newest pending tick whose end has been reached; returns those that are left."""
        if reached < self._position.silent_until:
            return pending
        newest: int | None = None
        for index, (case_end, _, _) in enumerate(pending):
            if case_end <= reached:
                newest = index
        if newest is None:
            return pending
        _, offset, tick = pending[newest]
        self._settle()
        self._apply_tick(offset, tick)
        return pending[newest + 1 :]

    def _apply_tick(self, offset: int, tick: Tick) -> None:
        first = self._position.tick_offset < 0
        heard = {**self._heard, **tick.complete_through}
        for office in self.cases.silent_offices():
            if heard.get(office, 0) > self._heard.get(office, 0):
                self._to_confirm |= self.cases.silent(office)
        self._heard = heard
        known_before = self._reference_end
        if tick.reference_end != self._position.reference_end:
            self._use_reference(tick.reference_end)
        if first or self._reference_end != known_before:
            self._renewal.begin(self._reference_end)
        horizon = max(self._position.horizon, tick.bus_time)
        self._position = self._position._replace(tick_offset=offset, horizon=horizon, reference_end=tick.reference_end)
        self._bus_time = max(self._bus_time, horizon)
        self._present = self._now_present()
        self._catch_up()

    def _now_present(self) -> Present:
        return Present(self._rules, self._reference_end, self._position.horizon, self.longest_timeline)

    def _use_reference(self, end: int) -> None:
        self._reference_end = self._barriers.reference_that_matters(self._kind, end)
        self._rules = rules_of(self._barriers.reference(self._reference_end))

    def _catch_up(self) -> None:
        """Fold what time, heard offices and new reference data have made due, as far as this run may."""
        cases, horizon = self.cases, self._position.horizon
        self._fold_again([self._to_confirm.pop() for _ in range(min(self._folds_left, len(self._to_confirm)))])
        self._fold_again(cases.fallen_due(horizon, self._folds_left))
        self._fold_again(self._renewal.take(self._folds_left))
        cases.put_away(horizon, self.folds_per_run)
        unfinished = bool(self._to_confirm) or self._renewal.under_way or cases.has_fallen_due(horizon)
        if unfinished != self._position.unfinished:
            self._position = self._position._replace(unfinished=unfinished)

    def _fold_again(self, keys: Collection[bytes]) -> None:
        if not keys:
            return
        self._folds_left -= len(keys)
        for key in keys:
            state = self.cases.get(key)
            if state is not None and state.packed_timeline:
                self._touched[key] = state
        self._settle()

    def _settle(self) -> None:
        """Fold the touched cases, say what changed, keep their bytes. Before the first tick there is no time, so
        nothing is said; the cases are only counted."""
        if not self._touched:
            return
        origin = Origin(self.source, self.position, self._bus_time, self._position.reference_end)
        moment = Moment(self._rules, self._reference_end, self._position.horizon, self._heard, origin)
        for key in sorted(self._touched):
            state = self._touched[key]
            if self._position.tick_offset >= 0:
                self._outputs += fold_case(self._book, self._figures, key.decode(), state, moment)
            else:
                count_case(self._figures, state, self._rules)
            value = self.cases.put(key, state)
            if value is not None:
                self._changes[key] = value
        self._touched.clear()
        self._uncounted.clear()

    def _write_checksum(self, reached: int) -> None:
        """Say what is counted, now that all records below a boundary are taken; ``reached`` is what comes next.

        The touched cases are only counted by what they state. They are folded with the rest of the run, once: what
        a clock says changes none of these figures.
        """
        for key in self._uncounted:
            count_case(self._figures, self._touched[key], self._rules)
        self._uncounted.clear()
        below = boundary_passed(self._boundary - 1, reached)
        if below is not None:
            self._outputs += self._figures.checksum(below, self.standing)
        self._boundary = boundary_after(reached)

    def _effects(self, *, now: Instant, moved: bool) -> Effects:
        """The one place where a run's outputs are gathered."""
        if self.position >= self._boundary:
            self._write_checksum(self.position)
        self._outputs += self._figures.outputs(self.standing, now)
        changes = (*sorted(self._changes.items()), (POSITION_KEY, encode_position(self.standing)))
        urgent = moved or len(changes) > 1
        unfinished = self._position.unfinished or self._figures.waits
        effects = Effects(tuple(self._outputs), changes, urgent=urgent, unfinished=unfinished)
        self._outputs = []
        self._changes = {}
        return effects


def _too_long(record: Record) -> OutboundRecord:
    problem = (
        "the case has thousands of events, more than any case has: look for a program that sends the same state over "
        "and over; its clocks go on by what is known, and replaying this letter will not help"
    )
    return letter(record, stage=APPLY, code=TOO_LONG, problems=[problem], consumer=CONSUMER)
