"""The bytes of a case's state as programs before this one wrote them: versions 1 to 3, which are read, never written.

Version 3 is laid out as today's, its events without channel and marks: such a case counts under no channel until its
next event, or until the state is rebuilt from the log. Versions 1 and 2 are a version byte, then Avro without framing:
version 2 by the schema below, version 1 by the same without the step and the urgency of an event.
"""

from __future__ import annotations

from io import BytesIO
from struct import Struct
from typing import Any, Final, NamedTuple

from fastavro import parse_schema, schemaless_reader

from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from lienthong_streams.domain.timeline import Known
from lienthong_streams.packed_standing import unpack_standing, unpack_withdrawals
from lienthong_streams.packed_timeline import unpack_timeline

FIRST_VERSION: Final = 1
SECOND_VERSION: Final = 2
THIRD_VERSION: Final = 3
ADDED_IN_VERSION_2: Final = ("step", "urgency")


_HEADER_3: Final = Struct("<BBqqHHIII")
"""Version, marks, instant, reference end; lengths of silent offices, contribution, progress, standing, withdrawals."""


class OlderState(NamedTuple):
    """What a state of an older version holds."""

    timeline: list[Known]
    standing: dict[str, str]
    withdrawals: dict[str, str]


def _field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}


_HANDOVER = {
    "type": "record",
    "name": "Handover",
    "fields": [_field("successor", "string"), _field("next_epoch", "int"), _field("last_seq", "long")],
}
_OPENING = {
    "type": "record",
    "name": "Opening",
    "fields": [_field("started_at", "long"), _field("used_seconds", "long"), _field("paused_seconds", "long")],
}
_KNOWN_FIELDS: Final[list[dict[str, Any]]] = [
    _field("known_at", "long"),
    _field("epoch", "int"),
    _field("seq", "long"),
    _field("digest", "bytes"),
    _field("accepted_at", "long"),
    _field("occurred_at", "long"),
    _field("office", "string"),
    _field("commune", "string"),
    _field("change", "string"),
    _field("status", "string"),
    _field("received_at", ["null", "long"]),
    _field("due_at", ["null", "long"]),
    _field("ended_at", ["null", "long"]),
    _field("selector", "string"),
    _field("handover", ["null", _HANDOVER]),
    _field("opening", ["null", _OPENING]),
    _field("step", "string"),
    _field("urgency", "string"),
]
_KNOWN_FIELDS_1 = [one for one in _KNOWN_FIELDS if one["name"] not in ADDED_IN_VERSION_2]
_STANDING = {
    "type": "record",
    "name": "Standing",
    "fields": [_field("key", "string"), _field("event_id", "string"), _field("firmness", "string")],
}


def _case_state(known_fields: list[dict[str, Any]]) -> Any:
    known = {"type": "record", "name": "Known", "fields": known_fields}
    return parse_schema(
        {
            "type": "record",
            "name": "CaseState",
            "namespace": "vn.lienthong.internal",
            "fields": [
                _field("timeline", {"type": "array", "items": known}),
                _field("standing", {"type": "array", "items": _STANDING}),
                _field("withdrawals", {"type": "map", "values": "string"}),
            ],
        }
    )


_SCHEMAS: Final = {FIRST_VERSION: _case_state(_KNOWN_FIELDS_1), SECOND_VERSION: _case_state(_KNOWN_FIELDS)}
OLDER_VERSIONS: Final = frozenset((*_SCHEMAS, THIRD_VERSION))


def read_older_state(case_id: str, value: bytes) -> OlderState:
    """The state in bytes of one of the OLDER_VERSIONS."""
    if value[0] == THIRD_VERSION:
        return _third(case_id, value)
    source = BytesIO(value)
    source.seek(1)
    record: Any = schemaless_reader(source, _SCHEMAS[value[0]], None)
    return OlderState(
        [_known(case_id, item) for item in record["timeline"]],
        {item["key"]: item["firmness"] for item in record["standing"]},
        record["withdrawals"],
    )


def _third(case_id: str, value: bytes) -> OlderState:
    _, _, _, _, silent, contribution, progress, standing, withdrawals = _HEADER_3.unpack_from(value)
    stands = _HEADER_3.size + silent + contribution + progress
    withdrawn = stands + standing
    end = withdrawn + withdrawals
    return OlderState(
        unpack_timeline(case_id, value[end:]),
        unpack_standing(value[stands:withdrawn]),
        unpack_withdrawals(value[withdrawn:end]),
    )


def _known(case_id: str, record: dict[str, Any]) -> Known:
    known_at = record.pop("known_at")
    handover, opening = record.pop("handover"), record.pop("opening")
    event = CaseEvent(
        case_id=case_id,
        handover=None if handover is None else Handover(**handover),
        opening=None if opening is None else Opening(**opening),
        **record,
    )
    return Known(event, known_at)
