"""A ledger fed with the log of a simulated province, without a broker, and held against the recount of that log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from psycopg.rows import dict_row

from lienthong.report.fill import Asked, filled
from lienthong_consumers.domain.period_report import Line
from lienthong_consumers.ledger.batch import Batch, Move
from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_consumers.ledger.reading import RecordReader
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_infra.append_time import known_at
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from tests.support.form_recount import Columns
from tests.support.ledger_log import reference
from tests.support.log_recount import FOR_EVER, History, standing
from tests.support.log_recount import known as known_of
from tests.support.simulations import CALENDAR

KEY = ("kind", "partition", "office", "commune", "selector", "channel")
"""Of the table of totals."""
TAKEN = (*CASE_TOPICS, "reference.v1", "sla.v1", "tick.v1")
"""Topics that a log may have records of."""
PIECE = 400
"""Records of a batch: the log is cut into many transactions."""
LATER = 2**51
"""After everything that a simulation writes: the instant at which reports are asked for."""


class ProvinceLedger(NamedTuple):
    """Where the tables are."""

    dsn: str
    prefix: str

    def fill(self, records: Sequence[Record]) -> None:
        """Make the tables and take the records, batch after batch, each through the store's transaction."""

        async def take() -> None:
            async with self.store() as store:
                await apply_all(store, [_calendar(), *records])

        asyncio.run(take())

    @asynccontextmanager
    async def store(self) -> AsyncIterator[LedgerStore]:
        """The tables, made if they are not there."""
        migrate(self.dsn, self.prefix)
        topics = {spec.name: spec.config.partitions for spec in load_catalogue().topics.values()}
        partitions = [TopicPartition(topic, number) for topic in TAKEN for number in range(topics[topic])]
        connection = await connect(self.dsn, self.prefix)
        try:
            store = LedgerStore(connection)
            await store.prepare(partitions)
            yield store
        finally:
            await connection.close()

    def form(self, period: str, by: str, counting: str, as_of: int | None = None) -> dict[str, Columns]:
        """Form II.06 as the verb fills it, in the words of the recount."""
        asked = Asked(period, by=by, counting="day" if counting == "day" else "instant", as_of=as_of, running=True)
        with connect_now(self.dsn, self.prefix) as connection:
            found = filled(connection, asked, LATER)
        return {one.code: words(one.line) for one in found.lines if words(one.line)}

    def rows(self) -> dict[str, tuple[Any, ...]]:
        """The current rows: which event applies, and whether its epoch is sealed."""
        return {
            case: tuple(rest) for case, *rest in self._query("SELECT case_id, epoch, seq, digest, sealed FROM case_row")
        }

    def irregular(self) -> Counter[tuple[Any, ...]]:
        """Holes, beaten events and held events."""
        return Counter(
            self._query(
                "SELECT 'hole', case_id, epoch, first_seq, last_seq, ''::bytea FROM gap"
                " UNION ALL SELECT 'lost', case_id, epoch, seq, 0, digest FROM conflict"
                " UNION ALL SELECT 'held', case_id, epoch, seq, 0, digest FROM held"
            )
        )

    def cells(self) -> dict[tuple[Any, ...], Counter[str]]:
        """By base cell every figure that is not zero."""
        with connect_now(self.dsn, self.prefix) as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute("SELECT * FROM total_part").fetchall()
        found = {tuple(row.pop(name) for name in KEY): +Counter(row) for row in rows}
        return {key: counts for key, counts in found.items() if counts}

    def records(self) -> dict[tuple[str, int], tuple[int, int, int]]:
        """By partition of a case topic that has records: events, repeated ones, and the offset behind the last."""
        found = self._query("SELECT topic, partition, entries, duplicates, next_offset FROM position")
        return {(topic, number): (*rest,) for topic, number, *rest in found if topic in CASE_TOPICS and rest[-1]}

    def events(self) -> int:
        """How many events the history has."""
        return int(self._query("SELECT count(*) FROM case_event")[0][0])

    def _query(self, query: Any) -> list[tuple[Any, ...]]:
        with connect_now(self.dsn, self.prefix) as connection:
            return connection.execute(query).fetchall()


async def apply_all(store: LedgerStore, records: Sequence[Record]) -> None:
    """Take the records, batch after batch."""
    reader = RecordReader(SchemaBook())
    for begin in range(0, len(records), PIECE):
        batch = Batch()
        for record in records[begin : begin + PIECE]:
            reader.read(batch, record)
            at = TopicPartition(record.topic, record.partition)
            first = batch.moves[at].read_from if at in batch.moves else record.offset
            batch.moves[at] = Move(first, record.offset + 1, known_at(record))
        await store.apply(batch)


def words(line: Line) -> Columns:
    """A line in the words of the recount."""
    return +Counter(line._asdict())


def rows_again(cases: Mapping[str, History]) -> dict[str, tuple[Any, ...]]:
    """The rows that the ledger must have, by the recount."""
    found = {}
    for case, history in cases.items():
        last, sealed = (now := standing(history)).last, now.sealed
        if last is not None:
            found[case] = (*last.number, last.content, sealed)
    return found


def irregular_again(cases: Mapping[str, History]) -> Counter[tuple[Any, ...]]:
    """The holes, beaten events and held events that the ledger must have."""
    found: Counter[tuple[Any, ...]] = Counter()
    for case, history in cases.items():
        now = standing(history)
        found.update(("hole", case, *hole, b"") for hole in now.holes)
        found.update(("lost", case, *number, 0, content) for number, content in now.lost)
        found.update(("held", case, *number, 0, content) for number, content in now.held)
    return found


def only_known(cases: Mapping[str, History], at: int = FOR_EVER) -> dict[str, History]:
    """The histories that a log would have which ends at a time."""
    return {case: then for case, history in cases.items() if (then := known_of(history, at))}


def calendar() -> OutboundRecord:
    """The time zone of the days of a report."""
    body = CALENDAR.model_dump(mode="json")
    return reference("calendar", "default", {name: body[name] for name in ("time_zone", "source")})


def _calendar() -> Record:
    return on_log(calendar(), 0)


def on_log(one: OutboundRecord, offset: int) -> Record:
    """A record of reference data as it lies on the log."""
    return Record(one.topic, 0, offset, one.key, one.value, 0)
