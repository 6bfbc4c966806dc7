"""Ticks and reference data as the worker knows them: read whole, without a group, shared by all its partitions.

A tick applies to a partition once the partition's position has reached the tick's end for it and the reference topic
has been read to the tick's ``reference_end``. Ticks decide when something is announced, never whether it holds, so
older ticks may be passed over once a newer one applies.
"""

from __future__ import annotations

import json
import logging
from collections import Counter

from lienthong_infra.ports import Record
from lienthong_schemas.believed_ticks import read_tick
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import BrokenRule, CatalogueError, DecodeError
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ReferenceRecord, Tick, reference_record
from lienthong_schemas.reference import OPAQUE_KINDS, ReferenceBook, parse_body

log = logging.getLogger(__name__)

KEPT_TICKS = 2_000
"""Ticks kept in memory: half an hour of one each second; a partition further behind waits for a newer one."""

_WITHOUT_A_SAY = ("schema",)
"""Kinds of reference data on which no clock and no finding depends."""
_OF_A_KIND = ("policy", "clock-policy", "states")
"""Kinds whose keys begin with the kind of case that they are for."""


def _matters(record: ReferenceRecord, case_kind: str) -> bool:
    if record.kind in _OF_A_KIND:
        return record.key.split("/", 1)[0] == case_kind
    return record.kind not in _WITHOUT_A_SAY


class Barriers:
    """All ticks and reference records read so far. Wrong records never raise: they are logged, and counted in
    ``refused`` by what is wrong."""

    def __init__(self, book: SchemaBook) -> None:
        self.refused: Counter[str] = Counter()
        self.reference_position = 0
        self._schemas = book
        self._ticks: list[tuple[int, Tick]] = []
        self._references: list[tuple[int, ReferenceRecord]] = []
        self._books: dict[int, ReferenceBook] = {}

    @property
    def newest_tick(self) -> int:
        """Offset of the newest tick known; -1 before the first."""
        return self._ticks[-1][0] if self._ticks else -1

    def add_tick(self, record: Record) -> None:
        """Take one record of ``tick.v1``."""
        try:
            one = read_tick(self._schemas, record.value, record.timestamp)
        except (DecodeError, BrokenRule) as error:
            self._refuse(record, error.code, str(error))
            return
        if record.offset > self.newest_tick:
            self._ticks.append((record.offset, one))
            del self._ticks[:-KEPT_TICKS]

    def add_reference(self, record: Record) -> None:
        """Take one record of ``reference.v1``; a schema becomes known at once."""
        self.set_reference_position(record.offset + 1)
        try:
            one = reference_record(self._schemas.decode("reference.v1", record.value or b""))
        except DecodeError as error:
            self._refuse(record, error.code, str(error))
            return
        if one.kind == "schema":
            self._learn(record, one)
        elif one.kind not in OPAQUE_KINDS:
            self._check(record, one)
        self._references.append((record.offset, one))

    def _check(self, record: Record, one: ReferenceRecord) -> None:
        """Say once what the books will leave out: cases go on by the version before, or without the rule."""
        try:
            parse_body(one)
        except CatalogueError as error:
            self._refuse(record, "broken-body", "; ".join(error.problems))

    def _refuse(self, record: Record, code: str, problem: str) -> None:
        self.refused[code] += 1
        log.warning(
            "barrier-refused",
            extra={"topic": record.topic, "offset": record.offset, "code": code, "problem": problem},
        )

    def _learn(self, record: Record, one: ReferenceRecord) -> None:
        try:
            self._schemas.learn(one.key.split("@", 1)[0], json.loads(one.body))
        except Exception as error:  # whatever a broken schema raises in the Avro library, it must not stop the worker
            self._refuse(record, "broken-schema", f"{one.record_id}: no Avro schema ({type(error).__name__})")

    def set_reference_position(self, next_offset: int) -> None:
        """The reference topic has been read up to here (also past control markers)."""
        self.reference_position = max(self.reference_position, next_offset)

    def pending(self, source: str, after: int) -> list[tuple[int, int, Tick]]:
        """Ticks newer than offset ``after`` that the reference allows: (case end of the source, offset, tick)."""
        return [
            (one.case_ends.get(source, 0), offset, one)
            for offset, one in self._ticks_after(after)
            if one.reference_end <= self.reference_position
        ]

    def _ticks_after(self, after: int) -> list[tuple[int, Tick]]:
        first = len(self._ticks)
        while first and self._ticks[first - 1][0] > after:
            first -= 1
        return self._ticks[first:]

    def complete_through(self, offset: int) -> dict[str, Instant]:
        """By office, how far it had been heard at the tick with this offset; empty where it is no longer kept."""
        for at, one in self._ticks:
            if at == offset:
                return dict(one.complete_through)
        return {}

    def reference_that_matters(self, case_kind: str, end: int) -> int:
        """The end of the reference data that can change what holds about a kind of case: at most ``end``."""
        return next(
            (offset + 1 for offset, one in reversed(self._references) if offset < end and _matters(one, case_kind)), 0
        )

    def reference(self, end: int) -> ReferenceBook:
        """The reference data up to an end of the topic."""
        book = self._books.get(end)
        if book is None:
            book = ReferenceBook((one for offset, one in self._references if offset < end), end)
            self._books = {**dict(list(self._books.items())[-3:]), end: book}
        return book
