"""The cells of the ledger's totals counted again in plain Python. Shares no code with the ledger's own domain.

What a case counts as is looked up in tables written down here a second time, from the words of the contract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tests.support.ledger_recount import Counted, last_that_applies

Cells = dict[tuple[Any, ...], dict[str, int]]
"""By (kind, partition, office, commune, selector, channel), the figures that are not zero."""

_OVER: Final = {
    *(("dossier", "3"), ("field-report", "rejected"), ("field-report", "duplicate"), ("field-report", "hidden")),
    *(("periodic-report", "waived"), ("document", "02"), ("document", "15")),
}
_WAITS: Final = {("dossier", "5"), ("dossier", "6"), ("dossier", "8"), ("document", "13")}
_HANOI: Final = timedelta(hours=7)


def cells(deliveries: Iterable[Mapping[str, Any]]) -> Cells:
    """Count the deliveries of events: their fields by name, those of the columns of ``case_event``."""
    cases: dict[str, list[Mapping[str, Any]]] = {}
    for one in deliveries:
        cases.setdefault(one["case_id"], []).append(one)
    found: dict[tuple[Any, ...], Counter[str]] = {}
    for all_of in cases.values():
        plain = {Counted(*(one[name] for name in Counted._fields)): one for one in all_of}
        last = last_that_applies(list(plain))
        if last is None:
            continue
        event = plain[last]
        first = min((one for one in plain if one.epoch == 1), key=lambda one: (one.seq, one.accepted_at, one.digest))
        names = set(_times(event)) | set(_said(event))
        if plain[first]["change"] == "opening" and "received" in names:
            names.add("carried")
        key = tuple(event[name] for name in ("kind", "partition", "office", "commune", "selector", "channel"))
        found.setdefault(key, Counter()).update(names)
    return {key: dict(counts) for key, counts in found.items()}


def _times(event: Mapping[str, Any]) -> list[str]:
    received, due, ended = event["received_at"], event["due_at"], event["ended_at"]
    state = event["kind"], event["status"]
    if ended is None and received is None:
        return ["declined" if state in _OVER else "waiting"]
    if ended is None:
        return ["received", "stopped" if state in _OVER else "paused" if state in _WAITS else "in_process"]
    if due is None:
        return ["received", "ended_undated"]
    later = _day(ended) > _day(due)
    if ended > due:
        return ["received", "ended_late", *(["ended_late_by_day"] if later else [])]
    return ["received", "ended_on_time" if _day(ended) == _day(due) else "ended_early"]


def _said(event: Mapping[str, Any]) -> list[str]:
    names = []
    if event["rating"] is not None:
        names += ["rated", "satisfied"] if event["rating"] in (4, 5) else ["rated"]
    if event["fee_paid"] is not None:
        names += ["fee_known", "fee_online"] if event["fee_paid"] == "online" else ["fee_known"]
    if event["digitised"] is not None:
        names += ["digitise_known", "digitised"] if event["digitised"] else ["digitise_known"]
    if event["signature"] is not None:
        names += ["signature_known", "signed"] if event["signature"] == "valid" else ["signature_known"]
    return [*names, "repeated"] if event["duplicate_of"] is not None else names


def _day(instant: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant) + _HANOI).date()
