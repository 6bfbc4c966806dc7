"""The material of an explanation from the ledger alone: history, reference data and announcements as rows."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from psycopg import Connection

from lienthong.explain.material import Material
from lienthong_consumers.ledger.case_history import case_history
from lienthong_consumers.letters.contents import book_with
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.errors import ContractError
from lienthong_schemas.identity import CaseId
from lienthong_streams.domain.timeline import Known


def read_ledger(connection: Connection[Any], identity: CaseId) -> Material:
    """Read the case's rows, all from one snapshot."""
    rows = case_history(connection, str(identity))
    book = book_with((one.key.split("@", 1)[0], one.body) for one in rows.references if one.kind == "schema")
    history: list[Known] = []
    for stored in rows.events:
        with suppress(ContractError):  # never so: the ledger has read it before
            event, _ = read_case_event(book, stored.topic, str(identity).encode(), stored.value)
            history.append(Known(event._replace(accepted_at=stored.accepted_at), stored.known_at))
    return Material("ledger", history, rows.references, rows.announced, rows.ticked_at, "the ledger")
