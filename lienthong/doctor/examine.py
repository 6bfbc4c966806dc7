"""The whole examination, in the order in which one would mend things."""

from __future__ import annotations

from collections.abc import AsyncIterator

from lienthong.doctor.broker import broker_findings
from lienthong.doctor.database import database_findings
from lienthong.doctor.finding import Finding
from lienthong.doctor.machine import folder_findings, metrics_port_finding
from lienthong.doctor.packages import package_findings, python_finding
from lienthong_infra.settings import Settings


async def examine(settings: Settings, *, reference_set: str = "vn", imported: bool = False) -> AsyncIterator[Finding]:
    """Every finding as soon as it is made; nothing is started or changed."""
    yield python_finding()
    for each in package_findings():
        yield each
    for each in folder_findings(settings):
        yield each
    yield metrics_port_finding(settings.metrics_port)
    if not (settings.bootstrap and settings.ledger_dsn):
        # Only here: what it imports belongs to the extra 'demo'.
        from lienthong.doctor.embedded import embedded_findings

        for each in embedded_findings(settings):
            yield each
    async for each in broker_findings(settings, reference_set=reference_set, imported=imported):
        yield each
    for each in database_findings(settings):
        yield each
