"""The broker: reachable, new enough, topics as in the catalogue, reference data applied, clocks together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

from lienthong.doctor.finding import Finding, bad, good, note
from lienthong.status.addresses import ONE_TRY, broker_address
from lienthong_infra.errors import LienthongError, UnavailableError, UnknownTopic
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.kafka.versions import has_new_transactions
from lienthong_infra.ports import Reader, Record, TopicPartition
from lienthong_infra.reference_log import read_reference
from lienthong_infra.settings import Settings
from lienthong_infra.topic_plan import Difference
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, instant_of_milliseconds
from lienthong_schemas.reference_files import Entry, load_reference, schema_entries
from lienthong_schemas.reference_plan import reference_plan

TICKS: Final = TopicPartition("tick.v1", 0)
TICK_WAIT_S: Final = 3.0
"""Seconds to wait for a tick; a ticker writes one each second."""
SKEW_LIMIT: Final = 2 * MICROSECONDS_PER_SECOND
"""Microseconds. What an office states about time is compared with the broker's clock in minutes, and a tick takes
part of a second to arrive."""
_NAMED: Final = 3


async def broker_findings(settings: Settings, *, reference_set: str, imported: bool) -> AsyncIterator[Finding]:
    """Everything about the broker, as far as it answers."""
    try:
        address = broker_address(settings)
        newest = await has_new_transactions(address, patience=ONE_TRY)
    except UnavailableError as error:
        yield bad("broker", str(error), "docs/operate/runbooks/source-away.md")
        return
    yield _version(address, newest)
    try:
        async with KafkaAdmin(address, settings.prefix, patience=ONE_TRY) as admin:
            yield topics_finding(await admin.plan(load_catalogue(), imported=imported), imported=imported)
    except LienthongError as error:
        yield bad("topics", str(error), "`lienthong topics plan`")
    reader = KafkaReader(address, settings.prefix, patience=ONE_TRY)
    try:
        yield await _reference(reader, reference_set)
        if not imported:
            yield await skew_finding(reader)
    except UnknownTopic as error:
        yield bad("reference data", str(error), "`lienthong topics apply`, then `lienthong reference apply`")
    except LienthongError as error:
        yield bad("broker", str(error), "docs/operate/runbooks/source-away.md")
    finally:
        await reader.close()


def _version(address: str, newest: bool) -> Finding:
    if newest:
        return good("broker", f"answers at {address}, Kafka 4.0 or newer")
    return note(
        "broker",
        f"answers at {address}, but is older than Kafka 4.0",
        "everything was measured on Apache Kafka 4.3; upgrade the cluster",
    )


def topics_finding(differences: list[Difference], *, imported: bool) -> Finding:
    """Whether the cluster's topics are those of the catalogue."""
    if not differences:
        return good("topics", "as the catalogue asks")
    named = [f"{each.topic} {each.setting}" for each in differences[:_NAMED]]
    more = f" and {len(differences) - _NAMED} more" if len(differences) > _NAMED else ""
    verb = "lienthong topics plan --import" if imported else "lienthong topics plan"
    what = f"{len(differences)} differences from the catalogue: {', '.join(named)}{more}"
    return bad("topics", what, f"`{verb}` says what to do about each")


async def _reference(reader: Reader, reference_set: str) -> Finding:
    entries = [*load_reference(reference_set), *schema_entries(load_catalogue())]
    return await reference_finding(reader, entries)


async def reference_finding(reader: Reader, entries: list[Entry]) -> Finding:
    """Whether the bus holds the reference data of this version."""
    held = await read_reference(reader)
    plan = reference_plan(entries, held.records)
    if plan.problems:
        return bad(
            "reference data", f"contradicts what was published: {plan.problems[0]}", "`lienthong reference apply`"
        )
    if held.unreadable:
        what = f"{len(held.unreadable)} records cannot be read by this version"
        return bad("reference data", what, "install the newer program")
    if plan.new:
        what = f"{len(plan.new)} records of this version are not applied"
        return bad("reference data", what, "`lienthong reference apply`")
    return good("reference data", f"{len(held.records)} records, all of this version's applied")


async def skew_finding(reader: Reader, *, wait_s: float = TICK_WAIT_S) -> Finding:
    """This machine's clock against the broker's, by a tick that is caught as it is appended."""
    caught = await _next_tick(reader, wait_s)
    if caught is None:
        return note("clock", f"not compared with the broker's: no tick came within {wait_s:g} s", "`lienthong ticker`")
    record, now = caught
    return skew(instant_of_milliseconds(record.timestamp), now)


async def _next_tick(reader: Reader, wait_s: float) -> tuple[Record, Instant] | None:
    await reader.assign({TICKS: (await reader.ends([TICKS]))[TICKS]})
    deadline = time.monotonic() + wait_s
    while (left := deadline - time.monotonic()) > 0:
        records = (await reader.read(timeout=left)).get(TICKS, ())
        if records:
            return records[-1], time.time_ns() // 1_000
    return None


def skew(appended: Instant, now: Instant) -> Finding:
    """What a tick appended at one time by the broker's clock and read at another by ours says about both."""
    ahead = now - appended
    text = f"{abs(ahead) / MICROSECONDS_PER_SECOND:.1f} s {'ahead of' if ahead > 0 else 'behind'} the broker's"
    if abs(ahead) > SKEW_LIMIT:
        return bad("clock", f"this machine's is {text}", "set both right by NTP (chrony, systemd-timesyncd)")
    return good("clock", "together with the broker's")
