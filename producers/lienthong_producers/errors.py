"""Errors of the sender's side.

LienthongError
 └── OutboxError
      ├── OutboxDamaged     65  the file is damaged, or no outbox
      ├── OutboxVersion     78  the file was written by a newer version
      ├── OutboxFull        75  the bound on its size, or the disk, is reached: nothing was accepted
      ├── OutboxInUse       75  another forwarder works on the file
      ├── EventTooLarge     65  the event would not fit into a message
      └── NotNumberedHere   65  the numbering of the case was handed over, or a take-over does not fit
"""

from __future__ import annotations

from lienthong_infra import exit_codes
from lienthong_infra.errors import LienthongError


class OutboxError(LienthongError):
    """Anything that an outbox refuses; what it refused was not accepted."""


class OutboxDamaged(OutboxError):
    """The file is damaged, cannot be opened, or is no outbox."""

    exit_code = exit_codes.BAD_INPUT


class OutboxVersion(OutboxError):
    """The file was written by a newer version of this program."""

    exit_code = exit_codes.CONFIGURATION_WRONG


class OutboxFull(OutboxError):
    """The bound on the file's size, or the disk, is reached."""

    exit_code = exit_codes.TEMPORARY_FAILURE


class OutboxInUse(OutboxError):
    """Another forwarder works on this file; two would disturb the order of cases."""

    exit_code = exit_codes.TEMPORARY_FAILURE


class EventTooLarge(OutboxError):
    """An event that would not fit into a message of the broker."""

    exit_code = exit_codes.BAD_INPUT


class NotNumberedHere(OutboxError):
    """The case is numbered elsewhere, or a take-over does not fit what this outbox knows."""

    exit_code = exit_codes.BAD_INPUT
