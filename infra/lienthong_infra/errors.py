"""Errors of the bus that end a command with one clear line and an exit code.

    LienthongError
    ├── ConfigurationError      78  a setting, or the set-up of the machine, is wrong
    ├── UnknownTopic            78  the cluster has no such topic
    ├── PositionLost            78  a position lies outside the log it belongs to
    ├── UnavailableError        69  a server cannot be reached or started
    │   └── EmbeddedServerError     one of the embedded servers, with the tail of its log where there is one
    ├── BadInputError           65  data handed in is wrong
    └── TemporaryError          75  the same thing may succeed when started again
        ├── PublishError            records may be written in part; writing all of them again is right
        │   └── RecordTooLarge          one of them can never be written
        ├── Fenced                  another process owns the partition by now
        └── Stalled                 records wait, and nothing moves

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


class WrongCallError(BadInputError):
    """What was asked for cannot be asked: there is no such unit, period or version. The text says what there is."""

    exit_code = exit_codes.WRONG_CALL


class TemporaryError(LienthongError):
    """The work stopped half-way and may be started again by a supervisor."""

    exit_code = exit_codes.TEMPORARY_FAILURE


class UnknownTopic(LienthongError):
    """The cluster has no such topic, or none of several. ``topic`` is the first of them."""

    exit_code = exit_codes.CONFIGURATION_WRONG

    def __init__(self, topic: str, *others: str) -> None:
        self.topic = topic
        text = f"the topics {', '.join((topic, *others))} do not" if others else f"the topic {topic} does not"
        super().__init__(f"{text} exist; create {'them' if others else 'it'} with `lienthong topics apply`")


class PositionLost(LienthongError):
    """A stored position lies outside the log it belongs to: the topic was made anew or cut off behind our back."""

    exit_code = exit_codes.CONFIGURATION_WRONG

    def __init__(self, topic: str, partition: int, *, position: int, end: int) -> None:
        super().__init__(
            f"{topic}/{partition}: the stored position is {position}, but the log ends at {end}: it is not the log "
            "that was read before; find out who made it anew, then work under another prefix"
        )


class PublishError(TemporaryError):
    """Not all records were acknowledged. Some may be written; to write all of them again is right."""


class RecordTooLarge(PublishError):
    """A record is larger than brokers take; nothing of the call was written."""


class Fenced(TemporaryError):
    """Another process has become the owner; what this one wrote since is void."""


class Stalled(TemporaryError):
    """Records wait to be read, and the position has not moved for too long."""
