"""The words for parts of an explanation: rules, days off, verdicts, announcements, times in the zone of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from lienthong.explain.document import AnnouncementPart, ClockPart, DaysOffPart, Document, IntervalPart, ReasonPart
from lienthong.explain.texts import Language, Texts

_OF_PAUSES: Final = frozenset(("pause", "pause-open", "pause-too-late", "restarted"))
_OF_SPANS: Final = frozenset(
    ("working-time", "working-days", "within-the-day", "calendar-days", "elapsed", "apology-lead")
)


class Wording:
    """Words for one document in one language."""

    def __init__(self, document: Document, language: Language) -> None:
        self.texts = Texts(language)
        self._zone = ZoneInfo(document.time_zone)
        self._announced: Mapping[str, AnnouncementPart] = {one.event_id: one for one in document.announcements}

    def moment(self, at: datetime) -> str:
        """A time in the zone of the reader; seconds only where there are any."""
        local = at.astimezone(self._zone)
        return local.strftime("%d/%m/%Y %H:%M:%S" if local.second or local.microsecond else "%d/%m/%Y %H:%M")

    def clock(self, name: str, episode: int) -> str:
        """What a clock is called."""
        kind, _, step = name.partition("/")
        text = self.texts.say(f"clock.{kind}", name=step)
        return text if episode == 1 else self.texts.say("clock.episode", clock=text, episode=episode)

    def verdict(self, clock: ClockPart) -> str:
        """How a clock stands, in a few words."""
        say = self.texts.say
        if clock.breached:
            return say("verdict.late", late=self.duration(clock.late_seconds, clock))
        if clock.due_at is None:
            return say("verdict.no-due")
        return say({"running": "verdict.open", "paused": "verdict.paused", "ended": "verdict.in-time"}.get(
            clock.state, "verdict.stopped"
        ))  # fmt: skip

    def duration(self, seconds: float, clock: ClockPart) -> str:
        """A length of time, as a clock counts it."""
        return self.texts.duration(seconds, working=clock.working)

    def reason(self, reason: ReasonPart) -> str:
        """A step on the way to a due time: the rule, what it was given, the days off that it jumped."""
        say = self.texts.say
        if reason.rule in _OF_PAUSES:
            text = say(f"rule.{reason.rule}", reason=say(f"why.{reason.detail or 'paused'}"))
        else:
            text = say(f"rule.{reason.rule}")
        if reason.rule in _OF_SPANS and reason.detail:
            text = f"{text}: {self.texts.span(reason.detail)}"
        elif reason.rule == "cut-off":
            text = f"{text} ({say('cut-off', cut_off=reason.detail)})"
        if reason.moved_seconds:
            text = f"{text}, + {self.texts.duration(reason.moved_seconds, working=False)}"
        if reason.days_off:
            text = f"{text}; {say('days-off', days=', '.join(map(self.days_off, reason.days_off)))}"
        return text

    def days_off(self, days: DaysOffPart) -> str:
        """Days in a row on which nobody works."""
        name = days.name or self.texts.say("days-off.weekend")
        key = "days-off.one" if days.first == days.last else "days-off.more"
        return self.texts.say(key, first=_short(days.first), last=_short(days.last), name=name)

    def why(self, interval: IntervalPart) -> str:
        """Why a clock ran or stood still."""
        rule = self.texts.say(f"why.{interval.rule}")
        label = interval.label
        return self.texts.say("why", rule=rule, cause=interval.cause, status=interval.status, label=label).replace(
            " )", ")"
        )

    def said(self, one: AnnouncementPart) -> str:
        """What an announcement says."""
        about = self._announced.get(one.refers_to or "")
        told = "" if about is None else self.said(about)
        return self.texts.say(f"said.{one.kind}", level=one.level, about=told)

    def said_why(self, one: AnnouncementPart) -> str:
        """Why it was said, how firm it was, and whether it was withdrawn."""
        parts = [self._because(one.cause)]
        if one.firmness != "firm":
            parts.append(self.texts.say(f"firmness.{one.firmness}"))
        if one.withdrawn_by is not None:
            parts.append(self.texts.say("said.withdrawn"))
        return "; ".join(parts)

    def _because(self, cause: str) -> str:
        """An event brought it about, or time itself."""
        try:
            return self.texts.say("said.time", cause=self.moment(datetime.fromisoformat(cause)))
        except ValueError:
            return self.texts.say("said.because", cause=cause)


def _short(day: date) -> str:
    return day.strftime("%d/%m")
