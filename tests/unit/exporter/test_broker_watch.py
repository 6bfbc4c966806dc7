"""The broker from outside: positions from changelogs, ticks, offices that are silent."""

from __future__ import annotations

import pytest

from lienthong.status.positions import position_of
from lienthong_consumers.exporter.broker_watch import OUTBOX_KEPT, BrokerWatch
from lienthong_consumers.exporter.lags import PARTIALS, deadline_lags, totals_lags
from lienthong_consumers.exporter.sightings import AppliedPosition, OfficeSign, TotalsSign
from lienthong_infra.errors import PositionLost, UnknownTopic
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_streams.position import POSITION_KEY, Position
from tests.support.bus_log import CATALOGUE, SECOND, BusLog

DOSSIERS = TopicPartition("dossier.v1", 2)


def watch_of(broker: MemoryBroker, *, without: tuple[str, ...] = ()) -> BrokerWatch:
    """A watch over a memory broker."""
    return BrokerWatch(broker.reader(), catalogue=CATALOGUE, position_of=position_of, without=without)


async def test_the_lag_is_the_log_end_without_what_is_applied() -> None:
    """The last position in the changelog counts, whatever a group committed."""
    log = BusLog()
    log.case_records(*DOSSIERS, 10)
    log.applied(*DOSSIERS, Position(4, 0, 5 * SECOND, 0, 1))
    log.applied(*DOSSIERS, Position(7, 1, 6 * SECOND, 0, 1), states=100)
    sight = await watch_of(log.broker).look(log.now)
    assert AppliedPosition(7, 6 * SECOND, 1) == sight.applied[DOSSIERS]
    assert deadline_lags(sight)[DOSSIERS] == 3


async def test_a_partition_that_nobody_ever_owned_lags_by_its_whole_log() -> None:
    """No position is no reason to look well."""
    log = BusLog()
    log.case_records(*DOSSIERS, 10)
    sight = await watch_of(log.broker).look(log.now)
    assert DOSSIERS not in sight.applied
    assert deadline_lags(sight)[DOSSIERS] == 10


async def test_a_later_look_sees_what_has_moved_and_remembers_the_rest() -> None:
    """Positions of partitions that stood still are known from the look before."""
    log = BusLog()
    still = TopicPartition("document.v1", 1)
    log.applied(*still, Position(3, 0, 0, 0, 1))
    log.applied(*DOSSIERS, Position(1, 0, 0, 0, 1))
    watch = watch_of(log.broker)
    await watch.look(log.now)
    log.applied(*DOSSIERS, Position(2, 0, 0, 0, 1))
    sight = await watch.look(log.now)
    assert {still: 3, DOSSIERS: 2} == {each: one.next_offset for each, one in sight.applied.items()}


async def test_a_position_of_a_newer_program_is_counted_and_not_guessed() -> None:
    """What cannot be read is no position."""
    log = BusLog()
    changelog = "deadlines-changelog-dossier.v1"
    log.broker.write([OutboundRecord(changelog, POSITION_KEY, b'{"version":99}', partition=2)], transactional=True)
    sight = await watch_of(log.broker).look(log.now)
    assert ({}, {changelog: 1}) == (dict(sight.applied), dict(sight.unreadable))


async def test_a_control_marker_is_no_record_that_anybody_lags_by() -> None:
    """The ledger's position stays before the marker of the last transaction until the next record comes."""
    log = BusLog()
    announcements = TopicPartition("sla.v1", 0)
    watch = watch_of(log.broker)
    for number in (1, 2):
        log.broker.write([OutboundRecord("sla.v1", b"case", b"value", partition=0)], transactional=True)
        sight = await watch.look(log.now)
        assert (sight.ends[announcements], sight.data_ends[announcements]) == (2 * number, 2 * number - 1)


async def test_the_newest_tick_counts() -> None:
    """Its time is the bus's time."""
    log = BusLog()
    log.tick(5 * SECOND)
    log.tick(6 * SECOND)
    sight = await watch_of(log.broker).look(log.now)
    assert sight.tick is not None
    assert (sight.tick.offset, sight.tick.bus_time) == (1, 6 * SECOND)


async def test_without_a_tick_there_is_none() -> None:
    """And no old one is made up."""
    assert (await watch_of(BusLog().broker).look(0)).tick is None


