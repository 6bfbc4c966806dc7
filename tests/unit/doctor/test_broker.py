"""What the doctor says about topics, reference data and clocks."""

from __future__ import annotations

from lienthong.doctor.broker import SKEW_LIMIT, reference_finding, skew, skew_finding, topics_finding
from lienthong_infra.ports import OutboundRecord
from lienthong_infra.reference_log import apply_reference
from lienthong_infra.topic_plan import Difference
from lienthong_schemas.reference_files import load_reference
from tests.support.bus_log import SECOND, BusLog

ENTRIES = load_reference("vn")
DIFFERENCE = Difference("h27.dossier.v1", "partitions", "4", "3", "by-hand")


def test_topics_as_the_catalogue_asks_are_good() -> None:
    """Nothing to do."""
    assert topics_finding([], imported=False).level == "good"


def test_differences_are_counted_and_the_first_named() -> None:
    """The rest is told by the verb that the advice names."""
    finding = topics_finding([DIFFERENCE] * 5, imported=True)
    assert finding.what.startswith("5 differences from the catalogue: h27.dossier.v1 partitions, ")
    assert finding.what.endswith(" and 2 more")
    assert finding.advice.startswith("`lienthong topics plan --import`")


async def test_reference_data_that_is_not_applied_is_bad_and_then_good() -> None:
    """Without policies every case would be a finding."""
    log = BusLog()
    before = await reference_finding(log.broker.reader(), ENTRIES)
    await apply_reference(log.broker.reader(), log.broker.publisher(), ENTRIES, known_from=log.now)
    after = await reference_finding(log.broker.reader(), ENTRIES)
    assert (before.level, before.advice, after.level) == ("bad", "`lienthong reference apply`", "good")


async def test_reference_data_of_a_newer_program_is_bad() -> None:
    """This program would compute other deadlines than the one that published them."""
    log = BusLog()
    await apply_reference(log.broker.reader(), log.broker.publisher(), ENTRIES, known_from=log.now)
    log.broker.write([OutboundRecord("reference.v1", b"policy/x", b"\xc3\x01newer---value", partition=0)])
    assert (await reference_finding(log.broker.reader(), ENTRIES)).advice == "install the newer program"


def test_clocks_that_agree_are_good_to_the_limit() -> None:
    """A tick takes part of a second to arrive."""
    assert [skew(0, now).level for now in (SKEW_LIMIT, -SKEW_LIMIT)] == ["good", "good"]


def test_a_clock_that_is_off_is_told_by_how_much_and_which_way() -> None:
    """So that the right machine is mended."""
    assert skew(0, 5 * SECOND).what == "this machine's is 5.0 s ahead of the broker's"
    assert skew(5 * SECOND, 0).what == "this machine's is 5.0 s behind the broker's"


async def test_without_a_ticker_clocks_are_not_compared() -> None:
    """That is a note: doctor also examines a bus that was not started yet."""
    log = BusLog()
    log.tick(SECOND)
    assert (await skew_finding(log.broker.reader(), wait_s=0.05)).level == "note"
