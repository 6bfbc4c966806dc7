"""Short ways to write clock policies in tests, and random ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from lienthong_schemas.policy_body import ClockPolicy


def policy_data(**fields: Any) -> dict[str, Any]:
    """The plain data of a policy for dossiers: five working days, unless other fields are given."""
    return {"case_kind": "dossier", "source": "test", "unit": "working_day", "amount": 5, **fields}


def policy(**fields: Any) -> ClockPolicy:
    """A policy for dossiers: five working days, unless other fields are given."""
    return ClockPolicy.model_validate(policy_data(**fields))


_AMOUNTS: dict[str, list[float]] = {
    "calendar_minute": [1, 10, 90],
    "calendar_hour": [1, 24, 48, 0.25],
    "calendar_day": [1, 2, 7, 15],
    "working_hour": [0.5, 1, 4, 8, 13],
    "working_day": [0.5, 1, 1.5, 2, 5],
}


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """The plain data of a policy: any unit, with and without cut-off, intake and precision."""
    unit = draw(st.sampled_from([*_AMOUNTS, "working_day", "working_day"]))
    data = policy_data(unit=unit, amount=draw(st.sampled_from(_AMOUNTS[unit])))
    if unit in ("calendar_day", "working_day") and draw(st.booleans()):
        data["due_precision"] = "day"
        if unit == "working_day" and draw(st.integers(0, 3)) == 0:
            data["amount"] = 0
    if unit == "working_day" and draw(st.booleans()):
        data["days"] = "hours"
    if unit.startswith("calendar") and draw(st.booleans()):
        data["intake"] = draw(st.sampled_from(["office-hours", "always"]))
    if draw(st.booleans()):
        cut_off: dict[str, Any] = draw(
            st.sampled_from([{"at": "15:00"}, {"at": "02:45"}, {"before_closing_minutes": 60}])
        )
        data["cut_off"] = {**cut_off, "counts_from": "08:00"} if draw(st.booleans()) else cut_off
    return data