async def test_the_longest_silent_outbox_decides_for_its_office() -> None:
    """One desk that fell silent is not hidden by the others of its office."""
    log = BusLog()
    start = log.now
    log.heartbeat("H27.16", sender="desk-1", pending=2)
    log.now += 60 * SECOND
    log.heartbeat("H27.16", sender="desk-2", pending=1)
    sight = await watch_of(log.broker).look(log.now)
    assert {"H27.16": OfficeSign(start, start, 3)} == sight.offices


async def test_an_outbox_that_is_gone_for_good_is_left_out() -> None:
    """As the ticker leaves it out, so that nobody waits for it."""
    log = BusLog()
    log.heartbeat("H27.16", sender="desk-1")
    log.now += 60 * SECOND
    log.heartbeat("H27.16", sender="desk-2")
    sight = await watch_of(log.broker, without=("desk-1",)).look(log.now)
    assert {"H27.16": OfficeSign(log.now, log.now, 0)} == sight.offices


async def test_an_office_that_only_a_tick_remembers_was_heard_then() -> None:
    """Its heartbeats lie too far back to be read; silence must still be seen."""
    log = BusLog()
    log.tick(log.now, {"H27.17": 9 * SECOND})
    sight = await watch_of(log.broker).look(log.now)
    assert {"H27.17": OfficeSign(9 * SECOND, 9 * SECOND, 0)} == sight.offices


async def test_an_office_whose_clock_runs_ahead_vouches_for_nothing_to_come() -> None:
    """Complete through is never later than when it was heard."""
    log = BusLog()
    log.heartbeat("H27.16", through=log.now + 3600 * SECOND)
    assert log.now == (await watch_of(log.broker).look(log.now)).offices["H27.16"].complete_through


async def test_an_outbox_silent_for_thirty_days_is_forgotten() -> None:
    """It was taken down; its heartbeats leave the topic then, too."""
    log = BusLog()
    log.heartbeat("H27.16")
    watch = watch_of(log.broker)
    assert list((await watch.look(log.now)).offices) == ["H27.16"]
    assert list((await watch.look(log.now + OUTBOX_KEPT)).offices) == []


async def test_a_heartbeat_of_no_agency_makes_no_series() -> None:
    """A field that a sender fills freely never becomes a label."""
    log = BusLog()
    log.heartbeat("Nguyễn Văn A")
    sight = await watch_of(log.broker).look(log.now)
    assert (dict(sight.offices), dict(sight.unreadable)) == ({}, {"heartbeat.v1": 1})


async def test_a_missing_topic_is_named() -> None:
    """The text says what to do."""
    with pytest.raises(UnknownTopic, match="lienthong topics apply"):
        await watch_of(MemoryBroker()).look(0)


async def test_a_log_that_was_made_anew_is_noticed() -> None:
    """Old positions must not be shown for a new log."""
    log = BusLog()
    log.tick(SECOND)
    log.tick(SECOND)
    watch = watch_of(log.broker)
    await watch.look(log.now)
    log.broker.log(TopicPartition("tick.v1", 0)).end = 1
    with pytest.raises(PositionLost):
        await watch.look(log.now)


class StagedGroups:
    """The group of the live totals as a test wants it."""

    def __init__(self, members: int, shown: dict[TopicPartition, int]) -> None:
        self._members, self._shown = members, shown

    async def members(self, application: str) -> int:
        """So many."""
        return self._members

    async def shown(self, application: str) -> dict[TopicPartition, int]:
        """These."""
        return self._shown

    async def close(self) -> None:
        """Nothing to release."""


@pytest.mark.parametrize(
    ("shown", "sign", "lags"),
    [({}, None, {}), ({PARTIALS: 2}, TotalsSign(1, 2), {PARTIALS: 1})],
    ids=["never ran", "one record behind"],
)
async def test_the_live_totals_show_their_position_in_their_group(
    shown: dict[TopicPartition, int], sign: TotalsSign | None, lags: dict[TopicPartition, int]
) -> None:
    """They have no changelog; the control marker behind the last record is no record."""
    log = BusLog()
    log.broker.write([OutboundRecord("totals-partial.v1", b"cell", b"value")] * 3, transactional=True)
    watch = BrokerWatch(
        log.broker.reader(), catalogue=CATALOGUE, position_of=position_of, groups=StagedGroups(1, shown)
    )
    sight = await watch.look(log.now)
    assert (sight.totals, totals_lags(sight)) == (sign, lags)
