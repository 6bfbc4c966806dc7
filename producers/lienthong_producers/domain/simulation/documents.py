"""Electronic documents (văn bản điện tử) at their recipients: arrival, receipt within the day, assignment, answer.

Each recipient's document system numbers the case of its own copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import Case, Course
from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.province import Office, Province
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY
from lienthong_schemas.instants import Instant

_TYPES: Final = Weighted(
    (
        ("official-letter", 55.0),
        ("notice", 15.0),
        ("decision", 12.0),
        ("invitation", 8.0),
        ("plan", 6.0),
        ("report", 4.0),
    )
)
_URGENCIES: Final = Weighted((("normal", 85.0), ("urgent", 11.0), ("very-urgent", 3.0), ("immediate", 1.0)))
_SIGNATURES: Final = Weighted((("valid", 96.0), ("invalid", 1.0), ("absent", 2.0), (None, 1.0)))
_DAYS_TO_ANSWER: Final = Weighted(((3, 30.0), (5, 40.0), (10, 30.0)))
_RECEIPT_WAITS: Final = Weighted((((2 * MINUTE, HOUR), 88.0), ((HOUR, 5 * HOUR), 9.0), ((9 * HOUR, 30 * HOUR), 3.0)))
"""Office hours from arrival to receipt: it is to be within the day."""


class Documents:
    """Makes the documents that reach the offices of a province on working days."""

    def __init__(self, hours: OfficeHours, province: Province, chance: Chance, per_day: float) -> None:
        self._hours, self._province, self._chance, self._per_day = hours, province, chance, per_day
        self._recipients = (*province.communes, *province.departments)
        self._senders = (*province.departments, province.centre)

    def arrivals(self, day: date) -> Iterator[Case]:
        """What arrives on a date."""
        if not self._hours.is_working(day):
            return
        chance = self._chance
        numbers: Counter[str] = Counter()
        for at in sorted(self._hours.at_counter(day, chance) for _ in range(chance.count(self._per_day))):
            recipient = self._recipients[chance.whole(0, len(self._recipients) - 1)]
            numbers[recipient.code] += 1
            yield self._case(at, recipient, f"{day:%y%m%d}-{numbers[recipient.code]:04}")

    def _case(self, at: Instant, recipient: Office, number: str) -> Case:
        chance = self._chance
        sender = self._senders[chance.whole(0, len(self._senders) - 1)]
        content: dict[str, Any] = {
            "document_type": chance.one_of(_TYPES),
            "sender": sender.code,
            "code_notation": f"{chance.whole(1, 4_000)}/{sender.code.replace('.', '-')}",
            "urgency": chance.one_of(_URGENCIES),
            "signature": chance.one_of(_SIGNATURES),
            "file_digest": chance.hexadecimal() + chance.hexadecimal(),
        }
        case = Case("document", recipient.code, f"CV-{number}", content)
        case.commune = recipient.commune
        course = Course(case, recipient)
        course.received_at = course.stamp(at)
        course.due_at = self._due(at, content["urgency"])
        course.step(at, "01")
        self._goes(course)
        return case

    def _due(self, at: Instant, urgency: str) -> Instant:
        calendar = self._hours.calendar
        if urgency == "immediate":
            return calendar.add(at, 4 * HOUR)
        if urgency == "very-urgent":
            return calendar.add(at, WORKING_DAY)
        return calendar.add(at, self._chance.one_of(_DAYS_TO_ANSWER) * WORKING_DAY)

    def _goes(self, course: Course) -> None:
        chance = self._chance
        at = self._hours.worked(course.at, chance.whole(*chance.one_of(_RECEIPT_WAITS)))
        if chance.happens(0.015):
            course.step(at, "02")
            return
        course.step(at, "03")
        course.step(self._worked(course, 10 * MINUTE, 4 * HOUR), "04")
        if chance.happens(0.025):  # the sender wants it back
            course.step(self._worked(course, 10 * MINUTE, 8 * HOUR), "13")
            agreed = chance.happens(0.7)
            course.step(self._worked(course, 10 * MINUTE, 4 * HOUR), "15" if agreed else "16")
            if agreed:
                return
        if chance.happens(0.8):
            course.step(self._worked(course, 20 * MINUTE, 6 * HOUR), "05")
        if not chance.happens(0.02):
            course.end(self._end(course), "06")

    def _end(self, course: Course) -> Instant:
        chance, calendar = self._chance, self._hours.calendar
        due = course.due_at or course.at
        if due <= course.at or chance.happens(course.office.late * 2):
            return self._hours.worked(max(due, course.at), chance.whole(10 * MINUTE, 5 * WORKING_DAY))
        return self._hours.worked(course.at, int(calendar.between(course.at, due) * (0.1 + 0.88 * chance.share())))

    def _worked(self, course: Course, least: int, most: int) -> Instant:
        return self._hours.worked(course.at, self._chance.whole(least, most))
