"""The state of a case in the worker: its timeline, what stands announced, what was withdrawn; and its bytes.

The bytes begin with a version, so that a later form can read an earlier one. Each version is followed by Avro without
framing: version 2 by the schema below, version 1 by the same without the step and the urgency of an event. They go into
the changelog under the case id.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from lienthong_schemas.errors import ContractError
from lienthong_streams.domain.timeline import Known

VERSION: Final = b"\x02"
FIRST_VERSION: Final = b"\x01"
ADDED_IN_VERSION_2: Final = ("step", "urgency")


class UnknownStateVersion(ContractError):
    """The changelog was written by a newer program; this one must not touch it."""


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


_SCHEMAS: Final = {FIRST_VERSION: _case_state(_KNOWN_FIELDS_1), VERSION: _case_state(_KNOWN_FIELDS)}


class CaseState:
    """What the worker keeps of one case."""

    __slots__ = ("standing", "timeline", "withdrawals")

    def __init__(self) -> None:
        self.timeline: list[Known] = []
        self.standing: dict[str, str] = {}
        """Settled key without the case id → how firm it was said to be."""
        self.withdrawals: dict[str, str] = {}
        """Settled key without the case id → id of its last withdrawal."""


def encode_state(case_id: str, state: CaseState) -> bytes:
    """The bytes of a state. The ids of what stands follow from their keys and are left empty."""
    out = BytesIO()
    out.write(VERSION)
    record = {
        "timeline": [_known_record(known) for known in state.timeline],
        "standing": [{"key": key, "event_id": "", "firmness": firmness} for key, firmness in state.standing.items()],
        "withdrawals": state.withdrawals,
    }
    schemaless_writer(out, _SCHEMAS[VERSION], record)
    return out.getvalue()


def decode_state(case_id: str, value: bytes) -> CaseState:
    """The state in bytes of the changelog. Raises UnknownStateVersion."""
    schema = _SCHEMAS.get(value[:1])
    if schema is None:
        raise UnknownStateVersion(
            f"the changelog of {case_id} has version {value[:1].hex()}, this program knows up to {VERSION.hex()}: "
            "run the newer program, or rebuild the state from the log"
        )
    source = BytesIO(value)
    source.seek(1)
    record: Any = schemaless_reader(source, schema, None)
    state = CaseState()
    state.timeline = [_known(case_id, item) for item in record["timeline"]]
    state.standing = {item["key"]: item["firmness"] for item in record["standing"]}
    state.withdrawals = record["withdrawals"]
    return state


def _known_record(known: Known) -> dict[str, Any]:
    event = known.event
    record = event._asdict()
    del record["case_id"]
    record["known_at"] = known.known_at
    record["handover"] = None if event.handover is None else event.handover._asdict()
    record["opening"] = None if event.opening is None else event.opening._asdict()
    return record


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
