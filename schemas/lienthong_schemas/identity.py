"""Identities: cases, events, clock events, dead letters. Everything that must be the same when a thing happens twice.

Sources: agency codes are at most 35 characters of ``0-9 A-Z .`` (Decision 20/2020/QĐ-TTg); dossier codes follow
Circular 03/2025/TT-VPCP and older forms, so the local part is accepted leniently.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from functools import lru_cache
from hashlib import sha1
from typing import NamedTuple

from lienthong_schemas.errors import IdentityError

CASE_KINDS = ("dossier", "field-report", "periodic-report", "document", "task")
"""The kinds of case, each with a topic, a schema and a table of states of its own."""

LONGEST_CODE = 200
"""Characters of a code by which cases are counted (a procedure, a channel, a status): an index holds no longer ones."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:lienthong")
_OFFICE = re.compile(r"[0-9A-Z](?:[0-9A-Z.]{0,33}[0-9A-Z])?")
_LOCAL = re.compile(r"[0-9A-Z](?:[0-9A-Z._/-]{0,78}[0-9A-Z])?")
_SPACE = re.compile(r"\s+")
_PLAIN_CASE = re.compile(rf"({'|'.join(CASE_KINDS)}):({_OFFICE.pattern}):({_LOCAL.pattern})")
_EVENTS = sha1(_NAMESPACE.bytes + b"event|", usedforsecurity=False)
"""The hash of what all event ids begin with; each goes on from a copy."""
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The first digit of a uuid's fourth group, by that of the hash (RFC 9562, section 4.1)."""


class CaseId(NamedTuple):
    """A case: its kind, the agency whose numbering it is, and the number there."""

    kind: str
    authority: str
    local: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.authority}:{self.local}"


@lru_cache(maxsize=16_384)  # more than a nation has offices at work; a bus meets a few hundred, over and over
def normalise_office(text: str) -> str:
    """An agency code in upper case without spaces. Raises IdentityError where it is none."""
    code = _SPACE.sub("", unicodedata.normalize("NFC", text)).upper()
    if not _OFFICE.fullmatch(code):
        raise IdentityError(f"{text!r} is no agency code: 1 to 35 characters of 0-9, A-Z and '.', such as H27.16")
    return code


def normalise_local(text: str) -> str:
    """A case number in upper case without spaces. Raises IdentityError where it is none."""
    number = _SPACE.sub("", unicodedata.normalize("NFC", text)).upper()
    if not _LOCAL.fullmatch(number):
        raise IdentityError(f"{text!r} is no case number: 1 to 80 characters of 0-9, A-Z, '.', '_', '/' and '-'")
    return number


def case_id(kind: str, authority: str, local: str) -> CaseId:
    """The normalised identity of a case. Raises IdentityError with what is wrong."""
    if kind not in CASE_KINDS:
        raise IdentityError(f"{kind!r} is no kind of case; known kinds: {', '.join(CASE_KINDS)}")
    return CaseId(kind, normalise_office(authority), normalise_local(local))


@lru_cache(maxsize=16_384)  # the cases of a busy hour: several events each
def parse_case_id(text: str) -> CaseId:
    """The identity written as ``kind:authority:local``; it must be in normal form. Raises IdentityError."""
    plain = _PLAIN_CASE.fullmatch(text)
    if plain is not None:  # nothing to normalise in it
        return CaseId(*plain.groups())
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise IdentityError(f"{text!r} is no case id: it must read kind:authority:local")
    identity = case_id(*parts)
    if str(identity) != text:
        raise IdentityError(f"{text!r} is not in normal form; write {identity}")
    return identity


def _named_uuid(name: str) -> str:
    """``str(uuid.uuid5(_NAMESPACE, name))``, several times as fast: every event and announcement needs one."""
    return _uuid_text(sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest())


def _uuid_text(digest: str) -> str:
    """The hexadecimal SHA-1 as a uuid of version 5."""
    variant = _VARIANTS[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def event_id(office: str, case: str, epoch: int, seq: int) -> str:
    """The id of a case event: the same for the same office, case, epoch and sequence number."""
    state = _EVENTS.copy()
    state.update(f"{office}|{case}|{epoch}|{seq}".encode())
    return _uuid_text(state.hexdigest())


def announcement_id(settled_key: str, after_withdrawal: str = "") -> str:
    """The id of an announcement: its settled key, and the withdrawal after which it is true again, if any."""
    return _named_uuid(f"announcement|{settled_key}|{after_withdrawal}")


def withdrawal_id(withdrawn: str) -> str:
    """The id of the withdrawal of one announcement."""
    return _named_uuid(f"withdrawal|{withdrawn}")


def confirmation_id(confirmed: str) -> str:
    """The id of the confirmation of one provisional announcement."""
    return _named_uuid(f"confirmation|{confirmed}")


def letter_id(topic: str, partition: int, offset: int, stage: str) -> str:
    """The id of a dead letter; streams and ledger read the same record and so write the same letter."""
    return _named_uuid(f"letter|{topic}|{partition}|{offset}|{stage}")
