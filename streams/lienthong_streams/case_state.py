"""The state of a case in the worker, and its bytes: what the changelog holds of it and what the worker keeps in memory.

The bytes begin with a version, so that a later form can read an earlier one, and a header of fixed size. With the
header alone a worker knows when the case must be looked at again; nothing else is unpacked before that. Behind it: the
offices whose silence leaves something provisional, the contribution to the live figures, what stands and what was
withdrawn, the timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import Instant
from lienthong_streams.domain.timeline import Known, insert
from lienthong_streams.older_states import OLDER_VERSIONS, read_older_state
from lienthong_streams.packed_standing import pack_standing, pack_withdrawals, unpack_standing, unpack_withdrawals
from lienthong_streams.packed_timeline import added, pack_timeline, unpack_timeline

VERSION: Final = 3
NEVER_FOLDED: Final = -1
"""The reference end of a case that was not folded yet."""

_HEADER: Final = Struct("<BBqqIIII")
"""Version, marks, the instant that the marks tell about, reference end, and the lengths of the four parts between."""
_WATCHED, _CLOSED = 1, 2


class UnknownStateVersion(ContractError):
    """The changelog was written by a newer program; this one must not touch it."""


class Header(NamedTuple):
    """What of a case is known without unpacking it."""

    watch_from: Instant | None
    """At a later horizon the case must be folded again."""
    closed_since: Instant | None
    """When the bus last heard of a case whose clocks have all ended; None: it is open."""
    reference_end: int
    """The end of the reference data under which it was folded; NEVER_FOLDED before its first fold."""
    silent: tuple[str, ...]
    """The offices for whose silence something is provisional."""
    contribution: bytes
    """What the case adds to the live figures; their affair alone."""


UNFOLDED: Final = Header(None, None, NEVER_FOLDED, (), b"")


class CaseState:
    """What the worker keeps of one case. Its timeline is unpacked when it is asked for."""

    __slots__ = ("_case_id", "_packed", "_timeline", "header", "standing", "withdrawals")

    def __init__(self, case_id: str = "", packed: bytes = b"") -> None:
        self.header = UNFOLDED
        self.standing: dict[str, str] = {}
        """Settled key without the case id → how firm it was said to be."""
        self.withdrawals: dict[str, str] = {}
        """Settled key without the case id → id of its last withdrawal."""
        self._case_id = case_id
        self._packed = packed
        self._timeline: list[Known] | None = None

    @property
    def timeline(self) -> Sequence[Known]:
        """The events known, in their order."""
        return self._unpacked()

    def insert(self, known: Known) -> bool:
        """Put an event in its place; returns whether the timeline changed."""
        timeline = self._unpacked()
        count = len(timeline)
        if not insert(timeline, known):
            return False
        at_its_end = len(timeline) > count and timeline[-1] is known
        self._packed = added(self._packed, known) if at_its_end else pack_timeline(timeline)
        return True

    @property
    def packed_timeline(self) -> bytes:
        """The timeline in bytes."""
        return self._packed

    def _unpacked(self) -> list[Known]:
        if self._timeline is None:
            self._timeline = unpack_timeline(self._case_id, self._packed)
        return self._timeline


def encode_state(state: CaseState) -> bytes:
    """The bytes of a state."""
    header = state.header
    marks, instant = 0, 0
    if header.watch_from is not None:
        marks, instant = _WATCHED, header.watch_from
    elif header.closed_since is not None:
        marks, instant = _CLOSED, header.closed_since
    silent = "\0".join(header.silent).encode()
    standing = pack_standing(state.standing)
    withdrawals = pack_withdrawals(state.withdrawals)
    lengths = len(silent), len(header.contribution), len(standing), len(withdrawals)
    fixed = _HEADER.pack(VERSION, marks, instant, header.reference_end, *lengths)
    return b"".join((fixed, silent, header.contribution, standing, withdrawals, state.packed_timeline))


def read_header(value: bytes) -> Header:
    """The header in the bytes of a state; that of an older version knows nothing. Raises UnknownStateVersion."""
    if value[0] != VERSION:
        require_known_version(value)
        return UNFOLDED
    _, marks, instant, reference_end, silent, contribution, _, _ = _HEADER.unpack_from(value)
    if not (silent or contribution):
        return Header(
            instant if marks & _WATCHED else None, instant if marks & _CLOSED else None, reference_end, (), b""
        )
    at = _HEADER.size + silent
    return Header(
        instant if marks & _WATCHED else None,
        instant if marks & _CLOSED else None,
        reference_end,
        tuple(value[_HEADER.size : at].decode().split("\0")) if silent else (),
        value[at : at + contribution],
    )


def require_known_version(value: bytes) -> None:
    """Raises UnknownStateVersion where this program cannot read a state."""
    if value[:1] and (value[0] == VERSION or value[0] in OLDER_VERSIONS):
        return
    raise UnknownStateVersion(
        f"a case in the changelog has version {value[:1].hex()}, this program knows up to {VERSION:02x}: "
        "run the newer program, or rebuild the state from the log"
    )


def decode_state(case_id: str, value: bytes) -> CaseState:
    """The state in bytes of the changelog. Raises UnknownStateVersion."""
    require_known_version(value)
    if value[0] in OLDER_VERSIONS:
        return _state_of_older(case_id, value)
    _, _, _, _, silent, contribution, standing, withdrawals = _HEADER.unpack_from(value)
    begin = _HEADER.size + silent + contribution
    middle = begin + standing
    end = middle + withdrawals
    state = CaseState(case_id, value[end:])
    state.header = read_header(value)
    state.standing = unpack_standing(value[begin:middle])
    state.withdrawals = unpack_withdrawals(value[middle:end])
    return state


def _state_of_older(case_id: str, value: bytes) -> CaseState:
    older = read_older_state(case_id, value)
    state = CaseState(case_id, pack_timeline(older.timeline))
    state.standing, state.withdrawals = older.standing, older.withdrawals
    return state
