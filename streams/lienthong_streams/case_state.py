"""The state of a case in the worker, and its bytes: what the changelog holds of it and what the worker keeps in memory.

The bytes begin with a version, so that a later form can read an earlier one, and a header of fixed size. With the
header alone a worker knows when the case must be looked at again; nothing else is unpacked before that. Behind it: the
offices whose silence leaves something provisional, the contribution to the live figures, the progress of the case, what
stands and what was withdrawn, the timeline.

An event in order carries the progress on by one step and is added to the packed timeline. Only what comes out of order,
and other reference data, need the timeline itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

import msgspec

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import Instant
from lienthong_streams.domain.calm import Calm
from lienthong_streams.domain.packing import pack, unpack
from lienthong_streams.domain.progress import Progress, progress_of
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known, insert
from lienthong_streams.older_states import OLDER_VERSIONS, read_older_state
from lienthong_streams.packed_calm import pack_carried, read_carried
from lienthong_streams.packed_standing import pack_standing, pack_withdrawals, unpack_standing, unpack_withdrawals
from lienthong_streams.packed_timeline import added, last_events, pack_timeline, size_of_only, unpack_timeline

VERSION: Final = 4
_VERSION_BYTE: Final = bytes((VERSION,))
NEVER_FOLDED: Final = -1
"""The reference end of a case that was not folded yet."""

HEADER: Final = Struct("<BBqqHHIII")
"""Version, marks, the instant that the marks tell about, reference end, and the lengths of the five parts between."""
_FIRST: Final = Struct("<BBqq")
WATCHED, CLOSED, SILENT = 1, 2, 4
"""Marks: the instant of the header is when the case is watched from, or since when it is closed; offices are silent."""
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder()
"""Of the progress. It is made anew from the timeline where another program packed it, so its form may change."""


class UnknownStateVersion(ContractError):
    """The changelog was written by a newer program; this one must not touch it."""


class Header:
    """What of a case is known without unpacking it."""

    __slots__ = ("closed_since", "contribution", "reference_end", "silent", "watch_from")

    def __init__(
        self,
        watch_from: Instant | None,
        closed_since: Instant | None,
        reference_end: int,
        silent: tuple[str, ...],
        contribution: bytes,
    ) -> None:
        self.watch_from = watch_from
        """At a later horizon the case must be folded again."""
        self.closed_since = closed_since
        """When the bus last heard of a case whose clocks have all ended; None: it is open."""
        self.reference_end = reference_end
        """The end of the reference data under which it was folded; NEVER_FOLDED before its first fold."""
        self.silent = silent
        """The offices for whose silence something is provisional."""
        self.contribution = contribution
        """What the case adds to the live figures; their affair alone."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Header) and self._fields() == other._fields()

    def _fields(self) -> tuple[object, ...]:
        return self.watch_from, self.closed_since, self.reference_end, self.silent, self.contribution


UNFOLDED: Final = Header(None, None, NEVER_FOLDED, (), b"")


class CaseState:
    """What the worker keeps of one case. Progress and timeline are unpacked when they are asked for."""

    __slots__ = (
        "_behind",
        "_carried",
        "_case_id",
        "_newest",
        "_packed",
        "_progress",
        "_timeline",
        "calm",
        "header",
        "heard_at",
        "last_size",
        "standing",
        "withdrawals",
    )  # fmt: skip

    def __init__(self, case_id: str = "", packed: bytes = b"", carried: bytes = b"") -> None:
        """``carried``: the progress and what is kept with it, see ``calm_case``."""
        self.header = UNFOLDED
        self.calm: Calm | None = None
        """Which events would change nothing, as the last fold found it."""
        self.standing: dict[str, str] = {}
        """Settled key without the case id → how firm it was said to be."""
        self.withdrawals: dict[str, str] = {}
        """Settled key without the case id → id of its last withdrawal."""
        self.heard_at: Instant | None = None
        """When the bus knew the newest event of those that were taken since the state was unpacked."""
        self._case_id = case_id
        self._packed = packed
        self.last_size, self._behind, self._progress = read_carried(carried)
        """Bytes of the last event in the packed timeline; 0 where that is not known."""
        self._carried: Progress | None = None
        self._timeline: list[Known] | None = None
        self._newest: Known | None = None

    @property
    def timeline(self) -> Sequence[Known]:
        """The events known, in their order."""
        return self._unpacked()

    @property
    def last(self) -> Known:
        """The last event of the timeline."""
        if self._newest is not None:
            return self._newest
        if self._timeline is None and self.last_size:
            return last_events(self._case_id, self._packed, self.last_size)[0]
        return self._unpacked()[-1]

    @property
    def followed_by(self) -> Known | None:
        """The newest event, where all that was taken since the state was unpacked simply followed."""
        return self._newest if self._timeline is None else None

    def progress(self, rules: Rules) -> Progress:
        """How far the case has come, under these rules: as it was carried on so far, else from the timeline."""
        if self._carried is None and self._progress:
            self._carried = unpack(self._case_id, _DECODER.decode(self._progress), rules)
            if self._carried is not None and self._behind:
                for known in last_events(self._case_id, self._packed, self._behind):
                    self._carried.go_on(known)
        if self._carried is None:
            self._carried = progress_of(self._unpacked(), rules)
            self._progress = b""
        return self._carried

    def take(self, known: Known, rules: Rules) -> bool:
        """Take an event; returns whether the case changed. What it was carried on under must be ``rules`` still."""
        if self._packed:
            progress = self.progress(rules)
            if progress.follows(known):
                progress.step(known)
                packed = added(self._packed, known)
                self.last_size = len(packed) - len(self._packed)
                self._packed = packed
                if self._timeline is not None:
                    self._timeline.append(known)
                self._newest = known
                self._changed(known)
                return True
        timeline = self._unpacked()
        if not insert(timeline, known):
            return False
        self._packed = pack_timeline(timeline)
        self.last_size = size_of_only(self._packed) if len(timeline) == 1 else 0
        self._carried = self._newest = None
        self._changed(known)
        return True

    def _changed(self, known: Known) -> None:
        self._progress, self._behind, self.calm = b"", 0, None
        self.heard_at = known.known_at if self.heard_at is None else max(self.heard_at, known.known_at)

    def knows(self, event: CaseEvent) -> bool:
        """Whether an event is in the timeline already."""
        number = event.epoch, event.seq, event.digest
        return any((one.event.epoch, one.event.seq, one.event.digest) == number for one in self._unpacked())

    @property
    def packed_timeline(self) -> bytes:
        """The timeline in bytes."""
        return self._packed

    @property
    def carried(self) -> bytes:
        """The progress in bytes and what is kept with it."""
        progress = self._packed_progress()
        return progress if self.calm is None else pack_carried(self.calm, self.last_size, 0, progress)

    def _packed_progress(self) -> bytes:
        """The progress; empty where it is made anew when it is needed: an ended case seldom goes on."""
        if self.header.closed_since is not None:
            return b""
        if self._carried is not None and (self._behind or not self._progress):
            try:
                self._progress, self._behind = _ENCODER.encode(pack(self._carried)), 0
            except OverflowError:  # numbers that no office reaches; such a case is carried on from its timeline
                return b""
        return b"" if self._behind else self._progress

    def _unpacked(self) -> list[Known]:
        if self._timeline is None:
            self._timeline = unpack_timeline(self._case_id, self._packed)
        return self._timeline


