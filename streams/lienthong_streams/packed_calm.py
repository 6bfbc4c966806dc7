"""What is kept with the progress of a calm case, in bytes: enough to take an event that merely goes on.

In front of the progress stand the calm, the size of the last event in the timeline, and how many bytes of events at its
end the progress has not taken yet. Together they read as one value of MessagePack of another form than a progress
alone, so that a program that does not know it makes the progress anew.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from lienthong_streams.domain.calm import Calm

_CALM: Final = Struct("<qqBHH")
_FORM: Final = 106
_BEGIN: Final = bytes((0x93, _FORM, 0xC4, _CALM.size))
"""A list of three: the form, some bytes, the progress."""
_NO_PROGRESS: Final = b"\xc0"
CALM_SIZE: Final = len(_BEGIN) + _CALM.size
LONGEST: Final = 0xFFFF
"""Bytes that can be told of."""


def pack_carried(calm: Calm, last_size: int, behind: int, progress: bytes) -> bytes:
    """The bytes of a progress and of what is kept with it; ``progress`` may be empty."""
    return pack_calm(calm, last_size, behind) + (progress or _NO_PROGRESS)


def pack_calm(calm: Calm, last_size: int, behind: int) -> bytes:
    """What stands in front of a progress."""
    return _BEGIN + _CALM.pack(calm.until, calm.begins_at, calm.any_step, last_size, behind)


def read_carried(packed: bytes) -> tuple[int, int, bytes]:
    """The size of the last event (0: not known), that of the events behind the progress, and the progress."""
    if not packed.startswith(_BEGIN):
        return 0, 0, packed
    *_, last_size, behind = _CALM.unpack_from(packed, len(_BEGIN))
    progress = packed[CALM_SIZE:]
    return last_size, behind, b"" if progress == _NO_PROGRESS else progress


def calm_at(packed: bytes, at: int) -> tuple[Calm, int, int] | None:
    """The calm at a place in the bytes of a case, the size of its last event and of those behind the progress."""
    if packed[at : at + len(_BEGIN)] != _BEGIN:
        return None
    until, begins_at, any_step, last_size, behind = _CALM.unpack_from(packed, at + len(_BEGIN))
    return Calm(until, begins_at, any_step > 0), last_size, behind
