"""Reference data of a simulated province: units and offices, its procedures with their fields and clock policies.

They go with the sets of the country (calendar, states, policies of the other kinds), without the units of that set.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from lienthong_producers.domain.simulation.procedures import CUT_OFF, PROCEDURES, Procedure
from lienthong_producers.domain.simulation.province import Province
from lienthong_schemas.calendar_hours import time_text
from lienthong_schemas.calendar_table import MINUTE
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.policy_body import policy_key
from lienthong_schemas.reference_files import Entry, canonical_json

_VALID_FROM: Final[Instant] = instant_of(datetime(2020, 1, 1, tzinfo=UTC))
_SOURCE: Final = "made up for the simulation"
_PROVINCE: Final = "H27"


def reference_entries(province: Province) -> list[Entry]:
    """Units, procedures and policies, ready to be published."""
    units = [_entry("unit", key, body) for key, body in _units(province)]
    policies = [
        _entry("clock-policy", policy_key("dossier", each.code, "*", "processing"), _policy(each))
        for each in PROCEDURES
    ]
    procedures = [
        _entry("procedure", each.code, {"name": each.name, "field": each.field, "source": _SOURCE})
        for each in PROCEDURES
    ]
    return [*policies, *procedures, *units]


def _units(province: Province) -> Iterator[tuple[str, dict[str, str]]]:
    yield _PROVINCE, {"name": "Uỷ ban nhân dân tỉnh", "unit_type": "agency", "source": _SOURCE}
    for office in province.offices:
        above = _PROVINCE
        if office.commune:
            ward, name = "phường" in office.name, office.name.removeprefix("Uỷ ban nhân dân ")
            yield (
                office.commune,
                {
                    "name": name[0].upper() + name[1:],
                    "unit_type": "ward" if ward else "commune",
                    "above": _PROVINCE,
                    "source": _SOURCE,
                },
            )
            above = office.commune
        yield office.code, {"name": office.name, "unit_type": "agency", "above": above, "source": _SOURCE}


def _policy(procedure: Procedure) -> dict[str, Any]:
    body: dict[str, Any] = {
        "case_kind": "dossier",
        "selector": procedure.code,
        "name": procedure.name,
        "unit": procedure.unit,
        "amount": procedure.amount,
        "acceptance": {"amount": 8, "unit": "working_hour"},
        "supplement": {
            "mode": "restart" if procedure.restarts else "pause",
            "limit": {"amount": 15, "unit": "working_day"},
            "then_status": "3",
        },
        "max_extensions": 1,
        "source": _SOURCE,
    }
    if procedure.cut_off:
        body["cut_off"] = {"at": time_text(CUT_OFF // MINUTE)}
    if procedure.unit == "working_day" and procedure.amount > 1:
        body["apology_lead"] = {"amount": 1, "unit": "working_day"}
    return body


def _entry(kind: str, key: str, body: dict[str, Any]) -> Entry:
    return Entry(kind, key, 1, _VALID_FROM, canonical_json(body), "simulation")
