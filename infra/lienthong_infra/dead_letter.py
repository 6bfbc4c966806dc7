"""The layout of a dead letter: a record that could not be taken, exactly as it was, and why.

Key, value and headers are those of the record, byte for byte; the ``dl-*`` headers stand behind them. The letter's id
comes from where the record lies and the stage that refused it, so all readers of a topic write the same letter, and a
letter written twice is one letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from lienthong_infra.ports import Headers, OutboundRecord, Record
from lienthong_schemas.case_event import kind_of_topic
from lienthong_schemas.errors import BrokenRule, ContractError, DecodeError
from lienthong_schemas.identity import letter_id
from lienthong_schemas.instants import Instant, instant_of_milliseconds

DECODE: Final = "decode"
"""Stage: the value cannot be read."""
RULE: Final = "rule"
"""Stage: the value can be read, but the contract forbids what it says."""
APPLY: Final = "apply"
"""Stage: the record brought its reader down again and again, and was set aside for a person."""
STAGES: Final = (DECODE, RULE, APPLY)

REPLAY_OF: Final = "dl-replay-of"
"""Header of a record that was sent to its topic again: the id of the letter it comes from."""
LAYOUT: Final = "1"
_QUOTED_SIGN: Final = 3
"""Characters of a single quoted sign, such as '.', which our own texts use."""
MAX_PROBLEM: Final = 240
"""Characters of one problem; longer ones are cut, a header is no place for a value."""
MAX_PROBLEMS: Final = 20

_INT4: Final = 2**31
_INT8: Final = 2**63
_SUFFIX: Final = "-dead-letter.v1"
_QUOTED: Final = re.compile(r"""(?<!\w)(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""")


class NotALetter(ContractError):
    """A record on a dead-letter topic that does not have the layout of a letter."""

    code = "not-a-letter"


class Letter(NamedTuple):
    """A dead letter as read. ``timestamp`` is the record's own (ms since 1970), ``first_seen`` microseconds UTC."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    timestamp: int
    stage: str
    code: str
    problems: tuple[str, ...]
    consumer: str
    first_seen: Instant
    key: bytes | None
    value: bytes | None
    headers: Headers


def dead_letter_topic(topic: str) -> str:
    """``dossier.v1`` has its dead letters on ``dossier-dead-letter.v1``."""
    return kind_of_topic(topic) + _SUFFIX


def letter(
    record: Record, *, stage: str, code: str, problems: Sequence[str], consumer: str, first_seen: Instant | None = None
) -> OutboundRecord:
    """The dead letter of a record. What was quoted from the data is taken out of the problems.

    ``consumer`` names the reader (``ledger``, ``deadlines``); ``first_seen`` is the record's append time where the
    reader has no clock.
    """
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is no stage; known stages: {', '.join(STAGES)}")
    seen = instant_of_milliseconds(record.timestamp) if first_seen is None else first_seen
    told = [without_quotations(problem).replace("\0", "")[:MAX_PROBLEM] for problem in problems[:MAX_PROBLEMS]]
    marks = {
        "dl-id": letter_id(record.topic, record.partition, record.offset, stage),
        "dl-version": LAYOUT,
        "dl-topic": record.topic,
        "dl-partition": str(record.partition),
        "dl-offset": str(record.offset),
        "dl-timestamp": str(record.timestamp),
        "dl-stage": stage,
        "dl-code": code,
        "dl-problems": json.dumps(told, ensure_ascii=False),
        "dl-consumer": consumer,
        "dl-first-seen": str(seen),
        "dl-original-headers": str(len(record.headers)),
    }
    headers = (*record.headers, *((name, text.encode()) for name, text in marks.items()))
    return OutboundRecord(dead_letter_topic(record.topic), record.key, record.value, headers)


def letter_of_error(
    record: Record, error: ContractError, *, consumer: str, first_seen: Instant | None = None
) -> OutboundRecord:
    """The dead letter of a record that the contract's reader refused with ``error``."""
    stage = DECODE if isinstance(error, DecodeError) else RULE
    problems = error.problems if isinstance(error, BrokenRule) else (str(error),)
    code = getattr(error, "code", "broken-rule")
    return letter(record, stage=stage, code=code, problems=problems, consumer=consumer, first_seen=first_seen)


def read_letter(record: Record) -> Letter:
    """The letter in a record of a dead-letter topic. Raises NotALetter with what is missing or malformed."""
    marks = {name: value for name, value in record.headers if name.startswith("dl-")}
    try:
        count = int(marks["dl-original-headers"])
        found = Letter(
            marks["dl-id"].decode(),
            marks["dl-topic"].decode(),
            int(marks["dl-partition"]),
            int(marks["dl-offset"]),
            int(marks["dl-timestamp"]),
            marks["dl-stage"].decode(),
            marks["dl-code"].decode(),
            tuple(str(problem) for problem in json.loads(marks["dl-problems"])),
            marks["dl-consumer"].decode(),
            int(marks["dl-first-seen"]),
            record.key,
            record.value,
            tuple(record.headers[: max(count, 0)]),
        )
    except KeyError as error:
        raise NotALetter(f"the header {error.args[0]} is missing") from error
    except (ValueError, TypeError) as error:
        raise NotALetter(f"a dl- header is malformed ({type(error).__name__})") from error
    _refuse_forgery(found)
    return found


def _refuse_forgery(found: Letter) -> None:
    """Anybody can write headers: the id must be the one that follows from the place, and the place a possible one."""
    texts = (found.topic, found.stage, found.code, found.consumer, *found.problems)
    if any("\0" in text for text in texts):
        raise NotALetter("a dl- header is malformed (null character)")
    if not (0 <= found.partition < _INT4 and 0 <= found.offset < _INT8):
        raise NotALetter("dl-partition or dl-offset is malformed (out of range)")
    if found.letter_id != letter_id(found.topic, found.partition, found.offset, found.stage):
        raise NotALetter("dl-id is malformed (not the id of this topic, partition, offset and stage)")


def without_quotations(problem: str) -> str:
    """The text of a problem without what it quotes: a quotation comes from the data and may be personal."""
    return _QUOTED.sub(lambda found: found[0] if len(found[0]) <= _QUOTED_SIGN else "'…'", problem)
