"""A filled form II.06 and its headings, for every way in which it is shown."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from lienthong_consumers.domain.period_report import Counting, Line, Period, sum_of
from lienthong_schemas.instants import Instant, iso_of

HEADINGS: Final = (
    "Tổng số tiếp nhận", "Mới: trực tuyến", "Mới: trực tiếp, bưu chính", "Kỳ trước chuyển qua",
    "Tổng số đã giải quyết", "Trước hạn", "Đúng hạn", "Quá hạn",
    "Tổng số đang giải quyết", "Trong hạn", "Quá hạn",
)  # fmt: skip
"""Columns 2 to 12 as on the form (Circular 01/2020/TT-VPCP)."""
KEYS: Final = (
    "received", "new_online", "new_direct", "carried_over", "resolved", "early", "on_time", "late",
    "pending", "pending_in_time", "pending_late",
)  # fmt: skip
"""The same columns in JSON."""
FIRST_HEADING: Final = {"office": "Đơn vị", "commune": "Xã, phường", "procedure": "Thủ tục", "field": "Lĩnh vực"}
TOTAL: Final = "Tổng số"
MOVED: Final = ("Nhận từ dòng khác", "Chuyển sang dòng khác")
"""Told beside the form where there are any: of the dossiers carried over, those that were in another line before, and
those that were in this one. Carried over = pending of the period before + taken over - handed over."""


class FilledLine(NamedTuple):
    """A line with what it is about."""

    code: str
    name: str
    line: Line


class FilledForm(NamedTuple):
    """Form II.06 for a period, as known at an instant."""

    period: Period
    by: str
    counting: Counting
    known_at: Instant | None
    """The newest record that the figures stand on; None: the ledger holds nothing."""
    closed: bool
    lines: tuple[FilledLine, ...]
    version: int | None = None
    """The published version that this is; None: it was counted now."""
    newest: int | None = None
    """The newest published version of the period; None: it was not published."""
    notes: tuple[str, ...] = ()
    """What cannot be told from the figures, in words."""
    incomplete: tuple[str, ...] = ()
    """Of a published period, the offices that were not complete when it was closed."""

    @property
    def total(self) -> Line:
        """The bottom line."""
        return sum_of(one.line for one in self.lines)

    @property
    def title(self) -> str:
        """What stands above it."""
        running = "" if self.closed else " (chưa chốt kỳ)"
        first, last = (day.strftime("%d/%m/%Y") for day in (self.period.first_day, self.period.last_day))
        return f"Biểu II.06 - kỳ {self.period.name}{running}: từ {first} đến {last}"

    def as_json(self) -> dict[str, Any]:
        """The form as JSON data."""
        return {
            "form": "II.06",
            "period": self.period.name,
            "first_day": self.period.first_day.isoformat(),
            "last_day": self.period.last_day.isoformat(),
            "closed": self.closed,
            "version": self.version,
            "newest_version": self.newest,
            "notes": list(self.notes),
            "incomplete_offices": list(self.incomplete),
            "by": self.by,
            "counted_by": self.counting,
            "known_at": None if self.known_at is None else iso_of(self.known_at),
            "lines": [{"code": one.code, "name": one.name, **_cells(one.line)} for one in self.lines],
            "total": _cells(self.total),
            "refused_after_receipt": self.total.refused,
            "moved": [
                {"code": one.code, "taken_over": one.line.taken_over, "handed_over": one.line.handed_over}
                for one in self.moved
            ],
        }

    @property
    def moved(self) -> tuple[FilledLine, ...]:
        """The lines that took dossiers over from others since the period before, or handed some over."""
        return tuple(one for one in self.lines if one.line.taken_over or one.line.handed_over)

    def rows(self, *, beside: bool = False) -> list[list[str | int]]:
        """Heading, lines and bottom line as cells. ``beside``: with what is told beside the form, if there is any."""
        total = self.total
        heading: list[str | int] = ["Mã", FIRST_HEADING[self.by], *HEADINGS]
        lines: list[list[str | int]] = [[self._code(one), one.name, *one.line.columns] for one in self.lines]
        bottom: list[str | int] = ["", TOTAL, *total.columns]
        rows = [heading, *lines, bottom]
        if beside and self.moved:
            heading += MOVED
            for row, line in zip(rows[1:], (*(one.line for one in self.lines), total), strict=True):
                row += [line.taken_over, line.handed_over]
        return rows

    def _code(self, line: FilledLine) -> str:
        """A field has no code beside its name."""
        return "" if self.by == "field" else line.code


def _cells(line: Line) -> dict[str, int]:
    return dict(zip(KEYS, line.columns, strict=True))
