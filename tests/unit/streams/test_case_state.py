"""The bytes of a case's state: older versions stay readable, newer ones are refused."""

from __future__ import annotations

from base64 import b64decode

import pytest

from lienthong_streams.case_state import (
    NEVER_FOLDED,
    UNFOLDED,
    UnknownStateVersion,
    decode_state,
    encode_state,
    glance,
    read_header,
)
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.timeline import Known
from tests.support.cases import CASE, book, event, known, minute

VERSION_1 = b64decode(
    "AQSAgNuFtOebBgICIOS9La9WIT724OqEl6hfyNaAgNuFtOebBoCA24W055sGDEgyNy4xNgoxODA3Mw5jaGFuZ2VkAjIAAoCQ+O7O"
    "55sGABAxLjAwNTEyOQAAgKyUqM/nmwYCBCAGHEF1BaGA49z5lyI3QEohgKyUqM/nmwaArJSoz+ebBgxIMjcuMTYKMTgwNzMOY2hh"
    "bmdlZAI5AAKAkPjuzuebBgKArJSoz+ebBhAxLjAwNTEyOQAAAAgycHJvY2Vzc2luZ3wxfHN0YXJ0ZWR8fDEuMUhkM2NkNzkxYi03"
    "YzI5LTVhOGItYWE4My00NTBiMTI1NzBjYzEIZmlybVZwcm9jZXNzaW5nfDF8YnJlYWNoZWR8fDIwMjUtMDYtMTVUMTY6MDY6NDBa"
    "SGY3ZTRiMTk5LTNiMjMtNTI4NS04MzIwLWM5MTUxMWMxNDA4NwhmaXJtNHByb2Nlc3Npbmd8MXxtZXQtbGF0ZXx8MS4ySDc5NjI0"
    "N2Q3LWM5NDctNWM5Ny1iNWNlLTk5ZDI4M2VlMTgzMghmaXJtPGZpbmRpbmd8aW52YWxpZC10cmFuc2l0aW9ufDEuMkgzZmE5YTYy"
    "OS0yMTM4LTU4ZTUtOGU4YS0yOGM4MTAxNmY1NDYIZmlybQAA"
)
"""Written by the program that knew neither the step nor the urgency of an event."""
VERSION_3 = b64decode(
    "AwIAi4J6njcGAAIAAAAAAAAAAAAYAAAAAAAGAAAAAAAAADEzfDE4MDczfEgyNy4xNnwxLjAwNTEyOQABAzEuMR8GSDI3LjE2BTE4"
    "MDczB2NoYW5nZWQIMS4wMDUxMjkAAAAAAAAAAIAABO92njcGAAMAAQAAYFugnTcGAAAAAAAADicHgqX5HmT26XA7a7bv5H6ssAEy"
    "DVRp4bq/cCBuaOG6rW6HAAECBwCLgnqeNwYBAAUA4/8s/xDyV2t/f8GW7Y020ZKTNCuBATkA"
)
"""Written by the program that knew neither channel nor marks of an event; it had counted and closed the case."""


def test_a_state_of_version_1_is_read() -> None:
    """An upgrade needs no rebuild: what version 1 lacks is empty."""
    state = decode_state(CASE, VERSION_1)
    expected = known([event(1, "2", 0, due=60), event(2, "9", 61, due=60)])
    assert [one.event._replace(digest=b"") for one in state.timeline] == [
        one.event._replace(digest=b"") for one in expected
    ]
    assert [key.split("|")[2] for key in state.standing if not key.startswith("finding|")] == [
        "started",
        "breached",
        "met-late",
    ]


def test_a_state_is_written_in_the_newest_version() -> None:
    """Read as version 1, written as version 4, and the same in content."""
    state = decode_state(CASE, VERSION_1)
    written = encode_state(state)
    assert written[:1] == b"\x04"
    assert decode_state(CASE, written).timeline == state.timeline


def test_a_state_of_version_3_is_read_and_looked_at_again() -> None:
    """Its events have no channel and no marks; its figures were of cells without a channel, so they are not kept."""
    state = decode_state(CASE, VERSION_3)
    expected = known([event(1, "2", 0, due=60, step="Tiếp nhận"), event(2, "9", 61, due=60)])
    assert [one.event._replace(digest=b"") for one in state.timeline] == [
        one.event._replace(digest=b"") for one in expected
    ]
    assert state.standing == {"processing|1|started||1.1": "firm"}
    assert read_header(VERSION_3) == state.header == UNFOLDED
    assert glance(VERSION_3) == (0, 0, NEVER_FOLDED)


def test_a_state_of_version_3_goes_on() -> None:
    """An event with channel and marks follows those that have none."""
    state = decode_state(CASE, encode_state(decode_state(CASE, VERSION_3)))
    rated = Known(event(3, "10", 90, due=60, channel="online", marks=3), minute(91))
    assert state.take(rated, rules_of(book()))
    assert decode_state(CASE, encode_state(state)).timeline[-1] == rated


def test_a_state_of_a_newer_program_is_refused() -> None:
    """To guess would announce wrong breaches."""
    with pytest.raises(UnknownStateVersion, match="newer program"):
        decode_state(CASE, b"\x63" + VERSION_1[1:])
