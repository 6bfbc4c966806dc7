"""Which programs of PostgreSQL are used."""

from pathlib import Path

import pytest

from lienthong_infra.embedded.postgres_binaries import Binaries, choose_binaries
from lienthong_infra.errors import EmbeddedServerError

SYSTEM_13 = Binaries(13, Path("/system/13"), system=True)
SYSTEM_15 = Binaries(15, Path("/system/15"), system=True)
WHEEL_15 = Binaries(15, Path("/wheel/15"), system=False)
WHEEL_18 = Binaries(18, Path("/wheel/18"), system=False)


@pytest.mark.parametrize(
    ("found", "data_major", "expected"),
    [
        ([WHEEL_18, SYSTEM_13, SYSTEM_15], None, SYSTEM_15),
        ([WHEEL_15, WHEEL_18], None, WHEEL_18),
        ([SYSTEM_15, SYSTEM_13, WHEEL_18], 13, SYSTEM_13),
        ([SYSTEM_15, SYSTEM_13, WHEEL_18], 18, WHEEL_18),
        ([WHEEL_15, SYSTEM_15], 15, SYSTEM_15),
    ],
    ids=["system before wheel", "highest wheel", "data decide", "data decide for the wheel", "same major: system"],
)
def test_the_choice(found: list[Binaries], data_major: int | None, expected: Binaries) -> None:
    """Data decide the major; else the system's highest, else the wheel's highest."""
    assert choose_binaries(found, data_major) == expected


def test_data_of_another_major_are_never_opened() -> None:
    """The error names what is needed, what there is, and the way out."""
    with pytest.raises(EmbeddedServerError, match=r"written by PostgreSQL 14, .* found: 15, 18.*ledger-db reset"):
        choose_binaries([SYSTEM_15, WHEEL_18], 14)


def test_without_any_programs_the_error_says_what_to_install() -> None:
    """Nothing found: install, or use a database of one's own."""
    with pytest.raises(EmbeddedServerError, match="LIENTHONG_LEDGER_DSN"):
        choose_binaries([], None)
