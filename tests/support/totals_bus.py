"""The topics of the live totals on a broker in memory, for the host that adds up and for those who stand by."""

from __future__ import annotations

from collections import Counter

from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import TOPIC, PartialTotals, key_of
from lienthong_schemas.totals import LIVE_TOPIC, Totals, totals
from lienthong_streams.totals_host import PARTIALS, TotalsHost, TotalsPorts

BOOK = SchemaBook()


class Observed:
    """An observer that counts."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.transactions = 0
        self.position = -1
        self.is_active: bool | None = None
        self.turns = 0
        self.at_once = 0
        """The most turns that there were at the same time."""
        self._at_work = 0

    def read(self, outcome: str) -> None:
        """A snapshot was read."""
        self.seen[outcome] += 1

    def written(self, totals: int) -> None:
        """Totals were written."""
        self.transactions += 1
        self.seen["written"] += totals

    def active(self, is_active: bool) -> None:
        """It is its turn, or not."""
        if is_active:
            self.turns += 1
            self._at_work += 1
            self.at_once = max(self.at_once, self._at_work)
        elif self.is_active:
            self._at_work -= 1
        self.is_active = is_active

    def current(self, position: int, at: Instant) -> None:
        """Everything stands."""
        self.position = position


class Bus:
    """A broker with the topics of the totals, and a machine's clock that only the test moves."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        for topic in (TOPIC, LIVE_TOPIC, "reference.v1", "totals-partial-dead-letter.v1"):
            self.broker.create_topic(topic)
        self.broker.create_topic(f"totals-changelog-{TOPIC}")
        self.now = 0

    def publish(self, *snapshots: PartialTotals) -> None:
        """An owner of a partition publishes."""
        self.broker.write([OutboundRecord(TOPIC, key_of(one), BOOK.encode(TOPIC, one)) for one in snapshots])

    def ports(self, observed: Observed) -> TotalsPorts:
        """What one turn of one process works with."""
        log = self.broker.partition_log(PARTIALS, application="totals")
        return TotalsPorts(log, self.broker.reader(), lambda: self.now, observed)

    def host(self) -> tuple[TotalsHost, Observed]:
        """A process that has not begun yet."""
        observed = Observed()
        return TotalsHost(self.ports(observed)), observed

    def standing(self) -> dict[bytes, Totals]:
        """The newest total of each key."""
        return {
            record.key or b"": totals(BOOK.decode(LIVE_TOPIC, record.value or b""))
            for record in self.broker.records(LIVE_TOPIC)
        }
