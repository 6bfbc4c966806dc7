"""Errors of the bus that end a command with one clear line and an exit code.

    LienthongError
    ├── ConfigurationError      78  a setting, or the set-up of the machine, is wrong
    ├── UnavailableError        69  a server cannot be reached or started
    │   └── EmbeddedServerError     one of the embedded servers, with the tail of its log where there is one
    ├── BadInputError           65  data handed in is wrong
    └── TemporaryError          75  the same thing may succeed when started again

What a record on a topic can be wrong in is no exception but data: see the contract of the handlers.
"""

from collections.abc import Sequence

from lienthong_infra import exit_codes


class LienthongError(Exception):
    """Root of the tree. The text says what is wrong, where, and what to do; `exit_code` ends the process."""

    exit_code: int = exit_codes.PROBLEMS_FOUND


class ConfigurationError(LienthongError):
    """One or more settings are wrong. `problems` lists all of them."""

    exit_code = exit_codes.CONFIGURATION_WRONG

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnavailableError(LienthongError):
    """A broker or database cannot be reached or started."""

    exit_code = exit_codes.UNAVAILABLE


class EmbeddedServerError(UnavailableError):
    """An embedded server could not be fetched, started or stopped."""


class BadInputError(LienthongError):
    """Data handed in is wrong. `problems` lists every fault with its place."""

    exit_code = exit_codes.BAD_INPUT

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class TemporaryError(LienthongError):
    """The work stopped half-way and may be started again by a supervisor."""

    exit_code = exit_codes.TEMPORARY_FAILURE
