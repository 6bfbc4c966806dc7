"""The procedures of the simulated province: how long each may take, who handles it, what can happen on the way.

Codes have the national form ``N.NNNNNN`` and are made up, like the times: they show every unit and every rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from lienthong_producers.domain.simulation.chance import Weighted
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_schemas.calendar_table import HOUR, WORKING_DAY
from lienthong_schemas.instants import Instant

Unit = Literal["working_day", "working_hour", "calendar_day"]
CUT_OFF: Final = 15 * HOUR
"""What a procedure with a cut-off takes in later than 15:00 counts from the next working day (Decree 63/2024/NĐ-CP)."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure. ``weight`` is how often it is asked for, within its tier."""

    code: str
    name: str
    field: str
    amount: int
    unit: Unit = "working_day"
    weight: float = 1.0
    cut_off: bool = False
    restarts: bool = False
    """A supplement lets the time begin again instead of moving it."""
    duty: float = 0.0
    """Share of its dossiers that wait for a financial duty."""
    passed_on: float = 0.0
    """Share of its dossiers that a commune hands over to a department."""

    @property
    def working(self) -> int:
        """Its time in microseconds of office hours, roughly: of seven days of the calendar five are worked."""
        if self.unit == "working_hour":
            return self.amount * HOUR
        return self.amount * WORKING_DAY * (5 if self.unit == "calendar_day" else 7) // 7


COMMUNE_PROCEDURES: Final = (
    Procedure("1.904001", "Chứng thực bản sao từ bản chính", "Chứng thực", 4, "working_hour", 30, cut_off=True),
    Procedure("1.904002", "Đăng ký khai sinh", "Hộ tịch", 1, weight=10, cut_off=True),
    Procedure("1.904003", "Xác nhận tình trạng hôn nhân", "Hộ tịch", 3, weight=8),
    Procedure("1.904004", "Đăng ký kết hôn", "Hộ tịch", 2, weight=4),
    Procedure(
        "1.904005", "Liên thông khai sinh, thường trú, thẻ bảo hiểm y tế", "Hộ tịch", 4, weight=6, passed_on=0.10
    ),
    Procedure("1.904006", "Trợ cấp xã hội hằng tháng", "Bảo trợ xã hội", 10, weight=6, passed_on=0.15),
    Procedure("1.904007", "Đăng ký hộ kinh doanh", "Hộ kinh doanh", 3, weight=5, restarts=True),
    Procedure("1.904008", "Đăng ký đất đai lần đầu", "Đất đai", 20, weight=4, duty=0.35, passed_on=0.20),
    Procedure("1.904009", "Đăng ký biến động đất đai", "Đất đai", 10, weight=8, duty=0.40, passed_on=0.15),
    Procedure("1.904010", "Hỗ trợ chi phí mai táng", "Bảo trợ xã hội", 7, "calendar_day", 3),
    Procedure("1.904011", "Cấp phép xây dựng nhà ở riêng lẻ", "Xây dựng", 15, weight=3, restarts=True),
)
DEPARTMENT_PROCEDURES: Final = (
    Procedure("2.904101", "Cấp phiếu lý lịch tư pháp", "Lý lịch tư pháp", 10, weight=10),
    Procedure("2.904102", "Đăng ký doanh nghiệp", "Doanh nghiệp", 3, weight=8),
    Procedure("2.904103", "Cấp giấy phép xây dựng công trình", "Xây dựng", 20, weight=3, restarts=True),
    Procedure("2.904104", "Cấp chứng chỉ hành nghề", "Xây dựng", 15, weight=4, restarts=True),
    Procedure("2.904105", "Giao đất, cho thuê đất", "Đất đai", 30, weight=2, duty=0.60),
    Procedure("2.904106", "Đổi giấy phép lái xe", "Đường bộ", 5, weight=8),
    Procedure("2.904107", "Cấp giấy phép môi trường", "Môi trường", 30, "calendar_day", 2),
)
PROCEDURES: Final = (*COMMUNE_PROCEDURES, *DEPARTMENT_PROCEDURES)
AT_COMMUNES: Final = Weighted((each, each.weight) for each in COMMUNE_PROCEDURES)
AT_DEPARTMENTS: Final = Weighted((each, each.weight) for each in DEPARTMENT_PROCEDURES)


def stated_due(hours: OfficeHours, procedure: Procedure, received: Instant) -> Instant:
    """The due time that is printed on the slip.

    Working days are counted from the day after receipt, to the same hour: with eight hours to the day that is so much
    working time. Days of the calendar that would end on a day off end on the next working day.
    """
    calendar = hours.calendar
    if procedure.cut_off:
        day = hours.date_of(received)
        if received > hours.midnight(day) + CUT_OFF:
            day = calendar.working_day_after(day, 1)
            if procedure.unit == "working_day":
                return calendar.start_of_working_day(calendar.working_day_after(day, procedure.amount))
            received = calendar.start_of_working_day(day)
    if procedure.unit == "working_hour":
        return calendar.add(received, procedure.amount * HOUR)
    if procedure.unit == "working_day":
        return calendar.add(received, procedure.amount * WORKING_DAY)
    due = received + procedure.amount * 24 * HOUR
    day = hours.date_of(due)
    if not calendar.is_working_day(day):
        due = calendar.same_time_on(calendar.next_working_day(day), due)
    return due
