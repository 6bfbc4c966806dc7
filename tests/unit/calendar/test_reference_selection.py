"""Which policy and which calendar apply: by what is urgent, by what is special, and from when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import policy_key
from lienthong_schemas.policy_due import due_time
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference
from tests.support.calendars import VIETNAM_2026, at, shown
from tests.support.cases import book, record
from tests.support.policies import policy_data

VN = ReferenceBook([entry.record(None) for entry in load_reference("vn")])
NOW = at("2026-11-02 09:00")


def rules(amount: int, *, version: int = 1, valid_from: Instant = 0, **fields: Any) -> ReferenceRecord:
    """A record of a policy for field reports with so many working days."""
    data = policy_data(case_kind="field-report", amount=amount, **fields)
    key = policy_key(
        "field-report", data.get("selector", "*"), data.get("urgency", "*"), data.get("clock", "processing")
    )
    return record("clock-policy", key, data, version=version, valid_from=valid_from)


@pytest.mark.parametrize(
    ("selector", "urgency", "amount"),
    [("lighting", "urgent", 1), ("waste", "urgent", 2), ("lighting", "normal", 3), ("waste", "normal", 4)],
)
def test_the_urgent_comes_before_the_special(selector: str, urgency: str, amount: int) -> None:
    """Both, then the urgency, then the category, then the policy for all."""
    found = book(
        rules(4),
        rules(3, selector="lighting"),
        rules(2, urgency="urgent"),
        rules(1, selector="lighting", urgency="urgent"),
    ).clock_policy("field-report", selector, NOW, urgency=urgency)
    assert found is not None
    assert found[1].amount == amount


def test_a_new_version_applies_to_clocks_that_start_from_its_day() -> None:
    """A promise is not moved by a later policy (a fault of the helpdesk: F16)."""
    change = at("2026-07-01 00:00")
    versions = book(rules(7), rules(3, version=2, valid_from=change))
    found = [versions.clock_policy("field-report", "any", start) for start in (change - 1, change)]
    assert [each and each[0] for each in found] == [
        "clock-policy/field-report/*/*/processing/1",
        "clock-policy/field-report/*/*/processing/2",
    ]


def test_a_clock_without_a_policy_has_none() -> None:
    """It is the engine's finding, never "in time"."""
    assert book(rules(7)).clock_policy("field-report", "any", NOW, clock="sync") is None


def test_a_calendar_is_built_once() -> None:
    """And answers with the id of its record, for the clock events that name it."""
    reference = book(record("calendar", "default", VIETNAM_2026))
    first, second = reference.working_calendar("default", NOW), reference.working_calendar("default", NOW)
    assert first is not None
    assert second is not None
    assert (first[0], first[1] is second[1], reference.working_calendar("42", NOW)) == (
        "calendar/default/1",
        True,
        None,
    )


@pytest.mark.parametrize(
    ("kind", "selector", "urgency", "clock", "due"),
    [
        ("dossier", "1.001193", "*", "processing", "2026-11-02 17:00:00"),
        ("dossier", "1.004222", "*", "processing", "2026-11-11 17:00:00"),
        ("dossier", "3.000333", "*", "processing", "2026-11-12 17:00:00"),
        ("dossier", "example-in-hours", "*", "processing", "2026-11-03 09:00:00"),
        ("dossier", "example-restart", "*", "processing", "2026-11-11 17:00:00"),
        ("dossier", "any", "*", "sync", "2026-11-02 09:10:00"),
        ("dossier", "any", "*", "receipt", "2026-11-02 11:00:00"),
        ("field-report", "any", "normal", "processing", "2026-11-09 17:00:00"),
        ("field-report", "lighting", "urgent", "processing", "2026-11-02 15:00:00"),
        ("field-report", "lighting", "normal", "processing", "2026-11-04 09:00:00"),
        ("field-report", "trees", "normal", "processing", "2026-11-03 09:00:00"),
        ("field-report", "procedures", "normal", "processing", "2026-11-16 17:00:00"),
        ("document", "any", "normal", "sync", "2026-11-02 09:10:00"),
        ("document", "any", "normal", "receipt", "2026-11-02 17:00:00"),
    ],
)
def test_the_packaged_policies_compute(kind: str, selector: str, urgency: str, clock: str, due: str) -> None:
    """A case of Monday, 2 November 2026 at 09:00, under the packaged policies and the packaged calendar."""
    rules_of = VN.clock_policy(kind, selector, NOW, urgency=urgency, clock=clock)
    calendar = VN.working_calendar("default", NOW)
    assert rules_of is not None
    assert calendar is not None
    assert shown(due_time(rules_of[1], calendar[1], NOW).instant) == due


@pytest.mark.parametrize("kind", ["dossier", "periodic-report", "document", "task"])
def test_the_packaged_policies_leave_a_stated_due_time_alone(kind: str) -> None:
    """What nobody has given a number is due when its office says."""
    found = VN.clock_policy(kind, "any", NOW)
    assert found is not None
    assert found[1].mode == "stated"


def test_every_packaged_policy_has_a_source() -> None:
    """Of the law or the decision that it comes from, or the word that it is a proposal."""
    entries = [entry for entry in load_reference("vn") if entry.kind == "clock-policy"]
    assert [entry.key for entry in entries if len(json.loads(entry.body)["source"]) < 20] == []
