"""What a person can do to a dead letter: replay it as it was, replay it fixed, or waive it.

The letter is locked, the record is sent and acknowledged, then state and audit change in one transaction. A crash
between leaves it open, and to replay it again is harmless: the same event counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from lienthong_consumers.letters.contents import problems_today, value_of
from lienthong_consumers.letters.listing import StoredLetter, read_stored
from lienthong_infra.dead_letter import REPLAY_OF, NotALetter
from lienthong_infra.errors import BadInputError
from lienthong_infra.ports import OutboundRecord, Publisher, Written
from lienthong_schemas.codec import SchemaBook


@dataclass(frozen=True, slots=True)
class Signed:
    """Who does something, why, and when (an aware datetime)."""

    who: str
    why: str
    at: datetime

    def __post_init__(self) -> None:
        """Refuse an action without a name or a reason."""
        missing = [name for name in ("who", "why") if not getattr(self, name).strip()]
        if missing:
            raise BadInputError([f"{name}: say it, it is kept with the letter" for name in missing])


async def replay(
    connection: Connection[Any], publisher: Publisher, book: SchemaBook, letter_id: str, signed: Signed
) -> Written:
    """Send the original bytes to their topic again. Raises BadInputError where they would be refused again."""
    with connection.transaction():
        letter = _open_letter(connection, letter_id)
        problems = problems_today(book, letter.topic, letter.key, letter.value)
        if problems:
            raise BadInputError([f"{letter_id}: it would be refused again: {problem}" for problem in problems])
        written = await _send(publisher, letter, letter.key, letter.value)
        _note(connection, letter_id, "replay", signed, written)
    return written


async def fix(
    connection: Connection[Any],
    publisher: Publisher,
    book: SchemaBook,
    letter_id: str,
    *,
    fields: Mapping[str, Any],
    signed: Signed,
) -> Written:
    """Send the record with other fields. Raises BadInputError with everything that is wrong with them."""
    with connection.transaction():
        letter = _open_letter(connection, letter_id)
        key, value = value_of(book, letter.topic, fields)
        written = await _send(publisher, letter, letter.key if key is None else key, value)
        _note(connection, letter_id, "fix", signed, written)
    return written


def waive(connection: Connection[Any], letter_id: str, signed: Signed) -> None:
    """Say that the record will not be taken, with a reason. Raises BadInputError where the letter is not open."""
    with connection.transaction():
        letter = read_stored(connection, letter_id, locked=True)
        _must_be_open(letter)
        _note(connection, letter_id, "waive", signed, None)


def _open_letter(connection: Connection[Any], letter_id: str) -> StoredLetter:
    letter = read_stored(connection, letter_id, locked=True)
    _must_be_open(letter)
    if letter.code == NotALetter.code:
        raise BadInputError([f"{letter_id}: somebody wrote it on a dead-letter topic by hand; it can only be waived"])
    return letter


def _must_be_open(letter: StoredLetter) -> None:
    if letter.state != "open":
        raise BadInputError([f"{letter.letter_id}: it is {letter.state} already; see `lienthong letters show`"])


async def _send(publisher: Publisher, letter: StoredLetter, key: bytes | None, value: bytes | None) -> Written:
    """To the topic it came from, with its own time; a record without a key goes to the partition it came from."""
    headers = tuple(header for header in letter.headers if header[0] != REPLAY_OF)
    record = OutboundRecord(
        letter.topic,
        key,
        value,
        (*headers, (REPLAY_OF, letter.letter_id.encode())),
        partition=letter.partition if key is None else None,
        timestamp=max(0, int(letter.recorded_at.timestamp() * 1_000)),
    )
    return (await publisher.publish([record]))[0]


def _note(connection: Connection[Any], letter_id: str, action: str, signed: Signed, written: Written | None) -> None:
    state = "waived" if action == "waive" else "replayed"
    connection.execute("UPDATE dead_letter SET state = %s WHERE letter_id = %s", (state, letter_id))
    connection.execute(
        "INSERT INTO letter_action (letter_id, action, who, why, at, written_topic, written_partition, written_offset)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (letter_id, action, signed.who, signed.why, signed.at, *(written or (None, None, None))),
    )
