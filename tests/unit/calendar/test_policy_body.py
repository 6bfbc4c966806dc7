"""What a clock policy may say, and the words for what it may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lienthong_schemas.policy_body import ClockPolicy, policy_key
from lienthong_schemas.reference import Policy
from tests.support.policies import policy, policy_data

DAY = {"amount": 1, "unit": "working_day"}
NOTHING = {"amount": 0, "unit": "working_hour"}


def problems(**fields: Any) -> list[str]:
    """All that is said against a policy with these fields."""
    with pytest.raises(ValidationError) as refused:
        ClockPolicy.model_validate(policy_data(**fields))
    return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in refused.value.errors()]


def test_a_full_policy_can_be_written() -> None:
    """Every field at once, with one clock for the case, its acceptance, its supplement and its steps."""
    full = policy(
        selector="1.004222",
        name="Đăng ký thường trú",
        amount=7,
        days="dates",
        intake="office-hours",
        cut_off={"at": "15:00", "counts_from": "08:00"},
        start_status="2",
        acceptance={"amount": 8, "unit": "working_hour"},
        supplement={
            "mode": "restart",
            "limit": {"amount": 15, "unit": "working_day"},
            "then_status": "3",
            "notice": {"amount": 8, "unit": "working_hour"},
            "max_requests": 1,
        },
        financial_duty_pause=False,
        max_extensions=1,
        apology_lead=DAY,
        warnings=[
            {"level": "near", "share": 0.8},
            {"level": "soon", "before": {"amount": 24, "unit": "calendar_hour"}},
        ],
        escalations=[{"level": "1", "after": NOTHING, "tell": ["officer", "head-of-office"]}],
        steps={"intake": {"amount": 2, "unit": "working_hour"}, "check": DAY},
        due_precision="day",
        calendar="42",
        applies_to_running=True,
    )
    assert list(full.spans()) == ["processing", "acceptance", "supplement", "notice", "step/intake", "step/check"]
    assert {name: span.text() for name, span in full.spans().items()}["supplement"] == "15 working_day"


def test_the_policies_of_before_read_as_they_did() -> None:
    """A `policy` record with a stated due time is another kind of record."""
    assert Policy(case_kind="dossier", source="slip").mode == "stated"


def test_a_stated_due_time_needs_no_amount() -> None:
    """Reports are due when the decision that asks for them says."""
    stated = ClockPolicy.model_validate(
        {"case_kind": "periodic-report", "mode": "stated", "source": "x", "period": {"closing_day": 14}}
    )
    assert stated.spans() == {}


def test_the_key_says_what_a_policy_covers() -> None:
    """Kind, selector, urgency and clock."""
    assert policy_key("field-report", "lighting", "urgent", "processing") == "field-report/lighting/urgent/processing"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"unit": "week"}, "unit: Input should be 'calendar_minute'"),
        ({"amount": -1}, "amount: Input should be greater than or equal to 0"),
        ({"amount": True}, "amount: Value error, True is no number"),
        ({"amount": "five"}, "amount: Input should be a valid decimal"),
        ({"amount": None}, "unit, amount: both are needed to compute a due time"),
        ({"mode": "stated"}, "unit, amount: the due time is the stated one"),
        ({"amount": 3000}, "amount: 3000 working_day are more than ten years"),
        ({"amount": 0}, "amount: it must be above 0; 0 means within the day"),
        ({"amount": 0, "unit": "calendar_day", "due_precision": "day"}, "amount: it must be above 0"),
        ({"amount": 1.5, "unit": "calendar_day"}, "amount: 1.5 calendar_day: calendar days are counted whole"),
        ({"unit": "calendar_day", "days": "dates"}, "days: it says how working days are counted, not calendar_day"),
        ({"intake": "always"}, "intake: working_day is counted in office hours"),
        ({"unit": "working_hour", "due_precision": "day"}, "due_precision: working_hour is due at an instant"),
        ({"urgency": "urgent"}, "urgency: a dossier states none"),
        ({"period": {"closing_day": 14}}, "period: a dossier has none"),
        ({"steps": {"a|b": DAY}}, "steps: 'a|b' must not contain |"),
        ({"selector": "a|b"}, "selector: 'a|b' must not contain |"),
        ({"warnings": [{"level": "a|b", "share": 0.5}]}, "warnings: 'a|b' must not contain |"),
        ({"clock": "lunch"}, "clock: Value error, 'lunch' is no clock; known clocks: processing, acceptance"),
        ({"clock": "step/"}, "'step/' is no clock"),
        ({"clock": "sync", "acceptance": DAY}, "acceptance: it belongs to the policy of the clock processing"),
        ({"acceptance": NOTHING}, "acceptance: the amount must be above 0"),
        ({"apology_lead": {"amount": 40, "unit": "working_hour"}}, "apology_lead: 40 working_hour before the due time"),
        (
            {"warnings": [{"level": "a", "before": {"amount": 6, "unit": "working_day"}}]},
            "warnings.a.before: 6 working_day before the due time is before the start: there are only 5 working_day",
        ),
        ({"warnings": [{"level": "a", "share": 1.5}]}, "warnings.0.share: Input should be less than 1"),
        ({"warnings": [{"level": "a"}]}, "give either share"),
        ({"warnings": [{"level": "a", "share": 0.5}] * 2}, "warnings: level 'a' is listed 2 times"),
        (
            {"escalations": [{"level": "1", "after": DAY, "tell": []}]},
            "escalations.0.tell: Tuple should have at least 1",
        ),
        ({"steps": {"a": DAY, "b": {"amount": 33, "unit": "working_hour"}}}, "steps: together 41 working hours"),
        ({"supplement": {"mode": "stop"}}, "supplement.mode: Input should be 'pause' or 'restart'"),
        ({"supplement": {"mode": "pause", "limit": DAY}}, "limit and then_status go together"),
        ({"cut_off": {}}, "give either at (a time of day) or before_closing_minutes"),
        ({"cut_off": {"at": 900}}, "900 is no time of day; write it in quotes"),
        ({"cut_off": {"at": "15:00", "before_closing_minutes": 60}}, "give either at"),
        ({"max_extensions": "once"}, "max_extensions: Input should be a valid integer"),
        ({"case_kind": "dosier"}, "case_kind: Input should be 'dossier'"),
        ({"source": ""}, "source: String should have at least 1 character"),
        ({"max_extension": 2}, "max_extension: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], said: str) -> None:
    """In words, with the field in question."""
    assert any(said in problem for problem in problems(**fields)), problems(**fields)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """In one field and between fields, so that a file needs one correction."""
    fields = problems(unit="week", max_extension=1, warnings=[{"level": "a"}])
    (between,) = problems(intake="always", urgency="urgent", steps={"a": {"amount": 6, "unit": "working_day"}})
    assert [problem.split(":")[0] for problem in fields] == ["unit", "warnings.0", "max_extension"]
    assert [name for name in ("intake", "urgency", "steps") if f"{name}: " in between] == ["intake", "urgency", "steps"]
