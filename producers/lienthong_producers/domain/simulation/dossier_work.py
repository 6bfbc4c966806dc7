"""How a dossier goes through an office: intake, the steps of the work, what interrupts it, its end and what follows.

The shares are inferred: national figures tell how much is late, not how often a clerk forgets a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from lienthong_producers.domain.simulation.cases import Change, Course
from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.office_hours import SECOND, OfficeHours
from lienthong_producers.domain.simulation.procedures import Procedure, stated_due
from lienthong_producers.domain.simulation.province import Office
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY
from lienthong_schemas.case_event import Opening
from lienthong_schemas.instants import Instant

_ACCEPTANCE_WAITS: Final = Weighted(
    (((5 * MINUTE, 2 * HOUR), 70.0), ((2 * HOUR, 8 * HOUR), 26.0), ((8 * HOUR, 24 * HOUR), 4.0))
)
"""Office hours from submission to acceptance; more than eight are late in most places."""
_ANSWERS: Final = Weighted(
    (("received", 90.0), ("refused", 3.0), ("supplement", 4.0), ("duty", 1.5), ("withdrawn", 1.5))
)
_INCIDENTS: Final = Weighted(
    (("", 86.0), ("supplement", 9.0), ("withdrawn", 1.5), ("stopped", 1.5), ("abandoned", 0.6), ("in-pause", 1.4))
)
_LATE_BY: Final = Weighted(
    (((10 * MINUTE, 8 * HOUR), 55.0), ((8 * HOUR, 40 * HOUR), 30.0), ((40 * HOUR, 160 * HOUR), 15.0))
)
"""Office hours from the due time to a late end."""
_LIMIT_OF_SUPPLEMENT: Final = 15 * WORKING_DAY
_UNANSWERED: Final = Weighted((("3", 5.0), ("8", 3.0), ("", 2.0)))
_RATED: Final = 0.35
"""Of those who fetch their result. Rated counters have a button at the window; most people pass it."""
_RATINGS: Final = Weighted(((5, 64.0), (4, 26.0), (3, 5.0), (2, 2.0), (1, 3.0)))
_INNER_STEPS: Final = ("Thẩm định hồ sơ", "Trình lãnh đạo ký", "Phát hành kết quả")


class World(NamedTuple):
    """What every dossier shares."""

    hours: OfficeHours
    chance: Chance
    ratings: Chance
    """Lots of their own: who rates changes nothing of the work."""
    departments: Weighted[Office]


def _named(step: str) -> Change:
    return Change({"step": step})


@dataclass(slots=True)
class DossierWork:
    """Plans one dossier. Methods that answer a bool say whether the work goes on."""

    world: World
    procedure: Procedure
    course: Course

    def submitted(self, at: Instant) -> None:
        """Submitted online: first it must be accepted."""
        chance, course = self.world.chance, self.course
        course.step(at, "1")
        at = self._worked(chance.whole(*chance.one_of(_ACCEPTANCE_WAITS)))
        answer = chance.one_of(_ANSWERS)
        if answer == "refused":
            course.step(at, "3", _named("Từ chối tiếp nhận"))
        elif answer == "withdrawn":
            course.end(at, "7")
        elif answer == "received":
            self.received(at)
        else:
            course.step(at, "5" if answer == "supplement" else "6")
            at = self._back(1, 9)
            if answer == "supplement" and chance.happens(0.25):
                course.step(at, "3", _named("Quá hạn bổ sung"))
            else:
                self.received(at)

    def received(self, at: Instant) -> None:
        """Received complete and valid: the time begins."""
        chance, course = self.world.chance, self.course
        backdated = 0
        if chance.happens(0.004) and at > course.at:
            backdated = at - self.world.hours.calendar.subtract(at, chance.whole(61, 240) * MINUTE)
        course.received_at = course.stamp(at) - backdated
        course.due_at = stated_due(self.world.hours, self.procedure, course.received_at)
        skips = chance.happens(course.office.skips)
        course.step(at, "4" if skips and chance.happens(0.3) else "2", Change(backdated=backdated))
        if not skips:
            course.step(self._onwards(0.02, 0.15), "4")
        self.handled(None if skips else chance.one_of(_INCIDENTS))

    def opened(self, at: Instant, received_at: Instant) -> None:
        """Open before the bus came: an opening tells how much time was used."""
        chance, course, calendar = self.world.chance, self.course, self.world.hours.calendar
        course.received_at = received_at
        course.due_at = stated_due(self.world.hours, self.procedure, received_at)
        status = "5" if chance.happens(0.1) else "4"
        worked = calendar.between(received_at, at)
        paused = worked * chance.whole(20, 60) // 100 // SECOND * SECOND if status == "5" else 0
        used = worked - paused
        opening = Opening(received_at, used // SECOND, paused // SECOND)
        course.step(at, status, Change(opening=opening))
        if status == "5":
            if chance.happens(0.2):
                course.step(self._back(3, 15), "3", _named("Quá hạn bổ sung"))
                return
            course.due_at = calendar.add(course.due_at, paused)
            course.step(self._back(1, 9), "4")
        self.handled("")

    def handled(self, incident: str | None) -> None:
        """All that happens from the first work on; None: nothing is written until the end."""
        goes_on = True
        if incident is not None:
            chance, procedure = self.world.chance, self.procedure
            if chance.happens(procedure.passed_on):
                goes_on = self._passed_on()
            if goes_on and chance.happens(procedure.duty):
                goes_on = self._duty()
            if goes_on and incident:
                goes_on = self._interrupted(incident)
        if goes_on:
            self._finished(inner=incident is not None)

    def _interrupted(self, incident: str) -> bool:
        course = self.course
        if incident == "supplement":
            return self._supplements()
        if incident == "in-pause":
            return self._pause_near_due()
        if incident == "withdrawn":
            course.end(self._onwards(0.1, 0.8), "7")
        elif incident == "stopped":
            course.step(self._onwards(0.1, 0.8), "8", _named("Dừng xử lý"))
            if self.world.chance.happens(0.4):
                course.step(self._worked(self.world.chance.whole(1, 8) * WORKING_DAY), "4", _named("Mở lại"))
                return True
        return False

    def _supplements(self) -> bool:
        """Papers are missing: once, sometimes up to three times."""
        chance, course = self.world.chance, self.course
        for _ in range(1 + chance.happens(0.15) + chance.happens(0.08)):
            course.step(self._onwards(0.1, 0.5), "5")
            if chance.happens(0.10):
                self._supplement_missing()
                return False
            self._paused_until(self._back(1, 14))
        return True

    def _supplement_missing(self) -> None:
        """Nobody answers: refused after the limit, or stopped, or forgotten."""
        chance = self.world.chance
        status = chance.one_of(_UNANSWERED)
        if status:
            self.course.step(self._worked(_LIMIT_OF_SUPPLEMENT), status, _named("Quá hạn bổ sung"))

    def _pause_near_due(self) -> bool:
        """A supplement is asked for when the time is nearly up, or just over: it looks like buying time."""
        due = self.course.due_at
        if due is None or due - self.course.at < 2 * HOUR:
            return True
        near = self.world.hours.worked(due, self.world.chance.whole(0, 60) * MINUTE)
        if self.world.chance.happens(0.7):
            near = self.world.hours.calendar.subtract(due, self.world.chance.whole(1, 60) * MINUTE)
        self.course.step(near, "5")
        self._paused_until(self._back(1, 6))
        return True

    def _paused_until(self, at: Instant) -> None:
        """The work goes on; mostly the due time is stated anew."""
        chance, course, hours = self.world.chance, self.course, self.world.hours
        if self.procedure.restarts:
            course.due_at = stated_due(hours, self.procedure, course.stamp(at))
        elif course.due_at is not None and not chance.happens(0.12):
            course.due_at = hours.worked(course.due_at, hours.calendar.between(course.at, at))
        course.step(at, "2" if chance.happens(0.3) else "4")

    def _duty(self) -> bool:
        """Something is to be paid to the state; some never do."""
        self.course.step(self._onwards(0.2, 0.6), "6")
        if self.world.chance.happens(0.04):
            return False
        self._paused_until(self._back(1, 15))
        return True

    def _passed_on(self) -> bool:
        """The commune hands the case over to a department, which numbers from then on; a few get lost between."""
        chance, course = self.world.chance, self.course
        commune = course.office
        department = chance.one_of(self.world.departments)
        course.step(self._onwards(0.1, 0.4), "4", Change({"step": "Chuyển cấp tỉnh"}, 0, department))
        if chance.happens(0.04):
            return False
        course.step(self._worked(chance.whole(15, 600) * MINUTE), "4", _named("Tiếp nhận từ cấp xã"))
        if chance.happens(0.08):
            course.step(self._onwards(0.3, 0.6), "4", Change({"step": "Chuyển trả cấp xã"}, 0, commune))
            course.step(self._worked(chance.whole(15, 300) * MINUTE), "4", _named("Tiếp nhận từ sở"))
        return True

    def _finished(self, *, inner: bool) -> None:
        chance, course = self.world.chance, self.course
        late = chance.happens(course.office.late)
        if inner:
            for step in _INNER_STEPS[: chance.whole(0, 3) if self._left() > WORKING_DAY else 0]:
                course.step(self._onwards(0.1, 0.4), "4", _named(step))
        if chance.happens(0.5 if late else 0.004):
            self._appointed_anew()
            late = late and chance.happens(0.4)
        course.end(self._end(late=late), "9")
        self._afterwards()

    def _end(self, *, late: bool) -> Instant:
        """When it is done; once in a while exactly at the due time."""
        chance, course, due = self.world.chance, self.course, self.course.due_at
        if due is not None and late:
            return self.world.hours.worked(max(due, course.at), chance.whole(*chance.one_of(_LATE_BY)))
        if due is not None and chance.happens(0.01):
            at = due - course.office.ahead
            if at > course.at and self.world.hours.calendar.is_open(at):
                return at
        return self._onwards(0.3, 0.97)

    def _appointed_anew(self) -> None:
        """An apology and another appointment, the day before the due time; a second one is not allowed and happens."""
        chance, course, hours = self.world.chance, self.course, self.world.hours
        for _ in range(2 if chance.happens(0.2) else 1):
            due = course.due_at or course.at
            notice = hours.calendar.subtract(due, chance.whole(8, 12) * HOUR)
            course.due_at = hours.worked(due, chance.whole(2, 8) * WORKING_DAY)
            at = notice if notice > course.at else self._worked(chance.whole(10, 60) * MINUTE)
            course.step(at, "4", _named("Xin lỗi và hẹn lại ngày trả"))

    def _afterwards(self) -> None:
        """The result is fetched; seldom it is recalled first and made again."""
        chance, course = self.world.chance, self.course
        if chance.happens(0.004):
            course.ended_at = None
            course.step(self._worked(chance.whole(30, 900) * MINUTE), "4", _named("Thu hồi kết quả"))
            course.end(self._worked(chance.whole(60, 900) * MINUTE), "9")
        if chance.happens(0.9):
            course.step(self._back(1, 5), "10", self._rating())

    def _rating(self) -> Change:
        """Who fetches the result may say how it was."""
        ratings = self.world.ratings
        return Change({"rating": ratings.one_of(_RATINGS)}) if ratings.happens(_RATED) else Change()

    def _left(self) -> int:
        """Office hours left until the due time, in microseconds; half an hour where there is less."""
        due = self.course.due_at
        left = 0 if due is None else self.world.hours.calendar.between(self.course.at, due)
        return max(30 * MINUTE, left)

    def _onwards(self, least: float, most: float) -> Instant:
        """An instant of work after so large a share of the time left."""
        share = least + (most - least) * self.world.chance.share()
        return self._worked(int(self._left() * share))

    def _worked(self, working: int) -> Instant:
        return self.world.hours.worked(self.course.at, working)

    def _back(self, least: int, most: int) -> Instant:
        """When the applicant comes back, so many days after the last step."""
        chance = self.world.chance
        return self.world.hours.back_at_counter(self.course.at, chance.whole(least, most), chance)
