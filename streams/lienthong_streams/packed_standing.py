"""What stands announced about a case, and what was withdrawn, in bytes.

An announcement is kept as its firmness and its settled key; its id follows from the key and the last withdrawal
(``announcement_id``). Keys are without the case id that all of them begin with, and the frequent ways in which they
go on are one byte. The list of those is part of the format: new ones go to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from uuid import UUID

from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.packed_values import pack_bytes, pack_text, unpack_bytes, unpack_text

_FIRMNESSES: Final = (FIRM, PROVISIONAL_SILENCE, PROVISIONAL_HOLE)
_FIRMNESS_CODES: Final = {name: code for code, name in enumerate(_FIRMNESSES)}
_BEGINNINGS: Final = (
    "",
    "processing|1|started||",
    "processing|1|paused||",
    "processing|1|resumed||",
    "processing|1|restarted||",
    "processing|1|extended||",
    "processing|1|due-changed||",
    "processing|1|breached||",
    "processing|1|met||",
    "processing|1|met-late||",
    "processing|1|stopped||",
    "processing|1|warned|",
    "processing|1|escalated|",
    "acceptance|1|started||",
    "acceptance|1|breached||",
    "acceptance|1|met||",
    "acceptance|1|met-late||",
    "supplement|1|started||",
    "supplement|1|breached||",
    "supplement|1|met||",
    "supplement|1|met-late||",
    "apology|1|",
    "finding|invalid-transition|",
    "finding|invalid-start|",
    "finding|due-not-restated|",
    "finding|due-differs|",
    "finding|back-dated|",
    "finding|",
)
_CACHED: Final = 8_192
"""Different announcements, and different sets of them, kept packed and unpacked: without the case id they recur."""
_BEGINNING_CODES: Final = {text: code for code, text in enumerate(_BEGINNINGS)}


def _code_of(key: str) -> int:
    """The code of the longest listed way in which a key begins."""
    head = key[: key.rfind("|") + 1]
    while head not in _BEGINNING_CODES:
        head = head[: head.rfind("|", 0, -1) + 1]
    return _BEGINNING_CODES[head]


def pack_standing(standing: Mapping[str, str]) -> bytes:
    """The bytes of what stands: settled key → firmness, in its order."""
    return b"".join([_packed(key, firmness) for key, firmness in standing.items()])


def unpack_standing(packed: bytes) -> dict[str, str]:
    """What stands, from its bytes."""
    return dict(_unpacked(packed))


@lru_cache(maxsize=_CACHED)
def _packed(key: str, firmness: str) -> bytes:
    code = _code_of(key)
    return bytes((_FIRMNESS_CODES[firmness], code)) + pack_text(key[len(_BEGINNINGS[code]) :])


@lru_cache(maxsize=_CACHED)
def _unpacked(packed: bytes) -> dict[str, str]:
    standing = {}
    at, end = 0, len(packed)
    while at < end:
        rest, following = unpack_text(packed, at + 2)
        standing[_BEGINNINGS[packed[at + 1]] + rest] = _FIRMNESSES[packed[at]]
        at = following
    return standing


def pack_withdrawals(withdrawals: Mapping[str, str]) -> bytes:
    """The bytes of the last withdrawals: settled key → id."""
    return b"".join([pack_text(key) + pack_bytes(UUID(one).bytes) for key, one in withdrawals.items()])


def unpack_withdrawals(packed: bytes) -> dict[str, str]:
    """The last withdrawals, from their bytes."""
    withdrawals = {}
    at, end = 0, len(packed)
    while at < end:
        key, at = unpack_text(packed, at)
        one, at = unpack_bytes(packed, at)
        withdrawals[key] = str(UUID(bytes=one))
    return withdrawals
