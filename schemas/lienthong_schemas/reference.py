"""Reference data: clock policies, tables of states, calendars, units. Models of the bodies, and the book that selects.

Every record has a ``valid_from`` (when it applies in the field) and is never deleted. A settled result selects by
``valid_from`` alone among the records that the reference topic holds up to a given end, so a later correction of a
rule changes results visibly and a replay next year computes the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Final, Literal, NamedTuple

from pydantic import Field, ValidationError, model_validator

from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import WorkingCalendar
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.policy_body import ClockPolicy, policy_key
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference_body import Body, body_problems
from lienthong_schemas.report_form import USUAL_CLOSING_DAY, ReportForm
from lienthong_schemas.reporting_period import ClosingDay

Effect = Literal["waiting", "running", "paused", "ended", "stopped"]
"""What a state does to a clock: not started, runs, stands still, ended by handling, ended without being judged."""

PauseReason = Literal["supplement", "financial-duty", "suspended"]
"""Papers are missing; a payment is due; work is stopped."""

ANY = "*"
"""The selector of a policy that covers all cases of its kind."""


class Policy(Body):
    """How long a kind of case may take. In this first form the due time is the stated one (mode ``stated``)."""

    case_kind: str
    selector: str = ANY
    clock: str = "processing"
    mode: Literal["stated"] = "stated"
    source: str
    """The law, decision or form that the policy comes from."""


class States(Body):
    """The states of a kind of case: what each does to its clock, and which may follow it."""

    case_kind: str
    effects: Mapping[str, Effect]
    transitions: Mapping[str, tuple[str, ...]]
    initial: tuple[str, ...]
    labels: Mapping[str, str] = {}
    pause_reasons: Mapping[str, PauseReason] = {}
    """Why a paused state pauses; without a word the clock just stands still."""
    source: str

    @model_validator(mode="after")
    def _closed(self) -> States:
        named = set(self.initial) | set(self.transitions) | {s for after in self.transitions.values() for s in after}
        named |= set(self.pause_reasons)
        unknown = sorted(named - set(self.effects))
        if unknown:
            raise ValueError(f"states without an effect: {', '.join(unknown)}")
        return self


AGENCY: Final = "agency"
"""The type of the units that hold cases: departments, committees, centres."""


class Unit(Body):
    """An administrative unit or an office: its name, type and the unit above.

    A unit that is merged or split ends with a version that names its ``successors``; the first of them takes over what
    the decision leaves open. Coordinates are degrees (WGS 84).
    """

    name: str
    unit_type: str
    above: str = ""
    agency_code: str = ""
    """Code of the agency that leads it, as in the codes of dossiers (Decision 20/2020/QĐ-TTg)."""
    successors: tuple[str, ...] = ()
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    source: str = ""


class Procedure(Body):
    """An administrative procedure: its name and the field (lĩnh vực) that statistics count it in.

    The key is the code of the procedure; a code with that of an agency behind it (``1.001193.000.00.00.H27``) has the
    field of the national one unless it has a record of its own.
    """

    name: str = ""
    field: str = Field(min_length=1)
    source: str


BODIES: Mapping[str, type[Body]] = {
    "policy": Policy,
    "clock-policy": ClockPolicy,
    "states": States,
    "calendar": Calendar,
    "unit": Unit,
    "procedure": Procedure,
    "report-form": ReportForm,
}
"""The model of each kind of record; ``schema`` records carry an Avro schema and are read by the schema book."""

OPAQUE_KINDS = frozenset(("schema",))


@lru_cache(maxsize=16_384)
def _validated(model: type[Body], body: str) -> Body:
    """A body as its model. Kept: each end of the reference topic makes a book of the same thousands of records."""
    return model.model_validate(json.loads(body))


def parse_body(record: ReferenceRecord) -> Body:
    """The body of a record as its model. Raises CatalogueError with every problem and the record's id."""
    model = BODIES.get(record.kind)
    if model is None:
        known = ", ".join(sorted(set(BODIES) | OPAQUE_KINDS))
        raise CatalogueError(
            [f"{record.record_id}: {record.kind!r} is no kind of reference data; known kinds: {known}"]
        )
    try:
        return _validated(model, record.body)
    except ValidationError as error:
        raise CatalogueError([f"{record.record_id}: {problem}" for problem in body_problems(error)]) from error
    except (ValueError, RecursionError) as error:
        raise CatalogueError([f"{record.record_id}: the body is no JSON: {error}"]) from error


def policy_keys(case_kind: str, selector: str, urgency: str = ANY, clock: str = "processing") -> tuple[str, ...]:
    """The keys of the clock policies that may cover a clock, the one that counts first."""
    chosen = ((selector, urgency), (ANY, urgency), (selector, ANY), (ANY, ANY))
    return tuple(policy_key(case_kind, one, urgent, clock) for one, urgent in chosen)


