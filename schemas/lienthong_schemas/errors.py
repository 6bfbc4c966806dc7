"""The errors of the contract.

ContractError
 ├── CatalogueError         a topic file, schema, example or reference file is wrong (all problems listed)
 ├── IdentityError          a case id, office, epoch or sequence is malformed
 ├── InvalidCase            what a sender states about a case is wrong (all problems listed)
 ├── NothingToCount         a policy gives no time to a clock
 ├── CalendarError          no deadline can be computed from a calendar
 │    ├── NoOfficeHours         it says only which time zone counts
 │    └── BeyondCalendar        a time lies outside the years that it covers
 ├── BrokenRule             a readable event breaks a rule (all problems listed)
 └── DecodeError            a record's value cannot be read
      ├── NotSingleObject       it does not begin with the single-object marker C3 01
      ├── UnknownFingerprint    no schema with this fingerprint is known (yet)
      ├── WrongSchema           the schema is known, but belongs to another topic
      └── Undecodable           the bytes do not fit the schema they name
"""

from __future__ import annotations

from collections.abc import Sequence


class ContractError(Exception):
    """Anything the contract forbids."""


class CatalogueError(ContractError):
    """What is wrong in files of the contract; ``problems`` lists every one with file and place."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class IdentityError(ContractError):
    """A malformed identity; the text says which part and what is allowed."""


class InvalidCase(ContractError):
    """What a sender states is wrong; ``problems`` lists every fault as ``field: what is wrong, what to write``."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class NothingToCount(ContractError):
    """The policy gives no time to a clock: its due time is the stated one, or it has no such clock."""


class CalendarError(ContractError):
    """No deadline can be computed from a calendar."""


class NoOfficeHours(CalendarError):
    """The calendar names a time zone and no hours at which anybody works."""


class BeyondCalendar(CalendarError):
    """A time lies outside the years that the calendar covers: its reference data must be carried on."""


class BrokenRule(ContractError):
    """A readable event that the contract forbids; ``problems`` lists all that is wrong with it."""

    code = "broken-rule"

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class DecodeError(ContractError):
    """A value that cannot be read. ``code`` is the closed reason code that dead letters carry."""

    code = "undecodable"


class NotSingleObject(DecodeError):
    """The value does not begin with the marker of Avro's single-object encoding."""

    code = "not-single-object"


class UnknownFingerprint(DecodeError):
    """No schema with this fingerprint is known to this process yet; ``fingerprint`` is its eight bytes."""

    code = "unknown-fingerprint"

    def __init__(self, fingerprint: bytes) -> None:
        self.fingerprint = fingerprint
        super().__init__(
            f"no known schema has the fingerprint {fingerprint.hex()}; publish it with `lienthong reference apply`"
        )


class WrongSchema(DecodeError):
    """The value names a known schema that this topic does not carry."""

    code = "wrong-schema"


class Undecodable(DecodeError):
    """The value does not fit the schema that it names."""