def encode_state(state: CaseState) -> bytes:
    """The bytes of a state."""
    header = state.header
    marks, instant = 0, 0
    if header.watch_from is not None:
        marks, instant = WATCHED, header.watch_from
    elif header.closed_since is not None:
        marks, instant = CLOSED, header.closed_since
    silent = "\0".join(header.silent).encode()
    marks |= SILENT if silent else 0
    contribution, progress = header.contribution, state.carried
    standing, withdrawals = pack_standing(state.standing), pack_withdrawals(state.withdrawals)
    lengths = len(silent), len(contribution), len(progress), len(standing), len(withdrawals)
    fixed = HEADER.pack(VERSION, marks, instant, header.reference_end, *lengths)
    return b"".join((fixed, silent, contribution, progress, standing, withdrawals, state.packed_timeline))


def glance(value: bytes) -> tuple[int, Instant, int]:
    """Marks, their instant and the reference end of a state: what restoring a million cases has the time to read.

    Raises UnknownStateVersion.
    """
    if value[:1] != _VERSION_BYTE:
        require_known_version(value)
        return 0, 0, NEVER_FOLDED
    _, marks, instant, reference_end = _FIRST.unpack_from(value)
    return marks, instant, reference_end


def contribution_in(value: bytes) -> bytes:
    """What a case adds to the live figures; empty for a state of an older version."""
    if value[:1] != _VERSION_BYTE:
        return b""
    _, _, _, _, silent, contribution, *_ = HEADER.unpack_from(value)
    at = HEADER.size + silent
    return value[at : at + contribution]


def read_header(value: bytes) -> Header:
    """The header in the bytes of a state; that of an older version knows nothing. Raises UnknownStateVersion."""
    if value[0] != VERSION:
        require_known_version(value)
        return UNFOLDED
    return _header(HEADER.unpack_from(value), value)


def _header(fixed: tuple[Any, ...], value: bytes) -> Header:
    marks, instant, reference_end, silent, contribution = fixed[1:6]
    at = HEADER.size + silent
    return Header(
        instant if marks & WATCHED else None,
        instant if marks & CLOSED else None,
        reference_end,
        tuple(value[HEADER.size : at].decode().split("\0")) if silent else (),
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
    fixed = HEADER.unpack_from(value)
    silent, contribution, progress, standing, withdrawals = fixed[4:]
    carried = HEADER.size + silent + contribution
    stands = carried + progress
    withdrawn = stands + standing
    end = withdrawn + withdrawals
    state = CaseState(case_id, value[end:], value[carried:stands])
    state.header = _header(fixed, value)
    state.standing = unpack_standing(value[stands:withdrawn])
    state.withdrawals = unpack_withdrawals(value[withdrawn:end])
    return state


def _state_of_older(case_id: str, value: bytes) -> CaseState:
    older = read_older_state(case_id, value)
    state = CaseState(case_id, pack_timeline(older.timeline))
    state.standing, state.withdrawals = older.standing, older.withdrawals
    return state
