"""Announcements about lateness as a person reads them: when, what, who, which case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rich.text import Text

from lienthong.demo.announcements import BREACHED, CLEARED, CONFIRMED, is_firm, kind_told_of
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.records import PROVISIONAL_HOLE, ClockEvent

_LONG: Final = "Uỷ ban nhân dân"
_SHORT: Final = "UBND"
"""The usual abbreviation of People's Committee."""
_CASE_WIDTH: Final = 40
_NUMBER_WIDTH: Final = 25


def short_name(name: str) -> str:
    """The name of an office as it fits into a line."""
    return name.replace(_LONG, _SHORT)


def news_of(event: ClockEvent, names: Mapping[str, str], *, wide: bool = True) -> Text:
    """What an announcement says, as one line; a narrow one leaves out the kind of case and remarks."""
    kind, _, number = event.case_id.split(":", 2)
    case = f"{kind.replace('-', ' ')} {number}" if wide else number
    word, style, remark = _said(event)
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"  {_time_of_day(event.announced_at)}  ", style="dim")
    line.append(f"{word:<11}  ", style=style)
    line.append(f"{names.get(event.office, event.office):<26}  ")
    line.append(f"{case:<{_CASE_WIDTH if wide else _NUMBER_WIDTH}}  ", style="cyan")
    if wide:
        line.append(remark, style="dim")
    return line


def remark(at: Instant, text: str) -> Text:
    """Something that happens in the province, between the announcements."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"  {_time_of_day(at)}  ", style="dim")
    line.append(text, style="italic magenta")
    return line


def _said(event: ClockEvent) -> tuple[str, str, str]:
    """The word for it, its style, and what must be known beside."""
    if event.kind == CLEARED:
        return "withdrawn", "bold green", "handled in time, only not heard"
    if event.kind == CONFIRMED:
        return "confirmed", "bold red", "its office is heard again"
    if kind_told_of(event) != BREACHED:
        late = (event.happened_at - (event.due_at or event.happened_at)) / MICROSECONDS_PER_SECOND
        return "late", "yellow", f"handled {late:.1f} s late"
    if is_firm(event):
        return "OVERDUE", "bold red", "firm"
    why = "an event is missing" if event.firmness == PROVISIONAL_HOLE else "office not heard"
    return "OVERDUE ?", "bold yellow", f"provisional: {why}"


def _time_of_day(instant: Instant) -> str:
    return datetime.fromtimestamp(instant / MICROSECONDS_PER_SECOND).astimezone().strftime("%H:%M:%S")
