"""The texts of an explanation: complete in every language, for everything that the engine can say."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from lienthong.explain.form_page import parts_of
from lienthong.explain.texts import LANGUAGES, Language, Texts
from lienthong_schemas.identity import CASE_KINDS
from lienthong_schemas.policy_body import CLOCKS
from lienthong_schemas.policy_parts import DAY_UNITS, WORKING_UNITS
from lienthong_schemas.records import CLOCK_EVENT_KINDS, FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.derivation import SOURCES
from lienthong_streams.domain.facts import FINDING_CODES

NEEDED = {
    *(f"rule.{name}" for name in SOURCES),
    *(f"finding.{code}" for code in FINDING_CODES),
    *(f"said.{kind}" for kind in CLOCK_EVENT_KINDS),
    *(f"clock.{name}" for name in (*CLOCKS, "step")),
    *(f"kind.{kind}" for kind in CASE_KINDS),
    *(f"unit.{unit}" for unit in DAY_UNITS | WORKING_UNITS | {"calendar_hour", "calendar_minute"}),
    *(f"firmness.{each}" for each in (FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE)),
    *(f"why.{each}" for each in ("started", "brought", "resumed", "restarted", "held", "paused")),
    *(f"why.{each}" for each in ("supplement", "financial-duty", "suspended")),
}


def placeholders(text: str) -> set[str]:
    """The names that a text is filled in with."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_language_has_the_same_keys_and_placeholders() -> None:
    """A text that is missing would end a question in a traceback."""
    forms = {
        language: {key: placeholders(text) for key, text in texts.items()} for language, texts in LANGUAGES.items()
    }
    assert forms[Language.VI] == forms[Language.EN]


def test_everything_that_the_engine_can_say_has_a_text() -> None:
    """Rules, findings, clock events, clocks, units, reasons."""
    assert NEEDED - set(LANGUAGES[Language.EN]) == set()


@pytest.mark.parametrize("language", list(Language))
def test_no_text_is_left_empty(language: Language) -> None:
    """Only an event that simply applies needs no word."""
    assert [key for key, text in LANGUAGES[language].items() if not text.strip()] == ["standing.applies"]


def test_the_languages_differ() -> None:
    """What stands in both in the same words was forgotten, but for bare placeholders."""
    same = {key for key, text in LANGUAGES[Language.VI].items() if text == LANGUAGES[Language.EN][key]}
    assert same == {"standing.applies", "duration.elapsed", "days-off.one"}


@pytest.mark.parametrize(
    ("seconds", "working", "expected"),
    [
        (0, False, "0 phút"),
        (59, False, "0 phút 59 giây"),
        (3_600, False, "1 giờ 00 phút"),
        (5_405.9, True, "1 giờ 30 phút 05 giây làm việc"),
        (360_000, True, "100 giờ 00 phút làm việc"),
    ],
)
def test_a_length_of_time_is_told_to_the_second(seconds: float, working: bool, expected: str) -> None:
    """In hours and minutes; a part of a second is not told."""
    assert Texts(Language.VI).duration(seconds, working=working) == expected


def test_a_span_is_told_in_words() -> None:
    """And what is none stays as it is."""
    texts = Texts(Language.VI)
    assert [texts.span(text) for text in ("2.5 working_day", "15:00")] == ["2.5 ngày làm việc", "15:00"]


def test_every_field_of_the_json_form_is_documented() -> None:
    """Its reference page is written from these words."""
    undocumented: list[Any] = [
        (part.__name__, name)
        for part in parts_of()
        for name, field in part.model_fields.items()
        if not field.description
    ]
    assert undocumented == []
