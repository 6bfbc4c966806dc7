"""What holds about a case: facts about its clocks, and remarks on its data. The outcome of a fold.

Nearly all that holds after an event held before it and was said long ago. So a fold gives claims: their keys and how
firm they are. What a fact says beside (time used, shares, times in words) is worked out when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.records import FIRM
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.processing import Clock, Judged, Processing, percent_used

FINDING_CODES: Final = {
    "hole": "Events of the case are missing in the sequence; its clocks are provisional until they come.",
    "conflict": "Two different events carry the same number; the one accepted first applies until someone decides.",
    "held": "An event belongs to an epoch that no handover has opened; it waits without a say.",
    "no-policy": "No clock policy covers the case, so no clock runs: it is never counted as in time.",
    "no-states": "There is no table of states for this kind of case, so no clock runs.",
    "no-due-time": "The policy takes the stated due time, and none is stated.",
    "unknown-status": "The state is not in the table of states; it changes no clock.",
    "invalid-start": "The first state of the case is not one in which a case may begin.",
    "invalid-transition": "The table of states does not allow this change of state.",
    "start-skipped": "The case ended without the state with which its clock starts; it counts from the first work.",
    "reopened": "The case went on after it had ended; a new episode of the clock began.",
    "due-not-restated": "A pause ended and the due time was not stated anew.",
    "occurred-in-the-future": "The event claims a time later than the bus received it plus five minutes.",
    "ended-before-received": "The case ended before it was received.",
    "first-event-before-received": "The case has an event before it was received.",
    "due-before-first-event": "The due time lies before the first event of the case or before its clock started.",
    "due-far-away": "The due time lies more than ten years after the start: it would as good as run for ever.",
    "due-differs": "The stated due time is not the one that follows from the policy and the calendar.",
    "too-many-extensions": "A new appointment was given more often than the policy allows.",
    "pause-near-due": "A pause was opened within an hour of the due time.",
    "back-dated": "The case was entered more than an hour after it is said to have been accepted.",
    "nobody-holds": "The case was handed over, and the successor has not been heard.",
    "beyond-calendar": "The calendar does not reach so far or is missing; the stated due time counts alone.",
    "supplement-overdue": "The papers that were asked for did not come within their time.",
    "supplement-asked-late": "Papers were asked for later than the policy allows.",
    "too-many-supplements": "Papers were asked for more often than the policy allows.",
    "unknown-office": "The register of units has agencies, and this office is none of them.",
    "unknown-commune": "The register of units does not have this commune.",
}
"""Every finding that the engine can make, and what it means."""


class Fact(NamedTuple):
    """A clock event that holds. ``cause`` is ``epoch.seq`` of an event or, where time is the cause, the due time."""

    clock: str
    episode: int
    kind: str
    cause: str
    happened_at: Instant
    firmness: str
    stated_due_at: Instant | None
    due_at: Instant | None
    office: str
    commune: str
    selector: str
    used: int
    """Microseconds that the clock had run."""
    paused: int
    """Microseconds that it had stood still."""
    policy: str
    level: str = ""
    regulated: tuple[int, int] | None = None
    """Of an end of the processing clock: microseconds used and regulated, see ``Processing.used_and_regulated``."""

    @property
    def used_seconds(self) -> int:
        """Whole seconds that the clock had run."""
        return self.used // MICROSECONDS_PER_SECOND

    @property
    def paused_seconds(self) -> int:
        """Whole seconds that it had stood still."""
        return self.paused // MICROSECONDS_PER_SECOND

    @property
    def regulated_seconds(self) -> int | None:
        """Whole seconds of the regulated time, 0 where it cannot be told; None where no processing clock ended."""
        return None if self.regulated is None else max(0, self.regulated[1]) // MICROSECONDS_PER_SECOND

    @property
    def used_percent(self) -> int | None:
        """Percent of the regulated time that were used; None where there is none to compare with."""
        return None if self.regulated is None else percent_used(*self.regulated)


class Remark(NamedTuple):
    """Something wrong in the data of a case; ``code`` is one of FINDING_CODES."""

    code: str
    cause: str
    detail: str
    office: str
    commune: str


class Claim:
    """Something that holds. To make its content costs more than to know that it holds.

    A plain class with a method, for several are made in each fold (decision 0033).
    """

    __slots__ = ("firmness", "key")

    def __init__(self, key: str, firmness: str) -> None:
        self.key = key
        """Its settled key without the case id."""
        self.firmness = firmness

    def tell(self) -> Fact | Remark:
        """Its content."""
        raise NotImplementedError  # each kind of claim tells its own


class FactClaim(Claim):
    """The claim of a fact."""

    __slots__ = ()

    def tell(self) -> Fact:
        """The fact."""
        raise NotImplementedError  # each kind of claim tells its own


class RemarkClaim(Claim):
    """The claim of a remark."""

    __slots__ = ()

    def tell(self) -> Remark:
        """The remark."""
        raise NotImplementedError  # each kind of claim tells its own


class Made(RemarkClaim):
    """The claim of a remark that is made already: nearly every one, for remarks are few."""

    __slots__ = ("_remark",)

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark_key(remark.code, remark.cause), FIRM)
        self._remark = remark

    def tell(self) -> Remark:
        """The remark."""
        return self._remark


class Fold:
    """All that holds about a case at a horizon. Contents are made when asked for: ask before the case goes on."""

    __slots__ = ("_clocks", "fact_claims", "processing", "remark_claims", "watch_from")

    def __init__(
        self,
        fact_claims: Sequence[FactClaim],
        remark_claims: Sequence[RemarkClaim],
        clocks: Sequence[Judged],
        watch_from: Instant | None,
        processing: Sequence[Processing] = (),
    ) -> None:
        self.fact_claims = fact_claims
        self.remark_claims = remark_claims
        self.watch_from = watch_from
        """The due time of an open clock that is not breached yet: at a later horizon the case must be folded again."""
        self.processing = processing
        """The processing clock of each episode, as judged; its time is worked out when asked for."""
        self._clocks = clocks

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks as they stand."""
        return tuple(judged.as_clock() for judged in self._clocks)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts, in the order in which they are said."""
        return tuple(claim.tell() for claim in self.fact_claims)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """The remarks, in the order in which they are said."""
        return tuple(claim.tell() for claim in self.remark_claims)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fold):
            return NotImplemented
        mine = self.clocks, self.facts, self.remarks, self.watch_from
        return mine == (other.clocks, other.facts, other.remarks, other.watch_from)

    __hash__ = None  # type: ignore[assignment]


def fact_key(fact: Fact) -> str:
    """The settled key of a fact without the case id."""
    return f"{fact.clock}|{fact.episode}|{fact.kind}|{fact.level}|{fact.cause}"


def remark_key(code: str, cause: str) -> str:
    """The settled key of a remark without the case id."""
    return f"finding|{code}|{cause}"


def remark_on(act: Act, code: str, detail: str) -> Remark:
    """A remark caused by an act."""
    return Remark(code, act.cause, detail, act.office, act.commune)


def remark_claim(act: Act, code: str, detail: str) -> RemarkClaim:
    """The claim of a remark caused by an act."""
    return Made(remark_on(act, code, detail))
