"""What holds for each case, counted from nothing but the records of the log, as known at any time.

Written from the rules of the contract (docs/reference, decisions 0003 and 0009), and sharing no code with streams or
ledger: of the product only the Avro decoding is used. It is slow and simple on purpose; a difference to it is a fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from lienthong_infra.ports import Record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError

SELECTORS = {
    "dossier": "procedure",
    "field-report": "category",
    "periodic-report": "form",
    "document": "document_type",
    "task": "task_type",
}
FOR_EVER = 2**62
"""Later than any time of the log."""
_MARK = 10
"""Bytes of a value that name its schema."""
Number = tuple[int, int]
"""Epoch and seq."""


class Delivery(NamedTuple):
    """One record of a case topic: the event it carries, and when the log took it (microseconds UTC)."""

    case_id: str
    number: Number
    content: bytes
    """Half a SHA-256 of the value without what belongs to the delivery."""
    accepted_at: int
    known_at: int
    place: tuple[str, int, int]
    """Topic, partition, offset."""
    said: Mapping[str, Any]


class Standing(NamedTuple):
    """What is known of a case at some time. ``last`` is None as long as nothing has a say."""

    last: Delivery | None
    said: Sequence[Delivery]
    """All that have a say, by their numbers; of an event that came twice the delivery that was accepted first."""
    sealed: bool
    holes: frozenset[tuple[int, int, int]]
    """Epoch, first and last missing number."""
    lost: frozenset[tuple[Number, bytes]]
    """Events that another with the same number beats."""
    held: frozenset[tuple[Number, bytes]]
    """Events whose epoch nobody has opened, or that lie behind the end of theirs."""


History = Sequence[Delivery]
"""All deliveries of one case, duplicates among them, in the order in which they became known."""


def histories(book: SchemaBook, records: Iterable[Record]) -> dict[str, History]:
    """The deliveries of each case. What cannot be decoded is left out: it is a dead letter."""
    found: defaultdict[str, list[Delivery]] = defaultdict(list)
    for record in records:
        try:
            said = book.decode(record.topic, record.value or b"")
        except ContractError:
            continue
        delivery = Delivery(
            said["case_id"],
            (said["epoch"], said["seq"]),
            content_of(record.value or b""),
            said["accepted_at"],
            record.timestamp * 1_000,
            (record.topic, record.partition, record.offset),
            said,
        )
        found[delivery.case_id].append(delivery)
    return {case: sorted(each, key=lambda one: (one.known_at, one.place)) for case, each in found.items()}


def content_of(value: bytes) -> bytes:
    """The digest of a value behind its first two fields: an instant, and a text that may be absent."""
    at = _behind_number(value, _MARK)
    present = value[at]
    at += 1
    if present:
        end = _behind_number(value, at)
        length = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(value[at:end])) // 2
        at = end + length
    return sha256(value[at:]).digest()[:16]


def _behind_number(value: bytes, at: int) -> int:
    while value[at] > 127:
        at += 1
    return at + 1


def known(history: History, at: int = FOR_EVER) -> History:
    """What of it was known at a time."""
    return [one for one in history if one.known_at <= at]


def standing(history: History) -> Standing:
    """What these deliveries say together, whatever order they came in."""
    winners, lost = _winners(history)
    chain = dict[int, list[int]]()
    holes: set[tuple[int, int, int]] = set()
    epoch, sealed = 1, False
    while epoch and any(number[0] == epoch for number in winners):
        seqs = sorted(seq for own, seq in winners if own == epoch)
        handovers = [seq for seq in seqs if winners[epoch, seq].said["handover"] is not None]
        end = None
        following = 0
        if handovers:
            handover = winners[epoch, handovers[0]].said["handover"]
            end = max(handover["last_seq"], handovers[0])
            following = handover["next_epoch"]
            seqs = [seq for seq in seqs if seq <= end]
        chain[epoch] = seqs
        begin = seqs[0] if winners[epoch, seqs[0]].said["change"] == "opening" else 1
        there = [begin - 1, *seqs, *([] if end is None else [end + 1])]
        holes |= {(epoch, a + 1, b - 1) for a, b in pairwise(there) if b - a > 1}
        sealed = bool(handovers)
        epoch = following
    said = [winners[each, seq] for each in sorted(chain) for seq in chain[each]]
    last = said[-1] if said else None
    held = {(number, one.content) for number, one in winners.items() if number[1] not in chain.get(number[0], ())}
    return Standing(last, said, sealed, frozenset(holes), frozenset(lost), frozenset(held))


def in_order(history: History) -> Sequence[Delivery]:
    """The events that have a say, by their numbers."""
    return standing(history).said


def _winners(history: History) -> tuple[dict[Number, Delivery], set[tuple[Number, bytes]]]:
    """Of each number the event that was accepted first, by its earliest delivery; between equals the smaller digest."""
    by_number: defaultdict[Number, list[Delivery]] = defaultdict(list)
    for one in history:
        by_number[one.number].append(one)
    winners = {number: min(all_, key=lambda one: (one.accepted_at, one.content)) for number, all_ in by_number.items()}
    lost = {
        (number, one.content)
        for number, all_ in by_number.items()
        for one in all_
        if one.content != winners[number].content
    }
    return winners, lost


def kind_of(delivery: Delivery) -> str:
    """The kind of its case."""
    return delivery.case_id.partition(":")[0]


def selector_of(delivery: Delivery) -> str:
    """By what its deadline and its field are chosen, such as the procedure of a dossier."""
    selector: str = delivery.said[SELECTORS[kind_of(delivery)]]
    return selector


def standings(cases: Mapping[str, History], at: int = FOR_EVER) -> dict[str, Standing]:
    """What was known of each case at a time; a case of which nothing was known is left out."""
    return {case: standing(then) for case, history in cases.items() if (then := known(history, at))}


def differing(cases: Mapping[str, History]) -> tuple[int, int]:
    """How many different events there are, and how many deliveries repeat one."""
    events = sum(len({(one.number, one.content) for one in history}) for history in cases.values())
    return events, sum(map(len, cases.values())) - events
