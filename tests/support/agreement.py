"""Whether ledger and streams say what the log says: recount of rows, and the engine's fold in a plain loop."""

from __future__ import annotations

from collections.abc import Iterable

from lienthong_infra.placement import Placement
from lienthong_schemas.case_event import CASE_TOPICS, CaseEvent, read_case_event
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import Instant, instant_of_milliseconds
from lienthong_schemas.records import PROVISIONAL_HOLE, reference_record
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.announcements import settled_of
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.ledger_recount import Counted, Recount, recount
from tests.support.whole_bus import WholeBus

Key = tuple[str, bool]
"""A settled key, and whether a hole makes it provisional."""


async def events_of(bus: WholeBus) -> list[Known]:
    """Every sound event on the case topics that lies where it belongs, in the order of each partition."""
    found: list[Known] = []
    placement = Placement.of(load_catalogue())
    for topic in CASE_TOPICS:
        for record in await bus.records(topic):
            try:
                event, _ = read_case_event(bus.book, topic, record.key, record.value or b"")
                placement.check(record)
            except ContractError:
                continue
            found.append(Known(event, instant_of_milliseconds(record.timestamp)))
    return found


def counted(events: Iterable[Known]) -> Recount:
    """The ledger's figures, counted again in plain Python."""
    return recount(_delivery(known.event) for known in events)


def _delivery(event: CaseEvent) -> Counted:
    handover = event.handover
    return Counted(
        event.case_id,
        event.epoch,
        event.seq,
        event.digest,
        event.accepted_at,
        event.office,
        event.received_at,
        event.due_at,
        event.ended_at,
        None if handover is None else handover.next_epoch,
        None if handover is None else handover.last_seq,
    )


def ledger_count(bus: WholeBus) -> Recount:
    """The same figures as the ledger has them."""
    rows = bus.rows("SELECT case_id, epoch, seq, digest FROM case_row")
    totals = bus.rows("SELECT office, kind, waiting, received, ended, ended_late, open FROM total")
    events = bus.rows("SELECT count(*) FROM case_event")[0][0]
    duplicates = bus.rows("SELECT sum(duplicates)::bigint FROM position WHERE topic = ANY(%s)", list(CASE_TOPICS))[0][0]
    return Recount(
        {case: (epoch, seq, bytes(digest)) for case, epoch, seq, digest in rows},
        {(office, kind): tuple(numbers) for office, kind, *numbers in totals if any(numbers)},
        events,
        duplicates,
    )


async def settled_by_fold(bus: WholeBus, events: Iterable[Known], horizon: Instant) -> frozenset[Key]:
    """What must stand at a horizon: the engine's fold of every case, in a plain loop."""
    references = [reference_record(each) for each in await bus.decoded("reference.v1")]
    book = ReferenceBook(references)
    timelines: dict[str, list[Known]] = {}
    for known in events:
        insert(timelines.setdefault(known.event.case_id, []), known)
    return frozenset(
        key for case, timeline in timelines.items() for key in settled_of(case, fold(timeline, book, horizon, {}))
    )


def standing_in_ledger(bus: WholeBus) -> frozenset[Key]:
    """What stands by the announcements that the ledger has."""
    clocks = bus.rows("SELECT settled_key, firmness, confirmed_by FROM clock_event WHERE standing")
    findings = bus.rows("SELECT settled_key FROM finding WHERE standing")
    return frozenset(
        (key, firmness == PROVISIONAL_HOLE and confirmed_by is None) for key, firmness, confirmed_by in clocks
    ) | frozenset((key, False) for (key,) in findings)
