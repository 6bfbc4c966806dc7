"""The table ``dead_letter``: what was refused, byte for byte."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

from lienthong_consumers.ledger.batch import Applied, KnownLetter
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_infra.ports import Headers
from lienthong_schemas.instants import Instant, datetime_of, instant_of_milliseconds, is_plausible

LETTER_LIMIT: Final = 100
"""Open dead letters of one office above which it counts as a sender whose program is broken, and an alert says so."""


async def offices_over_limit(cursor: Cursor) -> int:
    """How many offices have more open letters than the limit; those whose office cannot be read count as one."""
    await cursor.execute(
        "SELECT count(*) FROM (SELECT FROM dead_letter WHERE state = 'open' GROUP BY office HAVING count(*) > %s) AS o",
        (LETTER_LIMIT,),
    )
    return int((await cursor.fetchone() or (0,))[0])


async def write_letters(cursor: Cursor, letters: Sequence[KnownLetter], applied: Applied) -> None:
    """Add the new ones; of one that is there, count the copy: streams and ledger refuse the same record."""
    for one in letters:
        letter = one.letter
        await cursor.execute(
            'INSERT INTO dead_letter AS d (letter_id, topic, partition, "offset", recorded_at, stage, code, problems,'
            " consumer, first_seen, office, key, value, headers, known_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (letter_id) DO UPDATE SET copies = d.copies + 1 RETURNING copies",
            (
                *letter[:4],
                datetime_of(_plausible(instant_of_milliseconds(letter.timestamp))),
                letter.stage,
                letter.code,
                list(letter.problems),
                letter.consumer,
                datetime_of(_plausible(letter.first_seen)),
                one.office,
                letter.key,
                letter.value,
                headers_as_json(letter.headers),
                datetime_of(one.known_at),
            ),
        )
        if await cursor.fetchone() == (1,):
            applied.fresh[one.source] += 1


def headers_as_json(headers: Headers) -> str:
    """The headers as text: a list of [name, value in base64]."""
    return json.dumps([[name, b64encode(value).decode()] for name, value in headers])


def headers_from_json(pairs: list[list[str]]) -> Headers:
    """The headers again, from what the column gives."""
    return tuple((name, b64decode(value)) for name, value in pairs)


def _plausible(instant: Instant) -> Instant:
    return instant if is_plausible(instant) else 0
