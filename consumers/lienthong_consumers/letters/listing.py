"""Which dead letters there are, and what is known about one; payloads only where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_consumers.ledger.tables.letters import headers_from_json
from lienthong_infra.errors import BadInputError
from lienthong_infra.ports import Headers

STATES: Final = ("open", "replayed", "waived")
SHORTEST_ID: Final = 4
"""Characters that the beginning of an id must have to stand for it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters: by state, topic, code, office (an empty text means any), at most so many."""

    state: str = "open"
    topic: str = ""
    code: str = ""
    office: str = ""
    limit: int = 500


class LetterLine(NamedTuple):
    """One letter in a list."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    known_at: datetime
    stage: str
    code: str
    office: str
    state: str
    value_bytes: int


class LetterAction(NamedTuple):
    """What somebody did to a letter."""

    action: str
    who: str
    why: str
    at: datetime
    written_topic: str | None
    written_partition: int | None
    written_offset: int | None


class StoredLetter(NamedTuple):
    """One letter with everything; key, value and headers are those of the refused record."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    recorded_at: datetime
    stage: str
    code: str
    problems: Sequence[str]
    consumer: str
    first_seen: datetime
    office: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    known_at: datetime
    copies: int
    state: str


class Balance(NamedTuple):
    """How many letters there are by state. Written = open + replayed + waived."""

    written: int
    open: int
    replayed: int
    waived: int


_LIST: Final = """
    SELECT letter_id, topic, partition, "offset", known_at, stage, code, office, state, coalesce(length(value), 0)
    FROM dead_letter
    WHERE (%(state)s = '' OR state = %(state)s) AND (%(topic)s = '' OR topic = %(topic)s)
      AND (%(code)s = '' OR code = %(code)s) AND (%(office)s = '' OR office = %(office)s)
    ORDER BY known_at, topic, partition, "offset" LIMIT %(limit)s
"""
_ONE: Final = """
    SELECT letter_id, topic, partition, "offset", recorded_at, stage, code, problems, consumer, first_seen, office, key,
           value, headers, known_at, copies, state
    FROM dead_letter WHERE letter_id = %s
"""
_ACTIONS: Final = """
    SELECT action, who, why, at, written_topic, written_partition, written_offset
    FROM letter_action WHERE letter_id = %s ORDER BY id
"""
_BALANCE: Final = """
    SELECT count(*), count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'replayed'),
           count(*) FILTER (WHERE state = 'waived')
    FROM dead_letter
"""


def list_letters(connection: Connection[Any], selection: Selection) -> list[LetterLine]:
    """The letters of a selection, oldest first."""
    asked = {name: getattr(selection, name) for name in ("state", "topic", "code", "office", "limit")}
    return [LetterLine(*row) for row in connection.execute(_LIST, asked)]


def full_id(connection: Connection[Any], beginning: str) -> str:
    """The id that begins so. Raises BadInputError where there is none, or more than one."""
    if len(beginning) < SHORTEST_ID:
        raise BadInputError([f"{beginning}: write at least the first {SHORTEST_ID} characters of a letter's id"])
    found = connection.execute(
        "SELECT letter_id FROM dead_letter WHERE starts_with(letter_id, %s) LIMIT 2", (beginning,)
    ).fetchall()
    if len(found) != 1:
        fault = "more than one letter begins so" if found else "there is no such letter; see `lienthong letters list`"
        raise BadInputError([f"{beginning}: {fault}"])
    return str(found[0][0])


def read_stored(connection: Connection[Any], letter_id: str, *, locked: bool = False) -> StoredLetter:
    """The letter with this id; ``locked`` against others until the transaction ends. Raises BadInputError."""
    row = connection.execute(_ONE + ("FOR UPDATE" if locked else ""), (letter_id,)).fetchone()
    if row is None:
        raise BadInputError([f"{letter_id}: there is no such letter; see `lienthong letters list`"])
    found = StoredLetter._make(row)
    return found._replace(headers=headers_from_json(row[13]))


def actions_on(connection: Connection[Any], letter_id: str) -> list[LetterAction]:
    """What was done to a letter, in order."""
    return [LetterAction(*row) for row in connection.execute(_ACTIONS, (letter_id,))]


def balance(connection: Connection[Any]) -> Balance:
    """All letters by state."""
    return Balance(*(connection.execute(_BALANCE).fetchone() or (0, 0, 0, 0)))


def published_schemas(connection: Connection[Any]) -> list[tuple[str, str]]:
    """The Avro schemas that the ledger has read from the reference topic: (topic, schema as JSON)."""
    rows = connection.execute("SELECT key, body FROM reference WHERE kind = 'schema' ORDER BY \"offset\"")
    return [(key.split("@", 1)[0], body) for key, body in rows]
