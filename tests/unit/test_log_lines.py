"""Log lines: one line an event, name first, details behind it."""

import logging
import sys

from lienthong_infra.log_lines import LineFormatter


def line(**details: object) -> str:
    """Return the line of a warning with these details."""
    made = logging.makeLogRecord({"levelname": "WARNING", "msg": "broker-away", "created": 0.0, **details})
    return LineFormatter().format(made)


def test_details_stand_behind_the_name_of_the_event() -> None:
    """Time in UTC, level, name, then every detail."""
    assert (
        line(address="kafka:9092", attempt=3) == "1970-01-01T00:00:00Z WARNING broker-away address=kafka:9092 attempt=3"
    )


def test_a_detail_with_spaces_is_quoted() -> None:
    """A value that would tear the line apart, or is empty, stands in quotation marks."""
    assert line(cause='no "answer"\nat all', name_=" ").endswith(r'cause="no \"answer\"\nat all" name_=" "')
    assert line(cause="").endswith('cause=""')


def test_a_traceback_follows_the_line() -> None:
    """An exception is shown below its line."""
    try:
        raise ValueError("wrong")
    except ValueError:
        text = line(exc_info=sys.exc_info())
    assert text.splitlines()[1] == "Traceback (most recent call last):"
    assert text.splitlines()[-1] == "ValueError: wrong"
