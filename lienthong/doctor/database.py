"""The ledger's database: reachable, its tables at the newest step."""

from __future__ import annotations

from collections.abc import Iterator

from lienthong.doctor.finding import Finding, bad, good
from lienthong.status.addresses import ledger_address
from lienthong_consumers.ledger.database import address_of, connect_now
from lienthong_consumers.ledger.migrate import level
from lienthong_infra.errors import LienthongError
from lienthong_infra.settings import Settings


def database_findings(settings: Settings) -> Iterator[Finding]:
    """Everything about the database, as far as it answers."""
    try:
        dsn = ledger_address(settings)
        with connect_now(dsn, settings.prefix, limit_s=0.0) as connection:
            row = connection.execute("SELECT current_setting('server_version')").fetchone()
        version = str(row[0]).split()[0] if row else "of an unknown version"
        yield good("database", f"answers at {address_of(dsn)}, PostgreSQL {version}")
        current, newest = level(dsn, settings.prefix)
    except LienthongError as error:
        yield bad("database", str(error), "docs/operate/runbooks/source-away.md")
        return
    yield step_finding(current, newest)


def step_finding(current: str, newest: str) -> Finding:
    """Whether the tables are those of this version."""
    if current == newest:
        return good("tables", f"at step {current}")
    if not current:
        return bad("tables", "there are none of this bus", "`lienthong ledger migrate`, or start the ledger")
    if current > newest:
        return bad("tables", f"at step {current}, this version knows {newest}", "install the newer program")
    return bad("tables", f"at step {current} of {newest}", "`lienthong ledger migrate`, or start the ledger")
