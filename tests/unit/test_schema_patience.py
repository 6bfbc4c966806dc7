"""Waiting for a schema: long enough for an upgrade, never long enough for one sender to hold up the others."""

from lienthong_infra.schema_patience import REMEMBERED, SchemaPatience
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND

SECOND = MICROSECONDS_PER_SECOND


def test_a_fingerprint_is_waited_for_sixty_seconds_and_then_never_again() -> None:
    """The wait counts from the first sight."""
    patience = SchemaPatience()
    found = [patience.waits(b"a", at * SECOND) for at in (5, 64, 65, 66, 5_000)]
    assert found == [True, True, False, False, False]


def test_fingerprints_that_appear_together_each_have_their_wait() -> None:
    """Four topics may be upgraded at once."""
    patience = SchemaPatience()
    assert [patience.waits(mark, 0) for mark in (b"a", b"b")] == [True, True]
    assert [patience.waits(mark, 59 * SECOND) for mark in (b"a", b"b")] == [True, True]


def test_after_a_wait_in_vain_others_do_not_wait_for_ten_minutes() -> None:
    """A sender of noise costs at most a tenth of the time."""
    patience = SchemaPatience()
    patience.waits(b"a", 0)
    patience.waits(b"a", 60 * SECOND)
    found = [patience.waits(mark, at * SECOND) for mark, at in ((b"b", 60), (b"c", 659), (b"d", 660))]
    assert found == [False, False, True]


def test_what_is_remembered_is_bounded() -> None:
    """Ten thousand fingerprints of noise leave no ten thousand entries."""
    patience = SchemaPatience()
    patience.waits(b"first", 0)
    patience.waits(b"first", 60 * SECOND)
    for number in range(REMEMBERED):
        patience.waits(number.to_bytes(8, "big"), 61 * SECOND)
    assert patience.waits(b"first", 700 * SECOND) is True