class _Version(NamedTuple):
    """One version of a record."""

    valid_from: Instant
    version: int
    record_id: str
    body: Body
    known_from: Instant


def _key_of(record_id: str) -> tuple[str, str]:
    """``kind/key/version`` → (kind, key)."""
    kind, _, rest = record_id.partition("/")
    return kind, rest.rpartition("/")[0]


class ReferenceBook:
    """The reference records up to an end, ready to be asked. Records that cannot be read are in ``problems``."""

    def __init__(self, records: Iterable[ReferenceRecord] = (), end: int = 0) -> None:
        self.end = end
        self.problems: list[str] = []
        self._versions: dict[tuple[str, str], list[_Version]] = defaultdict(list)
        self._working: dict[str, WorkingCalendar] = {}
        for record in records:
            if record.kind in OPAQUE_KINDS:
                continue
            try:
                body = parse_body(record)
            except CatalogueError as error:
                self.problems.extend(error.problems)
                continue
            version = _Version(record.valid_from, record.version, record.record_id, body, record.known_from)
            self._versions[record.kind, record.key].append(version)
        for versions in self._versions.values():
            versions.sort(key=lambda version: version[:2])

    def _at(self, kind: str, key: str, at: Instant) -> tuple[str, Body] | None:
        found: tuple[str, Body] | None = None
        for version in self._versions.get((kind, key), ()):
            if version.valid_from > at:
                break
            found = version.record_id, version.body
        return found

    def changes(self) -> list[Instant]:
        """The instants from which some record applies, in order: between two of them every answer stays the same."""
        return sorted({version[0] for versions in self._versions.values() for version in versions})

    def policy(self, case_kind: str, selector: str, at: Instant) -> tuple[str, Policy] | None:
        """(record id, policy) for a case whose clock starts at ``at``: its own, else the one for its kind."""
        for key in (f"{case_kind}/{selector}", f"{case_kind}/{ANY}"):
            found = self._at("policy", key, at)
            if found is not None and isinstance(found[1], Policy):
                return found[0], found[1]
        return None

    def clock_policy(
        self, case_kind: str, selector: str, at: Instant, *, urgency: str = ANY, clock: str = "processing"
    ) -> tuple[str, ClockPolicy] | None:
        """(record id, policy) for a clock that starts at ``at``. What is urgent comes before what is special: the one
        for selector and urgency, else for the urgency alone, else for the selector alone, else for the kind.
        """
        for key in policy_keys(case_kind, selector, urgency, clock):
            found = self._at("clock-policy", key, at)
            if found is not None and isinstance(found[1], ClockPolicy):
                return found[0], found[1]
        return None

    def clock_policies(self, case_kind: str) -> list[tuple[str, ClockPolicy]]:
        """(record id, policy) of every version of every clock policy of a kind of case."""
        return [
            (version.record_id, version.body)
            for (kind, key), versions in self._versions.items()
            if kind == "clock-policy" and key.startswith(f"{case_kind}/")
            for version in versions
            if isinstance(version.body, ClockPolicy)
        ]

    def calendar_ids(self) -> list[str]:
        """The record ids of every version of every calendar."""
        found = (versions for (kind, _), versions in self._versions.items() if kind == "calendar")
        return [version.record_id for versions in found for version in versions]

    def moves_of(self, record_id: str, at: Instant) -> list[tuple[Instant, str, ClockPolicy]]:
        """(from when, record id, policy) of the later versions of a clock policy that move clocks that run already."""
        found: list[tuple[Instant, str, ClockPolicy]] = []
        for version in self._versions.get(_key_of(record_id), ()):
            body = version.body
            if version.valid_from > at and isinstance(body, ClockPolicy) and body.applies_to_running:
                found.append((version.valid_from, version.record_id, body))
        return found

    def told_at(self, keys: Iterable[tuple[str, str]]) -> list[Instant]:
        """When the bus was told of the versions of some (kind, key), in order, each instant once."""
        return sorted({version.known_from for key in keys for version in self._versions.get(key, ())})

    def known_at(self, instant: Instant) -> ReferenceBook:
        """The policies and calendars that the bus had been told of at an instant."""
        book = ReferenceBook((), self.end)
        book._working = self._working
        for key, versions in self._versions.items():
            known = [version for version in versions if version.known_from <= instant]
            if known and key[0] in ("policy", "clock-policy", "calendar"):
                book._versions[key] = known
        return book

    def states(self, case_kind: str, at: Instant) -> States | None:
        """The table of states of a kind of case that applies at an instant."""
        found = self._at("states", case_kind, at)
        return found[1] if found is not None and isinstance(found[1], States) else None

    def states_id(self, case_kind: str, at: Instant) -> str:
        """The id of the record with that table; empty where there is none."""
        found = self._at("states", case_kind, at)
        return "" if found is None else found[0]

    def calendar(self, key: str, at: Instant) -> tuple[str, Calendar] | None:
        """(record id, calendar) that applies at an instant."""
        found = self._at("calendar", key, at)
        return (found[0], found[1]) if found is not None and isinstance(found[1], Calendar) else None

    def working_calendar(self, key: str, at: Instant) -> tuple[str, WorkingCalendar] | None:
        """(record id, working calendar) that applies at an instant; built once. Raises NoOfficeHours."""
        found = self.calendar(key, at)
        if found is None:
            return None
        record_id, body = found
        if record_id not in self._working:
            self._working[record_id] = WorkingCalendar(body, record_id)
        return record_id, self._working[record_id]

    @cached_property
    def knows_agencies(self) -> bool:
        """Whether any unit is an agency."""
        return any(
            isinstance(version.body, Unit) and version.body.unit_type == AGENCY
            for (kind, _), versions in self._versions.items()
            if kind == "unit"
            for version in versions
        )

    def knows_unit(self, code: str) -> bool:
        """Whether there is or was a unit or office with this code."""
        return ("unit", code) in self._versions

    def version(self, record_id: str) -> tuple[Instant, Body] | None:
        """(from when it applies, body) of the record with this id, of the last one where it was published again."""
        found: tuple[Instant, Body] | None = None
        for version in self._versions.get(_key_of(record_id), ()):
            if version.record_id == record_id:
                found = version.valid_from, version.body
        return found

    def unit(self, code: str, at: Instant) -> Unit | None:
        """The unit or office with this code at an instant."""
        found = self._at("unit", code, at)
        return found[1] if found is not None and isinstance(found[1], Unit) else None

    def units(self, at: Instant) -> dict[str, Unit]:
        """Every unit and office that there is at an instant, by code; those that ended are left out."""
        codes = [key for kind, key in self._versions if kind == "unit"]
        found = {code: self.unit(code, at) for code in codes}
        return {code: unit for code, unit in found.items() if unit is not None and not unit.successors}

    def unit_today(self, code: str, at: Instant) -> tuple[str, tuple[str, ...]]:
        """Which unit a code has become at an instant, through mergers; the units that it was split into, where it was.

        A code that was split stays what it is: nobody can tell from the code which of them is meant.
        """
        seen = {code}
        while (unit := self.unit(code, at)) is not None and unit.successors:
            if len(unit.successors) > 1 or unit.successors[0] in seen:
                return code, unit.successors
            code = unit.successors[0]
            seen.add(code)
        return code, ()

    def predecessors(self, code: str) -> list[str]:
        """The units that ended in this one, by mergers and splits, sorted."""
        found = {
            key
            for (kind, key), versions in self._versions.items()
            if kind == "unit"
            for version in versions
            if isinstance(version.body, Unit) and code in version.body.successors
        }
        return sorted(found)

    def began(self, code: str) -> Instant | None:
        """From when a unit exists; None: the bus was told of none."""
        versions = self._versions.get(("unit", code))
        return versions[0].valid_from if versions else None

    def procedure(self, selector: str, at: Instant) -> Procedure | None:
        """The procedure with this code at an instant; with an agency's code behind it, its own or the national one."""
        for key in (selector, ".".join(selector.split(".")[:2])):
            found = self._at("procedure", key, at)
            if found is not None and isinstance(found[1], Procedure):
                return found[1]
        return None

    def field_of(self, selector: str, at: Instant) -> str:
        """The field (lĩnh vực) of a procedure at an instant; empty where the bus was told of none."""
        found = self.procedure(selector, at)
        return "" if found is None else found.field

    def fields(self, at: Instant) -> tuple[str, ...]:
        """Every field that some procedure has at an instant, sorted."""
        codes = [key for kind, key in self._versions if kind == "procedure"]
        return tuple(sorted({self.field_of(code, at) for code in codes} - {""}))

    def report_form(self, code: str, at: Instant) -> ReportForm | None:
        """The statutory form with this code as it applies at an instant."""
        found = self._at("report-form", code, at)
        return found[1] if found is not None and isinstance(found[1], ReportForm) else None

    def report_forms(self, at: Instant) -> dict[str, ReportForm]:
        """Every statutory form at an instant, by code."""
        found = {key: self.report_form(key, at) for kind, key in self._versions if kind == "report-form"}
        return {code: form for code, form in found.items() if form is not None}

    def closing_day(self, code: str) -> ClosingDay:
        """On which day each month closes: as the form has it when the month begins; without a form the usual one."""

        def day(year: int, month: int) -> int:
            form = self.report_form(code, instant_of(datetime(year, month, 1, tzinfo=UTC)))
            return USUAL_CLOSING_DAY if form is None else form.closing_day

        return day
